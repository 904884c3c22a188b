package decision

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
)

// Belief is what is known of a strategy's value: a distribution of a metric, and
// what the metric is worth. Make one with BeliefInRate or BeliefInMean.
type Belief struct {
	beta       bool
	a, b       float64 // successes+prior and failures+prior, or mean and standard error
	gain, cost float64 // value = gain·metric − cost
}

// BeliefInRate is the belief in a rate after the given trials, starting from a
// uniform one: Beta(1+successes, 1+failures).
func BeliefInRate(p metrics.Proportion) Belief {
	return Belief{beta: true, a: 1 + float64(p.Successes()), b: 1 + float64(p.N()-p.Successes()), gain: 1}
}

// BeliefInMean is the normal belief in a mean with the given standard error, of
// Moments or of an Effect. ErrNotFinite, ErrRange for a negative error.
func BeliefInMean(mean, se float64) (Belief, error) {
	if !check.Finite(mean) || !check.Finite(se) {
		return Belief{}, fmt.Errorf("decision: BeliefInMean: mean %v, standard error %v: %w", mean, se, ErrNotFinite)
	}
	if se < 0 {
		return Belief{}, fmt.Errorf("decision: BeliefInMean: standard error is %v, want >= 0: %w", se, ErrRange)
	}
	return Belief{a: mean, b: se, gain: 1}, nil
}

// Worth returns the belief in gain·metric − cost: profit per contact where the
// metric is a response rate, gain the margin and cost that of a contact.
func (b Belief) Worth(gain, cost float64) Belief {
	b.gain, b.cost = b.gain*gain, b.cost*gain+cost
	return b
}

// Mean returns the expected value.
func (b Belief) Mean() float64 {
	m := b.a
	if b.beta {
		m = b.a / (b.a + b.b)
	}
	return b.gain*m - b.cost
}

func (b Belief) draw(r *rng.Stream) float64 {
	x := 0.0
	if b.beta {
		x = r.Beta(b.a, b.b)
	} else {
		x = b.a + b.b*r.Normal()
	}
	return b.gain*x - b.cost
}

// ChooseOptions configures Choose.
type ChooseOptions struct {
	Draws   int    // default 100,000
	Seed    uint64 // the same seed gives the same result at any GOMAXPROCS
	Workers int    // goroutines; default GOMAXPROCS
}

// StrategyOutlook is what is to be expected of one strategy.
type StrategyOutlook struct {
	Mean       float64          // expected value
	Range      metrics.Interval // central 95 % of the drawn values, ends within 1 %
	Best       float64          // probability that it is the best
	Regret     float64          // expected loss against the best, had that been known
	BeatsFirst float64          // probability that it beats strategy 0, the present one; NaN for strategy 0
	Negative   float64          // probability that its value is below 0
}

// Choice is the result of Choose.
type Choice struct {
	Best       int               // strategy of least expected regret, which is that of highest expected value
	Regret     float64           // what better knowledge could still gain at most, per unit of value
	Strategies []StrategyOutlook // in the order given
}

const chooseBlock = 4096

// Choose picks the best of several strategies under uncertainty by drawing from
// what is believed of each, independently: the probability of being best and the
// expected regret, in the unit of value. Stop testing when the regret is not
// worth another day; a probability of 0.5 with little regret means that the
// strategies are as good as each other, not that the test failed. Ties go to the
// lower index. Probabilities have a standard error of at most 0.5/√Draws.
// ErrEmpty without strategies, ErrOption for bad options or the zero Belief.
func Choose(ctx context.Context, strategies []Belief, opt ChooseOptions) (*Choice, error) {
	n := len(strategies)
	if n == 0 {
		return nil, fmt.Errorf("decision: Choose: no strategies: %w", ErrEmpty)
	}
	var c check.Options
	opt.Draws = check.Default(opt.Draws, 100_000)
	c.Require(opt.Draws > 0 && opt.Draws <= 1<<30, "Draws", opt.Draws, "in [1, 2^30]")
	for i, s := range strategies {
		c.Require(s != Belief{} && check.Finite(s.Mean()) && check.Finite(s.gain*s.b), fmt.Sprintf("strategies[%d]", i), s, "made by BeliefInRate or BeliefInMean, of finite worth")
	}
	if err := c.Err("decision: Choose"); err != nil {
		return nil, err
	}
	sum, err := parallel.Reduce(ctx, opt.Draws, chooseBlock, opt.Workers, func(lo, hi int) (*outcomes, error) {
		return drawOutcomes(strategies, hi-lo, rng.New(opt.Seed, 0xc0, uint64(lo/chooseBlock)))
	}, (*outcomes).plus)
	if err != nil {
		return nil, err
	}
	out := &Choice{Strategies: make([]StrategyOutlook, n)}
	draws := float64(opt.Draws)
	for i, s := range strategies {
		low, _ := sum.values[i].Quantile(.025) // there are values
		high, _ := sum.values[i].Quantile(.975)
		out.Strategies[i] = StrategyOutlook{
			Mean: s.Mean(), Range: metrics.Interval{Low: low, High: high}, Best: float64(sum.best[i]) / draws, Regret: sum.lost[i] / draws,
			BeatsFirst: float64(sum.beats[i]) / draws, Negative: float64(sum.below[i]) / draws,
		}
		if s.Mean() > strategies[out.Best].Mean() {
			out.Best = i
		}
	}
	out.Strategies[0].BeatsFirst = math.NaN()
	out.Regret = out.Strategies[out.Best].Regret
	return out, nil
}

// outcomes counts what was drawn, by strategy.
type outcomes struct {
	best, beats, below []int64   // draws in which it was best, above strategy 0, below 0
	lost               []float64 // sum of what the best of each draw had more
	values             []metrics.Quantiles
}

// drawOutcomes draws every strategy's value so many times.
func drawOutcomes(strategies []Belief, draws int, r *rng.Stream) (*outcomes, error) {
	n := len(strategies)
	t := &outcomes{make([]int64, n), make([]int64, n), make([]int64, n), make([]float64, n), make([]metrics.Quantiles, n)}
	v := make([]float64, n)
	for range draws {
		top := 0
		for i, s := range strategies {
			v[i] = s.draw(r)
			if v[i] > v[top] {
				top = i
			}
			if v[i] < 0 {
				t.below[i]++
			}
			if err := t.values[i].Add(v[i]); err != nil {
				return nil, err
			}
		}
		t.best[top]++
		for i, x := range v {
			t.lost[i] += v[top] - x
			if x > v[0] {
				t.beats[i]++
			}
		}
	}
	return t, nil
}

func (t *outcomes) plus(other *outcomes) *outcomes {
	for i := range t.best {
		t.best[i] += other.best[i]
		t.beats[i] += other.beats[i]
		t.below[i] += other.below[i]
		t.lost[i] += other.lost[i]
		_ = t.values[i].Merge(&other.values[i]) // same options, other state, few values
	}
	return t
}

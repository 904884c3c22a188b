package metrics

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
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
func BeliefInRate(p Proportion) Belief {
	return Belief{beta: true, a: 1 + float64(p.successes), b: 1 + float64(p.n-p.successes), gain: 1}
}

// BeliefInMean is the normal belief in a mean with the given standard error, of
// Moments or of an Effect. ErrNotFinite, ErrRange for a negative error.
func BeliefInMean(mean, se float64) (Belief, error) {
	if !check.Finite(mean) || !check.Finite(se) {
		return Belief{}, fmt.Errorf("metrics: BeliefInMean: mean %v, standard error %v: %w", mean, se, ErrNotFinite)
	}
	if se < 0 {
		return Belief{}, fmt.Errorf("metrics: BeliefInMean: standard error is %v, want >= 0: %w", se, ErrRange)
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

// ChooseOptions are the settings of Choose.
type ChooseOptions struct {
	Draws   int    // default 100,000
	Seed    uint64 // the same seed gives the same result at any GOMAXPROCS
	Workers int    // goroutines; default GOMAXPROCS
}

// StrategyOutlook is what is to be expected of one strategy.
type StrategyOutlook struct {
	Mean       float64  // expected value
	Range      Interval // central 95 % of the drawn values, ends within 1 %
	Best       float64  // probability that it is the best
	Regret     float64  // expected loss against the best, had that been known
	BeatsFirst float64  // probability that it beats strategy 0, the present one; NaN for strategy 0
	Negative   float64  // probability that its value is below 0
}

// Choice is the result of Choose.
type Choice struct {
	Best       int     // strategy of least expected regret, which is that of highest expected value
	Regret     float64 // what better knowledge could still gain at most, per unit of value
	Strategies []StrategyOutlook
}

const chooseBlock = 4096

// Choose picks the best of several strategies under uncertainty by drawing from
// what is believed of each, independently: the probability of being best and the
// expected regret, in the unit of value. Stop testing when the regret is not
// worth another day; a probability of 0.5 with little regret means that the
// strategies are as good as each other, not that the test failed. Ties go to the
// lower index. Probabilities have a standard error of at most 0.5/√Draws.
// ErrEmpty without strategies, ErrOption for bad options or the zero Belief.
func Choose(ctx context.Context, strategies []Belief, o ChooseOptions) (*Choice, error) {
	n := len(strategies)
	if n == 0 {
		return nil, fmt.Errorf("metrics: Choose: no strategies: %w", ErrEmpty)
	}
	var bad check.Options
	o.Draws = check.Default(o.Draws, 100_000)
	bad.Require(o.Draws > 0 && o.Draws <= 1<<30, "Draws", o.Draws, "in [1, 2^30]")
	for i, s := range strategies {
		bad.Require(s != Belief{} && check.Finite(s.Mean()) && check.Finite(s.gain*s.b), fmt.Sprintf("strategies[%d]", i), s, "made by BeliefInRate or BeliefInMean, of finite worth")
	}
	if err := bad.Err("metrics: Choose"); err != nil {
		return nil, err
	}
	type tally struct {
		best, beats, below []int64
		lost               []float64
		values             []Quantiles
	}
	part := func(lo, hi int) (*tally, error) {
		t := &tally{make([]int64, n), make([]int64, n), make([]int64, n), make([]float64, n), make([]Quantiles, n)}
		r := rng.New(o.Seed, 0xc0, uint64(lo/chooseBlock))
		v := make([]float64, n)
		for range hi - lo {
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
	sum, err := parallel.Reduce(ctx, o.Draws, chooseBlock, o.Workers, part, func(a, b *tally) *tally {
		for i := range n {
			a.best[i], a.beats[i], a.below[i], a.lost[i] = a.best[i]+b.best[i], a.beats[i]+b.beats[i], a.below[i]+b.below[i], a.lost[i]+b.lost[i]
			_ = a.values[i].Merge(&b.values[i]) // same options, other state, few values
		}
		return a
	})
	if err != nil {
		return nil, err
	}
	out := &Choice{Strategies: make([]StrategyOutlook, n)}
	draws := float64(o.Draws)
	for i, s := range strategies {
		low, high := sum.values[i].d.Quantile(.025), sum.values[i].d.Quantile(.975)
		out.Strategies[i] = StrategyOutlook{
			Mean: s.Mean(), Range: Interval{low, high}, Best: float64(sum.best[i]) / draws, Regret: sum.lost[i] / draws,
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

package scorecard

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// WeightRange is how far the weight of one KPI or branch may move, all others keeping
// their proportions, before another alternative is first.
type WeightRange struct {
	Name      string  // of the KPI or branch
	Weight    float64 // in the whole card
	Low, High float64 // the first stays first from Low to High, both within [0, 1]
}

// WeightRanges returns the exact interval of every node's weight, depth first without the
// root, within which the first alternative of Order stays first, shared places
// included. The weights beside it shrink or grow by one factor so that all sum to 1; those
// within a branch keep their proportions. Weights that are all 0 where there is something to
// share out take equal parts.
//
// Scores of WeightedSum are linear in each weight, so each rival gives one bound.
// ErrUnsupported for other methods and where values are missing, whose ranks Acceptability simulates, ErrEmpty.
// Cost: nodes·alternatives·leaves.
func (e *Evaluation) WeightRanges() ([]WeightRange, error) {
	const where = "scorecard: Evaluation.WeightRanges"
	if err := e.ready(where, 0); err != nil {
		return nil, err
	}
	if e.card.opt.Method != WeightedSum {
		return nil, fmt.Errorf("%s: scores are linear in the weights by WeightedSum only: %w", where, ErrUnsupported)
	}
	for r := range e.rows.attainment {
		if slices.ContainsFunc(e.rows.attainment[r], math.IsNaN) {
			return nil, fmt.Errorf("%s: scores are linear in the weights where no value is missing only: %w", where, ErrUnsupported)
		}
	}
	first := e.row[e.first]
	out := make([]WeightRange, 0, len(e.card.nodes)-1)
	for i := range e.card.nodes[1:] {
		n := &e.card.nodes[i+1]
		within, beside := e.directions(n)
		w := WeightRange{Name: n.kpi.Name, High: 1}
		for _, x := range e.weights[n.lo:n.hi] {
			w.Weight += x
		}
		w.Weight = min(w.Weight, 1)
		in, out1 := e.along(within, first), e.along(beside, first)
		for r := range e.scores {
			if r == first {
				continue
			}
			// The lead over r at weight v is v·(in−inᵣ) + (1−v)·(out−outᵣ).
			a, b := in-e.along(within, r), out1-e.along(beside, r)
			switch zero := b / (b - a); {
			case a < b: // falls
				w.High = min(w.High, max(zero, w.Weight))
			case a > b:
				w.Low = max(w.Low, min(zero, w.Weight))
			}
		}
		out = append(out, WeightRange{w.Name, w.Weight, w.Low, w.High})
	}
	return out, nil
}

// directions returns the weights that a node has at weight 1 and at weight 0.
func (e *Evaluation) directions(n *node) (within, beside []float64) {
	within, beside = make([]float64, len(e.weights)), slices.Clone(e.weights)
	copy(within[n.lo:n.hi], e.weights[n.lo:n.hi])
	clear(beside[n.lo:n.hi])
	if !toOne(within) {
		for j := n.lo; j < n.hi; j++ {
			within[j] = 1 / float64(n.hi-n.lo)
		}
	}
	if rest := len(beside) - (n.hi - n.lo); !toOne(beside) && rest > 0 {
		for j := range beside {
			if j < n.lo || j >= n.hi {
				beside[j] = 1 / float64(rest)
			}
		}
	}
	return within, beside
}

// toOne divides w by its sum, if there is any.
func toOne(w []float64) bool {
	var sum float64
	for _, x := range w {
		sum += x
	}
	if !(sum > 0) {
		return false
	}
	for j := range w {
		w[j] /= sum
	}
	return true
}

// along is the weighted attainment of row r.
func (e *Evaluation) along(w []float64, r int) (sum float64) {
	for j, a := range e.rows.attainment[r] {
		sum += w[j] * a
	}
	return sum
}

// WeightLaw says how Acceptability draws weights.
type WeightLaw uint8

const (
	PercentWeights   WeightLaw = iota // each weight times 1 + a uniform draw of ± Percent, then divided by the sum
	DirichletWeights                  // around the card's weights, the tighter the higher Concentration
	AnyWeights                        // every set of weights as likely as any other
)

// AcceptabilityOptions configures Evaluation.Acceptability.
type AcceptabilityOptions struct {
	Law           WeightLaw // default PercentWeights
	Percent       float64   // of PercentWeights, in (0, 1]; 0 means 0.2
	Concentration float64   // of DirichletWeights, > 0: the sum of its parameters; 0 means 50. A weight w gets a standard deviation of √(w(1−w)/(Concentration+1))
	Draws         int       // 1 to 10⁸; 0 means 10,000
	Seed          uint64    // of the draws
	Workers       int       // goroutines; 0 means GOMAXPROCS. The result does not depend on it
}

func (o AcceptabilityOptions) withDefaults() AcceptabilityOptions {
	o.Percent = check.Default(o.Percent, 0.2)
	o.Concentration = check.Default(o.Concentration, 50)
	o.Draws = check.Default(o.Draws, 10_000)
	return o
}

// validate checks every field and names all that are bad.
func (o AcceptabilityOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Law <= AnyWeights, "Law", o.Law, "PercentWeights, DirichletWeights or AnyWeights")
	c.Require(o.Percent > 0 && o.Percent <= 1, "Percent", o.Percent, "in (0, 1]")
	check.Positive(&c, "Concentration", o.Concentration)
	c.Require(o.Draws > 0 && o.Draws <= 100_000_000, "Draws", o.Draws, "1 to 1e8")
	check.NonNegative(&c, "Workers", o.Workers)
	return c.Err(where)
}

// Acceptability is how the ranks fare when the weights are uncertain.
type Acceptability struct {
	// Ranks[i][k] is the share of draws in which alternative i has rank k+1; equals share the
	// ranks that they take. Rows and columns sum to 1.
	Ranks [][]float64
	// Central[i] are the mean weights of the leaves in the draws that put i first: what one would
	// have to believe to choose it; nil where none did.
	Central [][]float64
	// Stable is the share of draws in which the first of Order is first, or shares that place.
	Stable float64
	// StandardError bounds that of each share, √(p(1−p)/Draws) ≤ ½/√Draws.
	StandardError float64
}

// Acceptability draws weights and counts the ranks, for every method: stochastic
// multicriteria acceptability (Lahdelma and Salminen 2001). Equal seeds give equal results at
// any number of workers; alternatives in another order give the same numbers in that order.
//
// Errors: ErrOption naming every bad field, ErrEmpty, ErrTooLarge above 1,024
// alternatives; on cancel nil and the cause. Cost: Draws times that of the scores.
func (e *Evaluation) Acceptability(ctx context.Context, opt AcceptabilityOptions) (*Acceptability, error) {
	const where = "scorecard: Evaluation.Acceptability"
	if err := e.ready(where, 0); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	n := len(e.scores)
	if n > 1024 {
		return nil, fmt.Errorf("%s: %d alternatives, want at most 1024: %w", where, n, ErrTooLarge)
	}
	block := max(256, (opt.Draws+31)/32) // each keeps n² counts, so there are few
	sum, err := parallel.Reduce(ctx, opt.Draws, block, opt.Workers, func(lo, hi int) (*tally, error) {
		t := newTally(n, len(e.weights))
		return t, e.draw(ctx, t, hi-lo, rng.New(opt.Seed, 0x73636f7265, uint64(lo/block)), opt)
	}, (*tally).plus)
	if err != nil {
		return nil, err
	}
	out := &Acceptability{Ranks: make([][]float64, n), Central: make([][]float64, n), Stable: sum.stable / float64(opt.Draws), StandardError: .5 / math.Sqrt(float64(opt.Draws))}
	for i, r := range e.row {
		out.Ranks[i] = make([]float64, n)
		for k := range n {
			out.Ranks[i][k] = sum.ranks[r*n+k] / float64(opt.Draws)
		}
		if f := sum.ranks[r*n]; f > 0 {
			out.Central[i] = make([]float64, len(e.weights))
			for j := range e.weights {
				out.Central[i][j] = sum.central[r*len(e.weights)+j] / f
			}
		}
	}
	return out, nil
}

// tally counts the draws of one block.
type tally struct {
	ranks, central []float64 // n×n and n×leaves
	stable         float64
}

func newTally(n, d int) *tally {
	return &tally{ranks: make([]float64, n*n), central: make([]float64, n*d)}
}

func (t *tally) plus(o *tally) *tally {
	for k, x := range o.ranks {
		t.ranks[k] += x
	}
	for k, x := range o.central {
		t.central[k] += x
	}
	t.stable += o.stable
	return t
}

// draw makes draws of weights and counts them in t.
func (e *Evaluation) draw(ctx context.Context, t *tally, draws int, r *rng.Stream, opt AcceptabilityOptions) error {
	n, d := len(e.scores), len(e.weights)
	w, order := make([]float64, d), make([]int, n)
	for range draws {
		for ok := false; !ok; ok = opt.sample(w, e.weights, r) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		scores, err := e.card.score(e.rows, w)
		if errors.Is(err, ErrUndefined) { // all weight is on KPIs in which all are equal: nobody is ahead
			scores, err = make([]float64, n), nil
		}
		if err != nil {
			return fmt.Errorf("scorecard: Evaluation.Acceptability: %w", err)
		}
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return -compare(scores[a], scores[b]) })
		for lo := 0; lo < n; {
			hi := lo + 1
			for hi < n && scores[order[hi]] == scores[order[lo]] {
				hi++
			}
			part := 1 / float64(hi-lo)
			for _, i := range order[lo:hi] {
				for k := lo; k < hi; k++ {
					t.ranks[i*n+k] += part
				}
				if lo == 0 {
					for j, x := range w {
						t.central[i*d+j] += part * x
					}
					if i == e.row[e.first] {
						t.stable++
					}
				}
			}
			lo = hi
		}
	}
	return nil
}

// sample draws weights that sum to 1 into w; false where all came out as 0.
func (o AcceptabilityOptions) sample(w, center []float64, r *rng.Stream) bool {
	if o.Law == DirichletWeights {
		return o.dirichlet(w, center, r)
	}
	for j, c := range center {
		if o.Law == AnyWeights {
			w[j] = r.Exp()
		} else {
			w[j] = c * (1 + o.Percent*(2*r.Float64()-1))
		}
	}
	return toOne(w)
}

// dirichlet draws Gammas and divides them by their sum, in logarithms: of small shapes nearly all
// underflow, and what is left would not be a fair draw. A Gamma of shape a is one of a+1 times
// U^(1/a).
func (o AcceptabilityOptions) dirichlet(w, center []float64, r *rng.Stream) bool {
	concentration := min(max(o.Concentration, 1e-290), 1e290) // beyond, all is on one KPI or nothing moves
	for j, c := range center {
		switch a := concentration * c; {
		case a >= 1:
			w[j] = math.Log(r.Gamma(a))
		case a > 0:
			w[j] = math.Log(r.Gamma(a+1)) + math.Log(1-r.Float64())/a
		default:
			w[j] = math.Inf(-1)
		}
	}
	top := slices.Max(w)
	for j := range w {
		w[j] = math.Exp(w[j] - top)
	}
	return toOne(w)
}

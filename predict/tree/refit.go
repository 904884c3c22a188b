package tree

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
)

// RefitOptions configures Ensemble.Refit.
type RefitOptions struct {
	// Decay is the share that stays of the old outputs, in [0, 1]; 0 means .9, negative 0.
	Decay float64
	// Rates multiplies the new outputs of each tree; nil means Boost.LearningRate for all. A first
	// tree of LightGBM that holds the average has 1.
	Rates []float64
	// Boost says by its Loss, L1, L2, LearningRate, Weights, ClassWeights, Balanced, Offset and Groups what
	// leaves are for, as in FitBoost; rows of Validation take no part, and what is about growing trees is not read.
	Boost BoostOptions
}

// Refit returns a copy of the model whose leaves have learnt from other rows, with the splits that
// it has: tree after tree, the output of each leaf becomes Decay of the old one and 1−Decay of what the
// gradients of the rows that reach it ask for, as in LightGBM's refit. Cover, Count and the values of inner nodes stay those of
// the rows that the trees were grown on, so that path-dependent Shapley values weigh by these, and
// outputs that monotone constraints held apart may cross. Rows of last month so move a
// model that is too good to be grown anew. The order of rows does not matter. Cost: a prediction
// and a gradient for each row and tree.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption as FitBoost; ErrMismatch for a model that
// averages, sums in float32, has leaves of several values, a Slope, or other outputs or another link than the loss;
// ErrDiverged, or context.Cause(ctx).
func (e *Ensemble) Refit(ctx context.Context, rows [][]float64, y []float64, opt RefitOptions) (*Ensemble, error) {
	const where = "tree: Ensemble.Refit"
	if err := e.fitted(where); err != nil {
		return nil, err
	}
	decay := check.OrOff(opt.Decay, .9)
	var c check.Options
	c.Require(decay >= 0 && decay <= 1, "Decay", opt.Decay, "in [0, 1]")
	c.Require(opt.Rates == nil || len(opt.Rates) == len(e.target), "Rates", len(opt.Rates), "one a tree")
	for t, rate := range opt.Rates {
		c.Require(check.Finite(rate) && rate > 0, fmt.Sprintf("Rates[%d]", t), rate, "finite, > 0")
	}
	if err := c.Err(where); err != nil {
		return nil, err
	}
	boost := opt.Boost.withDefaults()
	if err := boost.validate(where + ": Boost"); err != nil {
		return nil, err
	}
	out, err := e.refit(ctx, rows, y, refitting{boost, decay, opt.Rates})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, nil
}

// refitting are the settled options of Refit.
type refitting struct {
	boost BoostOptions
	decay float64
	rates []float64
}

// refit goes through the trees, whose outputs add to the margins as they are renewed.
func (e *Ensemble) refit(ctx context.Context, rows [][]float64, y []float64, opt refitting) (*Ensemble, error) {
	b := &booster{opt: opt.boost, rows: rows, y: y}
	if err := b.checkData(ctx); err != nil {
		return nil, err
	}
	if err := b.settle(); err != nil {
		return nil, err
	}
	if names := e.Names(); opt.boost.Names != nil && names != nil && !slices.Equal(opt.boost.Names, names) {
		return nil, fmt.Errorf("option Boost.Names are not those of the model: %w", ErrMismatch)
	}
	if b.d != e.columns || e.width != 1 || e.average || e.single || len(e.base) != b.outputs || e.link != b.loss.link() || e.link == LinkLogit && e.slope != 1 {
		return nil, fmt.Errorf("the model has %d columns, %d outputs and link %v, or leaves that do not add up: %w", e.columns, len(e.base), e.link, ErrMismatch)
	}
	n, k := len(rows), b.outputs
	b.margin = slices.Repeat(e.base, n)
	for i, x := range b.opt.Offset {
		b.margin[i] += x
	}
	b.g, b.h = make([]float64, n*k), make([]float64, n*k)
	next := *e
	next.value = slices.Clone(e.value)
	at := make([]int32, n)
	for t, target := range e.target {
		if t%k == 0 {
			if err := b.loss.gradients(ctx, b); err != nil {
				return nil, err
			}
		}
		err := parallel.For(ctx, n, 1024, b.opt.Workers, func(_, lo, hi int) error {
			e.places(at[lo:hi], rows[lo:hi], t)
			return nil
		})
		if err != nil {
			return nil, err
		}
		rate := b.opt.LearningRate
		if opt.rates != nil {
			rate = opt.rates[t]
		}
		if err := next.renew(b, t, at, rate, opt.decay); err != nil {
			return nil, err
		}
		for _, i := range b.train {
			b.margin[int(i)*k+int(target)] += next.value[at[i]]
		}
	}
	return &next, nil
}

// places sets at to the leaves that rows reach in tree t.
func (e *Ensemble) places(at []int32, rows [][]float64, t int) {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.sized(e)
	for lo := 0; lo < len(rows); lo += lanes {
		n := min(lanes, len(rows)-lo)
		e.load(s, rows[lo:lo+n])
		e.walk(s, t)
		copy(at[lo:lo+n], s.at[:n])
	}
}

// renew sets the outputs of tree t, a leaf after the other.
func (e *Ensemble) renew(b *booster, t int, at []int32, rate, decay float64) error {
	root, end := e.roots[t], e.roots[t+1]-1
	start := make([]int32, end-root+1)
	for _, i := range b.train {
		start[at[i]-root+1]++
	}
	for p := 1; p < len(start); p++ {
		start[p] += start[p-1]
	}
	order, fill := make([]int32, len(b.train)), slices.Clone(start)
	for _, i := range b.train {
		order[fill[at[i]-root]] = i
		fill[at[i]-root]++
	}
	k := int(e.target[t])
	rules := hist.Rules{L1: b.opt.L1, L2: b.opt.L2}
	for p := root; p < end; p++ {
		if e.nodes[p].child != p {
			continue
		}
		rows := order[start[p-root]:start[p-root+1]]
		fresh := 0.0
		if len(rows) > 0 { // of quantiles too: a step of the gradient, as LightGBM's
			fresh = rules.Output(hist.Stat{
				G: exactSum(len(rows), func(i int) float64 { return b.g[int(rows[i])*b.outputs+k] }),
				H: exactSum(len(rows), func(i int) float64 { return b.h[int(rows[i])*b.outputs+k] }),
			}, hist.Free)
		}
		e.value[p] = decay*e.value[p] + (1-decay)*rate*fresh
		if !check.Finite(e.value[p]) || math.Abs(e.value[p]) > 1e300 {
			return fmt.Errorf("a leaf of tree %d is not finite: %w", t, ErrDiverged)
		}
	}
	return nil
}

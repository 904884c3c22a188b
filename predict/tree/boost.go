package tree

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// Progress tells how far a fit is.
type Progress struct {
	Iteration  int     // iterations done, from 1
	MaxIter    int     // the bound; early stopping may end before
	Loss       float64 // mean loss of the training rows
	Validation float64 // of the validation rows, 0 without any
}

// BoostOptions configures FitBoost. The zero value is logistic loss, 100 trees of at most
// 31 leaves.
type BoostOptions struct {
	// Loss is what is minimised. LossLogistic is the default.
	Loss Loss
	// Quantile is the level of LossQuantile, in (0, 1); 0 means .5.
	Quantile float64
	// Power is the power of the variance of LossTweedie, in (1, 2); 0 means 1.5.
	Power float64
	// Classes is the number of classes of LossSoftmax, 2 … 65536; 0 means one above the largest label, at most 4096.
	Classes int
	// Groups holds for ranking losses the query of each row: rows of equal numbers are ranked
	// among each other.
	Groups []int
	// Truncation is how many of the best of a query LossLambdaMART looks at; 0 means 30.
	Truncation int

	// Iterations is the number of trees, of each output; 0 means 100.
	Iterations int
	// LearningRate multiplies each tree, in (0, 1]; 0 means .1.
	LearningRate float64
	// Leaves is the largest number of leaves of a tree, >= 2; 0 means 31.
	Leaves int
	// MaxDepth bounds the depth of a tree; 0 means no bound, or 6 where LevelWise.
	MaxDepth int
	// LevelWise splits all nodes of one depth before those of the next; otherwise the node
	// that gains most is next.
	LevelWise bool
	// L1 and L2 penalise the outputs of leaves; L2 0 means 1 and negative 0.
	L1, L2 float64
	// MinHessian is the least sum of Hessians of a leaf; 0 means .001.
	MinHessian float64
	// MinRows is the least number of rows of a leaf, counted by their weights; 0 means 20,
	// negative means 0. A column is split by its best cut that leaves so many.
	MinRows float64
	// MinGain is what a split must gain at least, >= 0.
	MinGain float64
	// Bins is the largest number of bins of a column of numbers, 2 … 255; 0 means 255. Columns of
	// no more distinct values are cut between any two of them.
	Bins int
	// MinCategory is the least weight of the rows of a category that stands for itself, in all rows and,
	// as guessed from the Hessian, in the node that is split; 0 means 10. Rarer ones, and codes
	// never seen, are one category.
	MinCategory float64
	// CategorySmooth is added to the Hessian of a category before they are sorted; 0 means
	// 10, negative 0.
	CategorySmooth float64

	// Categorical lists the columns that hold categories, integers from 0 to 2²⁶−1, without gaps where that can be: a split
	// holds a bit for each up to the largest that it names.
	Categorical []int
	// Names names the columns; nil: none.
	Names []string
	// Levels names the codes of the columns in Categorical, one list a column; nil: not known.
	Levels [][]string
	// Monotone holds for each column 1 where the margin must not fall with it, -1 where it must
	// not rise, 0 otherwise; nil: no constraints. Categories have none.
	Monotone []int
	// Interactions lists sets of columns that may stand together on one path; columns in
	// no set stand alone. Nil: all may.
	Interactions [][]int

	// RowShare and ColumnShare are the shares of rows and of columns that each iteration draws,
	// by hash, in (0, 1]; 0 means 1.
	RowShare, ColumnShare float64
	// IDs holds a number for each row by which rows are drawn; nil: a hash of what the row holds.
	IDs []uint64
	// Seed is of the draws.
	Seed uint64

	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent.
	Weights []float64
	// ClassWeights multiplies the weights of the rows of each class, of LossLogistic and LossSoftmax; nil or
	// 0 means 1.
	ClassWeights []float64
	// Balanced multiplies the weights of each class so that all classes weigh the same.
	Balanced bool
	// Offset, if not nil, holds margins that are given, one a row and output, row by row: trees
	// add to them and predictions do not hold them. There is no base then.
	Offset []float64
	// Validation lists rows that take no part and are only judged.
	Validation []int
	// Patience ends the fit after so many iterations without a lower loss of the validation rows, and
	// keeps the trees up to the best; 0 means never.
	Patience int
	// Start is a model of the same loss, columns and outputs that is boosted further; its
	// trees come first.
	Start *Ensemble
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It has
	// no influence on the result.
	Workers int
	// Progress, if not nil, is called after each iteration, on the caller's goroutine.
	Progress func(Progress)
}

// maxClassWeight keeps products of weights in the range of numbers.
const maxClassWeight = 1e30

// withDefaults fills in what is zero.
func (o BoostOptions) withDefaults() BoostOptions {
	o.Quantile = check.Default(o.Quantile, .5)
	o.Power = check.Default(o.Power, 1.5)
	o.Truncation = check.Default(o.Truncation, 30)
	o.Iterations = check.Default(o.Iterations, 100)
	o.LearningRate = check.Default(o.LearningRate, .1)
	o.Leaves = check.Default(o.Leaves, 31)
	if o.LevelWise {
		o.MaxDepth = check.Default(o.MaxDepth, 6)
	}
	o.L2 = check.OrOff(o.L2, 1)
	o.MinHessian = check.Default(o.MinHessian, 1e-3)
	o.MinRows = check.OrOff(o.MinRows, 20)
	o.Bins = check.Default(o.Bins, 255)
	o.MinCategory = check.Default(o.MinCategory, 10)
	o.CategorySmooth = check.OrOff(o.CategorySmooth, 10)
	o.RowShare = check.Default(o.RowShare, 1)
	o.ColumnShare = check.Default(o.ColumnShare, 1)
	return o
}

// validate reports every bad field.
func (o BoostOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Loss < losses, "Loss", o.Loss, "a loss")
	c.Require(o.Quantile > 0 && o.Quantile < 1, "Quantile", o.Quantile, "in (0, 1)")
	c.Require(o.Power > 1 && o.Power < 2, "Power", o.Power, "in (1, 2)")
	c.Require(o.Classes == 0 || o.Classes >= 2 && o.Classes <= maxOutputs, "Classes", o.Classes, "2 … 65536")
	c.Require(o.Truncation > 0, "Truncation", o.Truncation, "> 0")
	c.Require(o.Iterations > 0 && o.Iterations <= 1<<20, "Iterations", o.Iterations, "1 … 1048576")
	c.Require(o.LearningRate > 0 && o.LearningRate <= 1, "LearningRate", o.LearningRate, "in (0, 1]")
	c.Require(o.Leaves >= 2 && o.Leaves <= 1<<16, "Leaves", o.Leaves, "2 … 65536")
	c.Require(o.MaxDepth >= 0, "MaxDepth", o.MaxDepth, ">= 0")
	check.NonNegative(&c, "L1", o.L1)
	check.NonNegative(&c, "L2", o.L2)
	check.Positive(&c, "MinHessian", o.MinHessian)
	check.NonNegative(&c, "MinRows", o.MinRows)
	check.NonNegative(&c, "MinGain", o.MinGain)
	c.Require(o.Bins >= 2 && o.Bins <= 255, "Bins", o.Bins, "2 … 255")
	check.NonNegative(&c, "MinCategory", o.MinCategory)
	check.NonNegative(&c, "CategorySmooth", o.CategorySmooth)
	c.Require(o.RowShare > 0 && o.RowShare <= 1, "RowShare", o.RowShare, "in (0, 1]")
	c.Require(o.ColumnShare > 0 && o.ColumnShare <= 1, "ColumnShare", o.ColumnShare, "in (0, 1]")
	classes := o.Loss == LossLogistic || o.Loss == LossSoftmax
	c.Require(o.ClassWeights == nil || classes, "ClassWeights", len(o.ClassWeights), "nil without classes")
	for k, w := range o.ClassWeights {
		c.Require(w >= 0 && w <= maxClassWeight, fmt.Sprintf("ClassWeights[%d]", k), w, "0 … 1e30")
	}
	c.Require(!o.Balanced || classes, "Balanced", o.Balanced, "false without classes")
	c.Require(o.Patience >= 0, "Patience", o.Patience, ">= 0")
	c.Require(o.Patience == 0 || len(o.Validation) > 0, "Patience", o.Patience, "0 without Validation")
	return c.Err(where)
}

// FitBoost fits trees one after the other, each to the gradients of the loss at the margins so
// far, by histograms: columns are cut into bins once, sums of gradients and Hessians by bin
// find the split that gains most. Missing values (NaN) go to the side that gains more; categories
// are sorted by gradient, and what sorting levels of no meaning would gain is taken off, so
// that codes of customers or sessions do not win by their number.
//
// y holds for each row a label 0 or 1 (LossLogistic), a class 0, 1, … (LossSoftmax), an amount, a
// count >= 0 (LossPoisson, LossTweedie) or a relevance (ranking losses; LossLambdaMART 0 … 31).
//
// The order of rows does not matter, to the bit, nor does the number of workers: sums are of
// integers. Weights that are whole numbers fit as rows that come so often, but for rounding of
// these integers (about 1e-5 of the largest gradient), where no rows are drawn.
// Cost: a step for each row, column and half of the depth, each iteration; memory: a byte a row
// and column (two for categories of more than 254 levels), about 60 bytes a row, and 16 for each
// bin and leaf.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite (an infinite value, a label that is none), ErrRange
// for a label, a column or a row out of range, ErrOption, ErrDuplicate (names), ErrUndefined
// where the labels of the training rows are of one class or nothing but 0, ErrMismatch for a Start of
// another kind, ErrTooLarge for labels that look like ids, ErrDiverged where margins leave the range of numbers, or context.Cause(ctx).
//
// Friedman, Annals of Statistics 29, 2001; Chen and Guestrin, KDD 2016; Ke et al., NeurIPS 2017.
func FitBoost(ctx context.Context, rows [][]float64, y []float64, opt BoostOptions) (*Ensemble, error) {
	const where = "tree: FitBoost"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	b, err := newBooster(ctx, rows, y, opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := b.run(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m, err := b.model.finish()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// run adds the trees, and cuts them to the best iteration.
func (b *booster) run(ctx context.Context) error {
	best, bestAt, before := math.Inf(1), 0, len(b.model.target)
	first := before / b.outputs // draws go on where those of Start ended
	var err error
	if len(b.valid) > 0 {
		if best, err = b.loss.mean(ctx, b, b.valid); err != nil { // of no tree at all
			return err
		}
	}
	for it := range b.opt.Iterations {
		if err := b.iterate(ctx, first+it); err != nil {
			return err
		}
		p := Progress{Iteration: it + 1, MaxIter: b.opt.Iterations}
		if b.opt.Progress != nil {
			if p.Loss, err = b.loss.mean(ctx, b, b.train); err != nil {
				return err
			}
		}
		if len(b.valid) > 0 {
			if p.Validation, err = b.loss.mean(ctx, b, b.valid); err != nil {
				return err
			}
			if p.Validation < best {
				best, bestAt = p.Validation, it+1
			}
		}
		if b.opt.Progress != nil {
			b.opt.Progress(p)
		}
		if b.opt.Patience > 0 && it+1-bestAt >= b.opt.Patience {
			break
		}
	}
	if b.opt.Patience > 0 {
		if before == 0 {
			bestAt = max(bestAt, 1) // a model has a tree
		}
		b.model.cut(before + bestAt*b.outputs)
	}
	return nil
}

// iterate adds a tree for each output.
func (b *booster) iterate(ctx context.Context, it int) error {
	if err := b.loss.gradients(ctx, b); err != nil {
		return err
	}
	rows := b.draw(it)
	mask := b.drawColumns(it)
	for k := range b.outputs {
		if err := b.grow(ctx, k, rows, mask); err != nil {
			return err
		}
	}
	return nil
}

// cut removes the trees after the first n.
func (a *assembler) cut(n int) {
	if n >= len(a.target) {
		return
	}
	end := int(a.roots[n]) - 1 // the place before the root that goes
	a.target, a.roots = a.target[:n], a.roots[:n+1]
	a.nodes, a.value = a.nodes[:end], a.value[:end*a.width]
	a.cover, a.count, a.gain, a.number = a.cover[:end], a.count[:end], a.gain[:end], a.number[:end]
	tests := 0
	for _, n := range a.nodes {
		if n.view < 0 {
			tests = max(tests, int(^n.view)+1)
		}
	}
	a.tests = a.tests[:tests]
	a.bits = a.bits[:0:len(a.bits)]
	if tests > 0 {
		a.bits = a.bits[:a.tests[tests-1].end]
	}
	a.trim()
}

// trim drops views that no node has.
func (a *assembler) trim() {
	used := make([]bool, len(a.views))
	for p, n := range a.nodes {
		if n.view >= 0 && n.child != int32(p) {
			used[n.view] = true
		}
	}
	to, kept := make([]int32, len(a.views)), a.views[:0]
	for k, on := range used {
		if on {
			to[k] = int32(len(kept))
			kept = append(kept, a.views[k])
		}
	}
	a.views = kept
	for p := range a.nodes {
		if n := &a.nodes[p]; n.view >= 0 && n.child != int32(p) {
			n.view = to[n.view]
		}
	}
}

// exactSum adds numbers up as integers: the order does not matter.
func exactSum(n int, at func(i int) float64) float64 {
	top := 0.0
	for i := range n {
		top = max(top, math.Abs(at(i)))
	}
	if top == 0 || !check.Finite(top) {
		return top
	}
	_, exp := math.Frexp(top)
	_, count := math.Frexp(float64(n))
	down := min(max(62-exp-count, -1000), 1000) // so that the factor is a normal number
	factor, sum := math.Ldexp(1, down), int64(0)
	for i := range n {
		sum += int64(math.RoundToEven(at(i) * factor))
	}
	return math.Ldexp(float64(sum), -down)
}

// meanOf returns the weighted mean of what at says of the rows.
func (b *booster) meanOf(ctx context.Context, rows []int32, at func(i int32) float64) (float64, error) {
	values := make([]float64, len(rows))
	err := parallel.For(ctx, len(rows), 4096, b.opt.Workers, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			values[k] = at(rows[k]) * b.weight(rows[k])
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return exactSum(len(rows), func(k int) float64 { return values[k] }) / exactSum(len(rows), func(k int) float64 { return b.weight(rows[k]) }), nil
}

// quantile returns the weighted quantile of what the margins of output k leave of y, the lowest value
// that at least the share level of the weight does not exceed.
func (b *booster) quantile(rows []int32, level float64, k int) float64 {
	type part struct{ x, w float64 }
	parts := make([]part, len(rows))
	for p, i := range rows {
		parts[p] = part{b.y[i] - b.margin[int(i)*b.outputs+k], b.weight(i)}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.w, b.w)) })
	total := 0.0
	for _, p := range parts {
		total += p.w
	}
	sum := 0.0
	for _, p := range parts {
		if sum += p.w; sum >= level*total*(1-1e-12) {
			return p.x
		}
	}
	return parts[len(parts)-1].x
}

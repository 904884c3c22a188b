package uplift

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// TreeOptions configures FitTree and, with ForestOptions, the trees of FitForest.
type TreeOptions struct {
	// Criterion is what splits make large; 0 means Euclidean.
	Criterion Criterion
	// MaxDepth bounds the number of splits above a leaf, at most 64; 0 means 3 for a tree, 8 for a forest.
	MaxDepth int
	// MinLeaf is how many rows each side of a split needs; 0 means 100.
	MinLeaf int
	// MinArm is how many rows of each arm each side of a split needs; 0 means 10.
	MinArm int
	// MinGain is what a split must gain, more than nothing in any case.
	MinGain float64
	// Shrink pulls the mean outcome of an arm towards that of the node above while splits are judged, as so many
	// rows would; means of leaves are not shrunk. 0 means 100 for a tree and 10 for a forest, negative none.
	Shrink float64
	// Plain leaves out the normalisation of Rzepakowski and Jaroszewicz, which keeps splits from parting the arms.
	Plain bool
	// Honest is the share of the rows, or of customers by Data.IDs, that grow no tree and give its leaves their
	// means, at most .9; 0 means none for a tree and half for a forest, negative none.
	Honest float64
	// Bins is how many bins a column is cut into, 2 … 253; 0 means 253. A column of fewer values has one for each.
	Bins int
	// Categorical lists the columns that hold categories, integers from 0 to 2³¹−2. The Bins most frequent ones are
	// told apart; the others, those with fewer than MinLeaf rows in a node, and unseen ones go right together.
	Categorical []int
	// Names names the columns for Text and Forest.Names; nil: none.
	Names []string
	// Seed begins the random numbers; 0 is a seed.
	Seed uint64
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It has no influence on the result.
	Workers int
}

// ForestOptions configures FitForest.
type ForestOptions struct {
	// Tree is how trees grow.
	Tree TreeOptions
	// Trees is how many are grown; 0 means 200, at most 65536.
	Trees int
	// Try is how many columns, drawn anew, each node looks at; 0 means two thirds of them, negative all.
	Try int
	// Sample is the share of the rows, or of customers by Data.IDs, that each tree sees, drawn without
	// replacement; 0 means .5.
	Sample float64
	// Level of the intervals of averages; 0 means .95.
	Level float64
	// Progress, if not nil, is called after every few trees on the caller's goroutine, with Fits their number.
	Progress func(Progress)
}

// withDefaults settles what differs between a tree to read and those of a forest.
func (o TreeOptions) withDefaults(forest bool) TreeOptions {
	pick := func(tree, wood float64) float64 {
		if forest {
			return wood
		}
		return tree
	}
	o.MaxDepth = check.Default(o.MaxDepth, int(pick(3, 8)))
	o.MinLeaf = check.Default(o.MinLeaf, 100)
	o.MinArm = check.Default(o.MinArm, 10)
	o.Shrink = check.OrOff(o.Shrink, pick(100, 10))
	o.Honest = check.OrOff(o.Honest, pick(0, .5))
	o.Bins = check.Default(o.Bins, mostBins)
	return o
}

// mostDepth is the number of splits above a leaf.
const mostDepth = 64

// mostBins is the number of bins of values; missing ones and, of categories, the rest have one more each.
const mostBins = 253

func (o TreeOptions) require(c *check.Options, prefix string) {
	c.Require(o.Criterion <= CTS, prefix+"Criterion", o.Criterion, "a criterion")
	c.Require(o.MaxDepth >= 0 && o.MaxDepth <= mostDepth, prefix+"MaxDepth", o.MaxDepth, "0 … 64")
	c.Require(o.MinLeaf >= 0 && o.MinLeaf <= math.MaxInt32, prefix+"MinLeaf", o.MinLeaf, ">= 0")
	c.Require(o.MinArm >= 0 && o.MinArm <= math.MaxInt32, prefix+"MinArm", o.MinArm, ">= 0")
	check.NonNegative(c, prefix+"MinGain", o.MinGain)
	c.Require(o.Shrink <= 1e15 && !math.IsInf(o.Shrink, -1), prefix+"Shrink", o.Shrink, "at most 1e15")
	c.Require(o.Honest <= .9 && !math.IsInf(o.Honest, -1), prefix+"Honest", o.Honest, "at most 0.9")
	c.Require(o.Bins == 0 || o.Bins >= 2 && o.Bins <= mostBins, prefix+"Bins", o.Bins, "2 … 253")
}

func (o ForestOptions) validate(where string) error {
	var c check.Options
	o.Tree.require(&c, "Tree.")
	c.Require(o.Trees >= 0 && o.Trees <= 1<<16, "Trees", o.Trees, "0 … 65536")
	c.Require(o.Sample >= 0 && o.Sample <= 1, "Sample", o.Sample, "0 … 1")
	c.Require(o.Level == 0 || o.Level > 0 && o.Level < 1, "Level", o.Level, "between 0 and 1")
	return c.Err(where)
}

// Forest is one tree or many of them: each leaf knows the mean outcome in each arm. It is immutable and safe for
// concurrent readers.
type Forest struct {
	arms, columns int
	names         []string
	trees         []grown
}

// ForestResult is a fitted forest and what its trees say of the rows that they have not seen.
type ForestResult struct {
	// Forest is what was fitted.
	Forest *Forest
	// OutOfBag holds, for each row, the effect of each treatment by the trees that have not drawn it, Arms−1
	// numbers a row; NaN for rows that all trees have drawn and for those of weight 0.
	OutOfBag []float64
	// Scores are doubly robust scores by the means out of bag and the propensities of Data, or the shares of the arms; of rows that all
	// trees have drawn by the mean of each arm.
	Scores *Scores
	// Averages holds the average effect of each treatment, by Scores.
	Averages []Estimate
}

// FitTree grows one uplift tree, to be read. Rows of d have any columns: NaN is a missing value and goes
// where it gains more, or, where a node saw none, to the side with more rows.
//
// Where Data.Propensities differ from row to row, rows are weighed by their inverse, so that arms are compared as if treatments had been
// drawn by lot; where a rule is not known, what a tree says is right only as far as its questions tell it. Without Honest the rows that
// chose the splits give the means, too, which makes effects look larger than they are.
//
// Cost: n·d for each level. The same rows in any order give the same bytes at any GOMAXPROCS.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange (outcomes outside of [0, 1] for KL and ChiSquared, categories), ErrOption,
// ErrUndefined for an arm that nobody is in, or context.Cause(ctx).
func FitTree(ctx context.Context, d Data, opt TreeOptions) (*Forest, error) {
	const where = "uplift: FitTree"
	var c check.Options
	opt.require(&c, "")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	w, err := newWood(ctx, d, opt.withDefaults(false))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	w.try, w.sample = w.s.d, 1
	g := newGrower(ctx, w)
	t, err := g.tree(0)
	if err != nil {
		return nil, err
	}
	return &Forest{w.s.arms, w.s.d, slices.Clone(opt.Names), []grown{t}}, nil
}

// FitForest grows a forest of uplift trees, each from a part of the rows and, at each node, a part of the
// columns. By default trees are honest: half of the rows that a tree sees choose its splits, the others give its leaves their means.
//
// Cost: Sample·n·Try for each level of each tree, trees in parallel; memory n·d bytes, 24·n for each worker. The same rows in
// any order give the same bytes at any GOMAXPROCS: rows are drawn by a hash of what they hold, or of their ids, those
// of one id together.
//
// Errors: those of FitTree, ErrOverflow.
func FitForest(ctx context.Context, d Data, opt ForestOptions) (*ForestResult, error) {
	const where = "uplift: FitForest"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	w, err := newWood(ctx, d, opt.Tree.withDefaults(true))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	switch w.try = opt.Try; {
	case w.try == 0:
		w.try = (2*w.s.d + 2) / 3
	case w.try < 0 || w.try > w.s.d:
		w.try = w.s.d
	}
	w.sample = check.Default(opt.Sample, .5)
	n, arms := w.s.n, w.s.arms
	trees := check.Default(opt.Trees, 200)
	f := &Forest{arms, w.s.d, slices.Clone(opt.Tree.Names), make([]grown, trees)}
	mu, seen := make([]float64, n*arms), make([]int, n)
	workers := parallel.Scratch(trees, 1, opt.Tree.Workers)
	growers := make([]*grower, workers)
	outs := make([][]outside, trees)
	for lo := 0; lo < trees; lo += batch {
		hi := min(lo+batch, trees)
		err := parallel.For(ctx, hi-lo, 1, workers, func(worker, t, _ int) error {
			if growers[worker] == nil {
				growers[worker] = newGrower(ctx, w)
			}
			var err error
			f.trees[lo+t], err = growers[worker].tree(uint64(lo + t))
			outs[lo+t] = growers[worker].outside()
			return err
		})
		if err != nil {
			return nil, err
		}
		for t := lo; t < hi; t++ {
			for _, o := range outs[t] {
				seen[o.row]++
				for a := range arms {
					mu[int(o.row)*arms+a] += f.trees[t].means[int(o.leaf)*arms+a]
				}
			}
			outs[t] = nil
		}
		if opt.Progress != nil {
			opt.Progress(Progress{Fits: hi})
		}
	}
	return w.result(ctx, where, f, mu, seen, opt.Level)
}

// batch is how many trees are grown between two times that what they say of rows out of bag is added up, in their order.
const batch = 16

// result turns the sums out of bag into effects and scores.
func (w *wood) result(ctx context.Context, where string, f *Forest, mu []float64, seen []int, level float64) (*ForestResult, error) {
	s, arms := w.s, w.s.arms
	tau := make([]float64, s.n*(arms-1))
	for k := range s.n {
		of := mu[k*arms : (k+1)*arms]
		if seen[k] == 0 {
			copy(of, w.prior) // what trees that have drawn the row say of it is no more than its own outcome in part
		} else {
			for a := range of {
				of[a] /= float64(seen[k])
			}
		}
		for a := 1; a < arms; a++ {
			tau[k*(arms-1)+a-1] = of[a] - of[0]
			if seen[k] == 0 {
				tau[k*(arms-1)+a-1] = math.NaN()
			}
		}
	}
	m := newFitterOf(ctx, where, s)
	e := make([]float64, s.n*arms)
	if err := m.propensity(e, s.except(-1, -1), -1, -1); err != nil {
		return nil, err
	}
	scores, err := m.score(mu, e)
	if err != nil {
		return nil, err
	}
	out := &ForestResult{Forest: f, OutOfBag: s.scatter(tau, arms-1), Scores: scores}
	for a := 1; a < arms; a++ {
		got, err := scores.Average(a, level)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		out.Averages = append(out.Averages, got)
	}
	return out, nil
}

// wood is what all trees of a fit share.
type wood struct {
	s      *study
	opt    TreeOptions
	cols   []hist.Column
	code   [][]uint8 // by column and row
	units  [2]float64
	w, y   []int64   // weight and weight times outcome of rows, in units
	prior  []float64 // mean outcome in each arm
	try    int
	sample float64
}

// newWood cuts columns into bins and makes integers of outcomes, whose sums do not depend on an order.
func newWood(ctx context.Context, d Data, opt TreeOptions) (*wood, error) {
	s, err := newStudy(d, 0, 0)
	if err != nil {
		return nil, err
	}
	if err := s.inArms(s.except(-1, -1)); err != nil {
		return nil, err
	}
	if opt.Names != nil {
		if err := check.Len("Names", len(opt.Names), s.d); err != nil {
			return nil, err
		}
	}
	coded := make([]bool, s.d)
	for k, j := range opt.Categorical {
		if j < 0 || j >= s.d || coded[j] {
			return nil, fmt.Errorf("%s[%d] is %d, want a column, once: %w", "Categorical", k, j, ErrOption)
		}
		coded[j] = true
	}
	if opt.Criterion == KL || opt.Criterion == ChiSquared {
		for k, y := range s.y {
			if !(y >= 0 && y <= 1) {
				return nil, fmt.Errorf("%s[%d] is %v, want 0 … 1 for %v: %w", "Outcome", s.from[k], y, opt.Criterion, ErrRange)
			}
		}
	}
	w := &wood{s: s, opt: opt, cols: make([]hist.Column, s.d), code: make([][]uint8, s.d)}
	w.quantise(w.weights())
	return w, parallel.For(ctx, s.d, 1, opt.Workers, func(_, j, _ int) error { return w.cut(j, coded[j]) })
}

// weights returns those of the rows, nil for 1 each: their own, and where propensities differ from row to row the share of their arm
// over its propensity, with which an arm has the rows that it would have had by lot; at most mostLift, so that no row hides all others.
func (w *wood) weights() []float64 {
	s, lot := w.s, true
	for q := s.arms; q < len(s.e) && lot; q++ {
		lot = s.e[q] == s.e[q%s.arms]
	}
	if lot {
		return s.w
	}
	share, all := make([]float64, s.arms), 0.0
	for k := range s.n {
		weight := s.weight(int32(k))
		for a := range share {
			share[a] += weight * s.e[k*s.arms+a]
		}
		all += weight
	}
	out := make([]float64, s.n)
	for k, a := range s.arm {
		out[k] = s.weight(int32(k)) * min(share[a]/all/s.e[k*s.arms+a], mostLift)
	}
	return out
}

// mostLift is by how much a propensity weighs a row up.
const mostLift = 1e6

// quantise turns weights and outcomes into integers whose sum over all rows stays below 2⁶².
func (w *wood) quantise(weights []float64) {
	s := w.s
	weigh := func(k int) float64 {
		if weights == nil {
			return 1
		}
		return weights[k]
	}
	tops := [2]float64{}
	for k := range s.n {
		weight := weigh(k)
		tops[0], tops[1] = max(tops[0], weight), max(tops[1], math.Abs(weight*s.y[k]))
	}
	room := 61 - int(math.Ceil(math.Log2(float64(s.n)+1)))
	for q, top := range tops {
		_, exp := math.Frexp(top)
		w.units[q] = math.Ldexp(1, max(exp-room, -1000))
	}
	if weights == nil {
		w.units[0] = 1
	}
	w.w, w.y, w.prior = make([]int64, s.n), make([]int64, s.n), make([]float64, s.arms)
	all := make([]cell, s.arms)
	for k := range s.n {
		weight := weigh(k)
		w.w[k], w.y[k] = int64(math.RoundToEven(weight/w.units[0])), int64(math.RoundToEven(weight*s.y[k]/w.units[1]))
		all[s.arm[k]].w += w.w[k]
		all[s.arm[k]].y += w.y[k]
	}
	for a, c := range all {
		w.prior[a] = w.mean(c, 0)
	}
}

// mean is the mean outcome of a cell, or another where nothing is in it.
func (w *wood) mean(c cell, empty float64) float64 {
	if c.w == 0 {
		return empty
	}
	return float64(c.y) / float64(c.w) * (w.units[1] / w.units[0])
}

// binSample is how many rows edges are found from.
const binSample = 1 << 18

// cut gives column j its bins.
func (w *wood) cut(j int, coded bool) error {
	s := w.s
	step := 1
	if !coded {
		step = (s.n-1)/binSample + 1 // rows are in no order of their own, so that each k-th is a sample
	}
	values := make([]hist.Weighted, 0, s.n/step+1)
	missing := false
	for k := 0; k < s.n; k += step {
		x := s.rows[k][j]
		if coded && x == x && !(x >= 0 && x < math.MaxInt32 && x == math.Trunc(x)) {
			return fmt.Errorf("%s[%d] column %d is %v, want a category, 0 … %d: %w", "Rows", s.from[k], j, x, math.MaxInt32-1, ErrRange)
		}
		if x == x {
			values = append(values, hist.Weighted{X: x + 0, W: 1})
		} else {
			missing = true
		}
	}
	values = hist.Tally(values, true)
	if coded {
		w.cols[j] = hist.Categories(hist.Levels(values, 1, w.opt.Bins), missing)
	} else {
		w.cols[j] = hist.Numbers(hist.Cuts(values, w.opt.Bins), missing)
	}
	code := make([]uint8, s.n)
	for k, row := range s.rows {
		code[k] = uint8(w.cols[j].Bin(row[j]))
	}
	w.code[j] = code
	return nil
}

// stages of random numbers.
const (
	stageSample = 0x75706c69
	stageHonest = 0x686f6e65
	stageTry    = 0x74727900
)

// drawn says whether a tree sees the row, and whether the row gives means rather than splits.
func (w *wood) drawn(tree uint64, key uint64) (in, estimates bool) {
	in = w.sample >= 1 || rng.Unit(rng.Hash(w.opt.Seed, stageSample, tree, key)) < w.sample
	return in, in && w.opt.Honest > 0 && rng.Unit(rng.Hash(w.opt.Seed, stageHonest, tree, key)) < w.opt.Honest
}

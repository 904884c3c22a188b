package tree

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// ForestOptions configures FitForest. The zero value is a random forest of 100 unpruned
// regression trees.
type ForestOptions struct {
	// Classes is how many classes y numbers, from 0: 2 … 4096. 0: y is a number to be
	// predicted.
	Classes int
	// Trees is how many trees are grown; 0 means 100.
	Trees int
	// Criterion is what splits make small, not AbsoluteError; 0 means GiniImpurity with Classes
	// and SquaredError without.
	Criterion CriterionKind
	// Extremely draws one threshold a column, evenly between the lowest and the highest value of
	// the node, instead of searching the best (Geurts et al. 2006).
	Extremely bool
	// Try is how many columns, drawn anew, each node looks at; for those that are constant in
	// the node others take the place. 0 means √columns with Classes and a third of the columns
	// without, at least one; negative means all.
	Try int
	// Sample is the number of rows drawn for each tree as a share of all rows, with
	// replacement: each row comes in as often as a Poisson number of this mean, by a hash of
	// Seed, tree and row; at most 16. 0 means 1, and for Extremely the whole sample; negative
	// means the whole sample.
	Sample float64
	// Distinct draws without replacement: a row is taken once, with probability Sample, at
	// most 1.
	Distinct bool
	// MaxDepth bounds the number of splits above a leaf; 0 means no bound.
	MaxDepth int
	// MinSplit is how many rows a node needs to be split, rows drawn several times counted once;
	// 0 means 2.
	MinSplit int
	// MinLeaf is how many rows a leaf needs, counted so; 0 means 1.
	MinLeaf int
	// MinGain is what a split must take away from the impurity, as a share of the weight of
	// all rows drawn, >= 0: see CARTOptions.
	MinGain float64
	// Categorical lists the columns that hold categories, integers from 0 to 2²⁶−1. The 254 most
	// frequent ones are told apart.
	Categorical []int
	// MinCategory is how many rows of a node a category needs to be sent by its own rows;
	// rarer ones go where they gain more, together, as unseen ones do. 0 means 10, negative 1.
	MinCategory int
	// Weights, if not nil, holds one weight in [0, 1e90] a row, by which its draws are
	// multiplied. Rows of weight 0 count as absent.
	Weights []float64
	// ClassWeights multiplies the weights of the rows of each class; nil or 0 means 1.
	ClassWeights []float64
	// Balanced multiplies the weights of each class so that all classes weigh the same.
	Balanced bool
	// IDs, if not nil, holds a number a row by which rows are drawn, those of one number
	// together, such as the rows of a customer. Nil: a hash of what the row holds.
	IDs []uint64
	// Importance asks for the permutation importance of the columns, by rows out of bag.
	Importance bool
	// Names names the columns; nil: none.
	Names []string
	// Levels names the codes of the columns in Categorical, one list a column; nil: not known.
	Levels [][]string
	// Seed begins the random numbers; 0 is a seed.
	Seed uint64
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It has no
	// influence on the result.
	Workers int
	// Progress, if not nil, is called after every few trees on the caller's goroutine, with
	// Iteration the number of trees.
	Progress func(Progress)
}

// withDefaults settles what depends on the number of columns and on other options.
func (o ForestOptions) withDefaults(columns int) ForestOptions {
	o.Criterion = o.Criterion.settled(o.Classes)
	o.Trees = check.Default(o.Trees, 100)
	o.MinSplit = check.Default(o.MinSplit, 2)
	o.MinLeaf = check.Default(o.MinLeaf, 1)
	if o.MinCategory = check.Default(o.MinCategory, 10); o.MinCategory < 0 {
		o.MinCategory = 1
	}
	switch {
	case o.Try < 0:
		o.Try = columns
	case o.Try == 0 && o.Classes > 0:
		o.Try = max(int(math.Sqrt(float64(columns))), 1)
	case o.Try == 0:
		o.Try = max((columns+2)/3, 1)
	}
	if o.Sample == 0 && !o.Extremely {
		o.Sample = 1
	}
	o.Sample = max(o.Sample, 0)
	return o
}

// validate reports every bad field.
func (o ForestOptions) validate(where string) error {
	var c check.Options
	requireClasses(&c, o.Classes, o.ClassWeights, o.Balanced)
	o.Criterion.settled(o.Classes).require(&c, o.Classes)
	c.Require(o.Criterion != AbsoluteError, "Criterion", o.Criterion, "not AbsoluteError")
	c.Require(o.Trees >= 0 && o.Trees <= 1<<20, "Trees", o.Trees, "0 … 1048576")
	c.Require(o.Sample <= 16 && !math.IsInf(o.Sample, 0), "Sample", o.Sample, "finite, <= 16")
	c.Require(!o.Distinct || o.Sample > 0 && o.Sample <= 1, "Sample", o.Sample, "above 0 and at most 1 with Distinct")
	c.Require(o.MaxDepth >= 0, "MaxDepth", o.MaxDepth, ">= 0")
	c.Require(o.MinSplit == 0 || o.MinSplit >= 2, "MinSplit", o.MinSplit, ">= 2")
	check.NonNegative(&c, "MinLeaf", o.MinLeaf)
	check.NonNegative(&c, "MinGain", o.MinGain)
	whole := o.Sample < 0 || o.Sample == 0 && o.Extremely || o.Sample == 1 && o.Distinct
	c.Require(!o.Importance || !whole, "Importance", o.Importance, "false where no row is out of bag")
	return c.Err(where)
}

// learning is the part of the options that the rows are laid out by.
func (o ForestOptions) learning() learning {
	return learning{
		classes: o.Classes, weights: o.Weights, classWeights: o.ClassWeights, balanced: o.Balanced,
		categorical: o.Categorical, counts: o.Criterion == PoissonDeviance, ids: o.IDs, workers: o.Workers,
	}
}

// ForestResult is a fitted forest and what its trees say of the rows that they were not
// grown from.
type ForestResult struct {
	// Ensemble is the forest: its predictions are the mean over the trees, of the probability
	// of class 1 with two classes, of each class with more, or of the targets.
	Ensemble *Ensemble
	// OutOfBag holds, for each row given, the mean over the trees that have not drawn it, one
	// number an output of Ensemble; NaN for rows that all trees have drawn and for rows of
	// weight 0. Nil where all trees take the whole sample.
	OutOfBag []float64
	// OutOfBagTrees is over how many trees that is.
	OutOfBagTrees []int
	// Score is the weighted accuracy of OutOfBag for classes, or its R². NaN without such rows.
	Score float64
	// Importance is, for each column, by how much the weighted error of the trees on their rows
	// out of bag grows when the column is shuffled among these: errors a row for classes,
	// the squared error without; the mean over the trees. Nil unless asked for.
	Importance []float64
	// ImportanceError is the standard error of Importance over the trees.
	ImportanceError []float64
}

// FitForest grows a random forest (Breiman 2001), or extremely randomised trees, of y on rows,
// an n×d matrix. Columns are cut into at most 255 bins of about equal numbers of rows first, so
// that thresholds lie halfway between bins. A missing value (NaN) goes to the side where it gains
// more, by chance where Extremely is set, and where a node saw none, to the side with more rows.
//
// Cost: n·Try for each level of each tree, trees in parallel; memory n·d bytes, 52 bytes a
// node of the forest, 8 more for each class where there are more than two, and for each worker 60·n, 2 kB a column and the nodes of four trees.
//
// The same rows in any order give the same bytes at any GOMAXPROCS: rows are drawn by a hash of
// what they hold, or of their ids. With IDs, a row that comes or goes leaves the draws of all
// others as they are.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite (an infinity, a y that is none), ErrRange
// (categories, classes, columns or magnitudes), ErrOption, ErrDuplicate (names), ErrUndefined
// for labels of one class, ErrTooLarge for more than 2³⁰ nodes, or context.Cause(ctx).
func FitForest(ctx context.Context, rows [][]float64, y []float64, opt ForestOptions) (*ForestResult, error) {
	const where = "tree: FitForest"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	l, err := newLesson(ctx, rows, y, opt.learning())
	if err != nil {
		return nil, placed(where, err)
	}
	if err := (description{opt.Names, opt.Categorical, opt.Levels}).check(l.d); err != nil {
		return nil, placed(where, err)
	}
	f := &forest{l: l, opt: opt.withDefaults(l.d)}
	if f.bins, err = newBins(ctx, l, opt.Workers); err != nil {
		return nil, placed(where, err)
	}
	r, err := f.fit(ctx, y)
	if err != nil {
		return nil, placed(where, err)
	}
	return r, nil
}

// forest is a forest that grows.
type forest struct {
	l    *lesson
	opt  ForestOptions
	bins *bins
}

// batch is how many trees a worker grows between two times that what they say of rows out
// of bag is added up, in order of the trees.
const batch = 4

// fit grows the trees and adds up what they say of the rows out of bag.
func (f *forest) fit(ctx context.Context, y []float64) (*ForestResult, error) {
	width := f.l.width()
	a := newModel(AssembleOptions{Names: f.opt.Names, Categorical: f.opt.Categorical, Levels: f.opt.Levels, Columns: f.l.d, Base: make([]float64, width), Slope: 1, Average: true}, width)
	trees := f.opt.Trees
	workers := parallel.Scratch(trees, 1, f.opt.Workers)
	baggers := make([]*bagger, workers)
	for w := range baggers {
		baggers[w] = newBagger(ctx, f)
	}
	o := newOutOfBag(f)
	grown := make([]grown, min(batch*workers, trees)) // the memory of one tree goes to the next
	for first := 0; first < trees; first += len(grown) {
		n := min(len(grown), trees-first)
		err := parallel.For(ctx, n, 1, workers, func(worker, t, _ int) error {
			return baggers[worker].tree(first+t, &grown[t])
		})
		if err != nil {
			return nil, err
		}
		for t := range grown[:n] {
			g := &grown[t]
			if len(a.nodes)+len(g.nodes) >= maxNodes {
				return nil, ErrTooLarge
			}
			if err := a.add(g.nodes, 0); err != nil {
				return nil, err
			}
			o.add(g)
		}
		if f.opt.Progress != nil {
			f.opt.Progress(Progress{Iteration: first + n, MaxIter: trees})
		}
	}
	e, err := a.finish()
	if err != nil {
		return nil, err
	}
	r := &ForestResult{Ensemble: e}
	o.result(r, y)
	return r, nil
}

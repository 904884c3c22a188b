package tree

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
)

// CriterionKind is what the splits of single trees and forests make small.
type CriterionKind uint8

// The criteria. The zero value is GiniImpurity for classes and SquaredError for targets.
const (
	DefaultCriterion CriterionKind = iota
	GiniImpurity                   // Σ p(1−p) over the classes
	Entropy                        // −Σ p·log₂ p over the classes
	SquaredError                   // squares around the mean
	AbsoluteError                  // distances from the median
	PoissonDeviance                // ½ deviance of counts around the mean; targets >= 0
	criteria                       // how many there are
)

// String returns the name of the criterion.
func (c CriterionKind) String() string {
	if c < criteria {
		return [...]string{"default", "gini", "entropy", "squared error", "absolute error", "poisson"}[c]
	}
	return fmt.Sprintf("CriterionKind(%d)", uint8(c))
}

// settled returns the criterion that the zero value means.
func (c CriterionKind) settled(classes int) CriterionKind {
	switch {
	case c != DefaultCriterion:
		return c
	case classes > 0:
		return GiniImpurity
	}
	return SquaredError
}

// require records a criterion that does not go with the labels.
func (c CriterionKind) require(o *check.Options, classes int) {
	ofClasses := c == GiniImpurity || c == Entropy
	o.Require(c < criteria && ofClasses == (classes > 0), "Criterion", c, "GiniImpurity or Entropy with Classes, one of the others without")
}

// CARTOptions configures FitCART and PruneCART. The zero value grows a regression tree until
// its leaves are pure.
type CARTOptions struct {
	// Classes is how many classes y numbers, from 0: 2 … 4096. 0: y is a number to be
	// predicted.
	Classes int
	// Criterion is what splits make small; 0 means GiniImpurity with Classes and SquaredError without.
	Criterion CriterionKind
	// MaxDepth bounds the number of splits above a leaf; 0 means no bound.
	MaxDepth int
	// MaxLeaves bounds the number of leaves, of which those that gain most are split first;
	// 0 means no bound.
	MaxLeaves int
	// MinSplit is how many rows a node needs to be split; 0 means 2.
	MinSplit int
	// MinLeaf is how many rows a leaf needs; 0 means 1.
	MinLeaf int
	// MinLeafWeight is the share of the weight of all rows that a leaf needs, 0 … .5.
	MinLeafWeight float64
	// MinGain is what a split must take away from the impurity, as a share of the weight of all
	// rows: W/N·(impurity − W_L/W·left − W_R/W·right), >= 0.
	MinGain float64
	// Alpha prunes the grown tree: a branch stays only where each of its leaves takes away more
	// than Alpha from the impurity (minimal cost-complexity pruning, Breiman et al. 1984,
	// chapter 3); 0 prunes nothing. PruneCART lists the values that make a difference.
	Alpha float64
	// Categorical lists the columns that hold categories, integers from 0 to 2²⁶−1, without gaps where that can be: a split
	// holds a bit for each up to the largest that it names.
	Categorical []int
	// MinCategory is how many rows of a node a category needs to be sent by its own rows;
	// rarer ones go where more rows go, as unseen ones do. 0 means 10, negative 1.
	MinCategory int
	// Weights, if not nil, holds one weight in [0, 1e90] a row. Rows of weight 0 count as
	// absent.
	Weights []float64
	// ClassWeights multiplies the weights of the rows of each class; nil or 0 means 1.
	ClassWeights []float64
	// Balanced multiplies the weights of each class so that all classes weigh the same.
	Balanced bool
	// Names names the columns; nil: none.
	Names []string
	// Levels names the codes of the columns in Categorical, one list a column; nil: not known.
	Levels [][]string
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It has no
	// influence on the result.
	Workers int
}

func (o CARTOptions) withDefaults() CARTOptions {
	o.Criterion = o.Criterion.settled(o.Classes)
	o.MinSplit = check.Default(o.MinSplit, 2)
	o.MinLeaf = check.Default(o.MinLeaf, 1)
	if o.MinCategory = check.Default(o.MinCategory, 10); o.MinCategory < 0 {
		o.MinCategory = 1
	}
	return o
}

// validate reports every bad field.
func (o CARTOptions) validate(where string) error {
	var c check.Options
	requireClasses(&c, o.Classes, o.ClassWeights, o.Balanced)
	o.Criterion.require(&c, o.Classes)
	c.Require(o.MaxDepth >= 0, "MaxDepth", o.MaxDepth, ">= 0")
	c.Require(o.MaxLeaves == 0 || o.MaxLeaves >= 2, "MaxLeaves", o.MaxLeaves, "0, or >= 2")
	c.Require(o.MinSplit >= 2, "MinSplit", o.MinSplit, ">= 2")
	check.Positive(&c, "MinLeaf", o.MinLeaf)
	c.Require(o.MinLeafWeight >= 0 && o.MinLeafWeight <= .5, "MinLeafWeight", o.MinLeafWeight, "0 … .5")
	check.NonNegative(&c, "MinGain", o.MinGain)
	check.NonNegative(&c, "Alpha", o.Alpha)
	return c.Err(where)
}

// requireClasses records what is wrong with the number of classes or their weights.
func requireClasses(c *check.Options, classes int, weights []float64, balanced bool) {
	c.Require(classes == 0 || classes >= 2 && classes <= maxClasses, "Classes", classes, "0, or 2 … 4096")
	c.Require(weights == nil || len(weights) == classes, "ClassWeights", len(weights), "nil, or one number a class")
	for k, w := range weights {
		c.Require(w >= 0 && w <= maxWeight, fmt.Sprintf("ClassWeights[%d]", k), w, "0 … 1e90")
	}
	c.Require(!balanced || classes > 0, "Balanced", balanced, "false without Classes")
}

// learning is the part of the options that the rows are laid out by.
func (o CARTOptions) learning() learning {
	return learning{
		classes: o.Classes, weights: o.Weights, classWeights: o.ClassWeights, balanced: o.Balanced,
		categorical: o.Categorical, counts: o.Criterion == PoissonDeviance, workers: o.Workers,
	}
}

// FitCART grows one classification or regression tree of y on rows, an n×d matrix, and
// prunes it. With Classes = 2 its one output is the probability of class 1, with more there
// is one output a class, without it is the mean of y in the leaf, or the median by
// AbsoluteError.
//
// Splits are exact: every place between two values that differ is tried, thresholds lie
// halfway, and of equals the first column and the lowest threshold is taken. A missing value (NaN)
// goes to the side where it gains more, and where a node saw none, to the side with more rows.
// Categories are ordered by the mean of the target (Fisher 1958), of more than two classes
// by the first principal component of their shares (Coppersmith et al. 1999), and split there.
// On numbers without ties among gains the tree is that of scikit-learn.
//
// The same rows in any order give the same bytes at any GOMAXPROCS. Gain of a
// node is the weighted impurity that its split took away, Cover and Count are the weight of its rows.
// Cost: n·d·log n once, then n·d for each level of the tree; memory 12·n·d bytes.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite (an infinity, a y that is none), ErrRange
// (categories, classes, columns or magnitudes), ErrOption, ErrDuplicate (names), ErrUndefined
// for labels of one class, or context.Cause(ctx).
func FitCART(ctx context.Context, rows [][]float64, y []float64, opt CARTOptions) (*Ensemble, error) {
	const where = "tree: FitCART"
	g, err := growCART(ctx, where, rows, y, opt)
	if err != nil {
		return nil, err
	}
	if alpha := g.opt.Alpha; alpha > 0 {
		if _, err := g.prune(func(effective float64) bool { return effective <= alpha }); err != nil {
			return nil, err
		}
	}
	e, err := g.ensemble()
	return e, placed(where, err)
}

// Pruning is one step on the way from a grown tree to its root.
type Pruning struct {
	Alpha    float64 // of CARTOptions, from which on the tree is this small
	Impurity float64 // of the leaves, by share of weight
	Leaves   int     // of what is left
}

// PruneCART grows a tree as FitCART does without Alpha, and returns what is left of it for
// growing values of Alpha: the whole tree first, the root alone last. A value between two
// of them, such as their geometric mean, is for cross-validation to choose. Errors and cost: as FitCART.
func PruneCART(ctx context.Context, rows [][]float64, y []float64, opt CARTOptions) ([]Pruning, error) {
	g, err := growCART(ctx, "tree: PruneCART", rows, y, opt)
	if err != nil {
		return nil, err
	}
	return g.prune(func(float64) bool { return true })
}

// growCART checks everything and grows the whole tree.
func growCART(ctx context.Context, where string, rows [][]float64, y []float64, opt CARTOptions) (*planter, error) {
	opt = opt.withDefaults()
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
	g, err := newPlanter(ctx, l, opt)
	if err == nil {
		err = g.grow(ctx)
	}
	if err != nil {
		return nil, placed(where, err)
	}
	return g, nil
}

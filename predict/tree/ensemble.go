package tree

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/predict"
)

// Ensemble is a fitted set of trees: one tree, a forest, boosted trees, or what was
// read from another tool. The margin of an output is its base and the sum of the
// leaves that a row reaches, or their mean. It is immutable and safe for concurrent
// use. The zero value answers every call with an error, except UnmarshalBinary.
//
// Nodes lie in flat arrays without pointers, each tree in order of breadth: the
// k-th inner node of a tree has its children at 2k+1 and 2k+2. Before each tree
// stands a node that nothing reaches, so that the left child always has an even
// place and its sister is found by one bit.
type Ensemble struct {
	schema  *predict.Schema // nil: columns without names, categories where trees split by them
	columns int
	best    int       // trees that the tool predicts with, 0: all
	base    []float64 // one an output
	link    LinkKind
	slope   float64 // LinkLogit of slope·margin
	average bool    // the margin is base + mean of the leaves, over the trees of its output
	single  bool    // values of rows and sums are rounded to float32

	roots  []int32 // places of the roots, and the place after the last tree's end
	target []int32 // output of each tree; all 0 where leaves are as wide as the outputs
	width  int     // values of a leaf: 1, or one an output

	nodes  []node    // what prediction walks over
	value  []float64 // width for each node, of inner ones too
	cover  []float64 // Σ Hessian of a node's training rows
	count  []float64 // Σ weight of a node's training rows
	gain   []float64 // of a split, 0 for leaves
	number []int32   // of a leaf among those of its tree, −1 for inner nodes

	views   []view       // what nodes compare, made once a row
	tests   []category   // splits by category
	bits    []uint32     // their sets
	answers *answers     // what categories answer; nil: none are split by, or too many
	quick   *quickScorer // nil: walking is quicker
	share   []float64    // one an output: 1, or 1/trees of it where average
}

// node is one place of a tree: the next one is child, with the lowest bit turned
// over where the view is above the threshold. A leaf is its own child and compares with
// +Inf, so that a walk may go on without harm where others have not ended.
type node struct {
	threshold float64
	child     int32
	view      int32 // ^k: the k-th of tests
}

// view is one way in which nodes read a column.
type view struct {
	column int32
	kind   uint8
}

// Kinds of views: a bit each.
const (
	negated     = 1 << iota // −x, for nodes whose missing values go right
	zeroMissing             // x and NaN within ±1e-35 of 0 are missing
	noMissing               // NaN is read as 0
)

// nearZero is what LightGBM takes for 0 where zeros are missing values, a float32 there.
const nearZero = float64(float32(1e-35))

// category is a split by category.
type category struct {
	column     int32
	begin, end int32 // its words in bits
	missing    int32 // 1: missing values go right, 0: left
}

// Node is one node of a tree, as Ensemble.Nodes shows it and Assemble takes it.
type Node struct {
	// Column is the column that is compared, -1 for a leaf.
	Column int
	// Threshold: rows whose value is at most this go left. Finite, 0 for leaves and categories.
	Threshold float64
	// Categories, of a split by category, are the bits of the codes that go left,
	// bit c&31 of word c>>5 for code c; all others go right. Nil for a split by number.
	Categories []uint32
	// MissingLeft: missing values go left.
	MissingLeft bool
	// ZeroMissing: values within ±1e-35 of 0 are missing values too.
	ZeroMissing bool
	// NoMissing: a missing value is read as 0 and goes where that goes.
	NoMissing bool
	// Left, Right are the places of the children in the tree, 0 for a leaf.
	Left, Right int
	// Values are what a leaf adds, one number, or one an output. Inner nodes may have them too,
	// the values that they had as leaves; nil means 0.
	Values []float64
	// Cover is the sum of the Hessians of the training rows in the node, Count that of
	// their weights, Gain what the split gained; all >= 0, 0 where not known.
	Cover, Count, Gain float64
}

// Columns returns the number of columns of a row, 0 for a model that was not fitted.
func (e *Ensemble) Columns() int {
	if e == nil {
		return 0
	}
	return e.columns
}

// Names returns a copy of the names of the columns, nil where they have none, or all are x0, x1, ….
func (e *Ensemble) Names() []string {
	if e == nil {
		return nil
	}
	if e.schema == nil {
		return nil
	}
	out, named := make([]string, e.columns), false
	for j := range out {
		out[j] = e.schema.Column(j).Name
		named = named || out[j] != unnamed(j)
	}
	if !named {
		return nil
	}
	return out
}

// Outputs returns the number of predictions of a row: classes, or 1.
func (e *Ensemble) Outputs() int {
	if e == nil {
		return 0
	}
	return len(e.base)
}

// Trees returns the number of trees.
func (e *Ensemble) Trees() int {
	if e == nil {
		return 0
	}
	return len(e.target)
}

// Best returns how many of the trees the tool that the model was read from predicts with, by its early stopping:
// First(Best()) is what its own classes answer. Trees for all others: FitBoost and LightGBM keep those alone.
func (e *Ensemble) Best() int {
	if e == nil || e.best == 0 {
		return e.Trees()
	}
	return e.best
}

// Base returns a copy of the margins before the first tree, one an output.
func (e *Ensemble) Base() []float64 {
	if e == nil {
		return nil
	}
	return slices.Clone(e.base)
}

// Link returns how margins become predictions.
func (e *Ensemble) Link() LinkKind {
	if e == nil {
		return LinkIdentity
	}
	return e.link
}

// Nodes returns a copy of tree t: the root first, then in order of breadth. Errors:
// ErrEmpty for a model that was not fitted, ErrRange for a tree that there is not.
func (e *Ensemble) Nodes(t int) ([]Node, error) {
	const where = "tree: Ensemble.Nodes"
	if err := e.fitted(where); err != nil {
		return nil, err
	}
	if t < 0 || t >= e.Trees() {
		return nil, fmt.Errorf("%s: t is %d, want 0 … %d: %w", where, t, e.Trees()-1, ErrRange)
	}
	out := make([]Node, e.roots[t+1]-1-e.roots[t])
	for i := range out {
		out[i] = e.at(t, int32(i))
	}
	return out, nil
}

// at returns node i of tree t, counted from its root.
func (e *Ensemble) at(t int, i int32) Node {
	root := e.roots[t]
	p := root + i
	w := int32(e.width)
	out := Node{
		Column: -1, Values: slices.Clone(e.value[p*w : (p+1)*w]),
		Cover: e.cover[p], Count: e.count[p], Gain: e.gain[p],
	}
	n := e.nodes[p]
	if n.child == p {
		return out
	}
	left := n.child &^ 1
	out.Left, out.Right = int(left-root), int(left+1-root)
	if n.view < 0 {
		c := e.tests[^n.view]
		out.Column, out.MissingLeft = int(c.column), c.missing == 0
		out.Categories = append([]uint32{}, e.bits[c.begin:c.end]...)
		return out
	}
	v := e.views[n.view]
	out.Column, out.Threshold, out.MissingLeft = int(v.column), n.threshold, v.kind&negated == 0
	if v.kind&negated != 0 {
		out.Threshold = -math.Nextafter(n.threshold, math.Inf(1)) + 0
	}
	out.ZeroMissing, out.NoMissing = v.kind&zeroMissing != 0, v.kind&noMissing != 0
	return out
}

// fitted is ErrEmpty for nil and the zero value.
func (e *Ensemble) fitted(where string) error {
	if err := check.Receiver(where, e); err != nil {
		return err
	}
	if len(e.base) == 0 {
		return fmt.Errorf("%s: not fitted: %w", where, ErrEmpty)
	}
	return nil
}

package tree

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Bounds of a model, so that places and codes fit 32 bits.
const (
	maxNodes    = 1 << 30
	maxColumns  = 1 << 24
	maxOutputs  = 1 << 16
	maxCategory = 1 << 26 // codes of categories lie below
)

// AssembleOptions configures Assemble. The zero value is one output, the sum of the
// leaves.
type AssembleOptions struct {
	// Columns is how many columns a row has; 0 means as many as Names, or, without
	// them, up to the highest that a tree reads.
	Columns int
	// Names names the columns; nil: none.
	Names []string
	// Categorical lists columns that hold categories; those that trees split by category do by themselves.
	Categorical []int
	// Levels names the codes of columns in Categorical, one list a column; nil: not known.
	Levels [][]string
	// Outputs is the number of predictions of a row; 0 means 1.
	Outputs int
	// Base is added to the margins, one an output; nil means 0.
	Base []float64
	// Targets holds the output that each tree adds to; nil means in turn, tree t to
	// output t mod Outputs. It must be nil where leaves hold a value for each output.
	Targets []int
	// Link makes predictions of margins.
	Link LinkKind
	// Slope multiplies the margin within LinkLogit; 0 means 1, otherwise finite and > 0.
	Slope float64
	// Average: the margin is the base and the mean of the leaves instead of their sum.
	Average bool
	// Single: values of rows are rounded to float32 and margins are summed in float32,
	// as XGBoost does.
	Single bool
}

// validate reports every bad field.
func (o AssembleOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Columns >= 0 && o.Columns <= maxColumns, "Columns", o.Columns, "0 … 16777216")
	c.Require(o.Outputs >= 1 && o.Outputs <= maxOutputs, "Outputs", o.Outputs, "1 … 65536")
	c.Require(o.Base == nil || len(o.Base) == o.Outputs, "Base", len(o.Base), "one number an output")
	for k, b := range o.Base {
		c.Require(check.Finite(b), fmt.Sprintf("Base[%d]", k), b, "finite")
	}
	c.Require(o.Link < links, "Link", o.Link, "a link")
	c.Require(check.Finite(o.Slope) && o.Slope > 0, "Slope", o.Slope, "finite, > 0")
	return c.Err(where)
}

// Assemble makes a model of trees that were grown elsewhere. Each tree is a list of
// nodes, the root first; every other node is the child of exactly one node before
// or after it. Leaves hold one value each, or all of them one for each output.
// Nodes are put in order of breadth; nothing of the caller's is kept.
//
// Errors: ErrEmpty without trees or nodes, ErrRange for nodes that are no tree, a column
// beyond Columns or a count below 0, ErrShape for leaves of other widths, Names or Targets
// of another length, ErrNotFinite for numbers that are not finite, ErrDuplicate for names,
// ErrOption for a bad field, ErrTooLarge for more than 2³⁰ nodes.
func Assemble(trees [][]Node, opt AssembleOptions) (*Ensemble, error) {
	const where = "tree: Assemble"
	opt.Outputs = check.Default(opt.Outputs, 1)
	opt.Slope = check.Default(opt.Slope, 1)
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if len(trees) == 0 {
		return nil, fmt.Errorf("%s: trees: %w", where, ErrEmpty)
	}
	a, err := newAssembler(trees, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for t, nodes := range trees {
		target := t % opt.Outputs
		if a.width > 1 {
			target = 0
		}
		if opt.Targets != nil {
			target = opt.Targets[t]
		}
		if err := a.add(nodes, target); err != nil {
			return nil, fmt.Errorf("%s: trees[%d]: %w", where, t, err)
		}
	}
	e, err := a.finish()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return e, nil
}

// newAssembler settles the shape of the model from its options and trees.
func newAssembler(trees [][]Node, opt AssembleOptions) (*assembler, error) {
	columns, width, total := 0, 0, len(trees)
	for t, nodes := range trees {
		total += len(nodes)
		for i := range nodes {
			columns = max(columns, nodes[i].Column+1)
			if nodes[i].Column < 0 && width == 0 {
				width = len(nodes[i].Values)
			}
		}
		if opt.Targets != nil && t < len(opt.Targets) && (opt.Targets[t] < 0 || opt.Targets[t] >= opt.Outputs) {
			return nil, fmt.Errorf("option Targets[%d] is %d, want an output: %w", t, opt.Targets[t], ErrRange)
		}
	}
	switch {
	case total > maxNodes:
		return nil, fmt.Errorf("%d nodes: %w", total, ErrTooLarge)
	case width != 1 && width != opt.Outputs:
		return nil, fmt.Errorf("leaves hold %d values, want 1 or %d: %w", width, opt.Outputs, ErrShape)
	case opt.Targets != nil && (len(opt.Targets) != len(trees) || width != 1):
		return nil, fmt.Errorf("%d Targets for %d trees of %d values a leaf: %w", len(opt.Targets), len(trees), width, ErrShape)
	case opt.Columns == 0 && opt.Names != nil:
		opt.Columns = len(opt.Names)
	case opt.Columns == 0:
		opt.Columns = max(columns, 1)
	}
	if columns > opt.Columns {
		return nil, fmt.Errorf("a tree reads column %d of %d: %w", columns-1, opt.Columns, ErrRange)
	}
	if err := (description{opt.Names, opt.Categorical, opt.Levels}).check(opt.Columns); err != nil {
		return nil, err
	}
	opt.Base = append(make([]float64, 0, opt.Outputs), opt.Base...)[:opt.Outputs]
	return newModel(opt, width), nil
}

// checkNames reports names that are not as many as columns, or come twice.
func checkNames(names []string, columns int) error {
	if names == nil {
		return nil
	}
	if err := check.Len("Names", len(names), columns); err != nil {
		return err
	}
	seen := make(map[string]bool, len(names))
	for j, name := range names {
		if name == "" {
			return fmt.Errorf("option Names[%d]: %w", j, ErrEmpty)
		}
		if seen[name] {
			return fmt.Errorf("option Names[%d] %q: %w", j, name, ErrDuplicate)
		}
		seen[name] = true
	}
	return nil
}

// assembler adds trees to an Ensemble that nobody else has yet.
type assembler struct {
	Ensemble
	known map[view]int32 // places in views
	told  description
}

// newModel returns an assembler of a model without trees.
func newModel(opt AssembleOptions, width int) *assembler {
	return &assembler{Ensemble: Ensemble{
		columns: opt.Columns, base: opt.Base, link: opt.Link, slope: opt.Slope,
		average: opt.Average, single: opt.Single, width: width, roots: []int32{1},
	}, known: map[view]int32{}, told: description{slices.Clone(opt.Names), opt.Categorical, opt.Levels}}
}

// add appends one tree, in order of breadth.
func (a *assembler) add(nodes []Node, target int) error {
	order, err := breadth(nodes)
	if err != nil {
		return err
	}
	if len(a.nodes)+len(nodes) >= maxNodes {
		return fmt.Errorf("more than %d nodes: %w", maxNodes, ErrTooLarge)
	}
	root := a.roots[len(a.roots)-1]
	a.pad()
	inner, leaves := int32(0), int32(0)
	for place, i := range order {
		n := &nodes[i]
		if err := a.check(n); err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
		p := root + int32(place)
		a.value = append(a.value, n.Values...)
		for range a.width - len(n.Values) {
			a.value = append(a.value, 0)
		}
		a.cover, a.count, a.gain = append(a.cover, n.Cover+0), append(a.count, n.Count+0), append(a.gain, n.Gain+0)
		if n.Column < 0 {
			a.nodes = append(a.nodes, node{math.Inf(1), p, 0})
			a.number = append(a.number, leaves)
			leaves++
			continue
		}
		a.nodes = append(a.nodes, a.split(n, root+2*inner+1))
		a.number = append(a.number, -1)
		inner++
	}
	a.roots = append(a.roots, root+int32(len(order))+1)
	a.target = append(a.target, int32(target))
	return nil
}

// pad puts the place before a tree that nothing reaches.
func (a *assembler) pad() {
	p := int32(len(a.nodes))
	a.nodes = append(a.nodes, node{math.Inf(1), p, 0})
	a.value = append(a.value, make([]float64, a.width)...)
	a.cover, a.count, a.gain = append(a.cover, 0), append(a.count, 0), append(a.gain, 0)
	a.number = append(a.number, -1)
}

// split packs an inner node whose left child stands at an even place.
func (a *assembler) split(n *Node, left int32) node {
	if n.Categories != nil {
		set := n.Categories
		for len(set) > 0 && set[len(set)-1] == 0 {
			set = set[:len(set)-1]
		}
		c := category{column: int32(n.Column), begin: int32(len(a.bits)), missing: 1}
		if n.MissingLeft {
			c.missing = 0
		}
		a.bits = append(a.bits, set...)
		c.end = int32(len(a.bits))
		a.tests = append(a.tests, c)
		return node{0, left, ^int32(len(a.tests) - 1)}
	}
	v := view{column: int32(n.Column)}
	if n.ZeroMissing {
		v.kind |= zeroMissing
	}
	if n.NoMissing {
		v.kind |= noMissing
	}
	// Above the threshold is the one question that a walk asks, and NaN is not above
	// anything. Where missing values go right, −x is compared with the number below
	// −threshold, and the answers change places.
	if n.MissingLeft {
		return node{n.Threshold + 0, left, a.view(v)}
	}
	v.kind |= negated
	return node{math.Nextafter(-(n.Threshold + 0), math.Inf(-1)), left | 1, a.view(v)}
}

// view returns the number of a view, made where there is none yet.
func (a *assembler) view(v view) int32 {
	k, ok := a.known[v]
	if !ok {
		k = int32(len(a.views))
		a.known[v] = k
		a.views = append(a.views, v)
	}
	return k
}

// check reports a node whose numbers are none.
func (a *assembler) check(n *Node) error {
	if len(n.Values) != a.width && (n.Column < 0 || n.Values != nil) {
		return fmt.Errorf("%d values, want %d: %w", len(n.Values), a.width, ErrShape)
	}
	for _, v := range n.Values {
		if !check.Finite(v) {
			return fmt.Errorf("value is %g: %w", v, ErrNotFinite)
		}
	}
	for k, v := range [...]float64{n.Threshold, n.Cover, n.Count, n.Gain} {
		if !check.Finite(v) {
			return fmt.Errorf("%s is %g: %w", [...]string{"Threshold", "Cover", "Count", "Gain"}[k], v, ErrNotFinite)
		}
		if k > 0 && v < 0 {
			return fmt.Errorf("%s is %g, want >= 0: %w", [...]string{"", "Cover", "Count", "Gain"}[k], v, ErrRange)
		}
	}
	leaf, categorical := n.Column < 0, n.Categories != nil
	switch {
	case (leaf || categorical) && (n.Threshold != 0 || n.ZeroMissing || n.NoMissing):
		return fmt.Errorf("option Threshold, ZeroMissing or NoMissing beside no threshold: %w", ErrRange)
	case leaf && (categorical || n.MissingLeft || n.Gain != 0):
		return fmt.Errorf("a leaf that splits: %w", ErrRange)
	case n.NoMissing && (n.MissingLeft || n.ZeroMissing):
		return fmt.Errorf("NoMissing beside MissingLeft or ZeroMissing: %w", ErrRange)
	case len(n.Categories) > maxCategory/32 || len(a.bits)+len(n.Categories) > maxNodes:
		return fmt.Errorf("%d words of categories: %w", len(n.Categories), ErrTooLarge)
	}
	return nil
}

// breadth returns the places of the nodes in order of breadth, and checks that they are a tree.
func breadth(nodes []Node) ([]int32, error) {
	if len(nodes) == 0 {
		return nil, fmt.Errorf("no nodes: %w", ErrEmpty)
	}
	order := make([]int32, 1, len(nodes))
	seen := make([]bool, len(nodes))
	seen[0] = true
	for k := 0; k < len(order); k++ {
		i := order[k]
		n := &nodes[i]
		if n.Column < 0 {
			if n.Column != -1 || n.Left != 0 || n.Right != 0 {
				return nil, fmt.Errorf("node %d: a leaf has Column -1 and no children: %w", i, ErrRange)
			}
			continue
		}
		for _, child := range [...]int{n.Left, n.Right} {
			if child <= 0 || child >= len(nodes) || seen[child] {
				return nil, fmt.Errorf("node %d: child %d is no other node, or another's child: %w", i, child, ErrRange)
			}
			seen[child] = true
			order = append(order, int32(child))
		}
	}
	if len(order) != len(nodes) {
		return nil, fmt.Errorf("%d of %d nodes are reached: %w", len(order), len(nodes), ErrRange)
	}
	return order, nil
}

// finish ends the last tree, counts the trees of each output and settles the schema.
func (a *assembler) finish() (*Ensemble, error) {
	if err := a.describe(); err != nil {
		return nil, err
	}
	e := a.Ensemble
	e.layAnswers()
	e.layQuick()
	e.share = make([]float64, len(e.base))
	for k := range e.share {
		e.share[k] = 1
	}
	if !e.average {
		return &e, nil
	}
	trees := make([]int, len(e.base))
	for _, k := range e.target {
		trees[k]++
	}
	for k := range e.share {
		switch {
		case e.width > 1:
			e.share[k] = float64(len(e.target))
		default:
			e.share[k] = float64(max(trees[k], 1))
		}
	}
	return &e, nil
}

package uplift

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
)

// PolicyTreeOptions configures FitPolicyTree.
type PolicyTreeOptions struct {
	// Depth is the number of questions above a leaf, 1 … 3; 0 means 2.
	Depth int
	// Bins is how many bins a column is cut into, of about as many rows each, 2 … 64; 0 means 16.
	Bins int
	// MinLeaf is how many rows a leaf needs; 0 means 100.
	MinLeaf int
	// Columns are those that the policy may ask; nil means all.
	Columns []int
	// Categorical lists the columns that hold categories, integers from 0 to 2³¹−2; a question is whether it is one of
	// the Bins most frequent ones or not.
	Categorical []int
	// Names names all columns for Text; nil: none.
	Names []string
	// Worth and Costs are what outcomes are worth and arms cost, as in ValueOptions.
	Worth float64
	Costs []float64 // of the arms, or of the arms of each row of the scores
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It has no influence on the result.
	Workers int
}

// PolicyNode is a node of a policy tree. Node 0 is the root; children come after their parents.
type PolicyNode struct {
	Column      int     // that is asked; −1 for a leaf
	Categorical bool    // the question is whether the column is Threshold, not whether it is at most that
	Threshold   float64 // rows that answer yes go left; missing values are below every number, and no category
	Left, Right int     // children; 0 for a leaf
	Arm         int     // that a leaf gives; of others the best one for all of their rows
	Rows        int     // of the fit
	Gain        float64 // of Arm over control by the scores of the fit, a row: Scores.Gain on others says what it is worth
}

// PolicyTree says by two or three questions who gets which arm. It is immutable and safe for concurrent readers.
type PolicyTree struct {
	arms, columns int
	names         []string
	nodes         []PolicyNode
}

// withDefaults asks every column where none are named.
func (o PolicyTreeOptions) withDefaults(d int) PolicyTreeOptions {
	o.Depth, o.Bins, o.MinLeaf = check.Default(o.Depth, 2), check.Default(o.Bins, 16), check.Default(o.MinLeaf, 100)
	if o.Columns == nil {
		for j := range d {
			o.Columns = append(o.Columns, j)
		}
	}
	return o
}

// validate wants defaults filled in.
func (o PolicyTreeOptions) validate(where string, d int) error {
	var c check.Options
	c.Require(o.Depth >= 0 && o.Depth <= 3, "Depth", o.Depth, "1 … 3")
	c.Require(o.Bins == 0 || o.Bins >= 2 && o.Bins <= 64, "Bins", o.Bins, "2 … 64")
	c.Require(o.MinLeaf >= 0, "MinLeaf", o.MinLeaf, ">= 0")
	c.Require(o.Columns == nil || len(o.Columns) > 0, "Columns", len(o.Columns), "at least one")
	for at, list := range [][]int{o.Columns, o.Categorical} {
		for k, j := range list {
			name := fmt.Sprintf("%s[%d]", [2]string{"Columns", "Categorical"}[at], k)
			c.Require(j >= 0 && j < d && !slices.Contains(list[:k], j), name, j, "a column, once")
		}
	}
	c.Require(o.Names == nil || len(o.Names) == d, "Names", len(o.Names), fmt.Sprintf("%d names", d))
	return c.Err(where)
}

// FitPolicyTree finds the policy of a few questions that is worth most by the scores, among all of them (Athey and
// Wager 2021): every column and cut of the root with every one below it. Scores should be doubly robust. The rows are those
// the scores were made from. Of policies that are worth the same, the one of the first columns and lowest cuts is taken, and the
// shorter one.
//
// Cost, with d columns asked and b bins: n·d² + d²·b² for Depth 2, and d·b times as much for Depth 3, each times the arms. The
// same rows in any order give the same bytes at any GOMAXPROCS.
//
// Errors: ErrEmpty, ErrOption, ErrRange (categories), ErrOverflow, or context.Cause(ctx).
func FitPolicyTree(ctx context.Context, scores *Scores, opt PolicyTreeOptions) (*PolicyTree, error) {
	const where = "uplift: FitPolicyTree"
	if err := scores.ready(where); err != nil {
		return nil, err
	}
	s := scores.s
	if err := opt.validate(where, s.d); err != nil {
		return nil, err
	}
	worth, cost, err := worthAndCosts(opt.Worth, opt.Costs, s.given, s.arms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	o := opt.withDefaults(s.d)
	p := &planter{s: s, opt: o, arms: s.arms, reward: make([]int64, s.n*s.arms)}
	net, top := make([]float64, s.n*s.arms), 0.0
	for k, i := range s.from {
		for a := range s.arms {
			x := s.weight(int32(k)) * (worth*scores.Values[int(i)*s.arms+a] - cost(int(i), a))
			if net[k*s.arms+a] = x; !check.Finite(x) {
				return nil, fmt.Errorf("%s: the score of row %d in arm %d is %v: %w", where, i, a, x, ErrOverflow)
			}
			top = max(top, math.Abs(x))
		}
	}
	_, exp := math.Frexp(top)
	p.unit = math.Ldexp(1, max(exp-60+int(math.Ceil(math.Log2(float64(s.n)+1))), -1000))
	for q, x := range net {
		p.reward[q] = int64(math.RoundToEven(x / p.unit))
	}
	if err := p.cut(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	all := make([]int32, s.n)
	for k := range all {
		all[k] = int32(k)
	}
	out := &PolicyTree{arms: s.arms, columns: s.d, names: slices.Clone(opt.Names)}
	if err := p.grow(ctx, out, all, o.Depth); err != nil {
		return nil, err
	}
	return out, nil
}

// planter searches policy trees.
type planter struct {
	s      *study
	opt    PolicyTreeOptions
	arms   int
	unit   float64
	reward []int64 // of rows and arms, in units
	cols   []hist.Column
	code   [][]uint8
	bins   int // most of a column
}

// cut gives the columns their bins.
func (p *planter) cut(ctx context.Context) error {
	for _, j := range p.opt.Columns {
		if err := canceled(ctx); err != nil {
			return err
		}
		coded := slices.Contains(p.opt.Categorical, j)
		var values []hist.Weighted
		for k, row := range p.s.rows {
			x := row[j]
			if coded && x == x && !(x >= 0 && x < math.MaxInt32 && x == math.Trunc(x)) {
				return fmt.Errorf("%s[%d] column %d is %v, want a category, 0 … %d: %w", "Rows", p.s.from[k], j, x, math.MaxInt32-1, ErrRange)
			}
			if x == x {
				values = append(values, hist.Weighted{X: x + 0, W: 1})
			}
		}
		values = hist.Tally(values, true)
		c := hist.Numbers(hist.Cuts(values, p.opt.Bins), true)
		if coded {
			c = hist.Categories(hist.Levels(values, 1, p.opt.Bins), true)
		}
		code := make([]uint8, p.s.n)
		for k, row := range p.s.rows {
			code[k] = uint8(c.Bin(row[j]))
		}
		p.cols, p.code, p.bins = append(p.cols, c), append(p.code, code), max(p.bins, c.Bins())
	}
	return nil
}

// asked is a column, by its place among those asked, and a bin: the last one on the left, or the one that is.
type asked struct{ column, bin int }

// none is no question.
var none = asked{-1, 0}

// yes says whether a row of the bin goes left.
func (p *planter) yes(q asked, bin int) bool {
	if p.cols[q.column].Categorical {
		return bin == q.bin
	}
	return bin <= q.bin
}

// allowed says whether a bin may be asked: not the last one of numbers, nor the missing and the rest of categories.
func (p *planter) allowed(column, bin int) bool {
	if p.cols[column].Categorical {
		return bin >= 2
	}
	return bin < p.cols[column].Bins()-1
}

// sums are those of some rows: for each column and bin the rewards of the arms, then the rows.
type sums []int64

func (p *planter) newSums() sums { return make(sums, len(p.cols)*p.bins*(p.arms+1)) }

// add adds rows.
func (p *planter) add(h sums, rows []int32) {
	width := p.arms + 1
	for l := range p.cols {
		code, part := p.code[l], h[l*p.bins*width:]
		for _, k := range rows {
			to := part[int(code[k])*width:][:width]
			for a, x := range p.reward[int(k)*p.arms:][:p.arms] {
				to[a] += x
			}
			to[p.arms]++
		}
	}
}

// best returns what the best question of one level makes of rows with the sums all − less, and no question: what the best arm
// for all of them does. scratch holds two lists of arms + 1 numbers.
func (p *planter) best(all, less sums, scratch *[2][]int64) (int64, asked) {
	width := p.arms + 1
	whole, left := scratch[0], scratch[1]
	at := func(b, q int) int64 {
		if less == nil {
			return all[b*width+q]
		}
		return all[b*width+q] - less[b*width+q]
	}
	clear(whole)
	for b := range p.cols[0].Bins() {
		for q := range whole {
			whole[q] += at(b, q)
		}
	}
	value, found := slices.Max(whole[:p.arms]), none
	for l := range p.cols {
		clear(left)
		for b := range p.cols[l].Bins() {
			if p.cols[l].Categorical {
				clear(left)
			}
			if !p.cols[l].Categorical || b >= 2 {
				for q := range left {
					left[q] += at(l*p.bins+b, q)
				}
			}
			if n := left[p.arms]; !p.allowed(l, b) || n < int64(p.opt.MinLeaf) || whole[p.arms]-n < int64(p.opt.MinLeaf) {
				continue
			}
			one, two := left[0], whole[0]-left[0]
			for a := 1; a < p.arms; a++ {
				one, two = max(one, left[a]), max(two, whole[a]-left[a])
			}
			if one+two > value {
				value, found = one+two, asked{l, b}
			}
		}
	}
	return value, found
}

// root returns the best first question of a tree of some depth above these rows and what the tree is worth.
func (p *planter) root(ctx context.Context, rows []int32, depth, workers int) (int64, asked, error) {
	all := p.newSums()
	p.add(all, rows)
	scratch := &[2][]int64{make([]int64, p.arms+1), make([]int64, p.arms+1)}
	value, found := p.best(all, nil, scratch)
	if depth == 1 || len(rows) < 2*p.opt.MinLeaf {
		return value, found, canceled(ctx)
	}
	values, finds := make([]int64, len(p.cols)), make([]asked, len(p.cols))
	err := parallel.For(ctx, len(p.cols), 1, workers, func(_, j, _ int) error {
		var err error
		values[j], finds[j], err = p.under(ctx, rows, all, j, depth)
		return err
	})
	if err != nil {
		return 0, none, err
	}
	for j, v := range values {
		if v > value {
			value, found = v, finds[j]
		}
	}
	return value, found, nil
}

// under returns the best cut of column j as the first question, with the best trees below it.
func (p *planter) under(ctx context.Context, rows []int32, all sums, j, depth int) (int64, asked, error) {
	value, found := int64(math.MinInt64), none
	byBin := make([][]int32, p.cols[j].Bins())
	for _, k := range rows {
		byBin[p.code[j][k]] = append(byBin[p.code[j][k]], k)
	}
	left := p.newSums()
	scratch := &[2][]int64{make([]int64, p.arms+1), make([]int64, p.arms+1)}
	n, yes, no := 0, []int32(nil), []int32(nil)
	for b, of := range byBin {
		if p.cols[j].Categorical {
			clear(left)
			n = 0
		}
		if n += len(of); len(of) == 0 {
			continue // the same as the cut before
		}
		if depth == 2 {
			p.add(left, of)
		}
		if !p.allowed(j, b) || n < p.opt.MinLeaf || len(rows)-n < p.opt.MinLeaf {
			continue
		}
		var one, two int64
		if depth == 2 {
			if err := canceled(ctx); err != nil {
				return 0, none, err
			}
			one, _ = p.best(left, nil, scratch)
			two, _ = p.best(all, left, scratch)
		} else {
			yes, no = yes[:0], no[:0]
			for _, k := range rows {
				if p.yes(asked{j, b}, int(p.code[j][k])) {
					yes = append(yes, k)
				} else {
					no = append(no, k)
				}
			}
			var err error
			if one, _, err = p.root(ctx, yes, depth-1, 1); err != nil {
				return 0, none, err
			}
			if two, _, err = p.root(ctx, no, depth-1, 1); err != nil {
				return 0, none, err
			}
		}
		if one+two > value {
			value, found = one+two, asked{j, b}
		}
	}
	return value, found, nil
}

// grow adds the best tree of a depth above rows.
func (p *planter) grow(ctx context.Context, out *PolicyTree, rows []int32, depth int) error {
	type place struct {
		node, depth int
		rows        []int32
	}
	out.nodes = []PolicyNode{{Column: -1}}
	for todo := []place{{0, depth, rows}}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		n := &out.nodes[at.node]
		n.Rows = len(at.rows)
		weight, by := 0.0, make([]int64, p.arms)
		for _, k := range at.rows {
			weight += p.s.weight(k)
			for a := range by {
				by[a] += p.reward[int(k)*p.arms+a]
			}
		}
		for a, x := range by {
			if x > by[n.Arm] {
				n.Arm = a
			}
		}
		n.Gain = float64(by[n.Arm]-by[0]) * p.unit / weight
		if at.depth == 0 {
			continue
		}
		_, q, err := p.root(ctx, at.rows, at.depth, p.opt.Workers)
		if err != nil {
			return err
		}
		if q == none {
			continue
		}
		var sides [2][]int32
		for _, k := range at.rows {
			side := 1
			if p.yes(q, int(p.code[q.column][k])) {
				side = 0
			}
			sides[side] = append(sides[side], k)
		}
		col := &p.cols[q.column]
		n.Column, n.Categorical = p.opt.Columns[q.column], col.Categorical
		switch {
		case col.Categorical:
			n.Threshold = float64(col.Codes[q.bin-2])
		case q.bin == 0:
			n.Threshold = -math.MaxFloat64 // only missing values
		default:
			n.Threshold = col.Edges[q.bin-1] + 0
		}
		n.Left, n.Right = len(out.nodes), len(out.nodes)+1
		todo = append(todo, place{n.Left, at.depth - 1, sides[0]}, place{n.Right, at.depth - 1, sides[1]})
		out.nodes = append(out.nodes, PolicyNode{Column: -1}, PolicyNode{Column: -1})
	}
	return nil
}

// ready refuses what was not fitted.
func (m *PolicyTree) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if len(m.nodes) == 0 {
		return fmt.Errorf("%s: not fitted: %w", where, ErrEmpty)
	}
	return nil
}

// Nodes returns a copy of the nodes; nil for nil and for what was not fitted.
func (m *PolicyTree) Nodes() []PolicyNode {
	if m == nil {
		return nil
	}
	return slices.Clone(m.nodes)
}

// Policy appends to dst the arm of each row. ErrEmpty, ErrShape, ErrNotFinite for an infinity.
func (m *PolicyTree) Policy(dst []int, rows [][]float64) ([]int, error) {
	const where = "uplift: PolicyTree.Policy"
	if err := m.ready(where); err != nil {
		return dst, err
	}
	if len(rows) == 0 {
		return dst, nil
	}
	if err := table("rows", rows, m.columns); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	for _, row := range rows {
		at := 0
		for m.nodes[at].Column >= 0 {
			n := &m.nodes[at]
			x := row[n.Column]
			left := x != x || x <= n.Threshold
			if n.Categorical {
				left = x == n.Threshold
			}
			if at = n.Right; left {
				at = n.Left
			}
		}
		dst = append(dst, m.nodes[at].Arm)
	}
	return dst, nil
}

// Text returns the policy in words, a line a node: the question, and of leaves the arm, for how many rows of the fit, and
// what it gains over control by the scores of the fit, which is more than on others. Arms are called by arms, nil for "control" and
// "treatment 1", "treatment 2", …
// ErrEmpty, ErrShape for arms that are not all named.
func (m *PolicyTree) Text(arms []string) (string, error) {
	const where = "uplift: PolicyTree.Text"
	if err := m.ready(where); err != nil {
		return "", err
	}
	if arms == nil {
		arms = []string{"control"}
		for a := 1; a < m.arms; a++ {
			arms = append(arms, "treatment "+strconv.Itoa(a))
		}
	}
	if err := check.Len("arms", len(arms), m.arms); err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	var b strings.Builder
	var walk func(at int, what, indent string)
	walk = func(at int, what, indent string) {
		n := &m.nodes[at]
		if n.Column < 0 {
			fmt.Fprintf(&b, "%s%s: %s (%d rows", indent, what, arms[n.Arm], n.Rows)
			if n.Arm > 0 {
				fmt.Fprintf(&b, ", %+.4g a row", n.Gain)
			}
			b.WriteString(")\n")
			return
		}
		fmt.Fprintf(&b, "%s%s:\n", indent, what)
		name, at6 := nameOf(m.names, n.Column), strconv.FormatFloat(n.Threshold, 'g', 6, 64)
		left, right := name+" <= "+at6+" or missing", name+" > "+at6
		switch {
		case n.Categorical:
			left, right = name+" is "+at6, name+" is not "+at6
		case n.Threshold == -math.MaxFloat64:
			left, right = name+" missing", name+" known"
		}
		walk(n.Left, left, indent+"  ")
		walk(n.Right, right, indent+"  ")
	}
	walk(0, "all", "")
	return b.String(), nil
}

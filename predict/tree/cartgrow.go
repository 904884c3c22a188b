package tree

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// planter grows one tree by exact splits. Each column's rows are sorted once; a split parts
// them stably, so that those of a node lie in one stretch of every list, in order.
type planter struct {
	l       *lesson
	opt     CARTOptions
	columns [][]float64 // values, by row
	codes   []codes     // of columns that hold categories
	order   [][]int32   // rows by value, NaN last; nil for categories
	members []int32     // rows of the nodes, ascending
	left    []bool      // by row: goes left in the split under way
	seekers []*seeker   // one a worker
	meter   *parallel.Meter
	nodes   []sprout
}

// sprout is a node of a growing tree.
type sprout struct {
	lo, hi int // its stretch
	depth  int
	stat   stat
	column int // −1: a leaf
	cut    cut
	left   int32 // children, 0 for a leaf
	right  int32
}

// cut is a split that was found.
type cut struct {
	column      int // −1: none
	threshold   float64
	set         []uint32 // nil for a split by number
	missingLeft bool
	gain        float64
}

// codes numbers the categories of a column without gaps, the missing value last.
type codes struct {
	of    []int32 // by row
	names []int32 // category of each number
}

// newPlanter lays out the columns and sorts them.
func newPlanter(ctx context.Context, l *lesson, opt CARTOptions) (*planter, error) {
	g := &planter{
		l: l, opt: opt, columns: make([][]float64, l.d), codes: make([]codes, l.d), order: make([][]int32, l.d),
		members: make([]int32, l.n), left: make([]bool, l.n), meter: parallel.NewMeter(ctx),
	}
	for k := range g.members {
		g.members[k] = int32(k)
	}
	for range parallel.Scratch(l.d, 1, opt.Workers) {
		g.seekers = append(g.seekers, newSeeker(g))
	}
	return g, parallel.For(ctx, l.d, 1, opt.Workers, func(_, j, _ int) error {
		x := make([]float64, l.n)
		for k, row := range l.rows {
			x[k] = row[j] + 0
		}
		g.columns[j] = x
		if l.coded[j] {
			g.codes[j] = newCodes(x)
			return nil
		}
		g.order[j] = slices.Clone(g.members)
		return parallel.SortFunc(ctx, g.order[j], 1, func(a, b int32) int { return compareLast(x[a], x[b]) })
	})
}

// compareLast compares numbers, NaN above all.
func compareLast(a, b float64) int {
	switch {
	case a < b || b != b && a == a:
		return -1
	case a > b || a != a && b == b:
		return 1
	}
	return 0
}

// newCodes numbers the categories of a column in order.
func newCodes(x []float64) codes {
	c := codes{of: make([]int32, len(x))}
	for _, v := range x {
		if v == v {
			c.names = append(c.names, int32(v))
		}
	}
	slices.Sort(c.names)
	c.names = slices.Compact(c.names)
	for k, v := range x {
		c.of[k] = int32(len(c.names))
		if v == v {
			at, _ := slices.BinarySearch(c.names, int32(v))
			c.of[k] = int32(at)
		}
	}
	return c
}

// pending is the nodes that have a split but no children yet: the last one first, or, best
// first, the one that gains most.
type pending struct {
	g    *planter
	best bool
	at   []int32
}

func (p *pending) Len() int { return len(p.at) }

func (p *pending) Less(i, j int) bool {
	a, b := p.at[i], p.at[j]
	if p.best {
		return cmp.Or(cmp.Compare(p.g.nodes[b].cut.gain, p.g.nodes[a].cut.gain), cmp.Compare(a, b)) < 0
	}
	return a > b
}

func (p *pending) Swap(i, j int) { p.at[i], p.at[j] = p.at[j], p.at[i] }

func (p *pending) Push(x any) { p.at = append(p.at, x.(int32)) }

func (p *pending) Pop() any {
	last := len(p.at) - 1
	x := p.at[last]
	p.at = p.at[:last]
	return x
}

// grow splits nodes until none is left, or there are as many leaves as there may be.
func (g *planter) grow(ctx context.Context) error {
	open := &pending{g: g, best: g.opt.MaxLeaves > 0}
	if err := g.sprout(ctx, open, 0, g.l.n, 0); err != nil {
		return err
	}
	for leaves := 1; open.Len() > 0 && (g.opt.MaxLeaves == 0 || leaves < g.opt.MaxLeaves); leaves++ {
		at := heap.Pop(open).(int32)
		n := &g.nodes[at]
		n.column = n.cut.column
		mid, err := g.part(ctx, n)
		if err != nil {
			return err
		}
		lo, hi, depth := n.lo, n.hi, n.depth+1
		n.left, n.right = int32(len(g.nodes)), int32(len(g.nodes)+1)
		if err := g.sprout(ctx, open, lo, mid, depth); err != nil {
			return err
		}
		if err := g.sprout(ctx, open, mid, hi, depth); err != nil {
			return err
		}
	}
	return nil
}

// sprout adds the node of a stretch, and to open if it can be split.
func (g *planter) sprout(ctx context.Context, open *pending, lo, hi, depth int) error {
	n := sprout{lo: lo, hi: hi, depth: depth, column: -1}
	g.seekers[0].score.node(&n.stat, g.members[lo:hi])
	rows := hi - lo
	o := &g.opt
	heavy := o.MinLeafWeight * g.l.total
	at := int32(len(g.nodes))
	if n.stat.pure || o.MaxDepth > 0 && depth >= o.MaxDepth || rows < o.MinSplit || rows/2 < o.MinLeaf || n.stat.w < 2*heavy {
		g.nodes = append(g.nodes, n)
		return g.meter.Did(rows)
	}
	found, err := g.seek(ctx, &n)
	if err != nil {
		return err
	}
	n.cut = found
	g.nodes = append(g.nodes, n)
	if found.column >= 0 && found.gain/g.l.total+0x1p-52 >= o.MinGain {
		heap.Push(open, at)
	}
	return nil
}

// bigNode is how many values a node has from which on its columns are searched at once.
const bigNode = 1 << 15

// seek finds the best split of a node, in the lowest column that has it.
func (g *planter) seek(ctx context.Context, n *sprout) (cut, error) {
	best := cut{column: -1, gain: math.Inf(-1)}
	rows := n.hi - n.lo
	if rows*g.l.d < bigNode || len(g.seekers) == 1 {
		for j := range g.l.d {
			if c := g.seekers[0].column(n, j); c.gain > best.gain+n.stat.tie() {
				best = c
			}
			if err := g.meter.Did(4 * rows); err != nil {
				return best, err
			}
		}
		return best, nil
	}
	found := make([]cut, g.l.d)
	err := parallel.For(ctx, g.l.d, 1, g.opt.Workers, func(worker, j, _ int) error {
		found[j] = g.seekers[worker].column(n, j)
		return nil
	})
	for _, c := range found {
		if c.gain > best.gain+n.stat.tie() {
			best = c
		}
	}
	return best, err
}

// part puts the rows of a node that go left before the others, in every list, and returns
// where the others begin.
func (g *planter) part(ctx context.Context, n *sprout) (int, error) {
	members := g.members[n.lo:n.hi]
	x, c := g.columns[n.column], &n.cut
	count := 0
	for _, r := range members {
		v := x[r]
		goes := v <= c.threshold
		switch {
		case v != v:
			goes = c.missingLeft
		case c.set != nil:
			goes = has(c.set, int32(v))
		}
		g.left[r] = goes
		if goes {
			count++
		}
	}
	split := func(s *seeker, list []int32) {
		s.spare = slices.Grow(s.spare[:0], len(list))[:len(list)]
		a, b := 0, 0
		for _, r := range list {
			if g.left[r] {
				list[a] = r
				a++
			} else {
				s.spare[b] = r
				b++
			}
		}
		copy(list[a:], s.spare[:b])
	}
	split(g.seekers[0], members)
	if len(members)*g.l.d < bigNode {
		for _, order := range g.order {
			if order != nil {
				split(g.seekers[0], order[n.lo:n.hi])
			}
		}
		return n.lo + count, g.meter.Did(2 * len(members) * g.l.d)
	}
	return n.lo + count, parallel.For(ctx, g.l.d, 1, g.opt.Workers, func(worker, j, _ int) error {
		if g.order[j] != nil {
			split(g.seekers[worker], g.order[j][n.lo:n.hi])
		}
		return nil
	})
}

// has tells whether the category is in the set.
func has(set []uint32, code int32) bool {
	return int(code>>5) < len(set) && set[code>>5]>>(code&31)&1 != 0
}

// ensemble packs the tree.
func (g *planter) ensemble() (*Ensemble, error) {
	width := g.l.width()
	values := make([]float64, len(g.nodes)*width)
	nodes := make([]Node, len(g.nodes))
	for i := range g.nodes {
		s := &g.nodes[i]
		v := values[i*width : (i+1)*width]
		s.stat.leaf(v, g.l)
		nodes[i] = Node{Column: -1, Values: v, Cover: s.stat.w, Count: s.stat.w}
		if s.column < 0 {
			continue
		}
		c := &s.cut
		nodes[i].Column, nodes[i].Threshold, nodes[i].Categories = s.column, c.threshold, c.set
		nodes[i].MissingLeft, nodes[i].Gain = c.missingLeft, c.gain
		nodes[i].Left, nodes[i].Right = int(s.left), int(s.right)
	}
	return Assemble([][]Node{nodes}, AssembleOptions{Columns: g.l.d, Names: g.opt.Names, Categorical: g.opt.Categorical, Levels: g.opt.Levels, Outputs: width})
}

// leaf fills dst with what a leaf of such rows answers.
func (st *stat) leaf(dst []float64, l *lesson) {
	switch {
	case l.classes == 0:
		dst[0] = st.value + l.centre
	case l.classes == 2:
		dst[0] = st.held[1] / st.w
	default:
		for k := range dst {
			dst[k] = st.held[k] / st.w
		}
	}
}

package uplift

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// A knot is a node of a tree.
type knot struct {
	column      int32 // −1: a leaf
	left, right int32
	missingLeft bool
	threshold   float64 // of numbers: those at most it go left
	codes       []int32 // of categories: those that go left, ascending; nil for numbers
	gain        float64
	distance    float64 // of the means that splits are judged by
}

// grown is a tree. Of each node it holds the rows and the mean outcome in each arm.
type grown struct {
	knots []knot
	rows  []int64
	means []float64
}

// draw is a row that a tree sees.
type draw struct {
	row, arm int32
	w, y     int64
}

// cell is what a bin has of an arm.
type cell struct{ n, w, y int64 }

// outside is a row that a tree has not seen, and its leaf.
type outside struct{ row, leaf int32 }

// task is a node that is not split yet: a stretch of the rows that grow, of those that give means, and of those outside.
type task struct {
	node  int32
	at    [3][2]int
	depth int
	reg   []float64 // mean outcome in each arm, shrunk
}

// choice is a split that was found.
type choice struct {
	column      int
	gain        float64
	bin, next   int    // of numbers: the last bin with rows on the left, the first on the right
	set         []bool // bins that go left
	categorical bool
	missingLeft bool
}

// grower grows trees, one after the other.
type grower struct {
	*wood
	meter   *parallel.Meter
	rnd     rng.Stream
	draws   [3][]draw // that grow, that give means, outside
	spare   []draw
	cells   []cell // arms a bin
	all     []cell // of the node, by arm
	left    []cell
	right   []cell
	columns []int32
	tasks   []task
	found   []outside
	t       grown
	regs    [2][]float64
	weights [2][]float64
	order   []int32
	slope   []float64
}

func newGrower(ctx context.Context, w *wood) *grower {
	arms := w.s.arms
	return &grower{
		wood: w, meter: parallel.NewMeter(ctx), cells: make([]cell, 256*arms), all: make([]cell, arms), left: make([]cell, arms), right: make([]cell, arms),
		columns: make([]int32, w.s.d), regs: [2][]float64{make([]float64, arms), make([]float64, arms)},
		weights: [2][]float64{make([]float64, arms), make([]float64, arms)}, slope: make([]float64, 256),
	}
}

// tree grows tree t.
func (g *grower) tree(t uint64) (grown, error) {
	s := g.s
	for q := range g.draws {
		g.draws[q] = g.draws[q][:0]
	}
	for k := range s.n {
		in, estimates := g.drawn(t, s.key[k])
		q := 0
		if !in {
			q = 2
		} else if estimates {
			q = 1
		}
		g.draws[q] = append(g.draws[q], draw{int32(k), int32(s.arm[k]), g.w[k], g.y[k]})
	}
	g.rnd.Reset(g.opt.Seed, stageTry, t)
	for j := range g.columns {
		g.columns[j] = int32(j)
	}
	g.spare = slices.Grow(g.spare[:0], s.n)[:s.n]
	g.t, g.found = grown{}, g.found[:0]
	root := task{node: g.node()}
	for q := range root.at {
		root.at[q] = [2]int{0, len(g.draws[q])}
	}
	g.sum(root)
	root.reg = make([]float64, s.arms)
	for a, c := range g.all {
		root.reg[a] = g.mean(c, g.prior[a])
	}
	g.tasks = append(g.tasks[:0], root)
	for len(g.tasks) > 0 {
		k := g.tasks[len(g.tasks)-1]
		g.tasks = g.tasks[:len(g.tasks)-1]
		if err := g.meter.Did(8 * g.try * (k.at[0][1] - k.at[0][0] + 256)); err != nil {
			return grown{}, err
		}
		g.settle(k)
		if g.split(k) {
			continue
		}
		for _, d := range g.draws[2][k.at[2][0]:k.at[2][1]] {
			g.found = append(g.found, outside{d.row, k.node})
		}
	}
	g.fill()
	return g.t, nil
}

// outside returns the rows that the tree last grown has not seen.
func (g *grower) outside() []outside { return slices.Clone(g.found) }

// node adds a leaf.
func (g *grower) node() int32 {
	g.t.knots = append(g.t.knots, knot{column: -1})
	for range g.s.arms {
		g.t.rows = append(g.t.rows, 0)
		g.t.means = append(g.t.means, math.NaN())
	}
	return int32(len(g.t.knots) - 1)
}

// sum adds up the rows of a node that grow, by arm.
func (g *grower) sum(k task) {
	clear(g.all)
	for _, d := range g.draws[0][k.at[0][0]:k.at[0][1]] {
		c := &g.all[d.arm]
		c.n, c.w, c.y = c.n+1, c.w+d.w, c.y+d.y
	}
}

// settle gives a node its rows and means.
func (g *grower) settle(k task) {
	g.sum(k)
	g.t.knots[k.node].distance = g.opt.Criterion.of(k.reg)
	from := g.all
	if g.opt.Honest > 0 {
		from = g.left
		clear(from)
		for _, d := range g.draws[1][k.at[1][0]:k.at[1][1]] {
			c := &from[d.arm]
			c.n, c.w, c.y = c.n+1, c.w+d.w, c.y+d.y
		}
	}
	for a, c := range from {
		at := int(k.node)*g.s.arms + a
		g.t.rows[at] = c.n
		if c.w > 0 {
			g.t.means[at] = g.mean(c, 0)
		}
	}
}

// fill gives arms that no row of a leaf is in the mean of the node above, at the root that of all rows: children come after their parents.
func (g *grower) fill() {
	arms := g.s.arms
	for a := range arms {
		if m := g.t.means[a]; m != m {
			g.t.means[a] = g.prior[a]
		}
	}
	for p, k := range g.t.knots {
		if k.column < 0 {
			continue
		}
		for _, c := range [2]int32{k.left, k.right} {
			for a := range arms {
				if m := &g.t.means[int(c)*arms+a]; *m != *m {
					*m = g.t.means[p*arms+a]
				}
			}
		}
	}
}

// split searches a split for the node and makes its children; false: it is a leaf.
func (g *grower) split(k task) bool {
	n := k.at[0][1] - k.at[0][0]
	if k.depth >= g.opt.MaxDepth || n < 2*g.opt.MinLeaf {
		return false
	}
	for _, c := range g.all {
		if c.n < 2*int64(g.opt.MinArm) {
			return false
		}
	}
	best := choice{column: -1, gain: g.opt.MinGain}
	for at := range g.try {
		with := at + g.rnd.Intn(len(g.columns)-at)
		if g.try < len(g.columns) {
			g.columns[at], g.columns[with] = g.columns[with], g.columns[at]
		}
		g.search(k, int(g.columns[at]), &best)
	}
	if best.column < 0 {
		return false
	}
	g.part(k, &best)
	return true
}

// search looks at the splits of a column.
func (g *grower) search(k task, j int, best *choice) {
	code, arms := g.code[j], g.s.arms
	bins := g.cols[j].Bins()
	cells := g.cells[:bins*arms]
	clear(cells)
	for _, d := range g.draws[0][k.at[0][0]:k.at[0][1]] {
		c := &cells[int(code[d.row])*arms+int(d.arm)]
		c.n, c.w, c.y = c.n+1, c.w+d.w, c.y+d.y
	}
	if g.cols[j].Categorical {
		g.categories(k, j, cells, best)
		return
	}
	g.order = g.order[:0]
	for b := 1; b < bins; b++ {
		g.order = append(g.order, int32(b))
	}
	missing := rowsOf(cells[:arms]) > 0
	// Missing values go right first, then left.
	g.edges(k, j, cells, g.order, false, best)
	if missing {
		g.edges(k, j, cells, g.order, true, best)
	}
}

// rowsOf is how many rows cells have.
func rowsOf(cells []cell) (n int64) {
	for _, c := range cells {
		n += c.n
	}
	return n
}

// edges looks at each cut of bins in an order.
func (g *grower) edges(k task, j int, cells []cell, order []int32, missingLeft bool, best *choice) {
	arms := g.s.arms
	clear(g.left)
	if missingLeft {
		copy(g.left, cells[:arms])
	}
	at, next, gain, passed := -1, 0, best.gain, false
	for p, b := range order {
		of := cells[int(b)*arms : (int(b)+1)*arms]
		if rowsOf(of) == 0 {
			continue
		}
		if passed {
			next, passed = int(b), false
		}
		for a, c := range of {
			l := &g.left[a]
			l.n, l.w, l.y = l.n+c.n, l.w+c.w, l.y+c.y
		}
		if got := g.judge(k); got > gain {
			at, gain, next, passed = p, got, 0, true // 0: only missing values are on the right so far
		}
	}
	if at < 0 {
		return
	}
	*best = choice{column: j, gain: gain, bin: int(order[at]), next: next, missingLeft: missingLeft, set: make([]bool, 256)}
	for _, b := range order[:at+1] {
		best.set[b] = true
	}
	best.set[0] = missingLeft
}

// categories orders the levels by the effect of each treatment in turn, shrunk to that of the node, and looks at every cut. Codes
// without a bin and those of few rows in the node stay right, where unseen ones go; missing values are tried on both sides.
func (g *grower) categories(k task, j int, cells []cell, best *choice) {
	arms, bins := g.s.arms, g.cols[j].Bins()
	for t := 1; t < arms; t++ {
		g.order = g.order[:0]
		for b := 2; b < bins; b++ {
			of := cells[b*arms : (b+1)*arms]
			if rowsOf(of) < int64(g.opt.MinLeaf) {
				continue
			}
			g.order = append(g.order, int32(b))
			g.slope[b] = g.shrunk(of[t], k.reg[t]) - g.shrunk(of[0], k.reg[0])
		}
		slices.SortFunc(g.order, func(a, b int32) int { return cmp.Or(cmp.Compare(g.slope[a], g.slope[b]), cmp.Compare(a, b)) })
		for range 2 { // the levels of least effect left, then those of most: only the side of the others differs
			for _, missingLeft := range [2]bool{false, true} {
				if missingLeft && rowsOf(cells[:arms]) == 0 {
					continue
				}
				was := best.gain
				g.edges(k, j, cells, g.order, missingLeft, best)
				if best.gain > was {
					best.categorical = true
				}
			}
			slices.Reverse(g.order)
		}
	}
}

// shrunk is the mean of a cell pulled towards another as Shrink rows would.
func (g *grower) shrunk(c cell, to float64) float64 {
	w := float64(c.w) * g.units[0]
	if w+g.opt.Shrink == 0 {
		return to
	}
	return (float64(c.y)*g.units[1] + to*g.opt.Shrink) / (w + g.opt.Shrink)
}

// judge returns the gain of the split that left describes, −Inf for one that is not allowed.
func (g *grower) judge(k task) float64 {
	no := math.Inf(-1)
	var nl, nr int64
	for a := range g.left {
		l, all := &g.left[a], &g.all[a]
		r := &g.right[a]
		r.n, r.w, r.y = all.n-l.n, all.w-l.w, all.y-l.y
		if l.n < int64(g.opt.MinArm) || r.n < int64(g.opt.MinArm) {
			return no
		}
		nl += l.n
		nr += r.n
	}
	if nl < int64(g.opt.MinLeaf) || nr < int64(g.opt.MinLeaf) {
		return no
	}
	wl, wr := 0.0, 0.0
	for a := range g.left {
		g.regs[0][a], g.regs[1][a] = g.shrunk(g.left[a], k.reg[a]), g.shrunk(g.right[a], k.reg[a])
		wl += float64(g.left[a].w)
		wr += float64(g.right[a].w)
	}
	p, c := wl/(wl+wr), g.opt.Criterion
	gain := p*c.of(g.regs[0]) + (1-p)*c.of(g.regs[1]) - c.of(k.reg)
	if !g.opt.Plain && c != CTS {
		for a := range g.left {
			g.weights[0][a], g.weights[1][a] = float64(g.all[a].w), float64(g.left[a].w)
		}
		gain /= c.norm(g.weights[0], g.weights[1])
	}
	return gain
}

// part gives the rows of a node to two children.
func (g *grower) part(k task, c *choice) {
	code, col := g.code[c.column], &g.cols[c.column]
	left, right := task{node: g.node(), depth: k.depth + 1}, task{node: g.node(), depth: k.depth + 1}
	n := &g.t.knots[k.node]
	n.column, n.gain, n.left, n.right = int32(c.column), c.gain, left.node, right.node
	if c.categorical {
		n.codes = []int32{}
		for b, on := range c.set {
			if on && b >= 2 {
				n.codes = append(n.codes, col.Codes[b-2])
			}
		}
		slices.Sort(n.codes)
	} else {
		switch {
		case c.next == 0:
			n.threshold = math.MaxFloat64
		default:
			// Bins between that hold no row of the node are parted in the middle.
			at := (c.bin + c.next - 1) / 2
			n.threshold = col.Edges[at-1] + 0 // no −0
			for b := c.bin + 1; b <= at; b++ {
				c.set[b] = true
			}
		}
	}
	if !slices.ContainsFunc(g.draws[0][k.at[0][0]:k.at[0][1]], func(d draw) bool { return code[d.row] == 0 }) {
		var sides [2]int
		for _, d := range g.draws[0][k.at[0][0]:k.at[0][1]] {
			if c.set[code[d.row]] {
				sides[0]++
			} else {
				sides[1]++
			}
		}
		c.missingLeft = sides[0] > sides[1]
		c.set[0] = c.missingLeft
	}
	n.missingLeft = c.missingLeft
	for q := range g.draws {
		list := g.draws[q][k.at[q][0]:k.at[q][1]]
		l, r := 0, 0
		for _, d := range list {
			if c.set[code[d.row]] {
				list[l] = d
				l++
			} else {
				g.spare[r] = d
				r++
			}
		}
		copy(list[l:], g.spare[:r])
		mid := k.at[q][0] + l
		left.at[q], right.at[q] = [2]int{k.at[q][0], mid}, [2]int{mid, k.at[q][1]}
	}
	for _, child := range [2]*task{&left, &right} {
		g.sum(*child)
		child.reg = make([]float64, g.s.arms)
		for a, c := range g.all {
			child.reg[a] = g.shrunk(c, k.reg[a])
		}
	}
	g.tasks = append(g.tasks, right, left)
}

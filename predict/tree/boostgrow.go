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

// grower grows one tree after the other in the same memory.
type grower struct {
	*booster
	searches []hist.Search
	scratch  []hist.Scratch
	order    [2][]int32  // the rows of the tree, by node: each branch stands in one of the two
	sums     [2][]int64  // their packed gradients
	free     []hist.Hist // histograms of nodes that are done
	left     []bool      // by bin: goes left
	weights  []int64     // as integers, nil where all are 1
	unit     float64     // of weights
	nodes    []Node
	open     []*branch
	all      []*branch // of the tree
	mask     []bool
}

// branch is a leaf that may still be split.
type branch struct {
	node, depth int
	in, lo, hi  int // its rows: order[in][lo:hi]
	stat        hist.Stat
	bounds      hist.Bounds
	count       float64 // the weight of its rows
	hist        hist.Hist
	weight      int64   // of its rows, in units
	counts      []int64 // by bin, where a split has left a child with too few rows: histograms do not count them
	path        []int   // columns above it
	best        hist.Split
}

// newGrower takes the memory that all trees share.
func newGrower(b *booster) *grower {
	n := len(b.train)
	gr := &grower{
		booster: b, scratch: b.matrix.NewScratch(b.workers), searches: make([]hist.Search, b.workers), unit: 1,
	}
	for in := range gr.order {
		gr.order[in], gr.sums[in] = make([]int32, n), make([]int64, n)
	}
	widest := 0
	for _, c := range b.matrix.Columns {
		widest = max(widest, c.Bins())
	}
	gr.left = make([]bool, widest)
	if b.opt.Weights != nil {
		top := 0.0
		for _, i := range b.train {
			top = max(top, b.weight(i))
		}
		_, exp := math.Frexp(top)
		_, count := math.Frexp(float64(n))
		gr.unit = math.Ldexp(1, exp+count-62)
		gr.weights = make([]int64, len(b.rows))
		for _, i := range b.train {
			gr.weights[i] = int64(b.weight(i) / gr.unit)
		}
	}
	return gr
}

// grow adds the tree of output k to the model and to the margins.
func (b *booster) grow(ctx context.Context, k int, rows []int32, mask []bool) error {
	gr := b.grower
	gr.mask = mask
	if err := gr.root(ctx, k, rows); err != nil {
		return err
	}
	leaves := 1
	for leaves < b.opt.Leaves && len(gr.open) > 0 {
		at := gr.next()
		x := gr.open[at]
		done, err := gr.split(ctx, x)
		if err != nil {
			return err
		}
		if !done {
			continue // its split was none: another one, or nothing, is its best now
		}
		leaves++
		gr.open = slices.DeleteFunc(gr.open, func(y *branch) bool { return y == x })
	}
	return gr.settleLeaves(k, rows)
}

// root begins a tree of all drawn rows.
func (gr *grower) root(ctx context.Context, k int, rows []int32) error {
	b := gr.booster
	order, sums := gr.order[0][:len(rows)], gr.sums[0][:len(rows)]
	copy(order, rows)
	q, noise, err := b.pack(sums, order, k)
	if err != nil {
		return err
	}
	for w := range gr.searches {
		gr.searches[w].Rules = hist.Rules{
			L1: b.opt.L1, L2: b.opt.L2, MinH: b.opt.MinHessian, MinGain: b.opt.MinGain, Smooth: b.opt.CategorySmooth, Noise: noise,
		}
		gr.searches[w].Unit1, gr.searches[w].Unit2 = q.First, q.Second
		gr.searches[w].Forget()
	}
	gr.nodes = append(gr.nodes[:0], Node{Column: -1})
	gr.open, gr.all = gr.open[:0], gr.all[:0]
	x := &branch{hi: len(rows), bounds: hist.Free, hist: gr.take()}
	if err := b.matrix.Add(ctx, x.hist, order, sums, gr.scratch); err != nil {
		return err
	}
	x.stat = gr.searches[0].Total(b.matrix, x.hist)
	gr.enter(x)
	return gr.consider(ctx, x)
}

// pack makes integers of the gradients and Hessians of output k of rows, and returns their
// units and the variance of a gradient over its Hessian.
func (b *booster) pack(sums []int64, rows []int32, k int) (q hist.Quantum, noise float64, err error) {
	topG, topH, topS := 0.0, 0.0, 0.0
	for _, i := range rows {
		at := int(i)*b.outputs + k
		topG, topH = max(topG, math.Abs(b.g[at])), max(topH, b.h[at])
		if b.opt.Weights != nil {
			topS = max(topS, b.g[at]*b.g[at]/b.opt.Weights[i])
		}
	}
	if b.opt.Weights == nil {
		topS = topG * topG
	}
	if !check.Finite(topG) || !check.Finite(topH) {
		return q, 0, fmt.Errorf("gradients are not finite: %w", ErrDiverged)
	}
	q = hist.NewQuantum(len(rows), topG, topH)
	// The order of rows must not matter: what is added up are integers, of at most 2⁵³ over the rows.
	exact := math.Ldexp(1, 53) / float64(len(rows))
	upG, upH := exact/max(topS, 1e-300), exact/max(topH, 1e-300)
	var squares, hessians int64
	for p, i := range rows {
		at := int(i)*b.outputs + k
		g, h := b.g[at], b.h[at]
		sums[p] = q.Pack(g, h)
		square := g * g
		if b.opt.Weights != nil {
			square /= b.opt.Weights[i]
		}
		squares += int64(square * upG)
		hessians += int64(h * upH)
	}
	if hessians > 0 {
		noise = float64(squares) / float64(hessians) * (upH / upG)
	}
	return q, noise, nil
}

// take returns a histogram to be filled.
func (gr *grower) take() hist.Hist {
	if n := len(gr.free); n > 0 {
		h := gr.free[n-1]
		gr.free = gr.free[:n-1]
		return h
	}
	return make(hist.Hist, 2*gr.matrix.Total())
}

// enter writes what is known of a new leaf.
func (gr *grower) enter(x *branch) {
	gr.all = append(gr.all, x)
	n := &gr.nodes[x.node]
	n.Values = []float64{gr.searches[0].Output(x.stat, x.bounds) * gr.opt.LearningRate}
	x.count = float64(gr.weigh(gr.rowsOf(x))) * gr.unit
	n.Cover, n.Count = max(x.stat.H, 0), x.count
}

// rowsOf returns the rows of a branch that has no children yet.
func (gr *grower) rowsOf(x *branch) []int32 { return gr.order[x.in][x.lo:x.hi] }

// weigh returns the weight of rows, in units.
func (gr *grower) weigh(rows []int32) int64 {
	if gr.weights == nil {
		return int64(len(rows))
	}
	sum := int64(0)
	for _, i := range rows {
		sum += gr.weights[i]
	}
	return sum
}

// consider finds the best split of a leaf and keeps it open if there is one.
func (gr *grower) consider(ctx context.Context, x *branch) error {
	x.best = hist.Split{Column: -1}
	full := gr.opt.MaxDepth > 0 && x.depth >= gr.opt.MaxDepth
	if !full && x.count >= 2*gr.opt.MinRows && x.hi-x.lo >= 2 {
		if err := gr.search(ctx, x); err != nil {
			return err
		}
	}
	if x.best.Column < 0 {
		gr.close(x)
		return nil
	}
	if !slices.Contains(gr.open, x) {
		gr.open = append(gr.open, x)
	}
	return nil
}

// close gives the memory of a leaf back.
func (gr *grower) close(x *branch) {
	gr.free = append(gr.free, x.hist)
	x.hist, x.counts = nil, nil
	gr.open = slices.DeleteFunc(gr.open, func(y *branch) bool { return y == x })
}

// search looks at the columns that x may be split by. The best split of several is the same in whatever blocks they are compared.
func (gr *grower) search(ctx context.Context, x *branch) error {
	allowed := gr.may(x)
	thin := max(gr.opt.MinCategory-.5, 0) * x.stat.H / x.count // between two numbers of rows
	look := func(s *hist.Search, best *hist.Split, lo, hi int) {
		s.Thin, s.Counts, s.All, s.Weight, s.MinRows = thin, nil, x.weight, gr.unit, gr.opt.MinRows
		for j := lo; j < hi; j++ {
			if !allowed[j] {
				continue
			}
			monotone := 0
			if gr.opt.Monotone != nil {
				monotone = gr.opt.Monotone[j]
			}
			if x.counts != nil {
				s.Counts = x.counts[gr.matrix.Offsets[j]:gr.matrix.Offsets[j+1]]
			}
			s.Column(best, gr.matrix, x.hist, j, x.stat, monotone, x.bounds)
		}
	}
	if gr.workers == 1 || gr.matrix.Total() < 1<<14 {
		look(&gr.searches[0], &x.best, 0, gr.d)
		return context.Cause(ctx)
	}
	const block = 8
	bests := make([]hist.Split, parallel.Blocks(gr.d, block))
	err := parallel.For(ctx, gr.d, block, gr.workers, func(w, lo, hi int) error {
		best := &bests[lo/block]
		best.Column = -1
		look(&gr.searches[w], best, lo, hi)
		return nil
	})
	for _, best := range bests {
		if best.Column >= 0 && best.Gain > x.best.Gain {
			x.best = best
		}
	}
	return err
}

// may returns the columns that the draw and the sets of interactions leave to x.
func (gr *grower) may(x *branch) []bool {
	if gr.alone == nil {
		return gr.mask
	}
	out := make([]bool, gr.d)
	if len(x.path) == 0 || gr.alone[x.path[0]] {
		for j, on := range gr.alone {
			out[j] = on && gr.mask[j] && (len(x.path) == 0 || j == x.path[0])
		}
	}
	for _, set := range gr.allowed {
		if slices.ContainsFunc(x.path, func(j int) bool { return !set[j] }) {
			continue
		}
		for j, on := range set {
			out[j] = out[j] || on && gr.mask[j]
		}
	}
	return out
}

// next returns which open leaf is split: the one that gains most, of the least depth first where
// growth is by level.
func (gr *grower) next() int {
	at := 0
	for k, x := range gr.open {
		y := gr.open[at]
		switch {
		case gr.opt.LevelWise && x.depth != y.depth:
			if x.depth < y.depth {
				at = k
			}
		case x.best.Gain > y.best.Gain || x.best.Gain == y.best.Gain && x.node < y.node:
			at = k
		}
	}
	return at
}

// split parts a leaf. Where a child would have too few rows it counts those of all bins, looks for the best split that
// has enough and returns false.
func (gr *grower) split(ctx context.Context, x *branch) (bool, error) {
	s := &x.best
	c := &gr.matrix.Columns[s.Column]
	if off := gr.matrix.Offsets[s.Column]; x.hist[2*off] == 0 && x.hist[2*off+1] == 0 && (x.counts == nil || x.counts[off] == 0) {
		s.MissingLeft = s.Left.H >= s.Right.H // nobody says: with the larger part
	}
	left := gr.left[:c.Bins()]
	clear(left)
	left[0] = s.MissingLeft
	if c.Categorical {
		for _, bin := range s.Set {
			left[bin] = true
		}
	} else {
		for bin := 1; bin <= s.Bin; bin++ {
			left[bin] = true
		}
	}
	rows, sums := gr.rowsOf(x), gr.sums[x.in][x.lo:x.hi]
	otherRows, otherSums := gr.order[1-x.in][x.lo:x.hi], gr.sums[1-x.in][x.lo:x.hi]
	middle := gr.matrix.Part(rows, sums, s.Column, left, otherRows, otherSums)
	few := float64(min(gr.weigh(rows[:middle]), gr.weigh(otherRows[middle:]))) * gr.unit
	if few < gr.opt.MinRows || middle == 0 || middle == len(rows) {
		copy(rows[middle:], otherRows[middle:])
		copy(sums[middle:], otherSums[middle:])
		if x.counts != nil {
			gr.close(x) // none that was counted has too few
			return false, nil
		}
		x.counts, x.weight = gr.matrix.Count(rows, gr.weights), gr.weigh(rows)
		return false, gr.consider(ctx, x)
	}
	x.counts = nil
	gr.name(x)
	return true, gr.children(ctx, x, x.lo+middle)
}

// name writes the split of x into its node and adds two leaves.
func (gr *grower) name(x *branch) {
	s := &x.best
	c := &gr.matrix.Columns[s.Column]
	n := &gr.nodes[x.node]
	n.Column, n.MissingLeft, n.Gain = s.Column, s.MissingLeft, s.Gain
	n.Left, n.Right = len(gr.nodes), len(gr.nodes)+1
	switch {
	case c.Categorical:
		n.Categories = []uint32{}
		for _, bin := range s.Set {
			code := c.Codes[bin-2]
			for int(code>>5) >= len(n.Categories) {
				n.Categories = append(n.Categories, 0)
			}
			n.Categories[code>>5] |= 1 << (code & 31)
		}
	case s.Bin > len(c.Edges):
		n.Threshold = math.MaxFloat64 // missing or not
	default:
		n.Threshold = c.Edges[s.Bin-1]
	}
	gr.nodes = append(gr.nodes, Node{Column: -1}, Node{Column: -1})
}

// children makes the leaves of a split: the smaller one's histogram is added up, the other's is
// what is left of the parent's.
func (gr *grower) children(ctx context.Context, x *branch, middle int) error {
	s := &x.best
	l := &branch{node: gr.nodes[x.node].Left, depth: x.depth + 1, in: x.in, lo: x.lo, hi: middle, stat: s.Left, bounds: x.bounds}
	r := &branch{node: gr.nodes[x.node].Right, depth: x.depth + 1, in: 1 - x.in, lo: middle, hi: x.hi, stat: s.Right, bounds: x.bounds}
	if gr.alone != nil {
		l.path = append(slices.Clone(x.path), s.Column)
		r.path = l.path
	}
	if gr.opt.Monotone != nil {
		if m := gr.opt.Monotone[s.Column]; m != 0 {
			rules := &gr.searches[0].Rules
			apart(l, r, m, (rules.Output(s.Left, x.bounds)+rules.Output(s.Right, x.bounds))/2)
		}
	}
	gr.enter(l)
	gr.enter(r)
	small, large := l, r
	if l.hi-l.lo > r.hi-r.lo {
		small, large = r, l
	}
	small.hist = gr.take()
	if err := gr.matrix.Add(ctx, small.hist, gr.rowsOf(small), gr.sums[small.in][small.lo:small.hi], gr.scratch); err != nil {
		return err
	}
	large.hist, x.hist = x.hist, nil
	large.hist.Less(small.hist)
	if err := gr.consider(ctx, l); err != nil {
		return err
	}
	return gr.consider(ctx, r)
}

// settleLeaves lets the loss have its say on the outputs, adds the tree to the model and
// its outputs to the margins of all rows.
func (gr *grower) settleLeaves(k int, rows []int32) error {
	b := gr.booster
	for len(gr.open) > 0 {
		gr.close(gr.open[len(gr.open)-1])
	}
	if level := b.loss.renews(); level > 0 {
		gr.renew(k, level)
	}
	for _, x := range gr.all {
		n := &gr.nodes[x.node]
		if n.Column >= 0 {
			continue
		}
		if !check.Finite(n.Values[0]) {
			return fmt.Errorf("a leaf is not finite: %w", ErrDiverged)
		}
		for _, i := range gr.rowsOf(x) {
			b.margin[int(i)*b.outputs+k] += n.Values[0]
		}
	}
	// Rows that were not drawn, and those of the validation part, walk.
	walk := func(i int32) {
		b.margin[int(i)*b.outputs+k] += gr.nodes[leafOf(gr.nodes, b.rows[i])].Values[0]
	}
	if len(rows) < len(b.train) {
		at := 0
		for _, i := range b.train {
			if at < len(rows) && rows[at] == i {
				at++
				continue
			}
			walk(i)
		}
	}
	for _, i := range b.valid {
		walk(i)
	}
	return b.model.add(gr.nodes, k)
}

// renew makes the outputs of leaves quantiles of what is left of their rows. Monotone constraints hold for these
// as they did for the outputs that splits were chosen by: left and right stay on their sides of the middle
// between the quantiles of both.
func (gr *grower) renew(k int, level float64) {
	for _, x := range gr.all { // so that those of inner nodes lie together again
		if x.in == 1 && gr.nodes[x.node].Column < 0 {
			x.in = 0
			copy(gr.rowsOf(x), gr.order[1][x.lo:x.hi])
		}
	}
	quantile := func(x *branch) float64 { return gr.quantile(gr.order[0][x.lo:x.hi], level, k) }
	gr.all[0].bounds = hist.Free
	for _, x := range gr.all { // parents stand before their children, branch i is of node i
		n := &gr.nodes[x.node]
		if n.Column < 0 {
			n.Values[0] = gr.opt.LearningRate * min(max(quantile(x), x.bounds.Low), x.bounds.High)
			continue
		}
		l, r := gr.all[n.Left], gr.all[n.Right]
		l.bounds, r.bounds = x.bounds, x.bounds
		if gr.opt.Monotone != nil && gr.opt.Monotone[n.Column] != 0 {
			apart(l, r, gr.opt.Monotone[n.Column], min(max((quantile(l)+quantile(r))/2, x.bounds.Low), x.bounds.High))
		}
	}
}

// apart keeps the outputs of two children on their sides of a number.
func apart(l, r *branch, monotone int, between float64) {
	if monotone > 0 {
		l.bounds.High, r.bounds.Low = between, between
	} else {
		l.bounds.Low, r.bounds.High = between, between
	}
}

// leafOf returns the leaf that a row reaches in a tree that boosting has grown.
func leafOf(nodes []Node, row []float64) int {
	at := 0
	for nodes[at].Column >= 0 {
		n := &nodes[at]
		x, left := row[n.Column], false
		switch {
		case x != x:
			left = n.MissingLeft
		case n.Categories == nil:
			left = x <= n.Threshold
		case x >= 0 && x < maxCategory:
			code := int(x)
			left = code>>5 < len(n.Categories) && n.Categories[code>>5]>>(code&31)&1 == 1
		}
		at = n.Right
		if left {
			at = n.Left
		}
	}
	return at
}

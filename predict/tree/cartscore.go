package tree

import (
	"cmp"
	"math"
	"slices"
)

// stat is what a node is told by: its rows, their weight, and what its criterion makes of
// them.
type stat struct {
	rows   int
	w      float64
	s      float64   // Σ w·y of a target
	held   []float64 // weight of each class
	score  float64   // of the rows as one side
	excess float64   // weighted impurity
	pure   bool      // nothing is left to split
	value  float64   // of a leaf, for a target
}

// tie is by how much a score must be better than another: less may be rounding, and then the
// first of equals would be another one for weights than for repeated rows.
func (st *stat) tie() float64 { return 1e-12*st.excess + 1e-14*math.Abs(st.score) }

// scorer judges splits by one criterion: begin, with all rows on the right, then move one
// after the other to the left. Not for several goroutines.
type scorer interface {
	// node fills st from its rows.
	node(st *stat, rows []int32)
	// begin puts the rows of seq, those of st in some order, to the right.
	begin(st *stat, seq []int32)
	// move puts the next row of seq to the left.
	move(r int32)
	// score tells what the two sides are worth together, more being better: that of the
	// node as one side less it is the gain. −Inf forbids the split.
	score() float64
}

// newScorer returns a scorer of rows of l.
func newScorer(l *lesson, c CriterionKind) scorer {
	switch c {
	case AbsoluteError:
		return &distances{l: l}
	case SquaredError, PoissonDeviance:
		return &squares{l: l, poisson: c == PoissonDeviance}
	}
	return &shares{l: l, entropy: c == Entropy, left: make([]float64, l.classes), right: make([]float64, l.classes)}
}

// squares is the squared error, Σ w·(y−mean)² = Σ w·y² − S²/W, of which the first term is
// that of the node, or the Poisson deviance, Σ w·y·ln(y/mean).
type squares struct {
	l              *lesson
	poisson        bool
	lw, ls, rw, rs float64
}

func (q *squares) side(w, s float64) float64 {
	switch {
	case w <= 0: // rows so light beside others that their weight is lost
		return math.Inf(-1)
	case !q.poisson:
		return s * s / w
	case s <= 0:
		return math.Inf(-1)
	}
	return s * math.Log(s/w)
}

// node sums up weights and targets, and their spread around the mean in a second pass, which
// does not cancel.
func (q *squares) node(st *stat, rows []int32) {
	y, w := q.l.y, q.l.w
	*st = stat{rows: len(rows)}
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		st.w += w[r]
		st.s += w[r] * y[r]
		low, high = min(low, y[r]), max(high, y[r])
	}
	st.pure = low == high
	st.score = q.side(st.w, st.s)
	st.value = st.s / st.w
	if st.pure {
		st.value = low
		return
	}
	for _, r := range rows {
		if !q.poisson {
			st.excess += w[r] * (y[r] - st.value) * (y[r] - st.value)
		} else if y[r] > 0 {
			st.excess += w[r] * y[r] * math.Log(y[r]/st.value)
		}
	}
}

func (q *squares) begin(st *stat, _ []int32) { q.lw, q.ls, q.rw, q.rs = 0, 0, st.w, st.s }

func (q *squares) move(r int32) {
	w := q.l.w[r]
	s := w * q.l.y[r]
	q.lw += w
	q.ls += s
	q.rw -= w
	q.rs -= s
}

func (q *squares) score() float64 { return q.side(q.lw, q.ls) + q.side(q.rw, q.rs) }

// shares is the Gini impurity, W − Σ c²/W, or the entropy, Σ c·log₂(W/c), of the weights c
// of the classes.
type shares struct {
	l           *lesson
	entropy     bool
	left, right []float64
	lw, rw      float64
	lq, rq      float64 // Σ c², or Σ c·log₂ c
}

// term is what a class of weight c adds to lq and rq.
func (g *shares) term(c float64) float64 {
	switch {
	case !g.entropy:
		return c * c
	case c > 0:
		return c * math.Log2(c)
	}
	return 0
}

func (g *shares) side(w, q float64) float64 {
	switch {
	case w <= 0:
		return math.Inf(-1)
	case !g.entropy:
		return q / w
	}
	return q - w*math.Log2(w)
}

// node adds up the weights of the classes: a class without rows has exactly none, so that pure
// is told without a tolerance.
func (g *shares) node(st *stat, rows []int32) {
	held := st.held
	if held == nil {
		held = make([]float64, g.l.classes)
	}
	clear(held)
	*st = stat{rows: len(rows), held: held}
	for _, r := range rows {
		st.w += g.l.w[r]
		held[g.l.class[r]] += g.l.w[r]
	}
	q, seen := 0.0, 0
	for _, c := range held {
		q += g.term(c)
		if c > 0 {
			seen++
		}
	}
	st.pure = seen < 2
	st.score = g.side(st.w, q)
	if !st.pure {
		if g.entropy {
			st.excess = -st.score
		} else {
			st.excess = st.w - st.score
		}
	}
}

func (g *shares) begin(st *stat, _ []int32) {
	clear(g.left)
	copy(g.right, st.held)
	g.lw, g.rw, g.lq, g.rq = 0, st.w, 0, 0
	for _, c := range g.right {
		g.rq += g.term(c)
	}
}

func (g *shares) move(r int32) {
	c, w := g.l.class[r], g.l.w[r]
	a, b := g.left[c], g.right[c]
	g.left[c], g.right[c] = a+w, b-w
	if g.entropy {
		g.lq += g.term(a+w) - g.term(a)
		g.rq += g.term(b-w) - g.term(b)
	} else {
		g.lq += (2*a + w) * w
		g.rq -= (2*b - w) * w
	}
	g.lw += w
	g.rw -= w
}

func (g *shares) score() float64 { return g.side(g.lw, g.lq) + g.side(g.rw, g.rq) }

// distances is the absolute error around the median. Sums of distances of all beginnings
// and ends of a sequence are found by a Fenwick tree over the targets of the node.
type distances struct {
	l          *lesson
	sorted     []int32   // rows of the node by target
	rank       []int32   // of a row among them
	w, wy      []float64 // Fenwick tree: weights, weights times targets
	head, tail []float64 // of the first p rows of the sequence, and of the others
	at         int
}

// node takes distances from the median of the sorted rows.
func (d *distances) node(st *stat, rows []int32) {
	d.sort(rows)
	*st = stat{rows: len(rows)}
	for _, r := range d.sorted {
		st.w += d.l.w[r]
	}
	y := d.l.y
	st.pure = y[d.sorted[0]] == y[d.sorted[len(rows)-1]]
	st.value = d.median(st.w)
	if !st.pure {
		for _, r := range d.sorted {
			st.excess += d.l.w[r] * math.Abs(y[r]-st.value)
		}
	}
	st.score = -st.excess
}

// sort puts rows in order of their targets.
func (d *distances) sort(rows []int32) {
	d.sorted = append(d.sorted[:0], rows...)
	y := d.l.y
	slices.SortFunc(d.sorted, func(a, b int32) int { return cmp.Or(cmp.Compare(y[a], y[b]), cmp.Compare(a, b)) })
	if d.rank == nil {
		d.rank = make([]int32, d.l.n)
	}
	for k, r := range d.sorted {
		d.rank[r] = int32(k)
	}
}

// median returns the weighted median of the sorted rows: halfway between two where
// exactly half of the weight w is below.
func (d *distances) median(w float64) float64 {
	below := 0.0
	for k, r := range d.sorted {
		below += d.l.w[r]
		if below == w/2 && k+1 < len(d.sorted) {
			return (d.l.y[r] + d.l.y[d.sorted[k+1]]) / 2
		}
		if below > w/2 {
			return d.l.y[r]
		}
	}
	return d.l.y[d.sorted[len(d.sorted)-1]]
}

func (d *distances) begin(_ *stat, seq []int32) {
	n := len(seq)
	d.sort(seq)
	d.head, d.tail = grow(d.head, n+1), grow(d.tail, n+1)
	d.w, d.wy = grow(d.w, n+1), grow(d.wy, n+1)
	d.run(seq, func(k int, cost float64) { d.head[k+1] = cost }, false)
	d.run(seq, func(k int, cost float64) { d.tail[k] = cost }, true)
	d.at = 0
}

// run adds the rows of seq one after the other, from the end if backward, and tells the
// cost of those so far after each.
func (d *distances) run(seq []int32, tell func(k int, cost float64), backward bool) {
	clear(d.w)
	clear(d.wy)
	n := len(seq)
	w, wy := 0.0, 0.0
	for p := range seq {
		k := p
		if backward {
			k = n - 1 - p
		}
		r := seq[k]
		a := d.l.w[r]
		b := a * d.l.y[r]
		w += a
		wy += b
		for i := int(d.rank[r]) + 1; i <= n; i += i & -i {
			d.w[i] += a
			d.wy[i] += b
		}
		tell(k, d.cost(w, wy, n))
	}
}

// cost is Σ w·|y − median| of the rows in the Fenwick tree: what lies above the median
// less what lies below, each less its weight times the median.
func (d *distances) cost(w, wy float64, n int) float64 {
	top := 1
	for top*2 <= n {
		top *= 2
	}
	at, lw, lwy := 0, 0.0, 0.0
	for step := top; step > 0; step /= 2 {
		if next := at + step; next <= n && lw+d.w[next] < w/2 {
			at, lw, lwy = next, lw+d.w[next], lwy+d.wy[next]
		}
	}
	m := d.l.y[d.sorted[min(at, n-1)]]
	return (wy - lwy - (w-lw)*m) + (lw*m - lwy)
}

func (d *distances) move(int32) { d.at++ }

func (d *distances) score() float64 { return -(d.head[d.at] + d.tail[d.at]) }

// grow returns s with room for and length n; what it holds is left as it is.
func grow(s []float64, n int) []float64 { return slices.Grow(s[:0], n)[:n] }

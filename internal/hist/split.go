package hist

import (
	"math"
	"slices"
)

// Stat is what a node has: the sums of gradients and Hessians, and about how many rows
// by their weight.
type Stat struct{ G, H float64 }

// Rules say which splits are allowed and how they are judged.
type Rules struct {
	L1, L2  float64
	MinH    float64 // of each child, > 0
	MinGain float64 // what a split must gain at least, > 0 for more than nothing
	Smooth  float64 // added to the Hessian of a category before categories are sorted
	Thin    float64 // Hessian of a node's category below which it counts among those without a bin
	// Noise is the variance of a gradient over its Hessian, 1 for a likelihood: what each level of a
	// category that means nothing gains. Sorting levels by their own gradients finds a split that
	// gains about .64 Noise a level in pure noise. That much, for the levels that are told apart, their share that
	// goes left and what else is in the node, is taken off the gain of a split by category, but for
	// chosen times Noise: the best edge among numbers is chosen, too.
	Noise float64
}

// chosen is what the best of many edges gains by chance.
const chosen = 3

// skewed over the Hessian of a level is how much more sums of few labels gain than the normal law has it,
// as a share: of 12 labels a level, 6 % where one in five is true, 10 and 14 % where one in ten and one in
// twenty are, by the binomial law .12; the rest is to be safe.
const skewed = .2

// Split is one way to part a node.
type Split struct {
	Gain        float64 // of the score T²/(H+L2) over both children, less what is taken off
	Column      int     // −1: none
	Bin         int     // of numbers: bins 1 … Bin go left
	MissingLeft bool
	Set         []int32 // of categories: the bins that go left, ascending, never bin 0 or 1
	Left, Right Stat
}

// Bounds are what the outputs of a node may be, by monotone constraints.
type Bounds struct{ Low, High float64 }

// Free are no bounds.
var Free = Bounds{math.Inf(-1), math.Inf(1)}

// Shrunk returns the gradient after the L1 penalty.
func (r *Rules) shrunk(g float64) float64 {
	switch {
	case r.L1 == 0:
		return g
	case g > r.L1:
		return g - r.L1
	case g < -r.L1:
		return g + r.L1
	}
	return 0
}

// Output returns the best output of a leaf, within bounds.
func (r *Rules) Output(s Stat, b Bounds) float64 {
	d := s.H + r.L2
	if !(d > 0) {
		return min(max(0, b.Low), b.High)
	}
	return min(max(-r.shrunk(s.G)/d, b.Low), b.High)
}

// Score returns what a leaf gains over an output of 0: T²/(H+L2), less where bounds
// forbid the best output.
func (r *Rules) Score(s Stat, b Bounds) float64 {
	d := s.H + r.L2
	if !(d > 0) {
		return 0
	}
	t := r.shrunk(s.G)
	if b == Free {
		return t * t / d
	}
	w := min(max(-t/d, b.Low), b.High)
	return -(2*t*w + d*w*w)
}

// Search finds splits. It is not for many goroutines.
type Search struct {
	Rules
	Unit1, Unit2 float64 // of the sums in a histogram
	// Counts is the weight of the rows in each bin of the column that is searched, of the node All, in units of Weight: no child
	// weighs less than MinRows, or nothing. Nil: not asked.
	Counts          []int64
	All             int64
	Weight, MinRows float64
	order           []level
	sorted          []uint64
	densities       map[int][]float64 // by the number of levels
}

// level is a category while levels are sorted.
type level struct {
	bin   int32
	stat  Stat
	count int64
}

// Forget drops the tables that were kept, which grow with the numbers of levels that nodes have.
func (s *Search) Forget() { clear(s.densities) }

func (s *Search) stat(h Hist, b int) Stat {
	return Stat{float64(h[2*b]) * s.Unit1, float64(h[2*b+1]) * s.Unit2}
}

// Total returns the sums of a node out of one column of its histogram.
func (s *Search) Total(m *Matrix, h Hist) Stat {
	var g, hess int64
	for b := m.Offsets[0]; b < m.Offsets[1]; b++ {
		g += h[2*b]
		hess += h[2*b+1]
	}
	return Stat{float64(g) * s.Unit1, float64(hess) * s.Unit2}
}

// Column finds the best split of column j, monotone 1 for outputs that must not fall to the
// right, −1 for those that must not rise, and makes it best where it gains more. Ties go to the
// split that was there.
func (s *Search) Column(best *Split, m *Matrix, h Hist, j int, node Stat, monotone int, bounds Bounds) {
	c := &m.Columns[j]
	part := h[2*m.Offsets[j] : 2*m.Offsets[j+1]]
	if c.Categorical {
		s.category(best, part, j, node, bounds)
		return
	}
	s.number(best, part, j, node, monotone, bounds)
}

// number looks at every edge once, with the missing values on the right and, where there are any, on the left. Sums are
// integers times a power of two, below 2⁵³ of it: differences of their float64s are exact.
func (s *Search) number(best *Split, h Hist, j int, node Stat, monotone int, bounds Bounds) {
	bins := len(h) / 2
	missing := h[0] != 0 || h[1] != 0
	if !missing {
		bins-- // nobody is right of the last
	}
	miss := s.stat(h, 0)
	e := edges{s: s, node: node, monotone: monotone, bounds: bounds, parent: s.Score(node, bounds)}
	e.plain = s.L1 == 0 && bounds == Free && monotone == 0
	for side := range e.tops {
		e.top(side, max(best.Gain, s.MinGain))
	}
	var g, hess, count int64
	for b := 1; b < bins; b++ {
		if s.Counts != nil {
			count += s.Counts[b]
		}
		if h[2*b]|h[2*b+1] == 0 {
			continue // nobody moves
		}
		g += h[2*b]
		hess += h[2*b+1]
		left := Stat{float64(g) * s.Unit1, float64(hess) * s.Unit2}
		if node.H-left.H < s.MinH {
			break
		}
		if !e.misses(0, left) && s.enough(count) {
			e.try(0, b, left)
		}
		if !missing || b == bins-1 {
			continue
		}
		left = Stat{left.G + miss.G, left.H + miss.H}
		if !e.misses(1, left) && (s.Counts == nil || s.enough(count+s.Counts[0])) {
			e.try(1, b, left)
		}
	}
	for side, at := range e.at {
		if at == 0 || !(e.tops[side] > best.Gain) {
			continue
		}
		left := e.left[side]
		*best = Split{
			Gain: e.tops[side], Column: j, Bin: at, MissingLeft: side == 1, Left: left, Right: Stat{node.G - left.G, node.H - left.H},
		}
	}
}

// edges are the cuts of a column, the best so far with the missing values on the right and on the left.
type edges struct {
	s        *Search
	node     Stat
	monotone int
	bounds   Bounds
	plain    bool // neither L1 nor bounds
	parent   float64
	tops     [2]float64
	marks    [2]float64 // what a score has to reach, about
	at       [2]int
	left     [2]Stat
}

// sure is so far below 1 that rounding does not matter: what misses the mark by it misses it in whatever order columns come.
const sure = 1 - 1e-12

// top sets what a cut must gain more than.
func (e *edges) top(side int, gain float64) {
	e.tops[side], e.marks[side] = gain, math.Inf(-1)
	if e.plain {
		e.marks[side] = (gain + e.parent) * sure
	}
}

// misses reports a cut that gains less than the best one: both fractions as one, compared without a division. Most
// edges end here.
func (e *edges) misses(side int, left Stat) bool {
	g, dl, dr := e.node.G-left.G, left.H+e.s.L2, e.node.H-left.H+e.s.L2
	return left.G*left.G*dr+g*g*dl < e.marks[side]*dl*dr
}

// try looks at one cut.
func (e *edges) try(side, b int, left Stat) {
	s := e.s
	right := Stat{e.node.G - left.G, e.node.H - left.H}
	if left.H < s.MinH || right.H < s.MinH {
		return
	}
	gain := 0.0
	if e.plain {
		dl, dr := left.H+s.L2, right.H+s.L2
		gain = (left.G*left.G*dr+right.G*right.G*dl)/(dl*dr) - e.parent
	} else {
		if e.monotone != 0 && float64(e.monotone)*(s.Output(right, e.bounds)-s.Output(left, e.bounds)) < 0 {
			return
		}
		gain = s.Score(left, e.bounds) + s.Score(right, e.bounds) - e.parent
	}
	if gain > e.tops[side] {
		e.top(side, gain)
		e.at[side], e.left[side] = b, left
	}
}

// enough reports whether a side of so much weight, and the other, may be.
func (s *Search) enough(count int64) bool {
	if s.Counts == nil {
		return true
	}
	few := min(count, s.All-count)
	return few > 0 && float64(few)*s.Weight >= s.MinRows
}

// category sorts the levels by gradient over Hessian and looks at every cut of that order. Codes
// without a bin of their own, bin 1, stay right, where unseen ones go, and so do those that are thin in
// this node: sorted, levels of a row or two would part the rows by their own labels, which is more
// than the normal law of noise takes off.
func (s *Search) category(best *Split, h Hist, j int, node Stat, bounds Bounds) {
	s.order, s.sorted = s.order[:0], s.sorted[:0]
	told, roots, each := 0, 0.0, 0.0 // levels told apart, the sums of the roots of their Hessians and of those
	ratio := s.Unit2 / s.Unit1       // so that a float32 holds the slopes of labels in whatever unit
	add := func(b int, st Stat, count int64) {
		s.sorted = append(s.sorted, sortable(st.G/(st.H+s.Smooth)*ratio)<<32|uint64(len(s.order)))
		s.order = append(s.order, level{int32(b), st, count})
	}
	of := func(b int) int64 {
		if s.Counts == nil {
			return 0
		}
		return s.Counts[b]
	}
	var restG, restH, restCount int64 // of bin 1 and of what is thin
	for b := range len(h) / 2 {
		switch st := s.stat(h, b); {
		case h[2*b] == 0 && h[2*b+1] == 0:
			restCount += of(b) // rows whose sums are lost beside others: right, with bin 1
		case b == 1 || b > 1 && st.H < s.Thin:
			restG += h[2*b]
			restH += h[2*b+1]
			restCount += of(b)
		default:
			add(b, st, of(b))
			if b > 1 {
				told++
				roots += math.Sqrt(st.H)
				each += st.H
			}
		}
	}
	if restG != 0 || restH != 0 || restCount != 0 {
		add(1, Stat{float64(restG) * s.Unit1, float64(restH) * s.Unit2}, restCount)
	}
	n := len(s.order)
	if n < 2 {
		return
	}
	slices.Sort(s.sorted)
	density := s.density(told)
	noise := s.Noise * roots * roots * (1 + skewed*float64(told)/(each+1e-300))
	if n == 2 {
		noise = 0 // there is no order to choose
	}
	parent := s.Score(node, bounds)
	var sum, first Stat
	at, top, passed, count := -1, best.Gain, 0, int64(0)
	for k, key := range s.sorted[:n-1] {
		l := &s.order[uint32(key)]
		count += l.count
		sum.G += l.stat.G
		sum.H += l.stat.H
		if l.bin > 1 {
			passed++
		}
		rest := Stat{node.G - sum.G, node.H - sum.H}
		if sum.H < s.MinH || rest.H < s.MinH || !s.enough(count) {
			continue
		}
		// The gradients of those that went left by chance, squared over both Hessians, and a standard deviation, about.
		mean := noise * density[min(passed, told-passed)] * (1/sum.H + 1/rest.H)
		gain := s.Score(sum, bounds) + s.Score(rest, bounds) - parent - max(mean+math.Sqrt(2*s.Noise*mean)-chosen*s.Noise, 0)
		if gain > top && gain > s.MinGain {
			at, top, first = k, gain, sum
		}
	}
	if at < 0 {
		return
	}
	out := Split{Gain: top, Column: j, Left: first, Right: Stat{node.G - first.G, node.H - first.H}}
	set, other := s.sorted[:at+1], s.sorted[at+1:]
	// The set is the side without the codes that have no bin, else the one of fewer levels.
	swap := len(set) > len(other)
	rest := func(key uint64) bool { return s.order[uint32(key)].bin == 1 }
	if slices.ContainsFunc(s.sorted, rest) {
		swap = slices.ContainsFunc(set, rest)
	}
	if swap {
		set = other
		out.Left, out.Right = out.Right, out.Left
	}
	for _, key := range set {
		if bin := s.order[uint32(key)].bin; bin == 0 {
			out.MissingLeft = true
		} else {
			out.Set = append(out.Set, bin)
		}
	}
	slices.Sort(out.Set)
	*best = out
}

// sortable maps numbers, as float32s, to integers in the same order.
func sortable(x float64) uint64 {
	b := math.Float32bits(float32(x))
	return uint64(b ^ (uint32(int32(b)>>31) | 1<<31))
}

// density returns, for each 0 … n/2 of n levels, the square of the density of the normal law at the quantile
// that parts the extreme ones of them from the others. Where levels of Hessians h have gradients of
// variance Noise·h that mean nothing, those beyond it sum up to the density times √Noise·Σ√h.
func (s *Search) density(n int) []float64 {
	if t, ok := s.densities[n]; ok {
		return t
	}
	out := make([]float64, n/2+1)
	for k := 1; k < len(out); k++ {
		z := math.Erfinv(1 - 2*float64(k)/float64(n)) // over √2
		out[k] = math.Exp(-2*z*z) / (2 * math.Pi)
	}
	if s.densities == nil {
		s.densities = map[int][]float64{}
	}
	s.densities[n] = out
	return out
}

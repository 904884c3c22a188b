package predict

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
)

// kdtree finds the rows nearest to a query exactly (Friedman, Bentley and Finkel 1977), by boxes around the rows of
// each node: node i has the children 2i+1 and 2i+2.
type kdtree struct {
	d     int
	order []int32 // rows, those of a node together
	from  []int32 // of each node in order; the end is that of the last leaf below
	to    []int32
	box   []float64 // 2·d a node: least, then greatest
}

// leafRows is the number of rows up to which a node is a leaf.
const leafRows = 16

// newKDTree makes the tree of the rows of x, of d columns each; what it has when ctx ends is not to be used.
func newKDTree(ctx context.Context, x []float64, d int) kdtree {
	n := len(x) / d
	depth := 0
	for n>>depth > leafRows {
		depth++
	}
	nodes := 2<<depth - 1
	t := kdtree{d: d, order: make([]int32, n), from: make([]int32, nodes), to: make([]int32, nodes), box: make([]float64, 2*d*nodes)}
	for i := range t.order {
		t.order[i] = int32(i)
	}
	t.split(ctx, x, 0, 0, n)
	return t
}

// split fills the nodes from node on with the rows order[lo:hi], halves along the side on which their box is longest.
func (t *kdtree) split(ctx context.Context, x []float64, node, lo, hi int) {
	if node >= len(t.from) || hi-lo > rowBlock && ctx.Err() != nil {
		return
	}
	t.from[node], t.to[node] = int32(lo), int32(hi)
	box := t.box[2*t.d*node : 2*t.d*(node+1)]
	least, most := box[:t.d], box[t.d:]
	for k, i := range t.order[lo:hi] {
		for j, v := range x[int(i)*t.d : (int(i)+1)*t.d] {
			if k == 0 {
				least[j], most[j] = v, v
			}
			least[j], most[j] = math.Min(least[j], v), math.Max(most[j], v)
		}
	}
	side := 0
	for j := range least {
		if most[j]-least[j] > most[side]-least[side] {
			side = j
		}
	}
	if 2*node+1 >= len(t.from) {
		return
	}
	slices.SortFunc(t.order[lo:hi], func(a, b int32) int {
		return cmp.Or(cmp.Compare(x[int(a)*t.d+side], x[int(b)*t.d+side]), cmp.Compare(a, b))
	})
	middle := (lo + hi) / 2
	t.split(ctx, x, 2*node+1, lo, middle)
	t.split(ctx, x, 2*node+2, middle, hi)
}

// found is a row with its distance, squared but for Manhattan's.
type found struct {
	distance float64
	row      int32
}

// nearest is a search: the rows found so far, nearest first, those of equal distance in the order of the rows, of which none
// can be left out without falling below the weight that is wanted. In the end those as far as the last are there, too.
type nearest struct {
	want      float64
	weight    []float64
	manhattan bool
	query     []float64
	found     []found
	have      float64 // weight of found
	left      float64 // the least distance of a row that was left out; NaN: none
}

// find fills s.found with the nearest rows, and all that are as far as the last of them.
func (t *kdtree) find(x []float64, s *nearest) {
	s.found, s.have, s.left = s.found[:0], 0, math.NaN()
	t.visit(x, s, 0, t.gap(s, 0))
	last := s.found[len(s.found)-1].distance
	if s.left != last {
		return
	}
	for n := len(s.found); n > 0 && s.found[n-1].distance == last; n-- {
		s.found = s.found[:n-1]
	}
	t.ties(x, s, 0, last)
}

// ties appends the rows at a distance, in the order of the tree.
func (t *kdtree) ties(x []float64, s *nearest, node int, distance float64) {
	if t.from[node] == t.to[node] || t.gap(s, node) > distance {
		return
	}
	if a := 2*node + 1; a < len(t.from) {
		t.ties(x, s, a, distance)
		t.ties(x, s, a+1, distance)
		return
	}
	for _, i := range t.order[t.from[node]:t.to[node]] {
		if t.distance(x, s, i) == distance {
			s.found = append(s.found, found{distance, i})
		}
	}
}

// distance is that of the query from a row.
func (t *kdtree) distance(x []float64, s *nearest, i int32) float64 {
	sum := 0.0
	for j, v := range x[int(i)*t.d : (int(i)+1)*t.d] {
		e := math.Abs(v - s.query[j])
		if !s.manhattan {
			e *= e
		}
		sum += e
	}
	return sum
}

// gap is the distance of the query from the box of a node: never more than that of a row in it, also after rounding, for every
// operation is monotone.
func (t *kdtree) gap(s *nearest, node int) float64 {
	box := t.box[2*t.d*node : 2*t.d*(node+1)]
	sum := 0.0
	for j, q := range s.query {
		e := math.Max(0, math.Max(box[j]-q, q-box[t.d+j]))
		if !s.manhattan {
			e *= e
		}
		sum += e
	}
	return sum
}

// visit looks through a node and those below, the nearer child first. Rows as far as the last one found are still looked at: the
// order of the rows decides between them.
func (t *kdtree) visit(x []float64, s *nearest, node int, gap float64) {
	if t.from[node] == t.to[node] || s.have >= s.want && gap > s.found[len(s.found)-1].distance {
		return
	}
	if a, b := 2*node+1, 2*node+2; b < len(t.from) {
		ga, gb := t.gap(s, a), t.gap(s, b)
		if gb < ga {
			a, b, ga, gb = b, a, gb, ga
		}
		t.visit(x, s, a, ga)
		t.visit(x, s, b, gb)
		return
	}
	for _, i := range t.order[t.from[node]:t.to[node]] {
		s.add(found{t.distance(x, s, i), i})
	}
}

// add takes a row where it is among the nearest. Where some may be more than are wanted the weight is counted anew: what a large one leaves to rounding
// must not stay.
func (s *nearest) add(f found) {
	n := len(s.found)
	before := func(g found) bool { return g.distance < f.distance || g.distance == f.distance && g.row < f.row }
	if s.have >= s.want && before(s.found[n-1]) {
		s.leave(f)
		return
	}
	at := sort.Search(n, func(i int) bool { return !before(s.found[i]) })
	s.found = slices.Insert(s.found, at, f)
	s.have += s.weight[f.row]
	if s.have-s.weight[s.found[n].row] < s.want-1e-9*s.have {
		return
	}
	s.have = 0
	for k, g := range s.found {
		if s.have += s.weight[g.row]; s.have >= s.want && k+1 < len(s.found) {
			s.leave(s.found[k+1])
			s.found = s.found[:k+1]
			return
		}
	}
}

// leave keeps the distance of a row that is left out.
func (s *nearest) leave(f found) {
	if !(s.left <= f.distance) {
		s.left = f.distance
	}
}

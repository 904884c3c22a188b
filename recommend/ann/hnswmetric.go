package ann

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
	"github.com/aislekit/aisle/recommend"
)

// What the metrics make of vectors: how they are stored, how far the graph holds them
// apart, and which of the nodes that a search met answer best.

const (
	hnswMaxNorm = math.MaxFloat32 / 4 // of squared lengths, so that no product or distance overflows
	hnswWild    = 100                 // squared lengths beyond so many R² are wild, and so are those beyond so many of the ninth tenth
	hnswNoise   = 0x1p-44             // squared distances of directions that rounding may leave between equal ones
)

// store writes the first f numbers of the row of a vector, and checks the row. Vectors of
// which only the direction counts are brought to a scale, by a power of two, so that none
// is too long or short; a number too small beside the largest for float32 is 0.
func (x *HNSW) store(row, v []float32) error {
	copy(row, v) // a bias stays
	if x.metric == Cosine {
		rescale(row)
		return nil
	}
	if n := vec.Norm2(row); n > hnswMaxNorm {
		return fmt.Errorf("squared length is %v, want at most %v: %w", n, float64(hnswMaxNorm), ErrRange)
	}
	return nil
}

// rescale multiplies a row by the power of two that brings its largest number into [1, 2).
func rescale(row []float32) {
	if m := largest(row); m > 0 {
		_, e := math.Frexp(m)
		for k, a := range row {
			row[k] = float32(math.Ldexp(float64(a), 1-e))
		}
	}
}

// largest returns the largest absolute value.
func largest(row []float32) float64 {
	m := 0.0
	for _, a := range row {
		m = max(m, math.Abs(float64(a)))
	}
	return m
}

// setRadius chooses R² for InnerProduct: twice the mean squared length, at most half
// the largest. A few wild lengths do not count in full: they would make R so large that
// float32 holds nothing but R.
func (x *HNSW) setRadius() {
	n := len(x.item)
	if x.metric != InnerProduct || n == 0 {
		return
	}
	lengths := make([]float64, n)
	for a := range lengths {
		lengths[a] = vec.Norm2(x.row(int32(a)))
	}
	sorted := slices.Clone(lengths)
	slices.Sort(sorted)
	longest := sorted[n-1]
	first, _ := slices.BinarySearch(sorted, math.SmallestNonzeroFloat64)
	bound := longest
	if rest := sorted[first:]; len(rest) > 0 {
		bound = min(longest, hnswWild*rest[len(rest)*9/10])
	}
	for _, v := range lengths {
		x.norm2 += 2 * min(v, bound) / float64(n)
	}
	x.norm2 = min(x.norm2, longest/2)
}

// setExtra computes what a distance from the node needs beside its row: the scale of the
// row, or for InnerProduct the further coordinate. There a vector of wild length has none,
// and joins the graph by what is left of it at ten times R, the factor of which is kept,
// negated: at its own length every other difference would vanish beside it in float32.
func (x *HNSW) setExtra(node int32) {
	n := vec.Norm2(x.row(node))
	switch {
	case x.metric == Euclidean:
		x.extra[node] = 1
	case x.metric == Cosine && n > 0:
		x.extra[node] = float32(1 / math.Sqrt(n))
	case x.metric == Cosine:
		x.extra[node], x.odd = 0, true
	case x.norm2 > 0 && n > hnswWild*x.norm2:
		x.extra[node], x.odd = -float32(math.Sqrt(hnswWild*x.norm2/n)), true
	default:
		x.extra[node] = float32(math.Sqrt(max(0, x.norm2-n)))
	}
}

// asked returns the vector of a node as distances take it, in dst where it is not the row,
// and what belongs to it.
func (x *HNSW) asked(dst []float32, a int32) (q []float32, e float32) {
	q, e = x.row(a), max(0, x.extra[a])
	if x.metric != Cosine {
		return q, e
	}
	dst = dst[:len(q)]
	for k, v := range q {
		dst[k] = v * e
	}
	return dst, e
}

// distances writes the distance of q with its extra e from each node: for Euclidean
// ‖q - x‖², for Cosine the same of vectors of length 1, and -q·x less the product of the
// further coordinates for InnerProduct, up to a constant. Squares of differences hold
// apart what is close together far from the origin, which products do not.
func (x *HNSW) distances(dst []float32, ids []int32, q []float32, e float32) {
	if x.metric != InnerProduct {
		vec.GatherDist(dst, x.vectors, ids, x.extra, q)
		if x.odd {
			for k, a := range ids {
				if (x.extra[a] == 0) != (e == 0) {
					dst[k] = 2 // the zero vector is orthogonal to all others
				}
			}
		}
		return
	}
	vec.GatherDot(dst, x.vectors, ids, q)
	switch {
	case x.odd && e >= 0: // of a query wild lengths count in full
		for k, a := range ids {
			if c := x.extra[a]; c < 0 {
				dst[k] *= c
			} else {
				dst[k] = -dst[k] - float32(e*c)
			}
		}
	case e > 0:
		for k, a := range ids {
			dst[k] = -dst[k] - float32(e*x.extra[a])
		}
	default:
		for k := range ids {
			dst[k] = -dst[k]
		}
	}
}

// same reports whether two nodes at distance d, found from a third at the distance of
// key, stand for one.
func (x *HNSW) same(d float32, a, b int32, key uint32) bool {
	if x.metric == Cosine {
		return d <= hnswNoise
	}
	return topk.Key(d) == key && slices.Equal(x.row(a), x.row(b))
}

// ask prepares the stored form of a query; its extra is 1, 0 for a zero query of Cosine,
// and -1 for InnerProduct.
func (x *HNSW) ask(s *hnswScratch, query []float32) (q []float32, e float32, err error) {
	q = s.query
	if x.dim > x.f {
		q[x.f] = 1
	}
	if err := x.store(q, query); err != nil || x.metric == InnerProduct {
		return q, -1, err
	}
	length := 1.0
	if x.metric == Cosine {
		if length = math.Sqrt(vec.Norm2(q)); length == 0 {
			clear(s.wide)
			return q, 0, nil
		}
	}
	for k, v := range q {
		s.wide[k] = float64(v) / length
		q[k] = float32(s.wide[k])
	}
	return q, 1, nil
}

// answer is an item with what it is chosen by: how much less than the best it is.
type answer struct {
	lacks float64
	item  int32
}

// appendAnswers appends the k best of the nodes in s.keys, whose distances from the query
// are those of float32. The k-th smallest of them tells which can be among the best; these
// are held against the query in float64, so that neither the choice nor a score depends on
// what float32 has lost.
func (x *HNSW) appendAnswers(dst []recommend.Scored, s *hnswScratch, e float32, k int) []recommend.Scored {
	s.open = s.open[:0] // a max-heap here
	for _, key := range s.keys {
		if len(s.open) < k {
			s.open = pushMax(s.open, key)
		} else if key < s.open[0] {
			replaceMax(s.open, key)
		}
	}
	last := topk.Key(x.reach(math.Float32frombits(uint32(s.open[0]>>32) &^ (1 << 31))))
	s.answers = s.answers[:0]
	for _, key := range s.keys {
		if uint32(key>>32) <= last {
			a := int32(uint32(key))
			s.answers = append(s.answers, answer{x.lacks(s.wide, e, a), x.item[a]})
		}
	}
	slices.SortFunc(s.answers, func(a, b answer) int {
		return cmp.Or(cmp.Compare(a.lacks, b.lacks), cmp.Compare(a.item, b.item))
	})
	best, from := 0.0, len(dst)
	if x.metric == Cosine {
		best = 1
	}
	for _, a := range s.answers[:k] {
		dst = append(dst, recommend.Scored{Item: a.item, Score: float32(best - a.lacks)})
	}
	slices.SortFunc(dst[from:], func(a, b recommend.Scored) int { // by item where float32 makes scores equal
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst
}

// reach returns the distance up to which a node may in truth be nearer than one that
// float32 has at d: beyond the roundings of the sum, each number of two directions may be
// one rounding of itself off.
func (x *HNSW) reach(d float32) float32 {
	r := math.Sqrt(float64(d)) * (1 + float64(x.f+8)*0x1p-23)
	if x.metric == Cosine {
		r += 0x1p-22
	}
	return float32(r * r)
}

// lacks returns ‖u - x‖² of a node in float64, or for Cosine 1 less the cosine, from the
// difference of vectors of length 1.
func (x *HNSW) lacks(u []float64, e float32, a int32) float64 {
	if x.metric == Euclidean {
		d, _ := squares(u, x.row(a), 1)
		return d
	}
	if e == 0 || x.extra[a] == 0 {
		return 1
	}
	// The scale is that of float32, and the length n of the row therefore not quite 1:
	// ‖u - x‖² = (1 - n)² + 2n(1 - cos).
	d, n := squares(u, x.row(a), float64(x.extra[a]))
	n = math.Sqrt(n)
	return (d - float64((n-1)*(n-1))) / (2 * n)
}

// squares returns Σ (c·row - u)² and Σ (c·row)², each in two chains.
func squares(u []float64, row []float32, c float64) (diff, norm float64) {
	row = row[:len(u)]
	var d0, d1, n0, n1 float64
	i := 0
	for ; i+2 <= len(u); i += 2 {
		a, b := c*float64(row[i]), c*float64(row[i+1])
		d, e := float64(a)-u[i], float64(b)-u[i+1]
		d0 += float64(d * d)
		d1 += float64(e * e)
		n0 += float64(a * a)
		n1 += float64(b * b)
	}
	if i < len(u) {
		a := float64(c * float64(row[i]))
		d := a - u[i]
		d0 += float64(d * d)
		n0 += float64(a * a)
	}
	return d0 + d1, n0 + n1
}

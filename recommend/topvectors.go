package recommend

import (
	"math"
	"sync/atomic"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// The nearest of a model's own vectors by cosine, for AppendSimilar and
// AppendSimilarUsers.

// lazyLengths are the Euclidean lengths of vectors, 8 bytes each, made when they are first
// wanted: summed anew for each list they would take most of its time.
type lazyLengths struct{ p atomic.Pointer[[]float64] }

// of returns the lengths of the rows of v, f numbers each.
func (l *lazyLengths) of(v []float32, f int) []float64 {
	if n := l.p.Load(); n != nil {
		return *n
	}
	n := make([]float64, len(v)/max(f, 1))
	for i := range n {
		n[i] = math.Sqrt(vec.Norm2(v[i*f : i*f+f]))
	}
	l.p.Store(&n) // another one may have done the same
	return n
}

// appendVectorTop appends the k rows of v with the largest cosine with row i.
func appendVectorTop(dst []Scored, v []float32, lengths *lazyLengths, f int, i int32, k int) ([]Scored, error) {
	n := len(v) / max(f, 1)
	if uint32(i) >= uint32(n) {
		return dst, unknownItem(n)
	}
	self := v[int(i)*f : int(i)*f+f]
	norms := lengths.of(v, f)
	norm := norms[i]
	if norm == 0 {
		return dst, nil
	}
	var h topk.Heap
	h.Reset(min(k, n-1))
	for j := range n {
		if d := norm * norms[j]; j != int(i) && d > 0 {
			h.Push(int32(j), float32(float64(vec.Dot(self, v[j*f:j*f+f]))/d))
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// appendUserTop is appendVectorTop for the vectors of users.
func appendUserTop(dst []UserScore, v []float32, lengths *lazyLengths, f int, u int32, k int) ([]UserScore, error) {
	near, err := appendVectorTop(nil, v, lengths, f, u, k)
	for _, s := range near {
		dst = append(dst, UserScore{User: s.Item, Score: s.Score})
	}
	return dst, err
}

func isZero(v []float32) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

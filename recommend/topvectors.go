package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// The nearest of a model's own vectors by cosine, for AppendSimilar and
// AppendSimilarUsers.

// appendVectorTop appends the k rows of v with the largest cosine with row i.
func appendVectorTop(dst []Scored, v []float32, f int, i int32, k int) ([]Scored, error) {
	n := len(v) / max(f, 1)
	if uint32(i) >= uint32(n) {
		return dst, unknownItem(n)
	}
	self := v[int(i)*f : int(i)*f+f]
	norm := math.Sqrt(vec.Norm2(self))
	if norm == 0 {
		return dst, nil
	}
	var h topk.Heap
	h.Reset(min(k, n-1))
	for j := range n {
		row := v[j*f : j*f+f]
		if d := norm * math.Sqrt(vec.Norm2(row)); j != int(i) && d > 0 {
			h.Push(int32(j), float32(float64(vec.Dot(self, row))/d))
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// appendUserTop is appendVectorTop for the vectors of users.
func appendUserTop(dst []UserScore, v []float32, f int, u int32, k int) ([]UserScore, error) {
	near, err := appendVectorTop(nil, v, f, u, k)
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

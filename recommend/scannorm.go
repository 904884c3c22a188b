package recommend

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// One user against a model of vectors, longest vectors first: no score is larger
// than the product of the lengths (and the bias), so a list is complete as soon as
// what is left is too short for it. Scores are computed as scan computes them, and
// the lists are those of scan to the last bit.

const (
	normChunk = 512  // items between two looks at what is left
	normItems = 4096 // a smaller catalogue is in the cache
)

// normOrder is the items of a model by length of vector, descending.
type normOrder struct {
	ids     []int32
	norms   []float64 // of ids
	highest []float64 // of a chunk: its largest bias
	maxBias float64   // largest magnitude
}

// lazyOrder is a normOrder that is made when it is first wanted.
type lazyOrder struct{ p atomic.Pointer[normOrder] }

// of returns the order of y and bias, nil where something is not finite.
func (l *lazyOrder) of(y, bias []float32, f int) *normOrder {
	o := l.p.Load()
	if o == nil {
		o = newNormOrder(y, bias, f)
		l.p.Store(o) // another one may have done the same
	}
	if o.ids == nil {
		return nil
	}
	return o
}

// newNormOrder sorts n vectors of length f by their norm, equal ones by index. It is
// empty where a norm or bias is beyond what bounds can be computed with.
func newNormOrder(y, bias []float32, f int) *normOrder {
	n := len(y) / max(f, 1)
	norms := make([]float64, n)
	o := &normOrder{ids: make([]int32, n)}
	for i := range o.ids {
		o.ids[i] = int32(i)
		norms[i] = math.Sqrt(vec.Norm2(y[i*f : i*f+f]))
		if !(norms[i] < math.MaxFloat32) || bias != nil && !(math.Abs(float64(bias[i])) < math.MaxFloat32) {
			return &normOrder{}
		}
	}
	slices.SortFunc(o.ids, func(a, b int32) int {
		if c := cmp.Compare(norms[b], norms[a]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	o.norms = make([]float64, n)
	o.highest = make([]float64, (n+normChunk-1)/normChunk)
	for at, i := range o.ids {
		o.norms[at] = norms[i]
		if bias != nil {
			b, chunk := float64(bias[i]), at/normChunk
			o.maxBias = max(o.maxBias, math.Abs(b))
			if at%normChunk == 0 || b > o.highest[chunk] {
				o.highest[chunk] = b
			}
		}
	}
	return o
}

// topByNorm is top where that is less work: it returns false, h as it came, where
// lengths say too little.
func (s *scan) topByNorm(h *topk.Heap, free indexSet, n int, from float32) bool {
	o := s.order
	if o == nil || s.scores != nil || len(o.ids) < normItems || h.Cap() > len(o.ids)/32 {
		return false
	}
	count := 0
	for _, word := range free {
		count += bits.OnesCount64(word)
	}
	u := tileUser{s: s, h: h, free: free, n: n, from: from}
	if count < len(o.ids)/4 || !u.measure(o.norms[0], o.maxBias, len(s.v)+1) {
		return false
	}
	s.threshold = from
	short := func(at int) bool { // no item of the chunk at can reach the list
		return u.norm*o.norms[at]+o.highest[at/normChunk]+float64(s.base)+u.margin < float64(s.threshold)
	}
	for lo := 0; lo < len(o.ids); lo += normChunk {
		if short(lo) {
			continue
		}
		if lo == normChunk { // the first chunk says what the rest will cost
			left := 0
			for at := lo; at < len(o.ids); at += normChunk {
				if !short(at) {
					left += normChunk
				}
			}
			if left > len(o.ids)/3 {
				h.Reset(h.Cap())
				return false
			}
		}
		ids := o.ids[lo:min(lo+normChunk, len(o.ids))]
		block := s.buf[:len(ids)]
		vec.GatherDot(block, s.y, ids, s.v)
		if s.bias != nil {
			for k, i := range ids {
				block[k] += s.base + s.bias[i]
			}
		}
		ones := s.ones[:len(ids)]
		for at := vec.NextAbove(block, ones, s.threshold, 0); at < len(ids); at = vec.NextAbove(block, ones, s.threshold, at+1) {
			if free.has(ids[at]) {
				u.keep(ids[at], block[at])
			}
		}
	}
	u.finish()
	return true
}

package recommend

import (
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// vectorScorer is a model whose scores are base + bias[i] + v·yᵢ, rounded as its
// Score rounds them, so that a list may be selected block by block without
// scoring the whole catalogue into memory.
type vectorScorer interface {
	inner
	// queryVector returns v, in buf or aliasing the model, with the errors of
	// Score. buf has the length that itemVectors says.
	queryVector(buf []float32, q Query) (v []float32, base float32, err error)
	// itemVectors returns the items×factors matrix and the biases; nil: none.
	itemVectors() (y, bias []float32, factors int)
	// lengths returns those of the items' vectors, without the biases.
	lengths() []float64
	// byNorm returns the order of their lengths; nil: none.
	byNorm() *normOrder
}

// placer is a vectorScorer that keeps vectors in a form of its own, to which place brings
// that of an item that joins; a second time changes nothing.
type placer interface{ place(v []float32) }

// vectorsOf returns m if it is a model of vectors, else nil.
func vectorsOf(m Model) vectorScorer {
	v, _ := itself[vectorScorer](m)
	return v
}

// scanBlock is how many items are scored at a time: few enough that their scores
// stay in the first-level cache.
const (
	scanWords = 16
	scanBlock = scanWords * 64
)

// Where a selection starts: every number, every number that a source vouches for
// (minus infinity is no score there), or what a sparse source knows something
// about.
var (
	fromAll    = float32(math.Inf(-1))
	fromFinite = float32(-math.MaxFloat32)
	fromSparse = float32(math.SmallestNonzeroFloat32)
)

// scan selects the best of scores that are in memory, or that are computed block
// by block as they are needed. It owns scratch memory.
type scan struct {
	scores []float32 // when set, these

	y, bias []float32 // else those of vectors
	v       []float32
	base    float32
	tail    []float32 // scores of the items after those with vectors
	order   *normOrder

	buf    []float32 // scores of a block
	ones   []float32
	picked []int32
	vector []float32

	ready readyTop // the answer of the next top, when that is known already

	heap      *topk.Heap
	full      bool
	threshold float32 // what a score must reach now
}

// readyTop is what top gives for a heap of k items and a lower bound.
type readyTop struct {
	k     int // 0: nothing is ready
	from  float32
	items []topk.Item
}

func (s *scan) push(i int32, score float32) {
	s.heap.Push(i, score)
	if s.heap.Full() {
		s.full = true
		// Indices ascend, so an equal score never displaces a kept item.
		s.threshold = max(s.threshold, math.Nextafter32(s.heap.Worst().Score, float32(math.Inf(1))))
	}
}

// use makes s score by the model's vectors. It returns false when the model has
// none and must score into memory; errors are those of Score.
func (s *scan) use(m Model, q Query) (bool, error) {
	s.ready.k = 0
	vs := vectorsOf(m)
	if vs == nil {
		return false, nil
	}
	var f int
	s.y, s.bias, f = vs.itemVectors()
	s.order = vs.byNorm()
	if cap(s.vector) < f {
		s.vector = make([]float32, f)
	}
	var err error
	s.scores, s.tail = nil, s.tail[:0]
	s.v, s.base, err = vs.queryVector(s.vector[:f], q)
	return true, err
}

// top fills h, which must have been reset, with the best of the n items whose bit
// in free is set and whose score is at least from; equal scores by ascending
// index, NaN never.
func (s *scan) top(h *topk.Heap, free indexSet, n int, from float32) {
	if r := &s.ready; r.k > 0 {
		known := r.k == h.Cap() && r.from == from
		r.k = 0 // free changes after the first call
		if known {
			for _, it := range r.items {
				h.Push(it.ID, it.Score)
			}
			return
		}
	}
	if s.buf == nil {
		s.buf, s.ones, s.picked = make([]float32, scanBlock), make([]float32, scanBlock), make([]int32, 0, scanBlock)
		for k := range s.ones {
			s.ones[k] = 1
		}
	}
	s.heap, s.full, s.threshold = h, h.Full(), from
	if s.full { // nothing is wanted
		return
	}
	if s.topByNorm(h, free, n, from) {
		return
	}
	s.threshold = from
	for w := 0; w < len(free); w += scanWords {
		words := free[w:min(w+scanWords, len(free))]
		count := 0
		for _, word := range words {
			count += bits.OnesCount64(word)
		}
		if count == 0 {
			continue
		}
		lo := w << 6
		size := min(scanBlock, n-lo)
		if count*4 < size {
			s.few(words, lo)
			continue
		}
		block := s.block(lo, size)
		at := 0
		for ; at < size && !s.full; at++ {
			if words.has(int32(at)) && block[at] >= s.threshold {
				s.push(int32(lo+at), block[at])
			}
		}
		ones := s.ones[:size]
		for {
			if at = vec.NextAbove(block, ones, s.threshold, at); at >= size {
				break
			}
			if words.has(int32(at)) {
				s.push(int32(lo+at), block[at])
			}
			at++
		}
	}
}

// few is top for a block of which most items are filtered.
func (s *scan) few(words indexSet, lo int) {
	s.picked = s.picked[:0]
	for w, word := range words {
		for ; word != 0; word &= word - 1 {
			s.picked = append(s.picked, int32(lo+w<<6+trailing(word)))
		}
	}
	if s.scores != nil {
		for _, i := range s.picked {
			if v := s.scores[i]; v >= s.threshold {
				s.push(i, v)
			}
		}
		return
	}
	own := len(s.picked)
	for own > 0 && int(s.picked[own-1]) >= s.rows() {
		own--
	}
	block := s.buf[:len(s.picked)]
	vec.GatherDot(block[:own], s.y, s.picked[:own], s.v)
	for k, i := range s.picked {
		if k >= own {
			block[k] = s.tail[int(i)-s.rows()]
		} else if s.bias != nil {
			block[k] += s.base + s.bias[i]
		}
		if block[k] >= s.threshold {
			s.push(i, block[k])
		}
	}
}

// block returns the scores of items lo to lo+size.
func (s *scan) block(lo, size int) []float32 {
	if s.scores != nil {
		return s.scores[lo : lo+size]
	}
	block := s.buf[:size]
	s.fill(block, lo)
	return block
}

// rows returns the number of items with vectors.
func (s *scan) rows() int { return len(s.y) / len(s.v) }

// fill computes the scores of the items from lo on.
func (s *scan) fill(block []float32, lo int) {
	f, own := len(s.v), max(min(len(block), s.rows()-lo), 0)
	if own < len(block) {
		copy(block[own:], s.tail[lo+own-s.rows():])
		block = block[:own]
	}
	if own == 0 {
		return
	}
	vec.DotRows(block, s.y[lo*f:(lo+own)*f], s.v)
	if s.bias != nil {
		for k, b := range s.bias[lo : lo+own] {
			block[k] += s.base + b
		}
	}
}

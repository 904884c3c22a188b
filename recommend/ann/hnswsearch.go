package ann

import (
	"fmt"
	"math/bits"

	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
	"github.com/aislekit/aisle/recommend"
)

// topHeap selects the answers of a search.
type topHeap struct {
	heap  topk.Heap
	items []topk.Item
}

// Slots returns one more than the largest item that was ever in the index: the
// size that item sets must have.
func (x *HNSW) Slots() int {
	if x == nil {
		return 0
	}
	return len(x.node)
}

// Len returns the number of items in the index.
func (x *HNSW) Len() int {
	if x == nil {
		return 0
	}
	return len(x.item) - len(x.free) - x.dead
}

// Factors returns the length of a query.
func (x *HNSW) Factors() int {
	if x == nil {
		return 0
	}
	return x.f
}

// unmade refuses an index that is nil or zero.
func (x *HNSW) unmade(where string) error {
	if x.Factors() == 0 {
		return fmt.Errorf("ann: %s: neither fitted nor decoded: %w", where, ErrEmpty)
	}
	return nil
}

// AppendTop appends the k items that answer the query vector best and pass f:
// best first, equal scores by ascending index, exactly min(k, eligible) of them.
// Scores are those of the metric, exact: for Cosine and Euclidean the best are chosen and
// scored in float64, so that of items with equal scores the nearer ones are among them. That
// no better item was missed is likely only. Of the filter, Items beyond the catalogue are ignored.
//
// ef is the width of the search, at least k; 0 means max(64, 2·k). Twice the
// width takes less than twice the time and misses fewer items. Where the filter
// leaves so little that the graph would be slower, the eligible items are scored
// one by one, which misses none.
//
// No allocation in steady state. ErrShape (query), ErrNotFinite (query), ErrOption
// (k < 1 or ef < 0), ErrMismatch (an item set whose size is not Slots(), or of another catalogue),
// ErrRange (a query of squared length above 8.5e37, unless for Cosine), ErrEmpty (an index that is
// nil or zero).
func (x *HNSW) AppendTop(dst []recommend.Scored, query []float32, k, ef int, f recommend.Filter) ([]recommend.Scored, error) {
	const where = "ann: HNSW.AppendTop"
	if err := x.unmade("HNSW.AppendTop"); err != nil {
		return dst, err
	}
	if k < 1 || ef < 0 {
		return dst, fmt.Errorf("%s: k is %d and ef %d, want at least 1 and 0: %w", where, k, ef, ErrOption)
	}
	if len(query) != x.f {
		return dst, fmt.Errorf("%s: query of length %d, want %d: %w", where, len(query), x.f, ErrShape)
	}
	for i, v := range query {
		if v-v != 0 {
			return dst, fmt.Errorf("%s: query: number %d is %v: %w", where, i, v, ErrNotFinite)
		}
	}
	for k, set := range [...]*recommend.ItemSet{f.Allow, f.Deny} {
		if set != nil && set.Size() != len(x.node) {
			return dst, fmt.Errorf("%s: %s is a set of %d items, want %d: %w", where, [...]string{"Allow", "Deny"}[k], set.Size(), len(x.node), ErrMismatch)
		}
		if set != nil && !x.shares(set) {
			return dst, fmt.Errorf("%s: %s is a set of %d items of another catalogue than the %d of the index%s: %w", where, [...]string{"Allow", "Deny"}[k], set.Size(), len(x.node), ids.FirstItem(x, set), ErrMismatch)
		}
	}
	if ef == 0 {
		ef = max(64, 2*min(k, x.Len()))
	}
	ef = max(ef, min(k, x.Len()))
	s := x.getScratch()
	defer x.scratch.Put(s)
	q, e, err := x.ask(s, query)
	if err != nil {
		return dst, fmt.Errorf("%s: query: its squared length is above %.3g: %w", where, float64(hnswMaxNorm), ErrRange)
	}
	eligible := x.Len()
	var ok []uint64 // nil: all
	if f.Allow != nil || f.Deny != nil || len(f.Items) > 0 {
		ok, eligible = x.eligible(s, f)
	}
	k = min(k, eligible)
	if k == 0 {
		return dst, nil
	}
	// A search meets ineligible items as often as they are frequent, and looks
	// at some Links vectors for each it meets.
	few := float64(eligible)*float64(eligible) <= float64(ef)*float64(x.m)*float64(x.Len())
	s.top.heap.Reset(k)
	if few || !x.walk(s, q, e, k, ef, ok) {
		x.scan(s, q, e, ok)
	}
	if x.metric != InnerProduct {
		return x.appendAnswers(dst, s, e, k), nil
	}
	s.top.items = s.top.heap.AppendSorted(s.top.items[:0])
	for _, it := range s.top.items {
		dst = append(dst, recommend.Scored{Item: it.ID, Score: it.Score})
	}
	return dst, nil
}

// walk leaves what a search of width ef finds for the query q where scan does, and reports
// whether there are k of them: not all of the graph can be reached.
func (x *HNSW) walk(s *hnswScratch, q []float32, e float32, k, ef int, ok []uint64) bool {
	// Several starts: good answers often lie in several regions.
	s.start = append(s.start[:0], x.descend(s, q, e, 1))
	if x.level[x.entry] > 0 {
		x.explore(s, q, e, 1, max(ef/4, 8), nil)
		if len(s.best) > 0 {
			s.start = append(s.start[:0], s.best...)
		}
	}
	x.explore(s, q, e, 0, ef, ok)
	if len(s.best) < k {
		return false
	}
	if x.metric != InnerProduct {
		s.keys = append(s.keys[:0], s.best...)
		return true
	}
	for _, key := range s.best {
		a := int32(uint32(key))
		s.top.heap.Push(x.item[a], vec.Dot(q, x.row(a)))
	}
	return true
}

// eligible returns the items that pass f and are there, and their number.
func (x *HNSW) eligible(s *hnswScratch, f recommend.Filter) ([]uint64, int) {
	s.ok = append(s.ok[:0], x.live...)
	if f.Allow != nil {
		for w, a := range f.Allow.Bits() {
			s.ok[w] &= a
		}
	}
	if f.Deny != nil {
		for w, d := range f.Deny.Bits() {
			s.ok[w] &^= d
		}
	}
	for _, i := range f.Items {
		if uint32(i) < uint32(len(x.node)) {
			s.ok[i>>6] &^= 1 << (i & 63)
		}
	}
	n := 0
	for _, w := range s.ok {
		n += bits.OnesCount64(w)
	}
	return s.ok, n
}

// scan finds all eligible items: their scores go to s.top, or for metrics of differences
// their distances to s.keys.
func (x *HNSW) scan(s *hnswScratch, q []float32, e float32, ok []uint64) {
	if ok == nil {
		ok = x.live
	}
	s.keys = s.keys[:0]
	for w, word := range ok {
		s.ids = s.ids[:0]
		for ; word != 0; word &= word - 1 {
			s.ids = append(s.ids, x.node[w<<6+bits.TrailingZeros64(word)])
		}
		if len(s.ids) == 0 {
			continue
		}
		dist := s.dist[:len(s.ids)]
		if x.metric != InnerProduct {
			x.distances(dist, s.ids, q, e)
			for k, a := range s.ids {
				s.keys = append(s.keys, hnswKey(dist[k], a))
			}
			continue
		}
		vec.GatherDot(dist, x.vectors, s.ids, q)
		for k, a := range s.ids {
			s.top.heap.Push(x.item[a], dist[k])
		}
	}
}

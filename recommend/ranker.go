package recommend

import (
	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// Filter says which items may be recommended. The zero Filter lets all through.
type Filter struct {
	Allow *ItemSet // when set, only these
	Deny  *ItemSet // never these
	Items []int32  // never these either, e.g. what the user has already; any order
}

// Ranker turns a model's scores into top lists. It owns scratch memory: use one
// per goroutine, and lists cost no allocation in steady state. Models of vectors
// (ALS, BPR, WARP, LMF, MF) are scored block by block beside the selection, and
// items that the filter removes are not scored where they are many.
type Ranker struct {
	model Model
	scan  scan
	all   []float32 // scores in memory, for models that need them
	heap  topk.Heap
	items []topk.Item
	free  indexSet
}

// NewRanker returns a ranker over m; one over nil, which answers with ErrEmpty, where m is
// nil.
func NewRanker(m Model) *Ranker {
	if check.Missing(m) {
		return &Ranker{}
	}
	return &Ranker{model: m, free: newIndexSet(m.Items())}
}

// AppendTop appends the k best items for q that pass f to dst: best first, equal
// scores by ascending index, exactly min(k, eligible) of them. Errors are those
// of Model.Score, and ErrMismatch for an item set of another size. For many lists
// see TopLists.
func (r *Ranker) AppendTop(dst []Scored, q Query, k int, f Filter) ([]Scored, error) {
	if err := r.prepare(q, f); err != nil {
		return dst, err
	}
	n := r.model.Items()
	r.heap.Reset(min(k, n))
	r.scan.top(&r.heap, r.free, n, fromAll)
	return r.appendHeap(dst), nil
}

func (r *Ranker) appendHeap(dst []Scored) []Scored {
	r.items = r.heap.AppendSorted(r.items[:0])
	for _, it := range r.items {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst
}

// prepare makes r.scan ready and leaves in r.free what may be recommended.
func (r *Ranker) prepare(q Query, f Filter) error {
	if r == nil || r.model == nil {
		return ErrEmpty
	}
	n := r.model.Items()
	if err := f.Allow.fits(r.model, "recommend: Filter.Allow"); err != nil {
		return err
	}
	if err := f.Deny.fits(r.model, "recommend: Filter.Deny"); err != nil {
		return err
	}
	if err := checkHistory(&q, n); err != nil {
		return err
	}
	if f.Allow != nil {
		copy(r.free, f.Allow.set.Words())
	} else {
		r.free.fill(n)
	}
	if f.Deny != nil {
		r.free.andNot(f.Deny.set.Words())
	}
	for _, i := range f.Items {
		if uint32(i) < uint32(n) {
			r.free.drop(i)
		}
	}
	q.eligible = r.free
	fused, err := r.scan.use(r.model, q)
	if err == nil && !fused {
		if r.all == nil {
			r.all = make([]float32, n)
		}
		r.scan.scores = r.all
		err = r.model.Score(r.all, q)
	}
	return err
}

package recommend

import (
	"fmt"
	"reflect"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/topk"
)

// Stranger is the User of a Query for somebody the model was not fitted on.
const Stranger int32 = -1

// Query says for whom to score: a dense user index, a history, or both.
//
// Models that keep something for each user (ALS, MF, BPR, …) use User when it is
// in range and fold the history in otherwise. Models that work on the history
// (neighbours, linear autoencoders, walks, content) use Items always.
// Models of order, those fitted on Sequences, read Items as a sequence, oldest
// first and with repeats. Interactions.Query fills both, but knows no order.
type Query struct {
	User    int32     // dense index, or Stranger
	Items   []int32   // history, dense item indices in [0, Items()), distinct
	Weights []float32 // parallel to Items; nil means 1 each

	eligible []uint64 // bits by item; nil: all
}

// Eligible reports whether the answer may contain the item, as far as the asker
// says: an Engine passes what its filters left on to the models, a Ranker too.
// Models that pick candidates (Cascade, Stack) pick them among these; scores of
// other items are not read. It holds during the call.
func (q *Query) Eligible(item int32) bool {
	return q.eligible == nil || uint32(item) < uint32(len(q.eligible)*64) && hasItem(q.eligible, item)
}

// Weight returns the weight of the k-th item of the history.
func (q *Query) Weight(k int) float32 {
	if q.Weights == nil {
		return 1
	}
	return q.Weights[k]
}

// Scored is an item with its score. What a score means is said by each model;
// scores of different models are not comparable.
type Scored struct {
	Item  int32
	Score float32
}

// Model is what every recommender can do. A fitted model is immutable and safe
// for concurrent use.
type Model interface {
	// Users and Items give the shape of the matrix the model was fitted on.
	Users() int
	Items() int

	// Score writes one score per item into dst, which must have length Items();
	// higher is better. It allocates nothing in steady state.
	//
	// It returns ErrEmpty, and leaves dst undefined, when the model knows nothing
	// about the query: an unknown user without history, or a history the model
	// cannot use. ErrShape: dst of another length. ErrRange: a history item out
	// of range, or a weight beyond ±1e30 (NaN and infinity are ErrNotFinite too).
	Score(dst []float32, q Query) error
}

// missing reports whether there is no model in m, a nil *ALS of a failed fit
// included.
func missing(m any) bool {
	v := reflect.ValueOf(m)
	return m == nil || v.Kind() == reflect.Pointer && v.IsNil()
}

// Similar is the ability to name items like another.
type Similar interface {
	// AppendSimilar appends the k items most similar to item, best first, ties
	// by index, never item itself. Fewer are appended when fewer have any
	// similarity. ErrUnknownID when item is out of range.
	AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error)
}

// SimilarUsers is the ability to name users like another: ALS, BPR, WARP, LMF,
// MF, SVDPP, FM and NMF by the cosine of their vectors, UserKNN by its measure.
type SimilarUsers interface {
	// AppendSimilarUsers appends the k users of the fit most similar to user, best
	// first, ties by index, never user itself. None are appended for a user without
	// entries. ErrUnknownID when user is out of range.
	AppendSimilarUsers(dst []UserScore, user int32, k int) ([]UserScore, error)
}

// Reason is the share of one history item in a score.
type Reason struct {
	Item         int32   // the history item: "because you bought Item"
	Contribution float32 // its part of the score; see Explainer
}

// Explainer is the ability to say why an item got its score.
type Explainer interface {
	// AppendReasons appends the k history items that contributed most to the
	// score of item, largest first. The contributions of all history items add
	// up to the score (to float32 rounding) where the model's comment says
	// exact.
	AppendReasons(dst []Reason, q Query, item int32, k int) ([]Reason, error)
}

// Folder is the ability to turn a history into a user vector, for people the
// model was not fitted on.
type Folder interface {
	// Factors returns the length of a user vector.
	Factors() int
	// FoldIn writes the vector of a user with that history into dst, which must
	// have length Factors().
	FoldIn(dst []float32, items []int32, weights []float32) error
}

// checkQuery validates dst and the history of a query for a model of n items.
func checkQuery(dst []float32, q *Query, n int) error {
	if len(dst) != n {
		return ErrShape
	}
	return checkHistory(q, n)
}

// checkHistory validates the history of a query for a model of n items.
func checkHistory(q *Query, n int) error {
	if q.Weights != nil && len(q.Weights) != len(q.Items) {
		return ErrShape
	}
	for _, i := range q.Items {
		if uint32(i) >= uint32(n) {
			return ErrRange
		}
	}
	for _, w := range q.Weights {
		if !check.Finite(float64(w)) {
			return errWeight
		}
		if w < -mostWeight || w > mostWeight {
			return ErrRange
		}
	}
	return nil
}

// errWeight is both, for callers that test for either.
var errWeight = fmt.Errorf("recommend: weight of the history: %w, %w", ErrNotFinite, ErrRange)

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
	free  []uint64
}

// NewRanker returns a ranker over m.
func NewRanker(m Model) *Ranker {
	return &Ranker{model: m, free: make([]uint64, (m.Items()+63)/64)}
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
	n := r.model.Items()
	if f.Allow != nil && f.Allow.set.Size() != n || f.Deny != nil && f.Deny.set.Size() != n {
		return ErrMismatch
	}
	if err := checkHistory(&q, n); err != nil {
		return err
	}
	if f.Allow != nil {
		copy(r.free, f.Allow.set.Words())
	} else {
		fillBits(r.free, n)
	}
	if f.Deny != nil {
		for k, word := range f.Deny.set.Words() {
			r.free[k] &^= word
		}
	}
	for _, i := range f.Items {
		if uint32(i) < uint32(n) {
			r.free[i>>6] &^= 1 << (uint(i) & 63)
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

// fillBits sets the first n bits and clears the rest.
func fillBits(set []uint64, n int) {
	for k := range set {
		set[k] = ^uint64(0)
	}
	if r := n % 64; r != 0 {
		set[len(set)-1] = 1<<r - 1
	}
}

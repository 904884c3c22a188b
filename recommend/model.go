package recommend

import (
	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/topk"
)

// Stranger is the User of a Query for somebody the model was not fitted on.
const Stranger int32 = -1

// Query says for whom to score: a dense user index, a history, or both.
//
// Models that keep something for each user (ALS, MF, BPR, …) use User when it is
// in range and fold the history in otherwise. Models that work on the history
// (neighbours, linear autoencoders, walks, content) use Items always.
// Interactions.Query fills both.
type Query struct {
	User    int32     // dense index, or Stranger
	Items   []int32   // history, dense item indices in [0, Items()), distinct
	Weights []float32 // parallel to Items; nil means 1 each
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
	// of range.
	Score(dst []float32, q Query) error
}

// Similar is the ability to name items like another.
type Similar interface {
	// AppendSimilar appends the k items most similar to item, best first, ties
	// by index, never item itself. Fewer are appended when fewer have any
	// similarity. ErrUnknownID when item is out of range.
	AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error)
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
	if len(dst) != n || q.Weights != nil && len(q.Weights) != len(q.Items) {
		return ErrShape
	}
	for _, i := range q.Items {
		if uint32(i) >= uint32(n) {
			return ErrRange
		}
	}
	return nil
}

// Filter says which items may be recommended. The zero Filter lets all through.
type Filter struct {
	Allow *ItemSet // when set, only these
	Deny  *ItemSet // never these
	Items []int32  // never these either, e.g. what the user has already; any order
}

// Ranker turns a model's scores into top lists. It owns scratch memory: use one
// per goroutine, and lists cost no allocation in steady state.
type Ranker struct {
	model  Model
	scores []float32
	heap   topk.Heap
	items  []topk.Item
	gone   *bitset.Set
}

// NewRanker returns a ranker over m.
func NewRanker(m Model) *Ranker {
	return &Ranker{model: m, scores: make([]float32, m.Items()), gone: bitset.New(m.Items())}
}

// AppendTop appends the k best items for q that pass f to dst: best first, equal
// scores by ascending index, exactly min(k, eligible) of them. Errors are those
// of Model.Score, and ErrMismatch for an item set of another size.
func (r *Ranker) AppendTop(dst []Scored, q Query, k int, f Filter) ([]Scored, error) {
	n := r.model.Items()
	if f.Allow != nil && f.Allow.set.Size() != n || f.Deny != nil && f.Deny.set.Size() != n {
		return dst, ErrMismatch
	}
	if err := r.model.Score(r.scores, q); err != nil {
		return dst, err
	}
	for _, i := range f.Items {
		r.gone.Add(i)
	}
	if f.Deny != nil {
		r.gone.Or(f.Deny.set)
	}
	r.heap.Reset(min(k, n))
	gone := r.gone.Words()
	var allow []uint64
	if f.Allow != nil {
		allow = f.Allow.set.Words()
	}
	for w, g := range gone {
		free := ^g
		if allow != nil {
			free &= allow[w]
		}
		if free == 0 {
			continue
		}
		base := w << 6
		block := r.scores[base:min(base+64, n)]
		if r.heap.Full() && r.heap.Len() > 0 {
			worst := r.heap.Worst().Score
			for b, s := range block {
				// Ids ascend, so an equal score never displaces a kept item.
				if s > worst && free>>uint(b)&1 == 1 {
					r.heap.Push(int32(base+b), s)
					worst = r.heap.Worst().Score
				}
			}
			continue
		}
		for b, s := range block {
			if free>>uint(b)&1 == 1 {
				r.heap.Push(int32(base+b), s)
			}
		}
	}
	for _, i := range f.Items {
		r.gone.Remove(i)
	}
	if f.Deny != nil {
		r.gone.AndNot(f.Deny.set)
	}
	r.items = r.heap.AppendSorted(r.items[:0])
	for _, it := range r.items {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

package recommend

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Stranger is the User of a Query for somebody the model was not fitted on.
const Stranger int32 = -1

// Query says for whom to score: a dense user index, a history, or both.
//
// Models that keep something for each user (ALS, MF, BPR, …) use User when it is
// in range and fold the history in otherwise. Models that work on the history
// (neighbours, linear autoencoders, walks, content) use Items always.
// Models of order, those fitted on Sequences, read Items as a sequence, oldest
// first and with repeats. Interactions.Query fills both, but knows no order;
// Sequences.Query does. An Engine gives every model the form it reads; a model over
// models passes the query on through For.
type Query struct {
	User    int32     // dense index, or Stranger
	Items   []int32   // history, dense item indices in [0, Items()), distinct but for models of order
	Weights []float32 // parallel to Items; nil means 1 each

	eligible indexSet // nil: all
	views    *views   // nil: there is no other form of the history
	fitted   int32    // 1 more than the user whose newer history a stranger's is, 0: nobody's
}

// views are the forms of one history: see Query.For.
type views struct {
	set     view // an entry an item, ascending
	whole   view // every event, oldest first
	session view // the events of the current session, which is the last part of whole
}

// view is one form of a history.
type view struct {
	items   []int32
	weights []float32
}

// For returns q as m reads it, for a model over models to ask its part m:
//
//   - An OrderReader gets the events, oldest first and with repeats: those of the
//     current session where one is marked (Request.SessionStart), all of them if
//     it is a HistoryReader too. Their weights are those they were observed with, but
//     for models of this package fitted on Sequences, which have none: there an event
//     is an event, as it was in the fit.
//   - Any other model, and nil, gets an entry an item, ascending.
//
// A query made by an Engine holds all of these. One made by hand is what it is: to a
// model of order it goes unchanged, and for another one repeats are added up and
// items sorted, into the memory of buf, which is overwritten and may be nil.
func (q Query) For(m Model, buf *Query) Query {
	order := m != nil && readsOrder(m)
	v := &view{q.Items, q.Weights}
	switch {
	case q.views == nil:
		if !order {
			return q.folded(buf)
		}
	case !order:
		v = &q.views.set
	case readsHistory(m):
		v = &q.views.whole
	default:
		v = &q.views.session
	}
	q.Items, q.Weights = v.items, v.weights
	if _, even := m.(evenReader); even && q.views != nil {
		q.Weights = nil
	}
	return q
}

// folded returns q with one entry an item, ascending, in the memory of buf.
func (q Query) folded(buf *Query) Query {
	sorted := true
	for k := 1; k < len(q.Items) && sorted; k++ {
		sorted = q.Items[k-1] < q.Items[k]
	}
	if sorted || q.Weights != nil && len(q.Weights) != len(q.Items) {
		return q
	}
	if buf == nil {
		buf = &Query{}
	}
	items, weights := buf.Items[:0], buf.Weights[:0]
	for k, i := range q.Items {
		at, found := slices.BinarySearch(items, i)
		if found {
			weights[at] += q.Weight(k)
			continue
		}
		items, weights = slices.Insert(items, at, i), slices.Insert(weights, at, q.Weight(k))
	}
	buf.Items, buf.Weights = items, weights
	q.Items, q.Weights = items, weights
	return q
}

// Eligible reports whether the answer may contain the item, as far as the asker
// says: an Engine passes what its filters left on to the models, a Ranker too.
// Models that pick candidates (hybrid.Cascade, hybrid.Stack) pick them among these; scores of
// other items are not read. It holds during the call.
func (q *Query) Eligible(item int32) bool {
	return q != nil && (q.eligible == nil || uint32(item) < uint32(len(q.eligible)*64) && q.eligible.has(item))
}

// Check refuses what Model.Score has to refuse of a query to a model of that many
// items, with its errors: ErrShape, ErrRange, ErrNotFinite. A model of your own calls
// it first; NewFunc does so for its function. Cost: a look at each item of the history.
func (q *Query) Check(items int) (err error) {
	defer about(&err, "Query.Check")
	if q == nil {
		return fmt.Errorf("query: %w", ErrEmpty)
	}
	return checkHistory(q, items)
}

// Weight returns the weight of the k-th item of the history; 0 where k is out of range or
// Weights are too few.
func (q *Query) Weight(k int) float32 {
	switch {
	case q == nil:
	case uint(k) < uint(len(q.Weights)):
		return q.Weights[k]
	case q.Weights == nil && uint(k) < uint(len(q.Items)):
		return 1
	}
	return 0
}

// Scored is an item with its score. What a score means is said by each model;
// scores of different models are not comparable.
type Scored struct {
	Item  int32   // dense index
	Score float32 // higher is better
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
	// of range, or a weight beyond ±1e30 as a float32 (NaN and infinity are ErrNotFinite too).
	Score(dst []float32, q Query) error
}

// checkQuery validates dst and the history of a query for a model of n items.
func checkQuery(dst []float32, q *Query, n int) error {
	if len(dst) != n || n == 0 {
		if n == 0 {
			return ErrEmpty
		}
		return ErrShape
	}
	return checkHistory(q, n)
}

// checkHistory validates the history of a query for a model of n items.
func checkHistory(q *Query, n int) error {
	if q.Weights != nil && len(q.Weights) != len(q.Items) {
		return fmt.Errorf("history: %d weights of %d items: %w", len(q.Weights), len(q.Items), ErrShape)
	}
	for k, i := range q.Items {
		if uint32(i) >= uint32(n) {
			return fmt.Errorf("history: item %d is %d, want in [0, %d): %w", k, i, n, ErrRange)
		}
	}
	for k, w := range q.Weights {
		if !check.Finite(float64(w)) { // both, for callers that test for either
			return fmt.Errorf("history: weight %d is %v: %w, %w", k, w, ErrNotFinite, ErrRange)
		}
		if w < -mostWeight || w > mostWeight {
			return fmt.Errorf("history: weight %d is %v, want within ±1e30: %w", k, w, ErrRange)
		}
	}
	return nil
}

func weightAt(weights []float32, k int) float32 {
	if weights == nil {
		return 1
	}
	return weights[k]
}

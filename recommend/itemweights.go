package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
)

// itemWeights is the common part of the models that score by a sparse item×item
// matrix: score = Σ wⱼ·B[j, i] over the history items j.
type itemWeights struct {
	origin
	users   int
	reaches *sparse.CSR // B: row j holds the items that history item j speaks for
	near    *sparse.CSR // row i holds what counts as similar to item i; Bᵀ or B
}

// Users returns the number of users of the fit.
func (m *itemWeights) Users() int { return m.users }

// Items returns the number of items.
func (m *itemWeights) Items() int {
	if m.reaches == nil {
		return 0
	}
	return m.reaches.Rows
}

// Score writes Σ wⱼ·B[j, i] over the history for every item i, B being the
// model's item weights; ErrEmpty for an empty history. Cost: the stored weights
// of the history items.
func (m *itemWeights) Score(dst []float32, q Query) error {
	return scoreLinear(dst, &q, m.reaches)
}

// linearMeaning is what a score of them stands for.
const linearMeaning = "sum over the history of weight times learned similarity to the item"

// AppendSimilar appends the items with the largest weight to item, best first. Where the fit added
// what is popular (see Interactions.BeyondPopularity) that is the first for nearly every item, but for
// ItemKNN, where the weights to an item all grow by the same.
func (m *itemWeights) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return appendRowTop(dst, m.near, item, k)
}

// appendReasons is the AppendReasons of the models, under the names of their types.
func (m *itemWeights) appendReasons(name string, dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	defer about(&err, name+".AppendReasons")
	return linearReasons(dst, &q, item, k, m.reaches)
}

func (m *itemWeights) appendFrame(dst []byte, kind uint16, b *sparse.CSR) []byte {
	var w codec.Writer
	w.Int(m.users)
	putCSR(&w, b)
	m.origin.put(&w)
	return w.AppendFrame(dst, kind, 1)
}

// openItemWeights decodes what appendFrame wrote; name is that of the type, for errors.
func openItemWeights[T any](m *T, data []byte, kind uint16, name string) (users int, b *sparse.CSR, of origin, err error) {
	r, err := open(m, data, kind, 1)
	if err != nil {
		return 0, nil, of, fmt.Errorf("recommend: %s.UnmarshalBinary: %w", name, err)
	}
	users, b = r.Int(), getCSR(r)
	if b.Rows == 0 || b.Rows != b.Cols {
		r.Fail("holds a matrix that is empty or not square")
	}
	of = getOrigin(r)
	if err := r.Done(); err != nil {
		return 0, nil, origin{}, fmt.Errorf("recommend: %s.UnmarshalBinary: %w", name, err)
	}
	return users, b, of, nil
}

// scoreLinear writes Σ wⱼ·b[j, :] over the history into dst.
func scoreLinear(dst []float32, q *Query, b *sparse.CSR) error {
	if b == nil {
		return ErrEmpty
	}
	if err := checkQuery(dst, q, b.Cols); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	clear(dst)
	addLinear(dst, q, b)
	return nil
}

// addLinear adds Σ wⱼ·b[j, :] over the history to dst.
func addLinear(dst []float32, q *Query, b *sparse.CSR) {
	for k, j := range q.Items {
		w := q.Weight(k)
		cols, vals := b.Row(int(j))
		for n, i := range cols {
			dst[i] += float32(w * vals[n])
		}
	}
}

// appendAlone appends the items that a history of item alone scores highest.
func appendAlone(dst []Scored, m Model, item int32, k int) ([]Scored, error) {
	if uint32(item) >= uint32(m.Items()) {
		return dst, unknownItem(m.Items())
	}
	scores := make([]float32, m.Items())
	err := m.Score(scores, Query{User: Stranger, Items: []int32{item}})
	if errors.Is(err, ErrEmpty) {
		return dst, nil // a history the model cannot use
	}
	if err != nil {
		return dst, err
	}
	var h topk.Heap
	h.Reset(min(k, m.Items()-1))
	for i, s := range scores {
		if int32(i) != item && s > 0 {
			h.Push(int32(i), s)
		}
	}
	for _, it := range h.AppendSorted(nil) {
		dst = append(dst, Scored{it.ID, it.Score})
	}
	return dst, nil
}

// linearReasons decomposes a score of scoreLinear.
func linearReasons(dst []Reason, q *Query, item int32, k int, b *sparse.CSR) ([]Reason, error) {
	if b == nil {
		return dst, errUnfit
	}
	if uint32(item) >= uint32(b.Cols) {
		return dst, noItem(item, b.Cols)
	}
	return topReasons(dst, q, k, b.Rows, func(n int, j int32) float32 {
		if p := b.Find(int(j), item); p >= 0 {
			return q.Weight(n) * b.Val[p]
		}
		return 0
	})
}

// topReasons appends the k history items with the largest non-zero
// contribution, largest first, ties by index.
func topReasons(dst []Reason, q *Query, k, items int, contribution func(n int, j int32) float32) ([]Reason, error) {
	if err := checkHistory(q, items); err != nil {
		return dst, err
	}
	start := len(dst)
	repeats := false
	for n, j := range q.Items {
		if c := contribution(n, j); c != 0 {
			repeats = repeats || len(dst) > start && dst[len(dst)-1].Item >= j
			dst = append(dst, Reason{j, c})
		}
	}
	if repeats { // a sequence, or a history out of order: an item is one reason
		slices.SortStableFunc(dst[start:], func(a, b Reason) int { return cmp.Compare(a.Item, b.Item) })
		kept := start
		for n := start; n < len(dst); n++ {
			if kept > start && dst[kept-1].Item == dst[n].Item {
				dst[kept-1].Contribution += dst[n].Contribution
			} else {
				dst[kept] = dst[n]
				kept++
			}
		}
		dst = dst[:kept]
	}
	slices.SortFunc(dst[start:], func(a, b Reason) int {
		return topk.Compare(topk.Item{ID: a.Item, Score: a.Contribution}, topk.Item{ID: b.Item, Score: b.Contribution})
	})
	return dst[:start+min(len(dst)-start, max(k, 0))], nil
}

// appendRowTop appends the k largest entries of a row.
func appendRowTop(dst []Scored, m *sparse.CSR, row int32, k int) ([]Scored, error) {
	if m == nil {
		return dst, ErrEmpty
	}
	if uint32(row) >= uint32(m.Rows) {
		return dst, ErrUnknownID
	}
	start := len(dst)
	cols, vals := m.Row(int(row))
	for n, c := range cols {
		if c != row {
			dst = append(dst, Scored{c, vals[n]})
		}
	}
	slices.SortFunc(dst[start:], func(a, b Scored) int {
		return topk.Compare(topk.Item{ID: a.Item, Score: a.Score}, topk.Item{ID: b.Item, Score: b.Score})
	})
	return dst[:start+min(len(dst)-start, max(k, 0))], nil
}

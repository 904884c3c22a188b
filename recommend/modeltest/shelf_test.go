package modeltest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/aislekit/aisle/recommend"
)

// shelf is a model of somebody else: cosines of items, whole and slow, with every
// ability. It is right, so that the faults planted into it are the only ones.
type shelf struct {
	users, items int
	cosine       []float64 // items×items
	rows         [][]int32 // items of each user, of weight above 0
	sentences
}

type sentences struct{}

func (sentences) Meaning() string    { return "sum of the cosines to the items of the history" }
func (sentences) SparseScores() bool { return true }
func (sentences) ReadsOrder() bool   { return false }

func fitShelf(ctx context.Context, x *recommend.Interactions) (*shelf, error) {
	if x == nil || x.Len() == 0 {
		return nil, fmt.Errorf("shelf: interactions: %w", recommend.ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	m := &shelf{users: x.Users(), items: x.Items(), cosine: make([]float64, x.Items()*x.Items()), rows: make([][]int32, x.Users())}
	for u := range x.Users() {
		items, weights := x.Row(u)
		for k, i := range items {
			if !(weights[k] >= 0 && weights[k] <= 1e30) {
				return nil, fmt.Errorf("shelf: weight of user %d item %d: %w", u, i, recommend.ErrRange)
			}
			if weights[k] > 0 {
				m.rows[u] = append(m.rows[u], i)
			}
			for l, j := range items {
				m.cosine[int(i)*m.items+int(j)] += float64(weights[k]) * float64(weights[l])
			}
		}
	}
	norm := make([]float64, m.items)
	for i := range norm {
		norm[i] = math.Sqrt(m.cosine[i*m.items+i])
	}
	for i := range norm {
		for j := range norm {
			if at := i*m.items + j; m.cosine[at] > 0 {
				m.cosine[at] /= norm[i] * norm[j]
			}
		}
	}
	return m, nil
}

// held returns m, or a model that holds nothing where m is nil.
func held[M any](m *M) *M {
	if m == nil {
		return new(M)
	}
	return m
}

func (m *shelf) Users() int { return held(m).users }
func (m *shelf) Items() int { return held(m).items }

func (m *shelf) check(items []int32, weights []float32) error {
	if m.items == 0 {
		return recommend.ErrEmpty
	}
	if weights != nil && len(weights) != len(items) {
		return recommend.ErrShape
	}
	for _, i := range items {
		if i < 0 || int(i) >= m.items {
			return recommend.ErrRange
		}
	}
	for _, w := range weights {
		if w-w != 0 {
			return errors.Join(recommend.ErrRange, recommend.ErrNotFinite)
		}
		if w < -1e30 || w > 1e30 {
			return recommend.ErrRange
		}
	}
	return nil
}

func (m *shelf) Score(dst []float32, q recommend.Query) error {
	if m = held(m); m.items == 0 {
		return recommend.ErrEmpty
	}
	if len(dst) != m.items {
		return recommend.ErrShape
	}
	if err := m.check(q.Items, q.Weights); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return recommend.ErrEmpty
	}
	for i := range dst {
		sum := 0.0
		for k, j := range q.Items {
			sum += float64(q.Weight(k)) * m.cosine[int(j)*m.items+i]
		}
		dst[i] = float32(sum)
	}
	return nil
}

// similar returns what is like item i, the item itself too, ties as asked.
func (m *shelf) similar(i int32, ties func(a, b int32) int) []recommend.Scored {
	var all []recommend.Scored
	for j := range int32(m.items) {
		if c := m.cosine[int(i)*m.items+int(j)]; c > 0 {
			all = append(all, recommend.Scored{Item: j, Score: float32(c)})
		}
	}
	slices.SortFunc(all, func(a, b recommend.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), ties(a.Item, b.Item))
	})
	return all
}

func (m *shelf) AppendSimilar(dst []recommend.Scored, item int32, k int) ([]recommend.Scored, error) {
	if m = held(m); m.items == 0 {
		return dst, recommend.ErrEmpty
	}
	if item < 0 || int(item) >= m.items {
		return dst, recommend.ErrUnknownID
	}
	all := slices.DeleteFunc(m.similar(item, cmp.Compare[int32]), func(o recommend.Scored) bool { return o.Item == item })
	return append(dst, all[:min(max(k, 0), len(all))]...), nil
}

func (m *shelf) AppendSimilarUsers(dst []recommend.UserScore, user int32, k int) ([]recommend.UserScore, error) {
	if m = held(m); m.items == 0 {
		return dst, recommend.ErrEmpty
	}
	if user < 0 || int(user) >= m.users {
		return dst, recommend.ErrUnknownID
	}
	var all []recommend.UserScore
	for v := range int32(m.users) {
		both := 0
		for _, i := range m.rows[user] {
			if slices.Contains(m.rows[v], i) {
				both++
			}
		}
		if both > 0 && v != user {
			all = append(all, recommend.UserScore{User: v, Score: float32(both)})
		}
	}
	slices.SortStableFunc(all, func(a, b recommend.UserScore) int { return cmp.Compare(b.Score, a.Score) })
	return append(dst, all[:min(max(k, 0), len(all))]...), nil
}

func (m *shelf) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if m = held(m); m.items == 0 {
		return dst, recommend.ErrEmpty
	}
	if item < 0 || int(item) >= m.items {
		return dst, recommend.ErrUnknownID
	}
	if err := m.check(q.Items, q.Weights); err != nil {
		return dst, err
	}
	var all []recommend.Reason
	for n, j := range q.Items {
		all = append(all, recommend.Reason{Item: j, Contribution: float32(float64(q.Weight(n)) * m.cosine[int(j)*m.items+int(item)])})
	}
	slices.SortStableFunc(all, func(a, b recommend.Reason) int { return cmp.Compare(b.Contribution, a.Contribution) })
	return append(dst, all[:min(max(k, 0), len(all))]...), nil
}

func (m *shelf) Factors() int { return held(m).items }

func (m *shelf) FoldIn(dst []float32, items []int32, weights []float32) error {
	if m = held(m); m.items == 0 {
		return recommend.ErrEmpty
	}
	if len(dst) != m.items {
		return recommend.ErrShape
	}
	if err := m.check(items, weights); err != nil {
		return err
	}
	q := recommend.Query{Items: items, Weights: weights}
	clear(dst)
	for k, i := range items {
		dst[i] += q.Weight(k)
	}
	return nil
}

// stored is a shelf as gob writes it.
type stored struct {
	Users, Items int
	Cosine       []float64
	Rows         [][]int32
}

func (m *shelf) AppendBinary(dst []byte) ([]byte, error) {
	if m = held(m); m.items == 0 {
		return dst, recommend.ErrEmpty
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(stored{m.users, m.items, m.cosine, m.rows}); err != nil {
		return dst, err
	}
	dst = append(dst, fmt.Sprintf("%08x", crc32.ChecksumIEEE(b.Bytes()))...)
	return append(dst, b.Bytes()...), nil
}

func (m *shelf) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

func (m *shelf) UnmarshalBinary(data []byte) error {
	if m == nil {
		return recommend.ErrEmpty
	}
	if len(data) < 8 || fmt.Sprintf("%08x", crc32.ChecksumIEEE(data[8:])) != string(data[:8]) {
		return recommend.ErrCorrupt
	}
	var s stored
	if err := gob.NewDecoder(bytes.NewReader(data[8:])).Decode(&s); err != nil {
		return errors.Join(recommend.ErrCorrupt, err)
	}
	*m = shelf{users: s.Users, items: s.Items, cosine: s.Cosine, rows: s.Rows}
	return nil
}

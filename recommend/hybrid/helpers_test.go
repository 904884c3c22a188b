package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// tableModel scores by a table: one row a user, and a function of the history
// for strangers. NaN rows of scores are allowed: such items are never taken.
type tableModel struct {
	users  [][]float32
	linear [][]float32 // history item × item; nil: strangers are ErrEmpty
	sparse bool
	items  int
}

func tableOf(sparse bool, rows ...[]float32) *tableModel {
	return &tableModel{users: rows, items: len(rows[0]), sparse: sparse}
}

func (m *tableModel) Users() int         { return len(m.users) }
func (m *tableModel) Items() int         { return m.items }
func (m *tableModel) SparseScores() bool { return m.sparse }

func (m *tableModel) Score(dst []float32, q recommend.Query) error {
	if err := q.Check(m.items); err != nil {
		return err
	}
	if q.User >= 0 && int(q.User) < len(m.users) && m.users[q.User] != nil {
		copy(dst, m.users[q.User])
		return nil
	}
	if len(q.Items) == 0 || m.linear == nil {
		return recommend.ErrEmpty
	}
	clear(dst)
	for k, j := range q.Items {
		for i, v := range m.linear[j] {
			dst[i] += q.Weight(k) * v
		}
	}
	return nil
}

// AppendReasons appends all of them, in order of the history.
func (m *tableModel) AppendReasons(dst []recommend.Reason, q recommend.Query, item int32, k int) ([]recommend.Reason, error) {
	if m.linear == nil {
		return dst, recommend.ErrEmpty
	}
	for n, j := range q.Items {
		dst = append(dst, recommend.Reason{Item: j, Contribution: q.Weight(n) * m.linear[j][item]})
	}
	return dst, nil
}

var errFailing = errors.New("out of order")

type failingModel struct{ tableModel }

func (*failingModel) Score([]float32, recommend.Query) error { return errFailing }

// groups returns a matrix in which users of group g take items of group g, with
// a little noise, an empty user and an item nobody took.
func groups(users, items, n int, seed uint64) *recommend.Interactions {
	rows := make([][]int32, users)
	for u := range rows {
		r := rng.New(seed, 1, uint64(u))
		if u == users-1 {
			continue
		}
		taken := map[int32]bool{}
		for len(taken) < n {
			i := r.Intn(items - 1)
			if r.Bool(0.95) {
				i = i/4*4 + u%4
			}
			if i < items-1 && !taken[int32(i)] {
				taken[int32(i)] = true
				rows[u] = append(rows[u], int32(i))
			}
		}
	}
	x, err := recommend.InteractionsFromRows(items, rows)
	if err != nil {
		panic(err)
	}
	return x
}

// groupTitles fits texts in which items of one group (index modulo 4) have common words.
func groupTitles(t testing.TB, n int) *recommend.TFIDFModel {
	t.Helper()
	texts := make([]string, n)
	for i := range texts {
		g := i % 4
		texts[i] = fmt.Sprintf("kind%d sort%d style%d item%d colour%d", g, g, g, i, i%7)
	}
	return must(recommend.FitTFIDF(context.Background(), texts, recommend.TFIDFOptions{}))(t)
}

// must returns a function that fails the test on the error beside v.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func mustBlend(t testing.TB, parts []hybrid.Weighted, opt hybrid.BlendOptions) *hybrid.Blend {
	t.Helper()
	return must(hybrid.NewBlend(parts, opt))(t)
}

func mustRRF(t testing.TB, parts []hybrid.Weighted, opt hybrid.RRFOptions) *hybrid.RRF {
	t.Helper()
	return must(hybrid.NewRRF(parts, opt))(t)
}

package sparse

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// However many runs and workers: the entries of the rows taken in order, sorted
// by column.
func TestTransposeOrderProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols, es := drawEntries(t)
		m, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int32, rows)
		for r := range all {
			all[r] = int32(r)
		}
		order := rapid.Permutation(all).Draw(t, "order")
		if rapid.Bool().Draw(t, "as they are") {
			order = nil
		}
		type cell struct {
			Entry
			q int64 // its place in m
		}
		var want []cell
		for r := range rows {
			i := at(order, r)
			for q := m.Ptr[i]; q < m.Ptr[i+1]; q++ {
				want = append(want, cell{Entry{m.Col[q], int32(r), m.Val[q]}, q})
			}
		}
		slices.SortStableFunc(want, func(a, b cell) int { return cmp.Compare(a.Row, b.Row) })
		first := rapid.Int32Range(0, 1).Draw(t, "first")
		for _, runs := range []int{1, 2, 3, 7, 20} {
			for _, workers := range []int{1, 2, 8} {
				place := make([]int32, m.Len())
				got := mustList(m.transpose(context.Background(), listForm{order, place, first, nil}, runs, workers))
				if err := got.Validate(); err != nil {
					t.Fatal(err)
				}
				if got.Rows != cols || got.Cols != rows || got.Len() != len(want) {
					t.Fatalf("%d runs: %d×%d with %d entries, want %d×%d with %d", runs, got.Rows, got.Cols, got.Len(), cols, rows, len(want))
				}
				for p, c := range want {
					if got.Col[p] != c.Col || got.Val[p] != c.Val {
						t.Fatalf("%d runs, %d workers: entry %d is (%d, %v), want %v", runs, workers, p, got.Col[p], got.Val[p], c.Entry)
					}
					if before := int64(place[c.q]) - int64(first); got.Ptr[c.Row]+before != int64(p) {
						t.Fatalf("%d runs, %d workers: entry %d of its row is said to be %d", runs, workers, int64(p)-got.Ptr[c.Row], before)
					}
				}
				if !equal(got, mustList(m.transpose(context.Background(), listForm{order, nil, first, nil}, runs, workers))) {
					t.Fatalf("%d runs, %d workers: another result without place", runs, workers)
				}
				codes := codesOf(m.Val, rows)
				coded := mustList(m.transpose(context.Background(), listForm{order, nil, first, codes}, runs, workers))
				if coded.Val != nil || !slices.Equal(coded.Ptr, got.Ptr) {
					t.Fatalf("%d runs, %d workers: %v, row pointers %v, want %v", runs, workers, coded.Val, coded.Ptr, got.Ptr)
				}
				for p, e := range coded.Col {
					if v := codes.values[e&255]; column(e) != got.Col[p] || math.Float32bits(v) != math.Float32bits(got.Val[p]) {
						t.Fatalf("%d runs, %d workers: entry %d says (%d, %v), want (%d, %v)", runs, workers, p, column(e), v, got.Col[p], got.Val[p])
					}
				}
			}
		}
	})
}

// The runs cover all rows in turn, and hold the same but for one row.
func TestCutsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols, es := drawEntries(t)
		m, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		order, rank := m.byLength()
		want := slices.Clone(order)
		slices.Sort(want)
		slices.SortStableFunc(want, func(a, b int32) int { return cmp.Compare(m.RowLen(int(b)), m.RowLen(int(a))) })
		if !slices.Equal(order, want) {
			t.Fatalf("by length: %v, want %v", order, want)
		}
		longest := 0
		for r, i := range order {
			longest = max(longest, m.RowLen(r))
			if rank[i] != int32(r) {
				t.Fatalf("row %d has rank %d, want %d", i, rank[i], r)
			}
		}
		if rapid.Bool().Draw(t, "as they are") {
			order = nil
		}
		runs := rapid.IntRange(1, 9).Draw(t, "runs")
		cuts := m.cuts(order, runs)
		if len(cuts) != runs+1 || cuts[0] != 0 || cuts[runs] != rows || !slices.IsSorted(cuts) {
			t.Fatalf("%d runs of %d rows: %v", runs, rows, cuts)
		}
		for k := range runs {
			held := 0
			for r := cuts[k]; r < cuts[k+1]; r++ {
				held += m.RowLen(at(order, r))
			}
			if most := m.Len()/runs + longest + 1; held > most {
				t.Fatalf("run %d of %v holds %d of %d entries", k, cuts, held, m.Len())
			}
		}
	})
}

// A matrix large enough to be cut, by every number of workers.
func TestTransposeOn(t *testing.T) {
	m := skewed(500, 5000, 20)
	if m.runs(8) < 2 || m.runs(1) != 1 {
		t.Fatalf("%d runs for 8 workers, %d for 1", m.runs(8), m.runs(1))
	}
	want := m.Transpose()
	if back := want.Transpose(); !equal(back, m) {
		t.Fatal("transposing twice is not the identity")
	}
	for _, workers := range []int{0, 1, 2, 3, 8} {
		if !equal(m.TransposeOn(workers), want) {
			t.Errorf("%d workers: another result", workers)
		}
	}
}

func mustList(m *CSR, err error) *CSR {
	if err != nil {
		panic(err)
	}
	return m
}

// A transposition looks at its context while it counts and while it writes.
func TestTransposeUntil(t *testing.T) {
	m := &CSR{Rows: 64, Cols: 8, Ptr: make([]int64, 65), Col: make([]int32, 1<<21), Val: make([]float32, 1<<21)}
	for r := range 65 {
		m.Ptr[r] = int64(r) << 15
	}
	looks := testkit.NewLooks(0, true)
	if _, err := m.TransposeUntil(looks, 1); err != nil || looks.From("transpose") < 10 {
		t.Fatalf("%d looks, %v", looks.Count(), err)
	}
	for end := 1; end <= looks.Count(); end++ {
		if got, err := m.TransposeUntil(testkit.NewLooks(end, false), 1); !errors.Is(err, context.Canceled) || got != nil {
			t.Errorf("told to stop at look %d: %v", end, err)
		}
	}
}

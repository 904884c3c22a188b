package sparse

import (
	"cmp"
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
)

func drawEntries(t *rapid.T) (rows, cols int, es []Entry) {
	rows, cols = rapid.IntRange(0, 12).Draw(t, "rows"), rapid.IntRange(0, 12).Draw(t, "cols")
	if rows == 0 || cols == 0 {
		return rows, cols, nil
	}
	es = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Entry {
		return Entry{
			rapid.Int32Range(0, int32(rows-1)).Draw(t, "row"), rapid.Int32Range(0, int32(cols-1)).Draw(t, "col"),
			rapid.Float32Range(-1e3, 1e3).Draw(t, "val"),
		}
	}), 0, 60).Draw(t, "entries")
	return rows, cols, es
}

// dense is the slow oracle: cells added up in a map.
func dense(m *CSR) map[[2]int32]float32 {
	out := map[[2]int32]float32{}
	for r := range m.Rows {
		cols, vals := m.Row(r)
		for k, c := range cols {
			out[[2]int32{int32(r), c}] = vals[k]
		}
	}
	return out
}

func TestFromEntriesProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols, es := drawEntries(t)
		before := slices.Clone(es)
		m, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(es, before) {
			t.Fatal("input was changed")
		}
		want := map[[2]int32]float64{}
		for _, e := range es {
			want[[2]int32{e.Row, e.Col}] += float64(e.Val)
		}
		got := dense(m)
		if len(got) != len(want) || m.Len() != len(want) {
			t.Fatalf("%d cells, want %d", len(got), len(want))
		}
		for k, v := range want {
			if math.Abs(float64(got[k])-v) > 1e-6*(1+math.Abs(v)) {
				t.Fatalf("cell %v is %v, want %v", k, got[k], v)
			}
		}
		m2, err := FromEntries(rows, cols, rapid.Permutation(es).Draw(t, "order"))
		if err != nil || !reflect.DeepEqual(m, m2) {
			t.Fatal("result depends on the order of the entries")
		}
	})
}

func TestTransposeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols, es := drawEntries(t)
		m, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		keep := m.Clone()
		tr := m.Transpose()
		if err := tr.Validate(); err != nil {
			t.Fatal(err)
		}
		a, b := dense(m), dense(tr)
		for k, v := range a {
			if w, ok := b[[2]int32{k[1], k[0]}]; !ok || w != v {
				t.Fatalf("cell %v is %v, transposed %v", k, v, w)
			}
		}
		if len(a) != len(b) || tr.Rows != m.Cols || tr.Cols != m.Rows {
			t.Fatal("shape")
		}
		back := tr.Transpose()
		if !slices.Equal(back.Ptr, m.Ptr) || !slices.Equal(back.Col, m.Col) || !slices.Equal(back.Val, m.Val) {
			t.Fatal("transposing twice is not the identity")
		}
		if !reflect.DeepEqual(keep, m.Clone()) {
			t.Fatal("Transpose changed its receiver")
		}
		for r := range m.Rows {
			if cols, _ := m.Row(r); m.RowLen(r) != len(cols) {
				t.Fatal("RowLen")
			}
			for c := range int32(m.Cols) {
				p := m.Find(r, c)
				if v, ok := a[[2]int32{int32(r), c}]; ok != (p >= 0) || ok && m.Val[p] != v {
					t.Fatalf("Find(%d, %d) = %d", r, c, p)
				}
			}
		}
		copied, _ := FromSortedRows(context.Background(), m.Rows, m.Cols, m.Row)
		if !slices.Equal(copied.Ptr, m.Ptr) || !slices.Equal(copied.Col, m.Col) || !slices.Equal(copied.Val, m.Val) {
			t.Fatal("FromSortedRows of the rows is not the matrix")
		}
	})
}

func TestTopKProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols, es := drawEntries(t)
		for i := range es {
			es[i].Val = float32(math.Round(float64(es[i].Val) / 400)) // force ties
		}
		m, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		k := rapid.IntRange(-1, 14).Draw(t, "k")
		got := m.TopK(k)
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		for r := range m.Rows {
			c, v := m.Row(r)
			order := make([]int, len(c))
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(v[b], v[a]) })
			order = order[:min(max(k, 0), len(order))]
			slices.Sort(order)
			gc, gv := got.Row(r)
			if len(gc) != len(order) {
				t.Fatalf("row %d keeps %d, want %d", r, len(gc), len(order))
			}
			for i, o := range order {
				if gc[i] != c[o] || gv[i] != v[o] {
					t.Fatalf("row %d: got %v, want positions %v of %v", r, gc, order, c)
				}
			}
		}
	})
}

func TestValidate(t *testing.T) {
	good := func() *CSR {
		return &CSR{Rows: 2, Cols: 3, Ptr: []int64{0, 2, 3}, Col: []int32{0, 2, 1}, Val: []float32{1, 2, 3}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		harm func(*CSR)
		want error
	}{
		{"negative shape", func(m *CSR) { m.Cols = -1 }, check.ErrShape},
		{"row count", func(m *CSR) { m.Rows = 3 }, check.ErrShape},
		{"no pointers", func(m *CSR) { m.Rows, m.Ptr = 0, nil }, check.ErrShape},
		{"first pointer", func(m *CSR) { m.Ptr[0] = 1 }, check.ErrShape},
		{"last pointer", func(m *CSR) { m.Ptr[2] = 2 }, check.ErrShape},
		{"descending pointers", func(m *CSR) { m.Ptr = []int64{0, 4, 3} }, check.ErrShape},
		{"values missing", func(m *CSR) { m.Val = m.Val[:2] }, check.ErrShape},
		{"column too large", func(m *CSR) { m.Col[1] = 3 }, check.ErrShape},
		{"column negative", func(m *CSR) { m.Col[0] = -1 }, check.ErrShape},
		{"column twice", func(m *CSR) { m.Col[1] = 0 }, check.ErrShape},
		{"NaN", func(m *CSR) { m.Val[2] = float32(math.NaN()) }, check.ErrNotFinite},
	} {
		m := good()
		c.harm(m)
		if err := m.Validate(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFromEntriesRefuses(t *testing.T) {
	for _, c := range []struct {
		name       string
		rows, cols int
		es         []Entry
		want       error
	}{
		{"negative rows", -1, 2, nil, check.ErrShape},
		{"negative cols", 2, -1, nil, check.ErrShape},
		{"row", 2, 2, []Entry{{0, 0, 1}, {2, 0, 1}}, check.ErrRange},
		{"negative column", 2, 2, []Entry{{0, -1, 1}}, check.ErrRange},
		{"NaN", 2, 2, []Entry{{0, 0, float32(math.NaN())}}, check.ErrNotFinite},
		{"overflow", 2, 2, []Entry{{1, 1, math.MaxFloat32}, {1, 1, math.MaxFloat32}}, check.ErrNotFinite},
	} {
		if m, err := FromEntries(c.rows, c.cols, c.es); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v, %v", c.name, m, err)
		}
	}
}

package sparse

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/internal/topk"
)

// slowPairs computes every product from the definition.
func slowPairs(p Pairs, k int) *CSR {
	w := p.W
	left := p.Left
	if left == nil {
		left = w.Val
	}
	top := make([][]topk.Item, w.Rows)
	for i := range w.Rows {
		dense := make([]float32, w.Cols)
		for q := w.Ptr[i]; q < w.Ptr[i+1]; q++ {
			dense[w.Col[q]] = left[q]
		}
		var h topk.Heap
		h.Reset(k)
		for j := range w.Rows {
			if i == j && !p.Diagonal {
				continue
			}
			var s float32
			cols, vals := w.Row(j)
			for n, c := range cols {
				s += float32(dense[c] * vals[n])
			}
			if p.Score.Size != nil {
				product := p.Score.Size[i] * p.Score.Size[j]
				s /= product + p.Score.Shrinkage
			}
			v := s
			if p.Score.Value != nil {
				if s == 0 {
					continue
				}
				v = p.Score.Value(int32(i), int32(j), s)
			} else if p.Score.Col != nil {
				v *= p.Score.Col[j]
			}
			if v > 0 {
				h.Push(int32(j), v)
			}
		}
		top[i] = h.AppendSorted(nil)
		for n := range top[i] {
			if p.Score.Row != nil {
				top[i][n].Score *= p.Score.Row[i]
			}
			if p.Score.Finish != nil {
				top[i][n].Score = p.Score.Finish(top[i][n].Score)
			}
		}
		slices.SortFunc(top[i], func(a, b topk.Item) int { return int(a.ID) - int(b.ID) })
	}
	m, _ := FromSortedRows(context.Background(), w.Rows, w.Rows, func(r int) (cols []int32, vals []float32) {
		for _, it := range top[r] {
			cols, vals = append(cols, it.ID), append(vals, it.Score)
		}
		return cols, vals
	})
	return m
}

func equal(a, b *CSR) bool {
	return a.Rows == b.Rows && a.Cols == b.Cols && slices.Equal(a.Ptr, b.Ptr) && slices.Equal(a.Col, b.Col) && slices.Equal(a.Val, b.Val)
}

// Small whole values make the sums exact, so that the order of summation cannot
// matter, and ties frequent.
func TestPairsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 150).Draw(t, "rows"), rapid.IntRange(1, 30).Draw(t, "cols")
		r := rng.New(rapid.Uint64().Draw(t, "seed"), 0, 0)
		share := rapid.SampledFrom([]int{1, 2, 8, 30}).Draw(t, "one in")
		values := rapid.SampledFrom([]int{5, 600}).Draw(t, "values")              // 600: too many for codes, where the matrix is large
		below := rapid.SampledFrom([]int{1, values / 2, values}).Draw(t, "below") // differences from means have both signs
		var es []Entry
		for i := range rows {
			for c := range cols {
				if r.Intn(share) == 0 {
					es = append(es, Entry{int32(i), int32(c), float32(r.Intn(values) - below)})
				}
			}
		}
		w, err := FromEntries(rows, cols, es)
		if err != nil {
			t.Fatal(err)
		}
		p := Pairs{W: w, Diagonal: rapid.Bool().Draw(t, "diagonal")}
		factors := func() []float32 {
			out := make([]float32, rows)
			for i := range out {
				out[i] = float32(r.Intn(4)) / 2
			}
			return out
		}
		if rapid.Bool().Draw(t, "left") {
			byColumn := make([]float32, cols)
			for c := range byColumn {
				byColumn[c] = float32(r.Intn(3))
			}
			for q, v := range w.Val {
				p.Left = append(p.Left, v*byColumn[w.Col[q]])
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "score") {
		case 1:
			p.Score = PairScore{Row: factors(), Col: factors(), Finish: func(v float32) float32 { return v / (1 + v) }}
		case 3:
			p.Score = PairScore{Size: factors(), Shrinkage: 0.75}
		case 2:
			p.Score.Value = func(i, j int32, s float32) float32 { return s - float32(i%3)/2 + float32(j%5)/4 }
		}
		k := rapid.SampledFrom([]int{1, 3, 10, 40, 200}).Draw(t, "k")
		want := slowPairs(p, k)
		for _, workers := range []int{1, 2, 8} {
			got, err := p.Top(context.Background(), k, workers)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Validate(); err != nil {
				t.Fatal(err)
			}
			if !equal(got, want) {
				t.Fatalf("%d workers: got %v, want %v", workers, got, want)
			}
		}
	})
}

// skewed returns a matrix with a few very long rows and many short ones, and
// values whose sums depend on their order.
func skewed(rows, cols, each int) *CSR {
	r := rng.New(11, 0, 0)
	seen := map[uint64]bool{}
	var es []Entry
	for c := range cols {
		for range each {
			u := r.Float64()
			i := int(float64(rows) * u * u * u)
			if k := uint64(i)<<32 | uint64(c); !seen[k] {
				seen[k] = true
				es = append(es, Entry{int32(i), int32(c), 0.1 + float32(r.Float64())})
			}
		}
	}
	m, err := FromEntries(rows, cols, es)
	if err != nil {
		panic(err)
	}
	return m
}

func TestPairsSameBytes(t *testing.T) {
	w := skewed(3000, 500, 60)
	norm := make([]float32, w.Rows)
	for i := range norm {
		norm[i] = 1 / float32(1+w.RowLen(i))
	}
	testkit.AtGOMAXPROCS(t, func() []byte {
		m, err := Pairs{W: w, Score: PairScore{Row: norm, Col: norm}}.Top(context.Background(), 20, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, x := range []any{m.Ptr, m.Col, m.Val} {
			if err := binary.Write(&b, binary.LittleEndian, x); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	})
}

// A pair that is not finite counts like any other: infinity ranks first, NaN
// never.
func TestPairsNotFinite(t *testing.T) {
	big := float32(math.MaxFloat32)
	w, err := FromEntries(4, 2, []Entry{{0, 0, big}, {1, 0, big}, {2, 0, 1}, {2, 1, 1}, {3, 1, big}, {0, 1, -big}, {3, 0, big}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Pairs{W: w}.Top(context.Background(), 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := slowPairs(Pairs{W: w}, 3); !equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPairsCancelAndEmpty(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	if m, err := (Pairs{W: skewed(300, 20, 10)}).Top(ctx, 5, 2); m != nil || !errors.Is(err, why) {
		t.Errorf("got %v, %v", m, err)
	}
	for _, shape := range [][2]int{{0, 0}, {0, 3}, {3, 0}, {1, 1}} {
		w, err := FromEntries(shape[0], shape[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := (Pairs{W: w, Diagonal: true}).Top(context.Background(), 5, 2); err != nil || m.Len() != 0 || m.Rows != shape[0] {
			t.Errorf("%v: %v, %v", shape, m, err)
		}
	}
}

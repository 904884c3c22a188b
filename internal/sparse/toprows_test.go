package sparse

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/topk"
)

func TestSelectKeysProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.Uint64Range(1, 1<<40), 1, 200, rapid.ID).Draw(t, "keys")
		switch rapid.IntRange(0, 2).Draw(t, "order") {
		case 1:
			slices.Sort(keys)
		case 2:
			slices.SortFunc(keys, func(a, b uint64) int { return cmp.Compare(b, a) })
		}
		want := slices.Clone(keys)
		slices.SortFunc(want, func(a, b uint64) int { return cmp.Compare(b, a) })
		n := rapid.IntRange(0, len(keys)-1).Draw(t, "n")
		least := selectKeys(keys, n)
		if n > 0 && least != want[n-1] {
			t.Fatalf("smallest kept is %d, want %d", least, want[n-1])
		}
		slices.SortFunc(keys[:n], func(a, b uint64) int { return cmp.Compare(b, a) })
		if !slices.Equal(keys[:n], want[:n]) {
			t.Fatalf("kept %v, want %v", keys[:n], want[:n])
		}
	})
}

func TestColumnSortProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols := rapid.SampledFrom([]int{40, 64, 1000, 1<<31 - 1}).Draw(t, "cols")
		width := rapid.SampledFrom([]int{40, cols}).Draw(t, "width") // 40 of many are a crowd
		var s columnSort
		for range 3 {
			keys := rapid.SliceOfNDistinct(rapid.Uint64Range(0, uint64(width-1)), 0, 40, rapid.ID).Draw(t, "columns")
			for i, c := range keys {
				keys[i] = c<<32 | rapid.Uint64Range(0, 1<<32-1).Draw(t, "value")
			}
			want := slices.Clone(keys)
			slices.Sort(want)
			if got := s.sort(keys, cols); !slices.Equal(got, want) {
				t.Fatalf("got %x, want %x", got, want)
			}
		}
	})
}

func TestTopRowsProp(t *testing.T) {
	score := rapid.OneOf(rapid.Float32Range(-1, 3), rapid.SampledFrom([]float32{0, 1, 2, 1e-45, float32(math.NaN()), float32(math.Inf(1))}))
	rapid.Check(t, func(t *rapid.T) {
		rows, k := rapid.IntRange(1, 4).Draw(t, "rows"), rapid.IntRange(0, 60).Draw(t, "k")
		offers := make([][]topk.Item, rows)
		for r := range offers {
			for c, s := range rapid.SliceOfN(score, 0, 150).Draw(t, "scores") {
				offers[r] = append(offers[r], topk.Item{ID: int32(c), Score: s})
			}
		}
		top := NewTopRows(rows, k, func(r int) int { return len(offers[r]) })
		for r := range offers {
			for _, o := range rapid.Permutation(offers[r]).Draw(t, "order") {
				top.Offer(r, o.ID, o.Score)
			}
		}
		order := rapid.Permutation([]int32{0, 1, 2, 3}[:rows]).Draw(t, "rank")
		m, err := top.CSR(context.Background(), 150, 2, order, func(r int, v float32) float32 { return v + float32(r) })
		if err != nil {
			t.Fatal(err)
		}
		for r := range rows {
			from := offers[order[r]]
			from = slices.DeleteFunc(from, func(i topk.Item) bool { return !(i.Score > 0) })
			slices.SortFunc(from, topk.Compare)
			from = from[:min(k, len(from))]
			slices.SortFunc(from, func(a, b topk.Item) int { return cmp.Compare(a.ID, b.ID) })
			cols, vals := m.Row(r)
			if len(cols) != len(from) {
				t.Fatalf("row %d has %v, want %v", r, cols, from)
			}
			for i, it := range from {
				if cols[i] != it.ID || vals[i] != it.Score+float32(r) {
					t.Fatalf("row %d has %v %v, want %v", r, cols, vals, from)
				}
			}
		}
	})
}

package topk

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// oracle sorts everything: score descending, id ascending, NaN left out.
func oracle(items []Item, k int) []Item {
	out := slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return math.IsNaN(float64(i.Score)) })
	slices.SortStableFunc(out, func(a, b Item) int {
		switch {
		case a.Score != b.Score && a.Score > b.Score:
			return -1
		case a.Score != b.Score:
			return 1
		}
		return int(a.ID) - int(b.ID)
	})
	return out[:min(max(k, 0), len(out))]
}

func TestHeapProp(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	score := rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1, 2, nan, inf, -inf, float32(math.Copysign(0, -1))}))
	var h Heap // reused over all checks, as callers do
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(score, 0, 80).Draw(t, "scores")
		k := rapid.IntRange(-1, 90).Draw(t, "k")
		items := make([]Item, len(scores))
		for i, s := range scores {
			items[i] = Item{int32(i), s}
		}
		want := oracle(items, k)
		h.Reset(k)
		for _, it := range rapid.Permutation(items).Draw(t, "order") {
			h.Push(it.ID, it.Score)
			if h.Len() > max(k, 0) {
				t.Fatalf("keeps %d of %d", h.Len(), k)
			}
		}
		if h.Len() != len(want) || h.Full() != (len(want) >= max(k, 0)) {
			t.Fatalf("Len %d, Full %v, want %d of %d", h.Len(), h.Full(), len(want), k)
		}
		if len(want) > 0 && h.Worst() != want[len(want)-1] {
			t.Fatalf("worst %v, want %v", h.Worst(), want[len(want)-1])
		}
		dst := []Item{{-7, 7}}
		got := h.AppendSorted(dst)
		if got[0] != dst[0] || !slices.Equal(got[1:], want) {
			t.Fatalf("got %v, want %v", got[1:], want)
		}
		if h.Len() != 0 {
			t.Fatal("AppendSorted did not empty the heap")
		}
	})
}

func TestZeroHeap(t *testing.T) {
	var h Heap
	h.Push(1, 1)
	if h.Len() != 0 || !h.Full() || len(h.AppendSorted(nil)) != 0 {
		t.Error("the zero heap keeps something")
	}
}

func TestCompareAgreesWithLess(t *testing.T) {
	a, b, c := Item{1, 2}, Item{2, 2}, Item{0, 1}
	if Compare(a, b) != -1 || Compare(b, a) != 1 || Compare(a, a) != 0 || Compare(c, b) != 1 || !Less(b, c) {
		t.Error("order")
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var h Heap
	dst := make([]Item, 0, 10)
	if n := testing.AllocsPerRun(20, func() {
		h.Reset(10)
		for i := range int32(1000) {
			h.Push(i, float32(i*7919%1000))
		}
		dst = h.AppendSorted(dst[:0])
	}); n != 0 {
		t.Errorf("%v allocations per selection", n)
	}
}

func TestKeyKeepsOrder(t *testing.T) {
	up := []float32{-math.MaxFloat32, -1, -math.SmallestNonzeroFloat32, 0, math.SmallestNonzeroFloat32, 1, math.MaxFloat32}
	for i := 1; i < len(up); i++ {
		if Key(up[i-1]) >= Key(up[i]) {
			t.Errorf("Key(%v) >= Key(%v)", up[i-1], up[i])
		}
	}
	if Key(float32(math.Copysign(0, -1))) != Key(0) {
		t.Error("-0 is not 0")
	}
}

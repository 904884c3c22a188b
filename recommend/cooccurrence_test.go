package recommend

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

func countsOf(t testing.TB, x *Interactions, opt CooccurrenceOptions, users []int32) *Cooccurrence {
	t.Helper()
	c, err := NewCooccurrence(x.Items(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		items, _ := x.Row(int(u))
		if err := c.Add(uint64(u), items); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Any partition, order and repeats give the same bytes; counts are what a loop
// over all pairs says; the model is that of FitItemKNN.
func TestCooccurrenceMergeProp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		x := groups(rapid.IntRange(3, 25).Draw(rt, "users"), rapid.IntRange(9, 20).Draw(rt, "items"), 4, seed)
		opt := CooccurrenceOptions{MaxBasket: rapid.SampledFrom([]int{0, 2, 3}).Draw(rt, "cap"), Seed: seed}
		r := rng.New(seed, 1, 1)
		all := countsOf(t, x, opt, r.Perm(x.Users()))
		want, err := all.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		for _, parts := range []int{1, 4, 16} {
			groups := make([][]int32, parts)
			for _, u := range r.Perm(x.Users()) {
				p := Partition(u, parts)
				groups[p] = append(groups[p], u)
			}
			sum := countsOf(t, x, opt, nil)
			for _, p := range r.Perm(parts) {
				if err := sum.Merge(countsOf(t, x, opt, groups[p])); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := sum.MarshalBinary(); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%d parts give other bytes (%v)", parts, err)
			}
		}
		var back Cooccurrence
		if err := back.UnmarshalBinary(want); err != nil {
			t.Fatal(err)
		}
		if got, _ := back.MarshalBinary(); !bytes.Equal(got, want) {
			t.Fatal("round trip changes the bytes")
		}
		n, capped := all.Baskets()
		if int(n) != x.Users() {
			t.Fatalf("%d baskets, want %d", n, x.Users())
		}
		if opt.MaxBasket != 0 {
			if capped == 0 && opt.MaxBasket < 4 {
				t.Fatal("no basket was cut")
			}
			return
		}
		for i := range int32(x.Items()) {
			for j := range int32(x.Items()) {
				both := int64(0)
				for u := range x.Users() {
					if x.Has(u, i) && x.Has(u, j) {
						both++
					}
				}
				if all.Count(i, j) != both {
					t.Fatalf("Count(%d, %d) = %d, want %d", i, j, all.Count(i, j), both)
				}
			}
		}
		knn := ItemKNNOptions{Neighbors: 5, Weighting: Binary, Similarity: Similarity(rapid.IntRange(int(Cosine), int(LogLikelihood)).Draw(rt, "similarity")), Shrinkage: 1}
		var filled []int32 // an empty basket counts here, an empty user does not there
		for u := range x.Users() {
			if len(x.Query(u).Items) > 0 {
				filled = append(filled, int32(u))
			}
		}
		a, errA := countsOf(t, x, opt, filled).ItemKNN(knn)
		b, errB := FitItemKNN(context.Background(), x, knn)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		for i := range x.Items() {
			for p := a.near.Ptr[i]; p < a.near.Ptr[i+1]; p++ {
				q := b.near.Find(i, a.near.Col[p])
				if q >= 0 && math.Abs(float64(a.near.Val[p]-b.near.Val[q])) > 1e-5*math.Abs(float64(b.near.Val[q])) {
					t.Fatalf("sim(%d, %d) = %v, FitItemKNN says %v", i, a.near.Col[p], a.near.Val[p], b.near.Val[q])
				}
			}
			if a.near.RowLen(i) != b.near.RowLen(i) {
				t.Fatalf("item %d has %d neighbours, FitItemKNN finds %d", i, a.near.RowLen(i), b.near.RowLen(i))
			}
		}
	})
}

func TestCooccurrenceBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		items int
		opt   CooccurrenceOptions
	}{"no items": {0, CooccurrenceOptions{}}, "negative": {-1, CooccurrenceOptions{}}, "cap": {3, CooccurrenceOptions{MaxBasket: 1}}} {
		if _, err := NewCooccurrence(c.items, c.opt); !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, _ := NewCooccurrence(3, CooccurrenceOptions{})
	for _, bad := range []int32{-1, 3, math.MaxInt32} {
		if err := c.Add(1, []int32{0, bad}); !errors.Is(err, ErrRange) {
			t.Errorf("item %d: %v", bad, err)
		}
	}
	if n, _ := c.Baskets(); n != 0 || c.Count(0, 0) != 0 {
		t.Error("a refused basket was counted")
	}
	if _, err := c.ItemKNN(ItemKNNOptions{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no pairs: %v", err)
	}
	if _, err := c.ItemKNN(ItemKNNOptions{Neighbors: -1}); !errors.Is(err, ErrOption) {
		t.Errorf("options: %v", err)
	}
	o, _ := NewCooccurrence(4, CooccurrenceOptions{})
	if !errors.Is(c.Merge(c), ErrMismatch) || !errors.Is(c.Merge(o), ErrMismatch) || !errors.Is(c.Merge(nil), ErrMismatch) {
		t.Error("bad merge accepted")
	}
}

func FuzzCooccurrenceUnmarshal(f *testing.F) {
	c, _ := NewCooccurrence(4, CooccurrenceOptions{})
	_ = c.Add(1, []int32{0, 1, 3})
	data, _ := c.MarshalBinary()
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var c Cooccurrence
		if c.UnmarshalBinary(testkit.Refit(data)) != nil {
			return
		}
		if b, err := c.MarshalBinary(); err != nil || !bytes.Equal(b, testkit.Refit(data)) {
			t.Error("not canonical")
		}
		_, _ = c.ItemKNN(ItemKNNOptions{})
		_ = c.Add(1, []int32{0})
	})
}

func BenchmarkCooccurrence(b *testing.B) {
	x := groups(2_000, 3_000, 40, 1)
	for b.Loop() {
		c, _ := NewCooccurrence(x.Items(), CooccurrenceOptions{})
		for u := range x.Users() {
			items, _ := x.Row(u)
			if err := c.Add(uint64(u), items); err != nil {
				b.Fatal(err)
			}
		}
	}
}

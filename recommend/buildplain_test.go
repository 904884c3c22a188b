package recommend

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/testkit"
)

// Plain builders take a way of their own, which must lead where that of all others does.
func TestFoldPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 5))
	for round := range testkit.Rounds(300) {
		opt := BuilderOptions{Duplicates: Duplicates(round % 3), Cap: []float32{0, .5, 2.5}[round/3%3]}
		b, err := NewBuilder[int, string](opt)
		if err != nil {
			t.Fatal(err)
		}
		users, items := 1+r.IntN(1<<r.IntN(10)), 1+r.IntN(1<<r.IntN(10))
		for range 1 + r.IntN(3000) {
			if err := b.Add(r.IntN(users)-users/2, fmt.Sprint(r.IntN(items)), 1); err != nil {
				t.Fatal(err)
			}
		}
		b.settle()
		if !b.plain() {
			t.Fatal("events of weight 1 without times are plain")
		}
		all, userPerm := dict.Sorted(&b.users, 0)
		_, itemPerm := dict.Sorted(&b.items, 0)
		n, m := all.Len(), len(itemPerm)
		if round%5 == 4 { // as if dropped
			userPerm[r.IntN(n)], itemPerm[r.IntN(m)] = -1, -1
		}
		got, gotRest := b.foldPlain(userPerm, itemPerm, n, m)
		o := b.inOrder(userPerm, itemPerm, n)
		want, err := b.fold(o)
		if err != nil {
			t.Fatal(err)
		}
		wantRest := o.rest(m, cancelled).sortUntimed()
		if !slices.Equal(got.ptr, want.ptr) || !slices.Equal(got.cols, want.cols) || !slices.Equal(got.weights, want.weights) || got.report != want.report || got.asOf != want.asOf || got.times != nil {
			t.Fatalf("round %d: %+v, want %+v", round, got, want)
		}
		if (gotRest == nil) != (wantRest == nil) || gotRest != nil && !reflect.DeepEqual(gotRest, wantRest) {
			t.Fatalf("round %d: rest %+v, want %+v", round, gotRest, wantRest)
		}
		// Wide keys, for catalogues of more pairs than 32 bits number, sort alike.
		short, wide := sortedPairs[uint32](b, userPerm, itemPerm, 10, 22), sortedPairs[uint64](b, userPerm, itemPerm, 31, 62)
		for k, key := range short {
			if wide[k] != uint64(key>>10)<<31|uint64(key&1023) {
				t.Fatalf("round %d, pair %d: %x, want %x", round, k, wide[k], key)
			}
		}
		if len(wide) != len(short) || !slices.IsSorted(wide) {
			t.Fatalf("round %d: %d wide keys, %d short ones", round, len(wide), len(short))
		}
	}
}

func TestSortKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 6))
	for round := range testkit.Rounds(200) {
		all := r.IntN(63)
		keys := make([]uint64, r.IntN(1<<r.IntN(18)))
		for k := range keys {
			keys[k] = r.Uint64() & (1<<all - 1) >> r.IntN(1+all/(1+round%3))
		}
		want := slices.Sorted(slices.Values(keys))
		if got := sortKeys(slices.Clone(keys), make([]uint64, len(keys)), all); !slices.Equal(got, want) {
			t.Fatalf("%d keys of %d bits are not sorted", len(keys), all)
		}
		if all > 32 {
			continue
		}
		short := make([]uint32, len(keys))
		for k, key := range keys {
			short[k] = uint32(key)
		}
		got := sortKeys(short, make([]uint32, len(keys)), all)
		for k := range got {
			if uint64(got[k]) != want[k] {
				t.Fatalf("%d short keys of %d bits are not sorted", len(keys), all)
			}
		}
	}
}

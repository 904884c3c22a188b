package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/recommend"
)

// TestPrepare: the vectors that the peer reads give the lists of the shop, so that what
// compare asserts of both is not an accident of one matrix.
func TestPrepare(t *testing.T) {
	const users, items, factors, k = 60, 40, 8, 10
	x := matrix{first: []int64{0}}
	r := rand.New(rand.NewPCG(1, 2))
	for range users {
		for i := range int32(items) {
			if r.IntN(4) == 0 || int(i) == len(x.first)%items {
				x.items = append(x.items, i)
			}
		}
		x.first = append(x.first, int64(len(x.items)))
	}
	folder := t.TempDir()
	if err := writeAll(filepath.Join(folder, "x.indptr.i64"), x.first); err != nil {
		t.Fatal(err)
	}
	if err := writeAll(filepath.Join(folder, "x.indices.i32"), x.items); err != nil {
		t.Fatal(err)
	}
	f := flags{state: filepath.Join(folder, "state"), matrix: filepath.Join(folder, "x"), factors: factors}
	if err := prepare(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := prepare(t.Context(), f); err == nil {
		t.Error("a second prepare writes over the shop")
	}

	s := open(t, f)
	bought := map[int]map[int]bool{}
	first, _ := readAll[int64](filepath.Join(f.state, "orders.indptr.i64"))
	orders, _ := readAll[int32](filepath.Join(f.state, "orders.indices.i32"))
	us, _ := readAll[float32](filepath.Join(f.state, "users.f32"))
	is, _ := readAll[float32](filepath.Join(f.state, "items.f32"))
	if len(first) != users+1 || len(us) != users*factors || len(is) != items*factors || len(orders) == 0 {
		t.Fatalf("%d rows, %d and %d numbers, %d orders", len(first), len(us), len(is), len(orders))
	}
	for u := range users {
		bought[u] = map[int]bool{}
		for _, i := range orders[first[u]:first[u+1]] {
			bought[u][int(i)] = true
		}
		score := func(i int) (sum float64) {
			for n := range factors {
				sum += float64(us[u*factors+n]) * float64(is[i*factors+n])
			}
			return sum
		}
		var want []int
		for i := range items {
			if !bought[u][i] {
				want = append(want, i)
			}
		}
		slices.SortFunc(want, func(a, b int) int { return cmp.Compare(score(b), score(a)) })
		list, err := s.Recommend(t.Context(), shop.Ask{Customer: customerID(u), Place: "home", K: k})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Picks) != k {
			t.Fatalf("customer %d: %d picks", u, len(list.Picks))
		}
		for n, p := range list.Picks {
			if d := p.Score - score(want[n]); d > 1e-5 || d < -1e-5 {
				t.Fatalf("customer %d: place %d is %s with %g, want %s with %g", u, n+1, p.Item, p.Score, itemID(want[n]), score(want[n]))
			}
		}
	}
}

// open is the shop of a prepared folder, whose models are in its file.
func open(t *testing.T, f flags) *shop.Shop {
	t.Helper()
	keys, err := shop.LoadKeys(filepath.Join(f.state, "key"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(f.state, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := shop.Open(t.Context(), shop.Options{Store: db, Keys: keys, Folder: f.state, Sources: func(context.Context, *recommend.Dataset[string, string]) ([]recommend.Source, error) {
		t.Error("fitted although the engine was saved")
		return nil, recommend.ErrEmpty
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		db.Close()
	})
	return s
}

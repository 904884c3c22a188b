package shop_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// TestReplayRandom: whatever was refitted and restarted in between, lists are those of a
// shop that is made from the log with the same fit.
func TestReplayRandom(t *testing.T) {
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t, filepath.Join(t.TempDir(), "shop.db"))
		var items []store.Item
		for i := range 40 {
			items = append(items, store.Item{ID: fmt.Sprintf("item%02d", i), Title: fmt.Sprintf("Thing %d", i), Category: fmt.Sprint("k", i%3), Price: 10, Stock: 1000, LeadDays: 1})
		}
		if err := w.shop.PutItems(context.Background(), items); err != nil {
			t.Fatal(err)
		}
		do := func(n int) {
			w.must(shop.Event{
				ID: fmt.Sprint(n), Customer: fmt.Sprintf("c%02d", rng.IntN(20)), Item: fmt.Sprintf("item%02d", rng.IntN(40)), Quantity: 1,
				Kind: []string{"view", "cart", "order", "return", "dislike"}[rng.IntN(5)], At: start.Add(-time.Duration(rng.IntN(100_000)) * time.Second),
			})
		}
		for n := range 60 {
			do(n)
			switch rng.IntN(20) {
			case 2:
				if _, err := w.shop.Delete(context.Background(), "x", fmt.Sprintf("c%02d", 50+n%2)); err != nil {
					t.Fatal(err)
				}
			case 0:
				if _, err := w.shop.Refit(context.Background()); err != nil {
					t.Fatal(err)
				}
			case 1:
				w.close()
				w.open(0)
			}
		}
		r, err := w.shop.Refit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		fit := r.Last
		for n := range 15 {
			do(1000 + n)
		}
		want := w.lists()
		w.close()
		w.folder = filepath.Join(t.TempDir(), "other")
		w.open(fit)
		if got := w.lists(); got != want {
			t.Errorf("seed %d, fitted to %d: made from the log\n%s\nwant\n%s", seed, fit, got, want)
			return
		}
		w.close()
	}
}

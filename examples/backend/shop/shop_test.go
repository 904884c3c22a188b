package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/examples/backend/internal/dbtest"
	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
)

// world is a shop with a clock of its own, over a database that outlives it.
type world struct {
	t      *testing.T
	dsn    string
	folder string
	keys   *shop.Keys
	now    time.Time
	store  *store.Store
	shop   *shop.Shop
}

var start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, dsn string) *world {
	keys, err := shop.NewKeys(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dsn: dsn, folder: filepath.Join(t.TempDir(), "state"), keys: keys, now: start}
	w.open(0)
	t.Cleanup(w.close)
	return w
}

func (w *world) open(fitTo int64) {
	w.t.Helper()
	var err error
	if w.store, err = store.Open(context.Background(), w.dsn); err != nil {
		w.t.Fatal(err)
	}
	w.shop, err = shop.Open(context.Background(), shop.Options{Store: w.store, Keys: w.keys, Folder: w.folder, Clock: func() time.Time { return w.now }, FitTo: fitTo})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	if w.shop != nil {
		w.shop.Close()
		w.store.Close()
		w.shop = nil
	}
}

// must records events and wants each to be stored.
func (w *world) must(events ...shop.Event) {
	w.t.Helper()
	fates, err := w.shop.Record(context.Background(), events)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, f := range fates {
		if f != store.Stored {
			w.t.Fatalf("event %d %+v: %s", i, events[i], f)
		}
	}
}

// fill makes a shop of 12 items in 3 categories, and 60 customers of one taste each.
func (w *world) fill() {
	w.t.Helper()
	var items []store.Item
	for i := range 12 {
		items = append(items, store.Item{
			ID: fmt.Sprintf("item%02d", i), Title: fmt.Sprintf("Thing %d", i), Category: []string{"tea", "tools", "paper"}[i/4], Price: 1000, Cost: 600, Stock: 500, LeadDays: 3,
		})
	}
	if err := w.shop.PutItems(context.Background(), items); err != nil {
		w.t.Fatal(err)
	}
	var events []shop.Event
	for u := range 60 {
		for j := range 6 {
			kind := []string{"view", "view", "order", "cart", "order", "view"}[j]
			if u%4 == 0 && kind == "order" {
				kind = "view"
			}
			events = append(events, shop.Event{
				ID: fmt.Sprintf("e%d-%d", u, j), Customer: fmt.Sprintf("c%02d", u), Item: fmt.Sprintf("item%02d", u%3*4+(u/3+j)%4), Kind: kind,
				At: start.Add(-time.Duration((u*7+j*13)%80) * 24 * time.Hour).Add(-time.Duration(j) * time.Second), Quantity: 1, Amount: map[bool]int64{true: 1000}[kind == "order"],
			})
		}
	}
	w.must(events...)
}

// lists are the home lists of all customers.
func (w *world) lists(but ...string) string {
	w.t.Helper()
	out := ""
	for u := range 60 {
		id := fmt.Sprintf("c%02d", u)
		if slices.Contains(but, id) {
			continue
		}
		l, err := w.shop.Recommend(context.Background(), shop.Ask{Customer: id, Place: "home", K: 5})
		if err != nil {
			w.t.Fatal(err)
		}
		line, err := json.Marshal(l)
		if err != nil {
			w.t.Fatal(err)
		}
		out += id + " " + string(line) + "\n"
	}
	return out
}

func TestRestart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		w.fill()
		report, err := w.shop.Refit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Sources) != 3 || report.Events != 360 {
			t.Errorf("refit: %+v", report)
		}
		for i := range 20 { // live, after the fit
			w.must(shop.Event{ID: fmt.Sprint("live", i), Customer: fmt.Sprintf("c%02d", i*2), Item: fmt.Sprintf("item%02d", i%12), Kind: []string{"view", "order", "dislike"}[i%3], At: w.now, Quantity: 1, Amount: 5})
		}
		want, seen := w.lists(), w.shop.Status().Seen
		w.close() // without Save: as a kill
		w.open(0)
		if got := w.lists(); got != want {
			t.Errorf("lists after a restart differ:\n%s\nwant\n%s", got, want)
		}
		if st := w.shop.Status(); st.Seen != seen || st.Told != 20 || st.Fitted != 360 {
			t.Errorf("after a restart: %+v", st)
		}
		// Another folder: all is made from the log, as slowly as it takes.
		w.close()
		w.folder = filepath.Join(t.TempDir(), "other")
		w.open(report.Last)
		if got := w.lists(); got != want {
			t.Errorf("lists made from the log differ:\n%s\nwant\n%s", got, want)
		}
	})
}

func TestFates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, dsn string) {
		w := newWorld(t, dsn)
		w.fill()
		e := shop.Event{ID: "x", Customer: "c01", Item: "item00", Kind: "view", At: start, Quantity: 1}
		other, unknown := e, e
		other.Item = "item01"
		unknown.ID, unknown.Item = "y", "nothing"
		fates, err := w.shop.Record(context.Background(), []shop.Event{e, e, other, unknown})
		if err != nil {
			t.Fatal(err)
		}
		if want := []store.Fate{store.Stored, store.Repeated, store.Reused, store.NoItem}; !slices.Equal(fates, want) {
			t.Errorf("fates %q, want %q", fates, want)
		}
		if st := w.shop.Status(); st.Told != 361 {
			t.Errorf("%d events told, want 361", st.Told)
		}
	})
}

package split_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/split"
)

// sale is an event of a log.
type sale struct {
	user, item int
	weight     float32
	day        int
}

// built makes a dataset of a log, with times if asked for.
func built(t interface{ Fatal(args ...any) }, log []sale, timed bool) *recommend.Dataset[int, string] {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range log {
		item := fmt.Sprint("p", s.item)
		if timed {
			err = b.AddAt(s.user, item, s.weight, time.Unix(int64(s.day)*86400, 0))
		} else {
			err = b.Add(s.user, item, s.weight)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every entry of the test data stands in the alignment, under its own ids, with its
// weight and time; no other does.
func TestAligned(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		draw := func(name string, lo, hi int) []sale {
			log := make([]sale, rapid.IntRange(1, 30).Draw(r, name))
			for k := range log {
				log[k] = sale{rapid.IntRange(lo, hi).Draw(r, "user"), rapid.IntRange(lo, hi).Draw(r, "item"), float32(rapid.IntRange(1, 9).Draw(r, "weight")), rapid.IntRange(1, 9).Draw(r, "day")}
			}
			return log
		}
		timed := rapid.Bool().Draw(r, "timed")
		train, test := built(r, draw("train", 0, 8), timed), built(r, draw("test", 4, 12), timed)
		a, err := split.Aligned(train, test)
		if err != nil {
			r.Fatal(err)
		}
		if !slices.IsSorted(a.ColdUsers) || !slices.IsSorted(a.ColdItems) {
			r.Errorf("cold ids %v and %v are not ascending", a.ColdUsers, a.ColdItems)
		}
		users, items := slices.Concat(train.Users.IDs(), a.ColdUsers), slices.Concat(train.Items.IDs(), a.ColdItems)
		if a.Test.Users() != len(users) || a.Test.Items() != len(items) || a.Test.Len() != test.Interactions.Len() || a.Test.HasTimes() != timed {
			r.Fatalf("%d×%d, %d entries", a.Test.Users(), a.Test.Items(), a.Test.Len())
		}
		coldUsers, coldItems, repeats := 0, 0, 0
		for u, user := range users {
			row, weights := a.Test.Row(u)
			for k, i := range row {
				v, j := test.Users.Of(user), test.Items.Of(items[i])
				if v < 0 || j < 0 || !test.Interactions.Has(int(v), j) {
					r.Fatalf("user %d has %s only here", user, items[i])
				}
				at, want := test.Interactions.Row(int(v))
				n := slices.Index(at, j)
				if weights[k] != want[n] || timed && a.Test.Times(u)[k] != test.Interactions.Times(int(v))[n] {
					r.Errorf("user %d item %s has another weight or time", user, items[i])
				}
				x, y := train.Users.Of(user), train.Items.Of(items[i])
				if x < 0 {
					coldUsers++
				}
				if y < 0 {
					coldItems++
				}
				if x >= 0 && y >= 0 && train.Interactions.Has(int(x), y) {
					repeats++
				}
			}
		}
		if a.ColdUserEntries != coldUsers || a.ColdItemEntries != coldItems || a.Repeats != repeats {
			r.Errorf("%d, %d, %d counted, want %d, %d, %d", a.ColdUserEntries, a.ColdItemEntries, a.Repeats, coldUsers, coldItems, repeats)
		}
	})
}

// Rows of ids give what a dataset of weight 1 gives, in any order and however often an
// item is named.
func TestAlignedRows(t *testing.T) {
	train := built(t, []sale{{1, 1, 1, 1}, {2, 2, 1, 1}, {3, 3, 1, 1}}, false)
	log := []sale{{3, 1, 1, 1}, {3, 9, 1, 1}, {9, 2, 1, 1}, {1, 8, 1, 1}, {7, 7, 1, 1}}
	want, err := split.Aligned(train, built(t, log, false))
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
		var rows iter.Seq2[int, []string] = func(yield func(int, []string) bool) {
			for _, s := range log {
				if id := fmt.Sprint("p", s.item); !yield(s.user, []string{id, id}) {
					return
				}
			}
		}
		got, err := split.AlignedRows(train, rows)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.ColdUsers, []int{7, 9}) || !slices.Equal(got.ColdItems, []string{"p7", "p8", "p9"}) || got.ColdItemEntries != 3 || got.ColdUserEntries != 2 {
			t.Errorf("%+v", got)
		}
		for u := range want.Test.Users() {
			a, _ := got.Test.Row(u)
			b, _ := want.Test.Row(u)
			if !slices.Equal(a, b) {
				t.Errorf("row %d is %v, want %v", u, a, b)
			}
		}
	}
}

func TestAlignedBadInput(t *testing.T) {
	d := built(t, []sale{{1, 1, 1, 1}}, false)
	if _, err := split.Aligned(nil, d); !errors.Is(err, split.ErrEmpty) {
		t.Errorf("no train: %v", err)
	}
	if _, err := split.Aligned(d, nil); !errors.Is(err, split.ErrEmpty) {
		t.Errorf("no test: %v", err)
	}
	if _, err := split.AlignedRows(d, maps.All(map[int][]string{1: nil})); !errors.Is(err, split.ErrEmpty) {
		t.Errorf("no rows: %v", err)
	}
	if _, err := split.AlignedRows(nil, maps.All(map[int][]string{1: {"p1"}})); !errors.Is(err, split.ErrEmpty) {
		t.Errorf("no train: %v", err)
	}
}

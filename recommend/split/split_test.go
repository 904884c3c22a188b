package split_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/split"
)

func day(n int) time.Time { return time.Date(2024, 1, 1+n, 0, 0, 0, 0, time.UTC) }

// draws returns a matrix of random entries with weights and times.
func draws(t testing.TB, users, items, events int, seed uint64) *recommend.Interactions {
	t.Helper()
	r := rng.New(seed, 0, 0)
	b, err := recommend.NewBuilder[int, int](recommend.BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range events {
		if err := b.AddAt(r.Intn(users), r.Intn(items), 1+float32(r.Intn(3)), day(r.Intn(50))); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d.Interactions
}

func rowLen(x *recommend.Interactions, u int) int {
	items, _ := x.Row(u)
	return len(items)
}

// checkPartition: every entry is in exactly one part, weight and time kept.
func checkPartition(t testing.TB, x *recommend.Interactions, parts ...*recommend.Interactions) {
	t.Helper()
	total := 0
	for n, p := range parts {
		if p.Users() != x.Users() || p.Items() != x.Items() || p.HasTimes() != x.HasTimes() {
			t.Fatalf("part %d has another shape", n)
		}
		total += p.Len()
		for u := range p.Users() {
			source, sourceWeights := x.Row(u)
			sourceTimes, at := x.Times(u), 0
			items, weights := p.Row(u)
			times := p.Times(u)
			for k, i := range items {
				for at < len(source) && source[at] != i { // ascending, so one pass
					at++
				}
				if at == len(source) || sourceWeights[at] != weights[k] || sourceTimes[at] != times[k] {
					t.Fatalf("part %d: user %d item %d is not as in the source", n, u, i)
				}
			}
		}
	}
	if total != x.Len() {
		t.Fatalf("parts hold %d entries, source %d", total, x.Len())
	}
	for n, p := range parts {
		for _, q := range parts[:n] {
			if err := split.CheckDisjoint(p, q); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSplitConformance(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := draws(t, 30, 40, 400, rapid.Uint64().Draw(rt, "data"))
		seed := rapid.Uint64().Draw(rt, "seed")
		share := rapid.Float64Range(0.05, 0.95).Draw(rt, "share")

		s, err := split.Random(x, share, seed)
		if err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for u := range x.Users() {
			if rowLen(x, u) > 0 && rowLen(s.Train, u) == 0 {
				t.Fatalf("user %d has no training entry", u)
			}
		}

		n := rapid.IntRange(1, 3).Draw(rt, "n")
		if s, err = split.Last(x, n); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for u := range x.Users() {
			if rowLen(x, u) > n && rowLen(s.Test, u) != n {
				t.Fatalf("user %d has %d test entries, want %d", u, rowLen(s.Test, u), n)
			}
			for _, early := range s.Train.Times(u) {
				for _, late := range s.Test.Times(u) {
					if early > late {
						t.Fatalf("user %d trains on the future", u)
					}
				}
			}
		}

		cut := day(rapid.IntRange(0, 50).Draw(rt, "cut"))
		if s, err = split.Time(x, cut); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for u := range x.Users() {
			for _, at := range s.Train.Times(u) {
				if at >= cut.UnixNano() {
					t.Fatal("training entry at or after the cut")
				}
			}
		}

		k := rapid.IntRange(2, 6).Draw(rt, "k")
		folds, err := split.Folds(x, k, seed)
		if err != nil {
			t.Fatal(err)
		}
		var tests []*recommend.Interactions
		least, most := x.Len(), 0
		for _, f := range folds {
			checkPartition(t, x, f.Train, f.Test)
			tests = append(tests, f.Test)
			least, most = min(least, f.Test.Len()), max(most, f.Test.Len())
		}
		if most-least > 1 {
			t.Fatalf("folds of %d to %d entries", least, most)
		}
		checkPartition(t, x, tests...)

		if s, err = split.Items(x, share, seed); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		learnt, judged := s.Train.ItemCounts(), s.Test.ItemCounts()
		for i := range learnt {
			if learnt[i] > 0 && judged[i] > 0 {
				t.Fatalf("item %d is on both sides", i)
			}
		}

		us, err := split.Users(x, share, 0.3, seed)
		if err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, us.Train, us.Known, us.Hidden)
		for u := range x.Users() {
			if rowLen(us.Train, u) > 0 && rowLen(us.Known, u)+rowLen(us.Hidden, u) > 0 {
				t.Fatalf("user %d is on both sides", u)
			}
			if rowLen(us.Hidden, u) > 0 && rowLen(us.Known, u) == 0 {
				t.Fatalf("held-out user %d has no known entry", u)
			}
		}
	})
}

func TestRandomShare(t *testing.T) {
	x := draws(t, 2000, 400, 40_000, 1)
	s, err := split.Random(x, 0.2, 9)
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(s.Test.Len()) / float64(x.Len()); got < 0.19 || got > 0.21 {
		t.Errorf("test share is %v", got)
	}
}

func TestSplitBadInput(t *testing.T) {
	x, err := recommend.InteractionsFromRows(9, [][]int32{{0, 3}, {1, 3}, {2, 4}}) // no times
	if err != nil {
		t.Fatal(err)
	}
	other, err := recommend.InteractionsFromRows(9, [][]int32{{0}, {1}, {2}, {3}})
	if err != nil {
		t.Fatal(err)
	}
	timed, err := x.WithTimes(make([]int64, x.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var none *recommend.Interactions
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"random of nothing":   {second(split.Random(none, 0.5, 1)), split.ErrEmpty},
		"last of nothing":     {second(split.Last(none, 1)), split.ErrEmpty},
		"time of nothing":     {second(split.Time(none, day(0))), split.ErrEmpty},
		"folds of nothing":    {second(split.Folds(none, 2, 1)), split.ErrEmpty},
		"users of nothing":    {second(split.Users(none, 0.5, 0.5, 1)), split.ErrEmpty},
		"items of nothing":    {second(split.Items(none, 0.5, 1)), split.ErrEmpty},
		"disjoint of nothing": {split.CheckDisjoint(none, x), split.ErrEmpty},
		"last without times":  {second(split.Last(x, 1)), split.ErrEmpty},
		"time without times":  {second(split.Time(x, day(1))), split.ErrEmpty},
		"last of none":        {second(split.Last(timed, 0)), split.ErrOption},
		"one fold":            {second(split.Folds(x, 1, 1)), split.ErrOption},
		"folds without end":   {second(split.Folds(x, math.MaxInt, 1)), split.ErrOption},
		"overlap":             {split.CheckDisjoint(x, x), split.ErrLeakage},
		"shapes":              {split.CheckDisjoint(x, other), split.ErrShape},
	} {
		if !errors.Is(c.err, c.want) || !strings.HasPrefix(c.err.Error(), "split: ") {
			t.Errorf("%s: error is %v, want %v", name, c.err, c.want)
		}
	}
	for _, share := range []float64{0, 1, -1, 2, math.NaN()} {
		for name, err := range map[string]error{
			"Random": second(split.Random(x, share, 1)), "Items": second(split.Items(x, share, 1)),
			"Users": second(split.Users(x, share, 0.5, 1)), "Users, hidden": second(split.Users(x, 0.5, share, 1)),
		} {
			if !errors.Is(err, split.ErrOption) {
				t.Errorf("%s: share %v: %v", name, share, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

package recommend

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
)

func timedMatrix(t testing.TB, seed uint64) *Interactions {
	t.Helper()
	r := rng.New(seed, 0, 0)
	b, err := NewBuilder[int, int](BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 400 {
		if err := b.AddAt(r.Intn(30), r.Intn(40), 1+float32(r.Intn(3)), day(r.Intn(50))); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d.Interactions
}

// checkPartition: every entry is in exactly one part, weight and time kept.
func checkPartition(t testing.TB, x *Interactions, parts ...*Interactions) {
	t.Helper()
	total := 0
	for n, p := range parts {
		if err := p.users.Validate(); err != nil {
			t.Fatalf("part %d: %v", n, err)
		}
		if p.Users() != x.Users() || p.Items() != x.Items() || p.HasTimes() != x.HasTimes() {
			t.Fatalf("part %d has another shape", n)
		}
		total += p.Len()
		for u := range p.Users() {
			items, weights := p.Row(u)
			times := p.Times(u)
			for k, i := range items {
				at := x.users.Find(u, i)
				if at < 0 || x.users.Val[at] != weights[k] || x.times[at] != times[k] {
					t.Fatalf("part %d: user %d item %d is not as in the source", n, u, i)
				}
			}
		}
	}
	if total != x.Len() {
		t.Fatalf("parts hold %d entries, source %d", total, x.Len())
	}
}

func TestSplitProp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := timedMatrix(t, rapid.Uint64().Draw(rt, "data"))
		seed := rapid.Uint64().Draw(rt, "seed")
		share := rapid.Float64Range(0.05, 0.95).Draw(rt, "share")

		s, err := SplitRandom(x, share, seed)
		if err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for u := range x.Users() {
			if x.users.RowLen(u) > 0 && s.Train.users.RowLen(u) == 0 {
				t.Fatalf("user %d has no training entry", u)
			}
		}

		n := rapid.IntRange(1, 3).Draw(rt, "n")
		if s, err = SplitLast(x, n); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for u := range x.Users() {
			if want := n; x.users.RowLen(u) > n && s.Test.users.RowLen(u) != want {
				t.Fatalf("user %d has %d test entries, want %d", u, s.Test.users.RowLen(u), want)
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
		if s, err = SplitTime(x, cut); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for _, at := range s.Train.times {
			if at >= cut.Unix() {
				t.Fatal("training entry at or after the cut")
			}
		}

		k := rapid.IntRange(2, 6).Draw(rt, "k")
		folds, err := SplitFolds(x, k, seed)
		if err != nil {
			t.Fatal(err)
		}
		var tests []*Interactions
		for _, f := range folds {
			checkPartition(t, x, f.Train, f.Test)
			tests = append(tests, f.Test)
		}
		checkPartition(t, x, tests...)

		if s, err = SplitItems(x, share, seed); err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, s.Train, s.Test)
		for i := range x.Items() {
			if s.Train.byItem().RowLen(i) > 0 && s.Test.byItem().RowLen(i) > 0 {
				t.Fatalf("item %d is on both sides", i)
			}
		}

		us, err := SplitUsers(x, share, 0.3, seed)
		if err != nil {
			t.Fatal(err)
		}
		checkPartition(t, x, us.Train, us.Known, us.Hidden)
		for u := range x.Users() {
			if us.Train.users.RowLen(u) > 0 && us.Known.users.RowLen(u)+us.Hidden.users.RowLen(u) > 0 {
				t.Fatalf("user %d is on both sides", u)
			}
			if us.Hidden.users.RowLen(u) > 0 && us.Known.users.RowLen(u) == 0 {
				t.Fatalf("held-out user %d has no known entry", u)
			}
		}
	})
}

func TestSplitShare(t *testing.T) {
	x := groups(2000, 400, 20, 1)
	s, err := SplitRandom(x, 0.2, 9)
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(s.Test.Len()) / float64(x.Len()); got < 0.19 || got > 0.21 {
		t.Errorf("test share is %v", got)
	}
}

func TestSplitBadInput(t *testing.T) {
	x := groups(10, 9, 2, 1) // no times
	for _, share := range []float64{0, 1, -1, 2} {
		if _, err := SplitRandom(x, share, 1); !errors.Is(err, ErrOption) {
			t.Errorf("share %v: %v", share, err)
		}
		if _, err := SplitItems(x, share, 1); !errors.Is(err, ErrOption) {
			t.Errorf("items share %v: %v", share, err)
		}
		if _, err := SplitUsers(x, share, 0.5, 1); !errors.Is(err, ErrOption) {
			t.Errorf("users share %v: %v", share, err)
		}
	}
	if _, err := SplitLast(x, 1); !errors.Is(err, ErrEmpty) {
		t.Errorf("no times: %v", err)
	}
	if _, err := SplitTime(x, day(1)); !errors.Is(err, ErrEmpty) {
		t.Errorf("no times: %v", err)
	}
	if _, err := x.WithTimes(make([]int64, 3)); !errors.Is(err, ErrShape) {
		t.Errorf("three times: %v", err)
	}
	if timed, err := x.WithTimes(make([]int64, x.Len())); err != nil || !timed.HasTimes() || x.HasTimes() {
		t.Errorf("with times: %v", err)
	}
	if _, err := SplitLast(x, 0); !errors.Is(err, ErrOption) {
		t.Errorf("n=0: %v", err)
	}
	if _, err := SplitFolds(x, 1, 1); !errors.Is(err, ErrOption) {
		t.Errorf("k=1: %v", err)
	}
	if err := CheckDisjoint(x, x); !errors.Is(err, ErrLeakage) {
		t.Errorf("overlap: %v", err)
	}
	if err := CheckDisjoint(x, groups(11, 9, 2, 1)); !errors.Is(err, ErrShape) {
		t.Errorf("shapes: %v", err)
	}
	s, err := SplitRandom(x, 0.5, 3)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckDisjoint(s.Train, s.Test); err != nil {
		t.Error(err)
	}
	rest, err := x.Without(s.Test)
	if err != nil || rest.Len() != s.Train.Len() {
		t.Errorf("without: %v", err)
	}
}

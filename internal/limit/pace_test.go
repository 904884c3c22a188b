package limit_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/limit"
)

// TestBucket: what is taken whenever there are tokens stays near a straight line, also after a time
// in which nobody asks, and all of it is taken by the end.
func TestBucket(t *testing.T) {
	const end, amount, burst = 10_000, 5_000., 100
	var b limit.Bucket
	left := amount
	for at := int64(1); at < end; at++ {
		if at > 4000 && at < 5000 {
			continue
		}
		if b.Level(at, end, burst, left) > 0 && left > 0 {
			b.Take(1)
			left--
		}
		if even := amount * float64(end-at) / end; at < 4000 && math.Abs(left-even) > 55 {
			t.Fatalf("%v left at %d, want about %v", left, at, even)
		}
	}
	if left > 5 {
		t.Errorf("%v are left", left)
	}
	if level := b.Level(end, end, burst, left); !math.IsInf(level, 1) {
		t.Errorf("at the end: %v", level)
	}
	before := b.Level(end-1, end, burst, 10)
	if again := b.Level(5, end, burst, 10); again != before {
		t.Errorf("an instant that goes back: %v, then %v", before, again)
	}
}

// TestPID: the share settles where what is spent is what should be, from above and below, whatever the demand.
func TestPID(t *testing.T) {
	for _, demand := range []float64{1.5, 5, 40, .5} {
		var c limit.PID
		if c.Share() != 1 {
			t.Errorf("share %v at the start", c.Share())
		}
		for range 60 {
			c.Update(100, 100*demand*c.Share())
		}
		if want := min(1/demand, 1); math.Abs(c.Share()/want-1) > .02 {
			t.Errorf("demand %v: share %v, want %v", demand, c.Share(), want)
		}
		for range 60 { // demand falls to a half
			c.Update(100, 50*demand*c.Share())
		}
		if want := min(2/demand, 1); math.Abs(c.Share()/want-1) > .02 {
			t.Errorf("demand %v, halved: share %v, want %v", demand, c.Share(), want)
		}
	}
}

// TestPIDProp: whatever it is told, the share stays one.
func TestPIDProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := limit.PID{P: rapid.Float64Range(0, 5).Draw(t, "p"), I: rapid.Float64Range(0, 5).Draw(t, "i"), D: rapid.Float64Range(0, 5).Draw(t, "d")}
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			c.Update(rapid.Float64Range(1e-9, 1e12).Draw(t, "target"), rapid.Float64Range(0, 1e12).Draw(t, "spent"))
			if s := c.Share(); !(s > 0 && s <= 1) {
				t.Fatalf("share %v", s)
			}
		}
	})
}

func TestBudgetSpend(t *testing.T) {
	b, err := limit.NewBudget[int](100)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := b.Reserve(1, 30); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for _, c := range []struct{ ask, want int64 }{{50, 50}, {50, 20}, {1, 0}} {
		if got, err := b.Spend(c.ask); got != c.want || err != nil {
			t.Errorf("spends %d of %d: %v", got, c.ask, err)
		}
	}
	if err := b.Resize(60); err != nil { // below what is gone
		t.Error(err)
	}
	if got, _ := b.Spend(1); got != 0 {
		t.Errorf("spends %d of nothing", got)
	}
	if err := b.Resize(110); err != nil {
		t.Error(err)
	}
	if got, _ := b.Spend(50); got != 10 {
		t.Errorf("spends %d, want 10", got)
	}
	if _, err := b.Spend(-1); !errors.Is(err, check.ErrRange) {
		t.Error(err)
	}
	if err := b.Resize(-1); !errors.Is(err, check.ErrRange) {
		t.Error(err)
	}
}

func TestCountsHas(t *testing.T) {
	var c limit.Counts[string]
	if err := c.Add("a", 2, 7); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		key   string
		group int32
		at    int64
		want  bool
	}{{"a", 2, 7, true}, {"a", 1, 7, false}, {"a", 2, 8, false}, {"b", 2, 7, false}} {
		if got := c.Has(x.key, x.group, x.at); got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
	c.Keep = 5
	if !c.Forgotten("a", 1) || c.Forgotten("a", 2) || c.Forgotten("b", 1) {
		t.Error("forgotten is what is older than is kept")
	}
}

// TestBucketClocks: an instant that was far ahead is forgotten after a hundred looks, with one burst at most; of two clocks that
// differ all the time the one that is ahead leads.
func TestBucketClocks(t *testing.T) {
	const end, amount, burst = 10_000, 5_000., 100
	run := func(clock func(k int64) int64) (left float64) {
		var b limit.Bucket
		left = amount
		for k := int64(1); k < end/2; k++ {
			if b.Level(clock(k), end, burst, left) > 0 && left > 0 {
				b.Take(1)
				left--
			}
		}
		return left
	}
	ahead := run(func(k int64) int64 {
		if k == 1000 {
			return end - 1
		}
		return k
	})
	two := run(func(k int64) int64 { return k + k%2*300 })
	if math.Abs(ahead-amount/2) > 250 || math.Abs(two-amount/2) > 250 {
		t.Errorf("half-way %v are left after an instant that was ahead, %v with two clocks, want about %v", ahead, two, amount/2)
	}
}

package limit_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/limit"
)

// TestClock: a clock that is ahead does not move it, whether it is the first or one of eight, nor does one of eight that stands still;
// when most have moved on, it follows.
func TestClock(t *testing.T) {
	var c limit.Clock
	for k := range 127 {
		if _, _, ok := c.Now(); ok {
			t.Fatalf("a clock that was told %d times knows the time", k)
		}
		c.Tell(1 << 60)
	}
	if early, late, ok := c.Now(); early != 1<<60 || late != 1<<60 || !ok {
		t.Errorf("it says %d and %d, %v", early, late, ok)
	}
	for k := range int64(2000) {
		c.Tell(k)
		if k%8 == 3 {
			c.Tell(k + 1<<50)
		}
		if k%8 == 5 {
			c.Tell(0)
		}
		if early, late, ok := c.Now(); k > 300 && (!ok || early > late || early < k-160 || late > k) {
			t.Fatalf("at %d it says %d and %d", k, early, late)
		}
	}
	for range 127 {
		c.Tell(1 << 50)
	}
	if early, late, _ := c.Now(); early != 1<<50 || late != 1<<50 {
		t.Errorf("when all have moved on it says %d and %d", early, late)
	}
	if n := testing.AllocsPerRun(100, func() { c.Tell(7) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestFullProp: an event is refused if and only if n others and it fall within less than per, in whatever order they come; what is pruned
// has no part in it, and is refused.
func TestFullProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c limit.Counts[int]
		type event struct {
			group int32
			at    int64
		}
		var all []event
		base := rapid.SampledFrom([]int64{0, math.MinInt64 / 2, math.MaxInt64 - 100}).Draw(t, "base")
		floor := int64(math.MinInt64)
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			e := event{int32(rapid.IntRange(0, 2).Draw(t, "group")), base + int64(rapid.IntRange(0, 60).Draw(t, "at"))}
			if rapid.IntRange(0, 9).Draw(t, "prune") == 0 {
				floor = e.at
				c.Prune(floor)
				all = slices.DeleteFunc(all, func(e event) bool { return e.at < floor })
				continue
			}
			if floor > math.MinInt64 && rapid.Bool().Draw(t, "old") {
				if err := c.Add(1, e.group, floor-1); !errors.Is(err, check.ErrRange) || !c.Forgotten(1, floor-1) {
					t.Fatalf("an event before %d: %v", floor, err)
				}
			}
			group, n, per := rapid.SampledFrom([]int32{limit.All, 0, 1, 2}).Draw(t, "of"), rapid.IntRange(1, 4).Draw(t, "n"), int64(rapid.IntRange(1, 30).Draw(t, "per"))
			var at []int64
			for _, o := range all {
				if group == limit.All || o.group == group {
					at = append(at, o.at)
				}
			}
			slices.Sort(at)
			want := false
			for i := n - 1; i < len(at); i++ {
				want = want || max(at[i], e.at)-min(at[i-n+1], e.at) < per
			}
			if got := c.Full(1, group, n, per, e.at); got != want {
				t.Fatalf("%v of %v within %d, at %d: %v", n, at, per, e.at, got)
			}
			if e.at >= floor {
				if err := c.Add(1, e.group, e.at); err != nil {
					t.Fatal(err)
				}
				all = append(all, e)
			}
		}
	})
}

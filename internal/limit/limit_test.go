package limit_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/limit"
	"github.com/aislekit/aisle/internal/testkit"
)

type event struct {
	at    int64
	group int32
}

// held returns the instants of all events of a key in a group, the newest first.
func held(c *limit.Counts[string], key string, group int32) (out []int64) {
	for n := 1; ; n++ {
		at, ok := c.Newest(key, group, n)
		if !ok {
			return out
		}
		out = append(out, at)
	}
}

func anybody(string, int64) bool { return true }

// Counts knows what a list knows from which old events are struck out, as does its copy.
func TestCountsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const keep = 20
		c := limit.Counts[string]{Keep: keep}
		all := map[string][]event{}
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			key, e := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), event{rapid.Int64Range(0, 60).Draw(t, "at"), int32(rapid.IntRange(0, 2).Draw(t, "group"))}
			newest := int64(0)
			for _, x := range all[key] {
				newest = max(newest, x.at)
			}
			old := len(all[key]) > 0 && newest-e.at > keep
			if err := c.Add(key, e.group, e.at); errors.Is(err, check.ErrRange) != old || err != nil && !old {
				t.Fatalf("an event at %d beside one at %d: %v", e.at, newest, err)
			}
			if !old {
				all[key] = slices.DeleteFunc(append(all[key], e), func(x event) bool { return e.at-x.at > keep })
			}
		}
		if rapid.Bool().Draw(t, "forget") {
			c.Forget("a")
			delete(all, "a")
		}
		again := limit.Counts[string]{Keep: keep}
		if err := read(t, frame(t, c.Write), func(r *codec.Reader) error { return again.Read(r, 3, anybody) }); err != nil || !bytes.Equal(frame(t, again.Write), frame(t, c.Write)) {
			t.Fatalf("another form after a round trip: %v", err)
		}
		for _, key := range []string{"a", "b"} {
			for _, g := range []int32{limit.All, 0, 1, 2} {
				var want []int64
				for _, e := range all[key] {
					if g == limit.All || e.group == g {
						want = append(want, e.at)
					}
				}
				slices.Sort(want)
				slices.Reverse(want)
				if got := held(&again, key, g); !slices.Equal(got, want) {
					t.Fatalf("%s, group %d: %v, want %v", key, g, got, want)
				}
			}
		}
	})
}

// Goroutines count each event once.
func TestCountsConcurrent(t *testing.T) {
	var c limit.Counts[string]
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range 100 {
				if err := c.Add("a", int32(w), int64(k)); err != nil {
					t.Error(err)
				}
				c.Newest("a", limit.All, 3)
			}
		}()
	}
	wg.Wait()
	if n := len(held(&c, "a", limit.All)); n != 800 {
		t.Errorf("%d events of 800", n)
	}
}

func TestBudgetConcurrent(t *testing.T) {
	b, err := limit.NewBudget[int](1000)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := range 200 {
				key, amount := 1000*w+k, int64(1+k%7)
				if ok, err := b.Reserve(key, amount); err != nil || !ok {
					continue
				}
				if amount, spent, held := b.State(); spent+held > amount {
					t.Errorf("%d spent and %d held of %d", spent, held, amount)
				}
				if k%3 == 0 {
					b.Release(key)
				} else if err := b.Commit(key, amount-1); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if _, spent, held := b.State(); spent < 990 || spent > 1000 || held != 0 {
		t.Errorf("%d spent, %d held of 1000", spent, held)
	}
}

// A budget is what a plain sum says, whatever happens to it.
func TestBudgetProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, 30).Draw(t, "amount")
		b, err := limit.NewBudget[string](amount)
		if err != nil {
			t.Fatal(err)
		}
		spent, held := int64(0), map[string]int64{}
		sum := func() (n int64) {
			for _, h := range held {
				n += h
			}
			return n
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			key, x := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), rapid.Int64Range(-1, 12).Draw(t, "x")
			h, known := held[key]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				ok, err := b.Reserve(key, x)
				want := !known && x >= 0 && spent+sum()+x <= amount
				if ok != want || (err != nil) != (known || x < 0) {
					t.Fatalf("reserve %d: %v, %v", x, ok, err)
				}
				if ok {
					held[key] = x
				}
			case 1:
				err := b.Commit(key, x)
				if (err == nil) != (known && x >= 0 && x <= h) {
					t.Fatalf("commit %d of %v: %v", x, h, err)
				}
				if err == nil {
					spent += x
					delete(held, key)
				}
			case 2:
				if b.Release(key) != known {
					t.Fatal("release")
				}
				delete(held, key)
			case 3:
				if err := b.Refund(x); (err == nil) != (x >= 0 && x <= spent) {
					t.Fatalf("refund %d of %d: %v", x, spent, err)
				} else if err == nil {
					spent -= x
				}
			}
			if a, s, h := b.State(); a != amount || s != spent || h != sum() || s+h > a {
				t.Fatalf("%d, %d, %d; want %d, %d, %d", a, s, h, amount, spent, sum())
			}
		}
	})
}

// fataler is a test, rapid's too.
type fataler interface{ Fatal(args ...any) }

func frame(t fataler, write func(*codec.Writer) error) []byte {
	var w codec.Writer
	if err := write(&w); err != nil {
		t.Fatal(err)
	}
	return w.AppendFrame(nil, codec.KindBuilder, 1)
}

func read(t fataler, data []byte, get func(*codec.Reader) error) error {
	r, err := codec.Open(data, codec.KindBuilder, 1)
	if err != nil {
		t.Fatal(err)
	}
	return cmpOr(get(r), r.Done)
}

func cmpOr(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

func TestEdges(t *testing.T) {
	c := limit.Counts[string]{Keep: 10, Max: 3}
	for _, at := range []int64{100, 95, 90} {
		if err := c.Add("a", 0, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]func() error{
		"older than Keep": func() error { return c.Add("a", 0, 89) },
		"group":           func() error { return c.Add("a", limit.All, 100) },
	} {
		if err := f(); !errors.Is(err, check.ErrRange) || len(held(&c, "a", limit.All)) != 3 {
			t.Errorf("%s: %v, %v", name, err, held(&c, "a", limit.All))
		}
	}
	if err := c.Add("b", 0, 0); !errors.Is(err, check.ErrTooLarge) {
		t.Errorf("a fourth event: %v", err)
	}
	if err := c.Add("a", 1, 101); err != nil || !slices.Equal(held(&c, "a", limit.All), []int64{101, 100, 95}) { // the one at 90 is forgotten
		t.Errorf("%v, %v", err, held(&c, "a", limit.All))
	}
	c.Forget("a")
	if _, ok := c.Newest("a", limit.All, 1); ok {
		t.Error("something is left of what was forgotten")
	}
	for i := range int64(3) { // there is room again
		if err := c.Add("b", 0, i); err != nil {
			t.Error(err)
		}
	}
	if _, err := limit.NewBudget[string](-1); !errors.Is(err, check.ErrRange) {
		t.Errorf("a budget of -1: %v", err)
	}
}

// What no encoder writes is refused, and changes nothing.
func TestRefused(t *testing.T) {
	write := func(put func(w *codec.Writer)) []byte {
		return frame(t, func(w *codec.Writer) error { put(w); return nil })
	}
	key := func(w *codec.Writer, xs ...int64) {
		w.Int(1)
		w.String("a")
		for _, x := range xs {
			w.Int64(x)
		}
	}
	for name, xs := range map[string][]int64{
		"no events": {0}, "more than there are": {2, 5, 0}, "a group that is none": {1, 5, 3}, "out of order": {2, 5, 0, 4, 0}, "older than Keep": {2, 1, 0, 100, 0},
		"negative group": {1, 5, -1}, "beyond Max": {4, 5, 0, 5, 0, 5, 0, 5, 0},
	} {
		c := limit.Counts[string]{Keep: 50, Max: 3}
		if err := c.Add("b", 1, 7); err != nil {
			t.Fatal(err)
		}
		if err := read(t, write(func(w *codec.Writer) { key(w, xs...) }), func(r *codec.Reader) error { return c.Read(r, 3, anybody) }); !errors.Is(err, check.ErrCorrupt) || len(held(&c, "b", 1)) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := limit.Counts[string]{}
	if err := read(t, write(func(w *codec.Writer) { key(w, 1, 5, 0) }), func(r *codec.Reader) error {
		return c.Read(r, 3, func(key string, newest int64) bool { return key != "a" || newest != 5 })
	}); !errors.Is(err, check.ErrCorrupt) {
		t.Errorf("a key that nobody knows: %v", err)
	}
	var odd limit.Counts[float64]
	if err := odd.Write(new(codec.Writer)); !errors.Is(err, check.ErrOption) {
		t.Errorf("keys without a binary form: %v", err)
	}
}

func TestAddAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	c := limit.Counts[int64]{Keep: 50}
	at := int64(0)
	step := func() {
		at++
		if err := c.Add(at%8, 0, at); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, keys := range []int64{8, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			b.ReportAllocs()
			c := limit.Counts[int64]{Keep: 10 * keys}
			at := int64(0)
			for b.Loop() {
				at++
				_ = c.Add(at%keys, 0, at)
			}
		})
	}
}

package limit_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

// oracle keeps every event and looks at every window.
type oracle []event

// breaks reports whether more than n events of a group lie in any time of length width.
func (o oracle) breaks(group int32, n int, width int64) bool {
	for _, first := range o {
		k := 0
		for _, e := range o {
			if (group == limit.All || e.group == group) && e.at >= first.at && e.at-first.at < width {
				k++
			}
		}
		if k > n && (group == limit.All || first.group == group) {
			return true
		}
	}
	return false
}

// Events in order of time are taken exactly where no window would hold too many; late ones
// are never taken where one would.
func TestTakeProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c limit.Counts[string]
		took := map[string]oracle{}
		late := rapid.Bool().Draw(t, "late events")
		perGroup, all := rapid.IntRange(0, 3).Draw(t, "per group"), rapid.IntRange(0, 4).Draw(t, "all")
		width, widthAll := rapid.Int64Range(1, 6).Draw(t, "width"), rapid.Int64Range(1, 12).Draw(t, "width of all")
		now := int64(0)
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			now += rapid.Int64Range(0, 3).Draw(t, "gap")
			at := now
			if late {
				at -= rapid.Int64Range(0, 8).Draw(t, "late")
			}
			key, g := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), int32(rapid.IntRange(0, 1).Draw(t, "group"))
			full, err := c.Take(key, g, at, []limit.Span{limit.Sliding(g, perGroup, width, at), limit.Sliding(limit.All, all, widthAll, at)})
			if err != nil {
				t.Fatal(err)
			}
			with := append(slices.Clone(took[key]), event{at, g})
			bad := with.breaks(g, perGroup, width) || with.breaks(limit.All, all, widthAll)
			if bad && full < 0 || !bad && full >= 0 && !late {
				t.Fatalf("event of %s in group %d at %d: full is %d, breaks a cap: %v", key, g, at, full, bad)
			}
			if full < 0 {
				took[key] = with
			}
		}
		total := 0
		for key, events := range took {
			total += len(events)
			slices.SortFunc(events, func(a, b event) int { return int(b.at - a.at) })
			for i, e := range events {
				if at, ok := c.Newest(key, limit.All, i+1); !ok || at != e.at {
					t.Fatalf("newest %d of %s is %d, %v, want %d", i+1, key, at, ok, e.at)
				}
			}
			if _, ok := c.Newest(key, limit.All, len(events)+1); ok {
				t.Fatal("one more than there are")
			}
		}
		if c.Len() != total {
			t.Fatalf("%d events, want %d", c.Len(), total)
		}
	})
}

// most counts how many events goroutines get past a cap of 3, by take.
func most(t *testing.T, take func(c *limit.Counts[int], at int64) bool) int {
	t.Helper()
	worst := 0
	for range 200 {
		var c limit.Counts[int]
		var n atomic.Int64
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for k := range 4 {
					if take(&c, int64(4*w+k)) {
						n.Add(1)
					}
				}
			}()
		}
		wg.Wait()
		worst = max(worst, int(n.Load()))
	}
	return worst
}

// Goroutines together never pass a cap; where looking and counting are two steps, they do.
func TestCountsConcurrent(t *testing.T) {
	span := []limit.Span{{Group: limit.All, N: 3, To: 100}}
	if n := most(t, func(c *limit.Counts[int], at int64) bool {
		full, err := c.Take(7, 0, at, span)
		return err == nil && full < 0
	}); n != 3 {
		t.Errorf("%d events under a cap of 3", n)
	}
	if n := most(t, func(c *limit.Counts[int], at int64) bool {
		room := c.Count(7, limit.All, 0, 100) < 3
		runtime.Gosched()
		return room && c.Add(7, 0, at) == nil
	}); n <= 3 {
		t.Errorf("without the guard %d events pass a cap of 3: this test shows nothing", n)
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
				if ok, err := b.Reserve(key, amount, 0); err != nil || !ok {
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
		spent, held := int64(0), map[string][2]int64{}
		sum := func() (n int64) {
			for _, h := range held {
				n += h[0]
			}
			return n
		}
		for now := range rapid.Int64Range(0, 40).Draw(t, "steps") {
			key, x := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), rapid.Int64Range(-1, 12).Draw(t, "x")
			h, known := held[key]
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				ok, err := b.Reserve(key, x, now)
				want := !known && x >= 0 && spent+sum()+x <= amount
				if ok != want || (err != nil) != (known || x < 0) {
					t.Fatalf("reserve %d: %v, %v", x, ok, err)
				}
				if ok {
					held[key] = [2]int64{x, now}
				}
			case 1:
				err := b.Commit(key, x)
				if (err == nil) != (known && x >= 0 && x <= h[0]) {
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
			case 4:
				n := 0
				for key, h := range held {
					if h[1] < now-x {
						delete(held, key)
						n++
					}
				}
				if got := b.Expire(now - x); got != n {
					t.Fatalf("%d expired, want %d", got, n)
				}
			}
			if a, s, h := b.State(); a != amount || s != spent || h != sum() || s+h > a {
				t.Fatalf("%d, %d, %d; want %d, %d, %d", a, s, h, amount, spent, sum())
			}
		}
		data := frame(t, b.Write)
		again, _ := limit.NewBudget[string](0)
		if err := read(t, data, again.Read); err != nil || !bytes.Equal(frame(t, again.Write), data) {
			t.Fatalf("another form after a round trip: %v", err)
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

// marshaled is Counts with the binary form that its owners give it.
type marshaled struct{ limit.Counts[string] }

func (m *marshaled) MarshalBinary() ([]byte, error) {
	var w codec.Writer
	err := m.Write(&w)
	return w.AppendFrame(nil, codec.KindBuilder, 1), err
}

func (m *marshaled) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindBuilder, 1)
	if err != nil {
		return err
	}
	return cmpOr(m.Read(r, 3, func(string, int64) bool { return true }), r.Done)
}

// Shards in any order and grouping are one pass, also where old events are forgotten.
func TestCountsLaws(t *testing.T) {
	testkit.Laws[*marshaled]{
		Empty: func() *marshaled { return &marshaled{limit.Counts[string]{Keep: 20}} },
		Add: func(t *rapid.T) func(*marshaled) {
			key, g, at := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), int32(rapid.IntRange(0, 2).Draw(t, "group")), rapid.Int64Range(0, 50).Draw(t, "at")
			return func(c *marshaled) {
				if err := c.Add(key, g, at); err != nil && !errors.Is(err, check.ErrRange) {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *marshaled) error { return a.Merge(&b.Counts) },
		Result: func(c *marshaled) []float64 {
			out := []float64{float64(c.Len())}
			for _, key := range []string{"a", "b"} {
				for g := range int32(3) {
					for at := range int64(51) {
						out = append(out, float64(c.Count(key, g, at, at+1)))
					}
				}
			}
			return out
		},
		Other: func() *marshaled { return &marshaled{limit.Counts[string]{Keep: 21}} },
	}.Check(t)
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
		if err := f(); !errors.Is(err, check.ErrRange) || c.Len() != 3 {
			t.Errorf("%s: %v, %d events", name, err, c.Len())
		}
	}
	if err := c.Add("b", 0, 0); !errors.Is(err, check.ErrTooLarge) {
		t.Errorf("a fourth event: %v", err)
	}
	if err := c.Add("a", 1, 101); err != nil || c.Len() != 3 { // the one at 90 is forgotten
		t.Errorf("%v, %d events", err, c.Len())
	}
	if full, _ := c.Take("a", 0, 102, []limit.Span{{Group: 1, N: 0, From: 0, To: 1}}); full != 0 {
		t.Error("a cap of 0 lets one through")
	}
	if s := limit.Sliding(0, 1, math.MaxInt64, math.MinInt64); s.From != math.MinInt64 || s.To < 0 && s.To != math.MinInt64+math.MaxInt64 {
		t.Errorf("span %+v", s)
	}
	if s := limit.Sliding(0, 1, math.MaxInt64, math.MaxInt64); s.From != 1 || s.To != math.MaxInt64 {
		t.Errorf("span %+v", s)
	}
	c.Forget("a")
	if _, ok := c.Newest("a", limit.All, 1); ok || c.Len() != 0 {
		t.Error("something is left of what was forgotten")
	}
	if _, err := limit.NewBudget[string](-1); !errors.Is(err, check.ErrRange) {
		t.Errorf("a budget of -1: %v", err)
	}
	a, _ := limit.NewBudget[string](math.MaxInt64)
	b, _ := limit.NewBudget[string](1)
	if err := a.Merge(b); !errors.Is(err, check.ErrOverflow) {
		t.Errorf("amounts beyond int64: %v", err)
	}
	if err := a.Merge(a); !errors.Is(err, check.ErrMismatch) {
		t.Errorf("itself: %v", err)
	}
	d, _ := limit.NewBudget[string](5)
	for _, x := range []*limit.Budget[string]{b, d} {
		if ok, err := x.Reserve("k", 1, 3); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if err := d.Merge(b); !errors.Is(err, check.ErrDuplicate) {
		t.Errorf("a key held twice: %v", err)
	}
	b.Release("k")
	if err := d.Merge(b); err != nil {
		t.Error(err)
	}
	if amount, spent, held := d.State(); amount != 6 || spent != 0 || held != 1 {
		t.Error(amount, spent, held)
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
		if err := read(t, write(func(w *codec.Writer) { key(w, xs...) }), func(r *codec.Reader) error { return c.Read(r, 3, func(string, int64) bool { return true }) }); !errors.Is(err, check.ErrCorrupt) || c.Len() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, xs := range map[string][4]int64{
		"negative amount": {-1, 0, 0, 0}, "negative spent": {5, -1, 1, 0}, "spent": {5, 6, 0, 0}, "held": {5, 3, 3, 0}, "negative held": {5, 3, -1, 0},
	} {
		b, _ := limit.NewBudget[string](9)
		if err := read(t, write(func(w *codec.Writer) { w.Int64(xs[0]); w.Int64(xs[1]); key(w, xs[2:]...) }), b.Read); !errors.Is(err, check.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if amount, _, _ := b.State(); amount != 9 {
			t.Errorf("%s: changed", name)
		}
	}
	var odd limit.Counts[float64]
	if err := odd.Write(new(codec.Writer)); !errors.Is(err, check.ErrOption) {
		t.Errorf("keys without a binary form: %v", err)
	}
}

func TestTakeAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("allocations mean nothing under the race detector")
	}
	c := limit.Counts[int64]{Keep: 50}
	at := int64(0)
	spans := []limit.Span{{}}
	step := func() {
		at++
		spans[0] = limit.Sliding(0, 9, 10, at)
		if full, err := c.Take(at%8, 0, at, spans); full >= 0 || err != nil {
			t.Fatal(full, err)
		}
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTake(b *testing.B) {
	for _, keys := range []int64{8, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			b.ReportAllocs()
			c := limit.Counts[int64]{Keep: 10 * keys}
			at := int64(0)
			spans := []limit.Span{{}}
			for b.Loop() {
				at++
				spans[0] = limit.Sliding(0, 9, keys, at)
				_, _ = c.Take(at%keys, 0, at, spans)
			}
		})
	}
}

package kpi

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func minutes(steps string, at ...int) []FunnelEvent {
	out := make([]FunnelEvent, len(at))
	for i := range at {
		out[i] = FunnelEvent{int(steps[i] - 'a'), day0.Add(time.Duration(at[i]) * time.Minute)}
	}
	return out
}

func TestFunnelRules(t *testing.T) {
	for name, x := range map[string]struct {
		events       []FunnelEvent
		first, again int // steps reached
	}{
		"through":                      {minutes("abc", 0, 1, 2), 3, 3},
		"out of order in the log":      {minutes("cab", 2, 0, 1), 3, 3},
		"steps in wrong order":         {minutes("cba", 0, 1, 2), 1, 1},
		"never entered":                {minutes("bc", 0, 1), 0, 0},
		"skipped a step":               {minutes("ac", 0, 1), 1, 1},
		"equal times":                  {minutes("cba", 5, 5, 5), 3, 3},
		"at the end of the window":     {minutes("ab", 0, 60), 1, 1},
		"just within":                  {minutes("ab", 0, 59), 2, 2},
		"second entry gets farther":    {minutes("aabc", 0, 100, 120, 150), 1, 3},
		"first entry got farther":      {minutes("abca", 0, 1, 2, 3), 3, 3},
		"entry between steps":          {minutes("abac", 0, 1, 2, 59), 3, 3},
		"later entry, old cart":        {minutes("abac", 0, 1, 50, 70), 2, 2},
		"cart again after new entry":   {minutes("ababc", 0, 1, 50, 55, 70), 2, 3},
		"last step late for both":      {minutes("abac", 0, 40, 30, 100), 2, 2},
		"repeated steps change naught": {minutes("aabbcc", 0, 0, 1, 1, 2, 2), 3, 3},
	} {
		for _, entry := range []FunnelEntry{FunnelFirstTouch, FunnelRestart} {
			f, err := NewFunnel(FunnelOptions{Steps: []string{"view", "cart", "buy"}, Window: time.Hour, Entry: entry})
			must(t, err)
			must(t, f.AddUser(x.events))
			got, want := 0, x.first
			if entry == FunnelRestart {
				want = x.again
			}
			for _, s := range f.Result() {
				got += int(s.Users)
			}
			if got != want {
				t.Errorf("%s, entry %d: %d steps, want %d", name, entry, got, want)
			}
		}
	}
}

func TestFunnelResult(t *testing.T) {
	f, err := NewFunnel(FunnelOptions{Steps: []string{"view", "cart", "buy"}})
	must(t, err)
	must(t, f.AddUser(minutes("abc", 0, 10, 10)))
	must(t, f.AddUser(minutes("ab", 0, 20)))
	must(t, f.AddUser(minutes("ab", 0, 60)))
	must(t, f.AddUser(minutes("a", 0)))
	must(t, f.AddUser(nil))
	r := f.Result()
	if r[0].FromPrevious != metrics.RatioOf(4, 5, 5) || r[1].FromPrevious != metrics.RatioOf(3, 4, 4) || r[2].FromPrevious != metrics.RatioOf(1, 3, 3) || r[2].FromFirst != metrics.RatioOf(1, 4, 4) {
		t.Errorf("%+v", r)
	}
	if r[1].Mean != 30*time.Minute || math.Abs(r[1].Median.Minutes()-20) > .2 || r[2].Mean != 0 || r[2].Median != 0 {
		t.Errorf("times %v %v %v", r[1].Mean, r[1].Median, r[2].Mean)
	}
	if f.Outside() != 1 {
		t.Error("users outside")
	}
	// An empty funnel is undefined, not 0.
	e, _ := NewFunnel(FunnelOptions{Steps: []string{"a", "b"}})
	if _, err := e.Result()[1].FromPrevious.Value(); !errors.Is(err, ErrUndefined) {
		t.Errorf("empty: %v", err)
	}
}

func TestFunnelBadInput(t *testing.T) {
	for name, o := range map[string]FunnelOptions{
		"one step":        {Steps: []string{"a"}},
		"same name":       {Steps: []string{"a", "a"}},
		"negative window": {Steps: []string{"a", "b"}, Window: -1},
		"entry":           {Steps: []string{"a", "b"}, Entry: 7},
		"65 steps":        {Steps: make([]string, 65)},
	} {
		if _, err := NewFunnel(o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := NewFunnelBuilder[int](o); !errors.Is(err, ErrOption) {
			t.Errorf("%s: builder: %v", name, err)
		}
	}
	f, _ := NewFunnel(FunnelOptions{Steps: []string{"a", "b"}})
	b, _ := NewFunnelBuilder[float64](FunnelOptions{Steps: []string{"a", "b"}})
	for name, err := range map[string]error{
		"step -1":   f.AddUser([]FunnelEvent{{0, day0}, {-1, day0}}),
		"step 2":    f.AddUser([]FunnelEvent{{2, day0}}),
		"zero time": f.AddUser([]FunnelEvent{{1, time.Time{}}}),
		"year 3000": b.Add(1, 0, day0.AddDate(974, 0, 0)),
		"no step":   b.Add(1, 9, day0),
	} {
		if !errors.Is(err, ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.Add(math.NaN(), 0, day0); err == nil {
		t.Error("an id that is not itself")
	}
	if f.Outside() != 0 || f.users[0] != 0 || b.Len() != 0 {
		t.Error("something changed")
	}
	if _, err := b.MarshalBinary(); !errors.Is(err, ErrOption) {
		t.Errorf("binary form of float ids: %v", err)
	}
}

// slowFunnel tries every choice of events.
func slowFunnel(events []FunnelEvent, steps int, window time.Duration, restart bool) int {
	var first time.Time
	for _, e := range events {
		if e.Step == 0 && (first.IsZero() || e.At.Before(first)) {
			first = e.At
		}
	}
	best := 0
	var from func(step int, start, now time.Time)
	from = func(step int, start, now time.Time) {
		best = max(best, step)
		for _, e := range events {
			if e.Step == step && !e.At.Before(now) && (window == 0 || e.At.Sub(start) < window) {
				from(step+1, start, e.At)
			}
		}
	}
	for _, e := range events {
		if e.Step == 0 && (restart || e.At.Equal(first)) {
			from(1, e.At, e.At)
		}
	}
	return best
}

func TestFunnelProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "steps")
		o := FunnelOptions{
			Steps: []string{"a", "b", "c", "d"}[:n], Window: time.Duration(rapid.IntRange(0, 8).Draw(t, "window")) * time.Minute,
			Entry: FunnelEntry(rapid.IntRange(0, 1).Draw(t, "entry")),
		}
		f, _ := NewFunnel(o)
		want := make([]int64, n)
		for range rapid.IntRange(0, 5).Draw(t, "users") {
			var es []FunnelEvent
			for range rapid.IntRange(0, 7).Draw(t, "events") {
				es = append(es, minutes(string(rune('a'+rapid.IntRange(0, n-1).Draw(t, "step"))), rapid.IntRange(0, 12).Draw(t, "at"))...)
			}
			if err := f.AddUser(es); err != nil {
				t.Fatal(err)
			}
			for j := range slowFunnel(es, n, o.Window, o.Entry == FunnelRestart) {
				want[j]++
			}
		}
		for j, s := range f.Result() {
			if s.Users != want[j] {
				t.Fatalf("step %d: %d users, want %d", j, s.Users, want[j])
			}
			if s.Mean < 0 || s.Median < 0 || o.Window > 0 && s.Mean >= o.Window {
				t.Fatalf("step %d: mean %v, median %v, window %v", j, s.Mean, s.Median, o.Window)
			}
		}
	})
}

func funnelNumbers(steps []FunnelStep) []float64 {
	var out []float64
	for _, s := range steps {
		out = append(out, testkit.Numbers(s.Users, s.FromPrevious.Den(), int64(s.Mean), int64(s.Median), int64(s.P90))...)
	}
	return out
}

func TestFunnelMerge(t *testing.T) {
	make1 := func(w time.Duration) func() *Funnel {
		return func() *Funnel {
			f, err := NewFunnel(FunnelOptions{Steps: []string{"a", "b", "c"}, Window: w, Entry: FunnelRestart})
			must(t, err)
			return f
		}
	}
	testkit.Laws[*Funnel]{
		Empty: make1(time.Hour),
		Other: make1(time.Minute),
		Add: func(t *rapid.T) func(*Funnel) {
			var es []FunnelEvent
			for range rapid.IntRange(0, 5).Draw(t, "events") {
				es = append(es, minutes(string(rune('a'+rapid.IntRange(0, 2).Draw(t, "step"))), rapid.IntRange(0, 100).Draw(t, "at"))...)
			}
			return func(f *Funnel) {
				if err := f.AddUser(es); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge:  func(a, b *Funnel) error { return a.Merge(b) },
		Result: func(f *Funnel) []float64 { return append(funnelNumbers(f.Result()), float64(f.Outside())) },
	}.Check(t)
}

func TestFunnelBuilderMerge(t *testing.T) {
	make1 := func(e FunnelEntry) func() *FunnelBuilder[string] {
		return func() *FunnelBuilder[string] {
			b, err := NewFunnelBuilder[string](FunnelOptions{Steps: []string{"a", "b", "c"}, Window: time.Hour, Entry: e})
			must(t, err)
			return b
		}
	}
	testkit.Laws[*FunnelBuilder[string]]{
		Empty: make1(FunnelFirstTouch),
		Other: make1(FunnelRestart),
		Add: func(t *rapid.T) func(*FunnelBuilder[string]) {
			u := rapid.SampledFrom([]string{"u", "v", "w", "x"}).Draw(t, "user")
			step, at := rapid.IntRange(0, 2).Draw(t, "step"), day0.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "at"))*time.Minute)
			return func(b *FunnelBuilder[string]) {
				if err := b.Add(u, step, at); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *FunnelBuilder[string]) error { return a.Merge(b) },
		Result: func(b *FunnelBuilder[string]) []float64 {
			f, err := b.Funnel()
			if err != nil {
				panic(err)
			}
			return append(funnelNumbers(f.Result()), float64(f.Outside()), float64(b.Len()))
		},
	}.Check(t)
}

func TestFunnelNoAllocation(t *testing.T) {
	f, err := NewFunnel(FunnelOptions{Steps: []string{"a", "b", "c"}, Window: time.Hour, Entry: FunnelRestart})
	must(t, err)
	es := minutes("cabab", 9, 0, 4, 7, 8)
	must(t, f.AddUser(es))
	if n := testing.AllocsPerRun(100, func() { _ = f.AddUser(es) }); n != 0 {
		t.Errorf("%v allocations a user", n)
	}
}

func BenchmarkFunnelAddUser(b *testing.B) {
	f, _ := NewFunnel(FunnelOptions{Steps: []string{"view", "cart", "order", "pay"}, Window: 24 * time.Hour})
	r := rng.New(1, 0, 0)
	users := make([][]FunnelEvent, 1000)
	events := 0
	for i := range users {
		for range 4 + r.Intn(12) {
			users[i] = append(users[i], FunnelEvent{r.Intn(4), day0.Add(time.Duration(r.Intn(86400)) * time.Second)})
		}
		slices.SortFunc(users[i], func(a, b FunnelEvent) int { return a.At.Compare(b.At) })
		events += len(users[i])
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := f.AddUser(users[i%1000]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(events)/1000*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkFunnelBuilder(b *testing.B) {
	const n = 1 << 20
	r := rng.New(1, 0, 0)
	at := make([]time.Time, n)
	for i := range at {
		at[i] = day0.Add(time.Duration(r.Intn(86400)) * time.Second)
	}
	b.ReportAllocs()
	for b.Loop() {
		f, _ := NewFunnelBuilder[int32](FunnelOptions{Steps: []string{"view", "cart", "order", "pay"}, Window: 24 * time.Hour})
		for i, t := range at {
			if err := f.Add(int32(i*7)&8191, i&3, t); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := f.Funnel(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func TestFunnelBuilderReset(t *testing.T) {
	o := FunnelOptions{Steps: []string{"view", "buy"}, Window: time.Hour}
	b := ok[*FunnelBuilder[string]](t)(NewFunnelBuilder[string](o))
	users := []string{"a", "b", "c", "d", "e", "f"}
	day := func() {
		for i, u := range users {
			must(t, b.Add(u, 0, day0))
			if i%2 == 0 {
				must(t, b.Add(u, 1, day0.Add(time.Minute)))
			}
		}
	}
	day()
	first := ok[*Funnel](t)(b.Funnel()).Result()
	if allocs := testing.AllocsPerRun(50, func() { b.Reset(); day() }); allocs != 0 {
		t.Errorf("%v allocations a day", allocs)
	}
	if again := ok[*Funnel](t)(b.Funnel()).Result(); fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%v, after Reset %v", first, again)
	}
	b.Reset()
	must(t, b.Add("z", 1, day0))
	if n := b.ids.Len(); n != 1 {
		t.Errorf("%d users", n)
	}
}

func BenchmarkFunnelBuilderAdd(b *testing.B) {
	const n = 1 << 20
	r := rng.New(1, 0, 0)
	at := make([]time.Time, n)
	for i := range at {
		at[i] = day0.Add(time.Duration(r.Intn(86400)) * time.Second)
	}
	f, _ := NewFunnelBuilder[int32](FunnelOptions{Steps: []string{"view", "cart", "order", "pay"}, Window: 24 * time.Hour})
	day := func() {
		f.Reset()
		for i, t := range at {
			if err := f.Add(int32(i*7)&8191, i&3, t); err != nil {
				b.Fatal(err)
			}
		}
	}
	day()
	b.ReportAllocs()
	for b.Loop() {
		day()
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

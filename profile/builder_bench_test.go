package profile_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/aislekit/aisle/profile"
)

func BenchmarkBuilderAdd(b *testing.B) {
	for _, c := range []struct {
		name    string
		users   int
		indexed bool
	}{{"users=1k/lookup", 1000, false}, {"users=100k/lookup", 100_000, false}, {"users=100k/indexed", 100_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			p, err := profile.NewBuilder[int64, int64](profile.BuilderOptions{AsOf: cut})
			if err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			names := []string{"shoes", "books", "toys", "food", "garden", "music", "sport", "home"}
			events := make([]profile.Event[int64, int64], 1<<18)
			handles := make([]int32, len(events))
			for i := range events {
				events[i] = profile.Event[int64, int64]{
					User: int64(rng.IntN(c.users)) * 7919, Item: int64(i), Kind: profile.Kind(1 + rng.IntN(4)),
					At: cut.Add(-time.Duration(rng.Int64N(int64(120 * day)))), Category: names[rng.IntN(len(names))],
				}
				handles[i], _ = p.Index(events[i].User)
				if err := p.Add(&events[i]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if c.indexed {
					err = p.AddIndexed(handles[i], &events[i])
				} else {
					err = p.Add(&events[i])
				}
				if err != nil {
					b.Fatal(err)
				}
				i = (i + 1) & (len(events) - 1)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// filledShop is a Builder of n users with ten events and two orders each.
func filledShop(tb testing.TB, n int) *profile.Builder[int64, int64] {
	tb.Helper()
	p, err := profile.NewBuilder[int64, int64](profile.BuilderOptions{AsOf: cut, PriceBands: []int64{1000, 5000}})
	if err != nil {
		tb.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	names := []string{"shoes", "books", "toys", "food", "garden", "music", "sport", "home"}
	at := func() time.Time { return cut.Add(-time.Duration(rng.Int64N(int64(120 * day)))) }
	for u := range int64(n) {
		for range 10 {
			e := profile.Event[int64, int64]{User: u, Kind: profile.Kind(1 + rng.IntN(4)), At: at(), Category: names[rng.IntN(len(names))]}
			if err := p.Add(&e); err != nil {
				tb.Fatal(err)
			}
		}
		for range 2 {
			o := profile.Order[int64, int64]{ID: "o", User: u, At: at(), Currency: "EUR", Lines: []profile.OrderLine[int64]{{Item: 1, Category: names[rng.IntN(len(names))], Quantity: 1, Price: rng.Int64N(9000)}}}
			if err := p.AddOrder(&o); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return p
}

func BenchmarkBuilder(b *testing.B) {
	const n = 10_000
	p, other := filledShop(b, n), filledShop(b, n)
	data, err := p.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=table/users=10k", n, func() error { _, err := p.Table(profile.TableOptions{}); return err })
	measure(b, "op=rfm/users=10k", n, func() error { _, err := p.RFM(); return err })
	measure(b, "op=population/users=10k", n, func() error { _, err := p.Population(); return err })
	measure(b, "op=encode/users=10k", n, func() error { _, err := p.AppendBinary(nil); return err })
	measure(b, "op=decode/users=10k", n, func() error { return new(profile.Builder[int64, int64]).UnmarshalBinary(data) })
	measure(b, "op=merge/users=10k", n, func() error {
		sum, err := profile.NewBuilder[int64, int64](profile.BuilderOptions{AsOf: cut, PriceBands: []int64{1000, 5000}})
		if err != nil {
			return err
		}
		return sum.Merge(other)
	})
}

// TestAllocs: an Add does not allocate once users and labels are known.
func TestAllocs(t *testing.T) {
	b := newBuilder(t, profile.BuilderOptions{PriceBands: []int64{100}})
	e := &event{User: "ann", Kind: profile.Rate, At: cut.Add(-day), Category: "x", Brand: "y", Rating: 4, Dwell: time.Second, Position: 3}
	o := &order{ID: "1", User: "ann", At: cut.Add(-day), Currency: "EUR", Lines: []line{{Item: 1, Category: "x", Quantity: 1, Price: 99}}}
	r := &refund{ID: "1", OrderID: "1", User: "ann", At: cut.Add(-day), Currency: "EUR", Amount: 9}
	u := &user{ID: "ann", Registered: cut.Add(-9 * day)}
	ann, err := b.Index("ann")
	if err != nil {
		t.Fatal(err)
	}
	var m profile.Moments
	var g profile.GroupBy[string]
	d, err := profile.NewDecayed(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	x := 0.0
	for name, f := range map[string]func() error{
		"Builder.Add":        func() error { return b.Add(e) },
		"Builder.AddIndexed": func() error { return b.AddIndexed(ann, e) },
		"Builder.AddOrder":   func() error { return b.AddOrder(o) },
		"Builder.AddRefund":  func() error { return b.AddRefund(r) },
		"Builder.AddUser":    func() error { return b.AddUser(u) },
		"Moments.Add":        func() error { x++; return m.Add(x) },
		"GroupBy.Add":        func() error { x++; return g.Add("web", x) },
		"Decayed.Add":        func() error { return d.Add(cut, 1) },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkBuilderAddAll takes a log at once, and says what bytes a customer costs: warm, into a Builder that has
// seen its customers, and cold, into a new one.
func BenchmarkBuilderAddAll(b *testing.B) {
	for _, users := range []int{1000, 100_000} {
		rng := rand.New(rand.NewPCG(1, 1))
		names := []string{"shoes", "books", "toys", "food", "garden", "music", "sport", "home"}
		log := &profile.Log[int64, int64]{Events: make([]profile.Event[int64, int64], 1<<18)}
		for i := range log.Events {
			log.Events[i] = profile.Event[int64, int64]{
				User: int64(rng.IntN(users)) * 7919, Item: int64(i), Kind: profile.Kind(1 + rng.IntN(4)),
				At: cut.Add(-time.Duration(rng.Int64N(int64(120 * day)))), Category: names[rng.IntN(len(names))],
			}
		}
		fill := func() *profile.Builder[int64, int64] {
			p, err := profile.NewBuilder[int64, int64](profile.BuilderOptions{AsOf: cut})
			if err != nil {
				b.Fatal(err)
			}
			if err := p.AddAll(log); err != nil {
				b.Fatal(err)
			}
			return p
		}
		rate := func(b *testing.B) {
			b.ReportMetric(float64(b.N)*float64(len(log.Events))/b.Elapsed().Seconds(), "events/s")
		}
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p := fill()
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			for b.Loop() {
				if err := p.AddAll(log); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(users), "B/user")
			rate(b)
		})
		b.Run(fmt.Sprintf("cold/users=%d", users), func(b *testing.B) {
			for b.Loop() {
				fill()
			}
			rate(b)
		})
	}
}

// BenchmarkFeatureBytes says what each built-in feature, with windows of 7, 30 and 90 days, costs a
// customer beside a Builder without it, and the affinities, facts and days of Rolling: of 2,000 customers with
// 20 events, 3 orders of two lines and a refund among three of them.
func BenchmarkFeatureBytes(b *testing.B) {
	const users = 2000
	log := func(affinities bool) *profile.Log[int64, int64] {
		rng := rand.New(rand.NewPCG(1, 1))
		names := []string{"shoes", "books", "toys", "food", "garden", "music", "sport", "home"}
		at := func() time.Time { return cut.Add(-time.Duration(rng.Int64N(int64(120 * day)))) }
		l := &profile.Log[int64, int64]{}
		category := func() string {
			name := names[rng.IntN(len(names))]
			if !affinities {
				return ""
			}
			return name
		}
		for u := range int64(users) {
			for range 20 {
				l.Events = append(l.Events, profile.Event[int64, int64]{
					User: u, Item: rng.Int64N(500), Kind: profile.Kind(1 + rng.IntN(8)), At: at(), Category: category(),
					Dwell: time.Duration(rng.IntN(90)) * time.Second, Position: int32(rng.IntN(9)), Pages: int32(rng.IntN(3)), Rating: 4, Sentiment: .5,
				})
			}
			for i := range 3 {
				l.Orders = append(l.Orders, profile.Order[int64, int64]{ID: "o", User: u, At: at(), Currency: "EUR", Discount: int64(i), Lines: []profile.OrderLine[int64]{
					{Item: rng.Int64N(500), Category: category(), Quantity: 1, Price: 500}, {Item: rng.Int64N(500), Category: category(), Quantity: 2, Price: 90},
				}})
			}
			if u%3 == 0 {
				l.Refunds = append(l.Refunds, profile.Refund[int64, int64]{ID: "r", OrderID: "o", User: u, At: at(), Currency: "EUR", Amount: 90})
			}
		}
		return l
	}
	cost := func(b *testing.B, opt profile.BuilderOptions, l *profile.Log[int64, int64]) float64 {
		b.Helper()
		opt.AsOf = cut
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		p, err := profile.NewBuilder[int64, int64](opt)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.AddAll(l); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(p)
		return float64(after.HeapAlloc-before.HeapAlloc) / users
	}
	bare, full := log(false), log(true)
	without := cost(b, profile.BuilderOptions{}, bare)
	say := func(name string, bytes func() float64) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(bytes(), "B/user")
			b.ReportMetric(0, "ns/op")
		})
	}
	say("base", func() float64 { return without })
	say("category", func() float64 { return cost(b, profile.BuilderOptions{}, full) - without })
	say("rolling", func() float64 { return cost(b, profile.BuilderOptions{Rolling: true}, bare) - without })
	for _, name := range profile.FeatureNames() {
		say("feature="+name, func() float64 {
			list, err := profile.Features([]int{7, 30, 90}, name)
			if err != nil {
				b.Fatal(err)
			}
			return cost(b, profile.BuilderOptions{Features: list}, full) - cost(b, profile.BuilderOptions{}, full)
		})
	}
}

package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
)

type obs = Observation[string, string]

func items(t testing.TB, e *Engine[string, string], r Request[string, string]) []string {
	t.Helper()
	got, err := e.Recommend(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, x := range got {
		ids = append(ids, x.Item)
	}
	return ids
}

// Live events of a user are what the same events in Request.History are.
func TestObserveNextAnswer(t *testing.T) {
	d, sources := shop(t)
	for _, src := range sources {
		e, err := NewEngine(d, EngineOptions{Sources: []Source{src}, Live: LiveOptions{Clock: clockAt(1000)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"u002", "nobody"} {
			r := Request[string, string]{User: user, K: 20}
			for k := range 10 {
				item := fmt.Sprintf("i%03d", 4*k+3)
				before, err := e.Recommend(nil, r)
				if err != nil {
					t.Fatal(err)
				}
				if err := e.Observe(obs{User: user, Item: item, Weight: float32(k%3 + 1), At: at(900 + k)}); err != nil {
					t.Fatal(err)
				}
				r.History = append(r.History, Event[string]{Item: item, Weight: float32(k%3 + 1), At: at(900 + k)})
				other := r
				other.Anonymous, other.User = false, user
				plain, err := NewEngine(d, EngineOptions{Sources: []Source{src}})
				if err != nil {
					t.Fatal(err)
				}
				want, err := plain.Recommend(nil, r)
				if err != nil {
					t.Fatal(err)
				}
				got, err := e.Recommend(nil, Request[string, string]{User: user, K: 20})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(got, want, sameRecommendation[string]) {
					t.Fatalf("%s, %s after %d events: %v, want %v", src.Name, user, k+1, got, want)
				}
				if slices.EqualFunc(got, before, sameRecommendation[string]) {
					t.Fatalf("%s, %s: event %d changed nothing", src.Name, user, k)
				}
				r.History = r.History[:k+1]
			}
		}
	}
}

func sameRecommendation[I ID](a, b Recommendation[I]) bool {
	return a.Item == b.Item && a.Rank == b.Rank && sameScore(a.Score, b.Score) && a.Source == b.Source && slices.Equal(a.Reasons, b.Reasons)
}

func TestObserveBadInput(t *testing.T) {
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(1000), Ahead: 10 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	good := obs{User: "new", Item: "i001", At: at(1000)}
	for _, o := range []obs{good, {User: "new", Item: "i002", At: at(1010)}, {User: "new", Item: "i001", At: at(1000), ID: "x"}} {
		if err := e.Observe(o); err != nil {
			t.Fatal(err)
		}
	}
	known := d.Items.ID(d.Interactions.users.Col[0])
	when := time.Unix(0, d.Interactions.times[0])
	before, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    obs
		want error
	}{
		"twice":             {good, ErrDuplicate},
		"id twice":          {obs{User: "other", Item: "i009", ID: "x", At: at(1001)}, ErrDuplicate},
		"future":            {obs{User: "new", Item: "i001", At: at(1011)}, ErrRange},
		"far future":        {obs{User: "new", Item: "i001", At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}, ErrRange},
		"before all time":   {obs{User: "new", Item: "i001", At: time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC)}, ErrRange},
		"NaN":               {obs{User: "new", Item: "i001", Weight: float32(math.NaN()), At: at(990)}, ErrNotFinite},
		"infinite":          {obs{User: "new", Item: "i001", Weight: float32(math.Inf(1)), At: at(990)}, ErrNotFinite},
		"in the dataset":    {obs{User: "u000", Item: known, At: when}, ErrDuplicate},
		"older than stored": {obs{User: "u000", Item: known, At: when.Add(-time.Hour)}, ErrDuplicate},
	} {
		if err := e.Observe(c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	after, err := e.Snapshot()
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("refused events changed the state: %v", err)
	}
	if _, err := NewEngine(d, EngineOptions{Live: LiveOptions{PerUser: -1, Total: -1}}); !errors.Is(err, ErrOption) {
		t.Errorf("negative bounds: %v", err)
	}
	vector := func(n int) map[string][]float32 { return map[string][]float32{"als": make([]float32, n)} }
	for name, c := range map[string]struct {
		a    Arrival[string]
		want error
	}{
		"known":           {Arrival[string]{Item: "i001"}, ErrDuplicate},
		"vector length":   {Arrival[string]{Item: "n", Vectors: vector(7)}, ErrShape},
		"unknown source":  {Arrival[string]{Item: "n", Vectors: map[string][]float32{"x": nil}}, ErrUnknownID},
		"no vectors":      {Arrival[string]{Item: "n", Vectors: map[string][]float32{"knn": {1}}}, ErrShape},
		"not finite":      {Arrival[string]{Item: "n", Vectors: map[string][]float32{"als": slices.Repeat([]float32{float32(math.NaN())}, 8)}}, ErrNotFinite},
		"fact of nothing": {Arrival[string]{Item: "n", Facts: []Fact[string]{{Value: "x"}}}, ErrRange},
	} {
		if err := e.AddItems(Arrival[string]{Item: "good"}, c.a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if n := e.Live().NewItems; n != 0 {
		t.Errorf("%d items joined after errors", n)
	}
}

// The bounds hold, and what goes is what LiveOptions says.
func TestLiveEviction(t *testing.T) {
	d, _ := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		per, total := rapid.IntRange(1, 4).Draw(t, "per"), rapid.IntRange(1, 10).Draw(t, "total")
		e, err := NewEngine(d, EngineOptions{Live: LiveOptions{Clock: clockAt(5000), PerUser: per, Total: total}})
		if err != nil {
			t.Fatal(err)
		}
		var recent []string // users, observed last at the end
		kept := map[string][]obs{}
		count, evicted := 0, uint64(0)
		last := map[string]time.Time{} // of the evicted events of a user and item
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			o := obs{User: fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "u")), Item: fmt.Sprint("x", rapid.IntRange(0, 6).Draw(t, "i")), At: at(1000 + rapid.IntRange(0, 50).Draw(t, "sec"))}
			if slices.ContainsFunc(kept[o.User], func(x obs) bool { return x.Item == o.Item && x.At.Equal(o.At) }) {
				continue
			}
			err := e.Observe(o)
			if until, ok := last[o.User+" "+o.Item]; ok && !o.At.After(until) {
				if !errors.Is(err, ErrDuplicate) {
					t.Fatalf("not later than an evicted event of the pair: %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			recent = append(slices.DeleteFunc(recent, func(u string) bool { return u == o.User }), o.User)
			kept[o.User] = append(kept[o.User], o)
			slices.SortStableFunc(kept[o.User], func(a, b obs) int { return a.At.Compare(b.At) })
			count++
			drop := func(u string) {
				if gone := kept[u][0]; gone.At.After(last[u+" "+gone.Item]) {
					last[u+" "+gone.Item] = gone.At
				}
				kept[u] = kept[u][1:]
				if len(kept[u]) == 0 {
					recent = slices.DeleteFunc(recent, func(x string) bool { return x == u })
					delete(kept, u)
				}
				count--
				evicted++
			}
			if len(kept[o.User]) > per {
				drop(o.User)
			}
			for count > total {
				drop(recent[0])
			}
			users := map[string]int{}
			for _, events := range kept {
				seen := map[string]bool{}
				for _, x := range events {
					if !seen[x.Item] {
						seen[x.Item] = true
						users[x.Item]++
					}
				}
			}
			got := e.Live()
			if got.Seen = 0; got != (LiveStats{Users: len(kept), Events: count, Evicted: evicted, NewItems: len(users)}) {
				t.Fatalf("%+v, want %d users, %d events, %d evicted, %d items", got, len(kept), count, evicted, len(users))
			}
			for u, events := range kept {
				live := e.live.users[u].events
				if !slices.EqualFunc(live, events, func(a liveEvent[string], b obs) bool { return a.item == b.Item && a.at == b.At.UnixNano() }) {
					t.Fatalf("user %s has %v, want %v", u, live, events)
				}
			}
			for _, a := range e.state.Load().arrivals {
				if a.live.users != users[a.Item] {
					t.Fatalf("item %s has %d users, want %d", a.Item, a.live.users, users[a.Item])
				}
			}
		}
	})
}

func grow(t testing.TB, d *Dataset[string, string], events []obs) *Dataset[string, string] {
	t.Helper()
	b, err := d.Grow()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := b.AddAll(slices.Values(events)); err != nil || n != len(events) {
		t.Fatal(n, err)
	}
	out, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A swap keeps what the new dataset does not contain and drops the rest; new
// users and items become those of the dataset.
func TestSwapKeepsEvents(t *testing.T) {
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(5000)}})
	if err != nil {
		t.Fatal(err)
	}
	var events []obs
	for k := range 30 {
		events = append(events, obs{User: fmt.Sprintf("n%d", k%7), Item: fmt.Sprintf("x%02d", k%11), At: at(1000 + k)},
			obs{User: fmt.Sprintf("u%03d", k), Item: fmt.Sprintf("i%03d", k), At: at(1000 + k)})
	}
	for _, o := range events {
		if err := e.Observe(o); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Live(); got.Events != 60 || got.NewItems != 11 {
		t.Fatalf("%+v", got)
	}
	next := grow(t, d, events[:40])
	als, err := FitALS(context.Background(), next.Interactions, ALSOptions{Factors: 8, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Swap(next, EngineOptions{Sources: []Source{{Name: "als", Model: als}}}); err != nil {
		t.Fatal(err)
	}
	// The pairs of the first 20 steps are contained; x00 to x10 all are items now,
	// and later events of a pair stay.
	if got := e.Live(); got.Events != 20 || got.NewItems != 0 {
		t.Fatalf("after the swap: %+v", got)
	}
	for _, o := range events[:40] {
		if err := e.Observe(o); !errors.Is(err, ErrDuplicate) {
			t.Fatalf("%+v after the swap: %v", o, err)
		}
	}
	// With a watermark everything up to it goes.
	if err := e.Swap(next, EngineOptions{Watermark: at(1025)}); err != nil {
		t.Fatal(err)
	}
	if got := e.Live(); got.Events != 8 {
		t.Fatalf("after the watermark: %+v", got)
	}
	if err := e.Observe(obs{User: "late", Item: "i001", At: at(1025)}); !errors.Is(err, ErrDuplicate) {
		t.Fatalf("before the watermark: %v", err)
	}
}

func TestForget(t *testing.T) {
	d, sources := shop(t)
	e, err := NewEngine(d, EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(5000)}})
	if err != nil {
		t.Fatal(err)
	}
	stranger := items(t, e, Request[string, string]{Anonymous: true, K: 50})
	if err := e.Observe(obs{User: "u001", Item: "x", At: at(2000), ID: "e1"}); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(items(t, e, Request[string, string]{User: "u001", K: 50}), stranger) {
		t.Fatal("a known user is answered like a stranger")
	}
	for k, user := range []string{"u001", "u001", "nobody"} {
		if known, err := e.Forget(user); known != (k == 0) || err != nil {
			t.Errorf("Forget %s: %v, %v", user, known, err)
		}
	}
	if got := e.Live(); got.Events != 0 || got.Users != 0 || got.NewItems != 0 {
		t.Errorf("left: %+v", got)
	}
	var info Info
	got, err := e.Recommend(nil, Request[string, string]{User: "u001", K: 50, Info: &info})
	if err != nil || info.Known || info.History != 0 {
		t.Fatalf("%+v, %v", info, err)
	}
	for k, x := range got {
		if x.Item != stranger[k] {
			t.Fatalf("forgotten user gets %v, a stranger %v", got, stranger)
		}
	}
	lists, fail := e.All(context.Background(), Request[string, string]{K: 1}, 1)
	for user := range lists {
		if user == "u001" {
			t.Error("All answers a forgotten user")
		}
	}
	if fail() != nil {
		t.Error(fail())
	}
	data, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	// The mask outlives a restart, a swap to a dataset that still has the user, and one
	// without.
	other, _ := NewEngine(d, EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(6000)}})
	if err := other.Restore(data); err != nil {
		t.Fatal(err)
	}
	if err := other.Swap(d, EngineOptions{Sources: sources}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Recommend(nil, Request[string, string]{User: "u001", K: 1, Info: &info}); err != nil || info.Known {
		t.Errorf("known again: %+v, %v", info, err)
	}
	b, _ := NewBuilder[string, string](BuilderOptions{})
	_ = b.AddAt("u002", "i001", 1, at(0))
	without, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Swap(without, EngineOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := other.Live(); got.Forgotten != 2 {
		t.Errorf("a mask is gone: %+v", got)
	}
	// Back as a new customer: only what happened since counts.
	if err := e.Observe(obs{User: "u001", Item: "i005", At: at(5000)}); !errors.Is(err, ErrDuplicate) {
		t.Fatalf("an event of the time of the deletion: %v", err)
	}
	if err := e.Observe(obs{User: "u001", Item: "i005", At: at(5000).Add(time.Nanosecond)}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Recommend(nil, Request[string, string]{User: "u001", K: 1, Info: &info}); err != nil || info.Known || info.History != 1 {
		t.Errorf("after a new event: %+v, %v", info, err)
	}
}

// An item that joined is ranked by its vector as if the model had it.
func TestAddItemsVector(t *testing.T) {
	d, sources := shop(t)
	als := sources[0].Model.(*ALS)
	e, err := NewEngine(d, EngineOptions{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	like := d.Items.Of("i003")
	if err := e.AddItems(Arrival[string]{Item: "fresh", Vectors: map[string][]float32{"als": als.ItemVector(int(like))}}, Arrival[string]{Item: "plain"}); err != nil {
		t.Fatal(err)
	}
	for u := range d.Users.Len() {
		if _, w := d.Interactions.Row(u); len(w) == 0 {
			continue
		}
		for _, boosted := range []bool{false, true} {
			r := Request[string, string]{User: d.Users.ID(int32(u)), K: d.Items.Len() + 5, Seen: KeepSeen}
			if boosted {
				all := AllOf()
				r.Boosts = []Boost{{Where: &all, Add: 1}}
			}
			got, err := e.Recommend(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			a := slices.IndexFunc(got, func(x Recommendation[string]) bool { return x.Item == "i003" })
			b := slices.IndexFunc(got, func(x Recommendation[string]) bool { return x.Item == "fresh" })
			if a < 0 || b < 0 || got[a].Score != got[b].Score || got[b].Source != "als" || b < a {
				t.Fatalf("user %d: i003 at %d, its double at %d: %v", u, a, b, got)
			}
		}
	}
	// Another fit has another space.
	refit, err := FitALS(context.Background(), d.Interactions, ALSOptions{Factors: 8, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Swap(d, EngineOptions{Sources: []Source{{Name: "als", Model: refit}}}); err != nil {
		t.Fatal(err)
	}
	for _, a := range e.state.Load().arrivals {
		if a.Vectors != nil {
			t.Errorf("%s keeps a vector of another fit", a.Item)
		}
	}
	if e.Live().NewItems != 2 {
		t.Errorf("%+v", e.Live())
	}
}

// A snapshot, restored elsewhere, followed by the events since, gives the state
// and the answers of the engine that went on.
func TestSnapshotReplayProp(t *testing.T) {
	d, sources := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		opt := EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(5000), PerUser: 5, Total: 40, NewItems: 3}}
		e, err := NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		type action func(e *Engine[string, string])
		draw := func() action {
			user := fmt.Sprintf("u%03d", rapid.IntRange(0, 70).Draw(t, "user"))
			switch rapid.IntRange(0, 12).Draw(t, "action") {
			case 0:
				return func(e *Engine[string, string]) { _, _ = e.Forget(user) }
			case 1:
				a := Arrival[string]{Item: fmt.Sprintf("y%d", rapid.IntRange(0, 3).Draw(t, "y")), Vectors: map[string][]float32{"als": make([]float32, 8)}}
				a.Vectors["als"][rapid.IntRange(0, 7).Draw(t, "axis")] = 1
				return func(e *Engine[string, string]) { _ = e.AddItems(a) }
			case 2:
				g := rng.New(rapid.Uint64().Draw(t, "stock"), 0, 0)
				var ids []string
				for _, id := range append(slices.Clone(d.Items.IDs()), "x1", "x2", "y1") {
					if g.Bool(.8) {
						ids = append(ids, id)
					}
				}
				return func(e *Engine[string, string]) { e.SetStock(slices.Values(ids)) }
			}
			o := obs{User: user, Item: fmt.Sprintf("%s%03d", rapid.SampledFrom([]string{"i", "x"}).Draw(t, "kind"), rapid.IntRange(0, 47).Draw(t, "item")), At: at(1000 + rapid.IntRange(0, 60).Draw(t, "sec"))}
			o.Dislike, o.Weight = rapid.IntRange(0, 5).Draw(t, "dislike") == 0, rapid.SampledFrom([]float32{1, 1, 2, -1}).Draw(t, "weight")
			return func(e *Engine[string, string]) { _ = e.Observe(o) }
		}
		for range rapid.IntRange(0, 80).Draw(t, "before") {
			draw()(e)
		}
		data, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		other, err := NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Restore(data); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 40).Draw(t, "since") {
			f := draw()
			f(e)
			f(other)
		}
		for u := range 72 {
			r := Request[string, string]{User: fmt.Sprintf("u%03d", u), K: 60, Seen: KeepSeen}
			a, err := e.Recommend(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			b, err := other.Recommend(nil, r)
			if err != nil || !slices.EqualFunc(a, b, sameRecommendation[string]) {
				t.Fatalf("user %d: %v\nafter restore and replay: %v, %v", u, a, b, err)
			}
		}
	})
}

func FuzzEngineRestore(f *testing.F) {
	d, sources := shop(f)
	opt := EngineOptions{Sources: sources, Live: LiveOptions{Clock: clockAt(5000)}}
	e, err := NewEngine(d, opt)
	if err != nil {
		f.Fatal(err)
	}
	empty, _ := e.Snapshot()
	f.Add(empty)
	_ = e.Observe(obs{User: "a", Item: "x", At: at(1), ID: "e"})
	_ = e.Observe(obs{User: "u001", Item: "i001", At: at(4000)})
	_ = e.AddItems(Arrival[string]{Item: "y", Text: "tea", Facts: []Fact[string]{{Attribute: "brand", Value: "b"}}, Vectors: map[string][]float32{"als": make([]float32, 8)}})
	e.SetStock(slices.Values([]string{"i001", "y"}))
	_, _ = e.Forget("u003")
	full, _ := e.Snapshot()
	f.Add(full)
	f.Add(full[:len(full)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, x := range [][]byte{data, testkit.Refit(data)} {
			o, err := NewEngine(d, opt)
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Restore(x); err != nil {
				if after, _ := o.Snapshot(); !slices.Equal(after, empty) {
					t.Fatal("a failed Restore changed the engine")
				}
				continue
			}
			if _, err := o.Recommend(nil, Request[string, string]{User: "u001", K: 5}); err != nil && !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
			again, err := o.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Restore(again); err != nil {
				t.Fatalf("the snapshot of a restored engine: %v", err)
			}
		}
	})
}

func TestRestoreMismatch(t *testing.T) {
	d, _ := shop(t)
	e, _ := NewEngine(d, EngineOptions{})
	data, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := NewBuilder[int, string](BuilderOptions{})
	_ = b.Add(1, "x", 1)
	small, _ := b.Build()
	o, err := NewEngine(small, EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Restore(data); !errors.Is(err, ErrMismatch) {
		t.Errorf("ids of other types: %v", err)
	}
	data[len(data)-1]++
	if err := e.Restore(data); !errors.Is(err, ErrCorrupt) {
		t.Errorf("broken checksum: %v", err)
	}
	m, err := FitPopular(context.Background(), d.Interactions, PopularOptions{})
	if err != nil {
		t.Fatal(err)
	}
	frame, _ := m.MarshalBinary()
	if err := e.Restore(frame); !errors.Is(err, ErrMismatch) {
		t.Errorf("frame of a model: %v", err)
	}
}

// soak runs 8 readers, one writer of events and deletions, and a swap every few
// milliseconds, and returns latencies of the requests and the live heap in MB at
// each tenth of the time. Every answer after an event must show it, whichever
// dataset holds it.
func soak(t *testing.T, length, every time.Duration) (took []time.Duration, heaps []float64) {
	d, sources := shop(t)
	var clock atomic.Int64 // ticks with every event
	e, err := NewEngine(d, EngineOptions{Sources: sources, Live: LiveOptions{Clock: func() time.Time { return at(10_000 + int(clock.Load())) }, Total: 100_000}})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var dst []Recommendation[string]
			mine := make([]time.Duration, 0, 1<<16) // the latest
			for n := 0; ; n++ {
				select {
				case <-stop:
					mu.Lock()
					took = append(took, mine...)
					mu.Unlock()
					return
				default:
				}
				start := time.Now()
				var err error
				dst, err = e.Recommend(dst[:0], Request[string, string]{User: fmt.Sprintf("u%03d", (n*7+g)%80), K: 10, Seen: Seen(n % 2)})
				if len(mine) < cap(mine) {
					mine = append(mine, time.Since(start))
				} else {
					mine[n%cap(mine)] = time.Since(start)
				}
				if err != nil || len(dst) != 10 {
					t.Errorf("%d results, %v", len(dst), err)
					return
				}
			}
		}()
	}
	// The log of all events, which refits read.
	var logMu sync.Mutex
	var log []obs
	wg.Add(1)
	go func() {
		defer wg.Done()
		g := rng.New(3, 1, 4)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			clock.Store(int64(n))
			o := obs{User: fmt.Sprintf("w%d", n%50), Item: fmt.Sprintf("i%03d", g.Intn(47)), At: at(10_000 + n)}
			if n%9 == 0 {
				o.Item = fmt.Sprintf("x%d", g.Intn(20))
			}
			if err := e.Observe(o); err != nil {
				t.Errorf("event %d: %v", n, err)
				return
			}
			logMu.Lock()
			log = append(log, o)
			if len(log) > 3000 { // a real log does not grow without end between fits either
				log = slices.Clone(log[1500:])
			}
			logMu.Unlock()
			// The very next answer: the item was just seen, so it is not offered, and
			// the history counts it.
			var info Info
			got, err := e.Recommend(nil, Request[string, string]{User: o.User, K: 100, Info: &info})
			if err != nil || info.History == 0 {
				t.Errorf("after event %d: %+v, %v", n, info, err)
				return
			}
			for _, x := range got {
				if x.Item == o.Item {
					t.Errorf("event %d of %s is lost: %s is offered by %s", n, o.User, x.Item, x.Source)
					return
				}
			}
			if n%97 == 0 {
				user := fmt.Sprintf("w%d", (n+13)%50)
				if _, err := e.Forget(user); err != nil {
					t.Error(err)
					return
				}
				if _, err := e.Recommend(nil, Request[string, string]{User: user, K: 1, Info: &info}); err != nil || info.Known || info.History != 0 {
					t.Errorf("forgotten user %s: %+v, %v", user, info, err)
					return
				}
				logMu.Lock()
				log = slices.DeleteFunc(slices.Clone(log), func(o obs) bool { return o.User == user })
				logMu.Unlock()
			}
			if n%211 == 0 {
				if _, err := e.Snapshot(); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	end, begin := time.After(length), time.Now()
	for {
		if time.Since(begin) > time.Duration(len(heaps)+1)*length/10 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			heaps = append(heaps, float64(m.HeapAlloc)/(1<<20))
		}
		select {
		case <-end:
			close(stop)
			wg.Wait()
			return took, heaps
		case <-time.After(every):
		}
		logMu.Lock()
		events := log[:len(log):len(log)]
		logMu.Unlock()
		next := grow(t, d, events)
		knn, err := FitItemKNN(context.Background(), next.Interactions, ItemKNNOptions{Neighbors: 10, Workers: 1})
		if err != nil {
			t.Error(err)
		}
		if err := e.Swap(next, EngineOptions{Sources: []Source{{Name: "knn", Model: knn}}}); err != nil {
			t.Error(err)
		}
	}
}

func TestEngineLiveRace(t *testing.T) { soak(t, time.Second, 5*time.Millisecond) }

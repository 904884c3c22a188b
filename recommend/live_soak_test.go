package recommend

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend/bandit"
)

// soakShop is a shop of 30,000 items and 20,000 users: events with popularity,
// tastes and brands.
type soakShop struct {
	data  *Dataset[string, string]
	facts []Fact[string]
}

const (
	soakItems  = 30_000
	soakUsers  = 20_000
	soakBrands = 300
)

func soakItem(i int) string { return fmt.Sprintf("i%05d", i) }

// soakTake draws an item: of the person's taste mostly, popular ones more often.
func soakTake(g *rng.Stream, taste int) string {
	const tastes = 60
	i := int(float64(soakItems/tastes) * math.Pow(g.Float64(), 2.5))
	if g.Bool(.2) {
		taste = g.Intn(tastes)
	}
	return soakItem(i*tastes + taste%tastes)
}

func newSoakShop(t testing.TB, now time.Time) *soakShop {
	t.Helper()
	b, err := NewBuilder[string, string](BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	add := func(user int, item string, sec int) {
		if err := b.AddAt(fmt.Sprintf("u%05d", user), item, 1, now.Add(-time.Duration(sec)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	g := rng.New(7, 1, 0)
	for i := range soakItems { // each is somebody's
		add(g.Intn(soakUsers), soakItem(i), 3600+g.Intn(1<<21))
	}
	for u := range soakUsers {
		for range 5 + g.Intn(30) {
			add(u, soakTake(g, u), 3600+g.Intn(1<<21))
		}
	}
	s := &soakShop{}
	if s.data, err = b.Build(); err != nil {
		t.Fatal(err)
	}
	for i := range soakItems {
		s.facts = append(s.facts, Fact[string]{Item: soakItem(i), Attribute: "brand", Value: fmt.Sprint("b", i%soakBrands)})
	}
	return s
}

// soakFit is one fit of the shop's models: two blends of them, which are swapped
// for each other, and what rules and re-ranking need.
type soakFit struct {
	data *Dataset[string, string]
	opts [2]EngineOptions
}

func (s *soakShop) fit(t testing.TB, d *Dataset[string, string], before *ALS) (*soakFit, *ALS) {
	ctx := context.Background()
	opt := ALSOptions{Factors: 32, Iterations: 4, Workers: 1, Start: before}
	if before != nil {
		opt.Iterations = 1
	}
	if testkit.Race {
		opt.Factors, opt.Iterations = 8, 1
	}
	als, err := FitALS(ctx, d.Interactions, opt)
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	knn, err := FitItemKNN(ctx, d.Interactions, ItemKNNOptions{Neighbors: 30, Workers: 1})
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	catalogue, err := NewCatalogue(d.Items, slices.Values(s.facts), CatalogueOptions{})
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	f := &soakFit{data: d}
	for k, weights := range [][2]float32{{.7, .3}, {.4, .6}} {
		blend, err := Blended(als, weights[0], knn, weights[1])
		if err != nil {
			t.Error(err)
			return nil, nil
		}
		f.opts[k] = EngineOptions{Catalogue: catalogue, Sources: []Source{{Name: "blend", Model: blend}}}
	}
	return f, als
}

// soakOp is an entry of the shop's log: an event, or a deletion.
type soakOp struct {
	obs
	forget bool
}

// latencies are those of the requests of one reader, in a histogram of steps of
// one part in 32: bounded memory, whatever the length.
type latencies struct {
	count [64 * 32]int
	n     int
	most  time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.n++
	l.most = max(l.most, d)
	l.count[int(32*math.Log2(float64(max(d, 1))))]++
}

func (l *latencies) merge(o *latencies) {
	for k, n := range o.count {
		l.count[k] += n
	}
	l.n += o.n
	l.most = max(l.most, o.most)
}

func (l *latencies) quantile(q float64) time.Duration {
	left := int(q * float64(l.n))
	for k, n := range l.count {
		if left -= n; left < 0 {
			return time.Duration(math.Exp2(float64(k+1) / 32)).Round(time.Microsecond)
		}
	}
	return l.most
}

// liveHeap is what the last collection found in use, in MB.
func liveHeap() float64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return float64(s[0].Value.Uint64()) / (1 << 20)
}

// TestEngineSoak runs a shop for ten minutes, or for as long as AISLE_SOAK says:
//
//	AISLE_LONG=1 go test -v -timeout 30m -run EngineSoak ./recommend/
//	AISLE_LONG=1 AISLE_SOAK=60s go test -v -race -timeout 30m -run EngineSoak ./recommend/
//
// 30,000 items, 20,000 users; the source is a Blend of ALS and ItemKNN with new
// events folded in. Eight readers send 100 requests a second each, with caps,
// rules, stock, re-ranking and exploration among them; one writer observes some
// 200 events a second, of known and new users and items, and deletes users; models
// are swapped every 100 ms, and all the while the models are fitted anew on what
// the log holds and swapped in. Every event must show in the very next answer. In
// the end a second engine that replays the whole log, and a third that restores a
// snapshot and replays what came after it, must give the same answers.
func TestEngineSoak(t *testing.T) {
	testkit.Long(t)
	length := 10 * time.Minute
	if s := os.Getenv("AISLE_SOAK"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	soakFor(t, length)
}

func soakFor(t *testing.T, length time.Duration) {
	began := time.Now()
	shop := newSoakShop(t, began)
	first, als := shop.fit(t, shop.data, nil)
	if first == nil {
		t.FailNow()
	}
	t.Logf("%d users, %d items, %d entries, fitted in %v", shop.data.Users.Len(), shop.data.Items.Len(), shop.data.Interactions.Len(), time.Since(began).Round(time.Millisecond))
	first.opts[0].Live = LiveOptions{Total: 100_000}
	e, err := NewEngine(first.data, first.opts[0])
	if err != nil {
		t.Fatal(err)
	}
	stock := func(yield func(string) bool) {
		for i := range soakItems {
			if i%20 != 0 && !yield(soakItem(i)) {
				return
			}
		}
		for k := range 200 {
			if !yield(fmt.Sprint("new", k)) {
				return
			}
		}
	}
	e.SetStock(stock)
	greedy, err := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var (
		stop    = make(chan struct{})
		wg      sync.WaitGroup
		mu      sync.Mutex // of what follows
		all     latencies
		ops     []soakOp
		current = first

		swaps, refits, forgotten, restored, left atomic.Int64
		snapshot                                 []byte
		after                                    int // operations before the snapshot
	)
	brand, even := Is("brand", "b1", "b2", "b3", "b4", "b5", "b6"), Is("brand", "b0", "b100", "b200")
	rare := Not(even)
	for r := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var mine latencies
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				all.merge(&mine)
			}()
			g := rng.New(11, uint64(r), 0)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			var dst []Recommendation[string]
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-tick.C:
				}
				req := Request[string, string]{K: 10, User: fmt.Sprintf("u%05d", g.Intn(soakUsers+50))} // some nobody knows
				switch n % 8 {
				case 1:
					req.User = fmt.Sprintf("w%d", g.Intn(400))
				case 2:
					req.Where = &brand
				case 3:
					req.Caps = []Cap{{"brand", 1}}
				case 4:
					req.Where, req.Boosts = &rare, []Boost{{Where: &brand, Multiply: 2}}
				case 5:
					like := LikenessFunc(func(a, b int32) float32 {
						if a == b {
							return 1
						} else if a%soakBrands == b%soakBrands {
							return .5
						}
						return 0
					})
					req.Rerank = &Rerank{Method: MMR, Likeness: like, Depth: 50}
				case 6:
					req.Explore = &Explore{Policy: greedy, ID: uint64(n)}
				}
				start := time.Now()
				var err error
				dst, err = e.Recommend(dst[:0], req)
				mine.add(time.Since(start))
				if err != nil || len(dst) != 10 {
					t.Errorf("request %d: %d results, %v", n, len(dst), err)
					return
				}
				for k, x := range dst {
					for _, y := range dst[:k] {
						if x.Item == y.Item {
							t.Errorf("request %d: %s twice", n, x.Item)
						}
					}
					if x.Item[0] == 'i' && x.Item[5] == '0' && (x.Item[4]-'0')%2 == 0 {
						t.Errorf("request %d: %s is not in stock", n, x.Item)
					}
				}
			}
		}()
	}
	wg.Add(1)
	go func() { // the writer
		defer wg.Done()
		g := rng.New(3, 1, 4)
		var old []byte // a snapshot after oldAt operations
		var oldAt int
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			w := g.Intn(400)
			o := obs{User: fmt.Sprintf("w%d", w), Item: soakTake(g, w), At: time.Now()}
			switch {
			case n%3 == 0:
				o.User = fmt.Sprintf("u%05d", g.Intn(soakUsers))
			case n%11 == 0:
				o.Item = fmt.Sprint("new", g.Intn(200))
			}
			if err := e.Observe(o); err != nil {
				t.Errorf("event %d: %v", n, err)
				return
			}
			mu.Lock()
			ops = append(ops, soakOp{obs: o})
			mu.Unlock()
			var info Info
			got, err := e.Recommend(nil, Request[string, string]{User: o.User, K: 200, Info: &info})
			if err != nil || info.History == 0 || len(got) != 200 {
				t.Errorf("after event %d: %d results, %+v, %v", n, len(got), info, err)
				return
			}
			for _, x := range got {
				if x.Item == o.Item {
					t.Errorf("event %d of %s is lost: %s is offered by %s", n, o.User, x.Item, x.Source)
					return
				}
			}
			if n%97 == 96 {
				user := fmt.Sprintf("w%d", g.Intn(400))
				if n%2 == 0 {
					user = fmt.Sprintf("u%05d", g.Intn(soakUsers))
				}
				gone := time.Now()
				if _, err := e.Forget(user); err != nil {
					t.Error(err)
					return
				}
				forgotten.Add(1)
				mu.Lock()
				ops = append(ops, soakOp{obs: obs{User: user, At: gone}, forget: true})
				mu.Unlock()
				// The queue delivers late what happened before the deletion.
				if err := e.Observe(obs{User: user, Item: o.Item, At: gone.Add(-time.Millisecond)}); !errors.Is(err, ErrDuplicate) {
					t.Errorf("an event from before the deletion of %s: %v", user, err)
					return
				}
				// Every other time an operator puts an old snapshot back, and the host what
				// came after it.
				if len(old) > 0 && n/97%2 == 1 {
					err := e.Restore(old)
					if errors.Is(err, ErrMismatch) {
						// A refit since has lost an item, whose only user was deleted.
						left.Add(1)
						err = e.RestoreByID(old)
					}
					if err != nil {
						t.Error(err)
						return
					}
					for _, op := range ops[oldAt:] {
						if !op.forget {
							if err := e.Observe(op.obs); err != nil && !errors.Is(err, ErrDuplicate) {
								t.Error(err)
								return
							}
						}
					}
					restored.Add(1)
				}
				if n/97%2 == 0 {
					var err error
					if old, err = e.Snapshot(); err != nil {
						t.Error(err)
						return
					}
					oldAt = len(ops)
				}
				if _, err := e.Recommend(nil, Request[string, string]{User: user, K: 1, Info: &info}); err != nil || info.Known || info.History != 0 {
					t.Errorf("forgotten user %s: %+v, %v", user, info, err)
					return
				}
			}
			if time.Since(began) > length/2 && snapshot == nil {
				if snapshot, err = e.Snapshot(); err != nil {
					t.Error(err)
				}
				after = len(ops)
			}
		}
	}()
	wg.Add(1)
	go func() { // refits
		defer wg.Done()
		for {
			select {
			case <-stop:
				return
			case <-time.After(length / 60):
			}
			mu.Lock()
			log := slices.Clone(ops)
			mu.Unlock()
			next, _ := shop.fit(t, grow(t, shop.data, soakEvents(log)), als)
			if next == nil {
				return
			}
			mu.Lock()
			current = next
			mu.Unlock()
			refits.Add(1)
		}
	}()
	begin := time.Now()
	var heaps []float64
	var swapped latencies
	for tick := time.NewTicker(100 * time.Millisecond); time.Since(begin) < length; {
		<-tick.C
		n := swaps.Add(1)
		mu.Lock()
		next := current
		mu.Unlock()
		start := time.Now()
		if err := e.Swap(next.data, next.opts[n%2]); err != nil {
			t.Fatal(err)
		}
		swapped.add(time.Since(start))
		if time.Since(begin) > time.Duration(len(heaps)+1)*length/20 {
			heaps = append(heaps, math.Round(liveHeap()))
		}
	}
	close(stop)
	wg.Wait()
	if err := e.Swap(current.data, current.opts[0]); err != nil {
		t.Fatal(err)
	}
	stats := e.Live()
	events := len(ops) - int(forgotten.Load())
	t.Logf("%v: %d requests, p50 %v, p99 %v, p99.9 %v, longest %v", length, all.n, all.quantile(.5), all.quantile(.99), all.quantile(.999), all.most)
	t.Logf("%d events, %d users deleted, %d old snapshots put back, %d of them by id, %d swaps (p50 %v, p99 %v), %d of new fits; %+v", events, forgotten.Load(), restored.Load(), left.Load(), swaps.Load(), swapped.quantile(.5), swapped.quantile(.99), refits.Load(), stats)
	t.Logf("live heap in MB at each twentieth of the time: %.0f", heaps)
	// What grows by right: the log that the test keeps and the dataset fitted on it.
	if half := len(heaps) / 2; half > 2 && slices.Max(heaps[half:]) > 1.3*slices.Max(heaps[2:half])+50 {
		t.Errorf("the heap grew: %v", heaps)
	}
	if all.n == 0 || refits.Load() == 0 || events == 0 {
		t.Fatal("nothing happened")
	}

	// Replay, as after a crash without and with a snapshot.
	replay := func(snapshot []byte, ops []soakOp) {
		var now time.Time
		opt := current.opts[0]
		opt.Live = LiveOptions{Total: 100_000, Clock: func() time.Time { return now }}
		other, err := NewEngine(current.data, opt)
		if err != nil {
			t.Fatal(err)
		}
		other.SetStock(stock)
		if snapshot != nil {
			if err := other.RestoreByID(snapshot); err != nil {
				t.Fatal(err)
			}
		}
		for _, op := range ops {
			now = op.At
			if op.forget {
				if _, err := other.ForgetAt(op.User, op.At); err != nil {
					t.Fatal(err)
				}
			} else if err := other.Observe(op.obs); err != nil && !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
		}
		if got := other.Live(); got.Events != stats.Events || got.Users != stats.Users {
			t.Errorf("replayed: %+v, want %+v", got, stats)
		}
		for k := range 1000 {
			user := fmt.Sprintf("w%d", k)
			if k >= 400 {
				user = fmt.Sprintf("u%05d", k*31%soakUsers)
			}
			req := Request[string, string]{User: user, K: 20}
			want, err := e.Recommend(nil, req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := other.Recommend(nil, req)
			if err != nil || !slices.EqualFunc(got, want, sameRecommendation) {
				t.Fatalf("user %s: the replayed engine answers %v, not %v", user, got, want)
			}
		}
	}
	replay(nil, ops)
	if snapshot == nil {
		t.Fatal("no snapshot was taken")
	}
	replay(snapshot, ops[after:])
}

// soakEvents is what a refit may read: the events without those of users who were
// deleted afterwards.
func soakEvents(log []soakOp) (events []obs) {
	last := map[string]int{}
	for k, op := range log {
		if op.forget {
			last[op.User] = k
		}
	}
	for k, op := range log {
		if at, ok := last[op.User]; !op.forget && (!ok || k > at) {
			events = append(events, op.obs)
		}
	}
	return events
}

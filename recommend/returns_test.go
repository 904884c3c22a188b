package recommend_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// goodsShop has users who buy of six articles, with a neighbours' model.
func goodsShop(t testing.TB, opt recommend.BuilderOptions, more ...shopSaw) (*recommend.Dataset[int, string], recommend.EngineOptions) {
	t.Helper()
	b, err := recommend.NewBuilder[int, string](opt)
	if err != nil {
		t.Fatal(err)
	}
	goods := []string{"cup", "ink", "milk", "nail", "pen", "tea"}
	for u := range 20 {
		for k := range 3 {
			if err := b.AddAt(u, goods[(u+k*k)%len(goods)], 1, day0.Add(time.Duration(u*3+k)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, o := range more {
		if _, err := b.AddAll(slices.Values([]shopSaw{o})); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	knn, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d, recommend.EngineOptions{
		Sources: []recommend.Source{{Name: "knn", Model: knn}},
		Live:    recommend.LiveOptions{Clock: func() time.Time { return day0.AddDate(2, 0, 0) }},
	}
}

func goodsIn(list shopList) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Item)
	}
	return out
}

func observe(t testing.TB, e *recommend.Engine[int, string], events ...shopSaw) {
	t.Helper()
	for _, o := range events {
		if err := e.Observe(o); err != nil {
			t.Fatal(err)
		}
	}
}

func later(day int) time.Time { return day0.AddDate(0, 6, day) }

// Seen items stay seen when their events are evicted, over a restart too.
func TestSeenSurvivesEviction(t *testing.T) {
	for name, live := range map[string]recommend.LiveOptions{"per user": {PerUser: 2}, "in all": {Total: 2}} {
		d, opt := goodsShop(t, recommend.BuilderOptions{})
		live.Clock = opt.Live.Clock
		opt.Live = live
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		observe(t, e, shopSaw{User: 99, Item: "pen", At: later(1)}, shopSaw{User: 99, Item: "ink", At: later(2)}, shopSaw{User: 99, Item: "nail", At: later(3), Weight: 5}, shopSaw{User: 99, Item: "tea", At: later(4)})
		want := []string{"cup", "milk"}
		check := func(e *recommend.Engine[int, string], when string) {
			t.Helper()
			got := goodsIn(ask(t, e, shopAsks{User: 99, K: 9}))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: %v, want %v", name, when, got, want)
			}
			back := shopAsks{User: 99, K: 9, Seen: recommend.Repurchase, AsOf: later(5), Interval: 3*24*time.Hour + time.Hour}
			got = goodsIn(ask(t, e, back))
			slices.Sort(got)
			if want := []string{"cup", "ink", "milk", "pen"}[:4]; !slices.Equal(got, []string{"cup", "milk", "pen"}) && !slices.Equal(got, want) {
				t.Errorf("%s, %s: to be bought again: %v", name, when, got)
			}
			if got := goodsIn(ask(t, e, shopAsks{User: 99, K: 9, SeenWeight: 5})); len(got) != 5 || slices.Contains(got, "nail") {
				t.Errorf("%s, %s: heavy ones left out: %v", name, when, got)
			}
		}
		check(e, "at once")
		if s := e.Live(); s.Seen != 2 || s.Evicted != 2 || s.Events != 2 {
			t.Errorf("%s: %+v", name, s)
		}
		data, err := e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		again, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Restore(data); err != nil {
			t.Fatal(err)
		}
		check(again, "restored")
		if twice, _ := again.Snapshot(); !slices.Equal(data, twice) {
			t.Errorf("%s: the snapshot of a restored engine differs", name)
		}
		if err := again.Swap(d, opt); err != nil {
			t.Fatal(err)
		}
		check(again, "swapped")
		if _, err := again.Forget(99); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, again, shopAsks{User: 99, K: 9}); len(got) != 6 || again.Live().Seen != 0 {
			t.Errorf("%s: after Forget %v, %+v", name, goodsIn(got), again.Live())
		}
	}
	d, opt := goodsShop(t, recommend.BuilderOptions{})
	opt.Live.PerUser, opt.Live.Seen = 1, 2
	e, _ := recommend.NewEngine(d, opt)
	for u := range 3 {
		observe(t, e, shopSaw{User: 100 + u, Item: "pen", At: later(1)}, shopSaw{User: 100 + u, Item: "ink", At: later(2)})
	}
	if s := e.Live(); s.Seen != 2 || s.Unseen != 1 {
		t.Errorf("beyond the bound: %+v", s)
	}
}

// With a half-life a live event weighs what it will weigh in the next dataset.
func TestLiveDecay(t *testing.T) {
	half := 90 * 24 * time.Hour
	heavy := func(d *recommend.Dataset[int, string], e *recommend.Engine[int, string], r shopAsks) map[string]float32 {
		out := map[string]float32{}
		for _, x := range ask(t, e, r) {
			out[x.Item] = x.Score
		}
		return out
	}
	for _, policy := range []recommend.Duplicates{recommend.Sum, recommend.Max, recommend.Last} {
		b := recommend.BuilderOptions{HalfLife: half, Duplicates: policy}
		base := shopSaw{User: 50, Item: "cup", At: later(0)}
		events := []shopSaw{{User: 50, Item: "tea", At: later(0).Add(-4 * half)}, {User: 50, Item: "milk", At: later(30)}, {User: 50, Item: "cup", At: later(10)}}
		d, opt := goodsShop(t, b, base)
		weights, err := recommend.NewFunc(0, d.Items.Len(), func(dst []float32, q recommend.Query) error {
			q = q.For(nil, nil)
			clear(dst)
			for k, i := range q.Items {
				dst[i] = q.Weight(k)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		opt.Sources = []recommend.Source{{Name: "weights", Model: weights}}
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		observe(t, e, events[0])
		if got := heavy(d, e, shopAsks{User: 50, K: 9, Seen: recommend.KeepSeen})["tea"]; got != .0625 {
			t.Errorf("an event four half-lives old weighs %v, want .0625", got)
		}
		observe(t, e, events[1:]...)
		rebuilt, _ := goodsShop(t, b, append([]shopSaw{base}, events...)...)
		items, want := rebuilt.Interactions.Row(int(rebuilt.Users.Of(50)))
		got := heavy(d, e, shopAsks{User: 50, K: 9, Seen: recommend.KeepSeen})
		for k, i := range items {
			if id := rebuilt.Items.ID(i); math.Abs(float64(got[id]-want[k])) > 1e-6 {
				t.Errorf("policy %d: %s weighs %v live, %v rebuilt", policy, id, got[id], want[k])
			}
		}
	}
}

// A return takes its purchase back, and a dislike keeps the item away, from whatever
// way they come.
func TestReturnsAndDislikes(t *testing.T) {
	d, opt := goodsShop(t, recommend.BuilderOptions{}, shopSaw{User: 60, Item: "tea", Weight: 2, At: day0}, shopSaw{User: 60, Item: "cup", At: day0})
	bought := func(item string, w float32, day int) shopSaw {
		return shopSaw{User: 60, Item: item, Weight: w, At: later(day)}
	}
	nay := func(item string, day int) shopSaw {
		return shopSaw{User: 60, Item: item, Dislike: true, At: later(day)}
	}
	all := []string{"cup", "ink", "milk", "nail", "pen", "tea"}
	for name, c := range map[string]struct {
		events   []shopSaw
		seen     []string // left out by DropSeen
		disliked []string // left out by KeepSeen
		history  int
	}{
		"nothing":                  {nil, []string{"cup", "tea"}, nil, 2},
		"one of two back":          {[]shopSaw{bought("tea", -1, 1)}, []string{"cup", "tea"}, nil, 2},
		"all back":                 {[]shopSaw{bought("tea", -2, 1)}, []string{"cup"}, nil, 1},
		"more than all":            {[]shopSaw{bought("tea", -7, 1)}, []string{"cup"}, nil, 1},
		"bought and back":          {[]shopSaw{bought("pen", 3, 1), bought("pen", -3, 2)}, []string{"cup", "tea"}, nil, 2},
		"of nothing":               {[]shopSaw{bought("pen", -3, 2)}, []string{"cup", "tea"}, nil, 2},
		"back and bought anew":     {[]shopSaw{bought("tea", -2, 1), bought("tea", 1, 2)}, []string{"cup", "tea"}, nil, 2},
		"disliked":                 {[]shopSaw{nay("pen", 1)}, []string{"cup", "pen", "tea"}, []string{"pen"}, 2},
		"bought, then disliked":    {[]shopSaw{nay("tea", 1)}, []string{"cup", "tea"}, []string{"tea"}, 1},
		"disliked, then bought":    {[]shopSaw{nay("pen", 1), bought("pen", 1, 2)}, []string{"cup", "pen", "tea"}, nil, 3},
		"a return lifts nothing":   {[]shopSaw{nay("pen", 1), bought("pen", -1, 2)}, []string{"cup", "pen", "tea"}, []string{"pen"}, 2},
		"bought before a dislike":  {[]shopSaw{bought("pen", 1, 1), nay("pen", 2)}, []string{"cup", "pen", "tea"}, []string{"pen"}, 2},
		"everything back or gone":  {[]shopSaw{bought("tea", -2, 1), nay("cup", 1)}, []string{"cup"}, []string{"cup"}, 0},
		"disliked, evicted, later": {[]shopSaw{nay("pen", 1), bought("ink", 1, 2), bought("nail", 1, 3)}, []string{"cup", "ink", "nail", "pen", "tea"}, []string{"pen"}, 4},
	} {
		for _, per := range []int{200, 2} {
			o := opt
			o.Live.PerUser = per
			e, err := recommend.NewEngine(d, o)
			if err != nil {
				t.Fatal(err)
			}
			observe(t, e, c.events...)
			r := shopAsks{User: 60}
			for _, o := range c.events {
				r.History = append(r.History, shopEvent{Item: o.Item, Weight: o.Weight, At: o.At, Dislike: o.Dislike})
			}
			fresh, err := recommend.NewEngine(d, opt)
			if err != nil {
				t.Fatal(err)
			}
			check := func(way string, e *recommend.Engine[int, string], r shopAsks) {
				t.Helper()
				for _, policy := range []recommend.Seen{recommend.DropSeen, recommend.KeepSeen} {
					out := c.disliked
					if policy == recommend.DropSeen {
						out = c.seen
					}
					var info recommend.Info
					r.K, r.Seen, r.Info = 9, policy, &info
					got := goodsIn(ask(t, e, r))
					slices.Sort(got)
					want := slices.DeleteFunc(slices.Clone(all), func(i string) bool { return slices.Contains(out, i) })
					if !slices.Equal(got, want) || info.History != c.history && per > 2 {
						t.Errorf("%s, %s, %d kept, %v: %v from %d, want %v from %d", name, way, per, policy, got, info.History, want, c.history)
					}
				}
			}
			check("observed", e, shopAsks{User: 60})
			check("sent along", fresh, r)
			data, err := e.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			again, _ := recommend.NewEngine(d, o)
			if err := again.Restore(data); err != nil {
				t.Fatal(err)
			}
			check("restored", again, shopAsks{User: 60})
			// Dislikes outlive a refit on the log, and everything else is in it.
			log := append([]shopSaw{{User: 60, Item: "tea", Weight: 2, At: day0}, {User: 60, Item: "cup", At: day0}}, c.events...)
			refit, with := goodsShop(t, recommend.BuilderOptions{}, log...)
			if err := e.Swap(refit, with); err != nil {
				t.Fatal(err)
			}
			if name != "bought, then disliked" && name != "everything back or gone" {
				check("refitted", e, shopAsks{User: 60})
			}
		}
	}
}

// Whatever happened, observing it and then refitting gives the answers of an engine
// built from the log, and before that the same items are seen.
func TestObserveThenRefitProp(t *testing.T) {
	for seed := range uint64(40) {
		g := rng.New(seed, 0, 0)
		policy := recommend.Duplicates(g.Intn(3))
		build := recommend.BuilderOptions{Duplicates: policy}
		if g.Bool(.5) {
			build.HalfLife = 30 * 24 * time.Hour
		}
		d, opt := goodsShop(t, build)
		opt.Live.PerUser = 1 + g.Intn(6)
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		var log []shopSaw
		for k := range 15 {
			o := shopSaw{User: 5 * g.Intn(6), Item: []string{"cup", "ink", "milk", "nail", "pen", "tea"}[g.Intn(6)], Weight: float32(1 + g.Intn(2)), At: later(k)}
			if g.Bool(.3) {
				o.Weight = -o.Weight
			}
			log = append(log, o)
			observe(t, e, o)
		}
		rebuilt, with := goodsShop(t, build, log...)
		fresh, err := recommend.NewEngine(rebuilt, with)
		if err != nil {
			t.Fatal(err)
		}
		agree := func(when string) {
			t.Helper()
			for u := 0; u < 30; u += 5 {
				got, want := goodsIn(ask(t, e, shopAsks{User: u, K: 9})), goodsIn(ask(t, fresh, shopAsks{User: u, K: 9}))
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, %s, policy %d, %d kept, user %d: %v, want %v\n%v", seed, when, policy, opt.Live.PerUser, u, got, want, log)
				}
			}
		}
		agree("live")
		if err := e.Swap(rebuilt, with); err != nil {
			t.Fatal(err)
		}
		agree("refitted")
		if s := e.Live(); s.Events != 0 || s.Seen != 0 {
			t.Fatalf("seed %d: left after a refit on all: %+v", seed, s)
		}
		for u := 0; u < 30; u += 5 {
			a, b := ask(t, e, shopAsks{User: u, K: 9}), ask(t, fresh, shopAsks{User: u, K: 9})
			if fmt.Sprint(a) != fmt.Sprint(b) {
				t.Fatalf("seed %d, user %d: %v, rebuilt %v", seed, u, a, b)
			}
		}
	}
}

package recommend

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
)

// shopOfTwo is a dataset of two items, and "n1" if known, whose events are at most of at(0).
func shopOfTwo(t rapid.TB, opt BuilderOptions, known bool) *Dataset[string, string] {
	t.Helper()
	b, err := NewBuilder[string, string](opt)
	if err != nil {
		t.Fatal(err)
	}
	for k, item := range []string{"a", "a", "b", "n1"} {
		if item != "n1" || known {
			if err := b.AddAt(fmt.Sprint("old", k), item, 1, at(-10*k)); err != nil {
				t.Fatal(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// liveScores are the scores by which a stranger gets the items that joined.
func liveScores(t rapid.TB, e *Engine[string, string]) map[string]float32 {
	t.Helper()
	got, err := e.Recommend(nil, Request[string, string]{Anonymous: true, K: 50})
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]float32{}
	for _, r := range got {
		if r.Source == SourceLive {
			scores[r.Item] = r.Score
		}
	}
	return scores
}

// Somebody's dislike makes an item popular with nobody, whatever came before and comes
// after it; so does what was given back.
func TestDislikeIsNoPopularity(t *testing.T) {
	for _, x := range []struct {
		name string
		of   []obs
		want float32
	}{
		{"dislike", []obs{{Dislike: true}}, 0},
		{"like", []obs{{}}, 1},
		{"like twice", []obs{{}, {}}, 1},
		{"like, dislike", []obs{{}, {Dislike: true}}, 0},
		{"dislike, like", []obs{{Dislike: true}, {}}, 1},
		{"dislike, return", []obs{{Dislike: true}, {Weight: -1}}, 0},
		{"return", []obs{{Weight: -1}}, 0},
		{"like, return", []obs{{}, {Weight: -1}}, 0},
		{"two, one returned", []obs{{Weight: 2}, {Weight: -1}}, 1},
		{"like, return, like", []obs{{}, {Weight: -1}, {}}, 1},
	} {
		e, err := NewEngine(shopOfTwo(t, BuilderOptions{}, false), EngineOptions{Live: LiveOptions{Clock: clockAt(5000)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.AddItems(Arrival[string]{Item: "n1"}); err != nil {
			t.Fatal(err)
		}
		for k, o := range x.of {
			o.User, o.Item, o.At = "u", "n1", at(k+1)
			if err := e.Observe(o); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
		}
		if got := liveScores(t, e)["n1"]; got != x.want {
			t.Errorf("%s: n1 is liked by %g users, want %g", x.name, got, x.want)
		}
		if _, err := e.Forget("u"); err != nil {
			t.Fatal(err)
		}
		if got, there := liveScores(t, e)["n1"]; got != 0 || !there {
			t.Errorf("%s: n1 is liked by %g users after Forget", x.name, got)
		}
	}
}

// likedSlowly counts the users of an item that joined anew: an event is left of the pair if
// a Builder has an entry of what came after the last dislike.
func likedSlowly(t *rapid.T, e *Engine[string, string], opt BuilderOptions, halfLife time.Duration) map[string]float64 {
	s := e.state.Load()
	last := map[string][]int64{} // of who has the item
	now := int64(math.MinInt64)
	for _, times := range s.data.Interactions.times {
		now = max(now, times)
	}
	for _, u := range e.live.users {
		of := map[string][]liveEvent[string]{}
		for _, ev := range u.events {
			of[ev.item] = append(of[ev.item], ev)
		}
		for item, events := range of {
			if s.data.Items.Of(item) >= 0 || s.byID[item] == 0 { // beyond LiveOptions.NewItems
				continue
			}
			slices.SortFunc(events, func(a, b liveEvent[string]) int {
				return comparePast(pastOf(&a), pastOf(&b))
			})
			b, err := NewBuilder[string, string](opt)
			if err != nil {
				t.Fatal(err)
			}
			disliked := false
			for k, ev := range events {
				if ev.dislike {
					b, _ = NewBuilder[string, string](opt)
					disliked = !slices.ContainsFunc(events[k:], func(x liveEvent[string]) bool { return !x.dislike && x.weight > 0 })
				} else if err := b.AddSeq(u.id, item, ev.weight, time.Unix(0, ev.at), ev.seq); err != nil {
					t.Fatal(err)
				}
			}
			if d, err := b.Build(); err == nil && d.Interactions.Len() > 0 && !disliked {
				last[item] = append(last[item], d.Interactions.times[0])
			}
		}
	}
	for _, times := range last {
		now = max(now, slices.Max(times))
	}
	want := map[string]float64{}
	for item, times := range last {
		for _, x := range times {
			if halfLife == 0 {
				want[item]++
			} else {
				want[item] += math.Exp2(-float64(now-x) / float64(halfLife))
			}
		}
	}
	return want
}

// The popularity of items that joined is that of a slow count after whatever happens to
// an engine, and the same to the last bit in one that has its snapshot, and in one that was
// told the events that are left, in another order.
func TestJoinedPopularityProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := BuilderOptions{Duplicates: rapid.SampledFrom([]Duplicates{Sum, Max, Last}).Draw(t, "duplicates"), Cap: rapid.SampledFrom([]float32{0, 1.5}).Draw(t, "cap")}
		opt.Ratings = opt.Cap == 0 && rapid.Bool().Draw(t, "ratings")
		if !opt.Ratings {
			opt.HalfLife = rapid.SampledFrom([]time.Duration{0, 40 * time.Second}).Draw(t, "half-life of weights")
		}
		halfLife := rapid.SampledFrom([]time.Duration{0, 30 * time.Second, 3 * time.Nanosecond}).Draw(t, "half-life")
		live := LiveOptions{Clock: clockAt(5000), PerUser: 4, Total: 12, NewItems: 2}
		known := false
		fresh := func() *Engine[string, string] {
			e, err := NewEngine(shopOfTwo(t, opt, known), EngineOptions{PopularHalfLife: halfLife, Live: live})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		e := fresh()
		steps := 40
		if testkit.Race {
			steps = 20
		}
		for range rapid.IntRange(1, steps).Draw(t, "steps") {
			switch user := fmt.Sprint("u", rapid.IntRange(0, 4).Draw(t, "user")); rapid.IntRange(0, 11).Draw(t, "step") {
			case 0:
				if _, err := e.ForgetAt(user, at(rapid.IntRange(0, 100).Draw(t, "forget"))); err != nil {
					t.Fatal(err)
				}
			case 1:
				if !known {
					if err := e.AddItems(Arrival[string]{Item: "n1"}, Arrival[string]{Item: "n2", Text: "tea"}); err != nil {
						t.Fatal(err)
					}
				}
			case 2:
				known = rapid.Bool().Draw(t, "known")
				halfLife = rapid.SampledFrom([]time.Duration{0, 30 * time.Second}).Draw(t, "half-life")
				if err := e.Swap(shopOfTwo(t, opt, known), EngineOptions{PopularHalfLife: halfLife}); err != nil {
					t.Fatal(err)
				}
			case 3:
				data, err := e.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				other := fresh()
				if err := other.Restore(data); err != nil {
					t.Fatal(err)
				}
				if a, b := liveScores(t, e), liveScores(t, other); fmt.Sprint(a) != fmt.Sprint(b) {
					t.Fatalf("%v, by the snapshot %v", a, b)
				}
				e = other
			default: // refused ones change nothing
				_ = e.Observe(obs{
					User: user, Item: fmt.Sprint("n", rapid.IntRange(1, 4).Draw(t, "item")),
					At: at(rapid.IntRange(-20, 100).Draw(t, "sec")), Seq: int64(rapid.IntRange(0, 1).Draw(t, "seq")),
					Weight:  rapid.SampledFrom([]float32{1, 2, -1, -2, .5}).Draw(t, "weight"),
					Dislike: rapid.IntRange(0, 3).Draw(t, "dislike") == 0,
					ID:      rapid.SampledFrom([]string{"", "", "", "x", "y"}).Draw(t, "id"),
				})
			}
			want, got := likedSlowly(t, e, opt, halfLife), liveScores(t, e)
			for item, score := range got {
				if math.Abs(float64(score)-want[item]) > 1e-5*want[item]+1e-30 {
					t.Fatalf("%s is liked by %g users, want %g", item, score, want[item])
				}
			}
			for _, a := range e.state.Load().arrivals {
				if _, there := got[a.Item]; !there {
					t.Fatalf("%s is not in %v", a.Item, got)
				}
			}
		}
		// The same events in another order: no sum depends on it.
		other := fresh()
		for _, a := range e.live.registry {
			if a.added {
				_ = other.AddItems(a.Arrival)
			}
		}
		for _, u := range e.live.users {
			for _, ev := range slices.Backward(u.events) {
				if err := other.Observe(obs{User: u.id, Item: ev.item, Weight: ev.weight, At: time.Unix(0, ev.at), Seq: ev.seq, ID: ev.id, Dislike: ev.dislike}); err != nil {
					t.Fatal(err)
				}
			}
		}
		of := func(e *Engine[string, string]) map[string]float32 {
			out := map[string]float32{}
			e.state.Load().arrivals = e.live.registry
			for k, n := range e.state.Load().liked(nil) {
				out[e.live.registry[k].Item] = n
			}
			return out
		}
		if a, b := of(e), of(other); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%v, in another order %v", a, b)
		}
	})
}

// Half-lives of any length and times of any age count without overflow.
func TestTakersFarApart(t *testing.T) {
	for _, halfLife := range []int64{1, 3, int64(time.Hour), math.MaxInt64} {
		for _, times := range [][]int64{{math.MinInt64 + 1, math.MaxInt64}, {-1, 0, 1}, {math.MinInt64 + 1, -7}} {
			var a takers
			for _, x := range times {
				a.change(x, halfLife, true)
			}
			now, want := a.latest(times[0]), 0.0
			for _, x := range times {
				want += math.Exp2(-float64(uint64(now)-uint64(x)) / float64(halfLife))
			}
			if got := a.decayed(now, halfLife); math.Abs(float64(got)-want) > 1e-6*want {
				t.Errorf("half-life %d, times %v: %g, want %g", halfLife, times, got, want)
			}
			for _, x := range times {
				a.change(x, halfLife, false)
			}
			if got := a.decayed(now, halfLife); got != 0 || len(a.sums)+len(a.times) > 0 || a.n.Load() != 0 {
				t.Errorf("half-life %d, times %v: %g when all are gone", halfLife, times, got)
			}
		}
	}
}

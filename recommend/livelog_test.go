package recommend_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	. "github.com/aislekit/aisle/recommend"
)

// TestLiveEmptyIDs: what a Builder refuses no engine takes up, or the next dataset would
// not contain it.
func TestLiveEmptyIDs(t *testing.T) {
	b, err := NewBuilder[string, string](BuilderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Add("ann", "tea", 1); err != nil {
		t.Fatal(err)
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(d, EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"item":    e.Observe(Observation[string, string]{User: "ann"}),
		"user":    e.Observe(Observation[string, string]{Item: "tea"}),
		"arrival": e.AddItems(Arrival[string]{Item: "milk"}, Arrival[string]{}),
	} {
		if !errors.Is(err, ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l := e.Live(); l.Events != 0 || l.NewItems != 0 {
		t.Errorf("something was taken up: %+v", l)
	}
}

// TestLiveWeightsOfFunctions: functions get live events weighed as the dataset's are.
func TestLiveWeightsOfFunctions(t *testing.T) {
	t0 := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	log := []struct {
		item string
		w    float32
	}{{"a", 2}, {"b", 3}, {"a", 5}}
	for _, c := range []struct {
		opt  BuilderOptions
		want []float32
	}{
		{BuilderOptions{}, []float32{2, 3, 5}},
		{BuilderOptions{UnitWeights: true}, []float32{1, 1, 1}},
		{BuilderOptions{LogWeights: true}, []float32{float32(math.Log(3)), float32(math.Log(4)), float32(math.Log(6))}},
	} {
		for stored := 1; stored <= len(log); stored++ {
			b, err := NewBuilder[int, string](c.opt)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range []string{"a", "b"} {
				if err := b.AddAt(2, item, 1, t0); err != nil {
					t.Fatal(err)
				}
			}
			for k, x := range log[:stored] {
				if err := b.AddAt(1, x.item, x.w, t0.Add(time.Duration(k)*time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			d, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			var got []float32
			f, err := NewFunc(0, 2, func(dst []float32, q Query) error {
				clear(dst)
				got = append(got[:0], q.Weights...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			e, err := NewEngine(d, EngineOptions{Sources: []Source{{Name: "f", Model: f}}})
			if err != nil {
				t.Fatal(err)
			}
			for k, x := range log[stored:] {
				if err := e.Observe(Observation[int, string]{User: 1, Item: x.item, Weight: x.w, At: t0.Add(time.Duration(stored+k) * time.Hour)}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := e.Recommend(nil, Request[int, string]{User: 1, K: 1, Seen: KeepSeen}); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, %d of 3 in the dataset: weights %v, want %v", c.opt, stored, got, c.want)
			}
		}
	}
}

// heavyModel scores each item by its weight in the history, folded by item.
type heavyModel struct{ *Func }

func (heavyModel) ReadsOrder() bool { return false }

// TestLiveEqualsRebuild: under every policy of weights, whatever the dataset holds of a
// pair, returns, cancelled pairs and capped ones included, events observed or sent along
// weigh what a dataset built of the whole log has.
func TestLiveEqualsRebuild(t *testing.T) {
	t0 := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	const days = 24 * time.Hour
	items := []string{"cup", "ink", "milk", "nail", "pen", "tea"}
	for n, opt := range []BuilderOptions{
		{},
		{UnitWeights: true},
		{LogWeights: true},
		{Cap: 2},
		{Duplicates: Max},
		{Duplicates: Last},
		{HalfLife: 30 * days},
		{HalfLife: 30 * days, Cap: 1.5, LogWeights: true},
		{HalfLife: 4 * days, Duplicates: Last, Cap: 1},
		{HalfLife: 4 * days, Duplicates: Max},
	} {
		for seed := range uint64(24) {
			timed := seed%2 == 0 || opt.HalfLife > 0 // else what is not live has no time
			g := rng.New(seed, uint64(n), 0)
			var log []Observation[int, string]
			for k := range 120 {
				w := float32(1 + g.Intn(3))
				if g.Bool(.3) {
					w = -w
				}
				log = append(log, Observation[int, string]{User: g.Intn(4), Item: items[g.Intn(6)], Weight: w, At: t0.Add(time.Duration(k) * 11 * time.Hour)})
			}
			build := func(log []Observation[int, string]) *Dataset[int, string] {
				b, err := NewBuilder[int, string](opt)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range items { // somebody keeps them all, and has the latest event
					log = append(log[:len(log):len(log)], Observation[int, string]{User: 99, Item: item, Weight: 1, At: t0.Add(60 * days)})
				}
				for _, o := range log {
					err := error(nil)
					if timed || o.User != 99 && !o.At.Before(t0.Add(80*11*time.Hour)) {
						err = b.AddAt(o.User, o.Item, o.Weight, o.At)
					} else {
						err = b.Add(o.User, o.Item, o.Weight)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				d, err := b.Build()
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			m, err := NewFunc(0, len(items), func(dst []float32, q Query) error {
				clear(dst)
				for k, i := range q.Items {
					dst[i] = q.Weight(k)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			engine := func(d *Dataset[int, string]) *Engine[int, string] {
				e, err := NewEngine(d, EngineOptions{Sources: []Source{{Name: "m", Model: heavyModel{m}}}})
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			whole, part := build(log), build(log[:80])
			rebuilt, observed, sent := engine(whole), engine(part), engine(part)
			for k := len(log) - 1; k >= 80; k-- {
				if err := observed.Observe(log[k]); err != nil {
					t.Fatal(err)
				}
			}
			for user := range 4 {
				var h []Event[string]
				for _, o := range log[80:] {
					if o.User == user {
						h = append(h, Event[string]{Item: o.Item, Weight: o.Weight, At: o.At})
					}
				}
				weights := func(e *Engine[int, string], h []Event[string]) map[string]float64 {
					list, err := e.Recommend(nil, Request[int, string]{User: user, K: 6, Seen: KeepSeen, History: h})
					if err != nil {
						t.Fatal(err)
					}
					out := map[string]float64{}
					for _, r := range list {
						if r.Source == "m" {
							out[r.Item] = float64(r.Score)
						}
					}
					return out
				}
				want := weights(rebuilt, nil)
				for way, got := range map[string]map[string]float64{"observed": weights(observed, nil), "sent along": weights(sent, h)} {
					for _, item := range items {
						if math.Abs(got[item]-want[item]) > 1e-5*(1+want[item]) {
							t.Errorf("%+v, seed %d, user %d: %s weighs %v %s, %v rebuilt", opt, seed, user, item, got[item], way, want[item])
						}
					}
				}
			}
		}
	}
}

package recommend_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// Over a catalogue that grew, with users of its own, every model answers the users it
// knows as it did before: the same lists, scores and reasons, for histories and sessions
// too, similar items and users, and items that join with a vector.
func TestModelsOverGrownCatalogue(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}
	old := shop(t, items...)
	grow := must(old.Grow())(t)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for u := 100; u < 104; u++ {
		for _, item := range []string{"aa", "zz", "b"} {
			if err := grow.AddAt(u, item, 1, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := must(grow.Build())(t)
	event := func(item string, day int) recommend.Event[string] {
		return recommend.Event[string]{Item: item, At: at.AddDate(0, 0, day)}
	}
	requests := []recommend.Request[int, string]{
		{User: 4, K: 9, Reasons: 3},
		{User: 31, K: 9, Reasons: 3, Seen: recommend.KeepSeen},
		{Anonymous: true, K: 9, Reasons: 2, Seen: recommend.KeepSeen, History: []recommend.Event[string]{event("b", 1), event("a", 2), event("zz", 3), event("b", 4)}},
		{Anonymous: true, K: 9, Seen: recommend.KeepSeen, SessionStart: at.AddDate(0, 0, 2), History: []recommend.Event[string]{event("e", 1), event("a", 2), event("zz", 3), event("b", 4)}},
	}
	joined := 0
	for _, m := range models {
		fitted := must(m.Fit(context.Background(), old.Interactions))(t)
		if f, ok := fitted.(interface{ Fingerprints() (users, items uint64) }); !ok {
			continue
		} else if _, of := f.Fingerprints(); of == 0 {
			continue // made of texts or functions: over which catalogue it does not know
		}
		t.Run(m.name, func(t *testing.T) {
			var engines [2]*recommend.Engine[int, string]
			for k, d := range []*recommend.Dataset[int, string]{old, now} {
				engines[k] = must(recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "m", Model: fitted}}}))(t)
			}
			same := func(what string, ask func(e *recommend.Engine[int, string]) any) {
				t.Helper()
				want, got := fmt.Sprint(ask(engines[0])), fmt.Sprint(ask(engines[1]))
				if got != want {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			lists := func() {
				t.Helper()
				for _, r := range requests {
					same("list", func(e *recommend.Engine[int, string]) any {
						if e == engines[0] { // which does not know this item
							r.History = slices.DeleteFunc(slices.Clone(r.History), func(ev recommend.Event[string]) bool { return ev.Item == "zz" })
						}
						return ofModel(must(e.Recommend(nil, r))(t))
					})
				}
				same("list of all", func(e *recommend.Engine[int, string]) any {
					seq, failed := e.All(context.Background(), recommend.Request[int, string]{K: 9}, 2)
					all := map[int][]recommend.Recommendation[string]{}
					for u, list := range seq {
						if u < 100 {
							all[u] = ofModel(list)
						}
					}
					if err := failed(); err != nil {
						t.Fatal(err)
					}
					return all
				})
				for _, item := range items {
					same("similar to "+item, func(e *recommend.Engine[int, string]) any {
						return ofModel(must(e.Similar(nil, item, recommend.Request[int, string]{K: 5}))(t))
					})
				}
				same("similar users", func(e *recommend.Engine[int, string]) any {
					return must(e.SimilarUsers(nil, 4, 10, nil))(t)
				})
			}
			lists()
			v, ok := fitted.(recommend.ItemVectors)
			if !ok {
				return
			}
			arrival := recommend.Arrival[string]{Item: "new", Vectors: map[string][]float32{"m": v.ItemVector(1)}}
			err := engines[0].AddItems(arrival)
			if got := engines[1].AddItems(arrival); (got == nil) != (err == nil) {
				t.Fatalf("an item with a vector: %v, want %v", got, err)
			}
			if err == nil {
				joined++
				lists()
			}
		})
	}
	if joined < 5 {
		t.Errorf("items joined %d models by vectors, want 5", joined)
	}
}

// ofModel returns what comes from the model, without ranks, which count what others added.
func ofModel(list []recommend.Recommendation[string]) []recommend.Recommendation[string] {
	out := []recommend.Recommendation[string]{}
	for _, r := range list {
		if r.Source == "m" {
			r.Rank = 0
			out = append(out, r)
		}
	}
	return out
}

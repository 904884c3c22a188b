package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/aislekit/aisle/recommend"
)

func show(recs []recommend.Recommendation[string], err error) {
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range recs {
		fmt.Printf("%d %s (%s)\n", r.Rank, r.Item, r.Source)
	}
}

func ExampleEngine_Observe() {
	e := teaEngine()
	// A visitor nobody knows looks at a grinder.
	err := e.Observe(recommend.Observation[string, string]{User: "zoe", Item: "grinder", ID: "event 1"})
	if err != nil {
		log.Fatal(err)
	}
	show(e.Recommend(nil, recommend.Request[string, string]{User: "zoe", K: 2}))
	// The queue delivers the event again.
	fmt.Println(e.Observe(recommend.Observation[string, string]{User: "zoe", Item: "grinder", ID: "event 1"}))
	if _, err := e.Forget("zoe"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Live().Events, "events")
	// Output:
	// 1 espresso (neighbours)
	// 2 cups (neighbours)
	// recommend: Engine.Observe: item grinder: event "event 1" came before: duplicate
	// 0 events
}

func ExampleEngine_ForgetAt() {
	e := teaEngine()
	// The host's list of deletions, told to a new engine beside the log.
	noon := time.Now().Add(-time.Hour)
	for _, o := range []recommend.Observation[string, string]{
		{User: "zoe", Item: "grinder", At: noon.Add(time.Minute)}, // came back
		{User: "zoe", Item: "cups", At: noon.Add(-time.Minute)},
	} {
		if err := e.Observe(o); err != nil {
			log.Fatal(err)
		}
	}
	known, err := e.ForgetAt("zoe", noon)
	fmt.Println(known, err, e.Live().Events)
	// Output: true <nil> 1
}

func ExampleEngine_AddItems() {
	e := teaEngine()
	err := e.AddItems(recommend.Arrival[string]{Item: "matcha", Facts: []recommend.Fact[string]{{Attribute: "kind", Value: "tea"}}})
	if err != nil {
		log.Fatal(err)
	}
	for _, user := range []string{"u1", "u2", "u3", "u4"} {
		if err := e.Observe(recommend.Observation[string, string]{User: user, Item: "matcha"}); err != nil {
			log.Fatal(err)
		}
	}
	show(e.Recommend(nil, recommend.Request[string, string]{Anonymous: true, K: 2}))
	tea := recommend.Is("kind", "tea")
	show(e.Recommend(nil, recommend.Request[string, string]{Anonymous: true, K: 2, Where: &tea}))
	// Output:
	// 1 matcha (live)
	// 2 green tea (popular)
	// 1 matcha (live)
}

func ExampleEngine_Snapshot() {
	e := teaEngine()
	if err := e.Observe(recommend.Observation[string, string]{User: "zoe", Item: "grinder"}); err != nil {
		log.Fatal(err)
	}
	saved, err := e.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	restarted := teaEngine()
	if err := restarted.Restore(saved); err != nil {
		log.Fatal(err)
	}
	show(restarted.Recommend(nil, recommend.Request[string, string]{User: "zoe", K: 1}))
	// Output: 1 espresso (neighbours)
}

func ExampleEngine_RestoreByID() {
	e := teaEngine()
	if err := e.Observe(recommend.Observation[string, string]{User: "zoe", Item: "grinder"}); err != nil {
		log.Fatal(err)
	}
	saved, err := e.Snapshot()
	if err != nil {
		log.Fatal(err)
	}
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if err := b.Add("ann", "matcha", 1); err != nil { // a season later
		log.Fatal(err)
	}
	d, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}
	next, err := recommend.NewEngine(d, recommend.EngineOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(next.Restore(saved), recommend.ErrMismatch))
	fmt.Println(next.RestoreByID(saved), next.Live().Events)
	// Output:
	// true
	// <nil> 1
}

func ExampleEngine_All() {
	e := teaEngine()
	lists, err := e.All(context.Background(), recommend.Request[string, string]{K: 1}, 0)
	for user, list := range lists {
		fmt.Println(user, list[0].Item)
	}
	fmt.Println(err())
	// Output:
	// ann cups
	// bob espresso
	// cid cups
	// dan green tea
	// eve teapot
	// <nil>
}

func ExampleCatalogue() {
	d := teaShop()
	var facts []recommend.Fact[string]
	for item, f := range map[string]struct {
		kind  string
		price float64
	}{"green tea": {"tea", 9}, "teapot": {"ware", 35}, "cups": {"ware", 18}, "espresso": {"coffee", 12}, "grinder": {"ware", 80}} {
		facts = append(facts, recommend.Fact[string]{Item: item, Attribute: "kind", Value: f.kind},
			recommend.Fact[string]{Item: item, Attribute: "price", Number: f.price})
	}
	edges := []float64{20, 50}
	c, err := recommend.NewCatalogue(d.Items, slices.Values(facts), recommend.CatalogueOptions{Bands: map[string][]float64{"price": edges}})
	if err != nil {
		log.Fatal(err)
	}
	gift := recommend.AllOf(recommend.Is("kind", "ware"), recommend.Not(recommend.Is("price", recommend.BandName(edges, 50))))
	set, err := c.Select(gift)
	if err != nil {
		log.Fatal(err)
	}
	for i := range set.All() {
		fmt.Println(d.Items.ID(i))
	}
	// The same rule, caps, pins and boosts within a request.
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Catalogue: c})
	if err != nil {
		log.Fatal(err)
	}
	ware := recommend.Is("kind", "ware")
	show(e.Recommend(nil, recommend.Request[string, string]{
		Anonymous: true, K: 3,
		Caps:   []recommend.Cap{{Attribute: "kind", Max: 1}},
		Pins:   []recommend.Pin[string]{{Item: "espresso", Position: 2}},
		Boosts: []recommend.Boost{{Where: &ware, Multiply: 3}},
	}))
	// Output:
	// cups
	// teapot
	// 1 cups (popular)
	// 2 espresso (pinned)
	// 3 green tea (popular)
}

func ExampleBuilder_AddAll() {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rows := func(yield func(recommend.Observation[int, string]) bool) {
		for k, item := range []string{"tea", "honey", "tea"} {
			if !yield(recommend.Observation[int, string]{User: 7, Item: item, At: day.AddDate(0, 0, k)}) {
				return
			}
		}
	}
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	n, err := b.AddAll(rows)
	fmt.Println(n, err)
	// Output: 3 <nil>
}

func ExampleFunc() {
	d := teaShop()
	m, err := recommend.NewFunc(0, d.Items.Len(), func(dst []float32, _ recommend.Query) error {
		for i := range dst {
			dst[i] = -float32(len(d.Items.ID(int32(i)))) // short names first
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	q := d.Interactions.Query(int(d.Users.Of("ann")))
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	fmt.Println(d.Items.ID(top[0].Item), top[0].Score, err)
	// Output: cups -4 <nil>
}

package tune_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/tune"
)

// Two settings of ALS, judged by how many held-out entries the lists hold.
func ExampleSearch() {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for user, items := range [][]string{
		{"tea", "milk", "honey"},
		{"tea", "honey"},
		{"tea", "milk"},
		{"nails", "hammer"},
		{"nails", "hammer", "saw"},
		{"saw", "hammer"},
	} {
		for _, item := range items {
			if err := b.Add(user, item, 1); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	// The last entry of each user judges; package split has better ways.
	last := func(u, k int) bool {
		items, _ := d.Interactions.Row(u)
		return k > 0 && k == len(items)-1
	}
	test := d.Interactions.Select(last)
	train := d.Interactions.Select(func(u, k int) bool { return !last(u, k) })
	ctx := context.Background()
	knobs := []tune.Knob[recommend.ALSOptions]{
		{Name: "unobserved", Low: 0.01, High: 1, Log: true, Set: func(o *recommend.ALSOptions, v float64) { o.Unobserved = v }},
		{Name: "regularization", Low: 0.01, High: 1, Log: true, Set: func(o *recommend.ALSOptions, v float64) { o.Regularization = v }},
	}
	found, err := tune.Search(ctx, recommend.ALSOptions{Factors: 4}, knobs, func(ctx context.Context, o recommend.ALSOptions, _ float64) (float64, error) {
		m, err := recommend.FitALS(ctx, train, o)
		if err != nil {
			return 0, err
		}
		hits, r := 0.0, recommend.NewRanker(m) // package metrics has the real measures
		for u := range test.Users() {
			q := train.Query(u)
			top, err := r.AppendTop(nil, q, 2, recommend.Filter{Items: q.Items})
			if err != nil {
				return 0, err
			}
			for _, t := range top {
				if test.Has(u, t.Item) {
					hits++
				}
			}
		}
		return hits, nil
	}, tune.Options{Trials: 10, Seed: 1})
	fmt.Println(len(found.Trials), found.Best.Score >= found.Trials[0].Score, err)
	// Output: 10 true <nil>
}

// A choice is an Integer knob, and every combination of two of them is tried.
func ExampleKnob() {
	type options struct {
		solver string
		links  int
	}
	solvers := []string{"plain", "fast"}
	knobs := []tune.Knob[options]{
		{Name: "solver", Low: 0, High: 1, Integer: true, Set: func(o *options, v float64) { o.solver = solvers[int(v)] }},
		{Name: "links", Low: 1, High: 3, Integer: true, Set: func(o *options, v float64) { o.links = int(v) }},
	}
	found, err := tune.Search(context.Background(), options{}, knobs, func(_ context.Context, o options, _ float64) (float64, error) {
		score := float64(o.links)
		if o.solver == "fast" {
			score *= 2
		}
		return score, nil
	}, tune.Options{Method: tune.Grid})
	fmt.Println(len(found.Trials), found.Best.Options, err)
	// Output: 6 {fast 3} <nil>
}

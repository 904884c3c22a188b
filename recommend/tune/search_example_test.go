package tune_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/tune"
)

// baskets are what six customers bought.
var baskets = [][]string{
	{"tea", "milk", "honey"},
	{"tea", "honey"},
	{"tea", "milk"},
	{"nails", "hammer"},
	{"nails", "hammer", "saw"},
	{"saw", "hammer"},
}

// Two settings of ALS, judged by how many held-out entries the lists hold.
func Example() {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for user, items := range baskets {
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
	all := d.Interactions
	// The last entry of each user judges; package split has better ways.
	last := func(u, k int) bool {
		items, _ := all.Row(u)
		return k > 0 && k == len(items)-1
	}
	test := all.Select(last)
	train := all.Select(func(u, k int) bool { return !last(u, k) })
	judge := func(ctx context.Context, o recommend.ALSOptions, _ float64) (float64, error) {
		m, err := recommend.FitALS(ctx, train, o)
		if err != nil {
			return 0, err
		}
		hits, r := 0.0, recommend.NewRanker(m) // package metrics/ranking has the real measures
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
	}

	ctx := context.Background()
	knobs := []tune.Knob[recommend.ALSOptions]{
		{
			Name: "factors", Low: 2, High: 16, Log: true, Integer: true,
			Set: func(o *recommend.ALSOptions, v float64) { o.Factors = int(v) },
		},
		{
			Name: "regularization", Low: 1e-3, High: 1, Log: true,
			Set: func(o *recommend.ALSOptions, v float64) { o.Regularization = v },
		},
	}
	found, err := tune.Search(ctx, recommend.ALSOptions{}, knobs, judge, tune.Options{Trials: 10, Seed: 1})
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitALS(ctx, all, found.Best.Options)
	fmt.Println(len(found.Trials), "trials,", found.Best.Score >= found.Trials[0].Score, m.Items(), "items", err)
	// Output: 10 trials, true 6 items <nil>
}

// The methods find the top of the same hill; the result says what each trial was.
func ExampleSearch() {
	type options struct{ x float64 }
	knobs := []tune.Knob[options]{{Name: "x", Low: 0, High: 10, Set: func(o *options, v float64) { o.x = v }}}
	judge := func(_ context.Context, o options, fidelity float64) (float64, error) {
		return -fidelity * (o.x - 7) * (o.x - 7), nil
	}
	for _, method := range []tune.Method{tune.Random, tune.Grid, tune.Halving, tune.Bayesian} {
		var found *tune.Result[options]
		found, err := tune.Search(context.Background(), options{}, knobs, judge, tune.Options{Method: method, Trials: 20, GridPoints: 11})
		if err != nil {
			panic(err)
		}
		var best tune.Trial[options] = found.Best
		fmt.Printf("%d trials, x %.0f\n", len(found.Trials), best.Options.x)
	}
	// Output:
	// 20 trials, x 7
	// 11 trials, x 7
	// 28 trials, x 7
	// 20 trials, x 7
}

// Halving judges on a share of the work first: evaluate takes its fidelity for a share of the
// iterations. It begins with settings that did well elsewhere, steps from what base has (Get),
// and turns a knob only where it counts (If).
func ExampleSearch_halving() {
	type options struct{ rate, momentum float64 }
	nan := math.NaN()
	knobs := []tune.Knob[options]{
		{
			Name: "rate", Low: 0.001, High: 1, Log: true,
			Set: func(o *options, v float64) { o.rate = v }, Get: func(o options) float64 { return o.rate },
		},
		{
			Name: "momentum", Low: 0, High: 0.99,
			Set: func(o *options, v float64) { o.momentum = v }, Get: func(o options) float64 { return o.momentum },
			If: func(o options) bool { return o.rate < 0.5 },
		},
	}
	work := 0.0
	judge := func(_ context.Context, o options, fidelity float64) (float64, error) {
		work += fidelity
		d := math.Log(o.rate / 0.03)
		return -d*d - (o.momentum-0.9)*(o.momentum-0.9) - 0.1*(1-fidelity), nil
	}
	found, err := tune.Search(context.Background(), options{rate: 0.1}, knobs, judge, tune.Options{
		Method: tune.Halving, Trials: 30, Starts: [][]float64{{0.01, nan}, {nan, 0.8}},
	})
	fmt.Printf("rate %.2f momentum %.1f, less than %.0f full judgements, stopped %v, %v\n", found.Best.Options.rate, found.Best.Options.momentum, math.Ceil(work/10)*10, found.Stopped, err)
	// Output: rate 0.03 momentum 0.9, less than 20 full judgements, stopped false, <nil>
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

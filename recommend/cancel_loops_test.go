//go:build unix

package recommend_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/allocate"
	"github.com/aislekit/aisle/recommend/ann"
	"github.com/aislekit/aisle/recommend/evaluate"
	"github.com/aislekit/aisle/recommend/hybrid"
	"github.com/aislekit/aisle/recommend/tune"
)

// longLoop is a fit or a loop that takes more than data and options: ready makes what it
// needs, before the clock runs.
type longLoop struct {
	name  string
	ready func() func(ctx context.Context) error
}

// longLoops are the fits and loops over users that largeFits lacks, those of the families
// among them, on one worker.
func longLoops(t testing.TB, x *recommend.Interactions, titles []string) []longLoop {
	ctx := context.Background()
	popular := must(recommend.FitPopular(ctx, x, recommend.PopularOptions{}))(t)
	data := func() *recommend.Dataset[int, int] {
		b := must(recommend.NewBuilder[int, int](recommend.BuilderOptions{}))(t)
		for u := range x.Users() {
			items, _ := x.Row(u)
			for _, i := range items {
				if err := b.Add(u, int(i), 1); err != nil {
					t.Fatal(err)
				}
			}
		}
		return must(b.Build())(t)
	}
	vectors := func(n int) recommend.RowVectors {
		rows, r := make([]float32, 64*n), rng.New(1, 0, 0)
		for k := range rows {
			rows[k] = float32(r.Normal())
		}
		return recommend.RowVectors{Rows: rows, N: 64}
	}
	engine := func(d *recommend.Dataset[int, int]) *recommend.Engine[int, int] {
		als := must(recommend.FitALS(ctx, d.Interactions, recommend.ALSOptions{Iterations: 1}))(t)
		return must(recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "als", Model: als}}}))(t)
	}
	// The test part: the first item that each user has not taken.
	test := func() *recommend.Interactions {
		rows := make([][]int32, x.Users())
		for u := range rows {
			i := int32(0)
			for x.Has(u, i) {
				i++
			}
			rows[u] = []int32{i}
		}
		return must(recommend.InteractionsFromRows(x.Items(), rows))(t)
	}
	judge := func(_, _ []int32) error { return nil }
	return []longLoop{
		{"FitCategoryPopular", func() func(ctx context.Context) error {
			lists := make([][]int32, x.Items())
			for i := range lists {
				lists[i] = []int32{int32(i % 50)}
			}
			cats := must(recommend.NewCategories(50, lists))(t)
			return func(ctx context.Context) error {
				_, err := recommend.FitCategoryPopular(ctx, x, cats, recommend.PopularOptions{})
				return err
			}
		}},
		{"FitColdStart", func() func(ctx context.Context) error {
			wide, _, _ := largeData(t, 10_000, len(titles), 20, 0)
			als := must(recommend.FitALS(ctx, wide, recommend.ALSOptions{Iterations: 1}))(t)
			text := must(recommend.FitTFIDF(ctx, titles, recommend.TFIDFOptions{}))(t)
			return func(ctx context.Context) error {
				_, err := recommend.FitColdStart(ctx, text, als, recommend.ColdStartOptions{MaxIter: 2, Workers: 1})
				return err
			}
		}},
		{"SolveALS", func() func(ctx context.Context) error {
			y := vectors(x.Items()).Rows
			gram := must(recommend.Gram(ctx, y, 64, 1))(t)
			return func(ctx context.Context) error {
				return recommend.SolveALS(ctx, make([]float32, 64*x.Users()), x, y, gram.Result(), recommend.ALSOptions{Factors: 64, Alpha: 1, Unobserved: 1, Regularization: 0.01, CGSteps: 3, Workers: 1})
			}
		}},
		{"Gram", func() func(ctx context.Context) error {
			y := vectors(150_000).Rows
			return func(ctx context.Context) error {
				_, err := recommend.Gram(ctx, y, 64, 1)
				return err
			}
		}},
		{"Engine.All", func() func(ctx context.Context) error {
			e := engine(data())
			return func(ctx context.Context) error {
				lists, failed := e.All(ctx, recommend.Request[int, int]{K: 10}, 1)
				for range lists {
				}
				return failed()
			}
		}},
		{"ann.FitHNSW", func() func(ctx context.Context) error {
			v := vectors(150_000)
			return func(ctx context.Context) error {
				_, err := ann.FitHNSW(ctx, v, ann.HNSWOptions{Workers: 1})
				return err
			}
		}},
		{"hybrid.StackFeatures", func() func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := hybrid.StackFeatures(ctx, x, 2, 1, func(ctx context.Context, _ *recommend.Interactions) ([]recommend.Source, error) {
					return []recommend.Source{{Name: "popular", Model: popular}}, nil
				}, hybrid.StackOptions{Depth: 10})
				return err
			}
		}},
		{"evaluate.Lists", func() func(ctx context.Context) error {
			held := test()
			return func(ctx context.Context) error {
				_, err := evaluate.Lists(ctx, popular, x, held, judge, evaluate.Options{Workers: 1})
				return err
			}
		}},
		{"evaluate.Lists, sampled", func() func(ctx context.Context) error {
			held := test()
			return func(ctx context.Context) error {
				_, err := evaluate.Lists(ctx, popular, x, held, judge, evaluate.Options{Sampled: 100, Workers: 1})
				return err
			}
		}},
		{"evaluate.Questions", func() func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := evaluate.Questions(ctx, popular, x.Users(), func(u int) evaluate.Question {
					return evaluate.Question{Query: x.Query(u), Relevant: []int32{0}}
				}, judge, evaluate.Options{Workers: 1})
				return err
			}
		}},
		{"evaluate.Served", func() func(ctx context.Context) error {
			d := data()
			e, held := engine(d), test()
			b := must(recommend.NewBuilder[int, int](recommend.BuilderOptions{}))(t)
			for u := range held.Users() {
				items, _ := held.Row(u)
				if err := b.Add(u, int(items[0]), 1); err != nil {
					t.Fatal(err)
				}
			}
			part := must(b.Build())(t)
			return func(ctx context.Context) error {
				_, err := evaluate.Served(ctx, e, part, func(_, _ []int) error { return nil }, recommend.Request[int, int]{}, 1)
				return err
			}
		}},
		{"tune.Search", func() func(ctx context.Context) error {
			knob := tune.Knob[recommend.ItemKNNOptions]{Name: "Neighbors", Low: 10, High: 50, Integer: true, Set: func(o *recommend.ItemKNNOptions, v float64) { o.Neighbors = int(v) }}
			return func(ctx context.Context) error {
				_, err := tune.Search(ctx, recommend.ItemKNNOptions{Workers: 1}, []tune.Knob[recommend.ItemKNNOptions]{knob}, func(ctx context.Context, o recommend.ItemKNNOptions, _ float64) (float64, error) {
					_, err := recommend.FitItemKNN(ctx, x, o)
					return 0, err
				}, tune.Options{Trials: 2})
				return err
			}
		}},
		{"allocate.Solve", func() func(ctx context.Context) error {
			var proposals []allocate.Proposal
			r, offers := rng.New(2, 0, 0), make([]allocate.Offer, 100)
			for k := range offers {
				offers[k].Stock = 400
			}
			for u := range x.Users() {
				for k := range 10 {
					proposals = append(proposals, allocate.Proposal{User: int32(u), Offer: int32(10*k + u%10), Value: r.Float64()})
				}
			}
			return func(ctx context.Context) error {
				_, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Workers: 1, Iterations: 30})
				return err
			}
		}},
	}
}

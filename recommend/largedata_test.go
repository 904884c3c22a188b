package recommend_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/recommend"
)

// largeData draws users who take items by popularity, the same as sequences, and titles
// of words by frequency.
func largeData(t testing.TB, users, items, each, texts int) (*recommend.Interactions, *recommend.Sequences, []string) {
	t.Helper()
	r := rng.New(5, 0, 0)
	skewed := func(n int) int32 { v := r.Float64(); return int32(float64(n) * v * v * v) }
	rows := make([][]int32, users)
	times := []int64{}
	for u := range rows {
		taken := map[int32]bool{}
		for len(taken) < each/2+r.Intn(each) {
			taken[skewed(items)] = true
		}
		for i := range taken {
			rows[u] = append(rows[u], i)
			times = append(times, int64(r.Intn(1e9))*1e9)
		}
	}
	x := must(must(recommend.InteractionsFromRows(items, rows))(t).WithTimes(times))(t)
	s := must(x.Sequences())(t)
	titles := make([]string, texts)
	for i := range titles {
		for range 8 {
			titles[i] += fmt.Sprintf("word%d ", skewed(100_000))
		}
	}
	return x, s, titles
}

// largeFits are the fits of fitters on other data, some in two ways, and the loops over
// users.
func largeFits(t testing.TB, x *recommend.Interactions, s *recommend.Sequences, titles []string) []fitter {
	named := func(name string, fn, base any, in ...any) fitter {
		f := fitOf(fn, base, in...)
		f.name = name
		return f
	}
	like := func(s recommend.Similarity) any {
		return func(ctx context.Context, x *recommend.Interactions, opt recommend.ItemKNNOptions) (*recommend.ItemKNN, error) {
			opt.Similarity = s
			return recommend.FitItemKNN(ctx, x, opt)
		}
	}
	asked := must(recommend.FitPopular(context.Background(), x, recommend.PopularOptions{}))(t)
	fits := slices.DeleteFunc(fitters(t, x, s, titles), func(f fitter) bool { return f.name == "FitTFIDF" || f.name == "FitColdStart" })
	return append(fits,
		named("FitItemKNN, log-likelihood", like(recommend.LogLikelihood), recommend.ItemKNNOptions{}, x),
		named("FitItemKNN, adjusted cosine", like(recommend.AdjustedCosine), recommend.ItemKNNOptions{}, x),
		named("FitTFIDF", func(ctx context.Context, titles []string, opt recommend.TFIDFOptions) (*recommend.TFIDFModel, error) {
			opt.NGrams = 2
			return recommend.FitTFIDF(ctx, titles, opt)
		}, recommend.TFIDFOptions{}, titles),
		named("TopLists", func(ctx context.Context, x *recommend.Interactions, opt struct{ Workers int }) (any, error) {
			lists, failed := recommend.TopLists(ctx, asked, x.Users(), 10, func(u int) (recommend.Query, recommend.Filter) { return x.Query(u), recommend.Filter{} }, opt.Workers)
			for range lists {
			}
			return nil, failed()
		}, struct{ Workers int }{}, x),
	)
}

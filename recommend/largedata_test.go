package recommend_test

import (
	"context"
	"fmt"
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

// largeFits are the fits of fitters on other data, and the loops over users.
func largeFits(t testing.TB, x *recommend.Interactions, s *recommend.Sequences, titles []string) []fitter {
	asked := must(recommend.FitPopular(context.Background(), x, recommend.PopularOptions{}))(t)
	return []fitter{
		fitOf("FitPopular", recommend.FitPopular, x),
		fitOf("FitRising", recommend.FitRising, x),
		fitOf("FitItemKNN", recommend.FitItemKNN, x),
		fitOf("FitItemKNN, log-likelihood", func(ctx context.Context, x *recommend.Interactions, opt recommend.ItemKNNOptions) (*recommend.ItemKNN, error) {
			opt.Similarity = recommend.LogLikelihood
			return recommend.FitItemKNN(ctx, x, opt)
		}, x),
		fitOf("FitItemKNN, adjusted cosine", func(ctx context.Context, x *recommend.Interactions, opt recommend.ItemKNNOptions) (*recommend.ItemKNN, error) {
			opt.Similarity = recommend.AdjustedCosine
			return recommend.FitItemKNN(ctx, x, opt)
		}, x),
		fitOf("FitUserKNN", recommend.FitUserKNN, x),
		fitOf("FitRP3Beta", recommend.FitRP3Beta, x),
		fitOf("FitTurboCF", recommend.FitTurboCF, x),
		fitOf("FitGFCF", recommend.FitGFCF, x),
		fitOf("FitBSPM", recommend.FitBSPM, x),
		fitOf("FitEASE", recommend.FitEASE, x),
		fitOf("FitSparseEASE", recommend.FitSparseEASE, x),
		fitOf("FitSLIM", recommend.FitSLIM, x),
		fitOf("FitPureSVD", recommend.FitPureSVD, x),
		fitOf("FitNMF", recommend.FitNMF, x),
		fitOf("FitALS", recommend.FitALS, x),
		fitOf("FitBPR", recommend.FitBPR, x),
		fitOf("FitWARP", recommend.FitWARP, x),
		fitOf("FitLMF", recommend.FitLMF, x),
		fitOf("FitMF", recommend.FitMF, x),
		fitOf("FitSVDPP", recommend.FitSVDPP, x),
		fitOf("FitFM", recommend.FitFM, x),
		fitOf("FitTFIDF", func(ctx context.Context, titles []string, opt recommend.TFIDFOptions) (*recommend.TFIDFModel, error) {
			opt.NGrams = 2
			return recommend.FitTFIDF(ctx, titles, opt)
		}, titles),
		fitOf("FitSessionKNN", recommend.FitSessionKNN, s),
		fitOf("FitMarkov", recommend.FitMarkov, s),
		fitOf("FitItem2Vec", recommend.FitItem2Vec, s),
		fitOf("FitNextBasket", func(ctx context.Context, s *recommend.Sequences, opt recommend.NextBasketOptions) (*recommend.NextBasket, error) {
			return recommend.FitNextBasket(ctx, s, nil, opt)
		}, s),
		fitOf("TopLists", func(ctx context.Context, x *recommend.Interactions, opt struct{ Workers int }) (any, error) {
			lists, failed := recommend.TopLists(ctx, asked, x.Users(), 10, func(u int) (recommend.Query, recommend.Filter) { return x.Query(u), recommend.Filter{} }, opt.Workers)
			for range lists {
			}
			return nil, failed()
		}, x),
	}
}

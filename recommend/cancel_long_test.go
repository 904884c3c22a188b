package recommend_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/recommend"
)

// TestCancelLatency prints, for every fit and every loop over users, how long it may go
// on after a cancel: the longest time between two looks at the context, on one worker, at
// 150,000 titles, or 50,000 users, 20,000 items and 2 million entries. The table of docs/serving.md is
// its output on a quiet core:
//
//	AISLE_LONG=1 go test -count=1 -timeout 120m -v -run CancelLatency ./recommend
//
// AISLE_CANCEL=FitTFIDF,FitSLIM measures these alone.
func TestCancelLatency(t *testing.T) {
	if os.Getenv("AISLE_LONG") == "" {
		t.Skip("AISLE_LONG is not set")
	}
	x, s, titles := largeData(t, 50_000, 20_000, 40, 150_000)
	fmt.Println("| what | seconds | looks | longest without a look, ms | between |")
	fmt.Println("| --- | --- | --- | --- | --- |")
	for _, f := range largeFits(t, x, s, titles) {
		if only := os.Getenv("AISLE_CANCEL"); only != "" && !strings.Contains(","+only+",", ","+f.name+",") {
			continue
		}
		opt := reflect.New(f.opt).Elem()
		for field, v := range map[string]int64{"Workers": 1, "Iterations": 2, "Epochs": 2} {
			if k := opt.FieldByName(field); k.IsValid() {
				k.SetInt(v)
			}
		}
		looks, start := testkit.NewLooks(0, true), time.Now()
		if err := f.fit(looks, opt); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
		took := time.Since(start)
		longest, where := looks.Longest()
		fmt.Printf("| %s | %.1f | %d | %.0f | %s |\n", f.name, took.Seconds(), looks.Count(), longest.Seconds()*1e3, where)
	}
}

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

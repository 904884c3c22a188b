package ads_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/ads"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	path := ads.Path{Advertiser: "acme", Ad: "tea", Creative: "pot"}
	bid := ads.Bid{Ad: 1, Advertiser: 1, Amount: 1000, Pricing: ads.CPA, Click: .1, Action: .1, Quality: 1.2, Reserve: 5}
	auction := ads.AuctionOptions{Examination: []float64{1, .5}, Payment: ads.VCG, Reserve: 2, MinScore: .1, Increment: 1, PerAdvertiser: 1}
	features := func(p ads.Path) []float64 { return []float64{float64(len(p.Creative))} }
	testkit.Promises{
		Funcs: map[string]any{
			"NewAuction":     ads.NewAuction,
			"NewExamination": ads.NewExamination,
			"FitExamination": ads.FitExamination[ads.Path],
			"FitDelay":       ads.FitDelay[ads.Path],
			"FitRates":       ads.FitRates,
		},
		Types: []func() any{
			func() any { return get(ads.NewAuction(auction)) },
			func() any { p := ads.CPM; return &p },
			func() any { return clicks() },
			func() any { return acted() },
			func() any { return get(ads.NewExamination([]float64{1, .6})) },
			func() any { return get(ads.FitDelay(bg, acted(), ads.DelayOptions[ads.Path]{})) },
			func() any { return get(ads.FitRates(trials(), ads.RatesOptions{})) },
		},
		Zero: []string{"Clicks", "Actions", "Pricing"},
		Args: map[string]func() []any{
			"NewAuction":     func() []any { return []any{auction} },
			"NewExamination": func() []any { return []any{[]float64{1, .5}} },
			"FitExamination": func() []any {
				return []any{bg, clicks(), ads.ExaminationOptions[ads.Path]{Features: features, Learner: constant, MaxIter: 50, Tol: 1e-3}}
			},
			"FitDelay": func() []any {
				return []any{bg, acted(), ads.DelayOptions[ads.Path]{Edges: []time.Duration{time.Hour}, Features: features, Learner: constant, MaxIter: 50, Tol: 1e-3}}
			},
			"FitRates":             func() []any { return []any{trials(), ads.RatesOptions{Moments: true, Strength: 10}} },
			"Auction.AppendPlaces": func() []any { return []any{[]ads.Place{{Ad: 9}}, []ads.Bid{bid, {Ad: 2, Amount: 5, Click: .2}}} },
			"Clicks.Add":           func() []any { return []any{path, 1, true} },
			"Clicks.AddCounts":     func() []any { return []any{path, 1, int64(7), int64(2)} },
			"Actions.AddActed":     func() []any { return []any{path, time.Hour} },
			"Actions.AddOpen":      func() []any { return []any{path, time.Hour} },
			"Actions.Result":       func() []any { return []any{path} },
			"Examination.Trials":   func() []any { return []any{clicks()} },
			"Delay.Share":          func() []any { return []any{time.Hour} },
			"Delay.Trials":         func() []any { return []any{acted()} },
			"Rates.Of":             func() []any { return []any{path} },
		},
	}.Check(t)
}

// constant learns the share of the label.
func constant(_ context.Context, _ [][]float64, y []bool, weights []float64) (func([]float64) float64, error) {
	var yes, all float64
	for i, w := range weights {
		all += w
		if y[i] {
			yes += w
		}
	}
	return func([]float64) float64 { return yes / all }, nil
}

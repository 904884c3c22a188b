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
	rates := get(ads.FitRates(trials(), ads.RatesOptions{}))
	server := ads.ServerOptions[string]{
		Auction: auction, Clicks: rates, Actions: rates, Caps: []ads.Cap{{N: 3, Per: time.Hour}}, Ledger: get(ads.NewLedger[string](ads.LedgerOptions{})), Burst: time.Minute, Period: time.Minute,
		Predict: func(_ *ads.Request[string], _ *ads.Ad, click, action float64) (float64, float64) {
			return click, action
		},
		Choose: func(*ads.Ad, *ads.Request[string]) (int, float64, error) { return 0, 1, nil },
	}
	planet := ads.World{Examination: []float64{1, .5}, Click: map[ads.Path]float64{path: 1}, Action: map[ads.Path]float64{path: .5}, Delay: time.Hour, Seed: 1}
	testkit.Promises{
		Funcs: map[string]any{
			"NewAuction":     ads.NewAuction,
			"NewExamination": ads.NewExamination,
			"FitExamination": ads.FitExamination[ads.Path],
			"FitDelay":       ads.FitDelay[ads.Path],
			"FitRates":       ads.FitRates,
			"NewCatalogue":   ads.NewCatalogue,
			"NewLedger":      ads.NewLedger[string],
			"NewServer":      ads.NewServer[string],
		},
		Types: []func() any{
			func() any { return get(ads.NewAuction(auction)) },
			func() any { p := ads.CPM; return &p },
			func() any { return clicks() },
			func() any { return booked() },
			func() any { return spent() },
			func() any { return spent().Ledger() },
			func() any { x := get(spent().Serve(nil, asked(1, "ann")))[0]; return &x },
			func() any { w := planet; return &w },
			func() any { return acted() },
			func() any { return get(ads.NewExamination([]float64{1, .6})) },
			func() any { return get(ads.FitDelay(bg, acted(), ads.DelayOptions[ads.Path]{})) },
			func() any { return get(ads.FitRates(trials(), ads.RatesOptions{})) },
		},
		Zero: []string{"Clicks", "Actions", "Pricing", "World", "Impression"},
		Args: map[string]func() []any{
			"NewAuction":     func() []any { return []any{auction} },
			"NewExamination": func() []any { return []any{[]float64{1, .5}} },
			"FitExamination": func() []any {
				return []any{bg, clicks(), ads.ExaminationOptions[ads.Path]{Features: features, Learner: constant, MaxIter: 50, Tol: 1e-3}}
			},
			"FitDelay": func() []any {
				return []any{bg, acted(), ads.DelayOptions[ads.Path]{Edges: []time.Duration{time.Hour}, Features: features, Learner: constant, MaxIter: 50, Tol: 1e-3}}
			},
			"NewCatalogue": func() []any {
				a, _ := booked().Ad(1)
				return []any{[]ads.Ad{a}}
			},
			"NewLedger":       func() []any { return []any{ads.LedgerOptions{Remember: time.Hour, Keep: time.Hour}} },
			"NewServer":       func() []any { return []any{booked(), server} },
			"Catalogue.Ad":    func() []any { return []any{int32(1)} },
			"Catalogue.Index": func() []any { return []any{"tea"} },
			"Catalogue.With": func() []any {
				return []any{[]ads.Ad{{ID: "new", Creatives: []string{"x"}, Amount: 3}}, []string{"tea"}}
			},
			"Catalogue.AppendMatches": func() []any { return []any{[]int32{7}, asked(1, "ann").Query} },
			"Server.Swap":             func() []any { return []any{booked(), server.Clicks, server.Actions} },
			"Server.Serve":            func() []any { return []any{[]ads.Impression[string]{{Ad: "dst"}}, asked(1, "ann")} },
			"Server.Record": func() []any {
				return []any{get(spent().Serve(nil, asked(1000, "bob")))[0], ads.Viewed, asked(1, "").At.Add(2 * time.Hour)}
			},
			"Ledger.Spent":         func() []any { return []any{"tea"} },
			"Ledger.Forget":        func() []any { return []any{"user1"} },
			"World.Draw":           func() []any { return []any{uint64(5), path, 0} },
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
		Settles: map[string]string{"Catalogue.Index": "no ad has the number -1"},
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

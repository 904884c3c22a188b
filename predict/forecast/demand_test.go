package forecast_test

import (
	"context"
	"maps"
	"math"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// sparse is demand that comes now and then, with a missing period.
func sparse() []float64 {
	return []float64{0, 2, 0, 0, 1, 0, math.NaN(), 3, 0, 0, 0, 2, 0, 4, 0, 0, 1}
}

func intermittent() *forecast.Intermittent {
	return fitted(forecast.FitIntermittent(bg, sparse(), forecast.IntermittentOptions{Method: forecast.TSB, Alpha: .2, Beta: .1}))
}

func combination() *forecast.Combination {
	return fitted(forecast.Combine([]forecast.Forecaster{naive(), intermittent()}, []float64{1, 3}))
}

func conformal() *forecast.Conformal {
	m := fitted(forecast.NewConformal(naive(), [][]float64{{-3, 2, 5, -1}, {4, -6, 1}}, forecast.ConformalOptions{Level: .8, Rate: .05, NonNegative: true}))
	return fitted(m.Append([]float64{500})).(*forecast.Conformal)
}

// panel is two series with columns.
func panel() []forecast.Series {
	y := sales()
	plan := make([]float64, 30)
	for t := range plan {
		plan[t] = float64(t % 3)
	}
	censored := make([]bool, len(y))
	censored[5] = true
	return []forecast.Series{
		{Y: y, Known: [][]float64{plan}, Past: [][]float64{sales()}, Censored: censored, Fixed: []float64{1}},
		{Y: gaps(), Known: [][]float64{plan}, Past: [][]float64{sales()}, Fixed: []float64{2}},
	}
}

func methods() []forecast.Method {
	return []forecast.Method{
		{Name: "naive", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{})},
		{Name: "season", FitSeries: func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
			return forecast.FitNaive(ctx, s.Demand(nil), forecast.NaiveOptions{Season: 4})
		}},
		{Name: "means", FitPanel: func(ctx context.Context, series []forecast.Series) ([]forecast.Fitted, error) {
			out := make([]forecast.Fitted, len(series))
			for i, s := range series {
				m, err := forecast.FitMean(ctx, s.Demand(nil), forecast.MeanOptions{Window: 6})
				out[i] = forecast.Fitted{Model: m, Err: err}
			}
			return out, nil
		}},
	}
}

func backtest() *forecast.BacktestResult {
	return fitted(forecast.Backtest(bg, panel(), methods(), forecast.BacktestOptions{Horizon: 2, Cuts: 3, Season: 4, Level: .8}))
}

func tree() *forecast.Hierarchy { return fitted(forecast.NewTree([]int{-1, 0, 0})) }

func errorsOf(nodes, periods int) [][]float64 {
	r := rng.New(1, 0, 7)
	out := make([][]float64, nodes)
	for i := range out {
		for range periods {
			out[i] = append(out[i], r.Normal())
		}
	}
	return out
}

func reconciler() *forecast.Reconciler {
	return fitted(forecast.NewReconciler(bg, tree(), forecast.ReconcileOptions{Residuals: errorsOf(3, 12)}))
}

// demandPromises adds the rows of demand, backtest and reconciliation.
func demandPromises(p *testkit.Promises) {
	maps.Copy(p.Funcs, map[string]any{
		"FitIntermittent": forecast.FitIntermittent, "ClassifyDemand": forecast.ClassifyDemand,
		"Backtest": forecast.Backtest, "FitPanel": forecast.FitPanel, "Combine": forecast.Combine,
		"NewConformal": forecast.NewConformal, "ConformalRadius": forecast.ConformalRadius,
		"NewTree": forecast.NewTree, "NewGroups": forecast.NewGroups, "NewReconciler": forecast.NewReconciler,
	})
	p.Types = append(p.Types,
		func() any { return intermittent() },
		func() any { return combination() },
		func() any { return conformal() },
		func() any { return backtest() },
		func() any { return tree() },
		func() any { return reconciler() },
		func() any { return &panel()[0] },
		func() any { c := forecast.LumpyDemand; return &c },
	)
	p.Zero = append(p.Zero, "Series", "DemandClass")
	three := []float64{100, 60, 30}
	maps.Copy(p.Args, map[string]func() []any{
		"FitIntermittent": func() []any {
			return []any{bg, sparse(), forecast.IntermittentOptions{Method: forecast.TSB, Alpha: .2, Beta: .3}}
		},
		"ClassifyDemand": func() []any { return []any{sparse()} },
		"Backtest": func() []any {
			return []any{bg, panel(), methods()[:1], forecast.BacktestOptions{Horizon: 2, Cuts: 3, Step: 1, Season: 4, MinHistory: 5, Level: .8, Weights: func(int, int) float64 { return 2 }, Workers: 1}}
		},
		"FitPanel": func() []any {
			return []any{bg, panel(), methods()[:1], forecast.PanelOptions{Backtest: forecast.BacktestOptions{Horizon: 2, Cuts: 3}, By: forecast.Stacked, Pool: 4, Intervals: true, NonNegative: true}}
		},
		"Combine": func() []any { return []any{[]forecast.Forecaster{naive(), mean()}, []float64{1, 2}} },
		"NewConformal": func() []any {
			return []any{forecast.Forecaster(naive()), [][]float64{{1, -2, 3}}, forecast.ConformalOptions{Level: .8, Rate: .1, NonNegative: true}}
		},
		"ConformalRadius": func() []any { return []any{[]float64{.1, .2, .3}, .5} },
		"NewTree":         func() []any { return []any{[]int{-1, 0, 0}} },
		"NewGroups":       func() []any { return []any{[][]string{{"a", "b"}, {"x", "x"}}} },
		"NewReconciler": func() []any {
			return []any{bg, tree(), forecast.ReconcileOptions{Residuals: errorsOf(3, 9), Variances: []float64{4, 1, 1}, Shares: []float64{1, 2}, Depth: 1, NonNegative: true}}
		},

		"Intermittent.Forecast":  horizon,
		"Intermittent.Quantiles": quantiles,
		"Intermittent.Total":     func() []any { return []any{[]float64{}, 3, []float64{.5, .9}, uint64(1)} },
		"Intermittent.Append":    func() []any { return []any{[]float64{0, 4}} },
		"Combination.Forecast":   horizon,
		"Combination.Quantiles":  quantiles,
		"Combination.Append":     func() []any { return []any{[]float64{3, 4}} },
		"Combination.Weights":    func() []any { return []any{[]float64{}} },
		"Conformal.Forecast":     horizon,
		"Conformal.Quantiles":    quantiles,
		"Conformal.Append":       func() []any { return []any{[]float64{3, 4}} },

		"BacktestResult.Score":       func() []any { return []any{1} },
		"BacktestResult.SeriesScore": func() []any { return []any{1, 0} },
		"BacktestResult.Forecast":    func() []any { return []any{[]float64{}, 1, 0, 2} },
		"BacktestResult.Actual":      func() []any { return []any{[]float64{}, 0, 2} },
		"BacktestResult.Residuals":   func() []any { return []any{1, 0} },
		"Hierarchy.Sum":              func() []any { return []any{[]float64{}, []float64{1, 2}} },
		"Hierarchy.Bottom":           func() []any { return []any{[]int{}} },
		"Hierarchy.Label":            func() []any { return []any{1} },
		"Reconciler.Apply":           func() []any { return []any{[]float64{}, three} },
		"Reconciler.Samples":         func() []any { return []any{[]float64{}, three, errorsOf(3, 9), 4, uint64(1)} },
		"Reconciler.Quantiles":       func() []any { return []any{[]float64{}, three, errorsOf(3, 9), []float64{.1, .9}, uint64(1)} },
		"Series.Until":               func() []any { return []any{10, 3} },
		"Series.Demand":              func() []any { return []any{[]float64{}} },
	})
	for name, why := range map[string]string{
		"ClassifyDemand":             "the interval between demands of a series without any is infinite",
		"ConformalRadius":            "more confidence than so many scores can give",
		"Intermittent.Fitted":        "the first period, of which nothing was said",
		"Intermittent.Residuals":     "periods that are missing, and the first",
		"Backtest":                   "measures of nothing",
		"BacktestResult.Score":       "measures of nothing",
		"BacktestResult.SeriesScore": "measures of nothing",
		"BacktestResult.Forecast":    "cuts at which a method failed",
		"BacktestResult.Actual":      "periods that are missing or censored",
		"Hierarchy.Sum":              "sums of missing values are missing",
		"Series.Until":               "missing periods",
		"Series.Demand":              "missing and censored periods",
	} {
		p.NaN[name] = why
	}
}

// demandFrames are the golden frames of these models.
func demandFrames() []testkit.Frame {
	return []testkit.Frame{
		modelFrame(codec.KindIntermittent, func() forecast.Persistent { return intermittent() }),
		modelFrame(codec.KindConformal, func() forecast.Persistent { return conformal() }),
		modelFrame(codec.KindCombination, func() forecast.Persistent { return combination() }),
	}
}

func demandNils() []any {
	return []any{
		(*forecast.Intermittent)(nil), (*forecast.Combination)(nil), (*forecast.Conformal)(nil),
		(*forecast.BacktestResult)(nil), (*forecast.Hierarchy)(nil), (*forecast.Reconciler)(nil),
	}
}

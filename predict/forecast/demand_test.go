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
	return fitted(forecast.FitIntermittent(bg, sparse(), forecast.IntermittentOptions{Model: "TSB", Alpha: .2, Beta: .1}))
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
		{Name: "season", Fit: func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
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
		"NewConformal": forecast.NewConformal,
		"FitLags":      forecast.FitLags, "FitAnalogues": forecast.FitAnalogues, "FitRegression": forecast.FitRegression,
		"Decompose": forecast.Decompose, "FitSTL": forecast.FitSTL, "AppendFourier": forecast.AppendFourier, "FindBreaks": forecast.FindBreaks,
		"CalendarColumns": forecast.CalendarColumns, "NewBusiness": forecast.NewBusiness,
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
		func() any { return path() },
		func() any { return regression() },
		func() any { return parts() },
		func() any { return seasons() },
		func() any {
			return fitted(forecast.FindBreaks(bg, []float64{1, 2, 1, 2, 9, 8, 9, 8, 9}, forecast.BreakOptions{Penalty: 1, MinLength: 2}))
		},
		func() any { c := forecast.LumpyDemand; return &c },
	)
	p.Zero = append(p.Zero, "Series", "DemandClass")
	three := []float64{100, 60, 30}
	maps.Copy(p.Args, map[string]func() []any{
		"FitIntermittent": func() []any {
			return []any{bg, sparse(), forecast.IntermittentOptions{Model: "TSB", Alpha: .2, Beta: .3}}
		},
		"ClassifyDemand": func() []any { return []any{sparse()} },
		"Backtest": func() []any {
			return []any{bg, panel(), methods()[:1], forecast.BacktestOptions{Horizon: 2, Cuts: 3, Step: 1, Season: 4, MinHistory: 5, Level: .8, Weights: []float64{2, 5}, Workers: 1, Progress: func(forecast.Progress) {}}}
		},
		"FitPanel": func() []any {
			return []any{bg, panel(), methods()[:1], forecast.PanelOptions{Backtest: forecast.BacktestOptions{Horizon: 2, Cuts: 3}, By: forecast.Stacked, Pool: 4, Intervals: true, NonNegative: true}}
		},
		"Combine": func() []any { return []any{[]forecast.Forecaster{naive(), mean()}, []float64{1, 2}} },
		"NewConformal": func() []any {
			return []any{forecast.Forecaster(naive()), [][]float64{{1, -2, 3}}, forecast.ConformalOptions{Level: .8, Rate: .1, NonNegative: true}}
		},
		"FitLags": func() []any {
			return []any{bg, panel(), forecast.LagOptions{Horizon: 2, Learner: average, Lags: []int{1, 2}, Windows: []int{3}, Season: 4, Recursive: true, Raw: true, Progress: func(forecast.Progress) {}}}
		},
		"FitAnalogues": func() []any {
			return []any{bg, panel(), forecast.Series{Y: []float64{100, 110}, Fixed: []float64{1}}, forecast.AnalogueOptions{Horizon: 2, Neighbors: 2, Trust: 3}}
		},
		"FitRegression": func() []any {
			return []any{bg, panel()[0], forecast.RegressionOptions{Log: true, Trend: true, Seasons: []float64{4}, Harmonics: []int{1}, HalfLife: 20, L2: .5}}
		},
		"Decompose": func() []any {
			return []any{bg, gaps(), forecast.DecomposeOptions{Seasons: []int{4, 6}, Windows: []int{7, 9}, Robust: true}}
		},
		"FitSTL": func() []any {
			return []any{bg, gaps(), forecast.STLOptions{Decompose: forecast.DecomposeOptions{Seasons: []int{4}, Windows: []int{7}}, Rest: forecast.With(forecast.FitMean, forecast.MeanOptions{})}}
		},
		"AppendFourier": func() []any { return []any{[]float64{}, 3, 12., 2} },
		"FindBreaks": func() []any {
			return []any{bg, gaps(), forecast.BreakOptions{Penalty: 3, MinLength: 2, Outlier: 4, Season: 4, Root: true}}
		},
		"CalendarColumns": func() []any {
			return []any{forecast.Date{Year: 2024, Month: 12, Day: 7}, 3, calendarOptions(0)}
		},
		"NewBusiness": func() []any {
			day := forecast.Date{Year: 2024, Month: 12, Day: 7}
			return []any{forecast.BusinessOptions{Holidays: map[string][]forecast.Date{"x": {day}}, Workdays: []forecast.Date{day}}}
		},
		"NewTree":   func() []any { return []any{[]int{-1, 0, 0}} },
		"NewGroups": func() []any { return []any{[][]string{{"a", "b"}, {"x", "x"}}} },
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
		"Path.Forecast":              horizon,
		"Path.Quantiles":             quantiles,
		"Regression.Forecast":        horizon,
		"Regression.Quantiles":       quantiles,
		"Regression.Effect":          func() []any { return []any{0} },
		"Regression.Scenario":        func() []any { return []any{[][]float64{{1, 2, 0, 1}}} },
		"Regression.Lift":            func() []any { return []any{[]forecast.Outlook{}, regression(), 3, .9} },
		"Regression.Append":          func() []any { return []any{[]float64{130, 140}} },
		"STL.Append":                 func() []any { return []any{[]float64{130, 140}} },
		"STL.Forecast":               horizon,
		"STL.Quantiles":              quantiles,
		"Decomposition.Next":         func() []any { return []any{[]float64{}, 3} },
		"Decomposition.Seasons":      func() []any { return []any{[]int{}} },
		"Decomposition.Season":       func() []any { return []any{[]float64{}, 1} },
		"Decomposition.Trend":        func() []any { return []any{[]float64{}} },
		"Decomposition.Remainder":    func() []any { return []any{[]float64{}} },
		"Decomposition.Adjusted":     func() []any { return []any{[]float64{}} },
		"Series.Until":               func() []any { return []any{10, 3} },
		"Series.Demand":              func() []any { return []any{[]float64{}} },
	})
	for name, why := range map[string]string{
		"ClassifyDemand":             "the interval between demands of a series without any is infinite",
		"Intermittent.Fitted":        "the first period, of which nothing was said",
		"Intermittent.Residuals":     "periods that are missing, and the first",
		"Backtest":                   "measures of nothing",
		"BacktestResult.Score":       "measures of nothing",
		"BacktestResult.SeriesScore": "measures of nothing",
		"BacktestResult.Forecast":    "cuts at which a method failed",
		"BacktestResult.Actual":      "periods that are missing or censored",
		"Decomposition.Adjusted":     "missing periods",
		"Decomposition.Remainder":    "missing periods",
		"Regression.Fitted":          "periods of which a column is not known",
		"Regression.Residuals":       "periods that are missing or censored",
		"Regression.Effect":          "the standard error of a column that never changed is infinite",
		"FindBreaks":                 "the shift of a series without noise is infinite",
		"Hierarchy.Sum":              "sums of missing values are missing",
		"Series.Until":               "missing periods",
		"Series.Demand":              "missing and censored periods",
	} {
		p.NaN[name] = why
	}
}

// average is the simplest Learner.
func average(_ context.Context, _ [][]float64, y []float64) (func([]float64) float64, error) {
	mean := 0.0
	for i, v := range y {
		mean += (v - mean) / float64(i+1)
	}
	return func([]float64) float64 { return mean }, nil
}

// path is a forecast that FitLags has made.
func path() *forecast.Path {
	fits := fitted(forecast.FitLags(bg, panel(), forecast.LagOptions{Horizon: 6, Learner: average, Raw: true}))
	must(fits[0].Err)
	return fits[0].Model.(*forecast.Path)
}

func regression() *forecast.Regression {
	return fitted(forecast.FitRegression(bg, panel()[0], forecast.RegressionOptions{Log: true, Trend: true, Seasons: []float64{12}, HalfLife: 30}))
}

// seasons are missing periods taken apart, and a level for the rest, moved on by a period that is missing.
func seasons() *forecast.STL {
	m := fitted(forecast.FitSTL(bg, gaps(), forecast.STLOptions{
		Decompose: forecast.DecomposeOptions{Seasons: []int{6, 4}}, Rest: forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "MAdM", Season: 4, Seed: 3}),
	}))
	return fitted(m.Append([]float64{150, math.NaN()})).(*forecast.STL)
}

func parts() *forecast.Decomposition {
	return fitted(forecast.Decompose(bg, gaps(), forecast.DecomposeOptions{Seasons: []int{6, 4}}))
}

// demandFrames are the golden frames of these models.
func demandFrames() []testkit.Frame {
	return []testkit.Frame{
		modelFrame(codec.KindIntermittent, func() forecast.Persistent { return intermittent() }),
		modelFrame(codec.KindConformal, func() forecast.Persistent { return conformal() }),
		modelFrame(codec.KindPath, func() forecast.Persistent { return path() }),
		modelFrame(codec.KindEffects, func() forecast.Persistent { return regression() }),
		modelFrame(codec.KindSTL, func() forecast.Persistent { return seasons() }),
	}
}

func demandNils() []any {
	return []any{
		(*forecast.Intermittent)(nil), (*forecast.Combination)(nil), (*forecast.Conformal)(nil),
		(*forecast.Path)(nil), (*forecast.Regression)(nil), (*forecast.STL)(nil), (*forecast.Decomposition)(nil), (*forecast.Breaks)(nil),
		(*forecast.BacktestResult)(nil), (*forecast.Hierarchy)(nil), (*forecast.Reconciler)(nil),
	}
}

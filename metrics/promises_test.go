package metrics_test

import (
	"io"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	actual, scores, weights := []bool{true, false, true, false, true}, []float64{.9, .2, .6, .7, .4}, []float64{1, 2, 1, .5, 1}
	y, forecast, history := []float64{5, 7, 6, 8}, []float64{4, 7.5, 6, 9}, []float64{3, 5, 4, 6, 5}
	binary := func() []any { return []any{actual, scores, weights} }
	scaled := func() []any { return []any{y, forecast, history, 1} }
	options := metrics.CompareOptions{Level: .9}
	effect := func() metrics.Effect {
		return got(metrics.CompareMeans(got(metrics.MomentsOf(y)), got(metrics.MomentsOf(history)), metrics.CompareOptions{Scale: metrics.ScaleRelative}))
	}
	table := func() *metrics.Table {
		t := metrics.NewTable("name", "value")
		t.AddRow("a", 1.5)
		return t
	}
	testkit.Promises{
		Funcs: map[string]any{
			"CRPSQuantiles": metrics.CRPSQuantiles, "CRPSSamples": metrics.CRPSSamples, "Concordance": metrics.Concordance, "MultiBrier": metrics.MultiBrier, "MultiLogLoss": metrics.MultiLogLoss,
			"AUC": metrics.AUC, "AveragePrecision": metrics.AveragePrecision, "Brier": metrics.Brier, "Gini": metrics.Gini, "KS": metrics.KS,
			"LiftAt": metrics.LiftAt, "LogLoss": metrics.LogLoss, "MASE": metrics.MASE, "NaiveScale": metrics.NaiveScale,
			"PinballLoss": metrics.PinballLoss, "RMSSE": metrics.RMSSE, "SMAPE": metrics.SMAPE, "WMAE": metrics.WMAE,
			"CompareLabels": metrics.CompareLabels, "NewBinaryLoss": metrics.NewBinaryLoss, "CompareMeans": metrics.CompareMeans,
			"CompareProportions": metrics.CompareProportions, "ScoreForecast": metrics.ScoreForecast, "Gains": metrics.Gains,
			"ScoreIntervals": metrics.ScoreIntervals, "MomentsOf": metrics.MomentsOf, "NewMoments": metrics.NewMoments,
			"NewProportion": metrics.NewProportion, "ROC": metrics.ROC, "NewRatio": metrics.NewRatio, "RatioOf": metrics.RatioOf,
			"NewScoreHistogram": metrics.NewScoreHistogram, "SeparationOf": metrics.SeparationOf, "EffectTable": metrics.EffectTable,
			"ForecastTable": metrics.ForecastTable, "NewTable": metrics.NewTable,
		},
		Types: append(
			types,
			func() any { o := options; return &o },
			func() any { e := effect(); return &e },
			func() any { s := metrics.ScaleRatio; return &s },
			func() any { return table() },
		),
		Zero: []string{
			"Agreement", "BinaryLoss", "CompareOptions", "Confusion", "Distinct", "Effect", "Fairness", "Forecasts", "Moments", "Proportion", "Quantiles",
			"Ratio", "Regression", "Scale", "Table",
		},
		Args: map[string]func() []any{
			"AUC": binary, "AveragePrecision": binary, "Brier": binary, "Gini": binary, "KS": binary, "LogLoss": binary, "ROC": binary,
			"LiftAt": func() []any { return append(binary(), .4) },
			"Gains":  func() []any { return append(binary(), 4) },
			"MASE":   scaled, "RMSSE": scaled, "ScoreForecast": scaled,
			"NaiveScale":         func() []any { return []any{history, 1} },
			"CRPSQuantiles":      func() []any { return []any{y[:2], [][]float64{{4, 5}, {6, 8}}, []float64{.1, .5}} },
			"CRPSSamples":        func() []any { return []any{y[:2], [][]float64{{4, 5, 6}, {6, 8}}} },
			"Concordance":        func() []any { return []any{[]float64{1, 2, 3}, []bool{true, true, false}, []float64{3, 1, 2}} },
			"MultiBrier":         func() []any { return []any{[]int{0, 1}, [][]float64{{.5, .5}, {.25, .75}}, []float64{1, 2}} },
			"MultiLogLoss":       func() []any { return []any{[]int{0, 1}, [][]float64{{.5, .5}, {.25, .75}}, []float64{1, 2}} },
			"PinballLoss":        func() []any { return []any{y, forecast, .3} },
			"SMAPE":              func() []any { return []any{y, forecast} },
			"WMAE":               func() []any { return []any{y, forecast, []float64{1, 2, 1, 5}} },
			"CompareLabels":      func() []any { return []any{[]int{1, 1, 2, 2}, []int{0, 0, 0, 3}} },
			"NewBinaryLoss":      func() []any { return []any{metrics.BinaryLossOptions{Bins: 5, Epsilon: 1e-9}} },
			"CompareMeans":       func() []any { return []any{got(metrics.MomentsOf(y)), got(metrics.MomentsOf(history)), options} },
			"CompareProportions": func() []any { return []any{proportion(10, 100), proportion(19, 100), options} },
			"ScoreIntervals":     func() []any { return []any{y, []float64{4, 6, 5, 7}, []float64{6, 6.5, 8, 9}, .9} },
			"NewMoments":         func() []any { return []any{int64(5), 2., .5} },
			"NewProportion":      func() []any { return []any{int64(2), int64(5)} },
			"NewScoreHistogram":  func() []any { return []any{0., 1., 10} },
			"SeparationOf": func() []any {
				return []any{[][]float64{{0, 0}, {0, 1}, {5, 5}, {5, 6}, {6, 5}}, []int{0, 0, 1, 1, 1}}
			},
			"EffectTable": func() []any { return []any{[]string{"price"}, []metrics.Effect{effect()}} },
			"ForecastTable": func() []any {
				return []any{[]string{"milk"}, []metrics.ForecastScore{got(metrics.ScoreForecast(y, forecast, history, 1))}}
			},

			"BinaryLoss.Add":            func() []any { return []any{true, .7} },
			"BinaryLoss.AddWeighted":    func() []any { return []any{true, .7, 2.} },
			"Confusion.AddScores":       func() []any { return []any{actual, scores, .5} },
			"Effect.Infer":              func() []any { return []any{.9, 7.} },
			"Effect.Rescale":            func() []any { return []any{.4, .5} },
			"Forecasts.Add":             func() []any { return append(scaled(), 1.5) },
			"Fairness.Result":           func() []any { return []any{int64(10)} },
			"Quantiles.Quantile":        func() []any { return []any{.5} },
			"Proportion.ClopperPearson": func() []any { return []any{.95} },
			"Proportion.Wilson":         func() []any { return []any{.95} },
			"Ratio.Smoothed":            func() []any { return []any{1., 20.} },
			"Table.AddRow":              func() []any { return []any{[]any{"b", 2}} },
			"Table.WriteMarkdown":       func() []any { return []any{io.Writer(io.Discard)} },
			"Table.WriteText":           func() []any { return []any{io.Writer(io.Discard)} },
		},
		NaN: map[string]string{
			"CompareProportions": "Effect.DF is +Inf for z",
			"Effect.Infer":       "NaN where there is no law, as its comment says",
			"Fairness.Result":    "NaN beside GroupRates.Unknown, and of fewer than two groups",
			"Forecasts.Add":      "as ScoreForecast",
			"ROC":                "the first threshold is +Inf",
			"Ratio.Float":        "NaN for a denominator of 0: it is for tables and plots",
			"Regression.Result":  "MAPE with an actual value of 0",
			"ScoreForecast":      "MAPE with an actual value of 0, MASE and RMSSE without a scale",
		},
		Settles: map[string]string{
			"ScoreHistogram.Merge": "a zero value takes over the range of the other, as its comment says",
		},
	}.Check(t)
}

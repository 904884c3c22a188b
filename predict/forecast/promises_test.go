package forecast_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	frame := func() []byte {
		var b bytes.Buffer
		_, err := forecast.WriteModel(&b, naive())
		must(err)
		return b.Bytes()
	}
	p := testkit.Promises{
		Funcs: map[string]any{
			"CheckFit": forecast.CheckFit, "FitARIMA": forecast.FitARIMA, "FitAuto": forecast.FitAuto, "FitETS": forecast.FitETS, "FitMean": forecast.FitMean, "FitNaive": forecast.FitNaive,
			"FitTheta": forecast.FitTheta, "SeasonIndex": forecast.SeasonIndex,
			"Intervals": forecast.Intervals, "ReadModel": forecast.ReadModel, "WriteModel": forecast.WriteModel,
			"With": forecast.With[*forecast.Mean, []float64, forecast.MeanOptions],
		},
		Types: []func() any{
			func() any { return naive() },
			func() any { return mean() },
			func() any { return ets() },
			func() any { return theta() },
			func() any { return arima() },
		},
		Args: map[string]func() []any{
			"FitETS": func() []any {
				return []any{bg, sales(), forecast.ETSOptions{Model: "AAdA", Season: 4, Alpha: .2, Beta: .1, Gamma: .1, Phi: .9, Seed: 3}}
			},
			"CheckFit": func() []any { return []any{bg, forecast.With(forecast.FitNaive, forecast.NaiveOptions{})} },
			"FitARIMA": func() []any {
				return []any{bg, gaps(), forecast.ARIMAOptions{Model: "(1,1,0)(0,0,1) with drift", Season: 4}}
			},
			"FitTheta": func() []any {
				return []any{bg, gaps(), forecast.ThetaOptions{Model: "DOTM", Season: 12, Additive: true}}
			},
			"SeasonIndex": func() []any { return []any{bg, gaps(), 6, forecast.SeasonIndexOptions{Additive: true, Robust: true}} },
			"FitAuto": func() []any {
				return []any{bg, gaps(), forecast.AutoOptions{Season: 4, Horizon: 3, NonNegative: true, Seed: 1}}
			},
			"FitMean": func() []any {
				return []any{bg, gaps(), forecast.MeanOptions{Season: 4, Window: 12, HalfLife: 6, Root: true}}
			},
			"FitNaive": func() []any { return []any{bg, gaps(), forecast.NaiveOptions{Season: 4, Drift: true}} },
			"Intervals": func() []any {
				return []any{[]forecast.Outlook{{Low: 1, Mean: 2, High: 3}}, forecast.Forecaster(mean()), 3, .8}
			},
			"ReadModel":  func() []any { return []any{io.Reader(bytes.NewReader(frame()))} },
			"WriteModel": func() []any { return []any{io.Writer(io.Discard), forecast.Persistent(naive())} },
			"With":       func() []any { return []any{forecast.FitMean, forecast.MeanOptions{}} },

			"Naive.Forecast":  horizon,
			"Naive.Quantiles": quantiles,
			"Naive.Append":    func() []any { return []any{[]float64{3, 4}} },
			"Mean.Forecast":   horizon,
			"Mean.Quantiles":  quantiles,
			"Mean.Append":     func() []any { return []any{[]float64{3, 4}} },
			"Theta.Forecast":  horizon,
			"Theta.Quantiles": quantiles,
			"Theta.Append":    func() []any { return []any{[]float64{130, 140}} },
			"ARIMA.Forecast":  horizon,
			"ARIMA.Quantiles": quantiles,
			"ARIMA.Append":    func() []any { return []any{[]float64{130, 140}} },
			"ETS.Forecast":    horizon,
			"ETS.Quantiles":   quantiles,
			"ETS.Append":      func() []any { return []any{[]float64{130, 140}} },
		},
		NaN: map[string]string{
			"Naive.Fitted":    "periods of which nothing could be said",
			"Naive.Residuals": "periods that are missing, or of which nothing could be said",
			"Mean.Residuals":  "periods that are missing",
			"ETS.Residuals":   "periods that are missing",
			"ARIMA.Fitted":    "periods that are lost to differences",
			"ARIMA.Residuals": "periods that are missing, or lost to differences",
			"Theta.Residuals": "periods that are missing",
		},
	}
	demandPromises(&p)
	p.Check(t)
}

func horizon() []any   { return []any{[]float64{}, 3} }
func quantiles() []any { return []any{[]float64{}, 3, []float64{.1, .9}} }

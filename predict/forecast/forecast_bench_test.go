package forecast_test

import (
	"testing"

	"github.com/aislekit/aisle/predict/forecast"
)

// One fit of a series of 100 periods by each method.
func BenchmarkFit(b *testing.B) {
	y := seasonal(1, 100)
	for _, c := range []struct {
		name string
		fit  forecast.Fit
	}{
		{"method=ETS/season=12", forecast.With(forecast.FitETS, forecast.ETSOptions{Season: 12})},
		{"method=ETS/season=1", forecast.With(forecast.FitETS, forecast.ETSOptions{})},
		{"method=ARIMA/season=1", forecast.With(forecast.FitARIMA, forecast.ARIMAOptions{})},
		{"method=ARIMA/season=12", forecast.With(forecast.FitARIMA, forecast.ARIMAOptions{Season: 12})},
		{"method=Theta/season=1", forecast.With(forecast.FitTheta, forecast.ThetaOptions{})},
		{"method=Smoothing/season=1", forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "ANN", Alpha: .3})},
		{"method=Naive/season=12", forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 12})},
		{"method=Mean/season=12", forecast.With(forecast.FitMean, forecast.MeanOptions{Season: 12})},
		{"method=Auto/season=12", forecast.With(forecast.FitAuto, forecast.AutoOptions{Season: 12})},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.fit(bg, forecast.Series{Y: y}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

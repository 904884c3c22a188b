package forecast_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
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

// BenchmarkSeries fits many series of 100 periods and forecasts twelve, one core: processor time is told, too. Its peer is
// docs/peers/forecast.py.
//
//	go test -run XXX -bench Series/method=ets12 -benchtime 1000x -cpu 1 ./predict/forecast
func BenchmarkSeries(b *testing.B) {
	r := rng.New(1, 0, 0)
	var steady, seldom [][]float64
	for i := range uint64(1000) {
		steady = append(steady, seasonal(i, 100))
		var y []float64
		for range 100 {
			v := 0.0
			if r.Bool(.35) {
				v = float64(1 + r.Poisson(4))
			}
			y = append(y, v)
		}
		seldom = append(seldom, y)
	}
	for _, c := range []struct {
		name string
		fit  forecast.Fit
	}{
		{"ets12", forecast.With(forecast.FitETS, forecast.ETSOptions{Season: 12})},
		{"ets1", forecast.With(forecast.FitETS, forecast.ETSOptions{})},
		{"theta", forecast.With(forecast.FitTheta, forecast.ThetaOptions{})},
		{"ses", forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "ANN", Alpha: .3})},
		{"croston", forecast.With(forecast.FitIntermittent, forecast.IntermittentOptions{Model: "Croston"})},
		{"auto", forecast.With(forecast.FitAuto, forecast.AutoOptions{Season: 12})},
	} {
		b.Run("method="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			var out []float64
			start := testkit.ProcessorTime()
			k := 0
			for b.Loop() {
				y := steady[k%len(steady)]
				if c.name == "croston" {
					y = seldom[k%len(seldom)]
				}
				k++
				m, err := c.fit(bg, forecast.Series{Y: y})
				if err != nil {
					b.Fatal(err)
				}
				if out, err = m.Forecast(out[:0], 12); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((testkit.ProcessorTime()-start).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

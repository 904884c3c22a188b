package forecast_test

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict/forecast"
)

// As last year, and where four in five values will fall.
func ExampleFitNaive() {
	ctx := context.Background()
	quarters := []float64{42, 27, 31, 37, 46, 30, 34, 40, 51, math.NaN(), 38, 44}
	var m *forecast.Naive
	m, err := forecast.FitNaive(ctx, quarters, forecast.NaiveOptions{Season: 4, Drift: true})
	if err != nil {
		panic(err)
	}
	var next []forecast.Outlook
	next, err = forecast.Intervals(nil, m, 4, .8)
	if err != nil {
		panic(err)
	}
	for _, q := range next {
		fmt.Printf("%.1f (%.1f to %.1f)\n", q.Mean, q.Low, q.High)
	}
	// A quarter later the model moves on; so does every Appender.
	var later forecast.Appender = m
	moved, err := later.Append([]float64{55})
	if err != nil {
		panic(err)
	}
	f, err := moved.Forecast(nil, 4)
	fmt.Printf("%.1f %v\n", f, err)
	// Output:
	// 54.7 (53.4 to 56.0)
	// 37.4 (35.2 to 39.6)
	// 41.7 (40.4 to 43.0)
	// 47.7 (46.4 to 49.0)
	// [37.4 41.7 47.7 58.7] <nil>
}

// What is usual, and how well that describes the past.
func ExampleFitMean() {
	var m *forecast.Mean
	m, err := forecast.FitMean(context.Background(), []float64{4, 6, 5, 7, 3, 5}, forecast.MeanOptions{})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 2)
	fmt.Println(f, err)
	var h forecast.Historian = m
	fmt.Println(h.Residuals(nil))
	// Output:
	// [5 5] <nil>
	// [-1 1 0 2 -2 0] <nil>
}

// One method for each of many series: one that cannot be fitted stops nobody.
func ExampleFitPanel() {
	weekly := []forecast.Series{{Y: []float64{9, 2, 8, 3, 10, 2}}, {}, {Y: []float64{1, 1, 1, 1, 2, 1}}}
	var fit forecast.Fit = forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 2})
	all, err := forecast.FitPanel(context.Background(), weekly, []forecast.Method{{Name: "two weeks ago", Fit: fit}}, forecast.PanelOptions{})
	if err != nil {
		panic(err)
	}
	var s forecast.Fitted
	for _, s = range all.Fits {
		if s.Err != nil {
			fmt.Println(s.Err)
			continue
		}
		var f forecast.Forecaster = s.Model
		fmt.Println(f.Forecast(nil, 2))
	}
	// Output:
	// [10 2] <nil>
	// forecast: FitPanel: series 1: no periods: no data
	// [2 1] <nil>
}

// A model in a file.
func ExampleWriteModel() {
	m, err := forecast.FitMean(context.Background(), []float64{4, 6}, forecast.MeanOptions{})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := forecast.WriteModel(&file, m); err != nil {
		panic(err)
	}
	var back forecast.Persistent
	back, err = forecast.ReadModel(&file)
	if err != nil {
		panic(err)
	}
	fmt.Println(back.Forecast(nil, 1))
	// Output: [5] <nil>
}

// Which smoothing suits the series, what it says, and what it is chosen by.
func ExampleFitETS() {
	visitors := []float64{
		41.7, 24.0, 32.3, 37.3, 46.2, 29.3, 36.5, 43.0, 48.9, 31.2, 37.7, 40.4,
		51.2, 31.9, 41.0, 43.8, 55.6, 33.9, 42.1, 45.6, 59.8, 35.2, 44.3, 47.9,
	}
	var m *forecast.ETS
	m, err := forecast.FitETS(context.Background(), visitors, forecast.ETSOptions{Season: 4})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 4)
	fmt.Printf("%s %.1f %v\n", m.Model(), f, err)
	var info forecast.Information
	info, err = m.Information()
	fmt.Printf("AICc %.0f, %d parameters, %v\n", info.AICc, info.Parameters, err)
	var p forecast.ETSParameters
	p, err = m.Parameters()
	fmt.Printf("trend %.2f a quarter, season %.2f, %v\n", p.Trend, p.Seasonal, err)
	// Output:
	// MAdM [59.1 35.7 44.7 49.0] <nil>
	// AICc 120, 10 parameters, <nil>
	// trend 0.30 a quarter, season [1.26 0.76 0.94 1.03], <nil>
}

// Which ARIMA model suits the series, and how far it may stray.
func ExampleFitARIMA() {
	visitors := []float64{
		41.7, 24.0, 32.3, 37.3, 46.2, 29.3, 36.5, 43.0, 48.9, 31.2, 37.7, 40.4,
		51.2, 31.9, 41.0, 43.8, 55.6, 33.9, 42.1, 45.6, 59.8, 35.2, 44.3, 47.9,
	}
	var m *forecast.ARIMA
	m, err := forecast.FitARIMA(context.Background(), visitors, forecast.ARIMAOptions{Season: 4})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 4)
	fmt.Printf("%s %.1f %v\n", m.Model(), f, err)
	var p forecast.ARIMAParameters
	p, err = m.Parameters()
	fmt.Printf("drift %.1f a year, %v\n", p.Mean, err)
	// Output:
	// (0,0,0)(0,1,0) with drift [62.4 37.8 46.9 50.5] <nil>
	// drift 2.6 a year, <nil>
}

// Holt's method with given parameters.
func ExampleFitETS_given() {
	m, err := forecast.FitETS(context.Background(), []float64{10, 12, 13, 15, 16, 18}, forecast.ETSOptions{Model: "AAN", Alpha: .8, Beta: .2})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 3)
	fmt.Printf("%.2f %v\n", f, err)
	// Output: [19.50 21.08 22.66] <nil>
}

// A trend and smoothing, with the season taken out and put back.
func ExampleFitTheta() {
	ctx := context.Background()
	visitors := []float64{
		41.7, 24.0, 32.3, 37.3, 46.2, 29.3, 36.5, 43.0, 48.9, 31.2, 37.7, 40.4,
		51.2, 31.9, 41.0, 43.8, 55.6, 33.9, 42.1, 45.6, 59.8, 35.2, 44.3, 47.9,
	}
	var m *forecast.Theta
	m, err := forecast.FitTheta(ctx, visitors, forecast.ThetaOptions{Season: 4})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 4)
	fmt.Printf("%s %.1f %v\n", m.Model(), f, err)
	// Output: OTM [60.1 37.1 46.0 50.7] <nil>
}

// When a season is strong: plain values for a trigger.
func ExampleSeasonIndex() {
	index, err := forecast.SeasonIndex(context.Background(), []float64{80, 100, 120, 90, 110, 130, 100, 120, 140}, 3, forecast.SeasonIndexOptions{})
	fmt.Printf("%.2f %v\n", index, err)
	// Output: [0.85 1.00 1.15] <nil>
}

// What does well on the series, combined.
func ExampleFitAuto() {
	visitors := []float64{
		41.7, 24.0, 32.3, 37.3, 46.2, 29.3, 36.5, 43.0, 48.9, 31.2, 37.7, 40.4,
		51.2, 31.9, 41.0, 43.8, 55.6, 33.9, 42.1, 45.6, 59.8, 35.2, 44.3, 47.9,
	}
	for _, y := range [][]float64{visitors, {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}} {
		m, err := forecast.FitAuto(context.Background(), y, forecast.AutoOptions{Season: 4})
		if err != nil {
			panic(err)
		}
		f, err := m.Forecast(nil, 4)
		fmt.Printf("%.1f %v\n", f, err)
		weights := m.Weights(nil)
		for i, name := range m.Names() {
			fmt.Printf("  %.2f %s\n", weights[i], name)
		}
	}
	// Output:
	// [59.1 36.9 45.4 49.5] <nil>
	//   0.25 seasonal naive
	//   0.51 seasonal theta
	//   0.06 theta
	//   0.18 smoothing
	// [5.6 5.2 5.9 6.8] <nil>
	//   0.25 seasonal naive
	//   0.25 seasonal theta
	//   0.25 theta
	//   0.25 smoothing
}

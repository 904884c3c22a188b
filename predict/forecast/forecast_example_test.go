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
func ExampleFitAll() {
	weekly := [][]float64{{9, 2, 8, 3, 10, 2}, {}, {1, 1, 1, 1, 2, 1}}
	var fit forecast.Fit = forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 2})
	var all []forecast.Fitted
	all, err := forecast.FitAll(context.Background(), weekly, fit, forecast.FitAllOptions{})
	if err != nil {
		panic(err)
	}
	for _, s := range all {
		if s.Err != nil {
			fmt.Println(s.Err)
			continue
		}
		var f forecast.Forecaster = s.Model
		fmt.Println(f.Forecast(nil, 2))
	}
	// Output:
	// [10 2] <nil>
	// series 1: forecast: FitNaive: no period of y is observed: no data
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

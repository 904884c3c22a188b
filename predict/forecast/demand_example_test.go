package forecast_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict/forecast"
)

// An article that is asked for now and then: what to expect of a week, and what four weeks need.
func ExampleFitIntermittent() {
	weeks := []float64{0, 2, 0, 0, 1, 0, 0, 3, 0, 0, 0, 2}
	var kind forecast.DemandPattern
	kind, err := forecast.ClassifyDemand(weeks)
	if err != nil {
		panic(err)
	}
	var class forecast.DemandClass = kind.Class
	fmt.Printf("%v, every %.1f weeks\n", class, kind.ADI)
	var m *forecast.Intermittent
	m, err = forecast.FitIntermittent(context.Background(), weeks, forecast.IntermittentOptions{Model: "SBA"})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 1)
	fmt.Printf("%.2f a week %v %t\n", f[0], err, m.Model() == "SBA")
	total, err := m.Total(nil, 4, []float64{.95}, 1)
	fmt.Println(total, err)
	fmt.Println(forecast.SmoothDemand, forecast.ErraticDemand, forecast.IntermittentDemand, forecast.LumpyDemand, forecast.NoDemand)
	for _, method := range []string{"", "Croston", "CrostonOptimized", "TSB", "ADIDA", "IMAPA"} {
		m, err := forecast.FitIntermittent(context.Background(), weeks, forecast.IntermittentOptions{Model: method})
		if err != nil {
			panic(err)
		}
		f, _ := m.Forecast(nil, 1)
		fmt.Printf("%.2f ", f[0])
	}
	// Output:
	// intermittent, every 3.0 weeks
	// 0.80 a week <nil> true
	// [7] <nil>
	// smooth erratic intermittent lumpy none
	// 0.80 0.85 0.68 0.50 0.67 0.69
}

// Which of two methods would have done better on the last eight weeks.
func ExampleBacktest() {
	var series []forecast.Series
	for k := range 3 {
		var y []float64
		for t := range 40 {
			y = append(y, 10+float64(5*(t%4)+(t*t+k)%3))
		}
		series = append(series, forecast.Series{Y: y})
	}
	methods := []forecast.Method{
		{Name: "last week", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{})},
		{Name: "four weeks ago", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 4})},
	}
	opt := forecast.BacktestOptions{Horizon: 4, Cuts: 2}
	var r *forecast.BacktestResult
	r, err := forecast.Backtest(context.Background(), series, methods, opt)
	if err != nil {
		panic(err)
	}
	for m := range r.Methods() {
		var s forecast.BacktestScore
		s, err = r.Score(m)
		fmt.Printf("%s: off by %.0f %% %v\n", s.Method, 100*s.WAPE, err)
	}
	// Each series by what suits it, with intervals from the errors of the backtest.
	var p *forecast.Panel
	p, err = forecast.FitPanel(context.Background(), series, methods, forecast.PanelOptions{Backtest: opt, By: forecast.InverseError, Intervals: true})
	if err != nil {
		panic(err)
	}
	f, err := p.Fits[0].Model.Forecast(nil, 2)
	fmt.Printf("%.0f %v\n", f, err)
	for _, by := range []forecast.CombineBy{forecast.TheBest, forecast.Equally, forecast.TheMedian, forecast.Stacked} {
		p, err := forecast.FitPanel(context.Background(), series, methods, forecast.PanelOptions{Backtest: opt, By: by})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%.2f ", p.Weights[0])
	}
	// Output:
	// last week: off by 41 % <nil>
	// four weeks ago: off by 5 % <nil>
	// [10 16] <nil>
	// [0.00 1.00] [0.50 0.50] [0.50 0.50] [0.31 0.69]
}

// A combination by hand, and intervals from errors that were seen elsewhere.
func ExampleCombine() {
	ctx := context.Background()
	y := []float64{4, 6, 5, 7, 6, 8}
	a, err := forecast.FitNaive(ctx, y, forecast.NaiveOptions{})
	if err != nil {
		panic(err)
	}
	b, err := forecast.FitMean(ctx, y, forecast.MeanOptions{})
	if err != nil {
		panic(err)
	}
	var c *forecast.Combination
	c, err = forecast.Combine([]forecast.Forecaster{a, b}, []float64{1, 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Forecast(nil, 1))
	var m *forecast.Conformal
	m, err = forecast.NewConformal(c, [][]float64{{-1, 0, 1, 2, -2, 1, 0, -1, 1}}, forecast.ConformalOptions{Level: .8})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Quantiles(nil, 1, []float64{.1, .9}))
	// Output:
	// [7] <nil>
	// [5 9] <nil>
}

// Forecasts of a shop and its two departments that do not add up, made to.
func ExampleNewReconciler() {
	var h *forecast.Hierarchy
	h, err := forecast.NewTree([]int{-1, 0, 0})
	if err != nil {
		panic(err)
	}
	var r *forecast.Reconciler
	opt := forecast.ReconcileOptions{Method: forecast.MinTVariance, Variances: []float64{4, 1, 1}}
	r, err = forecast.NewReconciler(context.Background(), h, opt)
	if err != nil {
		panic(err)
	}
	f, err := r.Apply(nil, []float64{100, 60, 30})
	fmt.Printf("%.2f %v\n", f, err)
	for _, method := range []forecast.ReconcileMethod{forecast.MinTOLS, forecast.MinTStruct, forecast.BottomUp, forecast.TopDown, forecast.MiddleOut} {
		r, err := forecast.NewReconciler(context.Background(), h, forecast.ReconcileOptions{Method: method})
		if err != nil {
			panic(err)
		}
		f, err := r.Apply(nil, []float64{100, 60, 30})
		fmt.Printf("%.1f %v\n", f, err)
	}
	// With past errors of all three the smallest expected error, and quantiles that add up in every draw.
	errors := [][]float64{{3, -2, 4, -5, 1}, {2, -1, 1, -3, 1}, {1, -2, 2, -1, -1}}
	r, err = forecast.NewReconciler(context.Background(), h, forecast.ReconcileOptions{Method: forecast.MinTShrink, Residuals: errors})
	if err != nil {
		panic(err)
	}
	q, err := r.Quantiles(nil, []float64{95, 62, 32}, errors, []float64{.5}, 1)
	fmt.Println(len(q), err)
	// Output:
	// [93.33 61.67 31.67] <nil>
	// [96.7 63.3 33.3] <nil>
	// [95.0 62.5 32.5] <nil>
	// [90.0 60.0 30.0] <nil>
	// [100.0 66.7 33.3] <nil>
	// [100.0 66.7 33.3] <nil>
	// 3 <nil>
}

// Articles by category and by region at once.
func ExampleNewGroups() {
	h, err := forecast.NewGroups([]string{"shoes", "shoes", "hats"}, []string{"north", "south", "south"})
	if err != nil {
		panic(err)
	}
	sums, err := h.Sum(nil, []float64{5, 7, 2})
	if err != nil {
		panic(err)
	}
	for i := range h.Nodes() {
		fmt.Println(h.Label(i), sums[i])
	}
	fmt.Println(h.Bottom(nil))
	// Output:
	// total 14
	// hats 2
	// shoes 12
	// north 5
	// south 9
	//  5
	//  7
	//  2
	// [5 6 7]
}

// What somebody who planned two weeks knew after the third.
func ExampleSeries() {
	s := forecast.Series{
		Y:        []float64{5, 0, 7, 6},
		Censored: []bool{false, true, false, false}, // sold out
		Known:    [][]float64{{9.9, 9.9, 8.9, 9.9, 7.9, 7.9}},
	}
	var m forecast.Method
	m.Name, m.Fit = "mean", forecast.With(forecast.FitMean, forecast.MeanOptions{})
	then := s.Until(3, 2)
	y := then.Demand(nil)
	fmt.Println(then.Y, math.IsNaN(y[1]), then.Known[0])
	f, err := m.Fit(context.Background(), then)
	if err != nil {
		panic(err)
	}
	fmt.Println(f.Forecast(nil, 1))
	// Output:
	// [5 0 7] true [9.9 9.9 8.9 9.9 7.9]
	// [6] <nil>
}

// What a week of 20 % off would sell, sold-out weeks not being taken for weak ones.
func ExampleFitRegression() {
	ctx := context.Background()
	price := []float64{10, 10, 8, 10, 10, 8, 10, 10, 10, 8, 10, 10, 10, 10}
	s := forecast.Series{Y: []float64{20, 21, 31, 19, 20, 32, 4, 20, 21, 30, 19, 20}, Censored: make([]bool, 12), Known: [][]float64{nil}}
	s.Censored[6] = true // sold out
	for _, p := range price {
		s.Known[0] = append(s.Known[0], math.Log(p))
	}
	var m *forecast.Regression
	m, err := forecast.FitRegression(ctx, s, forecast.RegressionOptions{Log: true})
	if err != nil {
		panic(err)
	}
	elasticity, se, err := m.Effect(0)
	fmt.Printf("elasticity %.1f ± %.1f %v\n", elasticity, se, err)
	what, err := m.Scenario([][]float64{{math.Log(10), math.Log(8)}})
	if err != nil {
		panic(err)
	}
	f, err := what.Forecast(nil, 2)
	fmt.Printf("%.0f %v\n", f, err)
	// Output:
	// elasticity -1.8 ± 0.1 <nil>
	// [20 30] <nil>
}

// A method of one's own keeps what the package promises.
func ExampleCheckFit() {
	own := func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
		return forecast.FitMean(ctx, s.Demand(nil), forecast.MeanOptions{Window: 4, Median: true})
	}
	fmt.Println(forecast.CheckFit(context.Background(), own))
	// Output: <nil>
}

// One fit for all articles, by whatever learns from rows of numbers; here the mean of the last
// four weeks is learnt to be best.
func ExampleFitLags() {
	ctx := context.Background()
	var learner forecast.Learner = func(_ context.Context, rows [][]float64, _ []float64) (func(row []float64) float64, error) {
		return func(row []float64) float64 { return row[2] }, nil // lags 1 and 2, then mean and median of the last four
	}
	series := []forecast.Series{{Y: []float64{8, 10, 9, 11, 10}}, {Y: []float64{90, 100, 110, 100, 90}}}
	opt := forecast.LagOptions{Horizon: 2, Learner: learner, Lags: []int{1, 2}, Windows: []int{4}, Raw: true}
	fits, err := forecast.FitLags(ctx, series, opt)
	if err != nil {
		panic(err)
	}
	for _, f := range fits {
		var p *forecast.Path = f.Model.(*forecast.Path)
		fmt.Println(p.Forecast(nil, 1))
	}
	// Output:
	// [10] <nil>
	// [100] <nil>
}

// A new pair of shoes sells as those of its price did.
func ExampleFitAnalogues() {
	launched := []forecast.Series{
		{Fixed: []float64{49}, Y: []float64{30, 40, 50, 50}},
		{Fixed: []float64{59}, Y: []float64{28, 38, 46, 48}},
		{Fixed: []float64{199}, Y: []float64{9, 6, 3, 2}},
	}
	opt := forecast.AnalogueOptions{Horizon: 3, Neighbors: 2}
	m, err := forecast.FitAnalogues(context.Background(), launched, forecast.Series{Fixed: []float64{55}, Y: []float64{33}}, opt)
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 3)
	fmt.Printf("%.0f %v\n", f, err)
	// Output: [40 49 50] <nil>
}

// Which days sell more, and a forecast of what is left by a method of one's own.
func ExampleFitSTL() {
	ctx := context.Background()
	var y []float64
	for t := range 42 {
		y = append(y, []float64{8, 9, 10, 10, 11, 14, 8}[t%7])
	}
	opt := forecast.DecomposeOptions{Seasons: []int{7}}
	var d *forecast.Decomposition
	d, err := forecast.Decompose(ctx, y, opt)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f\n", d.Season(nil, 0)[:7])
	var m *forecast.STL
	m, err = forecast.FitSTL(ctx, y, forecast.STLOptions{Decompose: opt, Rest: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: 7})})
	if err != nil {
		panic(err)
	}
	f, err := m.Forecast(nil, 7)
	fmt.Printf("%.1f %v\n", f, err)
	columns, err := forecast.AppendFourier(nil, 3, 12, 1)
	fmt.Printf("%.0f %v\n", columns, err)
	// Output:
	// [-2.0 -1.0 -0.0 0.0 1.0 4.0 -2.0]
	// [8.0 9.0 10.0 10.0 11.0 14.0 8.0] <nil>
	// [1 0] <nil>
}

// This series broke, and one week stands alone.
func ExampleFindBreaks() {
	weeks := []float64{20, 21, 19, 20, 90, 21, 20, 19, 20, 35, 36, 34, 35, 36, 34, 35}
	var b *forecast.Breaks
	b, err := forecast.FindBreaks(context.Background(), weeks, forecast.BreakOptions{})
	if err != nil {
		panic(err)
	}
	for _, x := range b.Breaks {
		var one forecast.Break = x
		fmt.Printf("broke at week %d: %.0f before, %.0f since\n", one.At, one.Before, one.After)
	}
	for _, x := range b.Outliers {
		var one forecast.Outlier = x
		fmt.Printf("week %d sold %.0f, usual were %.0f\n", one.At, one.Value, one.Expected)
	}
	fmt.Println(b.Since())
	// Output:
	// broke at week 9: 20 before, 35 since
	// week 4 sold 90, usual were 20
	// 9
}

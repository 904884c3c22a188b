package forecast_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// TestAppendRegression: the periods to come move on, those beyond the plan are unknown, and another plan
// begins behind the last period.
func TestAppendRegression(t *testing.T) {
	m := regression() // 6 periods are planned
	ahead := fitted(m.Forecast(nil, 6))
	next := fitted(m.Append([]float64{120, math.NaN(), 130})).(*forecast.Regression)
	for i, v := range fitted(next.Forecast(nil, 3)) {
		testkit.Near(t, "moved on", v, ahead[3+i], 0)
	}
	if _, err := next.Forecast(nil, 4); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("beyond the plan: %v", err)
	}
	if r := fitted(next.Residuals(nil)); len(r) != 27 || r[24] != 120-ahead[0] || r[25] == r[25] {
		t.Errorf("residuals %v", r[24:])
	}
	far := fitted(next.Append(make([]float64, 9))).(*forecast.Regression) // six periods behind the plan
	if _, err := far.Forecast(nil, 1); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("behind the plan: %v", err)
	}
	planned := fitted(far.Scenario([][]float64{{0, 1, 2}}))
	whole := fitted(m.Scenario([][]float64{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}}))
	for i, v := range fitted(whole.Forecast(nil, 15))[12:] {
		testkit.Near(t, "planned anew", fitted(planned.Forecast(nil, 3))[i], v, 0)
	}
	var back forecast.Regression
	must(back.UnmarshalBinary(fitted(planned.MarshalBinary())))
	testkit.Near(t, "read", fitted(back.Forecast(nil, 3))[2], fitted(planned.Forecast(nil, 3))[2], 0)
	if _, err := m.Append([]float64{-1}); !errors.Is(err, forecast.ErrRange) {
		t.Errorf("negative with Log: %v", err)
	}
}

// TestRegressionFarPlan: a plan that is out of all proportion has no infinite mean.
func TestRegressionFarPlan(t *testing.T) {
	x := []float64{1, 1 + 1e-9, 1, 1 + 1e-9, 1, 1 + 2e-9}
	y := []float64{1e99, 5e99, 1e99, 6e99, 1e99, 9e99}
	m := fitted(forecast.FitRegression(bg, forecast.Series{Y: y, Known: [][]float64{x}}, forecast.RegressionOptions{L2: -1}))
	far := m
	for _, v := range []float64{1e100, -1e100} {
		far = fitted(far.Scenario([][]float64{{v}}))
		got, err := far.Forecast(nil, 1)
		if err == nil && (math.IsInf(got[0], 0) || got[0] != got[0]) {
			t.Errorf("mean of a plan of %v: %v", v, got)
		}
	}
}

// TestAppendSTL: seasons go on, the rest is moved on by what is left without them, and it is the same
// at once and one by one.
func TestAppendSTL(t *testing.T) {
	opt := forecast.STLOptions{Decompose: forecast.DecomposeOptions{Seasons: []int{12, 5}}, Rest: forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "ANN", Alpha: .4})}
	y := seasonal(4, 60)
	m := fitted(forecast.FitSTL(bg, y[:48], opt))
	var one forecast.Forecaster = m
	for _, v := range y[48:] {
		one = fitted(one.(forecast.Appender).Append([]float64{v}))
	}
	all := fitted(m.Append(y[48:]))
	if bytesOf(one) != bytesOf(all) {
		t.Error("one by one has other bytes than at once")
	}
	d := m.Decomposition()
	rest := fitted(opt.Rest(bg, forecast.Series{Y: d.Adjusted(nil)})).(*forecast.ETS)
	next := d.Next(nil, 24)
	var left []float64
	for i, v := range y[48:] {
		left = append(left, v-next[i])
	}
	want := fitted(fitted(rest.Append(left)).Forecast(nil, 12))
	for i, v := range fitted(all.Forecast(nil, 12)) {
		testkit.Near(t, "moved on", v, want[i]+next[12+i], 1e-12*math.Abs(v))
	}
	after := all.(*forecast.STL).Decomposition()
	for i, v := range after.Adjusted(nil)[48:] {
		testkit.Near(t, "without the seasons", v, left[i], 1e-12*math.Abs(v))
	}
	still := fitted(forecast.FitSTL(bg, y, forecast.STLOptions{Decompose: opt.Decompose, Rest: forecast.With(forecast.FitSTL, opt)}))
	if _, err := still.MarshalBinary(); err != nil {
		t.Error(err)
	}
	deep := forecast.Fit(opt.Rest)
	for range 5 {
		deep = forecast.With(forecast.FitSTL, forecast.STLOptions{Decompose: opt.Decompose, Rest: deep})
	}
	if _, err := fitted(deep(bg, forecast.Series{Y: y})).(*forecast.STL).MarshalBinary(); !errors.Is(err, forecast.ErrMismatch) {
		t.Errorf("five deep: %v", err)
	}
}

package forecast_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// A series too short to choose by has its mean, not a model about 0.
func TestARIMAShort(t *testing.T) {
	nan := math.NaN()
	for _, y := range [][]float64{{100, 101, 99}, {nan, 100, nan, nan, 101, 99, nan}} {
		m := fitted(forecast.FitARIMA(bg, y, forecast.ARIMAOptions{}))
		testkit.Near(t, m.Model(), fitted(m.Forecast(nil, 1))[0], 100, 1e-9)
	}
	if m, err := forecast.FitARIMA(bg, []float64{100, 101}, forecast.ARIMAOptions{}); !errors.Is(err, forecast.ErrUndefined) || m != nil {
		t.Errorf("two values: %v", err)
	}
}

// What varies is found on a high level as on none.
func TestARIMALevel(t *testing.T) {
	r, y, high := rng.New(7, 0, 0), make([]float64, 200), make([]float64, 200)
	for i := range y {
		if y[i] = r.Normal(); i > 0 {
			y[i] += .7 * y[i-1]
		}
		y[i] = math.Round(y[i]*1024) / 1024
		high[i] = y[i] + 1<<30
	}
	opt := forecast.ARIMAOptions{Model: "(1,0,1) with mean"}
	a, b := fitted(forecast.FitARIMA(bg, y, opt)), fitted(forecast.FitARIMA(bg, high, opt))
	p, q := fitted(a.Parameters()), fitted(b.Parameters())
	testkit.Near(t, "φ", q.AR[0], p.AR[0], 1e-4)
	testkit.Near(t, "θ", q.MA[0], p.MA[0], 1e-4)
	testkit.Near(t, "σ²", q.Sigma2, p.Sigma2, 1e-5)
	testkit.Near(t, "mean", q.Mean-1<<30, p.Mean, 1e-3)
}

// A series without noise ends on the edge of what is stationary: the model is found, forecasts, and its frame
// is read.
func TestARIMAEdge(t *testing.T) {
	sine := func(i int) float64 { return 10 * math.Sin(float64(i)*.7) }
	turns := func(i int) float64 { return float64(1 - 2*(i%2)) }
	four := func(i int) float64 { return []float64{1, 0, -1, 0}[i%4] }
	for _, c := range []struct {
		model string
		of    func(i int) float64
	}{
		{"(2,0,0)", sine},
		{"(3,0,0) with mean", sine},
		{"(2,1,1)", sine},
		{"(1,0,0)", turns},
		{"(8,0,0)", turns},
		{"(1,0,1) with mean", turns},
		{"(2,0,0)", four},
		{"(2,0,2)", func(i int) float64 { return float64(i) }},
	} {
		y := make([]float64, 120)
		for i := range y {
			y[i] = c.of(i)
		}
		m := fitted(forecast.FitARIMA(bg, y, forecast.ARIMAOptions{Model: c.model}))
		for i, f := range fitted(m.Forecast(nil, 5)) {
			testkit.Near(t, c.model, f, c.of(120+i), .05)
		}
		if err := new(forecast.ARIMA).UnmarshalBinary(fitted(m.MarshalBinary())); err != nil {
			t.Errorf("%s: %v", c.model, err)
		}
	}
}

// Nothing is said of periods before which nothing was seen.
func TestARIMALeading(t *testing.T) {
	nan := math.NaN()
	y := append([]float64{nan, nan, nan}, sales()...)
	m := fitted(forecast.FitARIMA(bg, y, forecast.ARIMAOptions{Model: "(0,1,1)"}))
	f := fitted(m.Fitted(nil))
	for i, v := range f[:5] {
		if (v == v) != (i == 4) {
			t.Errorf("fitted values %v", f[:5])
			break
		}
	}
	testkit.Near(t, "the second", f[4], y[3], 1e-9)
}

// The largest models are read and forecast at the cost of the square of their states, with an AR part of its third
// power once; roots next to the circle are no trouble.
func TestARIMALarge(t *testing.T) {
	frame := func(phi float64) []byte {
		const p = 24
		var w codec.Writer
		w.Float64s([]float64{5})
		for _, k := range []int{p, 0, 0, 2, 0, 0, 366} {
			w.Int(k)
		}
		w.Bool(false)
		coef := make([]float64, p+2)
		coef[0], coef[p+1] = phi, phi
		w.Float64s(coef)
		w.Float64(0)
		w.Float64(1)
		w.Float64(0)
		w.Int(p + 3)
		for range 3 {
			w.Float64(0)
		}
		return w.AppendFrame(nil, codec.KindARIMA, 1)
	}
	var m forecast.ARIMA
	if err := m.UnmarshalBinary(frame(.9)); err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "forecast", fitted(m.Forecast(nil, 1))[0], 4.5, .01)
	if q := fitted(m.Quantiles(nil, 2, []float64{.1, .9})); !(q[0] < q[1] && q[2] < q[3]) {
		t.Errorf("quantiles %v", q)
	}
	var edge forecast.ARIMA
	if err := edge.UnmarshalBinary(frame(1 - 1e-16)); err == nil && check.Slice("", fitted(edge.Forecast(nil, 3))) != nil || err != nil && !errors.Is(err, forecast.ErrCorrupt) {
		t.Error(err)
	}
}

// Weights that are next to nothing leave quantiles.
func TestMeanForgotten(t *testing.T) {
	y := append([]float64{5, 6}, make([]float64, 700)...)
	for i := range y[2:] {
		y[2+i] = math.NaN()
	}
	m := fitted(forecast.FitMean(bg, y, forecast.MeanOptions{HalfLife: 1}))
	q := fitted(m.Quantiles(nil, 1, []float64{.1, .9}))
	if !(q[0] < 5.5 && q[1] > 5.5 && q[1] < 8) {
		t.Errorf("quantiles %v", q)
	}
}

// A mean of all periods is still one after it was stored by version 1.
func TestMeanFirstVersion(t *testing.T) {
	y := []float64{4, 8, 6, 2}
	var w codec.Writer
	w.Float64s(y)
	w.Float64s([]float64{5, 5, 5, 5})
	w.Float64s([]float64{5})
	w.Int64s([]int64{4})
	w.Float64(20. / 3)
	var m forecast.Mean
	if err := m.UnmarshalBinary(w.AppendFrame(nil, codec.KindMean, 1)); err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "moved on", fitted(fitted(m.Append([]float64{10})).Forecast(nil, 1))[0], 6, 1e-12)
}

// roomless forecasts 1, in a slice of its own.
type roomless struct{ scant }

func (roomless) Forecast(dst []float64, h int) ([]float64, error) {
	out := make([]float64, len(dst)+h)
	copy(out, dst)
	for i := range h {
		out[len(dst)+i] = 1
	}
	return out, nil
}

func TestCombineRoom(t *testing.T) {
	m := fitted(forecast.Combine([]forecast.Forecaster{roomless{}, roomless{}}, []float64{1, 0}))
	if f := fitted(m.Forecast(nil, 2)); f[0] != 1 || f[1] != 1 {
		t.Errorf("%v", f)
	}
}

// Periods that are seldom seen may break, too, and long series are told of in their own periods.
func TestAutoWarnsSeldom(t *testing.T) {
	y := make([]float64, 8*24)
	for i := range y {
		switch {
		case i%8 != 0:
			y[i] = math.NaN()
		case i < len(y)/2:
			y[i] = 10 + float64(i%3)
		default:
			y[i] = 1000 + float64(i%3)
		}
	}
	if w := fitted(forecast.FitAuto(bg, y, forecast.AutoOptions{})).Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "the level broke in period 96: 11 before, ") {
		t.Errorf("%q", w)
	}
	r, long := rng.New(9, 0, 0), make([]float64, 9000)
	for i := range long {
		if long[i] = 100 + r.Normal(); i >= 8000 {
			long[i] += 50
		}
	}
	if w := fitted(forecast.FitAuto(bg, long, forecast.AutoOptions{})).Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "the level broke in period 8000: ") {
		t.Errorf("%q", w)
	}
}

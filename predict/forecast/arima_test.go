package forecast_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// Likelihoods, coefficients, forecasts and their errors are statsmodels'.
func TestARIMAGolden(t *testing.T) {
	var g struct {
		Series map[string][]*float64
		Cases  []struct {
			Series, Model    string
			Season           int
			Constant         bool
			Differenced      bool
			AR, MA, SAR, SMA []float64
			Sigma2, LLF      float64
			Mean, SE         []float64
		}
		KPSS map[string]float64
	}
	testkit.Golden(t, "arima.json", &g)
	for _, c := range g.Cases {
		name := c.Series + " " + c.Model
		var y []float64
		for _, v := range g.Series[c.Series] {
			if v == nil {
				y = append(y, math.NaN())
			} else {
				y = append(y, *v)
			}
		}
		model := c.Model
		switch {
		case c.Constant && c.Differenced:
			model += " with drift"
		case c.Constant:
			model += " with mean"
		}
		m := fitted(forecast.FitARIMA(bg, y, forecast.ARIMAOptions{Model: model, Season: c.Season}))
		if m.Model() != model {
			t.Errorf("%s: %s", name, m.Model())
		}
		info := fitted(m.Information())
		if info.LogLikelihood < c.LLF-1e-5*math.Abs(c.LLF) {
			t.Errorf("%s: log-likelihood %v, want %v", name, info.LogLikelihood, c.LLF)
		}
		testkit.Near(t, name+" log-likelihood", info.LogLikelihood, c.LLF, 1e-4*math.Abs(c.LLF))
		p := fitted(m.Parameters())
		for k, pair := range [][2][]float64{{p.AR, c.AR}, {p.MA, c.MA}, {p.SeasonalAR, c.SAR}, {p.SeasonalMA, c.SMA}} {
			if len(pair[0]) != len(pair[1]) {
				t.Fatalf("%s: %v, want %v", name, pair[0], pair[1])
			}
			for i, v := range pair[0] {
				testkit.Near(t, name+" coefficients "+string(rune('0'+k)), v, pair[1][i], 2e-3)
			}
		}
		testkit.Near(t, name+" σ²", p.Sigma2, c.Sigma2, 2e-3*c.Sigma2)
		if c.Differenced {
			continue // it forecasts the differences
		}
		f, q := fitted(m.Forecast(nil, len(c.Mean))), fitted(m.Quantiles(nil, len(c.Mean), []float64{.8413447460685429}))
		for i, want := range c.Mean {
			testkit.Near(t, name+" forecast", f[i], want, 2e-3*math.Abs(want))
			testkit.Near(t, name+" error", q[i]-f[i], c.SE[i], 5e-3*c.SE[i])
		}
	}
}

// Planted models are found again: the differences, and forecasts whose intervals hold.
func TestARIMAPlanted(t *testing.T) {
	held, total := 0, 0
	for seed := range uint64(8) {
		r := rng.New(seed, 3, 0)
		y := make([]float64, 130)
		last, e := 0., 0.
		for i := range y {
			next := r.Normal()
			last += .5 + next + .6*e // (0,1,1) with drift
			e = next
			y[i] = 100 + last
		}
		m := fitted(forecast.FitARIMA(bg, y[:120], forecast.ARIMAOptions{}))
		for i, o := range fitted(forecast.Intervals(nil, m, 10, .9)) {
			total++
			if v := y[120+i]; o.Low <= v && v <= o.High {
				held++
			}
		}
		if m.Model()[3] != '1' {
			t.Logf("seed %d: %s", seed, m.Model())
		}
	}
	if share := float64(held) / float64(total); share < .78 || share > .97 {
		t.Errorf("90 %% intervals hold %v", share)
	}
	// A season that lasts is differenced, and carried on.
	y := seasonal(4, 96)
	m := fitted(forecast.FitARIMA(bg, y[:84], forecast.ARIMAOptions{Season: 12}))
	n := fitted(forecast.FitNaive(bg, y[:84], forecast.NaiveOptions{Season: 12}))
	var own, naive float64
	last := fitted(n.Forecast(nil, 12))
	for i, f := range fitted(m.Forecast(nil, 12)) {
		own += math.Abs(y[84+i] - f)
		naive += math.Abs(y[84+i] - last[i])
	}
	t.Logf("%s: %v, seasonal naive %v", m.Model(), own, naive)
	if own > naive {
		t.Errorf("%s: error %v, seasonal naive %v", m.Model(), own, naive)
	}
}

// What is appended moves the model as a run over all of it would, missing periods among it.
func TestARIMAAppend(t *testing.T) {
	m := arima()
	more := []float64{150, math.NaN(), 170, 180}
	all := fitted(m.Append(more))
	one := forecast.Forecaster(m)
	for _, v := range more {
		f := fitted(one.Forecast(nil, 1))
		one = fitted(one.(forecast.Appender).Append([]float64{v}))
		h := fitted(one.(forecast.Historian).Fitted(nil))
		testkit.Near(t, "fitted", h[len(h)-1], f[0], 1e-9*math.Abs(f[0]))
	}
	a, b := fitted(all.Forecast(nil, 6)), fitted(one.Forecast(nil, 6))
	for i := range a {
		testkit.Near(t, "appended", a[i], b[i], 1e-9)
	}
}

func TestARIMARefuses(t *testing.T) {
	ended := func() context.Context { c, stop := context.WithCancel(bg); stop(); return c }()
	for name, c := range map[string]struct {
		ctx  context.Context
		y    []float64
		opt  forecast.ARIMAOptions
		want error
	}{
		"no model":       {bg, sales(), forecast.ARIMAOptions{Model: "(1,1)"}, forecast.ErrOption},
		"trailing":       {bg, sales(), forecast.ARIMAOptions{Model: "(1,1,1) with"}, forecast.ErrOption},
		"too many":       {bg, sales(), forecast.ARIMAOptions{Model: "(25,0,0)"}, forecast.ErrOption},
		"drift of two":   {bg, sales(), forecast.ARIMAOptions{Model: "(0,2,1) with drift"}, forecast.ErrOption},
		"mean of one":    {bg, sales(), forecast.ARIMAOptions{Model: "(0,1,1) with mean"}, forecast.ErrOption},
		"season of none": {bg, sales(), forecast.ARIMAOptions{Model: "(0,1,1)(0,1,1)"}, forecast.ErrOption},
		"long season":    {bg, sales(), forecast.ARIMAOptions{Season: 367}, forecast.ErrOption},
		"too short":      {bg, sales(), forecast.ARIMAOptions{Model: "(1,1,1)(1,1,1)", Season: 12}, nil},
		"shorter":        {bg, sales()[:14], forecast.ARIMAOptions{Model: "(1,1,1)(1,1,1)", Season: 12}, forecast.ErrUndefined},
		"empty":          {bg, []float64{math.NaN()}, forecast.ARIMAOptions{}, forecast.ErrEmpty},
		"cancelled":      {ended, sales(), forecast.ARIMAOptions{}, context.Canceled},
	} {
		if m, err := forecast.FitARIMA(c.ctx, c.y, c.opt); !errors.Is(err, c.want) || (m != nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := fitted(forecast.FitARIMA(bg, sales(), forecast.ARIMAOptions{Model: "(0,1,1)(0,0,0)", Season: 12})); m.Model() != "(0,1,1)" {
		t.Error(m.Model())
	}
}

func arima() *forecast.ARIMA {
	return fitted(forecast.FitARIMA(bg, append(sales(), gaps()...), forecast.ARIMAOptions{Model: "(1,1,1)(1,0,1) with drift", Season: 4}))
}

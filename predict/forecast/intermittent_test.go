package forecast_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

func intermittentMean(t *testing.T, y []float64, opt forecast.IntermittentOptions) float64 {
	t.Helper()
	m, err := forecast.FitIntermittent(bg, y, opt)
	if err != nil {
		t.Fatal(err)
	}
	return fitted(m.Forecast(nil, 1))[0]
}

// The reference numbers, and what statsforecast gets wrong: its SBA factor is .95 whatever α is.
func TestIntermittentDefinitions(t *testing.T) {
	y := []float64{1, 0, 0, 0, 2, 0, 0}
	for _, c := range []struct {
		name string
		opt  forecast.IntermittentOptions
		want float64
	}{
		{"Croston", forecast.IntermittentOptions{Model: "Croston"}, .846154},
		{"SBA", forecast.IntermittentOptions{Model: "SBA"}, .803846},
		{"SBA .4", forecast.IntermittentOptions{Model: "SBA", Alpha: .4}, 1.4 / 2.2 * .8},
		{"TSB", forecast.IntermittentOptions{Model: "TSB"}, .673685},
		{"optimised", forecast.IntermittentOptions{Model: "CrostonOptimized"}, .75},
		{"ADIDA", forecast.IntermittentOptions{Model: "ADIDA"}, .09},
		{"IMAPA", forecast.IntermittentOptions{Model: "IMAPA"}, .327224},
	} {
		testkit.Near(t, c.name, intermittentMean(t, y, c.opt), c.want, 1e-6)
	}
}

// All methods against statsforecast on series of all classes.
func TestIntermittentGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Y    []float64
			Mean map[string]float64
		}
	}
	testkit.Golden(t, "intermittent.json", &g)
	options := map[string]forecast.IntermittentOptions{
		"croston": {Model: "Croston"}, "sba": {Model: "SBA"}, "optimized": {Model: "CrostonOptimized"},
		"tsb": {Model: "TSB", Alpha: .1, Beta: .2}, "adida": {Model: "ADIDA"}, "imapa": {Model: "IMAPA"},
	}
	for i, c := range g.Cases {
		for name, want := range c.Mean {
			testkit.Near(t, name, intermittentMean(t, c.Y, options[name]), want, 1e-6*max(want, 1))
		}
		if len(c.Mean) != len(options) {
			t.Errorf("case %d has %d methods", i, len(c.Mean))
		}
	}
	if len(g.Cases) < 5 {
		t.Errorf("%d cases", len(g.Cases))
	}
}

// Classes at the cuts, and which method stands for which.
func TestClassifyDemand(t *testing.T) {
	for name, c := range map[string]struct {
		y      []float64
		class  forecast.DemandClass
		method string
	}{
		"none":         {[]float64{0, 0}, forecast.NoDemand, "SBA"},
		"smooth":       {[]float64{4, 5, 6, 5}, forecast.SmoothDemand, "Croston"},
		"erratic":      {[]float64{1, 1, 1, 20}, forecast.ErraticDemand, "SBA"},
		"intermittent": {[]float64{3, 0, 3, 0, 3, 0}, forecast.IntermittentDemand, "SBA"},
		"lumpy":        {[]float64{1, 0, 1, 0, 40, 0}, forecast.LumpyDemand, "SBA"},
		"one":          {[]float64{7}, forecast.SmoothDemand, "Croston"},
		"ended":        {[]float64{3, 2, 3, 3, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, forecast.IntermittentDemand, "TSB"},
		"missing":      {[]float64{3, math.NaN(), 3, math.NaN(), 3}, forecast.SmoothDemand, "Croston"},
	} {
		d, err := forecast.ClassifyDemand(c.y)
		m := fitted(forecast.FitIntermittent(bg, c.y, forecast.IntermittentOptions{}))
		if err != nil || d.Class != c.class || m.Model() != c.method {
			t.Errorf("%s: %+v, %v, method %v", name, d, err, m.Model())
		}
	}
	d := fitted(forecast.ClassifyDemand([]float64{2, 0, 4, 0, 0, 6, 0, 0}))
	testkit.Near(t, "ADI", d.ADI, 8./3, 1e-12)
	testkit.Near(t, "CV²", d.CV2, 4./16, 1e-12)
}

// Zeros, one demand, no zeros, and what is refused.
func TestIntermittentEdges(t *testing.T) {
	all := []string{"", "Croston", "SBA", "CrostonOptimized", "TSB", "ADIDA", "IMAPA"}
	for _, method := range all {
		opt := forecast.IntermittentOptions{Model: method}
		if x := intermittentMean(t, []float64{0, 0, 0}, opt); x != 0 {
			t.Errorf("method %s forecasts %v of zeros", method, x)
		}
		if x := intermittentMean(t, []float64{0, 0, 5, 0}, opt); !(x > 0 && x <= 5) {
			t.Errorf("method %s forecasts %v of one demand", method, x)
		}
		if x := intermittentMean(t, []float64{5, 5, 5, 5}, opt); x > 5+1e-9 || x < 4.7 {
			t.Errorf("method %s forecasts %v of no zeros", method, x)
		}
		for name, c := range map[string]struct {
			y    []float64
			want error
		}{
			"negative": {[]float64{1, -1}, forecast.ErrRange},
			"infinite": {[]float64{1, math.Inf(1)}, forecast.ErrNotFinite},
			"empty":    {nil, forecast.ErrEmpty},
			"missing":  {[]float64{math.NaN()}, forecast.ErrEmpty},
		} {
			if m, err := forecast.FitIntermittent(bg, c.y, opt); !errors.Is(err, c.want) || m != nil {
				t.Errorf("method %s, %s: %v", method, name, err)
			}
		}
	}
	for name, opt := range map[string]forecast.IntermittentOptions{"no model": {Model: "sba"}, "alpha": {Alpha: 2}, "beta": {Beta: -1}} {
		if m, err := forecast.FitIntermittent(bg, sparse(), opt); !errors.Is(err, forecast.ErrOption) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The law has the mean that is forecast, and covers what is planted.
func TestIntermittentLaw(t *testing.T) {
	r := rng.New(3, 0, 0)
	inside, total, n := 0, 0, 0
	for k := range 300 {
		y := make([]float64, 160)
		p := .1 + .5*r.Float64()
		for i := range y {
			if r.Bool(p) {
				y[i] = float64(1 + r.Poisson(3))
			}
		}
		m := fitted(forecast.FitIntermittent(bg, y[:150], forecast.IntermittentOptions{Model: "SBA"}))
		mean := fitted(m.Forecast(nil, 1))[0]
		probs := make([]float64, 1000)
		for i := range probs {
			probs[i] = (float64(i) + .5) / 1000
		}
		sum := 0.0
		for _, q := range fitted(m.Quantiles(nil, 1, probs)) {
			sum += q / 1000
		}
		testkit.Near(t, "mean of the law", sum, mean, .03*max(mean, .3))
		q := fitted(m.Quantiles(nil, 1, []float64{.9}))[0]
		ten := fitted(m.Total(nil, 10, []float64{.9}, uint64(k)))[0]
		sum = 0
		for _, v := range y[150:] {
			n++
			if v <= q {
				inside++
			}
			sum += v
		}
		if sum <= ten {
			total++
		}
	}
	if share := float64(inside) / float64(n); share < .89 {
		t.Errorf("%.3f of periods are within the .9 quantile", share)
	}
	if share := float64(total) / 300; share < .82 || share > .96 {
		t.Errorf("%.3f of sums of ten periods are within their .9 quantile", share)
	}
}

// What is appended is as if it had been there from the start; parameters stay.
func TestIntermittentAppend(t *testing.T) {
	all := fitted(forecast.FitIntermittent(bg, sparse(), forecast.IntermittentOptions{Model: "SBA"}))
	part := fitted(forecast.FitIntermittent(bg, sparse()[:9], forecast.IntermittentOptions{Model: "SBA"}))
	moved := fitted(part.Append(sparse()[9:]))
	if got, want := fitted(moved.Forecast(nil, 2)), fitted(all.Forecast(nil, 2)); got[1] != want[1] {
		t.Errorf("%v, want %v", got, want)
	}
	for _, method := range []string{"Croston", "SBA", "TSB", "ADIDA", "IMAPA"} {
		m := fitted(forecast.FitIntermittent(bg, sparse(), forecast.IntermittentOptions{Model: method}))
		f := fitted(m.Fitted(nil))
		for cut := 3; cut < len(sparse()); cut++ {
			early := fitted(forecast.FitIntermittent(bg, sparse()[:cut], forecast.IntermittentOptions{Model: method}))
			testkit.Near(t, "fitted", f[cut], fitted(early.Forecast(nil, 1))[0], 1e-12)
		}
	}
}

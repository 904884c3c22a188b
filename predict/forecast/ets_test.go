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

// AirPassengers 1949 and 1950: the automatic choice of statsforecast 2.1.1 is ANN with AICc
// 210.8236 and log-likelihood −101.8118, forecasts 139.9974; AAN has 216.7894, MAM 269.8641.
func TestETSAirPassengers(t *testing.T) {
	m := fitted(forecast.FitETS(bg, sales(), forecast.ETSOptions{Season: 12}))
	info := fitted(m.Information())
	if m.Model() != "ANN" {
		t.Errorf("chosen: %s", m.Model())
	}
	testkit.Near(t, "AICc", info.AICc, 210.8236, 1e-3)
	testkit.Near(t, "log-likelihood", info.LogLikelihood, -101.8118, 1e-3)
	for _, f := range fitted(m.Forecast(nil, 4)) {
		testkit.Near(t, "forecast", f, 139.9974, 1e-3)
	}
	holt := fitted(forecast.FitETS(bg, sales(), forecast.ETSOptions{Model: "AAN"}))
	testkit.Near(t, "AICc of AAN", fitted(holt.Information()).AICc, 216.7894, 5e-3)
	for i, want := range []float64{141.2296, 142.4616, 143.6937, 144.9257} { // its simplex stops early: 2e-4 above in AICc
		testkit.Near(t, "AAN", fitted(holt.Forecast(nil, 4))[i], want, .07)
	}
	winters := fitted(forecast.FitETS(bg, sales(), forecast.ETSOptions{Model: "MAM", Season: 12}))
	if aicc := fitted(winters.Information()).AICc; aicc > 269.8641 {
		t.Errorf("AICc of MAM: %v", aicc)
	}
}

// The classical methods: numbers of statsmodels and of the textbook.
func TestSmoothing(t *testing.T) {
	oil := []float64{446.6565, 454.4733, 455.663, 423.6322, 456.2713, 440.5881, 425.3325, 485.1494, 506.0482, 526.792, 514.2689, 494.211}
	air := []float64{17.5534, 21.86, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535, 30.1857, 31.5797, 32.5776, 33.4774, 39.0216, 41.3864, 41.5966}
	tourists := []float64{
		41.727458, 24.04185, 32.328103, 37.328708, 46.213153, 29.346326, 36.48291, 42.977719, 48.901525, 31.180221, 37.717881, 40.420211,
		51.206863, 31.887228, 40.978263, 43.772491, 55.558567, 33.850915, 42.076383, 45.642292, 59.76678, 35.191877, 44.319737, 47.913736,
	}
	for name, c := range map[string]struct {
		y    []float64
		opt  forecast.ETSOptions
		want []float64
		tol  float64
	}{
		"simple .2":   {oil, forecast.ETSOptions{Model: "ANN", Alpha: .2}, []float64{484.802468, 484.802468}, 1e-5},
		"simple .6":   {oil, forecast.ETSOptions{Model: "ANN", Alpha: .6}, []float64{501.837461, 501.837461}, 1e-5},
		"Holt":        {air, forecast.ETSOptions{Model: "AAN", Alpha: .8, Beta: .2}, []float64{43.76, 45.59, 47.43, 49.27, 51.10}, 5e-3},
		"winters mul": {tourists, forecast.ETSOptions{Model: "AAM", Season: 4}, []float64{61.31, 37.37, 46.97, 51.56}, 1e-2},
	} {
		m := fitted(forecast.FitETS(bg, c.y, c.opt))
		for i, f := range fitted(m.Forecast(nil, len(c.want))) {
			testkit.Near(t, name, f, c.want[i], c.tol)
		}
	}
	// Least squares: not above statsmodels' sum of squares, 51.8922, of the additive method,
	// whose parameters are 0 where they are .0001 at least here.
	m := fitted(forecast.FitETS(bg, tourists, forecast.ETSOptions{Model: "AAA", Season: 4}))
	sse := 0.0
	for _, e := range fitted(m.Residuals(nil)) {
		sse += e * e
	}
	if sse > 51.905 {
		t.Errorf("additive Holt-Winters: Σe² %v", sse)
	}
}

// Appending what the model has not seen is the same as running over all of it, and what it said
// before stays.
func TestETSAppend(t *testing.T) {
	for _, form := range []string{"ANN", "MAdN", "AAA", "MAM", "MNA"} {
		m := fitted(forecast.FitETS(bg, gaps(), forecast.ETSOptions{Model: form, Season: 4}))
		before := fitted(m.Forecast(nil, 3))
		more := []float64{150, math.NaN(), 170, 180}
		all := fitted(m.Append(more))
		one := forecast.Forecaster(m)
		for _, v := range more {
			f := fitted(one.Forecast(nil, 1))
			one = fitted(one.(forecast.Appender).Append([]float64{v}))
			if h := fitted(one.(forecast.Historian).Fitted(nil)); h[len(h)-1] != f[0] {
				t.Errorf("%s: fitted %v, was forecast as %v", form, h[len(h)-1], f[0])
			}
		}
		a, b := fitted(all.Forecast(nil, 6)), fitted(one.Forecast(nil, 6))
		for i := range a {
			testkit.Near(t, form, a[i], b[i], 1e-9)
		}
		if fitted(m.Forecast(nil, 3))[2] != before[2] {
			t.Errorf("%s: Append changed its receiver", form)
		}
	}
}

// Planted forms are found, and their intervals hold what they should.
func TestETSPlanted(t *testing.T) {
	covered, total := 0, 0
	for seed := range uint64(60) {
		r := rng.New(seed, 0, 0)
		level, y := 200.0, make([]float64, 92)
		season := []float64{.8, 1.3, .9, 1}
		for i := range y {
			e := .04 * r.Normal()
			y[i] = level * season[i%4] * (1 + e)
			level *= 1 + .5*e
		}
		m := fitted(forecast.FitETS(bg, y[:80], forecast.ETSOptions{Season: 4}))
		if form := m.Model(); form[len(form)-1] != 'M' {
			t.Logf("seed %d: %s", seed, form)
		}
		for i, o := range fitted(forecast.Intervals(nil, m, 12, .9)) {
			total++
			if v := y[80+i]; o.Low <= v && v <= o.High {
				covered++
			}
		}
	}
	if share := float64(covered) / float64(total); share < .84 || share > .96 {
		t.Errorf("90 %% intervals hold %v", share)
	}
}

func TestETSRefuses(t *testing.T) {
	zero, ended := append(sales(), 0), func() context.Context { c, stop := context.WithCancel(bg); stop(); return c }()
	for name, c := range map[string]struct {
		ctx  context.Context
		y    []float64
		opt  forecast.ETSOptions
		want error
	}{
		"three values":            {bg, []float64{1, 2, 3}, forecast.ETSOptions{}, forecast.ErrUndefined},
		"no form":                 {bg, sales(), forecast.ETSOptions{Model: "MXN"}, forecast.ErrOption},
		"damped nothing":          {bg, sales(), forecast.ETSOptions{Model: "ANdN"}, forecast.ErrOption},
		"season of one":           {bg, sales(), forecast.ETSOptions{Model: "ANA"}, forecast.ErrOption},
		"multiplicative zero":     {bg, zero, forecast.ETSOptions{Model: "MAM", Season: 12}, forecast.ErrRange},
		"shorter than parameters": {bg, sales()[:13], forecast.ETSOptions{Model: "AAA", Season: 12}, forecast.ErrUndefined},
		"cancelled":               {ended, sales(), forecast.ETSOptions{}, context.Canceled},
	} {
		if m, err := forecast.FitETS(c.ctx, c.y, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		y    []float64
		opt  forecast.ETSOptions
		want error
	}{
		"no form given":   {sales(), forecast.ETSOptions{Alpha: .3}, forecast.ErrOption},
		"relative errors": {sales(), forecast.ETSOptions{Model: "MNN", Alpha: .3}, forecast.ErrOption},
		"no level":        {sales(), forecast.ETSOptions{Model: "AAN", Beta: .3}, forecast.ErrOption},
		"half given":      {sales(), forecast.ETSOptions{Model: "AAN", Alpha: .3}, forecast.ErrOption},
		"too much given":  {sales(), forecast.ETSOptions{Model: "ANN", Alpha: .3, Gamma: .1}, forecast.ErrOption},
		"a zero":          {zero, forecast.ETSOptions{Model: "ANM", Season: 4, Alpha: .3, Gamma: .1}, forecast.ErrRange},
		"one value":       {[]float64{1}, forecast.ETSOptions{Model: "AAN", Alpha: .3, Beta: .1}, forecast.ErrUndefined},
		"half a season":   {[]float64{1, 2, 3}, forecast.ETSOptions{Model: "ANA", Season: 4, Alpha: .3, Gamma: .1}, forecast.ErrUndefined},
	} {
		if m, err := forecast.FitETS(bg, c.y, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Nothing to choose by, and all the same an answer: constants, zeros among them.
	for _, v := range []float64{0, 7, -3e99} {
		y := []float64{v, v, v, v, v, v, v, v, v, v, v, v}
		m := fitted(forecast.FitETS(bg, y, forecast.ETSOptions{Season: 3}))
		f, q := fitted(m.Forecast(nil, 2)), fitted(m.Quantiles(nil, 2, []float64{.9}))
		if math.Abs(f[1]-v) > 1e-9*math.Abs(v) || math.Abs(q[1]-v) > 1e-9*math.Abs(v) {
			t.Errorf("constant %v: %v, %v", v, f, q)
		}
	}
}

// Relative errors that are tiny have the intervals of the same errors taken as amounts; none at all
// have none, where there is nothing to say.
func TestETSTinyErrors(t *testing.T) {
	r := rng.New(1, 0, 0)
	y := make([]float64, 60)
	for i := range y {
		y[i] = 1e6 + 1e-3*r.Normal()
	}
	add := fitted(forecast.FitETS(bg, y, forecast.ETSOptions{Model: "ANN"}))
	mult := fitted(forecast.FitETS(bg, y, forecast.ETSOptions{Model: "MNN"}))
	a, m := fitted(forecast.Intervals(nil, add, 5, .8)), fitted(forecast.Intervals(nil, mult, 5, .8))
	for i := range a {
		testkit.Near(t, "width", (m[i].High-m[i].Low)/(a[i].High-a[i].Low), 1, .01)
	}
	for i := range y {
		y[i] = .1
	}
	flat := fitted(forecast.FitETS(bg, y, forecast.ETSOptions{Model: "MNN"}))
	for _, q := range fitted(flat.Quantiles(nil, 5, []float64{.1, .9})) {
		testkit.Near(t, "constant", q, .1, 1e-9)
	}
}

// Parameters of one's own by which errors grow from season to season are refused before they leave
// the finite numbers, in a fit and in Append.
func TestSmoothingUnstable(t *testing.T) {
	r := rng.New(2, 0, 0)
	y := make([]float64, 20000)
	for i := range y {
		y[i] = 10 + r.Normal()
	}
	opt := forecast.ETSOptions{Model: "AAA", Season: 4, Alpha: 1, Beta: 1, Gamma: 1}
	if m, err := forecast.FitETS(bg, y, opt); !errors.Is(err, forecast.ErrRange) || m != nil {
		t.Errorf("fit: %v", err)
	}
	m := fitted(forecast.FitETS(bg, y[:100], opt))
	if f, err := m.Append(y); !errors.Is(err, forecast.ErrRange) || f != nil {
		t.Errorf("append: %v", err)
	}
}

// Ratios of numbers without digits are none: the smallest floats have no multiplicative form, and an additive one.
func TestETSDenormal(t *testing.T) {
	y := sales()
	for i := range y {
		y[i] *= 5e-322
	}
	if m, err := forecast.FitETS(bg, y, forecast.ETSOptions{Model: "MAM", Season: 4}); !errors.Is(err, forecast.ErrRange) {
		t.Errorf("multiplicative: %v, %v", m, err)
	}
	for _, v := range fitted(fitted(forecast.FitETS(bg, y, forecast.ETSOptions{Season: 4})).Forecast(nil, 3)) {
		if !(math.Abs(v) < 1e-300) {
			t.Errorf("additive: %v", v)
		}
	}
}

// TestETSOutOfProportion: relative errors of any size leave quantiles finite and in order, by the formula and by
// paths, and so do logarithms that wander for a thousand periods.
func TestETSOutOfProportion(t *testing.T) {
	probs := []float64{.001, .1, .5, .9, .999}
	answered := 0
	check := func(y []float64, model string, h int) {
		t.Helper()
		m, err := forecast.FitETS(bg, y, forecast.ETSOptions{Model: model, Season: 4, Seed: 1})
		if err != nil {
			return
		}
		q, err := m.Quantiles(nil, h, probs)
		if errors.Is(err, forecast.ErrUndefined) {
			return
		}
		must(err)
		answered++
		for i, v := range q {
			if math.IsInf(v, 0) || v != v || i%len(probs) > 0 && v < q[i-1] {
				t.Fatalf("%s: period %d: quantiles %v", model, i/len(probs), q[i-i%len(probs):i-i%len(probs)+len(probs)])
			}
		}
		saved(t, m)
	}
	r := rng.New(9, 0, 0)
	for range 40 {
		y := make([]float64, 52)
		for i := range y {
			y[i] = math.Pow(10, 400*r.Float64()-300)
		}
		check(y, "MNN", 12)
		check(y, "MAdM", 12)
	}
	walk := make([]float64, 80)
	for i, x := 0, 0.0; i < len(walk); i++ {
		x += 2 * r.Normal()
		walk[i] = math.Exp(x)
	}
	check(walk, "MNN", 1000)
	if answered < 3 {
		t.Errorf("%d fits answered", answered)
	}
}

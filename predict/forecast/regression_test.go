package forecast_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// shop is demand with an elasticity of −2, promotions that sell 50 % more, a season of 52 weeks,
// and stock-outs, in which a tenth of what is wanted is sold.
func shop(seed uint64, outs bool) (s forecast.Series, wanted []float64) {
	r := rng.New(seed, 0, 0)
	price, promotion := make([]float64, 170), make([]float64, 170)
	for t := range price {
		price[t] = math.Log(10 * (1 - .3*float64(r.Intn(3))/2))
		promotion[t] = float64(r.Intn(8) / 7)
	}
	s.Known = [][]float64{price, promotion}
	for t := range 160 {
		mean := 40 * math.Exp(-2*(price[t]-math.Log(10))+math.Log(1.5)*promotion[t]+.3*math.Sin(2*math.Pi*float64(t)/52))
		v := float64(r.Poisson(mean))
		wanted = append(wanted, v)
		out := outs && r.Bool(.25)
		if out {
			v = math.Floor(v / 10)
		}
		s.Y, s.Censored = append(s.Y, v), append(s.Censored, out)
	}
	return s, wanted
}

// Planted effects of price and promotion come back, stock-outs or not; taken for demand, they do
// not.
func TestRegressionPlanted(t *testing.T) {
	opt := forecast.RegressionOptions{Log: true, Seasons: []float64{52}}
	inside, n := 0, 0
	for seed := range uint64(40) {
		s, _ := shop(seed, true)
		m := fitted(forecast.FitRegression(bg, s, opt))
		for k, want := range []float64{-2, math.Log(1.5)} {
			got, se, err := m.Effect(k)
			must(err)
			n++
			if math.Abs(got-want) < 1.96*se {
				inside++
			}
			if math.Abs(got-want) > 5*se+.05 {
				t.Errorf("seed %d, column %d: %v ± %v, want %v", seed, k, got, se, want)
			}
		}
	}
	if share := float64(inside) / float64(n); share < .87 {
		t.Errorf("%.3f of effects within 95 %% intervals", share)
	}
	s, wanted := shop(3, true)
	mean := func(s forecast.Series) (sum float64) {
		for _, v := range fitted(fitted(forecast.FitRegression(bg, s, opt)).Fitted(nil)) {
			sum += v / 160
		}
		return sum
	}
	truth := 0.0
	for _, v := range wanted {
		truth += v / 160
	}
	if got := mean(s); math.Abs(got/truth-1) > .05 {
		t.Errorf("mean demand %v, wanted %v", got, truth)
	}
	s.Censored = nil
	if got := mean(s); got > .85*truth {
		t.Errorf("stock-outs taken for demand give %v of %v: the case shows nothing", got, truth)
	}
}

// What if 20 % off in week 3: that week sells .8^−2 times as much, the others the same.
func TestRegressionScenario(t *testing.T) {
	s, _ := shop(1, false)
	m := fitted(forecast.FitRegression(bg, s, forecast.RegressionOptions{Log: true, Seasons: []float64{52}, L2: -1}))
	plan := [][]float64{make([]float64, 10), make([]float64, 10)}
	for i := range 10 {
		plan[0][i] = math.Log(10)
	}
	usual := fitted(fitted(m.Scenario(plan)).Forecast(nil, 10))
	plan[0][2] += math.Log(.8)
	off := fitted(fitted(m.Scenario(plan)).Forecast(nil, 10))
	e, _, err := m.Effect(0)
	must(err)
	for i := range off {
		want := 1.0
		if i == 2 {
			want = math.Pow(.8, e)
		}
		testkit.Near(t, "ratio", off[i]/usual[i], want, 1e-9)
	}
	testkit.Near(t, "20 % off", off[2]/usual[2], math.Pow(.8, -2), .12)
	// Nothing is said beyond the plan.
	if _, err := m.Forecast(nil, 11); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("beyond the plan: %v", err)
	}
	q := fitted(m.Quantiles(nil, 10, []float64{.1, .5, .9}))
	for i, f := range fitted(m.Forecast(nil, 10)) {
		if q[3*i] > q[3*i+1] || q[3*i+1] > q[3*i+2] || math.Abs(q[3*i+1]-f) > 3 || q[3*i+2]-q[3*i] < 2*1.28*math.Sqrt(f)-3 {
			t.Errorf("quantiles %v around %v", q[3*i:3*i+3], f)
		}
	}
}

// Least squares by the normal equations of one column, and gaps.
func TestRegressionLeastSquares(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7}
	s := forecast.Series{Y: []float64{2, 4.1, 5.9, math.NaN(), 10.2, 12}, Known: [][]float64{x}}
	m := fitted(forecast.FitRegression(bg, s, forecast.RegressionOptions{L2: -1}))
	// slope of (1,2)(2,4.1)(3,5.9)(5,10.2)(6,12)
	got, _, err := m.Effect(0)
	must(err)
	mx, my := 17./5, 34.2/5
	sxy, sxx := 0.0, 0.0
	for i, v := range s.Y {
		if v == v {
			sxy += (x[i] - mx) * (v - my)
			sxx += (x[i] - mx) * (x[i] - mx)
		}
	}
	testkit.Near(t, "slope", got, sxy/sxx, 1e-9)
	testkit.Near(t, "forecast", fitted(m.Forecast(nil, 1))[0], my+sxy/sxx*(7-mx), 1e-9)
	for name, c := range map[string]struct {
		s    forecast.Series
		opt  forecast.RegressionOptions
		want error
	}{
		"negative":  {forecast.Series{Y: []float64{-1, 2}}, forecast.RegressionOptions{Log: true}, forecast.ErrRange},
		"zeros":     {forecast.Series{Y: []float64{0, 0}}, forecast.RegressionOptions{Log: true}, forecast.ErrUndefined},
		"all out":   {forecast.Series{Y: []float64{1, 2}, Censored: []bool{true, true}}, forecast.RegressionOptions{}, forecast.ErrUndefined},
		"wide":      {forecast.Series{Y: []float64{1}, Known: [][]float64{{1}, {2}}}, forecast.RegressionOptions{L2: -1}, forecast.ErrUndefined},
		"empty":     {forecast.Series{}, forecast.RegressionOptions{}, forecast.ErrEmpty},
		"harmonics": {s, forecast.RegressionOptions{Seasons: []float64{4}, Harmonics: []int{3}}, forecast.ErrOption},
	} {
		if m, err := forecast.FitRegression(bg, c.s, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

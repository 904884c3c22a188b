package forecast_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// The simple methods against statsforecast, means and intervals.
func TestNaiveGolden(t *testing.T) {
	var g struct {
		Y     []float64
		Cases []struct {
			Name                string
			Mean, Low80, High95 []float64
		}
	}
	testkit.Golden(t, "naive.json", &g)
	fits := map[string]forecast.Fit{
		"naive":    forecast.With(forecast.FitNaive, forecast.NaiveOptions{}),
		"seasonal": forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 12}),
		"drift":    forecast.With(forecast.FitNaive, forecast.NaiveOptions{Drift: true}),
		"mean":     forecast.With(forecast.FitMean, forecast.MeanOptions{}),
	}
	if len(g.Cases) != len(fits) {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		m := fitted(fits[c.Name](bg, forecast.Series{Y: g.Y}))
		f := fitted(m.Forecast(nil, len(c.Mean)))
		q := fitted(m.Quantiles(nil, len(c.Mean), []float64{.1, .975}))
		for i, want := range c.Mean {
			testkit.Near(t, c.Name, f[i], want, 1e-9)
			testkit.Near(t, c.Name+" low", q[2*i], c.Low80[i], 1e-9)
			testkit.Near(t, c.Name+" high", q[2*i+1], c.High95[i], 1e-9)
		}
	}
}

// Gaps: the last observed value of each place, and wider intervals the longer ago it was.
func TestNaiveGaps(t *testing.T) {
	nan := math.NaN()
	m := fitted(forecast.FitNaive(bg, []float64{1, 20, 3, 24, nan, 26, nan, nan}, forecast.NaiveOptions{Season: 2}))
	f, q := fitted(m.Forecast(nil, 2)), fitted(m.Quantiles(nil, 2, []float64{.5, .975}))
	// changes 2, 4, 2 over one season each: σ² = 8; places last seen 2 and 1 seasons ago
	if f[0] != 3 || f[1] != 26 || q[0] != 3 || q[2] != 26 {
		t.Errorf("means %v, medians %v", f, q)
	}
	z := 1.959963984540054
	testkit.Near(t, "place 0", q[1], 3+z*math.Sqrt(8*3), 1e-9)
	testkit.Near(t, "place 1", q[3], 26+z*math.Sqrt(8*2), 1e-9)

	// A series that is cut and appended again says the same, its spread aside.
	all := fitted(forecast.FitNaive(bg, gaps(), forecast.NaiveOptions{Season: 4}))
	for cut := 8; cut < 24; cut++ {
		part := fitted(forecast.FitNaive(bg, gaps()[:cut], forecast.NaiveOptions{Season: 4}))
		moved := fitted(part.Append(gaps()[cut:]))
		want, got := fitted(all.Forecast(nil, 9)), fitted(moved.Forecast(nil, 9))
		for i := range want {
			testkit.Near(t, "appended", got[i], want[i], 0)
		}
		if len(fitted(part.Fitted(nil))) != cut {
			t.Errorf("Append changed its receiver")
		}
	}
}

func TestNaiveRefuses(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		y    []float64
		opt  forecast.NaiveOptions
		want error
	}{
		"empty":           {nil, forecast.NaiveOptions{}, forecast.ErrEmpty},
		"all missing":     {[]float64{nan, nan}, forecast.NaiveOptions{}, forecast.ErrEmpty},
		"infinite":        {[]float64{1, math.Inf(1)}, forecast.NaiveOptions{}, forecast.ErrNotFinite},
		"huge":            {[]float64{1, 1e101}, forecast.NaiveOptions{}, forecast.ErrRange},
		"below a season":  {[]float64{1, 2}, forecast.NaiveOptions{Season: 3}, forecast.ErrUndefined},
		"place missing":   {[]float64{1, nan, 2, nan}, forecast.NaiveOptions{Season: 2}, forecast.ErrUndefined},
		"no drift":        {[]float64{1}, forecast.NaiveOptions{Drift: true}, forecast.ErrUndefined},
		"negative season": {[]float64{1}, forecast.NaiveOptions{Season: -1}, forecast.ErrOption},
	} {
		if m, err := forecast.FitNaive(bg, c.y, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	one := fitted(forecast.FitNaive(bg, []float64{3}, forecast.NaiveOptions{}))
	if _, err := one.Quantiles(nil, 1, []float64{.5}); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("quantiles of one value: %v", err)
	}
	flat := fitted(forecast.FitNaive(bg, []float64{0, 0, 0}, forecast.NaiveOptions{}))
	if q := fitted(flat.Quantiles(nil, 1, []float64{.01, .99})); q[0] != 0 || q[1] != 0 {
		t.Errorf("quantiles of zeros: %v", q)
	}
}

// A zero is one, whatever its sign.
func TestNaiveNegativeZero(t *testing.T) {
	zero := math.Copysign(0, -1)
	a := fitted(forecast.FitNaive(bg, []float64{1, 0}, forecast.NaiveOptions{}))
	b := fitted(forecast.FitNaive(bg, []float64{1, zero}, forecast.NaiveOptions{}))
	c := fitted(a.Append([]float64{zero})).(*forecast.Naive)
	d := fitted(a.Append([]float64{0})).(*forecast.Naive)
	if string(fitted(a.MarshalBinary())) != string(fitted(b.MarshalBinary())) || string(fitted(c.MarshalBinary())) != string(fitted(d.MarshalBinary())) {
		t.Error("other bytes")
	}
	if f := fitted(b.Forecast(nil, 1)); math.Signbit(f[0]) {
		t.Errorf("forecast %v", f)
	}
}

// Robust levels by hand, and their quantiles; what is appended is as a fit to all of it but for σ².
func TestMeanRobust(t *testing.T) {
	y := []float64{1, 4, 9, 100, 4, math.NaN(), 9}
	for name, c := range map[string]struct {
		opt  forecast.MeanOptions
		want float64
	}{
		"median":            {forecast.MeanOptions{Median: true}, 6.5},
		"median of four":    {forecast.MeanOptions{Median: true, Window: 4}, 9},
		"root":              {forecast.MeanOptions{Root: true}, 21. * 21 / 36},
		"half-life":         {forecast.MeanOptions{HalfLife: 1}, (9 + 4./4 + 100./8 + 9./16 + 4./32 + 1./64) / (1 + 1./4 + 1./8 + 1./16 + 1./32 + 1./64)},
		"half-life of root": {forecast.MeanOptions{HalfLife: 1, Root: true, Window: 3}, 2.8 * 2.8},
		"median of roots":   {forecast.MeanOptions{Median: true, Root: true}, 6.25},
	} {
		m := fitted(forecast.FitMean(bg, y, c.opt))
		testkit.Near(t, name, fitted(m.Forecast(nil, 1))[0], c.want, 1e-12)
		q := fitted(m.Quantiles(nil, 1, []float64{.1, .5, .9}))
		testkit.Near(t, name+" quantile", q[1], c.want, 1e-9)
		if q[0] > q[1] || q[1] > q[2] || c.opt.Root && q[0] < 0 {
			t.Errorf("%s: %v", name, q)
		}
		part := fitted(forecast.FitMean(bg, y[:4], c.opt))
		moved := fitted(part.Append(y[4:]))
		testkit.Near(t, name+" appended", fitted(moved.Forecast(nil, 1))[0], c.want, 1e-12)
	}
	for name, c := range map[string]struct {
		y    []float64
		opt  forecast.MeanOptions
		want error
	}{
		"negative root":      {[]float64{1, -1}, forecast.MeanOptions{Root: true}, forecast.ErrRange},
		"median and weights": {y, forecast.MeanOptions{Median: true, HalfLife: 2}, forecast.ErrOption},
		"half-life":          {y, forecast.MeanOptions{HalfLife: -1}, forecast.ErrOption},
	} {
		if m, err := forecast.FitMean(bg, c.y, c.opt); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := fitted(forecast.FitMean(bg, y, forecast.MeanOptions{Window: 2}))
	if f, err := short.Append([]float64{math.NaN(), math.NaN()}); !errors.Is(err, forecast.ErrUndefined) || f != nil {
		t.Errorf("nothing observed in the window: %v", err)
	}
}

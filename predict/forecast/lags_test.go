package forecast_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/forecast"
)

// linear is a Learner of the parent package.
func linear(ctx context.Context, rows [][]float64, y []float64) (func([]float64) float64, error) {
	m, err := predict.FitLinear(ctx, rows, y, predict.LinearOptions{L2: 1})
	if err != nil {
		return nil, err
	}
	return func(row []float64) float64 {
		v, err := m.Predict(nil, [][]float64{row})
		if err != nil {
			return math.NaN()
		}
		return v[0]
	}, nil
}

// waves are series of unlike sizes with one law: half of the last value and half of the one
// before, moved by a promotion that is known.
func waves(n int, seed uint64) []forecast.Series {
	r := rng.New(seed, 0, 0)
	out := make([]forecast.Series, n)
	for i := range out {
		size := math.Exp(4 * r.Float64())
		promotion := make([]float64, 64)
		y := []float64{size, size}
		for t := range promotion {
			promotion[t] = float64(r.Intn(4) / 3)
		}
		for t := 2; t < 60; t++ {
			y = append(y, size*(1+.5*promotion[t])*(1+.05*r.Normal()))
		}
		out[i] = forecast.Series{Y: y, Known: [][]float64{promotion}, Fixed: []float64{1}}
	}
	return out
}

// A global fit learns what a promotion does, direct and recursive, in logarithms and raw, and
// beats the mean of the last four.
func TestFitLagsLearns(t *testing.T) {
	series := waves(40, 1)
	var ways []forecast.Method
	for _, opt := range []forecast.LagOptions{{Raw: true}, {}, {Raw: true, Recursive: true}, {Recursive: true}} {
		opt.Horizon, opt.Learner = 3, linear
		ways = append(ways, forecast.Method{Name: "lags", FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
			return forecast.FitLags(ctx, s, opt)
		}})
	}
	ways = append(ways, forecast.Method{Name: "last four", Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{Window: 4})})
	r := fitted(forecast.Backtest(bg, series, ways, forecast.BacktestOptions{Horizon: 3, Cuts: 2, Level: .8}))
	last := fitted(r.Score(4)).WAPE
	for m := range 4 {
		s := fitted(r.Score(m))
		if s.Failures > 0 || s.WAPE > .06 || s.WAPE > .5*last || s.Coverage < .7 || s.Coverage > .97 {
			t.Errorf("way %d: %+v, last four %v", m, s, last)
		}
	}
}

// What a learner sees of a period is from before it: spoiling the period and all behind it leaves
// the rows as they were.
func TestFitLagsLeaksNothing(t *testing.T) {
	see := func(series []forecast.Series) (rows [][]float64) {
		spy := func(ctx context.Context, x [][]float64, y []float64) (func([]float64) float64, error) {
			rows = slices.Clone(x)
			return average(ctx, x, y)
		}
		fitted(forecast.FitLags(bg, series, forecast.LagOptions{Learner: spy, Horizon: 1, Season: 6}))
		return rows
	}
	clean, spoilt := waves(1, 2), waves(1, 2)
	for t := 40; t < 60; t++ {
		spoilt[0].Y[t] = 1e6
	}
	a, b := see(clean), see(spoilt)
	for k := range 40 { // row k is of period k+1
		if !slices.Equal(a[k], b[k]) {
			t.Fatalf("the row of period %d knows what came later", k+1)
		}
	}
	if slices.Equal(a[40], b[40]) {
		t.Error("the row of the period behind the first spoilt one does not know it")
	}
}

func TestFitLagsRefuses(t *testing.T) {
	fail := func(context.Context, [][]float64, []float64) (func([]float64) float64, error) {
		return nil, forecast.ErrUndefined
	}
	null := func(context.Context, [][]float64, []float64) (func([]float64) float64, error) { return nil, nil }
	for name, c := range map[string]struct {
		series []forecast.Series
		opt    forecast.LagOptions
		want   error
	}{
		"no learner": {waves(2, 1), forecast.LagOptions{}, forecast.ErrOption},
		"no series":  {nil, forecast.LagOptions{Learner: average}, forecast.ErrEmpty},
		"columns":    {append(waves(1, 1), forecast.Series{Y: []float64{1}}), forecast.LagOptions{Learner: average}, forecast.ErrShape},
		"negative":   {[]forecast.Series{{Y: []float64{1, -2}}}, forecast.LagOptions{Learner: average}, forecast.ErrRange},
		"one period": {[]forecast.Series{{Y: []float64{1}}}, forecast.LagOptions{Learner: average}, forecast.ErrEmpty},
		"fails":      {waves(2, 1), forecast.LagOptions{Learner: fail}, forecast.ErrUndefined},
		"nothing":    {waves(2, 1), forecast.LagOptions{Learner: null}, forecast.ErrEmpty},
	} {
		if f, err := forecast.FitLags(bg, c.series, c.opt); !errors.Is(err, c.want) || f != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := fitted(forecast.FitLags(bg, waves(2, 1), forecast.LagOptions{Learner: average, Horizon: 5}))
	if !errors.Is(f[0].Err, forecast.ErrUndefined) { // four periods are planned
		t.Errorf("beyond the plan: %v", f[0].Err)
	}
	if _, err := path().Forecast(nil, 7); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("beyond the horizon: %v", err)
	}
}

// New articles take the curve of launches that are like them, and their own level as it shows.
func TestFitAnalogues(t *testing.T) {
	r := rng.New(6, 0, 0)
	launch := func(kind, size float64) forecast.Series {
		s := forecast.Series{Fixed: []float64{kind, 5 * r.Float64()}}
		for t := range 20 {
			v := size * math.Exp(-float64(t)/4) // fades
			if kind == 1 {
				v = size * (1 - math.Exp(-float64(t+1)/6)) // grows
			}
			s.Y = append(s.Y, v*(1+.1*r.Normal()))
		}
		return s
	}
	var launched []forecast.Series
	for i := range 60 {
		launched = append(launched, launch(float64(i%2), 100))
	}
	for kind := range 2 {
		whole := launch(float64(kind), 300)
		fresh := forecast.Series{Fixed: whole.Fixed}
		cold := fitted(fitted(forecast.FitAnalogues(bg, launched, fresh, forecast.AnalogueOptions{Horizon: 12})).Forecast(nil, 12))
		if grows := cold[11] > cold[0]; grows != (kind == 1) {
			t.Errorf("kind %d: %v", kind, cold)
		}
		fresh.Y = whole.Y[:8]
		m := fitted(forecast.FitAnalogues(bg, launched, fresh, forecast.AnalogueOptions{Horizon: 4, Trust: 1}))
		q := fitted(m.Quantiles(nil, 4, []float64{.1, .9}))
		for i, f := range fitted(m.Forecast(nil, 4)) {
			testkit.Near(t, "level", f/whole.Y[8+i], 1, .35)
			if !(q[2*i] < f && f < q[2*i+1]) {
				t.Errorf("interval %v around %v", q[2*i:2*i+2], f)
			}
		}
	}
	if m, err := forecast.FitAnalogues(bg, launched, forecast.Series{Fixed: []float64{1}}, forecast.AnalogueOptions{}); !errors.Is(err, forecast.ErrShape) || m != nil {
		t.Errorf("other attributes: %v", err)
	}
	if m, err := forecast.FitAnalogues(bg, launched, forecast.Series{Fixed: []float64{1, 1}}, forecast.AnalogueOptions{Horizon: 21}); !errors.Is(err, forecast.ErrUndefined) || m != nil {
		t.Errorf("beyond all launches: %v", err)
	}
}

// TestFromNothing: articles that were next to nothing, and then sold as no other, have finite forecasts: a learner
// is given no infinite number, and the curve of analogues is read again.
func TestFromNothing(t *testing.T) {
	y := []float64{1e-300, 2e-300, 1e-300, 1e100, 1e-300, 1e-300, 3e-300, 1e100, 1e100, 5e99}
	for _, raw := range []bool{false, true} {
		learn := func(_ context.Context, rows [][]float64, y []float64) (func([]float64) float64, error) {
			for _, x := range append(slices.Clone(rows), y) {
				if slices.ContainsFunc(x, func(v float64) bool { return math.IsInf(v, 0) || v != v }) {
					t.Errorf("raw %t: learns %v", raw, x)
				}
			}
			return func([]float64) float64 { return slices.Min(y) }, nil
		}
		for _, f := range fitted(forecast.FitLags(bg, []forecast.Series{{Y: y}}, forecast.LagOptions{Horizon: 2, Learner: learn, Raw: raw})) {
			if v := fitted(f.Model.Forecast(nil, 2)); math.IsInf(v[0], 0) {
				t.Errorf("forecast %v", v)
			}
		}
	}
	launched := []forecast.Series{{Y: []float64{1e-300, 1e100}}, {Y: []float64{1e-300, 5e99}}}
	m := fitted(forecast.FitAnalogues(bg, launched, forecast.Series{Y: []float64{1e100}}, forecast.AnalogueOptions{}))
	if v := fitted(m.Forecast(nil, 1)); math.IsInf(v[0], 0) {
		t.Errorf("analogues: %v", v)
	}
	must(new(forecast.Path).UnmarshalBinary(fitted(m.MarshalBinary())))
}

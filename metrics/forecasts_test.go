package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"pgregory.net/rapid"
)

func TestForecastsGolden(t *testing.T) {
	var g struct {
		Series []struct {
			History, Actual, Forecast, Low, High, Weights              []float64
			Season                                                     int
			MAE, RMSE, SMAPE, MASE, RMSSE, SMAPE4, WAPE, WMAE, Winkler float64
			Pinball                                                    []float64
			Coverage                                                   int64
		}
	}
	testkit.Golden(t, "forecasts.json", &g)
	var all metrics.Forecasts
	var mase, wape [2]float64
	for _, s := range g.Series {
		got, err := all.Add(s.Actual, s.Forecast, s.History, s.Season, 2)
		must(t, err)
		near(t, "series", []float64{got.MAE, got.RMSE, got.MASE, got.RMSSE, got.SMAPE, got.SMAPE, got.WAPE},
			[]float64{s.MAE, s.RMSE, s.MASE, s.RMSSE, s.SMAPE, s.SMAPE4, s.WAPE}, 1e-12)
		x, err := metrics.SMAPE(s.Actual, s.Forecast)
		must(t, err)
		y, err := metrics.WMAE(s.Actual, s.Forecast, s.Weights)
		must(t, err)
		near(t, "sMAPE, WMAE", []float64{x, y}, []float64{s.SMAPE4, s.WMAE}, 1e-12)
		for i, q := range []float64{.1, .5, .9} {
			p, err := metrics.PinballLoss(s.Actual, s.Forecast, q)
			must(t, err)
			testkit.Near(t, "pinball", p, s.Pinball[i], 1e-13)
		}
		iv, err := metrics.ScoreIntervals(s.Actual, s.Low, s.High, .8)
		must(t, err)
		if iv.Coverage.Num() != s.Coverage || iv.Coverage.Den() != int64(len(s.Actual)) {
			t.Errorf("coverage %v, want %d", iv.Coverage, s.Coverage)
		}
		near(t, "intervals", []float64{iv.Width, iv.Winkler}, []float64{5, s.Winkler}, 1e-9)
		mase[0] += s.MASE / 3
		for i, y := range s.Actual {
			wape[0] += math.Abs(y - s.Forecast[i])
			wape[1] += math.Abs(y)
		}
	}
	r, err := all.Result()
	must(t, err)
	near(t, "all series", []float64{r.MASE, r.WAPE}, []float64{mase[0], wape[0] / wape[1]}, 1e-12)
}

func TestForecastsBadInput(t *testing.T) {
	one, two := []float64{1}, []float64{1, 2}
	inf := math.Inf(1)
	var f metrics.Forecasts
	add := func(a, b, h []float64, m int, w float64) error { _, err := f.Add(a, b, h, m, w); return err }
	for name, c := range map[string]struct{ got, want error }{
		"q 0":              {second(metrics.PinballLoss(one, one, 0)), metrics.ErrOption},
		"q NaN":            {second(metrics.PinballLoss(one, one, math.NaN())), metrics.ErrOption},
		"empty":            {second(metrics.PinballLoss(nil, nil, .5)), metrics.ErrEmpty},
		"lengths":          {second(metrics.WMAE(one, two, nil)), metrics.ErrShape},
		"weights":          {second(metrics.WMAE(one, one, []float64{0})), metrics.ErrRange},
		"NaN":              {second(metrics.SMAPE([]float64{math.NaN()}, one)), metrics.ErrNotFinite},
		"overflow":         {second(metrics.WMAE([]float64{1e308, 1e308}, []float64{-1e308, -1e308}, nil)), metrics.ErrOverflow},
		"level":            {second(metrics.ScoreIntervals(one, one, one, 95)), metrics.ErrOption},
		"reversed":         {second(metrics.ScoreIntervals(one, two[1:], one, .9)), metrics.ErrRange},
		"high missing":     {second(metrics.ScoreIntervals(one, one, nil, .9)), metrics.ErrShape},
		"low Inf":          {second(metrics.ScoreIntervals(one, []float64{-inf}, one, .9)), metrics.ErrNotFinite},
		"season 0":         {add(one, one, two, 0, 1), metrics.ErrOption},
		"weight":           {add(one, one, two, 1, -1), metrics.ErrRange},
		"series empty":     {add(nil, nil, two, 1, 1), metrics.ErrEmpty},
		"history NaN":      {add(one, one, []float64{math.NaN()}, 1, 1), metrics.ErrNotFinite},
		"no series":        {second(f.Result()), metrics.ErrUndefined},
		"weight overflows": {add(one, []float64{1e300}, []float64{1, 2}, 1, 1e300), metrics.ErrOverflow},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if f != (metrics.Forecasts{}) {
		t.Error("something changed")
	}
	// A constant history gives no scale: left out and counted, not 0.
	must(t, add(two, two, []float64{5, 5, 5}, 1, 1))
	r, err := f.Result()
	if err != nil || r.Unscaled != 1 || !math.IsNaN(r.MASE) || r.SMAPE != 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestForecastsMerge(t *testing.T) {
	testkit.Laws[*metrics.Forecasts]{
		Empty: func() *metrics.Forecasts { return &metrics.Forecasts{} },
		Add: func(t *rapid.T) func(*metrics.Forecasts) {
			n := rapid.IntRange(1, 4).Draw(t, "n")
			g := rapid.Float64Range(1, 9)
			a, b := rapid.SliceOfN(g, n, n).Draw(t, "actual"), rapid.SliceOfN(g, n, n).Draw(t, "forecast")
			h := []float64{1, 1, rapid.SampledFrom([]float64{1, 4}).Draw(t, "history")}
			w := rapid.Float64Range(.5, 3).Draw(t, "weight")
			return func(f *metrics.Forecasts) {
				if _, err := f.Add(a, b, h, 1, w); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *metrics.Forecasts) error { return a.Merge(b) },
		Result: func(f *metrics.Forecasts) []float64 {
			r, err := f.Result()
			return testkit.Numbers(r.Series, r.Unscaled, nan(r.MASE, err), r.RMSSE, r.SMAPE, r.WAPE, r.MAE)
		},
		Tol: 1e-9,
	}.Check(t)
}

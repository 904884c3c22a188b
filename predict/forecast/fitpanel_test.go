package forecast_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// A method of whole panels is fitted in the end to what it was judged on: all series, not those
// alone that chose it.
func TestFitPanelSeesAll(t *testing.T) {
	series := planted(12, 60, 3)
	var seen []int
	ways := methods()[:1]
	ways = append(ways, forecast.Method{Name: "season of all", FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
		seen = append(seen, len(s))
		return each(s, forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 4}), 0), nil
	}})
	p := fitted(forecast.FitPanel(bg, series, ways, forecast.PanelOptions{Pool: -1}))
	chose := 0
	for s, w := range p.Weights {
		if w[1] == 1 {
			chose++
		}
		if _, ok := p.Fits[s].Model.(*forecast.Naive); !ok {
			t.Errorf("series %d is %T", s, p.Fits[s].Model)
		}
	}
	if chose == 0 || chose == len(series) || seen[len(seen)-1] != len(series) {
		t.Errorf("%d of %d series chose the method, which saw %v", chose, len(series), seen)
	}
}

// A method that was best and cannot be fitted to the whole, here for a zero in the last period,
// leaves the series to the others.
func TestFitPanelFallsBack(t *testing.T) {
	y := slices.Concat(sales(), sales(), sales())
	zero := append(slices.Clone(y), 0)
	ways := []forecast.Method{
		{Name: "last", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{})},
		{Name: "winters", Fit: forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "MNM", Season: 12})},
	}
	opt := forecast.PanelOptions{Backtest: forecast.BacktestOptions{Horizon: 1, Cuts: 8, MinHistory: 48}, Pool: -1}
	p := fitted(forecast.FitPanel(bg, []forecast.Series{{Y: y}, {Y: zero}}, ways, opt))
	if p.Weights[0] == nil || p.Weights[0][1] != 1 {
		t.Fatalf("weights %v: the case shows nothing", p.Weights)
	}
	if p.Fits[1].Err != nil || p.Weights[1] != nil {
		t.Fatalf("%v, weights %v", p.Fits[1].Err, p.Weights[1])
	}
	if f := fitted(p.Fits[1].Model.Forecast(nil, 1)); f[0] != 0 {
		t.Errorf("%v, want the last value", f)
	}
}

// The models of a panel can be saved, whatever was made of the methods; what holds its like cannot.
func TestFitPanelPersists(t *testing.T) {
	for _, by := range []forecast.CombineBy{forecast.TheBest, forecast.Equally, forecast.TheMedian} {
		p := fitted(forecast.FitPanel(bg, panel(), methods(), forecast.PanelOptions{By: by, Intervals: true, Backtest: forecast.BacktestOptions{Horizon: 2}}))
		for _, f := range p.Fits {
			saved(t, f.Model.(forecast.Persistent))
		}
	}
	var deep forecast.Forecaster = auto()
	for range 3 {
		deep = fitted(forecast.NewConformal(deep, [][]float64{{1, -1}}, forecast.ConformalOptions{}))
	}
	saved(t, deep.(forecast.Persistent))
	saved(t, fitted(forecast.Combine([]forecast.Forecaster{auto(), naive()}, []float64{1, math.Copysign(0, -1)})))
	saved(t, fitted(forecast.NewConformal(naive(), [][]float64{{1, -1}}, forecast.ConformalOptions{Rate: math.Copysign(0, -1)})))
	five := fitted(forecast.Combine([]forecast.Forecaster{deep}, nil))
	if data, err := five.MarshalBinary(); !errors.Is(err, forecast.ErrMismatch) || len(data) > 0 {
		t.Errorf("five deep: %v", err)
	}
	// Nor is such a frame read, however it came to be.
	frame := fitted(deep.(forecast.Persistent).MarshalBinary())
	for range 3 {
		var w codec.Writer
		w.Int(1)
		w.Bytes(frame)
		w.Float64s([]float64{1})
		frame = w.AppendFrame(nil, codec.KindCombination, 1)
		if err := new(forecast.Combination).UnmarshalBinary(frame); !errors.Is(err, forecast.ErrCorrupt) {
			t.Error(err)
		}
	}
}

// saved writes a model, reads it, and wants the same bytes and forecasts.
func saved(t *testing.T, m forecast.Persistent) {
	t.Helper()
	var b bytes.Buffer
	fitted(forecast.WriteModel(&b, m))
	data := slices.Clone(b.Bytes())
	back, err := forecast.ReadModel(&b)
	if err != nil {
		t.Fatalf("%T: %v", m, err)
	}
	if !bytes.Equal(fitted(back.MarshalBinary()), data) {
		t.Errorf("%T: other bytes", m)
	}
	want := fitted(m.Quantiles(nil, 3, []float64{.1, .9}))
	for i, q := range fitted(back.Quantiles(nil, 3, []float64{.1, .9})) {
		testkit.Near(t, "quantile", q, want[i], 0)
	}
}

// Series in another order get the same bytes, though they are judged together.
func TestFitPanelOrder(t *testing.T) {
	series := planted(30, 40, 5)
	for i := range series {
		scale := math.Exp(float64(i % 7))
		for k := range series[i].Y {
			series[i].Y[k] *= scale
		}
	}
	for _, by := range []forecast.CombineBy{forecast.InverseError, forecast.Stacked} {
		opt := forecast.PanelOptions{By: by, Intervals: true, Backtest: forecast.BacktestOptions{Horizon: 2, Cuts: 4}}
		p := fitted(forecast.FitPanel(bg, series, methods(), opt))
		turned := slices.Clone(series)
		slices.Reverse(turned)
		q := fitted(forecast.FitPanel(bg, turned, methods(), opt))
		for i := range series {
			a := fitted(p.Fits[i].Model.(forecast.Persistent).MarshalBinary())
			b := fitted(q.Fits[len(series)-1-i].Model.(forecast.Persistent).MarshalBinary())
			if !bytes.Equal(a, b) {
				t.Fatalf("way %d, series %d: other bytes", by, i)
			}
		}
	}
}

// Demand does not fall below 0, with intervals of the backtest and without.
func TestFitPanelNonNegative(t *testing.T) {
	y := []float64{90, 80, 70, 60, 50, 40, 30, 20, 10}
	ways := []forecast.Method{{Name: "drift", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{Drift: true})}}
	for _, intervals := range []bool{false, true} {
		p := fitted(forecast.FitPanel(bg, []forecast.Series{{Y: y}}, ways, forecast.PanelOptions{NonNegative: true, Intervals: intervals}))
		f := p.Fits[0].Model
		for _, x := range append(fitted(f.Forecast(nil, 4)), fitted(f.Quantiles(nil, 4, []float64{.1, .9}))...) {
			if x < 0 {
				t.Errorf("%t: %v", intervals, x)
			}
		}
	}
}

// With few cuts intervals hold what they say, too: an error is not measured by itself.
func TestFitPanelFewCuts(t *testing.T) {
	for _, cuts := range []int{2, 3, 4, 8} {
		r := rng.New(4, 0, uint64(cuts))
		series, next := make([]forecast.Series, 600), make([]float64, 600)
		for i := range series {
			scale := math.Exp(3 * r.Float64())
			for range 40 {
				series[i].Y = append(series[i].Y, scale*r.Normal())
			}
			next[i] = scale * r.Normal()
		}
		ways := []forecast.Method{{Name: "mean", Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{})}}
		p := fitted(forecast.FitPanel(bg, series, ways, forecast.PanelOptions{Backtest: forecast.BacktestOptions{Cuts: cuts}, Intervals: true}))
		inside := 0.0
		for i, f := range p.Fits {
			q := fitted(f.Model.Quantiles(nil, 1, []float64{.05, .95}))
			if next[i] >= q[0] && next[i] <= q[1] {
				inside++
			}
		}
		t.Logf("%d cuts: %.3f", cuts, inside/600)
		if share := inside / 600; share < .875 || share > .985 {
			t.Errorf("%d cuts: %.3f within .9 intervals", cuts, share)
		}
	}
}

// The frame of what FitAuto once made holds a combination without names.
func TestAutoOfNames(t *testing.T) {
	for _, inner := range []*forecast.Combination{auto(), fitted(forecast.Combine([]forecast.Forecaster{naive()}, nil))} {
		var w codec.Writer
		w.Strings(make([]string, 1))
		w.Bytes(fitted(inner.MarshalBinary()))
		w.Float64(1)
		w.Float64(1)
		w.Bool(false)
		if err := new(forecast.Combination).UnmarshalBinary(w.AppendFrame(nil, codec.KindAuto, 1)); !errors.Is(err, forecast.ErrCorrupt) {
			t.Error(err)
		}
	}
}

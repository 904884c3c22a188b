package forecast_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// A method sees what was known at its cut and no more: spoiling all that came later changes no
// forecast, and no slice reaches further.
func TestBacktestLeaksNothing(t *testing.T) {
	const h, cut = 3, 16
	clean := panel()
	run := func(series []forecast.Series) []float64 {
		spy := forecast.Method{Name: "spy", Fit: func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
			n := len(s.Y)
			if len(s.Known[0]) != n+h || len(s.Past[0]) != n || s.Censored != nil && len(s.Censored) != n || cap(s.Y) != n || cap(s.Known[0]) != n+h {
				t.Errorf("cut at %d sees %d known, %d past, %d censored, room for %d", n, len(s.Known[0]), len(s.Past[0]), len(s.Censored), cap(s.Y))
			}
			y := s.Demand(nil)
			for i := range y {
				y[i] += s.Past[0][i] + s.Known[0][i+h]
			}
			return forecast.FitMean(ctx, y, forecast.MeanOptions{})
		}}
		r := fitted(forecast.Backtest(bg, series, append(methods(), spy), forecast.BacktestOptions{Horizon: h, Cuts: 1, Step: 1}))
		var out []float64
		for m := range r.Methods() {
			for s := range series {
				out = fitted(r.Forecast(out, m, s, 0))
			}
		}
		return out
	}
	for i := range clean { // the only cut is at 16
		clean[i].Y, clean[i].Past[0] = clean[i].Y[:cut+h], clean[i].Past[0][:cut+h]
		if clean[i].Censored != nil {
			clean[i].Censored = clean[i].Censored[:cut+h]
		}
	}
	want := run(clean)
	spoilt := panel()
	for i := range spoilt {
		s := &spoilt[i]
		s.Y, s.Past[0] = s.Y[:cut+h], s.Past[0][:cut+h]
		for k := cut; k < cut+h; k++ {
			s.Y[k], s.Past[0][k] = 1e6, -1e6
		}
		for k := cut + h; k < len(s.Known[0]); k++ {
			s.Known[0][k] = 1e9
		}
		if s.Censored != nil {
			s.Censored = s.Censored[:cut+h]
		}
	}
	for i, got := range run(spoilt) {
		if got != want[i] {
			t.Fatalf("forecast %d is %v, before the future was spoilt %v", i, got, want[i])
		}
	}
}

// Every measure by hand on two cuts of one series.
func TestBacktestScores(t *testing.T) {
	series := []forecast.Series{{Y: []float64{2, 4, 3, 5, 9, 6}, Censored: []bool{false, false, false, false, false, true}}, {Y: []float64{1, 2, 2, 4, 4, 8}}}
	last := forecast.Method{Name: "last", Fit: forecast.With(forecast.FitNaive, forecast.NaiveOptions{})}
	r := fitted(forecast.Backtest(bg, series, []forecast.Method{last}, forecast.BacktestOptions{
		Cuts: 2, Weights: []float64{4, 5},
	}))
	// cuts at 4 and 5: series 0 foresees 5 for 9, then 9 for a censored 6; series 1 4 for 4, 4 for 8
	s := fitted(r.Score(0))
	if s.N != 3 || s.Method != "last" || s.Failures != 0 || s.Quantiled != 3 {
		t.Errorf("%+v", s)
	}
	testkit.Near(t, "MAE", s.MAE, 8./3, 1e-12)
	testkit.Near(t, "Bias", s.Bias, 8./3, 1e-12)
	testkit.Near(t, "WAPE", s.WAPE, 8./21, 1e-12)
	testkit.Near(t, "WMAE", s.WMAE, (4*4.+0*4+4*5)/(4+4+5), 1e-12)
	testkit.Near(t, "SMAPE", s.SMAPE, (200*4./14+0+200*4./12)/3, 1e-12)
	// naive changes of series 0 before 4: 2 1 2; of series 1: 1 0 2, then 1 0 2 0
	testkit.Near(t, "MASE", s.MASE, (4/(5./3)+0+4/(3./4))/3, 1e-12)
	testkit.Near(t, "RMSSE", s.RMSSE, (4/math.Sqrt(9./3)+0+4/math.Sqrt(5./4))/3, 1e-12)
	one := fitted(r.SeriesScore(0, 0))
	testkit.Near(t, "MAE of one", one.MAE, 4, 1e-12)
	e := fitted(r.Residuals(0, 1))
	if len(e) != 1 || len(e[0]) != 2 || e[0][0] != 0 || e[0][1] != 4 {
		t.Errorf("residuals %v", e)
	}
	if a := fitted(r.Actual(nil, 0, 1)); !math.IsNaN(a[0]) {
		t.Errorf("a censored value judges: %v", a)
	}
}

// A method that fails is counted and stops nobody; bad input is named.
func TestBacktestFailures(t *testing.T) {
	broken := forecast.Method{Name: "broken", Fit: func(context.Context, forecast.Series) (forecast.Forecaster, error) { return nil, forecast.ErrUndefined }}
	null := forecast.Method{Name: "nil", Fit: func(context.Context, forecast.Series) (forecast.Forecaster, error) { return nil, nil }}
	r := fitted(forecast.Backtest(bg, panel(), append(methods(), broken, null), forecast.BacktestOptions{Cuts: 2}))
	for m := range r.Methods() {
		s := fitted(r.Score(m))
		if bad := m >= 3; bad != (s.Failures == 4) || bad != (s.Err != nil) || bad != math.IsNaN(s.MAE) {
			t.Errorf("%+v", s)
		}
		if one := fitted(r.SeriesScore(m, 1)); one.Failures*2 != s.Failures || (one.Err != nil) != (s.Err != nil) {
			t.Errorf("of one series: %+v", one)
		}
	}
	p := fitted(forecast.FitPanel(bg, append(panel(), forecast.Series{Y: []float64{3, 4}}, forecast.Series{}), []forecast.Method{broken, methods()[0]}, forecast.PanelOptions{}))
	for s, f := range p.Fits {
		if (f.Err == nil) != (s < 3) {
			t.Errorf("series %d: %v", s, f.Err)
		}
	}
	for name, c := range map[string]struct {
		series  []forecast.Series
		methods []forecast.Method
		opt     forecast.BacktestOptions
		want    error
	}{
		"no series":  {nil, methods(), forecast.BacktestOptions{}, forecast.ErrEmpty},
		"no methods": {panel(), nil, forecast.BacktestOptions{}, forecast.ErrEmpty},
		"two ways":   {panel(), []forecast.Method{{Fit: methods()[0].Fit, FitPanel: methods()[2].FitPanel}}, forecast.BacktestOptions{}, forecast.ErrOption},
		"too short":  {[]forecast.Series{{Y: []float64{1, 2}}}, methods(), forecast.BacktestOptions{}, forecast.ErrEmpty},
		"short plan": {[]forecast.Series{{Y: sales(), Known: [][]float64{{1}}}}, methods(), forecast.BacktestOptions{}, forecast.ErrShape},
		"horizon":    {panel(), methods(), forecast.BacktestOptions{Horizon: -1}, forecast.ErrOption},
		"weight":     {panel(), methods(), forecast.BacktestOptions{Weights: []float64{-1}}, forecast.ErrOption},
	} {
		if r, err := forecast.Backtest(bg, c.series, c.methods, c.opt); !errors.Is(err, c.want) || r != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// planted are series of two kinds: those that repeat every four periods, and random walks.
func planted(n, periods int, seed uint64) []forecast.Series {
	r := rng.New(seed, 0, 0)
	out := make([]forecast.Series, n)
	for i := range out {
		level := 50.0
		for t := range periods {
			v := 50 + 20*math.Sin(math.Pi/2*float64(t)) + r.Normal()
			if i%2 == 1 {
				level += 3 * r.Normal()
				v = level
			}
			out[i].Y = append(out[i].Y, v)
		}
	}
	return out
}

// Every series gets the method that suits it, and combinations are between the best and the mean
// of their parts.
func TestFitPanelChooses(t *testing.T) {
	series := planted(40, 60, 1)
	ways := methods()[:2]
	p := fitted(forecast.FitPanel(bg, series, ways, forecast.PanelOptions{Backtest: forecast.BacktestOptions{Cuts: 12}, Pool: 4}))
	right := 0
	for s, w := range p.Weights {
		if w[1-s%2] == 1 {
			right++
		}
	}
	if right < 38 {
		t.Errorf("%d of 40 series have the method that suits them", right)
	}
	for _, by := range []forecast.CombineBy{forecast.InverseError, forecast.Stacked} {
		p := fitted(forecast.FitPanel(bg, series, ways, forecast.PanelOptions{Backtest: forecast.BacktestOptions{Cuts: 12}, By: by, Pool: 4}))
		mean := 0.0
		for s, w := range p.Weights {
			if sum := w[0] + w[1]; math.Abs(sum-1) > 1e-9 || w[0] < 0 || w[1] < 0 {
				t.Fatalf("way %d: weights %v", by, w)
			}
			mean += w[1-s%2] / 40
		}
		if mean < .6 {
			t.Errorf("way %d gives what suits a series %.2f", by, mean)
		}
	}
	// The median of three, by hand.
	three := fitted(forecast.FitPanel(bg, series[:2], methods(), forecast.PanelOptions{By: forecast.TheMedian, Backtest: forecast.BacktestOptions{Cuts: 4}}))
	var each []float64
	for _, f := range []forecast.Forecaster{
		fitted(forecast.FitNaive(bg, series[1].Y, forecast.NaiveOptions{})), fitted(forecast.FitNaive(bg, series[1].Y, forecast.NaiveOptions{Season: 4})),
		fitted(forecast.FitMean(bg, series[1].Y, forecast.MeanOptions{Window: 6})),
	} {
		each = fitted(f.Forecast(each, 1))
	}
	slices.Sort(each)
	if got := fitted(three.Fits[1].Model.Forecast(nil, 1)); got[0] != each[1] {
		t.Errorf("median %v of %v", got, each)
	}
}

// Intervals from the backtest hold what they say on new periods, with few errors of one's own and
// with many.
func TestFitPanelIntervals(t *testing.T) {
	for _, cuts := range []int{6, 30} {
		r := rng.New(9, 0, uint64(cuts))
		series, next := make([]forecast.Series, 400), make([]float64, 400)
		for i := range series {
			scale := 1 + 20*r.Float64()
			for range 50 {
				series[i].Y = append(series[i].Y, scale*(r.Exp()-1)) // skewed
			}
			next[i] = scale * (r.Exp() - 1)
		}
		ways := []forecast.Method{{Name: "mean", Fit: forecast.With(forecast.FitMean, forecast.MeanOptions{})}}
		p := fitted(forecast.FitPanel(bg, series, ways, forecast.PanelOptions{Backtest: forecast.BacktestOptions{Cuts: cuts}, Intervals: true}))
		inside := 0
		for i, f := range p.Fits {
			q := fitted(f.Model.Quantiles(nil, 1, []float64{.1, .9}))
			if next[i] >= q[0] && next[i] <= q[1] {
				inside++
			}
		}
		if share := float64(inside) / 400; share < .75 || share > .88 {
			t.Errorf("%d cuts: %.3f within .8 intervals", cuts, share)
		}
	}
}

// Under drift fixed intervals fail and adaptive ones hold.
func TestConformalAdapts(t *testing.T) {
	share := func(rate float64) float64 {
		r := rng.New(2, 0, 0)
		calm := make([]float64, 40)
		for i := range calm {
			calm[i] = r.Normal()
		}
		model := fitted(forecast.FitNaive(bg, []float64{0, 0}, forecast.NaiveOptions{}))
		var f forecast.Forecaster = fitted(forecast.NewConformal(model, [][]float64{calm}, forecast.ConformalOptions{Level: .9, Rate: rate}))
		inside := 0
		y := 0.0
		for range 1000 {
			y += 4 * r.Normal() // four times as wild as before
			in := fitted(forecast.Intervals(nil, f, 1, .9))[0]
			if y >= in.Low && y <= in.High {
				inside++
			}
			f = fitted(f.(forecast.Appender).Append([]float64{y}))
		}
		return float64(inside) / 1000
	}
	if x := share(0); x > .5 {
		t.Errorf("fixed intervals hold %.3f", x)
	}
	if x := share(.05); x < .87 || x > .92 {
		t.Errorf("adaptive intervals hold %.3f, want .9", x)
	}
}

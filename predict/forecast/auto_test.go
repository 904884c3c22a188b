package forecast_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// Series of the conformance suite: of demand with a season and a trend.
func seasonal(seed uint64, n int) []float64 {
	r, y := rng.New(seed, 0, 0), make([]float64, n)
	level := 100.0
	for i := range y {
		level += .4 + r.Normal()
		y[i] = level * (1 + .3*math.Sin(2*math.Pi*float64(i)/12)) * (1 + .05*r.Normal())
	}
	return y
}

// TestConformance asks of every method of single series what a forecaster promises; see conforms.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		fit    forecast.Fit
		shifts bool // means move with the series
	}{
		"naive":      {forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 12, Drift: true}), true},
		"mean":       {forecast.With(forecast.FitMean, forecast.MeanOptions{Season: 12}), true},
		"median":     {forecast.With(forecast.FitMean, forecast.MeanOptions{Window: 6, Median: true}), true},
		"root":       {forecast.With(forecast.FitMean, forecast.MeanOptions{HalfLife: 2.5, Root: true}), false},
		"simple":     {forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "ANN", Alpha: .3}), true},
		"winters":    {forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "AAA", Season: 12, Alpha: .3, Beta: .1, Gamma: .2}), true},
		"ETS AAN":    {forecast.With(forecast.FitETS, forecast.ETSOptions{Model: "AAN"}), true},
		"ETS":        {forecast.With(forecast.FitETS, forecast.ETSOptions{Season: 12}), false},
		"theta":      {forecast.With(forecast.FitTheta, forecast.ThetaOptions{Season: 12}), false},
		"theta only": {forecast.With(forecast.FitTheta, forecast.ThetaOptions{}), true},
		"arima":      {forecast.With(forecast.FitARIMA, forecast.ARIMAOptions{Model: "(1,0,1)(0,1,1) with drift", Season: 12}), true},
		"arima auto": {forecast.With(forecast.FitARIMA, forecast.ARIMAOptions{}), false},
		"auto":       {forecast.With(forecast.FitAuto, forecast.AutoOptions{Season: 12}), false},
		"croston":    {forecast.With(forecast.FitIntermittent, forecast.IntermittentOptions{Model: "Croston"}), false},
		"tsb":        {forecast.With(forecast.FitIntermittent, forecast.IntermittentOptions{Model: "TSB"}), false},
		"imapa":      {forecast.With(forecast.FitIntermittent, forecast.IntermittentOptions{Model: "IMAPA"}), false},
		"stl":        {forecast.With(forecast.FitSTL, forecast.STLOptions{Decompose: forecast.DecomposeOptions{Seasons: []int{12}}}), true},
		"regression": {forecast.With(forecast.FitRegression, forecast.RegressionOptions{Trend: true, Seasons: []float64{12}}), true},
		"combined":   {combined, true},
		"conformal":  {conformed, true},
	} {
		t.Run(name, func(t *testing.T) { conforms(t, c.fit, c.shifts) })
	}
}

// conforms checks a method: the same bytes again; twice the series, twice the forecast, and, if it
// shifts, one moved with the series; quantiles in order around the mean; missing periods and series
// of every length answered finitely or refused by a sentinel; the series not written to; a binary
// form that says the same; many series in any order and at any number of workers.
func conforms(t *testing.T, fit forecast.Fit, shifts bool) {
	if err := forecast.CheckFit(bg, fit); err != nil {
		t.Error(err)
	}
	y := seasonal(1, 72)
	kept := append([]float64(nil), y...)
	of := func(y []float64) forecast.Series { return forecast.Series{Y: y} }
	m := fitted(fit(bg, of(y)))
	mean := fitted(m.Forecast(nil, 18))
	near := func(what string, got []float64, want func(i int) float64, tol float64) {
		t.Helper()
		for i := range mean {
			testkit.Near(t, what, got[i], want(i), tol*math.Abs(mean[i]))
		}
	}
	for i, v := range y {
		if v != kept[i] {
			t.Fatal("the series was written to")
		}
	}
	again := fitted(fitted(fit(bg, of(y))).Forecast(nil, 18))
	near("again", again, func(i int) float64 { return mean[i] }, 0)
	change := func(a, b float64) []float64 {
		z := make([]float64, len(y))
		for i, v := range y {
			z[i] = a + b*v
		}
		return fitted(fitted(fit(bg, of(z))).Forecast(nil, 18))
	}
	near("twice", change(0, 2), func(i int) float64 { return 2 * mean[i] }, 1e-9)
	near("in cents", change(0, 100), func(i int) float64 { return 100 * mean[i] }, 1e-2)
	if shifts {
		near("shifted", change(50, 1), func(i int) float64 { return 50 + mean[i] }, 2e-3)
	}
	q := fitted(m.Quantiles(nil, 18, []float64{.025, .1, .5, .9, .975}))
	for i := range mean {
		for k := 1; k < 5; k++ {
			if !(q[5*i+k] >= q[5*i+k-1]) {
				t.Errorf("period %d: quantiles %v", i, q[5*i:5*i+5])
			}
		}
	}
	for n := range 30 {
		z := append([]float64(nil), y[:n]...)
		for _, gap := range []int{-1, n / 2, n - 1} {
			if gap >= 0 && gap < n {
				z[gap] = math.NaN()
			}
			short, err := fit(bg, of(z))
			if err != nil {
				if !errors.Is(err, forecast.ErrEmpty) && !errors.Is(err, forecast.ErrUndefined) {
					t.Errorf("%d periods: %v", n, err)
				}
				continue
			}
			for _, f := range fitted(short.Forecast(nil, 3)) {
				if math.IsNaN(f) || math.IsInf(f, 0) {
					t.Errorf("%d periods: forecast %v", n, f)
				}
			}
		}
	}
	for _, constant := range []float64{0, 5} {
		flat := make([]float64, 40)
		for i := range flat {
			flat[i] = constant
		}
		for _, f := range fitted(fitted(fit(bg, of(flat))).Forecast(nil, 2)) {
			testkit.Near(t, "constant", f, constant, 1e-9)
		}
	}
	data := bytesOf(m)
	many := []forecast.Series{of(seasonal(2, 50)), of(y), {}, of(seasonal(3, 40))}
	all := each(many, fit, 1)
	turned := each([]forecast.Series{many[3], many[2], many[1], many[0]}, fit, 4)
	if all[2].Err == nil || all[1].Err != nil {
		t.Errorf("errors of many: %v, %v", all[2].Err, all[1].Err)
	}
	for i, f := range []forecast.Forecaster{all[1].Model, turned[2].Model} {
		if bytesOf(f) != data {
			t.Errorf("among many (%d): other bytes", i)
		}
	}
}

// each fits one method to every series.
func each(series []forecast.Series, fit forecast.Fit, workers int) []forecast.Fitted {
	p := fitted(forecast.FitPanel(bg, series, []forecast.Method{{Fit: fit}}, forecast.PanelOptions{Backtest: forecast.BacktestOptions{Workers: workers}}))
	return p.Fits
}

// A method that breaks a promise is told which.
func TestCheckFit(t *testing.T) {
	bent := func(how string) forecast.Fit {
		return func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
			m, err := forecast.FitMean(ctx, s.Y, forecast.MeanOptions{})
			if err != nil {
				return nil, err
			}
			return &bentMean{m: m, how: how}, nil
		}
	}
	broken := map[string]forecast.Fit{
		"Forecast of 0 periods":                          bent("any horizon"),
		"a whole series: Quantiles of .1, .5 and .9 are": bent("turned"),
		"4 periods: Quantiles of .1, .5 and .9 are":      bent("short"),
		"Quantiles of [0]":                               bent("any probability"),
		"another unit: three means":                      bent("once"),
		"Append changed its receiver":                    bent("moves"),
		"written to": func(_ context.Context, s forecast.Series) (forecast.Forecaster, error) {
			if len(s.Y) > 0 {
				s.Y[0] = 0
			}
			return scant{}, nil
		},
		"three means": func(context.Context, forecast.Series) (forecast.Forecaster, error) { return scant{}, nil },
		"neither":     func(context.Context, forecast.Series) (forecast.Forecaster, error) { return nil, nil },
		"ended": func(_ context.Context, s forecast.Series) (forecast.Forecaster, error) {
			return forecast.FitMean(bg, s.Y, forecast.MeanOptions{})
		},
		"100 times": func(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
			m, err := forecast.FitMean(ctx, s.Y, forecast.MeanOptions{})
			if err != nil {
				return nil, err
			}
			return m.Append([]float64{5000})
		},
	}
	for what, fit := range broken {
		if err := forecast.CheckFit(bg, fit); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := forecast.CheckFit(bg, nil); !errors.Is(err, forecast.ErrEmpty) {
		t.Error(err)
	}
}

// bentMean is a mean that breaks a promise.
type bentMean struct {
	m     *forecast.Mean
	how   string
	moved float64
}

func (b *bentMean) Forecast(dst []float64, h int) ([]float64, error) {
	if b.how == "any horizon" && h == 0 {
		return dst, nil
	}
	from := len(dst)
	dst, err := b.m.Forecast(dst, h)
	for i := range dst[from:] {
		dst[from+i] += b.moved
		if b.how == "once" && dst[from+i] > 1000 {
			dst[from+i] = math.Inf(1)
		}
	}
	return dst, err
}

func (b *bentMean) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	from := len(dst)
	if b.how == "any probability" && slices.Equal(probs, []float64{0}) {
		return dst, nil
	}
	dst, err := b.m.Quantiles(dst, h, probs)
	for i := range dst[from:] {
		switch y := fitted(b.m.Fitted(nil)); {
		case b.how == "turned":
			dst[from+i] *= -1
		case b.how == "short" && len(y) < 5:
			dst[from+i] = math.NaN()
		}
	}
	return dst, err
}

func (b *bentMean) Append([]float64) (forecast.Forecaster, error) {
	if b.how == "moves" {
		b.moved++
	}
	return b, nil
}

// bytesOf is the binary form of a model, or of one without what it says.
func bytesOf(f forecast.Forecaster) string {
	if p, ok := f.(forecast.Persistent); ok {
		return string(fitted(p.MarshalBinary()))
	}
	return fmt.Sprint(fitted(f.Forecast(nil, 18)), fitted(f.Quantiles(nil, 18, []float64{.1, .9})))
}

func combined(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
	y := s.Y
	a, err := forecast.FitNaive(ctx, y, forecast.NaiveOptions{Season: 12})
	if err != nil {
		return nil, err
	}
	b, err := forecast.FitMean(ctx, y, forecast.MeanOptions{})
	if err != nil {
		return nil, err
	}
	return forecast.Combine([]forecast.Forecaster{a, b}, []float64{2, 1})
}

func conformed(ctx context.Context, s forecast.Series) (forecast.Forecaster, error) {
	f, err := combined(ctx, s)
	if err != nil {
		return nil, err
	}
	return forecast.NewConformal(f, [][]float64{{-3, 1, 2}, {5, -4}}, forecast.ConformalOptions{})
}

// What combines is no worse than its parts on planted series, over all, and its intervals hold.
func TestAutoPlanted(t *testing.T) {
	var own, naive float64
	held, total := 0, 0
	for seed := range uint64(25) {
		y := seasonal(seed+100, 84)
		m := fitted(forecast.FitAuto(bg, y[:72], forecast.AutoOptions{Season: 12}))
		n := fitted(forecast.FitNaive(bg, y[:72], forecast.NaiveOptions{Season: 12}))
		last := fitted(n.Forecast(nil, 12))
		for i, o := range fitted(forecast.Intervals(nil, m, 12, .8)) {
			own += math.Abs(y[72+i] - o.Mean)
			naive += math.Abs(y[72+i] - last[i])
			total++
			if o.Low <= y[72+i] && y[72+i] <= o.High {
				held++
			}
		}
	}
	if own > .9*naive {
		t.Errorf("error %v, seasonal naive %v", own, naive)
	}
	if share := float64(held) / float64(total); share < .72 || share > .95 {
		t.Errorf("80 %% intervals hold %v", share)
	}
}

// A level that broke is told, with the period that stands alone; a season, a trend and noise are not.
func TestAutoWarns(t *testing.T) {
	quiet := 0
	for seed := range uint64(12) {
		if m := fitted(forecast.FitAuto(bg, seasonal(seed, 72)[:60], forecast.AutoOptions{Season: 12, Horizon: 4})); len(m.Warnings()) == 0 {
			quiet++
		}
	}
	if quiet < 11 {
		t.Errorf("%d of 12 series without a break are quiet", quiet)
	}
	r, y := rng.New(3, 0, 0), make([]float64, 60)
	for i := range y {
		y[i] = 100 + r.Normal()
		if i >= 40 {
			y[i] += 30
		}
	}
	y[57] = 300
	w := fitted(forecast.FitAuto(bg, y, forecast.AutoOptions{})).Warnings()
	if len(w) != 2 || !strings.HasPrefix(w[0], "the level broke in period 40: ") || !strings.HasPrefix(w[1], "period 57 stands alone: 300") {
		t.Errorf("%q", w)
	}
}

// Demand that is not smooth has methods of its own, and single large orders do not move its level.
func TestAutoUnsteady(t *testing.T) {
	r := rng.New(5, 0, 0)
	seldom, bulky := make([]float64, 80), make([]float64, 80)
	for i := range seldom {
		if r.Bool(.3) {
			seldom[i] = float64(1 + r.Poisson(2))
		}
		bulky[i] = float64(10 + r.Poisson(10))
		if i%9 == 7 {
			bulky[i] = 400
		}
	}
	for name, c := range map[string]struct {
		y    []float64
		want string
		most float64
	}{"seldom": {seldom, "intermittent", 2}, "bulky": {bulky, "root level", 60}} {
		m := fitted(forecast.FitAuto(bg, c.y, forecast.AutoOptions{NonNegative: true}))
		if !slices.Contains(m.Names(), c.want) || !slices.Contains(m.Names(), "median of eight") {
			t.Errorf("%s: %q", name, m.Names())
		}
		if f := fitted(m.Forecast(nil, 1))[0]; f < 0 || f > c.most {
			t.Errorf("%s: %v", name, f)
		}
		moved := fitted(m.Append([]float64{0, 3}))
		if f := fitted(moved.Quantiles(nil, 1, []float64{.1, .9})); f[0] < 0 || f[1] < f[0] {
			t.Errorf("%s: %v", name, f)
		}
	}
	if m := fitted(forecast.FitAuto(bg, sales(), forecast.AutoOptions{Season: 12})); slices.Contains(m.Names(), "root level") {
		t.Errorf("smooth: %q", m.Names())
	}
}

// Short and odd series are answered; demand never falls below 0.
func TestAutoShort(t *testing.T) {
	one := fitted(forecast.FitAuto(bg, []float64{7}, forecast.AutoOptions{Season: 12}))
	if f := fitted(one.Forecast(nil, 2)); f[1] != 7 {
		t.Errorf("one value: %v", f)
	}
	if _, err := one.Quantiles(nil, 1, []float64{.5}); !errors.Is(err, forecast.ErrUndefined) {
		t.Errorf("quantiles of one value: %v", err)
	}
	fallen := fitted(forecast.FitAuto(bg, []float64{90, 80, 71, 59, 52, 40, 31, 19, 11, 2}, forecast.AutoOptions{NonNegative: true}))
	for _, q := range fitted(fallen.Quantiles(nil, 8, []float64{.01, .5})) {
		if q < 0 {
			t.Errorf("demand below 0: %v", q)
		}
	}
	if m, err := forecast.FitAuto(bg, []float64{math.NaN()}, forecast.AutoOptions{}); !errors.Is(err, forecast.ErrEmpty) || m != nil {
		t.Errorf("nothing observed: %v", err)
	}
}

// The choice made on the training parts of three real sets, against the seasonal naive forecast and
// the figures of statsforecast 2.1.1 on the same split (SeasonalNaive, AutoTheta):
// m4-hourly MASE 1.193, 2.456, sMAPE 13.91, 18.16; jewelry MASE 1.101, .978 at m = 52, .710, .692 at
// m = 1; walmart MASE .879, .791, WMAE 1,821, 1,507.
//
//	AISLE_LONG=1 go test -v -timeout 60m -run AutoShared ./predict/forecast
func TestAutoShared(t *testing.T) {
	testkit.Long(t)
	for _, s := range []sharedSet{m4Hourly(t), jewelryWeekly(t, 52, .978), jewelryWeekly(t, 1, .6921), walmartWeekly(t)} {
		t.Run(fmt.Sprintf("%s/%d", s.name, s.season), func(t *testing.T) { s.hold(t) })
	}
}

// hold fits FitAuto to every series of the set, and asks for errors and intervals.
func (s sharedSet) hold(t *testing.T) {
	var series []forecast.Series
	for _, y := range s.train {
		series = append(series, forecast.Series{Y: y})
	}
	fits := each(series, forecast.With(forecast.FitAuto, forecast.AutoOptions{Season: s.season, Horizon: s.h, NonNegative: true}), 0)
	var mase, smape, wmae, held80, held95, n float64
	for i, f := range fits {
		if f.Err != nil {
			t.Fatal(f.Err)
		}
		scale, y := 0.0, s.train[i]
		for k := s.season; k < len(y); k++ {
			scale += math.Abs(y[k]-y[k-s.season]) / float64(len(y)-s.season)
		}
		q := fitted(f.Model.Quantiles(nil, s.h, []float64{.025, .1, .9, .975}))
		for k, x := range fitted(f.Model.Forecast(nil, s.h)) {
			v := s.test[i][k]
			mase += math.Abs(v-x) / scale
			smape += 200 * math.Abs(v-x) / (math.Abs(v) + math.Abs(x) + 1e-300)
			wmae += math.Abs(v-x) * float64(1+4*max(0, 1-k)) / 12 * 8
			if q[4*k+1] <= v && v <= q[4*k+2] {
				held80++
			}
			if q[4*k] <= v && v <= q[4*k+3] {
				held95++
			}
			n++
		}
	}
	t.Logf("%s: MASE %.4f, sMAPE %.3f, WMAE %.1f, 80 %% hold %.3f, 95 %% hold %.3f", s.name, mase/n, smape/n, wmae/n, held80/n, held95/n)
	if mase/n > s.mase || smape/n > s.smape || wmae/n > s.wmae || held80/n < .78 || held95/n < .93 {
		t.Errorf("%s: MASE %v, sMAPE %v, intervals %v %v", s.name, mase/n, smape/n, held80/n, held95/n)
	}
}

// sharedSet is a real set, cut, and the errors that must not be passed.
type sharedSet struct {
	name        string
	season, h   int
	train, test [][]float64
	mase, smape float64
	wmae        float64 // the first week, which is a holiday's, weighs five
}

func m4Hourly(t *testing.T) sharedSet {
	s := sharedSet{name: "m4-hourly", season: 24, h: 48, mase: 1.193, smape: 13.912, wmae: math.Inf(1)}
	for _, row := range sharedCSV(t, "data", "m4-hourly", "train.csv.gz") {
		s.train = append(s.train, numbers(row[1:]))
	}
	for _, row := range sharedCSV(t, "data", "m4-hourly", "test.csv.gz") {
		s.test = append(s.test, numbers(row[1:]))
	}
	return s
}

func jewelryWeekly(t *testing.T, season int, mase float64) sharedSet {
	s := sharedSet{name: "jewelry-weekly", season: season, h: 8, mase: mase, smape: math.Inf(1), wmae: math.Inf(1)}
	rows := sharedCSV(t, "data", "jewelry-weekly", "jewelry.csv.gz")
	for j := range rows[0][1:] {
		var y []float64
		for _, row := range rows {
			y = append(y, numbers(row[j+1:j+2])...)
		}
		s.train, s.test = append(s.train, y[:len(y)-8]), append(s.test, y[len(y)-8:])
	}
	return s
}

func walmartWeekly(t *testing.T) sharedSet {
	s := sharedSet{name: "walmart-weekly", season: 52, h: 8, mase: .791, smape: math.Inf(1), wmae: 1506}
	sales, keys := map[string][]float64{}, []string{}
	for _, row := range sharedCSV(t, "data", "walmart-weekly", "train.csv.gz") {
		key := row[0] + "/" + row[1]
		if sales[key] == nil {
			keys = append(keys, key)
		}
		sales[key] = append(sales[key], numbers(row[3:4])...)
	}
	for _, key := range keys {
		if y := sales[key]; len(y) == 143 { // every week
			s.train, s.test = append(s.train, y[:135]), append(s.test, y[135:])
		}
	}
	return s
}

// sharedCSV returns the rows of a shared file below its header.
func sharedCSV(t *testing.T, parts ...string) [][]string {
	r := csv.NewReader(bytes.NewReader(testkit.ReadShared(t, parts...)))
	r.FieldsPerRecord = -1
	return fitted(r.ReadAll())[1:]
}

// numbers reads the cells up to the first empty one.
func numbers(cells []string) (xs []float64) {
	for _, c := range cells {
		if c == "" {
			break
		}
		xs = append(xs, fitted(strconv.ParseFloat(c, 64)))
	}
	return xs
}

// A season of more periods than are forecast at once, such as the minutes of a week, needs no
// Horizon: what is refused is the context, which is looked at later.
func TestAutoLongSeason(t *testing.T) {
	ended, stop := context.WithCancel(bg)
	stop()
	if _, err := forecast.FitAuto(ended, make([]float64, 16*10080), forecast.AutoOptions{Season: 10080}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Demand with tails: single orders of many times the usual. The 95 % interval is widened to hold them, and quantiles
// stay in order where the mean lies above the 80 % quantile. It would hold .950 if it were not, .967 as it is.
func TestAutoTails(t *testing.T) {
	r := rng.New(21, 0, 0)
	held, n, shops := 0., 0., 60
	if testkit.Race {
		shops = 10
	}
	var probs []float64
	for p := .02; p < .99; p += .02 {
		probs = append(probs, p)
	}
	for i := range shops {
		var y []float64
		for range 88 {
			v := math.Round(6 * math.Exp(1.3*r.Normal()))
			if i%3 == 0 && !r.Bool(.2) {
				v = 0
			}
			y = append(y, v)
		}
		m := fitted(forecast.FitAuto(bg, y[:80], forecast.AutoOptions{Horizon: 8, NonNegative: true}))
		q := fitted(m.Quantiles(nil, 8, []float64{.025, .975}))
		for k, v := range y[80:] {
			n++
			if q[2*k] <= v && v <= q[2*k+1] {
				held++
			}
		}
		all := fitted(m.Quantiles(nil, 8, probs))
		for k := range all {
			if k%len(probs) > 0 && all[k] < all[k-1] {
				t.Fatalf("series %d: quantiles %v", i, all[k-k%len(probs):k+1])
			}
		}
		var back forecast.Combination
		must(back.UnmarshalBinary(fitted(m.MarshalBinary())))
	}
	if held/n < .958 && !testkit.Race {
		t.Errorf("95 %% intervals hold %.3f", held/n)
	}
	t.Logf("95 %% intervals hold %.3f of %v", held/n, n)
}

// TestAutoFromNothing: values out of all proportion to those before leave quantiles in order and a frame that is read.
func TestAutoFromNothing(t *testing.T) {
	r := rng.New(5, 0, 0)
	y := make([]float64, 60)
	for i := range y {
		y[i] = 1e-160 * r.Float64()
		if i >= 52 {
			y[i] = 1e100
		}
	}
	for _, opt := range []forecast.AutoOptions{{}, {Season: 12, Horizon: 3}, {Season: 4, NonNegative: true}} {
		m := fitted(forecast.FitAuto(bg, y, opt))
		q := fitted(m.Quantiles(nil, 1, []float64{.025, .1, .5, .9, .975}))
		if !slices.IsSorted(q) || math.IsInf(q[4], 0) || q[0] != q[0] {
			t.Errorf("%+v: quantiles %v", opt, q)
		}
		saved(t, m)
	}
}

// TestSpreadOrder: factors that descend make quantiles that do, and are refused, but in the frames that older versions
// wrote.
func TestSpreadOrder(t *testing.T) {
	for version, want := range map[int]error{2: nil, 3: forecast.ErrCorrupt} {
		var w codec.Writer
		w.Int(1)
		w.Bytes(fitted(naive().MarshalBinary()))
		w.Float64s([]float64{1})
		w.Strings([]string{"naive"})
		w.Float64(.9)
		w.Float64(.5)
		w.Bool(false)
		w.Strings(nil)
		frame := w.AppendFrame(nil, codec.KindCombination, uint16(version))
		if err := new(forecast.Combination).UnmarshalBinary(frame); !errors.Is(err, want) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// Learner fits any regression to rows of numbers, such as boosted trees, and returns what it
// learnt as a function of a row. Rows must not be kept or changed; they hold no NaN. The function
// must give the same for the same row.
type Learner func(ctx context.Context, rows [][]float64, y []float64) (func(row []float64) float64, error)

// LagOptions configures FitLags.
type LagOptions struct {
	// Horizon is how many periods are forecast; default 1.
	Horizon int
	// Learner is what learns; it must be given.
	Learner Learner
	// Lags are which of the last periods are columns, 1 the last; nil: 1 to 4 and 8.
	Lags []int
	// Windows are over how many last periods means and medians are columns; nil: 4, 8 and 13.
	Windows []int
	// Season adds the value a season before the period that is forecast; 0: none.
	Season int
	// Recursive learns one period ahead alone, and takes forecasts for values further on;
	// otherwise each period ahead has a fit of its own.
	Recursive bool
	// Raw learns values in units of the level of their series. Otherwise their logarithm is
	// learnt, ln(1 + 4v) of such units, whose mean turns back into something like the median of
	// skewed demand; values must not be negative then, nor are forecasts.
	Raw bool
	// Progress, if not nil, is called after each period ahead that is learnt, on the caller's goroutine.
	Progress func(Progress)
}

func (o LagOptions) withDefaults() LagOptions {
	o.Horizon = check.Default(o.Horizon, 1)
	if o.Lags == nil {
		o.Lags = []int{1, 2, 3, 4, 8}
	}
	if o.Windows == nil {
		o.Windows = []int{4, 8, 13}
	}
	return o
}

// validate names every bad field.
func (o LagOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Horizon >= 1 && o.Horizon <= 1000, "Horizon", o.Horizon, "1 to 1000")
	c.Require(o.Learner != nil, "Learner", nil, "a function")
	c.Require(len(o.Lags)+len(o.Windows) <= 200, "Lags", len(o.Lags), "at most 200 with Windows")
	for i, l := range o.Lags {
		c.Require(l >= 1 && l <= maxSeason, fmt.Sprintf("Lags[%d]", i), l, "at least 1")
	}
	for i, w := range o.Windows {
		c.Require(w >= 1 && w <= maxSeason, fmt.Sprintf("Windows[%d]", i), w, "at least 1")
	}
	c.Require(o.Season >= 0 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("0 to %d", maxSeason))
	return c.Err(where)
}

// lagFit is one fit over a panel.
type lagFit struct {
	opt    LagOptions
	series []Series
	demand [][]float64 // censored values missing
}

// FitLags learns the next Horizon periods of all series together from their own past: lags, means
// and medians of last periods, each in units of the mean of the last 13, the Known columns of the
// period that is forecast and how they differ from their mean in those 13, the last value of the
// Past columns, and Fixed. A row is what was known before its period, so nothing leaks; periods that
// are missing or censored are learnt by nobody. Series must have the same columns. Quantiles are from errors on the last fifth of
// the rows in time by a fit to those before, in the units of each series.
//
// It is the FitPanel of a Method:
//
//	forecast.Method{Name: "boosting", FitPanel: func(ctx context.Context, s []forecast.Series) ([]forecast.Fitted, error) {
//		return forecast.FitLags(ctx, s, opt)
//	}}
//
// Models are *Path. A series without an observed period, or without a plan for the horizon, has an error in its place. Cost: two
// fits of the Learner a period ahead, Recursive two in all. Errors: ErrOption; ErrEmpty for no
// series, or no rows to learn from; ErrShape for series of other columns; ErrNotFinite, ErrRange;
// those of Learner; context.Cause(ctx). Source: Montero-Manso and Hyndman, Principles and
// algorithms for forecasting groups of time series, 2021.
func FitLags(ctx context.Context, series []Series, opt LagOptions) ([]Fitted, error) {
	const where = "forecast: FitLags"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if err := checkPanel(where, series); err != nil {
		return nil, err
	}
	f := &lagFit{opt: o, series: series}
	for i, s := range series {
		a := series[0]
		if len(s.Known) != len(a.Known) || len(s.Past) != len(a.Past) || len(s.Fixed) != len(a.Fixed) {
			return nil, fmt.Errorf("%s: series %d has other columns than the first: %w", where, i, ErrShape)
		}
		if !o.Raw {
			if err := nonNegative(fmt.Sprintf("%s: series %d", where, i), s.Y); err != nil {
				return nil, err
			}
		}
		f.demand = append(f.demand, s.Demand(nil))
	}
	steps := o.Horizon
	if o.Recursive {
		steps = 1
	}
	learnt, errors := make([]func([]float64) float64, steps), make([][]float64, steps)
	count := &counter{tell: o.Progress, Progress: Progress{Total: steps}}
	for j := range steps {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var err error
		if learnt[j], errors[j], err = f.step(ctx, where, j); err != nil {
			return nil, err
		}
		count.done(1)
	}
	out := make([]Fitted, len(series))
	for i := range series {
		out[i] = f.path(where, i, learnt, errors)
	}
	return out, nil
}

// level is the mean size of the last 13 observed periods before t, at least a millionth of the
// largest; 0 where none is observed.
func level(y []float64, t int) float64 {
	sum, n, top := 0.0, 0.0, 0.0
	for k := t - 1; k >= 0 && n < 13; k-- {
		if v := math.Abs(y[k]); v == v {
			n++
			sum += v
			top = max(top, v)
		}
	}
	switch {
	case n == 0:
		return 0
	case sum == 0:
		return 1
	}
	return max(sum/n, top*1e-6)
}

// in and out are values in the units that are learnt.
func (f *lagFit) in(v, level float64) float64 {
	v = heldIn(v / level)
	if f.opt.Raw {
		return v
	}
	return math.Log1p(4 * v)
}

func (f *lagFit) out(v, level float64) float64 {
	if f.opt.Raw {
		return v * level
	}
	return max(math.Expm1(min(v, 200))/4, 0) * level
}

// row appends what is known of series i before period t about period t+j, y being its values; false
// where nothing is known of its past or a column of the period is not known.
func (f *lagFit) row(dst []float64, i int, y []float64, t, j int) ([]float64, bool) {
	unit := level(y, t)
	if unit == 0 {
		return dst, false
	}
	usual := f.in(unit, unit)
	at := func(k int) float64 { // a missing value is taken for the usual
		if k < 0 || k >= t || y[k] != y[k] {
			return usual
		}
		return f.in(y[k], unit)
	}
	for _, l := range f.opt.Lags {
		dst = append(dst, at(t-l))
	}
	for _, w := range f.opt.Windows {
		var last []float64
		mean := 0.0
		for k := max(t-w, 0); k < t; k++ {
			if y[k] == y[k] {
				last = append(last, f.in(y[k], unit))
				mean += last[len(last)-1]
			}
		}
		if len(last) == 0 {
			dst = append(dst, usual, usual)
			continue
		}
		dst = append(dst, mean/float64(len(last)), medianOf(last))
	}
	if m := f.opt.Season; m > 0 {
		back := t + j - m
		for back >= t {
			back -= m
		}
		dst = append(dst, at(back))
	}
	s := f.series[i]
	for _, x := range s.Known {
		if t+j >= len(x) || x[t+j] != x[t+j] {
			return dst, false
		}
		mean, n := x[t+j], 0.0
		for k := max(t-13, 0); k < t; k++ {
			if x[k] == x[k] {
				if n == 0 {
					mean = 0
				}
				n++
				mean += (x[k] - mean) / n
			}
		}
		dst = append(dst, x[t+j], x[t+j]-mean)
	}
	for _, x := range s.Past {
		v := 0.0
		for k := min(t, len(x)) - 1; k >= 0; k-- {
			if x[k] == x[k] {
				v = x[k]
				break
			}
		}
		dst = append(dst, v)
	}
	for _, v := range s.Fixed {
		if v != v {
			v = 0
		}
		dst = append(dst, v)
	}
	return dst, true
}

// step learns the j-th period ahead, and its errors in units of the level.
func (f *lagFit) step(ctx context.Context, where string, j int) (func([]float64) float64, []float64, error) {
	var rows [][]float64
	var y, units []float64
	var ago []int // periods from the target to the end of its series
	for i, d := range f.demand {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		for t := 1; t+j < len(d); t++ {
			if v := d[t+j]; v == v {
				row, ok := f.row(nil, i, d, t, j)
				if !ok {
					continue
				}
				unit := level(d, t)
				rows, y, units, ago = append(rows, row), append(y, f.in(v, unit)), append(units, unit), append(ago, len(d)-1-t-j)
			}
		}
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%s: no period %d ahead to learn from: %w", where, j+1, ErrEmpty)
	}
	// The last fifth of the periods judges; what is learnt for that ends before their origins.
	longest := slices.Max(ago)
	held := (longest + 1) / 5
	var early [][]float64
	var target []float64
	for k, a := range ago {
		if a >= held+j {
			early, target = append(early, rows[k]), append(target, y[k])
		}
	}
	var errors []float64
	if held > 0 && len(early) > 0 {
		judge, err := f.opt.Learner(ctx, early, target)
		if err != nil {
			return nil, nil, err
		}
		if judge == nil {
			return nil, nil, fmt.Errorf("%s: Learner returns no function: %w", where, ErrEmpty)
		}
		for k, a := range ago {
			if a < held {
				e := (f.out(y[k], units[k]) - f.out(judge(rows[k]), units[k])) / units[k]
				if check.Finite(e) {
					errors = append(errors, e+0)
				}
			}
		}
		slices.Sort(errors)
		errors = thinned(errors)
	}
	learnt, err := f.opt.Learner(ctx, rows, y)
	if err != nil {
		return nil, nil, err
	}
	if learnt == nil {
		return nil, nil, fmt.Errorf("%s: Learner returns no function: %w", where, ErrEmpty)
	}
	return learnt, errors, nil
}

// thinned are poolSize quantiles of sorted values, if they are more.
func thinned(x []float64) []float64 {
	if len(x) <= poolSize {
		return x
	}
	out := make([]float64, poolSize)
	for i := range out {
		out[i] = infer.Quantile(x, float64(i+1)/(poolSize+1))
	}
	return out
}

// path forecasts one series.
func (f *lagFit) path(where string, i int, learnt []func([]float64) float64, errors [][]float64) Fitted {
	y := f.demand[i]
	n := len(y)
	m := &Path{least: math.Inf(-1)}
	if !f.opt.Raw {
		m.least = 0
	}
	unit := level(y, n)
	if unit == 0 {
		return Fitted{Err: fmt.Errorf("%s: series %d: no observed period: %w", where, i, ErrEmpty)}
	}
	so := slices.Clone(y)
	for j := range f.opt.Horizon {
		at, ahead, k := n, j, j
		if f.opt.Recursive {
			at, ahead, k = n+j, 0, 0
		}
		row, ok := f.row(nil, i, so, at, ahead)
		if !ok {
			return Fitted{Err: fmt.Errorf("%s: series %d: a column of period %d to come is not known: %w", where, i, j, ErrUndefined)}
		}
		v := f.out(learnt[k](row), level(so, at))
		if !check.Finite(v) || math.Abs(v) > maxValue {
			return Fitted{Err: fmt.Errorf("%s: series %d: the forecast of period %d is %v: %w", where, i, j, v, ErrRange)}
		}
		m.mean = append(m.mean, v+0)
		so = append(so, v)
		spread := make([]float64, len(errors[k]))
		grow := 1.0
		if f.opt.Recursive {
			grow = math.Sqrt(float64(j + 1)) // errors add up as those of a walk, at most
		}
		for e, x := range errors[k] {
			spread[e] = x*unit*grow + 0
		}
		m.errors = append(m.errors, spread)
	}
	return Fitted{Model: m}
}

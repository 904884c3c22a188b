package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// CombineBy says what is made of several methods, series by series.
type CombineBy int

// Ways to make one forecast of several methods.
const (
	// TheBest takes the method of the least absolute error in the backtest.
	TheBest CombineBy = iota
	// Equally takes the mean of all.
	Equally
	// TheMedian takes the median of all.
	TheMedian
	// InverseError weights each by one over the square of its mean absolute error.
	InverseError
	// Stacked weights by non-negative least squares of what came on what was foreseen, drawn
	// to equal weights where little came.
	Stacked
)

// PanelOptions configures FitPanel. The zero value takes the best of eight one-step forecasts.
type PanelOptions struct {
	// Backtest is how methods are judged; its Level is not used, its Progress hears of the fits
	// of what was chosen, too.
	Backtest BacktestOptions
	// By is what is made of the methods; default TheBest.
	By CombineBy
	// Pool is how many forecasts of its own weigh as much for a series as the errors of the
	// methods in all series: few cuts tell little of one. Default 16, negative for none.
	Pool float64
	// Intervals replaces the quantiles of the models by those of their backtest, as
	// NewConformal does; a series with fewer than 20 errors a step borrows the errors of all, each in units of its series' mean absolute
	// error.
	Intervals bool
	// NonNegative cuts means and quantiles at 0, for demand.
	NonNegative bool
}

// minResiduals is how many errors of its own a step needs.
const minResiduals = 20

func (o PanelOptions) withDefaults() PanelOptions {
	o.Backtest = o.Backtest.withDefaults()
	o.Backtest.Level = -1
	o.Pool = check.OrOff(o.Pool, 16)
	return o
}

func (o PanelOptions) validate(where string) error {
	var c check.Options
	c.Require(o.By >= TheBest && o.By <= Stacked, "By", int(o.By), "a way of this package")
	c.Require(o.Pool >= 0 && o.Pool <= maxPeriods, "Pool", o.Pool, "finite")
	if err := c.Err(where); err != nil {
		return err
	}
	return o.Backtest.validate(where + ": Backtest")
}

// Panel is a model for each of many series, and how its methods did. See FitPanel.
type Panel struct {
	// Fits are the models, one for each series, or why there is none.
	Fits []Fitted
	// Weights are those of the methods, Weights[series][method]: 0 and 1 for TheBest; nil
	// where a series had no backtest, or nothing that was chosen could be fitted, and so the mean of
	// those methods that could.
	Weights [][]float64
	// Backtest is what they were found by; nil where there was none.
	Backtest *BacktestResult
}

// FitPanel judges methods by a backtest on each series, chooses or combines them series by
// series, and fits what was chosen to the whole. A series too short to be judged, and a method that
// fails, do not stop the others. To judge FitPanel itself, hand it to Backtest as the FitPanel of a
// Method: every cut then has its own backtest before it.
//
// A single method without Intervals needs no judge: FitPanel is then the way to fit it to many series.
//
//	forecast.FitPanel(ctx, series, []forecast.Method{{Name: "auto", Fit: forecast.With(forecast.FitAuto, opt)}}, forecast.PanelOptions{})
//
// Cost: Backtest, and a fit of each method that has a weight. Errors: those of Backtest but for
// series without any cut.
func FitPanel(ctx context.Context, series []Series, methods []Method, opt PanelOptions) (*Panel, error) {
	const where = "forecast: FitPanel"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if err := checkMethods(where, methods); err != nil {
		return nil, err
	}
	if err := checkPanel(where, series); err != nil {
		return nil, err
	}
	p := &Panel{Fits: make([]Fitted, len(series)), Weights: make([][]float64, len(series))}
	if len(methods) == 1 && !o.Intervals {
		for s := range p.Weights {
			p.Weights[s] = []float64{1}
		}
	} else {
		var err error
		p.Backtest, err = Backtest(ctx, series, methods, o.Backtest)
		switch {
		case err == nil:
			p.weigh(o)
		case !errors.Is(err, errNoCut):
			return nil, err
		}
	}
	fits, err := p.fitChosen(ctx, series, methods, o)
	if err != nil {
		return nil, err
	}
	var from *pool
	if o.Intervals && p.Backtest != nil {
		from = p.pooled(o)
	}
	for s := range series {
		p.Fits[s] = p.put(s, fits, len(series), from, o)
	}
	return p, nil
}

// weigh finds the weights of the methods of each series.
func (p *Panel) weigh(opt PanelOptions) {
	r := p.Backtest
	loss, n := make([]float64, r.series*r.methods), make([]float64, r.series)
	each := make([][]float64, r.methods) // losses in the series that judge
	for s := range r.series {
		own := loss[s*r.methods : (s+1)*r.methods]
		if n[s] = r.relative(own, s); n[s] == 0 {
			continue
		}
		for m, v := range own {
			each[m] = append(each[m], v)
		}
	}
	pooled := make([]float64, r.methods)
	for m, x := range each {
		slices.Sort(x) // in whatever order series are given, the same sum
		for k, v := range x {
			pooled[m] += (v - pooled[m]) / float64(k+1)
		}
	}
	for s := range r.series {
		if n[s] == 0 {
			continue
		}
		own := loss[s*r.methods : (s+1)*r.methods]
		for m := range own {
			own[m] = (n[s]*own[m] + opt.Pool*pooled[m]) / (n[s] + opt.Pool)
		}
		p.Weights[s] = r.weights(s, own, opt)
	}
}

// relative writes the mean absolute error of each method in a series over the mean of all, that of
// one that failed as twice the largest, and returns how many forecasts all have made.
func (r *BacktestResult) relative(dst []float64, s int) float64 {
	points := r.cuts * r.horizon
	n, sum, worst := math.Inf(1), 0.0, 0.0
	for m := range dst {
		k := 0.0
		dst[m] = 0
		for i := s * points; i < (s+1)*points; i++ {
			if e := math.Abs(r.actual[i] - r.mean[m*len(r.actual)+i]); e == e {
				k++
				dst[m] += (e - dst[m]) / k
			}
		}
		if k == 0 {
			dst[m] = math.Inf(1)
			continue
		}
		n = min(n, k)
		sum += dst[m]
		worst = max(worst, dst[m])
	}
	if math.IsInf(n, 1) {
		clear(dst)
		return 0
	}
	ok := 0
	for _, v := range dst {
		if !math.IsInf(v, 1) {
			ok++
		}
	}
	mean := sum / float64(ok)
	for m := range dst {
		switch {
		case mean == 0 && math.IsInf(dst[m], 1):
			dst[m] = 2
		case mean == 0:
			dst[m] = 1
		case math.IsInf(dst[m], 1):
			dst[m] = 2 * worst / mean
		default:
			dst[m] /= mean
		}
	}
	return n
}

// weights turns losses into weights.
func (r *BacktestResult) weights(s int, loss []float64, opt PanelOptions) []float64 {
	w := make([]float64, r.methods)
	switch opt.By {
	case TheBest:
		best := 0
		for m, v := range loss {
			if v < loss[best] {
				best = m
			}
		}
		w[best] = 1
		return w
	case Stacked:
		return r.stack(w, s, opt.Pool)
	}
	sum := 0.0
	for m, v := range loss {
		w[m] = 1
		if opt.By == InverseError {
			w[m] = 1 / max(v*v, 1e-6)
		}
		sum += w[m]
	}
	for m := range w {
		w[m] /= sum
	}
	return w
}

// stack solves min Σ(y − Σ w f)² + λ Σ(w − 1/m)² for w >= 0 by coordinate descent, λ being Pool
// times the variance among the methods, and scales w to a sum of 1.
func (r *BacktestResult) stack(w []float64, s int, pool float64) []float64 {
	n := r.methods
	gram, cross := make([]float64, n*n), make([]float64, n)
	points := r.cuts * r.horizon
	f := make([]float64, n)
	rows, spread := 0.0, 0.0
	for i := s * points; i < (s+1)*points; i++ {
		y := r.actual[i]
		whole := y == y
		for m := range f {
			f[m] = r.mean[m*len(r.actual)+i]
			whole = whole && f[m] == f[m]
		}
		if !whole {
			continue
		}
		rows++
		mean := 0.0
		for _, v := range f {
			mean += v / float64(n)
		}
		for _, v := range f {
			spread += (v - mean) * (v - mean) / float64(n)
		}
		for a := range f {
			cross[a] += f[a] * y
			for b := range f {
				gram[a*n+b] += f[a] * f[b]
			}
		}
	}
	lambda := spread / max(rows, 1) * max(pool, 1e-9)
	if !(lambda > 0) {
		lambda = 1 // all say the same
	}
	for m := range w {
		w[m] = 1 / float64(n)
		cross[m] += lambda / float64(n)
		gram[m*n+m] += lambda
	}
	for range 1000 {
		moved := 0.0
		for a := range w {
			g := cross[a]
			for b := range w {
				if b != a {
					g -= gram[a*n+b] * w[b]
				}
			}
			next := max(g/gram[a*n+a], 0)
			moved = max(moved, math.Abs(next-w[a]))
			w[a] = next
		}
		if moved < 1e-12 {
			break
		}
	}
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for m := range w {
		if sum > 0 {
			w[m] /= sum
		} else {
			w[m] = 1 / float64(n)
		}
	}
	return w
}

// fitChosen fits every method that has a weight to the whole of its series, by method and series.
// A series whose chosen methods all fail gets those that do not, and no weights.
func (p *Panel) fitChosen(ctx context.Context, series []Series, methods []Method, opt PanelOptions) ([]Fitted, error) {
	fits := make([]Fitted, len(methods)*len(series))
	if err := p.fit(ctx, fits, series, methods, opt.Backtest); err != nil {
		return nil, err
	}
	again := false
	for s := range series {
		answered := p.Weights[s] == nil
		for m := range methods {
			answered = answered || fits[m*len(series)+s].Model != nil
		}
		if !answered {
			p.Weights[s], again = nil, true
		}
	}
	if !again {
		return fits, nil
	}
	if err := p.fit(ctx, fits, series, methods, opt.Backtest); err != nil {
		return nil, err
	}
	return fits, nil
}

// fit fits what has a weight, or all where there are none, and was not fitted before. A method of
// whole panels sees all series again, as it did in the backtest, not those alone that chose it.
func (p *Panel) fit(ctx context.Context, fits []Fitted, series []Series, methods []Method, opt BacktestOptions) error {
	var filled []int
	for s := range series {
		if len(series[s].Y) > 0 {
			filled = append(filled, s)
		}
	}
	count := &counter{tell: opt.Progress}
	due := make([][]int, len(methods))
	for m := range methods {
		for _, s := range filled {
			f := fits[m*len(series)+s]
			if (p.Weights[s] == nil || p.Weights[s][m] > 0) && f.Model == nil && f.Err == nil {
				due[m] = append(due[m], s)
			}
		}
		count.Total += len(due[m])
	}
	for m, which := range due {
		if len(which) == 0 {
			continue
		}
		out := fits[m*len(series) : (m+1)*len(series)]
		if methods[m].FitPanel != nil {
			all, err := methods[m].all(ctx, series, filled)
			if err != nil {
				return err
			}
			for i, s := range filled {
				if _, ok := slices.BinarySearch(which, s); ok {
					out[s] = all[i]
				}
			}
			count.done(len(which))
			continue
		}
		err := count.each(ctx, len(which), opt.Workers, func(int) int { return 1 }, func(i int) error {
			f, err := methods[m].one(ctx, series[which[i]])
			out[which[i]] = Fitted{Model: f, Err: err}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put makes the model of one series from those of the methods.
func (p *Panel) put(s int, fits []Fitted, series int, from *pool, opt PanelOptions) Fitted {
	var models []Forecaster
	var weights []float64
	var failed error
	for m := 0; m < len(fits)/series; m++ {
		f := fits[m*series+s]
		if f.Model == nil {
			if failed == nil {
				failed = f.Err
			}
			continue
		}
		models = append(models, f.Model)
		if p.Weights[s] == nil {
			weights = append(weights, 1)
		} else {
			weights = append(weights, p.Weights[s][m])
		}
	}
	if len(models) == 0 {
		if failed == nil {
			failed = fmt.Errorf("no periods: %w", ErrEmpty)
		}
		return Fitted{Err: fmt.Errorf("forecast: FitPanel: series %d: %w", s, failed)}
	}
	var model Forecaster = models[0]
	if len(models) > 1 || opt.NonNegative {
		if opt.By == TheMedian {
			weights = nil
		}
		c, err := Combine(models, weights)
		if err != nil {
			return Fitted{Err: fmt.Errorf("forecast: FitPanel: series %d: %w", s, err)}
		}
		c.nonNegative = opt.NonNegative
		model = c
	}
	if !opt.Intervals || p.Weights[s] == nil {
		return Fitted{Model: model}
	}
	c, err := NewConformal(model, p.residuals(s, from, opt), ConformalOptions{NonNegative: opt.NonNegative})
	if err != nil {
		return Fitted{Model: model} // no error was seen: the model's own law
	}
	return Fitted{Model: c}
}

// combined is what the methods together were off by in a point, NaN where one with a weight failed.
func (p *Panel) combined(s, i int, by CombineBy) float64 {
	r := p.Backtest
	if p.Weights[s] == nil {
		return math.NaN()
	}
	var all []float64
	f := 0.0
	for m, w := range p.Weights[s] {
		if w > 0 {
			v := r.mean[m*len(r.actual)+i]
			f += w * v
			all = append(all, v)
		}
	}
	if by == TheMedian {
		f = medianOf(all)
	}
	return r.actual[i] - f
}

// pool are errors of all series by step, each in units of the mean absolute one of the others of its
// series; scale is that of all, NaN for a series without any.
type pool struct {
	scale  []float64
	errors [][]float64
}

// poolSize is how many of them a series takes: their quantiles, evenly.
const poolSize = 199

// pooled gathers the errors of all series.
func (p *Panel) pooled(opt PanelOptions) *pool {
	r := p.Backtest
	out := &pool{scale: make([]float64, r.series), errors: make([][]float64, r.horizon)}
	for s := range r.series {
		n, sum := 0.0, 0.0
		points := make([]float64, r.cuts*r.horizon)
		for i := range points {
			points[i] = p.combined(s, s*len(points)+i, opt.By)
			if e := math.Abs(points[i]); e == e {
				n++
				sum += e
			}
		}
		out.scale[s] = sum / n
		if !(out.scale[s] > 0) || n < 2 {
			continue
		}
		for i, e := range points {
			if e == e {
				// A new error is no part of the mean that it is measured by.
				others := max((sum-math.Abs(e))/(n-1), out.scale[s]/10)
				out.errors[i%r.horizon] = append(out.errors[i%r.horizon], e/others)
			}
		}
	}
	for j, x := range out.errors {
		slices.Sort(x)
		out.errors[j] = thinned(x)
	}
	return out
}

// residuals are the errors of each step in a series, or where they are few those of all.
func (p *Panel) residuals(s int, from *pool, opt PanelOptions) [][]float64 {
	r := p.Backtest
	out := make([][]float64, r.horizon)
	few := false
	for j := range out {
		for c := range r.cuts {
			if e := p.combined(s, (s*r.cuts+c)*r.horizon+j, opt.By); e == e {
				out[j] = append(out[j], e)
			}
		}
		few = few || len(out[j]) < minResiduals
	}
	if !few || !(from.scale[s] > 0) {
		return out
	}
	for j, x := range from.errors {
		if len(x) == 0 {
			continue
		}
		out[j] = make([]float64, len(x))
		for i, e := range x {
			out[j][i] = e * from.scale[s]
		}
	}
	return out
}

package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// BacktestOptions configures Backtest. The zero value foresees one period from each of the last
// eight.
type BacktestOptions struct {
	// Horizon is how many periods are foreseen at each cut; default 1.
	Horizon int
	// Cuts is at how many points in time; default 8. The last is Horizon periods before the
	// end.
	Cuts int
	// Step is the number of periods between cuts; default Horizon.
	Step int
	// Season is that of the naive forecast by which MASE and RMSSE are scaled; default 1.
	Season int
	// MinHistory is the least number of periods before a cut, of which one is observed; a
	// series has no cut before. Default two Seasons, at least 3.
	MinHistory int
	// Level is that of the intervals; 0 means .95. Negative: no intervals are asked for.
	Level float64
	// Weights are those of the last periods in WMAE, such as 5 for a holiday, the last one that of the
	// last period of the series: finite and at least 0; 1 for those before and for nil.
	Weights []float64
	// Workers is how many series are fitted at a time; 0: GOMAXPROCS. It never changes the
	// result.
	Workers int
	// Progress, if not nil, is called after some fits, on the caller's goroutine.
	Progress func(Progress)
}

func (o BacktestOptions) withDefaults() BacktestOptions {
	o.Horizon = check.Default(o.Horizon, 1)
	o.Cuts = check.Default(o.Cuts, 8)
	o.Step = check.Default(o.Step, o.Horizon)
	o.Season = check.Default(o.Season, 1)
	o.MinHistory = check.Default(o.MinHistory, max(2*o.Season, 3))
	return o
}

func (o BacktestOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Horizon >= 1 && o.Horizon <= MaxHorizon, "Horizon", o.Horizon, fmt.Sprintf("1 to %d", MaxHorizon))
	c.Require(o.Cuts >= 1 && o.Cuts <= maxPeriods, "Cuts", o.Cuts, "at least 1")
	c.Require(o.Step >= 1 && o.Step <= maxPeriods, "Step", o.Step, "at least 1")
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(o.MinHistory >= 1 && o.MinHistory <= maxPeriods, "MinHistory", o.MinHistory, "at least 1")
	c.Require(o.Level < 1, "Level", o.Level, "below 1")
	for i, w := range o.Weights {
		c.Require(w >= 0 && !math.IsInf(w, 1), fmt.Sprintf("Weights[%d]", i), w, "finite and at least 0")
	}
	check.NonNegative(&c, "Workers", o.Workers)
	return c.Err(where)
}

// maxBacktest bounds the numbers that a backtest keeps.
const maxBacktest = 1 << 27

// BacktestResult is what methods foresaw at cuts in the past and what then came.
type BacktestResult struct {
	methods, series, cuts, horizon int
	names                          []string
	season                         int
	at                             []int        // by series and cut: periods before it; -1 where there is no cut
	actual                         []float64    // by series, cut and step; NaN where nobody knows
	weight                         []float64    // likewise; nil for 1
	mean, low, high                []float64    // by method, series, cut and step; NaN where the method failed; low and high nil without intervals
	scale                          [][2]float64 // by series and cut: mean absolute and root mean square of the naive errors; NaN for none
	probs                          []float64    // of low and high; empty without intervals
	failed                         []error      // by method and series, the first by cut
	failures                       []int        // likewise
}

// Backtest fits every method at cuts in the past to what was known then, by Series.Until, and
// holds its forecasts against what came. Periods that are missing or censored judge nobody. A
// method that fails at a cut is judged by the others alone, and its failures are counted.
//
// Cost: a fit for each method, series and cut; three numbers for each method, series, cut and
// step. Errors: ErrOption; ErrEmpty for no series, no methods or no cut; ErrShape, ErrNotFinite,
// ErrRange for series; a method's error about a whole panel, or context.Cause(ctx).
func Backtest(ctx context.Context, series []Series, methods []Method, opt BacktestOptions) (*BacktestResult, error) {
	const where = "forecast: Backtest"
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
	r, err := newBacktest(where, series, methods, o)
	if err != nil {
		return nil, err
	}
	count := &counter{tell: o.Progress}
	for s := range series {
		count.Total += len(methods) * r.cutsOf(s)
	}
	for m := range methods {
		if methods[m].FitPanel != nil {
			err = r.panel(ctx, m, &methods[m], series, count)
		} else {
			err = r.single(ctx, m, &methods[m], series, o.Workers, count)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// newBacktest lays out the cuts and what came after them.
func newBacktest(where string, series []Series, methods []Method, opt BacktestOptions) (*BacktestResult, error) {
	r := &BacktestResult{
		methods: len(methods), series: len(series), cuts: opt.Cuts, horizon: opt.Horizon, season: opt.Season,
		failed: make([]error, len(methods)*len(series)), failures: make([]int, len(methods)*len(series)),
	}
	for _, m := range methods {
		r.names = append(r.names, m.Name)
	}
	if float64(len(series))*float64(opt.Cuts)*float64(opt.Horizon)*float64(len(methods)+1) > maxBacktest {
		return nil, fmt.Errorf("%s: %d methods of %d series at %d cuts of %d periods, want at most %d numbers: %w", where, len(methods), len(series), opt.Cuts, opt.Horizon, maxBacktest, ErrRange)
	}
	if opt.Level >= 0 {
		level, _ := infer.Level(opt.Level) // validate has seen it
		r.probs = []float64{(1 - level) / 2, (1 + level) / 2}
	}
	points := len(series) * opt.Cuts * opt.Horizon
	r.at, r.actual, r.scale = make([]int, len(series)*opt.Cuts), make([]float64, points), make([][2]float64, len(series)*opt.Cuts)
	if opt.Weights != nil {
		r.weight = make([]float64, points)
	}
	someCut := false
	for s := range series {
		for c := range opt.Cuts {
			n := len(series[s].Y) - opt.Horizon - (opt.Cuts-1-c)*opt.Step
			someCut = r.lay(s, c, n, series[s], opt) || someCut
		}
	}
	if !someCut {
		return nil, fmt.Errorf("%s: no series has %d periods before a cut and %d behind: %w", where, opt.MinHistory, opt.Horizon, errNoCut)
	}
	kept := []*[]float64{&r.mean, &r.low, &r.high}
	if len(r.probs) == 0 {
		kept = kept[:1]
	}
	for _, x := range kept {
		*x = make([]float64, points*len(methods))
		for i := range *x {
			(*x)[i] = math.NaN()
		}
	}
	return r, nil
}

// lay writes what came behind a cut after n periods, and whether there is one.
func (r *BacktestResult) lay(s, c, n int, of Series, opt BacktestOptions) bool {
	k := s*r.cuts + c
	r.at[k], r.scale[k] = -1, [2]float64{math.NaN(), math.NaN()}
	out := r.actual[k*r.horizon : (k+1)*r.horizon]
	for j := range out {
		out[j] = math.NaN()
	}
	if n < opt.MinHistory {
		return false
	}
	history := of.Until(n, 0).Demand(nil)
	observed := false
	for _, v := range history {
		observed = observed || v == v
	}
	if !observed {
		return false
	}
	r.at[k], r.scale[k] = n, naiveScale(history, opt.Season)
	for j := range out {
		if of.Censored == nil || !of.Censored[n+j] {
			out[j] = of.Y[n+j]
		}
		if r.weight != nil {
			r.weight[k*r.horizon+j] = 1
			if i := len(opt.Weights) - len(of.Y) + n + j; i >= 0 {
				r.weight[k*r.horizon+j] = opt.Weights[i]
			}
		}
	}
	return true
}

// naiveScale is the mean absolute and the root mean square change over a season.
func naiveScale(y []float64, season int) [2]float64 {
	var abs, square float64
	n := 0
	for t := season; t < len(y); t++ {
		if e := y[t] - y[t-season]; e == e {
			n++
			abs += (math.Abs(e) - abs) / float64(n)
			square += (e*e - square) / float64(n)
		}
	}
	if n == 0 {
		return [2]float64{math.NaN(), math.NaN()}
	}
	return [2]float64{abs, math.Sqrt(square)}
}

// cutsOf is at how many cuts a series is judged.
func (r *BacktestResult) cutsOf(s int) (n int) {
	for _, at := range r.at[s*r.cuts : (s+1)*r.cuts] {
		if at >= 0 {
			n++
		}
	}
	return n
}

// single runs a method that fits series one by one.
func (r *BacktestResult) single(ctx context.Context, m int, method *Method, series []Series, workers int, count *counter) error {
	return count.each(ctx, len(series), workers, r.cutsOf, func(s int) error {
		for c := range r.cuts {
			n := r.at[s*r.cuts+c]
			if n < 0 {
				continue
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			f, err := method.one(ctx, series[s].Until(n, r.horizon))
			if err == nil {
				err = r.take(m, s, c, f)
			}
			r.note(m, s, n, err)
		}
		return nil
	})
}

// note writes down that a method failed in a series at a cut after n periods, if it did.
func (r *BacktestResult) note(m, s, n int, err error) {
	if err == nil {
		return
	}
	k := m*r.series + s
	r.failures[k]++
	if r.failed[k] == nil {
		r.failed[k] = fmt.Errorf("series %d, cut at %d: %w", s, n, err)
	}
}

// panel runs a method that fits all series at once, cut by cut.
func (r *BacktestResult) panel(ctx context.Context, m int, method *Method, series []Series, count *counter) error {
	known := make([]Series, len(series))
	for c := range r.cuts {
		var which []int
		for s := range series {
			if n := r.at[s*r.cuts+c]; n >= 0 {
				known[s] = series[s].Until(n, r.horizon)
				which = append(which, s)
			}
		}
		if len(which) == 0 {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		fits, err := method.all(ctx, known, which)
		if err != nil {
			return err
		}
		for i, s := range which {
			err := fits[i].Err
			if err == nil {
				err = r.take(m, s, c, fits[i].Model)
			}
			r.note(m, s, r.at[s*r.cuts+c], err)
		}
		count.done(len(which))
	}
	return nil
}

// take writes down what a model foresees. Quantiles that a series is too short for are left out.
func (r *BacktestResult) take(m, s, c int, f Forecaster) error {
	at := ((m*r.series+s)*r.cuts + c) * r.horizon
	mean, err := f.Forecast(nil, r.horizon)
	if err == nil && len(mean) != r.horizon {
		err = fmt.Errorf("%d means for %d periods: %w", len(mean), r.horizon, ErrShape)
	}
	if err == nil {
		err = check.Slice("forecast", mean)
	}
	if err != nil {
		return err
	}
	if len(r.probs) > 0 {
		q, err := f.Quantiles(nil, r.horizon, r.probs)
		switch {
		case errors.Is(err, ErrUndefined):
		case err != nil:
			return err
		case len(q) != 2*r.horizon:
			return fmt.Errorf("%d quantiles for %d periods: %w", len(q), r.horizon, ErrShape)
		default:
			for j := range r.horizon {
				r.low[at+j], r.high[at+j] = q[2*j], q[2*j+1]
			}
		}
	}
	copy(r.mean[at:], mean)
	return nil
}

// errNoCut is the ErrEmpty of series that are too short to be judged.
var errNoCut = fmt.Errorf("no cut: %w", ErrEmpty)

func isEmpty(err error) bool { return errors.Is(err, ErrEmpty) }

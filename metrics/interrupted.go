package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/solve"
)

// InterruptedOptions are the settings of InterruptedSeries.
type InterruptedOptions struct {
	Lags  int     // of the Newey-West standard error; default ⌊4(n/100)^(2/9)⌋, negative for 0
	Level float64 // default 0.95
}

func (o InterruptedOptions) withDefaults(n int) InterruptedOptions {
	o.Level = check.Default(o.Level, 0.95)
	o.Lags = check.OrOff(o.Lags, int(4*math.Pow(float64(n)/100, 2.0/9)))
	return o
}

func (o InterruptedOptions) validate(where string, n int) error {
	var c check.Options
	c.Require(o.Lags < n, "Lags", o.Lags, "below the length of the series")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	return c.Err(where)
}

// Interrupted is the break of a series at an event.
type Interrupted struct {
	Level          Effect // jump at the event
	Slope          Effect // change of the trend, per period
	Average        Effect // mean effect over the periods from the event on: jump and slope together
	Intercept      float64
	Trend          float64   // per period, before the event
	Counterfactual []float64 // from the event on: what the trend before would have given
	Lags           int
}

// InterruptedSeries estimates what changed in a series y, one value per period,
// at period at, the first after the event:
//
//	y_t = a + b·t + level·1{t >= at} + slope·1{t >= at}·(t − at) + error
//
// by least squares, with standard errors of Newey and West (1987; Bartlett
// weights, factor n/(n−4)) that allow for autocorrelation, and n−4 degrees of
// freedom. Whatever else happened at that time is part of the answer; seasons
// must be taken out first. Below 50 periods or so the intervals are too short.
//
// ErrNotFinite as named; ErrRange unless at least two periods lie on either
// side and five in all; ErrUndefined if the lines fit without error.
func InterruptedSeries(y []float64, at int, o InterruptedOptions) (Interrupted, error) {
	const where = "InterruptedSeries"
	n := len(y)
	o = o.withDefaults(n)
	if at < 2 || n-at < 2 || n < 5 {
		return Interrupted{}, fmt.Errorf("metrics: %s: event at period %d of %d, want 2 periods before and after and 5 in all: %w", where, at, n, ErrRange)
	}
	if err := o.validate("metrics: "+where, n); err != nil {
		return Interrupted{}, err
	}
	if err := check.Slice("y", y); err != nil {
		return Interrupted{}, fmt.Errorf("metrics: %s: %w", where, err)
	}
	// Time from the event in units of the length keeps the matrix well
	// conditioned; y in units of its largest value keeps squares finite.
	unit := 0.0
	for _, v := range y {
		unit = math.Max(unit, math.Abs(v))
	}
	if unit == 0 {
		unit = 1
	}
	row := func(t int) [4]float64 {
		x := float64(t-at) / float64(n)
		if t >= at {
			return [4]float64{1, x, 1, x}
		}
		return [4]float64{1, x}
	}
	var gram [16]float64
	var b [4]float64
	for t, v := range y {
		x := row(t)
		for i := range x {
			b[i] += x[i] * v / unit
			for j := range x {
				gram[4*i+j] += x[i] * x[j]
			}
		}
	}
	if !solve.Cholesky64(gram[:], 4) {
		return Interrupted{}, undefined(where + ": the periods do not tell the trends apart")
	}
	solve.SolveCholesky64(gram[:], 4, b[:])
	var inv [4][4]float64
	for i := range inv {
		inv[i][i] = 1
		solve.SolveCholesky64(gram[:], 4, inv[i][:])
	}
	// Scores x_t·e_t and their long-run covariance.
	score := make([][4]float64, n)
	rss := 0.0
	for t, v := range y {
		x := row(t)
		e := v / unit
		for i := range x {
			e -= x[i] * b[i]
		}
		rss += e * e
		for i := range x {
			score[t][i] = x[i] * e
		}
	}
	if rss < 1e-24*float64(n) {
		return Interrupted{}, undefined(where + ": the lines fit without error")
	}
	var meat [4][4]float64
	for lag := 0; lag <= o.Lags; lag++ {
		w := 1 - float64(lag)/float64(o.Lags+1)
		for t := lag; t < n; t++ {
			for i := range 4 {
				for j := range 4 {
					s := score[t][i] * score[t-lag][j]
					if lag > 0 {
						s += score[t-lag][i] * score[t][j]
					}
					meat[i][j] += w * s
				}
			}
		}
	}
	df := float64(n - 4)
	effect := func(name string, scale float64, g [4]float64) (Effect, error) {
		// Gradient through the inverse, then the meat.
		var h [4]float64
		est, v := 0.0, 0.0
		for i := range g {
			est += g[i] * b[i]
			for j := range g {
				h[j] += g[i] * inv[i][j]
			}
		}
		for i := range h {
			for j := range h {
				v += h[i] * meat[i][j] * h[j]
			}
		}
		e := Effect{Estimate: est * unit * scale, SE: math.Sqrt(math.Max(v*float64(n)/df, 0)) * unit * scale, N: int64(n), NA: int64(at), NB: int64(n - at),
			Method: fmt.Sprintf("interrupted series, %s, Newey-West with %d lags", name, o.Lags)}
		if !(e.SE > 0) {
			return Effect{}, undefined(where + ": the standard error is 0")
		}
		e.finish(o.Level, df)
		return e, nil
	}
	r := Interrupted{Lags: o.Lags, Trend: b[1] * unit / float64(n)}
	r.Intercept = b[0]*unit - r.Trend*float64(at)
	half := float64(n-at-1) / 2 / float64(n)
	var err error
	for _, p := range []struct {
		dst   *Effect
		name  string
		scale float64
		g     [4]float64
	}{{&r.Level, "level", 1, [4]float64{2: 1}}, {&r.Slope, "slope", 1 / float64(n), [4]float64{3: 1}}, {&r.Average, "average", 1, [4]float64{2: 1, 3: half}}} {
		if *p.dst, err = effect(p.name, p.scale, p.g); err != nil {
			return Interrupted{}, err
		}
	}
	var base, seen float64
	for t := at; t < n; t++ {
		x := r.Intercept + r.Trend*float64(t)
		r.Counterfactual = append(r.Counterfactual, x)
		base += x / float64(n-at)
		seen += y[t] / float64(n-at)
	}
	r.Average.MeanA, r.Average.MeanB = base, seen
	return r, nil
}

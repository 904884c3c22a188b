package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ Appender   = (*Auto)(nil)
	_ Persistent = (*Auto)(nil)
)

// AutoOptions configures FitAuto. The zero value is a series without a season.
type AutoOptions struct {
	// Season is the number of periods after which the series repeats; 0 and 1: none.
	Season int
	// Horizon is the number of periods ahead that matter: methods are judged by the means of as
	// many, at the three last cuts of the series. 0: a Season, but at least 4 and at most an eighth
	// of the series; without a Season 8 at most.
	Horizon int
	// Signed lets means and quantiles fall below 0 where no value of the series does.
	Signed bool
	// Seed is that of FitETS.
	Seed uint64
}

// autoCuts is how many cuts the methods are judged at.
const autoCuts = 3

func (o AutoOptions) withDefaults(n int) AutoOptions {
	o.Season = check.Default(o.Season, 1)
	if o.Horizon == 0 {
		o.Horizon = 8
		if o.Season > 1 {
			o.Horizon = o.Season
		}
		o.Horizon = max(4, min(o.Horizon, n/8, MaxHorizon))
	}
	return o
}

func (o AutoOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(o.Horizon >= 1 && o.Horizon <= MaxHorizon, "Horizon", o.Horizon, fmt.Sprintf("1 to %d", MaxHorizon))
	return c.Err(where)
}

// Auto is a combination of the methods that did well on the series. See FitAuto.
type Auto struct {
	names    []string
	combined *Combination
	narrow   [2]float64 // factors of the spread at the 80 % and the 95 % interval
	floor    bool       // nothing below 0
}

// candidate is a method that FitAuto tries.
type candidate struct {
	name string
	fit  Fit
}

// candidates are the methods for a series of n periods: few, and different from each other. Full
// seasonal smoothing is left out of long seasons, whose states are as many as a few years of weeks
// tell; a season of seven is added where the series holds three, a week of the days that a season of
// hours is.
func (o AutoOptions) candidates(n int) []candidate {
	if o.Season == 1 {
		return []candidate{
			{"theta", With(FitTheta, ThetaOptions{})},
			{"simple smoothing", With(FitETS, ETSOptions{Model: "ANN", Seed: o.Seed})},
			{"damped smoothing", With(FitETS, ETSOptions{Model: "AAdN", Seed: o.Seed})},
		}
	}
	out := []candidate{
		{"seasonal naive", With(FitNaive, NaiveOptions{Season: o.Season})},
		{"seasonal theta", With(FitTheta, ThetaOptions{Season: o.Season})},
		{"theta", With(FitTheta, ThetaOptions{})},
	}
	if o.Season <= 24 {
		out = append(out, candidate{"smoothing", With(FitETS, ETSOptions{Season: o.Season, Seed: o.Seed})})
	}
	if long := 7 * o.Season; long <= maxSeason && n >= 3*long {
		out = append(out,
			candidate{"naive of seven seasons", With(FitNaive, NaiveOptions{Season: long})},
			candidate{"theta of seven seasons", With(FitTheta, ThetaOptions{Season: long})})
	}
	return out
}

// FitAuto fits a few methods that differ from each other to y, one value a period, NaN where a period
// is missing, and combines them by how they did: seasonal naive, theta with and without the season
// and, for seasons up to 24, exponential smoothing; where the series holds three times seven seasons,
// also naive and theta of such a week; without a season theta, simple and damped smoothing. Each is
// fitted to all of y and, at the last three cuts that leave it enough, to the periods before, and
// weighs e^−1.5 for its mean absolute error e in the Horizon after the cuts. No period after y's
// last is ever looked at; series do not learn from each other.
//
// Quantiles are the weighted means of the methods'. Those are too wide as a rule, since errors cancel
// out: they are narrowed, never widened, so that 80 % and 95 % intervals would have held so many of
// the values after each cut, by the weights of the others, and a tenth wider. Unless Signed, nothing falls below 0 where no value
// does.
//
// Methods that a series is too short for are left out; the last value, carried on, is left for
// those too short for all. A fit takes four times that of its methods.
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite; ErrRange for values beyond
// 1e100; context.Cause(ctx). Sources: Bates and Granger 1969 (weights by errors); Lichtendahl,
// Grushka-Cockayne and Winkler 2013 (averages of quantiles).
func FitAuto(ctx context.Context, y []float64, opt AutoOptions) (*Auto, error) {
	const where = "forecast: FitAuto"
	o := opt.withDefaults(len(y))
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	all := o.candidates(len(y))
	models, err := fitEach(ctx, all, y)
	if err != nil {
		return nil, err
	}
	m := &Auto{narrow: [2]float64{1, 1}, floor: !o.Signed && !slices.ContainsFunc(y, func(v float64) bool { return v < 0 })}
	if !slices.ContainsFunc(models, func(f Forecaster) bool { return f != nil }) {
		last, err := FitNaive(ctx, y, NaiveOptions{})
		if err != nil {
			return nil, err
		}
		m.names, m.combined = []string{"naive"}, &Combination{models: []Forecaster{last}, weights: []float64{1}}
		return m, nil
	}
	cuts, err := judge(ctx, all, y, o)
	if err != nil {
		return nil, err
	}
	weights := weigh(models, cuts)
	kept := &Combination{}
	for i, w := range weights {
		if w > 0 {
			m.names = append(m.names, all[i].name)
			kept.models, kept.weights = append(kept.models, models[i]), append(kept.weights, w)
		}
	}
	m.combined = kept
	m.narrow = narrowing(cuts, models, weights)
	return m, nil
}

// fitEach fits the methods; nil where the series is none for one.
func fitEach(ctx context.Context, all []candidate, y []float64) ([]Forecaster, error) {
	models := make([]Forecaster, len(all))
	for i, c := range all {
		m, err := c.fit(ctx, y)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err == nil:
			if _, err := m.Quantiles(nil, 1, []float64{.5}); err == nil {
				models[i] = m
			}
		case !errors.Is(err, ErrUndefined) && !errors.Is(err, ErrRange) && !errors.Is(err, ErrEmpty):
			return nil, err
		}
	}
	return models, nil
}

// cut is how the methods did after one cut: what came, and of each method the means and the
// half-widths of its 80 % intervals over the normal ones; nil where it could not be fitted.
type cut struct {
	came         []float64
	means, scale [][]float64
}

// judge fits the methods to the periods before the cuts.
func judge(ctx context.Context, all []candidate, y []float64, opt AutoOptions) ([]cut, error) {
	var cuts []cut
	for c := 1; c <= autoCuts; c++ {
		at := len(y) - c*opt.Horizon
		if at < max(opt.Season+1, 10) {
			break
		}
		models, err := fitEach(ctx, all, y[:at])
		if err != nil {
			return nil, err
		}
		k := cut{came: y[at : at+opt.Horizon], means: make([][]float64, len(all)), scale: make([][]float64, len(all))}
		for i, m := range models {
			if m == nil {
				continue
			}
			mean, err := m.Forecast(nil, opt.Horizon)
			if err != nil {
				return nil, err
			}
			q, err := m.Quantiles(nil, opt.Horizon, []float64{.1, .9})
			if err != nil {
				return nil, err
			}
			scale := make([]float64, opt.Horizon)
			for j := range scale {
				scale[j] = (q[2*j+1] - q[2*j]) / (2 * z80)
			}
			k.means[i], k.scale[i] = mean, scale
		}
		cuts = append(cuts, k)
	}
	return cuts, nil
}

// weigh returns the weights of the methods, 0 for those that could not be fitted or judged; equal
// ones where none could be judged.
func weigh(models []Forecaster, cuts []cut) []float64 {
	errs, counts := make([]float64, len(models)), make([]float64, len(models))
	size, values := 0.0, 0.0
	for _, c := range cuts {
		for j, v := range c.came {
			if v != v {
				continue
			}
			size += math.Abs(v)
			values++
			for i, mean := range c.means {
				if mean != nil && models[i] != nil {
					errs[i] += math.Abs(v - mean[j])
					counts[i]++
				}
			}
		}
	}
	judged := slices.ContainsFunc(counts, func(n float64) bool { return n > 0 })
	least := math.Inf(1)
	for i := range errs {
		if counts[i] > 0 {
			errs[i] /= counts[i]
			least = min(least, errs[i])
		}
	}
	floor := 1e-9*size/max(values, 1) + math.SmallestNonzeroFloat64
	weights, sum := make([]float64, len(models)), 0.0
	for i, m := range models {
		switch {
		case m == nil:
		case !judged:
			weights[i] = 1
		case counts[i] > 0:
			weights[i] = math.Pow((least+floor)/(errs[i]+floor), 1.5)
		}
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// Normal quantiles of the 80 % and the 95 % interval.
const z80, z95 = 1.2815515655446004, 1.959963984540054

// fewScores is how many values after the cuts the narrowing takes at least.
const fewScores = 12

// narrowing finds the factors by which the combined spread would have held 80 % and 95 % of what
// came after the cuts, and a tenth more; 1 at most, and 1 where too little came.
func narrowing(cuts []cut, models []Forecaster, weights []float64) [2]float64 {
	var scores []float64
	for at, c := range cuts {
		if len(cuts) > 1 { // weights know what came after the cut; those of the other cuts do not
			weights = weigh(models, slices.Delete(slices.Clone(cuts), at, at+1))
		}
		for j, v := range c.came {
			mean, scale, sum := 0.0, 0.0, 0.0
			for i, w := range weights {
				if c.means[i] != nil {
					mean += w * c.means[i][j]
					scale += w * c.scale[i][j]
					sum += w
				}
			}
			if v == v && sum > 0 && scale > 0 {
				scores = append(scores, math.Abs(v*sum-mean)/scale)
			}
		}
	}
	n := float64(len(scores))
	if n < fewScores {
		return [2]float64{1, 1}
	}
	slices.Sort(scores)
	at := func(level, z float64) float64 {
		return min(1, 1.1*infer.Quantile(scores, min(1, level*(n+1)/n))/z)
	}
	inner := max(at(.8, z80), .05)
	return [2]float64{inner, max(at(.95, z95), .75*inner)}
}

// AutoMember is a method of an Auto.
type AutoMember struct {
	Name   string  // such as "seasonal theta"
	Weight float64 // of its forecasts, in (0, 1]; those of all members add up to 1
}

// Members returns the methods that were kept; nothing for nil.
func (m *Auto) Members() []AutoMember {
	if m == nil || m.combined == nil {
		return nil
	}
	out := make([]AutoMember, len(m.names))
	for i, name := range m.names {
		out[i] = AutoMember{Name: name, Weight: m.combined.weights[i]}
	}
	return out
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *Auto) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Auto.Forecast"
	if m == nil || m.combined == nil {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	from := len(dst)
	dst, err := m.combined.Forecast(dst, h)
	if err != nil {
		return dst, err
	}
	m.raise(dst[from:])
	return dst, nil
}

// raise lifts what is below 0 where nothing may be.
func (m *Auto) raise(xs []float64) {
	for i, x := range xs {
		if m.floor && !(x > 0) {
			xs[i] = 0
		}
	}
}

// Quantiles appends quantiles of the next h periods. See Forecaster and FitAuto. ErrUndefined
// where the series is a single value, ErrEmpty for a model that was not fitted.
func (m *Auto) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Auto.Quantiles"
	if m == nil || m.combined == nil {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	mean, err := m.combined.Forecast(nil, h)
	if err != nil {
		return dst, err
	}
	from := len(dst)
	if dst, err = m.combined.Quantiles(dst, h, probs); err != nil {
		return dst[:from], err
	}
	for k, p := range probs {
		z := math.Abs(infer.NormalQuantile(p))
		factor := m.narrow[0] + (m.narrow[1]-m.narrow[0])*min(max((z-z80)/(z95-z80), 0), 1)
		for i, f := range mean {
			q := &dst[from+i*len(probs)+k]
			*q = f + factor*(*q-f)
		}
	}
	m.raise(dst[from:])
	return dst, nil
}

// Append returns the combination with its methods moved on by y; weights and spread stay. See
// Appender. Errors: ErrEmpty for a model that was not fitted or without any period, ErrNotFinite,
// ErrRange.
func (m *Auto) Append(y []float64) (Forecaster, error) {
	if m == nil || m.combined == nil {
		return nil, errUnfitted("forecast: Auto.Append")
	}
	moved, err := m.combined.Append(y)
	if err != nil {
		return nil, err
	}
	next := *m
	next.combined = moved.(*Combination)
	next.floor = m.floor && !slices.ContainsFunc(y, func(v float64) bool { return v < 0 })
	return &next, nil
}

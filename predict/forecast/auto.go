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

// AutoOptions configures FitAuto. The zero value is a series without a season.
type AutoOptions struct {
	// Season is the number of periods after which the series repeats; 0 and 1: none.
	Season int
	// Horizon is the number of periods ahead that matter: methods are judged by the means of as
	// many, at the three last cuts of the series. 0: a Season, but at least 4 and at most an eighth
	// of the series; without a Season 8 at most.
	Horizon int
	// NonNegative cuts means and quantiles at 0, for demand.
	NonNegative bool
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

// candidates are the methods for a series of n periods: few, and different from each other. Full
// seasonal smoothing is left out of long seasons, whose states are as many as a few years of weeks
// tell; a season of seven is added where the series holds three, a week of the days that a season of
// hours is.
func (o AutoOptions) candidates(y []float64) []Method {
	n := len(y)
	if o.Season == 1 {
		return append(unsteady(y), []Method{
			{Name: "theta", Fit: With(FitTheta, ThetaOptions{})},
			{Name: "simple smoothing", Fit: With(FitETS, ETSOptions{Model: "ANN", Seed: o.Seed})},
			{Name: "damped smoothing", Fit: With(FitETS, ETSOptions{Model: "AAdN", Seed: o.Seed})},
		}...)
	}
	out := append(unsteady(y), []Method{
		{Name: "seasonal naive", Fit: With(FitNaive, NaiveOptions{Season: o.Season})},
		{Name: "seasonal theta", Fit: With(FitTheta, ThetaOptions{Season: o.Season})},
		{Name: "theta", Fit: With(FitTheta, ThetaOptions{})},
	}...)
	if o.Season <= 24 {
		out = append(out, Method{Name: "smoothing", Fit: With(FitETS, ETSOptions{Season: o.Season, Seed: o.Seed})})
	}
	if long := 7 * o.Season; long <= maxSeason && n >= 3*long {
		out = append(out,
			Method{Name: "naive of seven seasons", Fit: With(FitNaive, NaiveOptions{Season: long})},
			Method{Name: "theta of seven seasons", Fit: With(FitTheta, ThetaOptions{Season: long})})
	}
	return out
}

// unsteady are further methods for demand that is not smooth (ClassifyDemand): levels that single large
// orders do not move where its sizes differ much, and those of FitIntermittent where it comes seldom.
func unsteady(y []float64) (out []Method) {
	if nonNegative("", y) != nil {
		return nil
	}
	switch classify(y).Class {
	case IntermittentDemand, LumpyDemand:
		out = append(out, Method{Name: "intermittent", Fit: With(FitIntermittent, IntermittentOptions{})})
	case ErraticDemand:
	default:
		return nil
	}
	return append(out,
		Method{Name: "root level", Fit: With(FitMean, MeanOptions{HalfLife: 2.5, Root: true})},
		Method{Name: "median of eight", Fit: With(FitMean, MeanOptions{Window: 8, Median: true})})
}

// FitAuto fits a few methods that differ from each other to y, one value a period, NaN where a period
// is missing, and combines them by how they did: seasonal naive, theta with and without the season
// and, for seasons up to 24, exponential smoothing; where the series holds three times seven seasons,
// also naive and theta of such a week; without a season theta, simple and damped smoothing; for demand that is not
// smooth by ClassifyDemand two robust levels, and where it comes seldom FitIntermittent. Each is
// fitted to all of y and, at the last three cuts that leave it enough, to the periods before, and
// weighs e^−1.5 for its mean absolute error e in the Horizon after the cuts. No period after y's
// last is ever looked at; series do not learn from each other.
//
// Quantiles are the weighted means of the methods'. Those are too wide as a rule, since errors cancel
// out: they are narrowed so that 80 % and 95 % intervals would have held so many of
// the values after each cut, by the weights of the others, and a tenth wider. The 95 % interval is widened, by half at most, where
// it would not have held them; the 80 % one never is.
//
// Combination.Warnings says where the level of the series broke (FindBreaks, of square roots where
// nothing is negative), by more than it moves anyway, and which of the last Horizon periods stand alone. It
// looks at the last 8,192 periods, or four seasons where those are more.
//
// Methods that a series is too short for are left out; the last value, carried on, is left for
// those too short for all. A fit takes four times that of its methods.
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite; ErrRange for values beyond
// 1e100; context.Cause(ctx). Sources: Bates and Granger 1969 (weights by errors); Lichtendahl,
// Grushka-Cockayne and Winkler 2013 (averages of quantiles).
func FitAuto(ctx context.Context, y []float64, opt AutoOptions) (*Combination, error) {
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
	all := o.candidates(y)
	models, err := fitEach(ctx, all, y)
	if err != nil {
		return nil, err
	}
	out := &Combination{narrow: [2]float64{1, 1}, nonNegative: o.NonNegative}
	if !slices.ContainsFunc(models, func(f Forecaster) bool { return f != nil }) {
		last, err := FitNaive(ctx, y, NaiveOptions{})
		if err != nil {
			return nil, err
		}
		out.names, out.models, out.weights = []string{"naive"}, []Forecaster{last}, []float64{1}
		return out, nil
	}
	r, err := Backtest(ctx, []Series{{Y: y}}, all, BacktestOptions{Horizon: o.Horizon, Cuts: autoCuts, MinHistory: max(o.Season+1, 10), Level: .8, Workers: 1})
	if err != nil && !errors.Is(err, errNoCut) {
		return nil, err
	}
	judged := judgement{models: models, result: r}
	weights := judged.weigh(-1)
	for i, w := range weights {
		if w > 0 {
			out.names = append(out.names, all[i].Name)
			out.models, out.weights = append(out.models, models[i]), append(out.weights, w)
		}
	}
	out.narrow = judged.narrowing(weights)
	out.warnings, err = oddities(ctx, y, o)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// oddities say where the series broke, and which of the last Horizon periods stand alone: reasons to
// look before its forecast is trusted. The time of FindBreaks grows with the
// square of periods without a break, so what is long past is left out.
func oddities(ctx context.Context, y []float64, opt AutoOptions) (out []string, err error) {
	const looked = 1 << 13
	from := max(0, len(y)-max(looked, 4*opt.Season))
	root := !slices.ContainsFunc(y, func(v float64) bool { return v < 0 })
	y = y[from:]
	b, err := FindBreaks(ctx, y, BreakOptions{Season: opt.Season, Root: root})
	if errors.Is(err, ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	breaks := b.Breaks
	if len(breaks) > 0 {
		var at []int
		var x []float64 // the observed periods, as FindBreaks has them
		for t, v := range withoutSeason(y, opt.Season) {
			if v == v {
				if root {
					v = math.Sqrt(max(v, 0))
				}
				at, x = append(at, t), append(x, v)
			}
		}
		jump := jumps(x)
		usual := medianOf(slices.Clone(jump[jumpSide : len(jump)-jumpSide+1]))
		breaks = slices.DeleteFunc(slices.Clone(breaks), func(k Break) bool {
			i, _ := slices.BinarySearch(at, k.At)
			return !(jump[i] > outstanding*usual)
		})
	}
	if n := len(breaks); n > 0 {
		last := breaks[n-1]
		out = append(out, fmt.Sprintf("the level broke in period %d: %.6g before, %.6g since; breaks in all: %d", from+last.At, last.Before, last.After, n))
	}
	for _, x := range b.Outliers {
		if x.At >= len(y)-opt.Horizon {
			out = append(out, fmt.Sprintf("period %d stands alone: %.6g, usual are %.6g", from+x.At, x.Value, x.Expected))
		}
	}
	return out, nil
}

// outstanding is how much larger than usual a jump must be to be told: those of random walks, whose
// level moves all the time, and of trends are not.
const outstanding = 6

// jumpSide is how many periods a jump is measured by on each side: as many as FindBreaks has between breaks at least.
const jumpSide = 4

// jumps returns by how much the median of each period and the three after it differs from that of the
// four before; 0 at the ends.
func jumps(x []float64) []float64 {
	out := make([]float64, len(x))
	for t := jumpSide; t+jumpSide <= len(x); t++ {
		out[t] = math.Abs(medianOf(slices.Clone(x[t:t+jumpSide])) - medianOf(slices.Clone(x[t-jumpSide:t])))
	}
	return out
}

// fitEach fits the methods; nil where the series is none for one.
func fitEach(ctx context.Context, all []Method, y []float64) ([]Forecaster, error) {
	models := make([]Forecaster, len(all))
	for i, c := range all {
		m, err := c.Fit(ctx, Series{Y: y})
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

// judgement is how the methods did at the cuts: result is nil where there was none.
type judgement struct {
	models []Forecaster
	result *BacktestResult
}

// each calls do for every value after a cut but those of cut without; what method i had said of it is
// at k of the results.
func (j judgement) each(without int, do func(v float64, k func(i int) int)) {
	r := j.result
	if r == nil {
		return
	}
	for c := range r.cuts {
		for p := c * r.horizon; p < (c+1)*r.horizon; p++ {
			if v := r.actual[p]; v == v && c != without {
				do(v, func(i int) int { return i*len(r.actual) + p })
			}
		}
	}
}

// weigh returns the weights of the methods, 0 for those that could not be fitted or judged; equal
// ones where none could be judged. A method without quantiles is not.
func (j judgement) weigh(without int) []float64 {
	models := j.models
	errs, counts := make([]float64, len(models)), make([]float64, len(models))
	size, values := 0.0, 0.0
	j.each(without, func(v float64, k func(int) int) {
		size += math.Abs(v)
		values++
		for i, m := range models {
			if e := math.Abs(v - j.result.mean[k(i)]); m != nil && e == e && j.result.low[k(i)] == j.result.low[k(i)] {
				errs[i] += e
				counts[i]++
			}
		}
	})
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

// mostWiden is by how much the 95 % interval is widened at most.
const mostWiden = 1.5

// narrowing finds the factors by which the combined spread would have held 80 % and 95 % of what
// came after the cuts, where that narrows a tenth more: 1 at most at 80 %, mostWiden at 95 %, since demand has tails that
// methods do not know of; 1 where too little came.
func (j judgement) narrowing(weights []float64) [2]float64 {
	var scores []float64
	if r := j.result; r != nil {
		for c := range r.cuts {
			by := weights
			if slices.ContainsFunc(r.at, func(n int) bool { return n >= 0 && n != r.at[c] }) { // weights know what came after the cut; those of the other cuts do not
				by = j.weigh(c)
			}
			scores = j.scores(scores, c, by)
		}
	}
	n := float64(len(scores))
	if n < fewScores {
		return [2]float64{1, 1}
	}
	slices.Sort(scores)
	at := func(level, z, most float64) float64 {
		v := infer.Quantile(scores, min(1, level*(n+1)/n)) / z
		return min(max(v, min(1.1*v, 1)), most)
	}
	inner := max(at(.8, z80, 1), .05)
	return [2]float64{inner, max(at(.95, z95, mostWiden), inner)} // quantiles stay in order
}

// scores appends the distances of the values after a cut from the combined means, in units of the
// combined spread.
func (j judgement) scores(dst []float64, c int, weights []float64) []float64 {
	r := j.result
	for p := c * r.horizon; p < (c+1)*r.horizon; p++ {
		mean, scale, sum := 0.0, 0.0, 0.0
		for i, w := range weights {
			k := i*len(r.actual) + p
			if m := r.mean[k]; m == m && r.low[k] == r.low[k] {
				mean += w * m
				scale += w * (r.high[k] - r.low[k]) / (2 * z80)
				sum += w
			}
		}
		if v := r.actual[p]; v == v && sum > 0 && scale > 0 {
			dst = append(dst, min(math.Abs(v*sum-mean)/scale, math.MaxFloat64)) // a spread may be next to nothing
		}
	}
	return dst
}

package forecast

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// SmoothingOptions configures FitSmoothing. The zero value is simple exponential smoothing with
// the α of least squares.
type SmoothingOptions struct {
	// Trend is Holt's linear trend; Damped lets it die away, and implies it.
	Trend, Damped bool
	// Season is the number of periods after which the series repeats (Holt-Winters); 0 and 1:
	// none. Multiplicative seasons are factors, and want values above 0.
	Season         int
	Multiplicative bool
	// Alpha, Beta, Gamma and Phi smooth level, trend and season and damp the trend, all in (0,
	// 1]: either those that the form has are given, or all are 0 and found by least squares.
	// Beta is Holt's: of the change of the level, not of the error.
	Alpha, Beta, Gamma, Phi float64
}

func (o SmoothingOptions) withDefaults() SmoothingOptions {
	o.Season = check.Default(o.Season, 1)
	o.Trend = o.Trend || o.Damped
	return o
}

// form returns the form of the state space, with additive errors.
func (o SmoothingOptions) form() etsForm {
	f := etsForm{trend: o.Trend, damped: o.Damped, season: 'N'}
	if o.Season > 1 {
		f.season = "AM"[index(o.Multiplicative)]
	}
	return f
}

// validate asks for all parameters that the form has, or for none, and for none that it has not.
func (o SmoothingOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(!o.Multiplicative || o.Season != 1, "Multiplicative", o.Multiplicative, "false without a Season")
	given := o.Alpha != 0
	for _, p := range []struct {
		name string
		x    float64
		has  bool
	}{{"Alpha", o.Alpha, true}, {"Beta", o.Beta, o.Trend}, {"Gamma", o.Gamma, o.Season > 1}, {"Phi", o.Phi, o.Damped}} {
		if given && p.has {
			c.Require(p.x > 0 && p.x <= 1, p.name, p.x, "in (0, 1], as Alpha is given")
		} else {
			c.Require(p.x == 0, p.name, p.x, "0, as Alpha is not given or the form has none")
		}
	}
	return c.Err(where)
}

// FitSmoothing fits classical exponential smoothing to y, one value a period, NaN where a period
// is missing: simple, Holt's, damped or Holt-Winters', as an ETS with additive errors. Without an
// Alpha, parameters and initial states are those of least squares, as FitETS finds them.
//
// With the parameters given, the initial states are the classical ones, and no search is made:
// level ℓ₀ = y₁ and trend b₀ = y₂ − y₁, the first two observed values (over the periods between
// them); with a season ℓ₀ is the mean of the first one, the trend that of the second less that of
// the first over its length, and the seasonal states are the first season less, or over, ℓ₀. The
// first observation is processed, too: it corrects ℓ₀ + b₀. So Holt's forecast with a trend differs
// from that of tools that start at the second period. σ² is then the mean of squared errors. O(n).
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite; ErrRange for values beyond
// 1e100, with Multiplicative for those that are not positive, and where errors grow without bounds by
// the parameters given; ErrUndefined for series that are
// too short: one value, with Trend two, with Season a whole one, with both two whole ones where
// parameters are given, and more values than parameters where they are not; context.Cause(ctx).
// Source: Hyndman and Athanasopoulos, Forecasting, 3rd ed., ch. 8.
func FitSmoothing(ctx context.Context, y []float64, opt SmoothingOptions) (*ETS, error) {
	const where = "forecast: FitSmoothing"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	observed, err := checkSeries(where, y)
	if err != nil {
		return nil, err
	}
	if o.Multiplicative {
		for t, v := range y {
			if v <= 0 {
				return nil, fmt.Errorf("%s: y[%d] is %v, want > 0 with a multiplicative season: %w", where, t, v, ErrRange)
			}
		}
	}
	if o.Alpha == 0 {
		return FitETS(ctx, y, ETSOptions{Model: o.form().String(), Season: o.Season})
	}
	m := &ETS{form: o.form(), season: o.Season}
	m.now = etsParams{alpha: o.Alpha, beta: o.Alpha * o.Beta, gamma: o.Gamma, phi: 1}
	if o.Damped {
		m.now.phi = o.Phi
	}
	if o.Season > 1 {
		err = m.classicalSeason(y)
	} else {
		err = m.classicalStart(y)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m.y, m.fitted = canonical(y), make([]float64, len(y))
	sum, _, ok := runETS(m.form, &m.now, m.y, m.fitted)
	if !ok {
		return nil, fmt.Errorf("%s: level or season left the positive numbers: %w", where, ErrRange)
	}
	if !check.Finite(sum) {
		return nil, fmt.Errorf("%s: with these parameters errors grow without bounds: %w", where, ErrRange)
	}
	m.sigma2 = sum / float64(observed)
	return m, nil
}

// classicalStart sets level and trend from the first observed values.
func (m *ETS) classicalStart(y []float64) error {
	first := -1
	for t, v := range y {
		if v != v {
			continue
		}
		if first < 0 {
			if first = t; !m.form.trend {
				break
			}
			continue
		}
		m.now.level = y[first]
		m.now.slope = (v - y[first]) / float64(t-first)
		return nil
	}
	if m.form.trend {
		return fmt.Errorf("a trend wants two observed values: %w", ErrUndefined)
	}
	m.now.level = y[first]
	return nil
}

// classicalSeason sets the states from the first season, which must be whole, and the trend from
// the second.
func (m *ETS) classicalSeason(y []float64) error {
	s := m.season
	whole := func(from int) (mean float64, ok bool) {
		if len(y) < from+s {
			return 0, false
		}
		for _, v := range y[from : from+s] {
			mean += v / float64(s)
		}
		return mean, !math.IsNaN(mean)
	}
	level, ok := whole(0)
	if !ok {
		return fmt.Errorf("the first season of %d is not whole: %w", s, ErrUndefined)
	}
	if m.form.trend {
		next, ok := whole(s)
		if !ok {
			return fmt.Errorf("a trend wants the second season of %d whole: %w", s, ErrUndefined)
		}
		m.now.slope = (next - level) / float64(s)
	}
	m.now.level, m.now.seasonal = level, make([]float64, s)
	for i, v := range y[:s] {
		if m.form.season == 'A' {
			m.now.seasonal[i] = v - level
		} else {
			m.now.seasonal[i] = v / level
		}
	}
	return nil
}

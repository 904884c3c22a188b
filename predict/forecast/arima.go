package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ Historian  = (*ARIMA)(nil)
	_ Appender   = (*ARIMA)(nil)
	_ Persistent = (*ARIMA)(nil)
)

// ARIMAOptions configures FitARIMA. The zero value chooses among models without a season.
type ARIMAOptions struct {
	// Model is a model as Box and Jenkins write it, (p,d,q) and with a season (p,d,q)(P,D,Q), such as
	// "(0,1,1)(0,1,1)"; behind it " with mean" (none is differenced) or " with drift" (once) for a
	// constant. p and q up to 24, P and Q up to 4, d and D up to 2, d+D up to 3. "" chooses p, q ≤ 5, P, Q ≤ 2,
	// d ≤ 2 and D ≤ 1.
	Model string
	// Season is the number of periods after which the series repeats, at most 366; 0 and 1: none.
	Season int
}

// Limits of a model of one's own.
const (
	maxLags, maxSeasonalLags, maxDifferences = 24, 4, 2
	maxARIMASeason                           = 366
	maxARIMAStates, maxARIMAWork             = 1000, 1e9 // r, and n·r² of one run of the filter
)

func (o ARIMAOptions) withDefaults() ARIMAOptions {
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o ARIMAOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxARIMASeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxARIMASeason))
	if o.Model != "" {
		f, ok := parseARIMA(o.Model)
		c.Require(ok, "Model", fmt.Sprintf("%q", o.Model), `one such as "(1,1,1)(0,1,1) with drift"`)
		c.Require(!ok || o.Season != 1 || f.seasonal() == 0 && f.sd == 0, "Model", fmt.Sprintf("%q", o.Model), "no season where Season is 1")
	}
	return c.Err(where)
}

// arimaForm are the orders of a model.
type arimaForm struct {
	p, d, q    int
	sp, sd, sq int
	constant   bool
}

func (f arimaForm) seasonal() int { return f.sp + f.sq }

// parameters is the number of coefficients, the constant and the variance.
func (f arimaForm) parameters() int { return f.p + f.q + f.sp + f.sq + index(f.constant) + 1 }

// String writes the model as ARIMAOptions.Model.
func (f arimaForm) String() string {
	s := fmt.Sprintf("(%d,%d,%d)", f.p, f.d, f.q)
	if f.sp+f.sd+f.sq > 0 {
		s += fmt.Sprintf("(%d,%d,%d)", f.sp, f.sd, f.sq)
	}
	switch {
	case f.constant && f.d+f.sd == 0:
		s += " with mean"
	case f.constant:
		s += " with drift"
	}
	return s
}

// parseARIMA reads what String writes; false for anything else and for orders out of range.
func parseARIMA(s string) (arimaForm, bool) {
	var f arimaForm
	if _, err := fmt.Sscanf(s, "(%d,%d,%d)(%d,%d,%d)", &f.p, &f.d, &f.q, &f.sp, &f.sd, &f.sq); err != nil {
		f = arimaForm{}
		if _, err := fmt.Sscanf(s, "(%d,%d,%d)", &f.p, &f.d, &f.q); err != nil {
			return f, false
		}
	}
	if !f.valid() {
		return f, false
	}
	for _, constant := range []bool{false, true} {
		if f.constant = constant; f.valid() && (f.String() == s || f.sp+f.sd+f.sq == 0 && f.zeros() == s) {
			return f, true
		}
	}
	return f, false
}

// zeros is String with a season of zeros.
func (f arimaForm) zeros() string {
	s := f.String()
	n := len(fmt.Sprintf("(%d,%d,%d)", f.p, f.d, f.q))
	return s[:n] + "(0,0,0)" + s[n:]
}

// valid reports whether the orders are in range; a constant is none of a series differenced twice.
func (f arimaForm) valid() bool {
	in := func(k, most int) bool { return k >= 0 && k <= most }
	return in(f.p, maxLags) && in(f.q, maxLags) && in(f.sp, maxSeasonalLags) && in(f.sq, maxSeasonalLags) &&
		in(f.d, maxDifferences) && in(f.sd, maxDifferences) && f.d+f.sd <= 3 && (!f.constant || f.d+f.sd <= 1)
}

// ARIMA is a linear model of the differences of a series by their past and past errors. See FitARIMA.
type ARIMA struct {
	y      []float64 // canonical
	form   arimaForm
	season int       // 1 for none
	coef   []float64 // φ, θ, Φ, Θ
	mean   float64   // of the differences: constant
	sigma2 float64
	info   Information

	// What settle finds of them.
	fitted []float64
	phi    []float64 // of the differences, seasonal ones multiplied in
	ahead  []float64 // state after the last period
	filled []float64 // the last values, missing ones as they were foreseen
}

// FitARIMA fits a seasonal ARIMA model to y, one value a period, NaN where a period is missing:
//
//	φ(B) Φ(Bᵐ) ((1−B)ᵈ (1−Bᵐ)ᴰ y − μ) = θ(B) Θ(Bᵐ) ε
//
// with θ(B) = 1 + θ₁B + …, as statsmodels and R write it. Coefficients are found by maximum likelihood,
// exact of the differenced series, by the Kalman filter, in which missing values are left out; μ, the mean or with
// one difference the drift, in its closed form; the start is the least conditional sum of squares. AR and MA parts are kept
// stationary and invertible.
//
// Without a Model D is 1 where the season is strong (its part of an STL explains 64 % of what the trend
// leaves), d the number of differences after which KPSS at 5 % finds a level, and the orders are found
// stepwise (Hyndman and Khandakar): from four models to the best neighbour by AICc until none is better; one
// with a root within 1 % of the unit circle is not taken. A constant series has no AR nor MA part.
//
// Quantiles are normal; how sure coefficients are is not in them. Missing periods of a differenced
// series are taken for as they were foreseen. A fit takes about 100 × coefficients × (n·r² + (p+m·P)³) operations at most,
// r being the larger of p+m·P and q+m·Q+1, and a choice ten to thirty fits.
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrUndefined where the differenced series has
// no more values than the model parameters, or has no likelihood; ErrNotFinite; ErrRange for values beyond 1e100, and for more work
// than r = 1,000 and n·r² = 10⁹; context.Cause(ctx). Sources: Gardner, Harvey and Phillips, AS 154, 1980; Hyndman and Khandakar,
// Automatic time series forecasting, 2008.
func FitARIMA(ctx context.Context, y []float64, opt ARIMAOptions) (*ARIMA, error) {
	const where = "forecast: FitARIMA"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, err := checkSeries(where, y); err != nil {
		return nil, err
	}
	s := &arimaSearch{ctx: ctx, y: y, season: o.Season, tried: map[arimaForm]*arimaTrial{}}
	var best *arimaTrial
	var err error
	if o.Model != "" {
		f, _ := parseARIMA(o.Model) // validate has seen it
		best, err = s.try(where, f)
	} else {
		best, err = s.choose(where)
	}
	if err != nil {
		return nil, err
	}
	m := &ARIMA{y: canonical(y), form: best.form, season: o.Season, coef: best.coef, mean: best.mean + 0, sigma2: best.sigma2, info: best.info}
	if m.form.seasonal() == 0 && m.form.sd == 0 {
		m.season = 1
	}
	if !m.settle() {
		return nil, fmt.Errorf("%s: the forecast of %s is not finite: %w", where, m.form, ErrUndefined)
	}
	return m, nil
}

// differences returns the polynomial (1−B)ᵈ(1−Bᵐ)ᴰ without its leading 1, negated: of how the last
// values make the next.
func (f arimaForm) differences(m int) []float64 {
	poly := []float64{1}
	times := func(lag int) {
		next := make([]float64, len(poly)+lag)
		for i, v := range poly {
			next[i] += v
			next[i+lag] -= v
		}
		poly = next
	}
	for range f.d {
		times(1)
	}
	for range f.sd {
		times(m)
	}
	out := make([]float64, len(poly)-1)
	for i := range out {
		out[i] = -poly[i+1]
	}
	return out
}

// settle runs over the series and leaves fitted values and the state behind it; false where they
// are not finite.
func (m *ARIMA) settle() bool {
	past := m.form.differences(m.season)
	k := len(past)
	m.filled = slices.Clone(m.y)
	m.fitted = make([]float64, len(m.y))
	known := make([]bool, len(m.y)) // observed, or foreseen from what was
	first := max(slices.IndexFunc(m.y, func(v float64) bool { return v == v }), 0)
	s := newARIMAState(m.form, m.season, m.coef)
	s.stationary()
	for t, v := range m.y {
		m.fitted[t], known[t] = math.NaN(), v == v
		if t < k {
			if v != v { // before anything could be foreseen: as its neighbour
				m.filled[t] = m.y[first]
				if t > 0 {
					m.filled[t] = m.filled[t-1]
				}
			}
			continue
		}
		base := 0.0
		whole, told := v == v, true
		for j, c := range past {
			if c != 0 {
				base += c * m.filled[t-1-j]
				whole = whole && m.y[t-1-j] == m.y[t-1-j]
				told = told && known[t-1-j]
			}
		}
		f := base + m.mean + s.a[0]
		if !check.Finite(f) {
			return false
		}
		if told {
			m.fitted[t], known[t] = f, true
		}
		if whole {
			s.see(v - base - m.mean)
		} else {
			s.pass()
			if v != v {
				m.filled[t] = f
			}
		}
	}
	m.phi, m.ahead = s.phi, s.a
	return true
}

// Model returns the model, such as "(0,1,1)(0,1,1)"; "" for nil.
func (m *ARIMA) Model() string {
	if m == nil || len(m.y) == 0 {
		return ""
	}
	return m.form.String()
}

// ARIMAParameters are the parameters of an ARIMA.
type ARIMAParameters struct {
	AR, MA                 []float64 // φ and θ
	SeasonalAR, SeasonalMA []float64 // Φ and Θ
	Mean                   float64   // of the differenced series: the mean, or with one difference the drift of a period or season; 0 without a constant
	Sigma2                 float64   // variance of the errors
}

// Parameters returns the parameters. ErrEmpty for a model that was not fitted.
func (m *ARIMA) Parameters() (ARIMAParameters, error) {
	if m == nil || len(m.y) == 0 {
		return ARIMAParameters{}, errUnfitted("forecast: ARIMA.Parameters")
	}
	phi, theta, sphi, stheta := m.form.split(m.coef)
	return ARIMAParameters{
		AR: slices.Clone(phi), MA: slices.Clone(theta), SeasonalAR: slices.Clone(sphi), SeasonalMA: slices.Clone(stheta),
		Mean: m.mean, Sigma2: m.sigma2,
	}, nil
}

// Information returns the log-likelihood of the differenced series, with its constant, and what it
// costs: of models with the same differences. ErrEmpty for a model that was not fitted.
func (m *ARIMA) Information() (Information, error) {
	if m == nil || len(m.y) == 0 {
		return Information{}, errUnfitted("forecast: ARIMA.Information")
	}
	return m.info, nil
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *ARIMA) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: ARIMA.Forecast"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	past := m.form.differences(m.season)
	s := arimaState{n: len(m.phi), phi: m.phi, a: slices.Clone(m.ahead)}
	y := slices.Clone(m.filled[len(m.filled)-min(len(past), len(m.filled)):])
	from := len(y)
	for range h {
		v := m.mean + s.a[0]
		for j, c := range past {
			if at := len(y) - 1 - j; at >= 0 {
				v += c * y[at]
			}
		}
		y = append(y, v)
		s.move()
	}
	return append(dst, y[from:]...), nil
}

// Quantiles appends quantiles of the next h periods. See Forecaster. Also ErrEmpty for a model that
// was not fitted.
func (m *ARIMA) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: ARIMA.Quantiles"
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	mean, err := m.Forecast(nil, h)
	if err != nil {
		return dst, err
	}
	gap := 0 // periods since the last value
	for gap < len(m.y)-1 && m.y[len(m.y)-1-gap] != m.y[len(m.y)-1-gap] {
		gap++
	}
	return appendNormal(dst, mean, m.spread(gap + h)[gap:], probs), nil
}

// spread returns the standard deviations of the next h periods: √(σ² Σψ²).
func (m *ARIMA) spread(h int) []float64 {
	past := m.form.differences(m.season)
	s := newARIMAState(m.form, m.season, m.coef)
	// What an error of 1 does to the differences, and they to the series.
	psi, sd, sum := make([]float64, h), make([]float64, h), 0.0
	for j := range h {
		w := 1.0
		if j > 0 {
			w = s.a[0]
			s.move()
		} else {
			copy(s.a, s.r)
			s.move()
		}
		psi[j] = w
		for k, c := range past {
			if j-1-k >= 0 {
				psi[j] += c * psi[j-1-k]
			}
		}
		sum += psi[j] * psi[j]
		sd[j] = math.Sqrt(m.sigma2 * sum)
	}
	return sd
}

// Fitted appends the one-step forecasts of the series, NaN of those that are lost to differences,
// by missing periods too. See
// Historian. ErrEmpty for a model that was not fitted.
func (m *ARIMA) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ARIMA.Fitted")
	}
	return append(dst, m.fitted...), nil
}

// Residuals appends the one-step errors. See Historian. ErrEmpty for a model that was not fitted.
func (m *ARIMA) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ARIMA.Residuals")
	}
	for t, v := range m.y {
		dst = append(dst, v-m.fitted[t])
	}
	return dst, nil
}

// Append returns the model moved on by y. See Appender; coefficients and σ² stay. Errors: ErrEmpty for
// a model that was not fitted or without any period, ErrNotFinite, ErrRange.
func (m *ARIMA) Append(y []float64) (Forecaster, error) {
	const where = "forecast: ARIMA.Append"
	if m == nil || len(m.y) == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	next := *m
	next.y = append(slices.Clip(m.y), canonical(y)...)
	if !next.settle() {
		return nil, fmt.Errorf("%s: the forecast leaves the finite numbers: %w", where, ErrRange)
	}
	return &next, nil
}

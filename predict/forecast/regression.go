package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/solve"
)

var (
	_ Historian  = (*Regression)(nil)
	_ Appender   = (*Regression)(nil)
	_ Persistent = (*Regression)(nil)
)

// RegressionOptions configures FitRegression. The zero value is a line through the known columns,
// with an intercept.
type RegressionOptions struct {
	// Log fits the logarithm of the mean, as suits demand, whose causes multiply: values must
	// not be negative, quantiles are of counts with a variance in proportion to the mean. The
	// coefficient of the logarithm of a price is then its elasticity. Default: the mean itself,
	// and normal quantiles.
	Log bool
	// Trend adds the period as a column.
	Trend bool
	// Seasons are the lengths of seasons in periods, such as 52.18, each of which adds the
	// columns of AppendFourier.
	Seasons []float64
	// Harmonics are how many of each season; nil: 2, or half of a season below 4.
	Harmonics []int
	// HalfLife is the number of periods after which a period weighs half, for levels that
	// move; default 0: all weigh the same.
	HalfLife float64
	// L2 draws the coefficients of standardised columns, but the intercept, to 0: the penalty
	// of each in periods; default 1, negative for none.
	L2 float64
}

func (o RegressionOptions) withDefaults() RegressionOptions {
	o.L2 = check.OrOff(o.L2, 1)
	if o.Harmonics == nil {
		for _, s := range o.Seasons {
			o.Harmonics = append(o.Harmonics, max(1, min(2, int(s/2))))
		}
	}
	return o
}

// validate names every bad field.
func (o RegressionOptions) validate(where string) error {
	var c check.Options
	c.Require(o.L2 >= 0 && check.Finite(o.L2), "L2", o.L2, "finite")
	c.Require(o.HalfLife >= 0 && check.Finite(o.HalfLife), "HalfLife", o.HalfLife, "finite and >= 0")
	c.Require(len(o.Harmonics) == len(o.Seasons), "Harmonics", len(o.Harmonics), "as many as Seasons")
	for i, s := range o.Seasons {
		c.Require(s >= 2 && s <= maxPeriods, fmt.Sprintf("Seasons[%d]", i), s, "at least 2")
		if i < len(o.Harmonics) {
			c.Require(o.Harmonics[i] >= 1 && float64(o.Harmonics[i]) <= s/2, fmt.Sprintf("Harmonics[%d]", i), o.Harmonics[i], "1 to half a season")
		}
	}
	return c.Err(where)
}

// maxColumns bounds the columns of a regression.
const maxColumns = 1000

// Regression forecasts by what is known beforehand: calendar, prices, promotions. See
// FitRegression.
type Regression struct {
	opt         RegressionOptions
	n           int         // periods of the series
	known       [][]float64 // columns, as far as they are planned
	y           []float64   // as given, censored ones missing
	own         int         // columns before the known ones
	mean, scale []float64   // of the columns; 0 for one that never changes
	beta        []float64   // intercept and coefficients of standardised columns
	inverse     []float64   // of the penalised information, (columns+1)²
	dispersion  float64     // variance of the errors, with Log by the mean
	converged   bool
}

// FitRegression fits the values of s to its Known columns, trend and seasons by penalised least
// squares, or with Log by penalised quasi-likelihood (Poisson). Past columns and Fixed are not
// used. Periods that are missing, or of which a column is unknown, are left out; of a censored one
// is known that at least its value was wanted: what was wanted is its expectation given that, found
// with the coefficients in turn (EM), so that a stock-out is no demand of 0. The forecast reaches as
// far as Known is planned, without columns to MaxHorizon.
//
// Cost: a few dozen times n × columns². Errors: ErrOption; ErrEmpty, ErrShape, ErrNotFinite,
// ErrRange for the series, negative values with Log; ErrUndefined where no more periods than columns
// are observed and L2 is off, or all values are 0 with Log; context.Cause(ctx).
// Source: McCullagh and Nelder, Generalized Linear Models, 1989.
func FitRegression(ctx context.Context, s Series, opt RegressionOptions) (*Regression, error) {
	const where = "forecast: FitRegression"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if _, err := s.check(where); err != nil {
		return nil, err
	}
	if o.Log {
		if err := nonNegative(where, s.Y); err != nil {
			return nil, err
		}
	}
	m := &Regression{opt: o, n: len(s.Y), y: canonical(s.Demand(nil))}
	for _, x := range s.Known {
		m.known = append(m.known, canonical(x))
	}
	if o.Trend {
		m.own++
	}
	for _, h := range o.Harmonics {
		m.own += 2 * h
	}
	if k := m.own + len(m.known); k > maxColumns {
		return nil, fmt.Errorf("%s: %d columns, want at most %d: %w", where, k, maxColumns, ErrRange)
	}
	f, err := m.rows(where, s)
	if err != nil {
		return nil, err
	}
	if err := f.solve(ctx, where); err != nil {
		return nil, err
	}
	return m, nil
}

// row appends the columns of period t, NaN where unknown.
func (m *Regression) row(dst []float64, t int) []float64 {
	if m.opt.Trend {
		dst = append(dst, float64(t))
	}
	for i, s := range m.opt.Seasons {
		dst, _ = AppendFourier(dst, t, s, m.opt.Harmonics[i]) // validate has seen them
	}
	for _, x := range m.known {
		v := math.NaN()
		if t < len(x) {
			v = x[t]
		}
		dst = append(dst, v)
	}
	return dst
}

// regressionFit are the rows of a fit.
type regressionFit struct {
	m        *Regression
	d        int       // columns and the intercept
	x        []float64 // standardised rows with a leading 1
	y, w     []float64 // values, what of them is wanted where censored, and weights
	least    []float64 // of censored rows the value, else NaN
	observed float64
}

// rows gathers the periods that tell something, and standardises the columns over them.
func (m *Regression) rows(where string, s Series) (*regressionFit, error) {
	k := m.own + len(m.known)
	f := &regressionFit{m: m, d: k + 1}
	m.mean, m.scale = make([]float64, k), make([]float64, k)
	var raw []float64
	for t, v := range s.Y {
		if v != v {
			continue
		}
		at := len(raw)
		raw = m.row(raw, t)
		if slices.ContainsFunc(raw[at:], func(v float64) bool { return v != v }) {
			raw = raw[:at]
			continue
		}
		w := 1.0
		if m.opt.HalfLife > 0 {
			w = math.Exp2(-float64(m.n-1-t) / m.opt.HalfLife)
		}
		least := math.NaN()
		if s.Censored != nil && s.Censored[t] {
			least = v
		} else {
			f.observed++
		}
		f.y, f.w, f.least = append(f.y, v), append(f.w, w), append(f.least, least)
	}
	if f.observed == 0 {
		return nil, fmt.Errorf("%s: no period with all its columns is observed: %w", where, ErrUndefined)
	}
	if m.opt.L2 == 0 && f.observed <= float64(k) {
		return nil, fmt.Errorf("%s: %v periods for %d columns without a penalty: %w", where, f.observed, k, ErrUndefined)
	}
	n := len(f.y)
	for j := range k {
		for i := range n {
			m.mean[j] += (raw[i*k+j] - m.mean[j]) / float64(i+1)
		}
		top := 0.0
		for i := range n {
			top = max(top, math.Abs(raw[i*k+j]-m.mean[j]))
		}
		if top <= 1e-12*math.Abs(m.mean[j]) {
			continue // a column that never changes says nothing
		}
		sum := 0.0
		for i := range n {
			v := (raw[i*k+j] - m.mean[j]) / top
			sum += v * v
		}
		m.scale[j] = top * math.Sqrt(sum/float64(n))
	}
	f.x = make([]float64, 0, n*f.d)
	for i := range n {
		f.x = m.standard(f.x, raw[i*k:(i+1)*k])
	}
	return f, nil
}

// standard appends a row with a leading 1 in standardised units.
func (m *Regression) standard(dst, row []float64) []float64 {
	dst = append(dst, 1)
	for j, v := range row {
		z := 0.0
		if m.scale[j] > 0 {
			z = (v - m.mean[j]) / m.scale[j]
		}
		dst = append(dst, z)
	}
	return dst
}

// solve takes Newton steps on the penalised likelihood, what was wanted in censored periods being
// what the last step expects.
func (f *regressionFit) solve(ctx context.Context, where string) error {
	m, d, n := f.m, f.d, len(f.y)
	beta := make([]float64, d)
	var sum, weight float64
	for i, v := range f.y {
		sum += f.w[i] * v
		weight += f.w[i]
	}
	beta[0] = sum / weight
	if m.opt.Log {
		if !(sum > 0) {
			return fmt.Errorf("%s: all values are 0, which has no logarithm: %w", where, ErrUndefined)
		}
		beta[0] = math.Log(sum / weight)
	}
	spread, converged := 1.0, false
	info, step := make([]float64, d*d), make([]float64, d)
	for range 1000 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		f.information(info, step, beta, spread)
		m.inverse = slices.Clone(info)
		if !solve.Cholesky64(info, d) {
			if m.opt.L2 == 0 {
				return fmt.Errorf("%s: columns depend on each other and L2 is off: %w", where, ErrUndefined)
			}
			return fmt.Errorf("%s: the fit has no finite step: %w", where, ErrRange)
		}
		solve.SolveCholesky64(info, d, step)
		moved := 0.0
		for _, v := range step {
			moved = max(moved, math.Abs(v))
		}
		damp := 1.0
		if m.opt.Log {
			damp = min(1, 2/max(moved, 1e-300)) // no step multiplies a mean by more than e²
		}
		top := 1e-12
		for j, v := range step {
			beta[j] += damp * v
			top = max(top, math.Abs(beta[j]))
		}
		spread = f.spread(beta)
		if converged = moved <= 1e-10*top; converged {
			break
		}
	}
	m.beta, m.dispersion, m.converged = beta, spread, converged
	u := slices.Clone(m.inverse)
	dependent := solve.SemiCholesky64(u, d, 1e-12)
	m.inverse = canonical(solve.SemiInverse64(u, d, dependent))
	for _, j := range dependent { // says nothing of its own
		for k := range d {
			m.inverse[j*d+k], m.inverse[k*d+j] = 0, 0
		}
	}
	if slices.ContainsFunc(beta, func(v float64) bool { return !check.Finite(v) }) || n == 0 {
		return fmt.Errorf("%s: coefficients are not finite: %w", where, ErrRange)
	}
	return nil
}

// mu is the mean of row i.
func (f *regressionFit) mu(i int, beta []float64) float64 {
	eta := 0.0
	for j, v := range f.x[i*f.d : (i+1)*f.d] {
		eta += v * beta[j]
	}
	return f.m.link(eta)
}

// link is the mean of a linear predictor; one beyond e^230 is cut.
func (m *Regression) link(eta float64) float64 {
	if m.opt.Log {
		return math.Exp(min(eta, 230))
	}
	return eta
}

// information writes the penalised information, upper triangle, and the gradient.
func (f *regressionFit) information(info, grad, beta []float64, spread float64) {
	d := f.d
	clear(info)
	clear(grad)
	for i, y := range f.y {
		x := f.x[i*d : (i+1)*d]
		mu := f.mu(i, beta)
		if c := f.least[i]; c == c {
			y = f.wanted(mu, c, spread)
		}
		w := f.w[i]
		r := w * (y - mu)
		if f.m.opt.Log {
			w *= max(mu, 1e-10)
		}
		for a, v := range x {
			grad[a] += r * v
			for b := a; b < d; b++ {
				info[a*d+b] += w * v * x[b]
			}
		}
	}
	// One period of penalty is one of information.
	unit := 1.0
	if f.m.opt.Log {
		unit = math.Exp(beta[0])
	}
	for j := 1; j < d; j++ {
		penalty := f.m.opt.L2 * unit
		if f.m.scale[j-1] == 0 {
			penalty = unit
		}
		info[j*d+j] += penalty
		grad[j] -= penalty * beta[j]
	}
	if info[0] <= 0 {
		info[0] = 1e-300
	}
}

// wanted is the expectation of a value that is at least c, with a mean of mu.
func (f *regressionFit) wanted(mu, c, spread float64) float64 {
	if f.m.opt.Log {
		// Of the Poisson law with the spread as its unit.
		unit := max(spread, 1)
		l, k := mu/unit, math.Ceil(c/unit)
		if k < 1 {
			return mu
		}
		if k > 1e6 {
			return max(mu, c)
		}
		above := 1 - infer.ChiSquaredUpper(2*l, 2*k)
		if above < 1e-9 {
			return max(mu, c)
		}
		before := 1.0
		if k > 1 {
			before = 1 - infer.ChiSquaredUpper(2*l, 2*(k-1))
		}
		return max(unit*l*before/above, c)
	}
	sd := math.Sqrt(spread)
	z := (c - mu) / sd
	if tail := infer.NormalCDF(-z); sd > 0 && tail > 1e-12 {
		return mu + sd*infer.NormalPDF(z)/tail
	}
	return max(mu, c)
}

// spread is the variance of the errors, with Log by the mean (Pearson).
func (f *regressionFit) spread(beta []float64) float64 {
	sum, n := 0.0, 0.0
	for i, y := range f.y {
		if f.least[i] == f.least[i] {
			continue
		}
		mu := f.mu(i, beta)
		e := (y - mu) * (y - mu)
		if f.m.opt.Log {
			e /= max(mu, 1e-10)
		}
		n += f.w[i]
		sum += f.w[i] * e
	}
	return sum / n * f.observed / max(f.observed-float64(min(f.d, int(f.observed)-1)), 1)
}

// eta is the linear predictor of period t and its variance, which is that of the coefficients; false
// where a column is unknown.
func (m *Regression) eta(t int) (eta, variance float64, ok bool) {
	row := m.row(nil, t)
	if slices.ContainsFunc(row, func(v float64) bool { return v != v }) {
		return 0, 0, false
	}
	x := m.standard(nil, row)
	for j, v := range x {
		eta += v * m.beta[j]
	}
	return eta, m.variance(x, x), true
}

// variance is the covariance of what two rows, standardised, say.
func (m *Regression) variance(a, b []float64) float64 {
	sum, d := 0.0, len(m.beta)
	for j, v := range a {
		if v == 0 {
			continue
		}
		for k, w := range b {
			sum += v * m.inverse[j*d+k] * w
		}
	}
	return sum * m.dispersion
}

// Warnings returns what to know before the fit is trusted: steps that did not converge, as where most
// periods are censored; nil for nothing.
func (m *Regression) Warnings() []string {
	if m == nil || len(m.beta) == 0 || m.converged {
		return nil
	}
	return []string{"the coefficients still moved after 1000 steps"}
}

// Effect returns the coefficient of column k of Known, of the mean or with Log of its logarithm, and
// its standard error; 0 and +Inf for a column that never
// changed or cannot be told from others. With a penalty it is drawn to 0. ErrRange for
// no column, ErrEmpty for a model that was not fitted.
func (m *Regression) Effect(k int) (estimate, se float64, err error) {
	const where = "forecast: Regression.Effect"
	if m == nil || len(m.beta) == 0 {
		return 0, 0, errUnfitted(where)
	}
	if k < 0 || k >= len(m.known) {
		return 0, 0, fmt.Errorf("%s: column %d of %d: %w", where, k, len(m.known), ErrRange)
	}
	if m.untold(k) {
		return 0, math.Inf(1), nil
	}
	j := m.own + k
	v := m.inverse[(j+1)*len(m.beta)+j+1]
	return m.beta[j+1] / m.scale[j], math.Sqrt(max(v*m.dispersion, 0)) / m.scale[j], nil
}

// untold reports whether column k of Known never changed or cannot be told from others.
func (m *Regression) untold(k int) bool {
	j := m.own + k
	return m.scale[j] == 0 || m.inverse[(j+1)*len(m.beta)+j+1] == 0
}

// Scenario returns the model under another plan: plan[k][i] is Known column k of the i-th period
// to come, 0 the next. What differs between the forecasts of two scenarios is what the plan does,
// as far as the past can tell. Errors: ErrEmpty for a model that was not fitted, ErrShape for another
// number of columns, ErrNotFinite, ErrRange.
func (m *Regression) Scenario(plan [][]float64) (*Regression, error) {
	const where = "forecast: Regression.Scenario"
	if m == nil || len(m.beta) == 0 {
		return nil, errUnfitted(where)
	}
	if err := check.Len("plan", len(plan), len(m.known)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	next := *m
	next.known = nil
	for k, x := range plan {
		if err := checkColumn(where, fmt.Sprintf("plan[%d]", k), x); err != nil {
			return nil, err
		}
		next.known = append(next.known, append(slices.Clone(m.known[k][:m.n]), canonical(x)...))
	}
	return &next, nil
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrUndefined for a period
// that is not planned, ErrRange for one whose mean is not finite, ErrEmpty for a model that was not fitted.
func (m *Regression) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Regression.Forecast"
	if m == nil || len(m.beta) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	out := dst
	for i := range h {
		mu, _, err := m.ahead(where, i)
		if err != nil {
			return dst, err
		}
		out = append(out, mu)
	}
	return out, nil
}

// ahead returns the mean of the i-th period to come and the variance of its linear predictor.
func (m *Regression) ahead(where string, i int) (mu, variance float64, err error) {
	eta, variance, ok := m.eta(m.n + i)
	if !ok {
		return 0, 0, fmt.Errorf("%s: a column of period %d to come is not known: %w", where, i, ErrUndefined)
	}
	if mu = m.link(eta); !check.Finite(mu) || !check.Finite(variance) {
		return 0, 0, fmt.Errorf("%s: the plan of period %d to come is too far from what was seen: %w", where, i, ErrRange)
	}
	return mu, max(variance, 0), nil
}

// Append returns the model at the end of y, the periods that were to come: what it knows beforehand of
// them stays as it was planned, and where nothing was, a period is unknown. Coefficients and spread are those of the fit. See
// Appender. Errors: ErrEmpty for a model that was not fitted or without any period, ErrNotFinite,
// ErrRange, also for negative values with Log.
func (m *Regression) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Regression.Append"
	if m == nil || len(m.beta) == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, m.n, y); err != nil {
		return nil, err
	}
	if m.opt.Log {
		if err := nonNegative(where, y); err != nil {
			return nil, err
		}
	}
	next := *m
	next.n += len(y)
	next.y = append(slices.Clip(m.y), canonical(y)...)
	next.known = nil
	for _, x := range m.known {
		x = slices.Clip(x)
		for len(x) < next.n {
			x = append(x, math.NaN())
		}
		next.known = append(next.known, x)
	}
	return &next, nil
}

// Quantiles appends quantiles of the next h periods: normal, or with Log of the negative binomial
// law whose variance has the ratio to the mean that was seen, at least 1, cut at 100,000 where the mean is below 400. How
// unsure the coefficients are widens them, most where the plan is far from what was seen. See Forecaster. Also
// ErrUndefined for a period that is not planned, ErrRange for one whose mean is not finite, ErrEmpty for a model that was
// not fitted.
func (m *Regression) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Regression.Quantiles"
	if m == nil || len(m.beta) == 0 {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	out := dst
	for i := range h {
		mu, variance, err := m.ahead(where, i)
		if err != nil {
			return dst, err
		}
		for _, p := range probs {
			q := 0.0
			if m.opt.Log {
				q = countQuantile(mu, min(m.dispersion+mu*variance, maxRatio), p)
			} else {
				q = mu + math.Sqrt(m.dispersion+variance)*infer.NormalQuantile(p)
			}
			out = append(out, q)
		}
	}
	return out, nil
}

// maxRatio bounds the ratio of variance to mean of counts, which coefficients that nothing was learnt of make
// as large as one likes.
const maxRatio = 1e12

// Lift appends what the plan of m is expected to bring over that of base, both a Scenario of one fit, in each
// of the next h periods and, as the last of h+1, in all of them: the difference of the means, and the ends of
// its confidence interval at the level, in (0, 1), 0 means .95. It is of what is to be expected; the sales themselves
// stray further, see Intervals. Why a price was cut it does not know.
//
// Errors: ErrEmpty for nil or a model that was not fitted, ErrMismatch for models of other fits, ErrRange for h and
// means that are not finite, ErrOption for a bad level, ErrUndefined for a period that one of them does not plan and
// for plans that differ in a column of which the past tells nothing (the standard error of its Effect is +Inf), such
// as a promotion that there never was. Source: the delta method.
func (m *Regression) Lift(dst []Outlook, base *Regression, h int, level float64) ([]Outlook, error) {
	const where = "forecast: Regression.Lift"
	if m == nil || len(m.beta) == 0 || base == nil || len(base.beta) == 0 {
		return dst, errUnfitted(where)
	}
	same := m.n == base.n && m.opt.Log == base.opt.Log && m.own == base.own
	for _, x := range [][2][]float64{{m.beta, base.beta}, {m.mean, base.mean}, {m.scale, base.scale}, {m.inverse, base.inverse}} {
		same = same && slices.Equal(x[0], x[1])
	}
	if !same {
		return dst, fmt.Errorf("%s: base is of another fit: %w", where, ErrMismatch)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	z := infer.NormalQuantile((1 + level) / 2)
	out := dst
	all, sum := make([]float64, len(m.beta)), 0.0
	add := func(mean float64, slope []float64) error {
		sd := math.Sqrt(max(m.variance(slope, slope), 0))
		if !check.Finite(mean) || !check.Finite(sd) {
			return fmt.Errorf("%s: a plan is too far from what was seen: %w", where, ErrRange)
		}
		out = append(out, Outlook{Low: mean - z*sd, Mean: mean, High: mean + z*sd})
		return nil
	}
	for i := range h {
		for k, x := range m.known {
			if t := m.n + i; m.untold(k) && t < len(x) && t < len(base.known[k]) && x[t] != base.known[k][t] {
				return dst, fmt.Errorf("%s: the past tells nothing of column %d, in which the plans of period %d to come differ: %w", where, k, i, ErrUndefined)
			}
		}
		difference, slope := 0.0, make([]float64, len(m.beta))
		for k, f := range []*Regression{m, base} {
			mu, _, err := f.ahead(where, i)
			if err != nil {
				return dst, err
			}
			sign := float64(1 - 2*k)
			difference += sign * mu
			steep := sign
			if m.opt.Log {
				steep *= mu
			}
			for j, v := range f.standard(nil, f.row(nil, f.n+i)) {
				slope[j] += steep * v
			}
		}
		if err := add(difference, slope); err != nil {
			return dst, err
		}
		sum += difference
		for j, v := range slope {
			all[j] += v
		}
	}
	if err := add(sum, all); err != nil {
		return dst, err
	}
	return out, nil
}

// countQuantile is the p-quantile of counts with a mean and a ratio of variance to mean: Poisson
// for a ratio up to 1, else negative binomial; normal above a mean of 400.
func countQuantile(mu, ratio, p float64) float64 {
	ratio = max(ratio, 1)
	if mu > 400 {
		return max(0, math.Round(mu+math.Sqrt(mu*ratio)*infer.NormalQuantile(p)))
	}
	var prob float64
	over := ratio-1 > 1e-6
	size := mu / (ratio - 1)
	if over {
		prob = math.Exp(-size * math.Log(ratio))
	} else {
		prob = math.Exp(-mu)
	}
	sum := prob
	k := 0.0
	for sum < p && k < 1e5 {
		k++
		if over {
			prob *= (size + k - 1) / k * (1 - 1/ratio)
		} else {
			prob *= mu / k
		}
		sum += prob
	}
	return k
}

// Fitted appends the mean of each period by its columns, in sample; NaN where one is unknown. See
// Historian. ErrEmpty for a model that was not fitted.
func (m *Regression) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.beta) == 0 {
		return dst, errUnfitted("forecast: Regression.Fitted")
	}
	for t := range m.n {
		v := math.NaN()
		if eta, _, ok := m.eta(t); ok {
			v = m.link(eta)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// Residuals appends the observed less the fitted values, NaN where censored. See Historian. ErrEmpty
// for a model that was not fitted.
func (m *Regression) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.beta) == 0 {
		return dst, errUnfitted("forecast: Regression.Residuals")
	}
	n := len(dst)
	dst, err := m.Fitted(dst)
	for t, v := range m.y {
		dst[n+t] = v - dst[n+t]
	}
	return dst, err
}

package forecast

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ Historian  = (*Theta)(nil)
	_ Appender   = (*Theta)(nil)
	_ Persistent = (*Theta)(nil)
)

// ThetaOptions configures FitTheta. The zero value chooses among the four models without a
// season.
type ThetaOptions struct {
	// Model is "STM", the standard theta model (θ = 2); "OTM", with the θ of least squares; "DSTM"
	// or "DOTM", whose line is that of the periods seen so far; "" the one with the least squares.
	Model string
	// Season is the number of periods after which the series repeats, taken out beforehand if
	// the series has one and put back; 0 and 1: none.
	Season int
	// Additive makes the season one of amounts even where all values are positive; the default is
	// factors there.
	Additive bool
}

func (o ThetaOptions) withDefaults() ThetaOptions {
	o.Season = check.Default(o.Season, 1)
	return o
}

func (o ThetaOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	c.Require(o.Model == "" || slices.Contains(thetaModels, o.Model), "Model", fmt.Sprintf("%q", o.Model), `"", "STM", "OTM", "DSTM" or "DOTM"`)
	return c.Err(where)
}

var thetaModels = []string{"STM", "OTM", "DSTM", "DOTM"}

// Theta is a theta model. See FitTheta.
type Theta struct {
	history
	model    string
	seasonal []float64 // of the next period first; nil: none
	factors  bool      // of the season
	alpha    float64
	weight   float64 // 1 − 1/θ
	now      thetaState
	sigma2   float64 // of the series without its season; NaN where nothing is left to say
}

// thetaState is the state after a number of periods.
type thetaState struct {
	periods          int
	level, mean      float64 // smoothed, and the mean of all
	intercept, slope float64 // of the line
}

// FitTheta fits a theta model to y, one value a period, NaN where a period is missing: simple
// exponential smoothing ℓ of the series plus (1 − 1/θ) times the part of a line a + bt that the
// smoothing has not followed, a(1−α)^t + b(1 − (1−α)^(t+1))/α. In the standard and the optimised
// model the line is that of least squares over all periods, in the dynamic ones over those so far.
// (statsmodels' ThetaModel adds the drift from another start: its levels differ by a constant.)
// α in [.1, .99], ℓ₀ and θ ≥ 1 are those of the least squares of the one-step errors from the
// fourth period on: given α the problem is linear, so that only α is searched.
//
// A Season of four and more is taken out by the classical decomposition if its autocorrelation
// is significant (90 %), by factors if all values are positive and no factor is below .01. Missing
// periods lie on the line between their neighbours. The h-th period ahead has variance
// σ²(1 + (h−1)α²), times its factor squared; quantiles are normal. O(n) for each of some 50 values
// of α.
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrNotFinite; ErrRange for values beyond
// 1e100; ErrUndefined below four observed values; context.Cause(ctx). Source: Assimakopoulos and
// Nikolopoulos 2000; Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler, Int. J. Forecasting
// 32, 2016, equations 8 to 20.
func FitTheta(ctx context.Context, y []float64, opt ThetaOptions) (*Theta, error) {
	const where = "forecast: FitTheta"
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
	if observed < 4 {
		return nil, fmt.Errorf("%s: %d observed values, want at least 4: %w", where, observed, ErrUndefined)
	}
	m := &Theta{history: history{y: canonical(y)}}
	x := m.adjust(y, o)
	models := thetaModels
	if o.Model != "" {
		models = []string{o.Model}
	}
	best := math.Inf(1)
	for _, name := range models {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		f := newThetaFit(x, name)
		if alpha, sse := f.search(); sse < best*(1-1e-12) {
			best = sse
			f.solve(alpha)
			m.model, m.alpha, m.weight = name, alpha, f.weight
			m.now = thetaState{level: f.level, intercept: f.a[0], slope: f.b[0]}
		}
	}
	m.run(x)
	return m, nil
}

// adjust takes the season out of y, if it has one, and bridges the gaps. It leaves the season
// turned to begin with the place of y[0].
func (m *Theta) adjust(y []float64, opt ThetaOptions) []float64 {
	x := bridged(y)
	if !seasonal(x, opt.Season) {
		return x
	}
	m.factors = !opt.Additive
	for _, v := range y {
		m.factors = m.factors && !(v <= 0)
	}
	m.seasonal = seasonIndex(y, x, opt.Season, m.factors)
	if m.factors && !(slices.Min(m.seasonal) >= .01) {
		m.factors = false
		m.seasonal = seasonIndex(y, x, opt.Season, false)
	}
	if check.Slice("", m.seasonal) != nil { // a place that was never observed
		m.seasonal, m.factors = nil, false
		return x
	}
	for t := range y {
		x[t] = m.without(y[t], t)
	}
	return bridged(x)
}

// without returns the value of a period without its season, with puts it back: at counts from
// where seasonal begins.
func (m *Theta) without(v float64, at int) float64 {
	switch {
	case m.seasonal == nil:
		return v
	case m.factors:
		return v / m.seasonal[at%len(m.seasonal)]
	}
	return v - m.seasonal[at%len(m.seasonal)]
}

func (m *Theta) with(v float64, at int) float64 {
	switch {
	case m.seasonal == nil:
		return v
	case m.factors:
		return v * m.seasonal[at%len(m.seasonal)]
	}
	return v + m.seasonal[at%len(m.seasonal)]
}

// run runs over the series without its season, keeps the fitted values and the variance of the
// errors from the fourth period on, and turns the season to the next period.
func (m *Theta) run(x []float64) {
	m.fitted = make([]float64, len(x))
	sum, n := 0.0, 0
	for t, v := range x {
		f := m.next(&m.now)
		m.fitted[t] = m.with(f, t)
		if t >= 3 && m.y[t] == m.y[t] {
			sum += (v - f) * (v - f)
			n++
		}
		m.move(&m.now, v)
	}
	m.sigma2 = math.NaN()
	if n > 1 {
		m.sigma2 = sum / float64(n-1)
	}
	if m.seasonal != nil {
		rotate(m.seasonal, len(x)%len(m.seasonal))
	}
}

// next is the forecast of the period after the state.
func (m *Theta) next(s *thetaState) float64 {
	left := math.Pow(1-m.alpha, float64(s.periods))
	return s.level + m.weight*(s.intercept*left+s.slope*(1-left*(1-m.alpha))/m.alpha)
}

// move takes in the value of the next period.
func (m *Theta) move(s *thetaState, v float64) {
	s.level = m.alpha*v + (1-m.alpha)*s.level
	if m.model[0] == 'D' {
		s.line(v)
	}
	s.periods++
}

// line is least squares of the periods so far and one more (Fiorucci et al., equations 16, 17).
func (s *thetaState) line(v float64) {
	i := float64(s.periods)
	if s.periods == 0 {
		s.mean, s.intercept, s.slope = v, v, 0
		return
	}
	s.slope = ((i-1)*s.slope + 6*(v-s.mean)/(i+1)) / (i + 2)
	s.mean = (i*s.mean + v) / (i + 1)
	s.intercept = s.mean - s.slope*(i+2)/2
}

// thetaFit is the least squares of one model.
type thetaFit struct {
	x, a, b       []float64 // the series; the line known before each period
	free          bool      // θ is
	level, weight float64
}

// newThetaFit prepares the lines, which no parameter moves.
func newThetaFit(x []float64, model string) *thetaFit {
	n := len(x)
	f := &thetaFit{x: x, a: make([]float64, n), b: make([]float64, n), free: model == "OTM" || model == "DOTM"}
	if model[0] == 'D' {
		var s thetaState
		for t, v := range x {
			f.a[t], f.b[t] = s.intercept, s.slope
			s.line(v)
			s.periods++
		}
		return f
	}
	level, slope, _ := line(x)
	for t := range x {
		f.a[t], f.b[t] = level, slope
	}
	return f
}

// solve finds ℓ₀ and the weight 1 − 1/θ for one α, and returns Σe² from the fourth period on.
func (f *thetaFit) solve(alpha float64) float64 {
	// ℓ(t) = (1−α)^(t+1)·ℓ₀ + s(t), so e = y − s − uℓ₀ − wc with u = (1−α)^t. ℓ₀ is counted from
	// y₀, which it stays at where the errors do not tell it.
	rest, left := 1-alpha, 1.0
	s := f.x[0] // the level with ℓ₀ = y₀ is y₀ before the first period
	var uu, uc, cc, ur, cr, rr float64
	for t, v := range f.x {
		c := f.a[t]*left + f.b[t]*(1-left*rest)/alpha
		if t >= 3 {
			r := v - s
			uu += left * left
			uc += left * c
			cc += c * c
			ur += left * r
			cr += c * r
			rr += r * r
		}
		s = alpha*v + rest*s
		left *= rest
	}
	uu += 1e-9
	w := .5
	if f.free {
		w = 0
		if det := uu*cc - uc*uc; det > 1e-12*uu*cc {
			w = min(max((uu*cr-uc*ur)/det, 0), 1-1e-10)
		}
	}
	d := (ur - w*uc) / uu
	f.level, f.weight = f.x[0]+d, w
	return max(rr+d*d*uu+w*w*cc-2*d*ur-2*w*cr+2*d*w*uc, 0)
}

// search finds α on a grid and by golden sections around its best point.
func (f *thetaFit) search() (alpha, sse float64) {
	const low, high, points = .1, .99, 16
	sse = math.Inf(1)
	at := func(i int) float64 { return low + (high-low)*float64(min(max(i, 0), points-1))/(points-1) }
	best := 0
	for i := range points {
		if s := f.solve(at(i)); s < sse {
			best, sse, alpha = i, s, at(i)
		}
	}
	a, b := at(best-1), at(best+1)
	const golden = .6180339887498949
	p, q := b-golden*(b-a), a+golden*(b-a)
	fp, fq := f.solve(p), f.solve(q)
	for b-a > 1e-7 {
		if fp < fq {
			b, q, fq = q, p, fp
			p = b - golden*(b-a)
			fp = f.solve(p)
		} else {
			a, p, fp = p, q, fq
			q = a + golden*(b-a)
			fq = f.solve(q)
		}
	}
	if s := f.solve((a + b) / 2); s < sse {
		return (a + b) / 2, s
	}
	return alpha, sse
}

// Model returns the model: "STM", "OTM", "DSTM" or "DOTM"; "" for nil.
func (m *Theta) Model() string {
	if m == nil {
		return ""
	}
	return m.model
}

// Theta returns θ, the curvature of the second line: 2 in the standard model, 1 where the trend
// is left out, +Inf at most. ErrEmpty for a model that was not fitted.
func (m *Theta) Theta() (float64, error) {
	if m == nil || m.model == "" {
		return 0, errUnfitted("forecast: Theta.Theta")
	}
	return 1 / (1 - m.weight), nil
}

// Forecast appends the means of the next h periods. See Forecaster. Also ErrEmpty for a model
// that was not fitted.
func (m *Theta) Forecast(dst []float64, h int) ([]float64, error) {
	const where = "forecast: Theta.Forecast"
	if m == nil || m.model == "" {
		return dst, errUnfitted(where)
	}
	if err := checkHorizon(where, h); err != nil {
		return dst, err
	}
	s := m.now
	for i := range h {
		f := m.next(&s)
		dst = append(dst, m.with(f, i))
		m.move(&s, f)
	}
	return dst, nil
}

// Quantiles appends quantiles of the next h periods. See Forecaster and FitTheta. ErrUndefined
// where fewer than five periods were observed, ErrEmpty for a model that was not fitted.
func (m *Theta) Quantiles(dst []float64, h int, probs []float64) ([]float64, error) {
	const where = "forecast: Theta.Quantiles"
	if m == nil || m.model == "" {
		return dst, errUnfitted(where)
	}
	if err := checkQuantiles(where, h, probs); err != nil {
		return dst, err
	}
	if math.IsNaN(m.sigma2) {
		return dst, fmt.Errorf("%s: fewer than two errors: %w", where, ErrUndefined)
	}
	mean, _ := m.Forecast(make([]float64, 0, h), h)
	sd := make([]float64, h)
	for i := range sd {
		sd[i] = math.Sqrt(m.sigma2 * (1 + float64(i)*m.alpha*m.alpha))
		if m.factors {
			sd[i] *= m.seasonal[i%len(m.seasonal)]
		}
	}
	return appendNormal(dst, mean, sd, probs), nil
}

// Fitted appends the one-step forecasts of the series. See Historian. ErrEmpty for a model that was
// not fitted.
func (m *Theta) Fitted(dst []float64) ([]float64, error) {
	if m == nil || m.model == "" {
		return dst, errUnfitted("forecast: Theta.Fitted")
	}
	return m.appendFitted(dst), nil
}

// Residuals appends the one-step errors. See Historian. ErrEmpty for a model that was not fitted.
func (m *Theta) Residuals(dst []float64) ([]float64, error) {
	if m == nil || m.model == "" {
		return dst, errUnfitted("forecast: Theta.Residuals")
	}
	return m.appendResiduals(dst), nil
}

// Append returns the model moved on by y; a missing period is what was forecast. See Appender.
// Errors: ErrEmpty for a model that was not fitted or without any period, ErrNotFinite, ErrRange.
func (m *Theta) Append(y []float64) (Forecaster, error) {
	const where = "forecast: Theta.Append"
	if m == nil || m.model == "" {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	next := *m
	next.y = append(slices.Clip(m.y), canonical(y)...)
	next.fitted = slices.Clip(m.fitted)
	for t, v := range y {
		f := m.next(&next.now)
		next.fitted = append(next.fitted, m.with(f, t))
		if v == v {
			f = m.without(v, t)
		}
		m.move(&next.now, f)
	}
	if m.seasonal != nil {
		next.seasonal = slices.Clone(m.seasonal)
		rotate(next.seasonal, len(y)%len(m.seasonal))
	}
	return &next, nil
}

// AppendBinary appends the model as one frame. ErrEmpty for one that was not fitted.
func (m *Theta) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || m.model == "" {
		return dst, errUnfitted("forecast: Theta.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	w.String(m.model)
	w.Float64s(m.seasonal)
	w.Bool(m.factors)
	w.Float64(m.alpha)
	w.Float64(m.weight)
	w.Int(m.now.periods)
	for _, x := range []float64{m.now.level, m.now.mean, m.now.intercept, m.now.slope, m.sigma2} {
		w.Float64(x)
	}
	return w.AppendFrame(dst, codec.KindTheta, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Theta) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]f64   n values of the series, n > 0, |value| <= 1e100, NaN where missing
//	[]f64   n fitted values, finite
//	string  the model, "STM", "OTM", "DSTM" or "DOTM"
//	[]f64   season of the next period on, at most n values, |value| <= 1e150, >= 1e-10 if factors; or none
//	bool    the season is of factors; false without one
//	f64     α in [.1, .99]
//	f64     1 − 1/θ in [0, 1)
//	int     n again
//	4 f64   level, mean, intercept and slope, |value| <= 1e150
//	f64     variance, 0 to 1e300, or NaN
//
// A NaN has the bits of math.NaN. Anything else is ErrCorrupt, a newer version ErrVersion, another
// kind ErrMismatch; m is then unchanged.
func (m *Theta) UnmarshalBinary(data []byte) error {
	const where = "forecast: Theta.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTheta, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Theta
	d.get(r)
	d.model = r.String()
	if d.seasonal = r.Float64s(); len(d.seasonal) == 0 {
		d.seasonal = nil
	}
	d.factors, d.alpha, d.weight = r.Bool(), r.Float64(), r.Float64()
	d.now.periods = r.Int()
	state := []*float64{&d.now.level, &d.now.mean, &d.now.intercept, &d.now.slope}
	for _, x := range state {
		*x = r.Float64()
	}
	d.sigma2 = r.Float64()
	n := len(d.y)
	far := func(x float64) bool { return !(math.Abs(x) <= 1e150) } // no series leads there, and forecasts from there may be infinite
	switch {
	case r.Err() != nil:
	case check.Slice("", d.fitted) != nil:
		r.Fail("fitted values")
	case !slices.Contains(thetaModels, d.model):
		r.Fail("model")
	case len(d.seasonal) > n || slices.ContainsFunc(d.seasonal, far) || d.factors && !(len(d.seasonal) > 0 && slices.Min(d.seasonal) >= 1e-10):
		r.Fail("season")
	case !(d.alpha >= .1 && d.alpha <= .99) || !(d.weight >= 0 && d.weight < 1):
		r.Fail("parameters")
	case d.now.periods != n || slices.ContainsFunc(state, func(x *float64) bool { return far(*x) }):
		r.Fail("state")
	case !variance(d.sigma2) || d.sigma2 > 1e300:
		r.Fail("variance")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*m = d
	return nil
}

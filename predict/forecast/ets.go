package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ Historian  = (*ETS)(nil)
	_ Appender   = (*ETS)(nil)
	_ Persistent = (*ETS)(nil)
)

// ETSOptions configures FitETS. The zero value chooses among all forms without a season.
type ETSOptions struct {
	// Model is a form as Hyndman writes it: the error, A or M; the trend, N, A or Ad (damped); the
	// season, N, A or M; such as "ANN" (simple exponential smoothing), "AAN" (Holt), "AAdN",
	// "AAA" and "MAM" (Holt-Winters). Z leaves a place to the choice by AICc; "" is "ZZZ".
	Model string
	// Season is the number of periods after which the series repeats; 0 and 1: none.
	Season int
	// Alpha, Beta, Gamma and Phi smooth level, trend and season and damp the trend, all in (0, 1]:
	// either those that the form has are given, which must be one with additive errors, such as
	// "AAN", or all are 0 and found by maximum likelihood. Beta is Holt's: of the change of the
	// level, not of the error as in ETSParameters.
	Alpha, Beta, Gamma, Phi float64
	// Seed is that of the paths from which the quantiles of forms without a formula are drawn.
	Seed uint64
}

func (o ETSOptions) withDefaults() ETSOptions {
	o.Season = check.Default(o.Season, 1)
	o.Model = orZZZ(o.Model)
	return o
}

// forms returns the forms that Model leaves open, simple ones first. Additive errors with a
// multiplicative season are unstable, so that only their full name asks for them (Hyndman et al.
// 2008, ch. 15).
func (o ETSOptions) forms() []etsForm {
	var out []etsForm
	for _, season := range []byte("NAM") {
		for trend := range 3 {
			for _, mult := range []bool{false, true} {
				f := etsForm{multError: mult, trend: trend > 0, damped: trend > 1, season: season}
				if matches(o.Model, f.String()) && (mult || season != 'M' || o.Model == f.String()) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// matches reports whether a form is one that the pattern allows.
func matches(pattern, form string) bool {
	if len(pattern) < 3 || pattern[0] != 'Z' && pattern[0] != form[0] || pattern[len(pattern)-1] != 'Z' && pattern[len(pattern)-1] != form[len(form)-1] {
		return false
	}
	trend := pattern[1 : len(pattern)-1]
	return trend == "Z" || trend == form[1:len(form)-1]
}

func (o ETSOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Season >= 1 && o.Season <= maxSeason, "Season", o.Season, fmt.Sprintf("1 to %d", maxSeason))
	forms := o.forms()
	c.Require(len(forms) > 0, "Model", fmt.Sprintf("%q", o.Model), `three places such as "ANN", "MAdM", "ZZZ"`)
	c.Require(o.Season != 1 || slices.ContainsFunc(forms, func(f etsForm) bool { return f.season == 'N' }) || len(forms) == 0,
		"Model", fmt.Sprintf("%q", o.Model), "no season where Season is 1")
	o.checkGiven(&c, forms)
	return c.Err(where)
}

// ETS is exponential smoothing in its state space form. See FitETS.
type ETS struct {
	history
	form   etsForm
	season int       // 1 where the form has none
	now    etsParams // parameters, and the state after the last period
	sigma2 float64   // variance of ε, with multiplicative errors of ε/f; NaN where nothing is left to say
	info   Information
	likely int // observed periods of the likelihood, 0 where the parameters were given
	seed   uint64
}

// FitETS fits exponential smoothing to y, one value a period, NaN where a period is missing. Each
// form that Model leaves open, of the fifteen with a trend that is none, additive or damped, is
// fitted by maximum likelihood over its smoothing parameters (α and β in (0, 1), γ in (0,
// 1 − α), φ in [.8, .98]) and its initial states, by damped Gauss-Newton steps with
// exact derivatives; the least AICc is chosen. Forms with multiplicative errors or season are
// left out where a value is not positive, those with a season where the series has fewer periods
// than parameters. The log-likelihood is told without its constant, −½n·log(Σε²) less, with
// multiplicative errors of ε/f, Σ log|f|, as R's forecast and statsforecast tell it.
//
// Quantiles are normal, with the exact variance, for additive errors, and for multiplicative ones
// without a multiplicative season; other forms draw paths from Seed. Missing periods carry the
// states on. A constant series is a constant. A fit takes about iterations × n × p² operations
// for p parameters.
//
// With parameters given it is the classical method, simple, Holt's, damped or Holt-Winters', and no
// search is made. The initial states are the classical ones: level ℓ₀ = y₁ and trend b₀ = y₂ − y₁,
// the first two observed values (over the periods between them); with a season ℓ₀ is the mean of the
// first one, the trend that of the second less that of the first over its length, and the seasonal
// states are the first season less, or over, ℓ₀. The first observation is processed, too: it
// corrects ℓ₀ + b₀. So Holt's forecast with a trend differs from that of tools that start at the
// second period. σ² is then the mean of squared errors. O(n).
//
// Errors: ErrOption; ErrEmpty without an observed value; ErrUndefined below four, or where no
// form asked for has fewer parameters than the series values, with parameters given where there are
// not the values that the initial states are of; ErrNotFinite; ErrRange for values
// beyond 1e100, where a multiplicative form asked for meets a value that is not positive, and where
// errors grow without bounds by the parameters given; context.Cause(ctx). Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
// Smoothing, 2008.
func FitETS(ctx context.Context, y []float64, opt ETSOptions) (*ETS, error) {
	const where = "forecast: FitETS"
	o := opt.withDefaults()
	if err := o.validate(where); err != nil {
		return nil, err
	}
	observed, err := checkSeries(where, y)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if o.given() {
		return smooth(where, y, o, observed)
	}
	if observed < 4 {
		return nil, fmt.Errorf("%s: %d observed values, want at least 4: %w", where, observed, ErrUndefined)
	}
	forms, err := suited(where, y, o, observed)
	if err != nil {
		return nil, err
	}
	k, shift := newKernel(y, observed)
	best, err := k.choose(ctx, forms, o.Season, shift)
	if err != nil {
		return nil, err
	}
	if best.x == nil {
		return nil, fmt.Errorf("%s: no form of %q is possible here: %w", where, o.Model, ErrUndefined)
	}
	k.use(best.form, o.Season)
	return k.model(y, best, shift, o.Seed), nil
}

// maxJacobian bounds the memory of a fit: periods × parameters.
const maxJacobian = 1 << 26

// leastPositive is the least value whose ratios to others are told: below, floats lose digits.
const leastPositive = 1e-300

// suited returns the forms that the series allows, or why there is none.
func suited(where string, y []float64, opt ETSOptions, observed int) ([]etsForm, error) {
	positive := true
	for _, v := range y {
		positive = positive && !(v < leastPositive)
	}
	var out []etsForm
	refused, long := false, false
	for _, f := range opt.forms() {
		size := f.parameters(opt.Season)
		switch {
		case f.season != 'N' && opt.Season == 1:
		case !positive && (f.multError || f.season == 'M'):
			refused = true
		case size >= observed-1 || len(opt.forms()) > 1 && observed-size-2 <= 0:
			long = true
		case len(y) > maxJacobian/size:
			return nil, fmt.Errorf("%s: %d periods with a Season of %d need more than %d derivatives: %w", where, len(y), opt.Season, maxJacobian, ErrRange)
		default:
			out = append(out, f)
		}
	}
	switch {
	case len(out) > 0:
		return out, nil
	case refused && !long:
		return nil, fmt.Errorf("%s: Model %q wants positive values: %w", where, opt.Model, ErrRange)
	}
	return nil, fmt.Errorf("%s: %d observed values are too few for Model %q with a Season of %d: %w", where, observed, opt.Model, opt.Season, ErrUndefined)
}

// parameters is the number of smoothing parameters and free initial states.
func (f etsForm) parameters(season int) int {
	n := 2 + 2*index(f.trend) + index(f.damped)
	if f.season != 'N' {
		n += season
	}
	return n
}

// newKernel scales the series by a power of two, so that its values are about 1 and nothing is
// rounded; shift is the logarithm of the scale.
func newKernel(y []float64, observed int) (k *etsKernel, shift float64) {
	sum := 0.0
	for _, v := range y {
		if v == v {
			sum += math.Abs(v) / float64(observed)
		}
	}
	k = &etsKernel{y: make([]float64, len(y)), observed: observed}
	exp := 0
	if sum > 0 {
		_, exp = math.Frexp(sum)
	}
	exp = max(exp, -1000)
	for t, v := range y {
		k.y[t] = math.Ldexp(v, -exp)
	}
	k.exp = exp
	return k, float64(exp) * math.Ln2
}

// choose fits the forms and returns the best. All get a few steps from several starts; those that
// are not hopeless then, by AICc, go on until they have converged.
func (k *etsKernel) choose(ctx context.Context, forms []etsForm, season int, shift float64) (etsTrial, error) {
	trials := make([]etsTrial, 0, 3*len(forms))
	starts := map[byte]etsStart{}
	for _, f := range forms {
		k.use(f, season)
		st, ok := starts[f.season]
		if !ok {
			var fine bool
			if st, fine = k.start(f.season, season); !fine {
				continue
			}
			starts[f.season] = st
		}
		var undamped []etsTrial
		if f.damped { // φ near 1 on top of a trend that lasts is a start, too
			lasting := etsForm{multError: f.multError, trend: true, season: f.season}
			if undamped = ofForm(trials, lasting); len(undamped) == 0 {
				k.use(lasting, season)
				two := k.begin(st)
				if err := k.firstSteps(ctx, two[:], shift); err != nil {
					return etsTrial{}, err
				}
				undamped = two[:]
				k.use(f, season)
			}
		}
		two := k.begin(st)
		begun := two[:]
		for _, t := range undamped {
			if !math.IsInf(t.f, 1) {
				begun = append(begun, k.damped(t))
			}
		}
		if err := k.firstSteps(ctx, begun, shift); err != nil {
			return etsTrial{}, err
		}
		for _, t := range begun {
			if !math.IsInf(t.f, 1) {
				trials = append(trials, t)
			}
		}
	}
	if len(trials) == 0 {
		return etsTrial{}, nil
	}
	order := func(a, b etsTrial) int { return cmp.Compare(a.rank(), b.rank()) }
	slices.SortStableFunc(trials, order)
	least := trials[0].rank()
	for i := range trials {
		t := &trials[i]
		if t.rank() > least+hopeless {
			break
		}
		k.use(t.form, season)
		if err := k.descend(ctx, t, 200); err != nil {
			return etsTrial{}, err
		}
		k.rate(t, shift)
		least = min(least, t.rank())
	}
	slices.SortStableFunc(trials, order)
	return trials[0], nil
}

// ofForm returns the trials of one form.
func ofForm(trials []etsTrial, f etsForm) (out []etsTrial) {
	for _, t := range trials {
		if t.form == f {
			out = append(out, t)
		}
	}
	return out
}

// firstSteps takes the trials of the form in use as far as is needed to tell the hopeless ones.
func (k *etsKernel) firstSteps(ctx context.Context, trials []etsTrial, shift float64) error {
	for i := range trials {
		t := &trials[i]
		if math.IsInf(t.f, 1) {
			continue
		}
		steps := 6
		if t.held {
			if err := k.descend(ctx, t, 4); err != nil {
				return err
			}
			t.held, t.converged, t.damping, steps = false, false, 1e-2, 3
		}
		if err := k.descend(ctx, t, steps); err != nil {
			return err
		}
		k.rate(t, shift)
	}
	return nil
}

// hopeless is how far an AICc may lie above the least after the first steps to be followed up.
const hopeless = 12

// rank is what forms are chosen by: AICc, and where the series is too short for that AIC.
func (t *etsTrial) rank() float64 {
	if math.IsInf(t.c.AICc, 1) {
		return t.c.AIC
	}
	return t.c.AICc
}

// model makes the fitted model of a trial whose form is in use.
func (k *etsKernel) model(y []float64, t etsTrial, shift float64, seed uint64) *ETS {
	m := &ETS{form: t.form, season: k.m, info: t.c, likely: k.observed, seed: seed}
	m.now = k.params(t.x, make([]float64, k.m))
	if t.form.season == 'N' {
		m.now.seasonal = nil
	}
	m.settle(y, k.exp)
	if df := k.observed - k.p; df > 0 && !math.IsInf(m.sigma2, 1) { // relative errors may be of any size
		m.sigma2 /= float64(df)
	} else {
		m.sigma2 = math.NaN()
	}
	return m
}

// settle scales the initial state in now to the series y, runs over it and leaves the final
// state, the fitted values and, in sigma2, the sum of squared errors.
func (m *ETS) settle(y []float64, exp int) {
	scale := math.Ldexp(1, exp)
	m.now.level *= scale
	m.now.slope *= scale
	if m.form.season == 'A' {
		for i := range m.now.seasonal {
			m.now.seasonal[i] *= scale
		}
	}
	m.y = canonical(y)
	m.fitted = make([]float64, len(y))
	m.sigma2, _, _ = runETS(m.form, &m.now, m.y, m.fitted)
}

// Model returns the form, such as "AAdN"; "" for nil.
func (m *ETS) Model() string {
	if m == nil || len(m.y) == 0 {
		return ""
	}
	return m.form.String()
}

// ETSParameters are the parameters of an ETS and its state after the last period.
type ETSParameters struct {
	Alpha, Beta, Gamma float64   // of level, trend and season; 0 where the form has none. Beta/Alpha is Holt's β
	Phi                float64   // damping of the trend, 1 for none
	Level, Trend       float64   // in units of the series
	Seasonal           []float64 // of the next period first: added, or with a season M multiplied
	Sigma2             float64   // variance of the errors, with an error M of the relative ones
}

// Parameters returns the parameters and the state after the last period. ErrEmpty for a model
// that was not fitted.
func (m *ETS) Parameters() (ETSParameters, error) {
	if m == nil || len(m.y) == 0 {
		return ETSParameters{}, errUnfitted("forecast: ETS.Parameters")
	}
	p := m.now
	return ETSParameters{
		Alpha: p.alpha, Beta: p.beta, Gamma: p.gamma, Phi: p.phi, Level: p.level, Trend: p.slope,
		Seasonal: slices.Clone(p.seasonal), Sigma2: m.sigma2,
	}, nil
}

// Information returns the likelihood that the form was chosen by, without its constant. See
// FitETS. ErrEmpty for a model that was not fitted; ErrUndefined for one whose parameters were
// given, which has no likelihood.
func (m *ETS) Information() (Information, error) {
	const where = "forecast: ETS.Information"
	if m == nil || len(m.y) == 0 {
		return Information{}, errUnfitted(where)
	}
	if m.info.Parameters == 0 {
		return Information{}, fmt.Errorf("%s: the parameters were given: %w", where, ErrUndefined)
	}
	return m.info, nil
}

// Fitted appends the one-step forecasts of the series. See Historian. ErrEmpty for a model that was
// not fitted.
func (m *ETS) Fitted(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ETS.Fitted")
	}
	return m.appendFitted(dst), nil
}

// Residuals appends the one-step errors. See Historian. ErrEmpty for a model that was not fitted.
func (m *ETS) Residuals(dst []float64) ([]float64, error) {
	if m == nil || len(m.y) == 0 {
		return dst, errUnfitted("forecast: ETS.Residuals")
	}
	return m.appendResiduals(dst), nil
}

// Append returns the model moved on by y. See Appender. Errors: ErrEmpty for a model that was not
// fitted or without any period, ErrNotFinite, ErrRange for values out of range and where the
// states of a multiplicative form would leave the positive numbers.
func (m *ETS) Append(y []float64) (Forecaster, error) {
	const where = "forecast: ETS.Append"
	if m == nil || len(m.y) == 0 {
		return nil, errUnfitted(where)
	}
	if err := checkAppended(where, len(m.y), y); err != nil {
		return nil, err
	}
	next := *m
	next.now.seasonal = slices.Clone(m.now.seasonal)
	more := make([]float64, len(y))
	if sum, _, ok := runETS(m.form, &next.now, y, more); !ok || !check.Finite(sum) {
		return nil, fmt.Errorf("%s: the states of %s leave the positive or the finite numbers: %w", where, m.form, ErrRange)
	}
	next.y = append(slices.Clip(m.y), canonical(y)...)
	next.fitted = append(slices.Clip(m.fitted), more...)
	return &next, nil
}

func orZZZ(model string) string {
	if model == "" {
		return "ZZZ"
	}
	return model
}

package lifetime

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/survive"
)

// CoxOptions configures FitCox. The zero value is its defaults.
type CoxOptions struct {
	// Names are those of the columns; nil names them x0, x1, ….
	Names []string
	// Breslow takes Breslow's likelihood for cases that end at one time, instead of Efron's, which
	// is nearer to the exact one.
	Breslow bool
	// MaxIter bounds the iterations, > 0; 0: 100. Most fits take six.
	MaxIter int
	// Progress, if not nil, is called after each iteration on the caller's goroutine.
	Progress func(Progress)
}

// Cox is a fitted model of proportional hazards: whatever the hazard is at a time, a column
// multiplies it by the same factor. [FitCox] makes it. It is immutable and safe for concurrent
// readers.
type Cox[T Time] struct {
	names       []string
	beta        []float64
	stdErrs     []float64
	mean        []float64 // of the columns: the baseline is of a customer with these
	times       []float64 // at which a case ended, ascending
	hazard      []float64 // cumulative baseline hazard from each of them on
	rows        int64
	value       float64
	concordance float64
	iter        int
	converged   bool
	warnings    []string
}

// FitCox fits the model to n×d rows with how long each lasted or was watched, and whether it
// ended (Cox 1972; ties by Efron 1977 or Breslow 1974). Permuted rows give the same model, byte for
// byte.
//
// A column that is constant, or follows from others, is ErrUndefined, as are rows of which none
// ended. Columns that part those who end first from the others have no finite coefficient: the
// fit stops with Converged false and a warning. ErrEmpty, ErrShape, ErrNotFinite, ErrRange,
// ErrOption, context.Cause(ctx) when ctx ends. Cost: some six passes of n·d² operations.
func FitCox[T Time](ctx context.Context, rows [][]float64, lasted []T, ended []bool, opt CoxOptions) (*Cox[T], error) {
	const where = "lifetime: FitCox"
	opt.MaxIter = check.Default(opt.MaxIter, 100)
	n, names, err := columnsOf(rows, opt.Names, maxColumns)
	if err == nil {
		err = check.Len("lasted", len(lasted), n)
	}
	if err == nil {
		err = check.Len("ended", len(ended), n)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	d := len(names)
	var c check.Options
	c.Require(opt.MaxIter > 0, "MaxIter", opt.MaxIter, "> 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	f := &coxFit{n: n, d: d, breslow: opt.Breslow, meter: parallel.NewMeter(ctx)}
	deaths := 0
	for i, t := range lasted {
		if err := lasting(float64(t), int64(i)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if ended[i] {
			deaths++
		}
	}
	if deaths == 0 {
		return nil, fmt.Errorf("%s: no case ended: %w", where, ErrUndefined)
	}
	if err := f.lay(rows, ended, func(i int) float64 { return float64(lasted[i]) }); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	m := &Cox[T]{names: names, mean: f.mean, rows: int64(n)}
	if err := f.search(ctx, where, opt); err != nil {
		return nil, err
	}
	m.value, m.iter, m.converged, m.warnings = f.value, f.iter, f.converged, f.warnings
	for j := range d {
		m.beta = append(m.beta, f.beta[j]/f.scale[j])
		m.stdErrs = append(m.stdErrs, f.stdErrs[j]/f.scale[j])
	}
	m.times, m.hazard = f.baseline()
	_, eta, _ := f.risks(f.beta)
	m.concordance = survive.Concordance(f.t, f.ended, eta)
	return m, nil
}

// coxFit is a fit under way. Rows are laid out by descending time, centred and scaled.
type coxFit struct {
	n, d        int
	breslow     bool
	meter       *parallel.Meter
	x           []float64 // n×d
	t           []float64
	ended       []bool
	mean, scale []float64

	beta, stdErrs []float64
	value         float64
	iter          int
	converged     bool
	warnings      []string
}

// lay brings the rows in order of descending time, so that those at risk are always a prefix, and
// on one scale, so that the information is well conditioned.
func (f *coxFit) lay(rows [][]float64, ended []bool, at func(i int) float64) error {
	order := make([]int, f.n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if c := cmp.Compare(at(b), at(a)); c != 0 {
			return c
		}
		if ended[a] != ended[b] {
			if ended[a] {
				return -1
			}
			return 1
		}
		return slices.Compare(rows[a], rows[b])
	})
	f.mean, f.scale = make([]float64, f.d), make([]float64, f.d)
	for j := range f.d {
		for _, i := range order {
			f.mean[j] += rows[i][j] / float64(f.n)
		}
		largest := 0.0
		for _, i := range order {
			largest = max(largest, math.Abs(rows[i][j]-f.mean[j]))
		}
		if !spreads(largest, f.mean[j]) {
			return fmt.Errorf("column %d is constant: %w", j, ErrUndefined)
		}
		sum := 0.0
		for _, i := range order {
			z := (rows[i][j] - f.mean[j]) / largest
			sum += z * z
		}
		f.scale[j] = largest * math.Sqrt(sum/float64(f.n))
	}
	f.x, f.t, f.ended = make([]float64, 0, f.n*f.d), make([]float64, f.n), make([]bool, f.n)
	for k, i := range order {
		f.t[k], f.ended[k] = at(i), ended[i]
		for j := range f.d {
			f.x = append(f.x, (rows[i][j]-f.mean[j])/f.scale[j])
		}
	}
	f.beta = make([]float64, f.d)
	return nil
}

// risks returns e^(xβ) of each row, relative to the largest.
func (f *coxFit) risks(beta []float64) (w, eta []float64, top float64) {
	w, eta = make([]float64, f.n), make([]float64, f.n)
	top = math.Inf(-1)
	for i := range f.n {
		for j, b := range beta {
			eta[i] += b * f.x[i*f.d+j]
		}
		top = max(top, eta[i])
	}
	for i := range w {
		w[i] = math.Exp(eta[i] - top)
	}
	return w, eta, top
}

// sums of a set of rows: Σw, Σwx, Σwxxᵀ (upper triangle).
type riskSums struct {
	w   float64
	wx  []float64
	wxx []float64
}

func newRiskSums(d int) *riskSums {
	return &riskSums{wx: make([]float64, d), wxx: make([]float64, d*d)}
}

func (s *riskSums) add(w float64, x []float64) {
	s.w += w
	d := len(x)
	for j, v := range x {
		s.wx[j] += w * v
		for k := j; k < d; k++ {
			s.wxx[j*d+k] += w * v * x[k]
		}
	}
}

func (s *riskSums) clear() {
	s.w = 0
	clear(s.wx)
	clear(s.wxx)
}

// evaluate fills value, gradient and information of the partial likelihood at beta.
func (f *coxFit) evaluate(beta []float64) (value float64, grad, info []float64, err error) {
	d := f.d
	w, eta, top := f.risks(beta)
	grad, info = make([]float64, d), make([]float64, d*d)
	risk, dying := newRiskSums(d), newRiskSums(d)
	mean := make([]float64, d)
	for i := 0; i < f.n; {
		deaths := 0
		dying.clear()
		k := i
		for ; k < f.n && f.t[k] == f.t[i]; k++ {
			x := f.x[k*d : (k+1)*d]
			risk.add(w[k], x)
			if f.ended[k] {
				deaths++
				dying.add(w[k], x)
				value += eta[k] - top
				for j, v := range x {
					grad[j] += v
				}
			}
		}
		if err := f.meter.Did((k - i + deaths) * (d*d + 20)); err != nil {
			return 0, nil, nil, err
		}
		i = k
		for l := range deaths {
			part := float64(l) / float64(deaths) // Efron: of those who end at once, the later ones face fewer
			if f.breslow {
				part = 0
			}
			total := risk.w - part*dying.w
			if !(total > 0) { // all but one row are so far below it that nothing is left of them
				return math.Inf(-1), grad, info, nil
			}
			value -= math.Log(total)
			for j := range d {
				mean[j] = (risk.wx[j] - part*dying.wx[j]) / total
				grad[j] -= mean[j]
			}
			for j := range d {
				for m := j; m < d; m++ {
					info[j*d+m] += (risk.wxx[j*d+m]-part*dying.wxx[j*d+m])/total - mean[j]*mean[m]
				}
			}
		}
	}
	return value, grad, info, nil
}

// search is Newton's method with halved steps.
func (f *coxFit) search(ctx context.Context, where string, opt CoxOptions) error {
	value, grad, info, err := f.evaluate(f.beta)
	if err != nil {
		return err
	}
	start := info
	for {
		u := slices.Clone(info)
		if dependent := solve.SemiCholesky64(u, f.d, 1e-10); len(dependent) > 0 {
			if f.iter > 0 {
				f.warnings = append(f.warnings, "the information vanishes: columns part those who end first from the others")
				break
			}
			return fmt.Errorf("%s: column %d follows from those before it: %w", where, dependent[0], ErrUndefined)
		}
		step := slices.Clone(grad)
		solve.SolveCholesky64(u, f.d, step)
		gain := 0.0
		for j := range step {
			gain += step[j] * grad[j] / 2
		}
		small := gain <= 1e-14*(1+math.Abs(value))
		if small && f.parted(step, info, start) {
			f.warnings = append(f.warnings, "a coefficient grows without end: columns part those who end first from the others")
			break
		}
		if f.converged = small; small || f.iter == opt.MaxIter {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		moved := false
		for share := 1.; share > 1e-6 && !moved; share /= 2 {
			to := slices.Clone(f.beta)
			for j := range to {
				to[j] += share * step[j]
			}
			v, g, h, err := f.evaluate(to)
			if err != nil {
				return err
			}
			if moved = v > value; moved {
				f.beta, value, grad, info = to, v, g, h
			}
		}
		if !moved { // rounding hides the rest
			f.converged = gain <= 1e-9*(1+math.Abs(value)) && !f.parted(step, info, start)
			break
		}
		f.iter++
		if opt.Progress != nil {
			opt.Progress(Progress{f.iter, opt.MaxIter, value})
		}
		if slices.ContainsFunc(f.beta, func(b float64) bool { return math.Abs(b) > 50 }) {
			f.warnings = append(f.warnings, "a coefficient grows without end: its column parts those who end first from the others")
			f.converged = false
			break
		}
	}
	f.value, f.stdErrs = value, make([]float64, f.d)
	if !f.converged && len(f.warnings) == 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("no convergence in %d iterations", f.iter))
	}
	if dependent := solve.SemiCholesky64(info, f.d, 1e-10); len(dependent) > 0 {
		for j := range f.stdErrs {
			f.stdErrs[j] = math.NaN()
		}
		return nil
	}
	inverse := solve.SemiInverse64(info, f.d, nil)
	for j := range f.stdErrs {
		if f.stdErrs[j] = math.Sqrt(inverse[j*f.d+j]); math.IsInf(f.stdErrs[j], 0) {
			f.stdErrs[j] = math.NaN()
		}
	}
	return nil
}

// parted reports, where nothing is left to gain, that there is no maximum: the step still moves a row,
// as each step does on the way to infinity, or next to nothing is left of the information of the start.
func (f *coxFit) parted(step, info, start []float64) bool {
	for j := range f.d {
		if info[j*f.d+j] < 1e-6*start[j*f.d+j] {
			return true
		}
	}
	for i := range f.n {
		by := 0.0
		for j, s := range step {
			by += s * f.x[i*f.d+j]
		}
		if math.Abs(by) > .1 {
			return true
		}
	}
	return false
}

// baseline returns Breslow's estimate of the cumulative hazard of a row of means.
func (f *coxFit) baseline() (times, hazard []float64) {
	w, _, top := f.risks(f.beta)
	risk := 0.0
	for i := 0; i < f.n; {
		k, deaths := i, 0.0
		for ; k < f.n && f.t[k] == f.t[i]; k++ {
			risk += w[k]
			if f.ended[k] {
				deaths++
			}
		}
		if deaths > 0 {
			times, hazard = append(times, f.t[i]), append(hazard, deaths/risk*math.Exp(-top))
		}
		i = k
	}
	slices.Reverse(times)
	slices.Reverse(hazard)
	for i := 1; i < len(hazard); i++ {
		hazard[i] += hazard[i-1]
	}
	return times, hazard
}

// ready refuses a model that no fit made.
func (m *Cox[T]) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if len(m.beta) == 0 {
		return fmt.Errorf("%s: no fit made it: %w", where, ErrEmpty)
	}
	return nil
}

// Report tells coefficients, standard errors and how the fit went; Customers are the rows, and
// the likelihood is the partial one. Nothing for a model that no fit made.
func (m *Cox[T]) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	r := Report{Customers: m.rows, LogLikelihood: m.value, Iterations: m.iter, Converged: m.converged, Warnings: slices.Clone(m.warnings)}
	for j, name := range m.names {
		r.Params = append(r.Params, Param{name, m.beta[j], m.stdErrs[j]})
	}
	return r
}

// Concordance returns Harrell's concordance on the rows of the fit: of the pairs of which it is
// known who ended first, the share in which he has the higher hazard, equal ones counting half.
// NaN where there is no such pair; 0 for a model that no fit made.
func (m *Cox[T]) Concordance() float64 {
	if m.ready("") != nil {
		return 0
	}
	return m.concordance
}

// HazardRatio returns the hazard of a row beside that of the mean of all rows. ErrEmpty, ErrShape,
// ErrNotFinite, ErrOverflow.
func (m *Cox[T]) HazardRatio(row []float64) (float64, error) {
	const where = "lifetime: Cox.HazardRatio"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	err := check.Len("row", len(row), len(m.beta))
	if err == nil {
		err = check.Slice("row", row)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	eta := 0.0
	for j, b := range m.beta {
		eta += b * (row[j] - m.mean[j])
	}
	if v := math.Exp(eta); check.Finite(v) {
		return v, nil
	}
	return 0, fmt.Errorf("%s: the ratio is beyond numbers: %w", where, ErrOverflow)
}

// Alive returns the probability that a row lasts longer than t >= 0, e^−H: past the last time of
// the fit it is what it was there. Errors as of HazardRatio, and ErrRange for t < 0.
func (m *Cox[T]) Alive(row []float64, t T) (float64, error) {
	const where = "lifetime: Cox.Alive"
	ratio, err := m.HazardRatio(row)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	if err := horizon(where, t); err != nil {
		return 0, err
	}
	return math.Exp(-ratio * m.cumulative(float64(t))), nil
}

func (m *Cox[T]) cumulative(t float64) float64 {
	i := sort.Search(len(m.times), func(i int) bool { return m.times[i] > t })
	if i == 0 {
		return 0
	}
	return m.hazard[i-1]
}

// Baseline returns the cumulative hazard up to t of a row of means, by Breslow. ErrEmpty,
// ErrRange for t < 0, ErrNotFinite.
func (m *Cox[T]) Baseline(t T) (float64, error) {
	const where = "lifetime: Cox.Baseline"
	if err := m.ready(where); err != nil {
		return 0, err
	}
	if err := horizon(where, t); err != nil {
		return 0, err
	}
	return m.cumulative(float64(t)), nil
}

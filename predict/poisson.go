package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// PoissonOptions configures FitPoisson. The zero value is a fit without penalty, with an
// intercept, the model of statsmodels' GLM with a Poisson family.
type PoissonOptions struct {
	// L2 multiplies ½·Σ w², finite and >= 0; 0 means none. scikit-learn's alpha is L2 over
	// the sum of the weights.
	L2 float64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent.
	Weights []float64
	// Offset, if not nil, is added to the linear predictor of each row with coefficient 1:
	// the logarithm of its exposure, such as days observed. A fitted model knows nothing of
	// it: multiply what Predict says by the exposure.
	Offset []float64
	// NoIntercept leaves out the constant term.
	NoIntercept bool
	// StdErrors computes standard errors, at n·d² operations.
	StdErrors bool
	// Names names the columns; nil means x0, x1, ….
	Names []string
	// Tol ends the fit when a Newton step lowers the objective by no more than Tol of its size; 0 means 1e-14.
	Tol float64
	// MaxIter bounds the Newton steps; 0 means 100.
	MaxIter int
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It
	// has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration on the caller's goroutine.
	Progress func(Progress)
}

// Poisson is a fitted Poisson regression: the mean count is exp(b + w·x). It is immutable
// and safe for concurrent use. The zero value answers every call with an error, except UnmarshalBinary.
type Poisson struct{ iterated }

// FitPoisson fits counts y >= 0, whole or not, on rows, an n×d matrix: it minimises
//
//	F(b, w) = Σᵢ sᵢ·(exp(ηᵢ) - yᵢ·ηᵢ) + ½·L2·Σⱼwⱼ², ηᵢ = b + w·xᵢ + oᵢ
//
// where sᵢ is the row's weight and oᵢ its offset: orders of a customer in the next quarter, items of an order. The mean is right
// also where the counts spread more than the Poisson law has it; standard errors are not then. Newton's method as
// reweighted least squares, with halved steps. Without penalty a column that depends on columns before it gets coefficient
// 0 and a warning, and where all rows of some kind count 0 a coefficient grows without end, Converged is false and Warnings says so.
//
// The order of rows does not matter, to the bit. Cost n·d² an iteration; memory n + d².
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange for a negative count and magnitudes above 1e150, ErrOption, ErrDuplicate,
// ErrUndefined where all counts are 0, ErrDiverged, ErrOverflow, ErrTooLarge beyond 16,384 columns, or context.Cause(ctx).
func FitPoisson(ctx context.Context, rows [][]float64, y []float64, opt PoissonOptions) (*Poisson, error) {
	const where = "predict: FitPoisson"
	f, opt, err := newPoisson(ctx, where, rows, y, opt)
	if err != nil {
		return nil, err
	}
	n := len(f.order)
	count, weight, offset := make([]float64, n), make([]float64, n), make([]float64, n)
	total, mass := 0.0, 0.0
	shift := f.faint(!opt.NoIntercept)
	for k, i := range f.order {
		count[k], weight[k], offset[k] = y[i]+0, f.weightOf(int(i)), f.offsetOf(int(i))-shift
		total += weight[k] * count[k]
		mass += weight[k] * math.Exp(math.Min(offset[k], 700))
	}
	if !(total > 0) {
		return nil, fmt.Errorf("%s: all counts are 0: %w", where, ErrUndefined)
	}
	f.objective = func(ctx context.Context, eta, coef []float64, intercept float64) (float64, error) {
		sum, err := f.sum(ctx, func(k int) float64 {
			e := eta[k] + offset[k]
			return weight[k] * (math.Exp(e) - count[k]*e)
		})
		for _, c := range coef {
			sum += opt.L2 * c * c / 2
		}
		return sum, err
	}
	m := &Poisson{iterated{terms: terms{schema: numeric(opt.Names, f.d), coef: make([]float64, f.d)}}}
	if !opt.NoIntercept {
		m.intercept = math.Log(total) - math.Log(mass)
	}
	eta, target, curve := f.eta, make([]float64, n), make([]float64, n)
	for k := range eta {
		eta[k] = m.intercept
	}
	if m.objective, err = f.objective(ctx, eta, m.coef, m.intercept); err != nil {
		return nil, err
	}
	least := LinearOptions{L2: opt.L2, NoIntercept: opt.NoIntercept}
	reweigh := func() (*Linear, *system, error) {
		for k := range eta {
			mean := math.Exp(eta[k] + offset[k])
			curve[k] = weight[k] * mean
			if target[k] = 0; curve[k] > 0 {
				target[k] = eta[k] + (count[k]/mean - 1)
			}
			if !(math.Abs(target[k]) <= limit) { // a mean so small that nothing more can be said
				target[k], curve[k] = 0, 0
			}
		}
		return f.step(ctx, target, curve, least)
	}
	for m.iterations < opt.MaxIter && !m.converged {
		step, _, err := reweigh()
		if err != nil {
			return nil, wrap(where, err)
		}
		if step == nil {
			break
		}
		m.iterations++
		far, err := f.farthest(ctx, step)
		if err != nil {
			return nil, err
		}
		before, share := m.objective, 0.0
		if m.objective, share, err = f.search(ctx, &m.terms, step.coef, step.intercept, before); err != nil {
			return nil, wrap(where, err)
		}
		m.warnings = step.warnings
		tell(opt.Progress, m.iterations, opt.MaxIter, m.objective)
		// Where rows of some kind all count 0 nothing is gained in the end, and each step goes as far as the last.
		m.converged = far <= .1 && (share == 0 || before-m.objective <= opt.Tol*(1+math.Abs(m.objective)))
		if share == 0 {
			break
		}
	}
	m.intercept -= shift
	if !m.finite() || !check.Finite(m.objective) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	if !m.converged {
		m.warn(fmt.Sprintf("not converged after %d iterations: rows of some kind all count 0, or the columns are of very different size; set L2", m.iterations))
	}
	if opt.StdErrors {
		step, s, err := reweigh()
		if err != nil {
			return nil, wrap(where, err)
		}
		if step != nil {
			m.stdErr = step.errorsOf(s, least, 1)
		}
	}
	return m, nil
}

// faint is the largest offset where the exposures of all rows are so small that they underflow, else 0. An intercept makes up for
// what is taken from all offsets.
func (f *reweighted) faint(intercept bool) float64 {
	most := math.Inf(-1)
	for _, i := range f.order {
		most = math.Max(most, f.offsetOf(int(i)))
	}
	if intercept && most < -600 {
		return most
	}
	return 0
}

// newPoisson checks the input and puts the rows in order.
func newPoisson(ctx context.Context, where string, rows [][]float64, y []float64, opt PoissonOptions) (*reweighted, PoissonOptions, error) {
	n, d, err := checkMatrix(ctx, "rows", rows, opt.Workers)
	if err != nil {
		return nil, opt, wrap(where, err)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, opt, fmt.Errorf("%s: %w", where, err)
	}
	opt.Tol, opt.MaxIter = check.Default(opt.Tol, 1e-14), check.Default(opt.MaxIter, 100)
	var c check.Options
	check.NonNegative(&c, "L2", opt.L2)
	check.Positive(&c, "Tol", opt.Tol)
	check.Positive(&c, "MaxIter", opt.MaxIter)
	c.Require(!opt.StdErrors || d <= maxStdErrors, "StdErrors", opt.StdErrors, fmt.Sprintf("false with more than %d columns", maxStdErrors))
	if err := c.Err(where); err != nil {
		return nil, opt, err
	}
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, opt, fmt.Errorf("%s: %w", where, err)
	}
	if opt.Offset != nil {
		if err := check.Len("Offset", len(opt.Offset), n); err != nil {
			return nil, opt, fmt.Errorf("%s: %w", where, err)
		}
	}
	for i, v := range y {
		if v < 0 {
			return nil, opt, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, v, fmt.Errorf("want >= 0: %w", ErrRange)))
		}
		for _, x := range []struct {
			name   string
			values []float64
		}{{"y", y}, {"Weights", opt.Weights}, {"Offset", opt.Offset}} {
			if x.values == nil {
				continue
			}
			if err := checkValue(x.values[i]); err != nil {
				return nil, opt, fmt.Errorf("%s: %w", where, badValue(x.name, i, x.values[i]))
			}
		}
	}
	if err := checkNames(opt.Names, d); err != nil {
		return nil, opt, fmt.Errorf("%s: %w", where, err)
	}
	f, err := newReweighted(ctx, rows, func(i int) float64 { return y[i] }, sample{weight: opt.Weights, offset: opt.Offset}, opt.Workers)
	return f, opt, err
}

// Columns returns the number of columns the model expects.
func (m *Poisson) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *Poisson) Schema() *Schema {
	if m == nil {
		return nil
	}
	return m.columns()
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Predict of a row is its mean count, as Predict has it.
func (m *Poisson) Bind(columns []Column) (*Bound, error) {
	if m == nil {
		m = new(Poisson)
	}
	return m.bind("predict: Poisson.Bind", columns, math.Exp)
}

// Predict appends the mean count exp(b + w·x) of each row to dst, +Inf beyond float64. On an
// error, ErrShape or ErrNotFinite naming the row, ErrEmpty for a model that was not fitted, it returns dst as given. It allocates
// nothing where dst has room.
func (m *Poisson) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	if m == nil {
		m = new(Poisson)
	}
	return m.predictRows("predict: Poisson.Predict", dst, rows, math.Exp)
}

// Coefficients returns the coefficients in column order. A standard error is the square
// root of the diagonal of the inverse Hessian of F, NaN where it was not asked for.
func (m *Poisson) Coefficients() []Coefficient {
	if m == nil {
		return nil
	}
	return m.coefficients()
}

// Intercept returns the constant term, of value 0 without one, and nothing for a model that
// was not fitted.
func (m *Poisson) Intercept() Coefficient {
	if m == nil || !m.fitted() {
		return Coefficient{}
	}
	return m.constant()
}

// Objective returns the value of F at the coefficients.
func (m *Poisson) Objective() float64 {
	if m == nil {
		return 0
	}
	return m.objective
}

// Converged reports whether the tolerance was met.
func (m *Poisson) Converged() bool { return m != nil && m.converged }

// Warnings returns what is doubtful about the fit, empty for most.
func (m *Poisson) Warnings() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.warnings)
}

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *Poisson) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || !m.fitted() {
		return dst, notFitted("predict: Poisson.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	return w.AppendFrame(dst, codec.KindPoisson, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Poisson) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1: that of SVM.
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *Poisson) UnmarshalBinary(data []byte) error {
	const where = "predict: Poisson.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindPoisson, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := getIterated(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	m.iterated = next
	return nil
}

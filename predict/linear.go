package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// LinearOptions configures FitLinear and Gram.Fit. The zero value is ordinary least
// squares with an intercept.
type LinearOptions struct {
	// L2 multiplies Σ w² in Σ s·(y - b - w·x)² + L2·Σ w², as in scikit-learn's
	// Ridge; finite and >= 0, 0 means none.
	L2 float64
	// L1 multiplies Σ |w|, added to that: the lasso, and with L2 the elastic net; finite and
	// >= 0, 0 means none. scikit-learn's ElasticNet has L1 = 2·n·alpha·l1_ratio and L2 =
	// n·alpha·(1-l1_ratio), n the sum of the weights.
	L1 float64
	// Huber, if not 0, makes rows far from the plane count by their distance instead of its
	// square: those beyond Huber times the scale σ of the residuals, which is estimated, too. Above 1 and finite;
	// 1.35 costs 5 % of the rows where errors are normal. The objective is that of scikit-learn's HuberRegressor, whose
	// epsilon is Huber and whose alpha is L2:
	// Σ s·(σ + σ·H((y-b-w·x)/σ)) + L2·Σ w², H(z) = z² up to Huber, then 2·Huber·|z| - Huber². L1 is 0 then.
	Huber float64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as
	// absent.
	Weights []float64
	// Offset, if not nil, is added to what is predicted for each row with coefficient 1. A fitted
	// model knows nothing of it: add it to Predict. RSquared is that of y less the offset.
	Offset []float64
	// NoIntercept leaves out the constant term.
	NoIntercept bool
	// Names names the columns; nil means x0, x1, ….
	Names []string
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It
	// has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration of a fit with L1, where an iteration is a pass over the columns, or Huber, on the caller's
	// goroutine. Other fits have none.
	Progress func(Progress)
}

// validate reports every bad field for d columns; Weights are for FitLinear to
// check.
func (o LinearOptions) validate(where string, d int) error {
	var c check.Options
	check.NonNegative(&c, "L2", o.L2)
	check.NonNegative(&c, "L1", o.L1)
	c.Require(o.Huber == 0 || o.Huber > 1 && check.Finite(o.Huber), "Huber", o.Huber, "above 1, or 0")
	c.Require(o.Huber == 0 || o.L1 == 0, "L1", o.L1, "0 with Huber")
	if err := c.Err(where); err != nil {
		return err
	}
	if err := checkNames(o.Names, d); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Linear is a fitted linear regression. It is immutable and safe for concurrent
// use. The zero value answers every call with an error, except UnmarshalBinary.
type Linear struct {
	terms
	target   float64 // mean of y
	rows     int64
	weight   float64 // Σ of the weights
	rss, tss float64 // residual and total sum of squares
}

func newLinear(opt LinearOptions, columns int) *Linear {
	return &Linear{terms: terms{schema: numeric(opt.Names, columns), coef: make([]float64, columns), mean: make([]float64, columns)}}
}

// setIntercept makes the plane go through the means.
func (m *Linear) setIntercept(opt LinearOptions) {
	m.intercept = 0
	if !opt.NoIntercept {
		m.intercept = m.target
		for j, c := range m.coef {
			m.intercept -= c * m.mean[j]
		}
	}
}

// FitLinear fits y on rows, an n×d matrix, by (ridge-penalised, weighted) least
// squares: it minimises Σ s·(y - b - w·x)² + L2·Σ w² + L1·Σ |w|. The normal equations of
// centred and scaled columns are solved by Cholesky and then refined with the
// residuals of the rows, which gives coefficients about as exact as a QR
// decomposition does; with L1 coordinate descent finds the columns that are in. Without penalty a column that depends on columns before
// it gets coefficient 0 and a warning.
//
// The order of rows does not matter, to the bit. Cost n·d², memory n + d².
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption, ErrDuplicate, ErrTooLarge beyond 16,384 columns without Huber,
// ErrDiverged, or context.Cause(ctx).
func FitLinear(ctx context.Context, rows [][]float64, y []float64, opt LinearOptions) (*Linear, error) {
	const where = "predict: FitLinear"
	f, err := newLeastSquares(ctx, where, rows, y, opt)
	if err != nil {
		return nil, err
	}
	if opt.Huber > 0 {
		return f.huber(ctx, where)
	}
	g, err := f.gram(ctx)
	if err != nil {
		return nil, wrap(where, err)
	}
	m, s, err := g.solve(ctx, opt)
	if err != nil {
		return nil, wrap(where, err)
	}
	if opt.L1 > 0 {
		_, m.rss, err = f.gradient(ctx, m)
	} else {
		err = f.refine(ctx, m, s)
	}
	if err != nil {
		return nil, err
	}
	m.inference(s, opt)
	if !m.finite() || !check.Finite(m.rss) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	return m, nil
}

// leastSquares is the problem of FitLinear.
type leastSquares struct {
	sample
	rows  [][]float64
	y     []float64
	opt   LinearOptions
	block int // rows of one unit of work
}

// newLeastSquares checks the input and puts the rows in order.
func newLeastSquares(ctx context.Context, where string, rows [][]float64, y []float64, opt LinearOptions) (*leastSquares, error) {
	n, d, err := checkMatrix(ctx, "rows", rows, opt.Workers)
	if err != nil {
		return nil, wrap(where, err)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, v := range y {
		if err := checkValue(v); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("y", i, v))
		}
	}
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, w := range opt.Weights {
		if err := checkValue(w); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("Weights", i, w))
		}
	}
	if err := opt.validate(where, d); err != nil {
		return nil, err
	}
	f := &leastSquares{sample: sample{weight: opt.Weights}, rows: rows, y: y, opt: opt}
	if opt.Offset != nil {
		if err := check.Len("Offset", len(opt.Offset), n); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		f.y = make([]float64, n)
		for i, v := range opt.Offset {
			if err := checkValue(v); err != nil {
				return nil, fmt.Errorf("%s: %w", where, badValue("Offset", i, v))
			}
			f.y[i] = y[i] - v
		}
	}
	err = f.sort(ctx, n, opt.Workers, func(i int) uint64 {
		return hashRow(hashFloat(hashFloat(0, f.y[i]), f.weightOf(i)), rows[i])
	}, func(i, j int) int {
		return cmp.Or(cmp.Compare(f.y[i]+0, f.y[j]+0), cmp.Compare(f.weightOf(i), f.weightOf(j)), compareRows(rows[i], rows[j]))
	})
	f.block = max(rowBlock, (len(f.order)+15)/16)
	return f, err
}

// gram accumulates the rows, block by block.
func (f *leastSquares) gram(ctx context.Context) (*Gram, error) {
	var overflow error
	g, err := parallel.Reduce(ctx, len(f.order), f.block, f.opt.Workers, func(lo, hi int) (*Gram, error) {
		var g Gram
		for _, i := range f.order[lo:hi] {
			if err := g.Add(f.rows[i], f.y[i], f.weightOf(int(i))); err != nil {
				return nil, err
			}
		}
		return &g, nil
	}, func(a, b *Gram) *Gram {
		if overflow == nil { // nothing else can go wrong: blocks of one matrix agree
			overflow = a.Merge(b)
		}
		return a
	})
	if err == nil {
		err = overflow
	}
	return g, err
}

// refine improves the solution of a system: the gradient at it, from the rows, gives
// the step that rounding in the normal equations left out.
func (f *leastSquares) refine(ctx context.Context, m *Linear, s *system) error {
	for range 3 {
		step, _, err := f.gradient(ctx, m)
		if err != nil {
			return err
		}
		for j := range step {
			step[j] -= s.l2 * m.coef[j]
			if s.scale[j] == 0 {
				step[j] = 0
			} else {
				step[j] /= s.scale[j]
			}
		}
		solve.SolveCholesky64(s.factor, len(step), step)
		for _, j := range s.dependent {
			step[j] = 0
		}
		for j, v := range step {
			if s.scale[j] > 0 {
				m.coef[j] += v / s.scale[j]
			}
		}
		m.setIntercept(f.opt)
	}
	var err error
	_, m.rss, err = f.gradient(ctx, m)
	return err
}

// gradient returns Σ s·(x-x̄)·residual and Σ s·residual².
func (f *leastSquares) gradient(ctx context.Context, m *Linear) ([]float64, float64, error) {
	d := len(m.coef)
	shift, base := m.mean, m.target
	if f.opt.NoIntercept {
		shift, base = make([]float64, d), 0
	}
	sum, err := parallel.Reduce(ctx, len(f.order), f.block, f.opt.Workers, func(lo, hi int) ([]float64, error) {
		sum := make([]float64, d+1)
		x := make([]float64, d)
		for _, i := range f.order[lo:hi] {
			for j, v := range f.rows[i] {
				x[j] = v - shift[j]
			}
			residual := f.y[i] - base - vec.Dot64(x, m.coef)
			w := f.weightOf(int(i))
			vec.Axpy64(w*residual, x, sum[:d])
			sum[d] += w * residual * residual
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return nil, 0, err
	}
	return sum[:d:d], sum[d], nil
}

// inference adds classical standard errors, for L2 = 0 and more rows than
// coefficients.
func (m *Linear) inference(s *system, opt LinearOptions) {
	d := len(m.coef)
	free := m.rows - int64(d-len(s.dependent))
	if !opt.NoIntercept {
		free--
	}
	if s.l2 > 0 || opt.L1 > 0 || free <= 0 {
		return
	}
	m.stdErr = m.errorsOf(s, opt, m.rss/float64(free))
}

// errorsOf returns the roots of the diagonal of the inverse of the system, times a
// variance; the intercept's last.
func (m *Linear) errorsOf(s *system, opt LinearOptions, variance float64) []float64 {
	d := len(m.coef)
	inverse := solve.SemiInverse64(s.factor, d, s.dependent)
	out := make([]float64, d+1)
	gone := make([]bool, d)
	for _, j := range s.dependent {
		gone[j] = true
		out[j] = math.NaN()
	}
	v := 1 / m.weight
	for i := range d {
		if gone[i] {
			continue
		}
		out[i] = math.Sqrt(variance*inverse[i*d+i]) / s.scale[i]
		for j := range d {
			if !gone[j] {
				v += m.mean[i] / s.scale[i] * inverse[i*d+j] * m.mean[j] / s.scale[j]
			}
		}
	}
	out[d] = math.Sqrt(variance * v)
	if opt.NoIntercept {
		out[d] = math.NaN()
	}
	return out
}

// Columns returns the number of columns the model expects.
func (m *Linear) Columns() int {
	if m == nil {
		m = new(Linear)
	}
	return len(m.coef)
}

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *Linear) Schema() *Schema {
	if m == nil {
		return nil
	}
	return m.columns()
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Predict of a row is what Predict has for it.
func (m *Linear) Bind(columns []Column) (*Bound, error) {
	if m == nil {
		m = new(Linear)
	}
	return m.bind("predict: Linear.Bind", columns, nil)
}

// Intercept returns the constant term, of value 0 without one, and nothing for a model that
// was not fitted.
func (m *Linear) Intercept() Coefficient {
	if m == nil || len(m.coef) == 0 {
		return Coefficient{}
	}
	return m.constant()
}

// Coefficients returns the coefficients in column order. Standard errors are
// the classical ones of equal error variance (weights taken as relative
// precision); they are NaN with a penalty, from Gram.Fit, and where no degree
// of freedom is left.
func (m *Linear) Coefficients() []Coefficient {
	if m == nil {
		m = new(Linear)
	}
	return m.coefficients()
}

// RSquared returns 1 - Σ residual²/Σ(y-ȳ)² over the training rows (around 0
// without intercept), NaN where y does not vary and for a model that was not fitted.
func (m *Linear) RSquared() float64 {
	if m == nil || m.tss == 0 {
		return math.NaN()
	}
	return 1 - m.rss/m.tss
}

// Warnings returns what is doubtful about the fit, empty for most.
func (m *Linear) Warnings() []string {
	if m == nil {
		m = new(Linear)
	}
	return slices.Clone(m.warnings)
}

// Predict appends b + w·x of each row to dst. On an error, ErrShape or
// ErrNotFinite naming the row, ErrEmpty for a model that was not fitted, it returns dst as given. It allocates nothing where
// dst has room.
func (m *Linear) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	if m == nil || len(m.coef) == 0 {
		return dst, notFitted("predict: Linear.Predict")
	}
	out := dst
	for i, row := range rows {
		s, err := m.score(row)
		if err != nil {
			return dst, fmt.Errorf("predict: Linear.Predict: rows[%d]: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

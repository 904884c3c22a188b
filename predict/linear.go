package predict

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/parallel"
)

// LinearOptions are the settings of FitLinear and Gram.Fit. The zero value is
// ordinary least squares with an intercept.
type LinearOptions struct {
	// L2 multiplies Σ w² in Σ s·(y - b - w·x)² + L2·Σ w², as in scikit-learn's
	// Ridge; 0 means none.
	L2 float64
	// Weights, if not nil, holds one weight >= 0 a row.
	Weights []float64
	// NoIntercept leaves out the constant term.
	NoIntercept bool
	// Names names the columns; nil means x0, x1, ….
	Names []string
}

func (o LinearOptions) validate(where string, d int) error {
	var bad check.Options
	check.NonNegative(&bad, "L2", o.L2)
	if err := bad.Err(where); err != nil {
		return err
	}
	if err := checkNames(o.Names, d); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Linear is a fitted linear regression. It is immutable and safe for concurrent
// use.
type Linear struct {
	names     []string
	coef      []float64
	intercept float64
	mean      []float64
	target    float64 // mean of y
	stdErr    []float64
	n         int64
	weight    float64
	rss, tss  float64
	warnings  []string
}

func newLinear(o LinearOptions, d int) *Linear {
	return &Linear{names: slices.Clone(o.Names), coef: make([]float64, d), mean: make([]float64, d)}
}

// finish sets the intercept.
func (m *Linear) finish(o LinearOptions) {
	m.intercept = 0
	if !o.NoIntercept {
		m.intercept = m.target
		for j, c := range m.coef {
			m.intercept -= c * m.mean[j]
		}
	}
}

func (m *Linear) warnDependent(cols []int) {
	var l Logistic
	l.names, l.coef = m.names, m.coef
	l.warnColumns(cols, "are constant or linear combinations of columns before them and get coefficient 0")
	m.warnings = l.warnings
}

// FitLinear fits y on rows, an n×d matrix, by (ridge-penalised, weighted) least
// squares: it minimises Σ s·(y - b - w·x)² + L2·Σ w². The normal equations of
// centred and scaled columns are solved by Cholesky and then refined with the
// residuals of the rows, which gives coefficients about as exact as a QR
// decomposition does. Without penalty a column that depends on columns before
// it gets coefficient 0 and a warning.
//
// The order of rows does not matter, to the bit. Cost n·d², memory n + d².
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption, ErrDuplicate,
// ErrDiverged, or context.Cause(ctx).
func FitLinear(ctx context.Context, rows [][]float64, y []float64, o LinearOptions) (*Linear, error) {
	const where = "predict: FitLinear"
	n, d, err := checkMatrix(ctx, "rows", rows)
	if err != nil {
		return nil, wrap(where, err)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, v := range y {
		if err := checkValue(v); err != nil {
			return nil, fmt.Errorf("%s: y[%d] is %v: %w", where, i, v, err)
		}
	}
	if err := check.Weights("Weights", o.Weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := o.validate(where, d); err != nil {
		return nil, err
	}
	s := sample{weight: o.Weights}
	order, err := canonical(ctx, n, s.keep, func(i int) uint64 {
		return hashRow(hashFloat(hashFloat(0, y[i]), s.weightOf(i)), rows[i])
	}, func(i, j int) int {
		return cmp.Or(cmp.Compare(y[i]+0, y[j]+0), cmp.Compare(s.weightOf(i), s.weightOf(j)), compareRows(rows[i], rows[j]))
	})
	if err != nil {
		return nil, err
	}
	block := max(rowBlock, (len(order)+15)/16)
	g, err := parallel.Reduce(ctx, len(order), block, 0, func(lo, hi int) (*Gram, error) {
		var g Gram
		for _, i := range order[lo:hi] {
			if err := g.Add(rows[i], y[i], s.weightOf(int(i))); err != nil {
				return nil, err
			}
		}
		return &g, nil
	}, func(a, b *Gram) *Gram {
		if err := a.Merge(b); err != nil {
			panic(err) // blocks of one matrix always agree
		}
		return a
	})
	if err != nil {
		return nil, err
	}
	m, sys, err := g.solve(o)
	if err != nil {
		return nil, wrap(where, err)
	}
	// Refinement: the gradient at the solution, from the rows, gives the step
	// that rounding in the normal equations left out.
	for range 3 {
		r, rss, err := m.gradient(ctx, order, rows, y, s, block, o)
		if err != nil {
			return nil, err
		}
		m.rss = rss
		for j := range r {
			r[j] -= sys.l2 * m.coef[j]
			if sys.scale[j] == 0 {
				r[j] = 0
			} else {
				r[j] /= sys.scale[j]
			}
		}
		solveFactor(sys.u, d, r)
		for _, j := range sys.dependent {
			r[j] = 0
		}
		for j := range r {
			if sys.scale[j] > 0 {
				m.coef[j] += r[j] / sys.scale[j]
			}
		}
		m.finish(o)
	}
	if _, m.rss, err = m.gradient(ctx, order, rows, y, s, block, o); err != nil {
		return nil, err
	}
	m.inference(sys, o)
	if check.Slice("coefficient", m.coef) != nil || !check.Finite(m.intercept) || !check.Finite(m.rss) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	return m, nil
}

// gradient returns Σ s·(x-x̄)·residual and Σ s·residual².
func (m *Linear) gradient(ctx context.Context, order []int32, rows [][]float64, y []float64, s sample, block int, o LinearOptions) ([]float64, float64, error) {
	d := len(m.coef)
	shift, base := m.mean, m.target
	if o.NoIntercept {
		shift, base = make([]float64, d), 0
	}
	g, err := parallel.Reduce(ctx, len(order), block, 0, func(lo, hi int) ([]float64, error) {
		g := make([]float64, d+1)
		x := make([]float64, d)
		for _, i := range order[lo:hi] {
			for j, v := range rows[i] {
				x[j] = v - shift[j]
			}
			r := y[i] - base - dot(x, m.coef)
			w := s.weightOf(int(i))
			axpy(w*r, x, g[:d])
			g[d] += w * r * r
		}
		return g, nil
	}, addTo)
	if err != nil {
		return nil, 0, err
	}
	return g[:d:d], g[d], nil
}

// inference adds classical standard errors, for L2 = 0 and more rows than
// coefficients.
func (m *Linear) inference(s *system, o LinearOptions) {
	d := len(m.coef)
	free := m.n - int64(d-len(s.dependent))
	if !o.NoIntercept {
		free--
	}
	if s.l2 > 0 || free <= 0 {
		return
	}
	sigma2 := m.rss / float64(free)
	inv := inverse(s.u, d, s.dependent)
	m.stdErr = make([]float64, d+1)
	gone := make([]bool, d)
	for _, j := range s.dependent {
		gone[j] = true
		m.stdErr[j] = math.NaN()
	}
	v := 1 / m.weight
	for i := range d {
		if gone[i] {
			continue
		}
		m.stdErr[i] = math.Sqrt(sigma2*inv[i*d+i]) / s.scale[i]
		for j := range d {
			if !gone[j] {
				v += m.mean[i] / s.scale[i] * inv[i*d+j] * m.mean[j] / s.scale[j]
			}
		}
	}
	m.stdErr[d] = math.Sqrt(sigma2 * v)
	if o.NoIntercept {
		m.stdErr[d] = math.NaN()
	}
}

// Columns returns the number of columns the model expects.
func (m *Linear) Columns() int { return len(m.coef) }

// Intercept returns the constant term, 0 without one.
func (m *Linear) Intercept() Coefficient {
	return Coefficient{Name: "intercept", Value: m.intercept, StdErr: m.stdErrOf(len(m.coef))}
}

// Coefficients returns the coefficients in column order. Standard errors are
// the classical ones of equal error variance (weights taken as relative
// precision); they are NaN with a penalty, from Gram.Fit, and where no degree
// of freedom is left.
func (m *Linear) Coefficients() []Coefficient {
	out := make([]Coefficient, len(m.coef))
	for j, v := range m.coef {
		out[j] = Coefficient{Name: m.name(j), Value: v, StdErr: m.stdErrOf(j)}
	}
	return out
}

func (m *Linear) name(j int) string {
	if m.names == nil {
		return "x" + strconv.Itoa(j)
	}
	return m.names[j]
}

func (m *Linear) stdErrOf(j int) float64 {
	if m.stdErr == nil {
		return math.NaN()
	}
	return m.stdErr[j]
}

// RSquared returns 1 - Σ residual²/Σ(y-ȳ)² over the training rows (around 0
// without intercept), NaN where y does not vary.
func (m *Linear) RSquared() float64 {
	if m.tss == 0 {
		return math.NaN()
	}
	return 1 - m.rss/m.tss
}

// Warnings returns what is doubtful about the fit, empty for most.
func (m *Linear) Warnings() []string { return slices.Clone(m.warnings) }

// Predict appends b + w·x of each row to dst. On an error, ErrShape or
// ErrNotFinite naming the row, it returns dst as given.
func (m *Linear) Predict(dst []float64, rows [][]float64) ([]float64, error) {
	out := dst
	for i, row := range rows {
		s, err := linearScore(m.coef, m.intercept, row)
		if err != nil {
			return dst, fmt.Errorf("predict: Linear: rows[%d]: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// AppendBinary appends the model as one frame.
func (m *Linear) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || len(m.coef) == 0 {
		return dst, fmt.Errorf("predict: Linear: not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Strings(m.names)
	w.Float64s(m.coef)
	w.Float64(m.intercept)
	w.Float64s(m.mean)
	w.Float64(m.target)
	w.Float64s(m.stdErr)
	w.Int64(m.n)
	w.Float64(m.weight)
	w.Float64(m.rss)
	w.Float64(m.tss)
	w.Strings(m.warnings)
	return w.AppendFrame(dst, codec.KindLinear, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Linear) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m; on an error (ErrCorrupt, ErrVersion) m is
// unchanged.
func (m *Linear) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindLinear, 1)
	if err != nil {
		return fmt.Errorf("predict: Linear: %w", err)
	}
	n := Linear{
		names: optional(r.Strings()), coef: r.Float64s(), intercept: r.Float64(), mean: r.Float64s(), target: r.Float64(),
		stdErr: optional(r.Float64s()), n: r.Int64(), weight: r.Float64(), rss: r.Float64(), tss: r.Float64(), warnings: optional(r.Strings()),
	}
	d := len(n.coef)
	switch {
	case r.Err() != nil:
	case d == 0 || check.Slice("", n.coef) != nil || !check.Finite(n.intercept):
		r.Fail("coefficients")
	case checkNames(n.names, d) != nil:
		r.Fail("names")
	case len(n.mean) != d || check.Slice("", n.mean) != nil || !check.Finite(n.target):
		r.Fail("means")
	case n.stdErr != nil && len(n.stdErr) != d+1:
		r.Fail("standard errors")
	case n.n <= 0 || !(n.weight > 0) || !(n.rss >= 0) || !(n.tss >= 0):
		r.Fail("counts")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: Linear: %w", err)
	}
	*m = n
	return nil
}

// WriteTo writes the frame of AppendBinary.
func (m *Linear) WriteTo(w io.Writer) (int64, error) { return writeFrame(w, m) }

// ReadFrom reads one frame and not a byte beyond it.
func (m *Linear) ReadFrom(r io.Reader) (int64, error) { return readFrame(r, m) }

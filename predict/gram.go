package predict

import (
	"fmt"
	"io"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Gram accumulates what linear regression needs of rows: weights, means and
// centred cross-products of the columns and the target, by Chan's update. It is
// 8·d² bytes, whatever the number of rows; an Add costs d² operations. The zero
// value is ready for use; the first row sets the number of columns. It is not
// safe for concurrent use.
//
// Merging shards equals one pass up to rounding.
type Gram struct {
	d     int
	n     int64
	w     float64
	mean  []float64 // d columns, then the target
	cross []float64 // (d+1)×(d+1), upper triangle: Σ w·(a-ā)(b-b̄)
	diff  []float64 // scratch
}

// Add adds a row with target y and weight w. A row of weight 0 counts as
// absent. Errors: ErrShape, ErrNotFinite, ErrRange, ErrEmpty for a row of no
// columns; g is unchanged then.
func (g *Gram) Add(row []float64, y, w float64) error {
	if len(row) == 0 {
		return fmt.Errorf("predict: Gram: row: %w", ErrEmpty)
	}
	if g.mean != nil && len(row) != g.d {
		return fmt.Errorf("predict: Gram: row has %d columns, want %d: %w", len(row), g.d, ErrShape)
	}
	for j, v := range row {
		if err := checkValue(v); err != nil {
			return fmt.Errorf("predict: Gram: column %d is %v: %w", j, v, err)
		}
	}
	if err := checkValue(y); err != nil {
		return fmt.Errorf("predict: Gram: target is %v: %w", y, err)
	}
	if err := checkValue(w); err != nil || w < 0 {
		return fmt.Errorf("predict: Gram: weight is %v, want >= 0: %w", w, ErrRange)
	}
	if w == 0 {
		return nil
	}
	if g.mean == nil {
		g.init(len(row))
	}
	size := g.d + 1
	total := g.w + w
	for j := range size {
		v := y
		if j < g.d {
			v = row[j]
		}
		g.diff[j] = v - g.mean[j]
		g.mean[j] += g.diff[j] * (w / total)
	}
	f := w * (g.w / total)
	for i, a := range g.diff {
		a *= f
		dst := g.cross[i*size+i : i*size+size]
		for k, b := range g.diff[i:] {
			dst[k] += a * b
		}
	}
	g.n++
	g.w = total
	return nil
}

func (g *Gram) init(d int) {
	g.d = d
	g.mean = make([]float64, d+1)
	g.cross = make([]float64, (d+1)*(d+1))
	g.diff = make([]float64, d+1)
}

// Len returns the number of rows of positive weight.
func (g *Gram) Len() int64 { return g.n }

// Merge adds the rows of o, which stays as it is. Errors: ErrMismatch for
// another number of columns or for o == g, ErrOverflow; g is unchanged then.
func (g *Gram) Merge(o *Gram) error {
	if o == nil || o.n == 0 {
		if o != nil && o == g {
			return fmt.Errorf("predict: Gram: merge with itself: %w", ErrMismatch)
		}
		return nil
	}
	if g == o || g.n > 0 && g.d != o.d {
		return fmt.Errorf("predict: Gram: merge %d columns into %d: %w", o.d, g.d, ErrMismatch)
	}
	n, err := check.AddInt64(g.n, o.n)
	if err != nil {
		return fmt.Errorf("predict: Gram: Merge: %w", err)
	}
	if g.n == 0 {
		g.init(o.d)
		g.n, g.w = o.n, o.w
		copy(g.mean, o.mean)
		copy(g.cross, o.cross)
		return nil
	}
	size := g.d + 1
	total := g.w + o.w
	for j := range size {
		g.diff[j] = o.mean[j] - g.mean[j]
		g.mean[j] += g.diff[j] * (o.w / total)
	}
	f := o.w * (g.w / total)
	for i, a := range g.diff {
		a *= f
		for k := i; k < size; k++ {
			g.cross[i*size+k] += o.cross[i*size+k] + a*g.diff[k]
		}
	}
	g.n, g.w = n, total
	return nil
}

// Fit solves the linear regression of the rows added so far; o.Weights is not
// used. Where rows are at hand, FitLinear is more exact for nearly dependent
// columns. Errors: ErrEmpty, ErrOption, ErrDuplicate, ErrShape, ErrDiverged.
func (g *Gram) Fit(o LinearOptions) (*Linear, error) {
	const where = "predict: Gram: Fit"
	if g == nil || g.n == 0 {
		return nil, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	if err := o.validate(where, g.d); err != nil {
		return nil, err
	}
	m, _, err := g.solve(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// system is the factored normal matrix of columns scaled to norm 1.
type system struct {
	u         []float64
	scale     []float64
	dependent []int
	l2        float64
}

// solve returns the regression and the system it solved.
func (g *Gram) solve(o LinearOptions) (*Linear, *system, error) {
	d, size := g.d, g.d+1
	// at is the cross-product of columns i <= j, around 0 without intercept.
	at := func(i, j int) float64 {
		v := g.cross[i*size+j]
		if o.NoIntercept {
			v += g.w * g.mean[i] * g.mean[j]
		}
		return v
	}
	s := &system{u: make([]float64, d*d), scale: make([]float64, d), l2: math.Max(0, o.L2)}
	b := make([]float64, d)
	for j := range d {
		s.scale[j] = math.Sqrt(at(j, j) + s.l2)
		// What rounding leaves of a constant column is no variation.
		if !o.NoIntercept && at(j, j) <= 1e-26*g.w*g.mean[j]*g.mean[j] && s.l2 == 0 {
			s.scale[j] = 0
		}
	}
	for i := range d {
		if s.scale[i] == 0 {
			continue
		}
		b[i] = at(i, d) / s.scale[i]
		for j := i; j < d; j++ {
			if s.scale[j] > 0 {
				s.u[i*d+j] = at(i, j) / s.scale[i] / s.scale[j]
			}
		}
		s.u[i*d+i] = 1 // (at + l2)/scale², exactly
	}
	m := newLinear(o, d)
	s.dependent = factor(s.u, d, rankTol)
	solveFactor(s.u, d, b)
	for j := range d {
		if s.scale[j] > 0 {
			m.coef[j] = b[j] / s.scale[j]
		}
	}
	for _, j := range s.dependent {
		m.coef[j] = 0
	}
	copy(m.mean, g.mean[:d])
	m.target = g.mean[d]
	m.n, m.weight = g.n, g.w
	m.finish(o)
	m.warnDependent(s.dependent)
	// Residual sum of squares: y'y - 2w'X'y + w'X'Xw, on the centred sums.
	total, rss := at(d, d), at(d, d)
	for i, wi := range m.coef {
		rss -= 2 * wi * at(i, d)
		for j, wj := range m.coef {
			rss += wi * wj * at(min(i, j), max(i, j))
		}
	}
	m.rss, m.tss = math.Max(0, rss), total
	if check.Slice("coefficient", m.coef) != nil || !check.Finite(m.intercept) || !check.Finite(m.rss) {
		return nil, nil, fmt.Errorf("coefficients are not finite: %w", ErrDiverged)
	}
	return m, s, nil
}

// AppendBinary appends the accumulator as one frame.
func (g *Gram) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int(g.d)
	w.Int64(g.n)
	w.Float64(g.w)
	w.Float64s(g.mean)
	size := g.d + 1
	for i := range len(g.mean) {
		for _, v := range g.cross[i*size+i : i*size+size] {
			w.Float64(v)
		}
	}
	return w.AppendFrame(dst, codec.KindGram, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (g *Gram) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary replaces g; on an error (ErrCorrupt, ErrVersion) g is
// unchanged.
func (g *Gram) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindGram, 1)
	if err != nil {
		return fmt.Errorf("predict: Gram: %w", err)
	}
	var n Gram
	d := r.Int()
	rows, weight, mean := r.Int64(), r.Float64(), r.Float64s()
	switch {
	case r.Err() != nil:
	case rows == 0 && d == 0 && weight == 0 && len(mean) == 0:
	case rows <= 0 || d < 1 || len(mean) != d+1 || !(weight > 0) || !check.Finite(weight) || check.Slice("", mean) != nil:
		r.Fail("counts or means")
	case (d+1)*(d+2)/2 > len(data)/8: // so that memory follows the bytes received
		r.Fail("cross-products missing")
	default:
		n.init(d)
		n.n, n.w = rows, weight
		copy(n.mean, mean)
		for i := range d + 1 {
			for j := i; j <= d; j++ {
				v := r.Float64()
				if !check.Finite(v) || i == j && v < 0 {
					r.Fail("cross-products")
				}
				n.cross[i*(d+1)+j] = v
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: Gram: %w", err)
	}
	*g = n
	return nil
}

// WriteTo writes the frame of AppendBinary.
func (g *Gram) WriteTo(w io.Writer) (int64, error) { return writeFrame(w, g) }

// ReadFrom reads one frame and not a byte beyond it.
func (g *Gram) ReadFrom(r io.Reader) (int64, error) { return readFrame(r, g) }

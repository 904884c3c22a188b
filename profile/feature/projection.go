package feature

import (
	"cmp"
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// PCAOptions configures FitPCA and Covariance.PCA.
type PCAOptions struct {
	// Names of the columns, for FitPCA. Default "column 0", ….
	Names []string
	// Components is how many components there are at most. Default 0: as many as columns.
	Components int
	// Share keeps the first components that together have this share of the variance, in
	// (0, 1]. Default 0: all of Components.
	Share float64
	// Standardize divides each column by its standard deviation first; a column that
	// does not vary takes no part.
	Standardize bool
}

// validate names every bad field at once; where is the function that was given them.
func (o PCAOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Components >= 0, "Components", o.Components, ">= 0")
	c.Require(o.Share >= 0 && o.Share <= 1, "Share", o.Share, "in [0, 1]")
	return c.Err(where)
}

// Projection makes fewer columns of many, each a weighted sum: principal components, or
// random directions. It is immutable and safe for concurrent use.
type Projection struct {
	shift   []float64 // subtracted first, one a column
	weights []float64 // component by component
	shares  []float64 // of the variance, of each component; none of random ones
}

// FitPCA returns the principal components of rows, n×d without missing values. The same
// rows in any order give the same bits. No rows is ErrEmpty, one row, or rows that do not vary,
// ErrUndefined, ragged ones ErrShape, NaN and ±Inf ErrNotFinite, squares beyond float64
// ErrOverflow. Cost: O(n·d² + d³).
func FitPCA(ctx context.Context, rows [][]float64, opt PCAOptions) (*Projection, error) {
	const where = "feature: FitPCA"
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	names, err := rowNames(ctx, rows, opt.Names)
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return nil, err
	}
	c, err := NewCovariance(names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	order := slices.Clone(rows) // ascending: the same rounding for any order
	slices.SortFunc(order, func(a, b []float64) int { return slices.Compare(a, b) })
	for i, r := range order {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := c.Add(r); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	return c.pca(ctx, where, opt)
}

// PCA is FitPCA from an accumulator; opt.Names is ignored.
func (c *Covariance) PCA(opt PCAOptions) (*Projection, error) {
	const where = "feature: Covariance.PCA"
	if err := made(where, c != nil && len(c.names) > 0); err != nil {
		return nil, err
	}
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	return c.pca(context.Background(), where, opt)
}

// pca finds the eigenvectors of the covariance, or correlation, largest value first; the
// largest weight of each is positive.
func (c *Covariance) pca(ctx context.Context, where string, opt PCAOptions) (*Projection, error) {
	d := len(c.names)
	a, scale := make([]float64, d*d), slices.Repeat([]float64{1}, d)
	largest := 0.
	for j := range d {
		largest = max(largest, c.moments[diagonal(j, d)])
	}
	if c.n < 2 || largest == 0 {
		return nil, fmt.Errorf("%s: %d rows that vary in no column: %w", where, c.n, ErrUndefined)
	}
	for j := range d {
		if s := c.moments[diagonal(j, d)]; opt.Standardize && s > 0 {
			scale[j] = math.Sqrt(s / float64(c.n-1))
		}
	}
	for i := range d {
		for j := i; j < d; j++ {
			v := c.moments[diagonal(i, d)+j-i] / largest
			if opt.Standardize {
				v = c.moments[diagonal(i, d)+j-i] / float64(c.n-1) / scale[i] / scale[j]
			}
			a[i*d+j], a[j*d+i] = v, v
		}
	}
	values, vectors, err := jacobi(ctx, a, d)
	if err != nil {
		return nil, err
	}
	order, total := make([]int, d), 0.
	for j, v := range values {
		order[j] = j
		total += max(0, v)
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(values[y], values[x]) })
	p := &Projection{shift: slices.Clone(c.mean)}
	sum := 0.
	for _, k := range order {
		if opt.Components > 0 && len(p.shares) == opt.Components || opt.Share > 0 && sum >= opt.Share-1e-12 {
			break
		}
		most := 0
		for j := range d {
			if math.Abs(vectors[j*d+k]) > math.Abs(vectors[most*d+k]) {
				most = j
			}
		}
		sign := math.Copysign(1, vectors[most*d+k])
		for j := range d {
			w := sign * vectors[j*d+k] / scale[j]
			if !check.Finite(w) {
				return nil, fmt.Errorf("%s: column %q: its deviation: %w", where, c.names[j], ErrOverflow)
			}
			p.weights = append(p.weights, w)
		}
		p.shares = append(p.shares, max(0, values[k])/total)
		sum += max(0, values[k]) / total
	}
	return p, nil
}

// jacobi returns eigenvalues and eigenvectors, by column, of a symmetric d×d matrix by cyclic
// rotations, which keep small eigenvalues accurate; a is used up.
func jacobi(ctx context.Context, a []float64, d int) (values, vectors []float64, err error) {
	v := make([]float64, d*d)
	for i := range d {
		v[i*d+i] = 1
	}
	for range 60 {
		off, on := 0., 0.
		for i := range d {
			on += a[i*d+i] * a[i*d+i]
			for j := i + 1; j < d; j++ {
				off += a[i*d+j] * a[i*d+j]
			}
		}
		if off <= 1e-32*on {
			break
		}
		for p := range d {
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			for q := p + 1; q < d; q++ {
				if a[p*d+q] != 0 {
					rotate(a, v, d, p, q)
				}
			}
		}
	}
	values = make([]float64, d)
	for i := range d {
		values[i] = a[i*d+i]
	}
	return values, v, nil
}

// rotate makes a[p][q] 0.
func rotate(a, v []float64, d, p, q int) {
	theta := (a[q*d+q] - a[p*d+p]) / (2 * a[p*d+q])
	t := 1 / (math.Abs(theta) + math.Hypot(theta, 1))
	if theta < 0 {
		t = -t
	}
	c := 1 / math.Hypot(t, 1)
	s := t * c
	for k := range d {
		x, y := a[k*d+p], a[k*d+q]
		a[k*d+p], a[k*d+q] = c*x-s*y, s*x+c*y
	}
	for k := range d {
		x, y := a[p*d+k], a[q*d+k]
		a[p*d+k], a[q*d+k] = c*x-s*y, s*x+c*y
		x, y = v[k*d+p], v[k*d+q]
		v[k*d+p], v[k*d+q] = c*x-s*y, s*x+c*y
	}
	a[p*d+q], a[q*d+p] = 0, 0
}

// NewRandomProjection returns a projection of the given number of columns on random
// directions, N(0, 1/components), which keep distances on average: by the seed alone, no
// data is needed. Both numbers are in 1 … 1<<14, else ErrRange.
// Johnson, Lindenstrauss (1984); Dasgupta, Gupta (2003).
func NewRandomProjection(columns, components int, seed uint64) (*Projection, error) {
	if columns < 1 || components < 1 || columns > 1<<14 || components > 1<<14 {
		return nil, fmt.Errorf("feature: NewRandomProjection: %d columns on %d, want 1 … %d: %w", columns, components, 1<<14, ErrRange)
	}
	p := &Projection{shift: make([]float64, columns), weights: make([]float64, columns*components)}
	r := rng.New(seed, 0, 0)
	for i := range p.weights {
		p.weights[i] = r.Normal() / math.Sqrt(float64(components))
	}
	return p, nil
}

// Shares returns the share of the variance that each principal component has, descending;
// none of a random projection.
func (p *Projection) Shares() []float64 {
	if p == nil {
		return nil
	}
	return slices.Clone(p.shares)
}

// Weights returns the weights of a component, one a column; nil beyond the last.
func (p *Projection) Weights(component int) []float64 {
	if p == nil || component < 0 || len(p.shift) == 0 || component >= len(p.weights)/len(p.shift) {
		return nil
	}
	return slices.Clone(p.weights[component*len(p.shift) : (component+1)*len(p.shift)])
}

// Transform appends to dst the components of rows; the new rows share one array. A row of
// another length is ErrShape, NaN and ±Inf ErrNotFinite, a sum beyond float64 ErrOverflow; dst is
// then returned as it was.
func (p *Projection) Transform(dst, rows [][]float64) ([][]float64, error) {
	const where = "feature: Projection.Transform"
	if err := made(where, p != nil && len(p.shift) > 0); err != nil {
		return dst, err
	}
	d := len(p.shift)
	if err := width(rows, d); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := vec.Rows(len(rows), len(p.weights)/d)
	for i, r := range rows {
		for k := range out[i] {
			sum := 0.
			for j, w := range p.weights[k*d : (k+1)*d] {
				sum += w * (r[j] - p.shift[j])
			}
			out[i][k] = sum
		}
		if check.Slice("row", out[i]) != nil {
			if err := check.Slice("row", r); err != nil {
				return dst, fmt.Errorf("%s: row %d: %w", where, i, err)
			}
			return dst, fmt.Errorf("%s: row %d: %w", where, i, ErrOverflow)
		}
	}
	return append(dst, out...), nil
}

var (
	_ encoding.BinaryAppender    = (*Projection)(nil)
	_ encoding.BinaryMarshaler   = (*Projection)(nil)
	_ encoding.BinaryUnmarshaler = (*Projection)(nil)
)

// AppendBinary appends the binary form of p to dst, canonical. A projection that was not
// made by a function of this package is ErrEmpty, and dst is returned as it was.
func (p *Projection) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Projection.AppendBinary", p != nil && len(p.shift) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Float64s(p.shift)
	w.Float64s(p.weights)
	w.Float64s(p.shares)
	return w.AppendFrame(dst, codec.KindProjection, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (p *Projection) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces p. Payload of version 1, little-endian, lists after their
// length:
//
//	[]f64  what is subtracted, one a column, at least one, finite
//	[]f64  weights, component by component, at least one, finite
//	[]f64  shares of the variance, one a component or none, in [0, 1]
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; p is then unchanged.
func (p *Projection) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Projection.UnmarshalBinary", p); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindProjection, 1)
	if err != nil {
		return fmt.Errorf("feature: Projection.UnmarshalBinary: %w", err)
	}
	x := Projection{r.Float64s(), r.Float64s(), r.Float64s()}
	if d := len(x.shift); r.Err() == nil && (d == 0 || len(x.weights) == 0 || len(x.weights)%d != 0 ||
		len(x.shares) > 0 && len(x.shares) != len(x.weights)/d || check.Slice("shift", x.shift) != nil || check.Slice("weights", x.weights) != nil ||
		slices.ContainsFunc(x.shares, func(s float64) bool { return !(s >= 0 && s <= 1) })) {
		r.Fail("is no Projection")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Projection.UnmarshalBinary: %w", err)
	}
	*p = x
	return nil
}

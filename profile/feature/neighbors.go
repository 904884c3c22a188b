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
	"github.com/aislekit/aisle/internal/vec"
)

// Neighbors fills gaps from the rows of the fit that are nearest, as the KNNImputer of
// scikit-learn. It is immutable and safe for concurrent use; it keeps the rows of the fit.
// Troyanskaya et al. (2001), Missing value estimation methods for DNA microarrays.
type Neighbors struct {
	d, k int
	rows []float64 // n×d, rows ascending
	mean []float64 // of each column, where no neighbour can be found
}

// FitNeighbors keeps rows, n×d with NaN for missing, of which Transform takes the k
// nearest, 1 … 1,000. Columns should be of one scale, see FitScaler. The same rows in any
// order give the same bits. No rows is ErrEmpty, ragged ones ErrShape, ±Inf ErrNotFinite, a column
// without any value ErrUndefined, k out of range ErrRange, a mean that float64 cannot hold
// ErrOverflow.
func FitNeighbors(ctx context.Context, rows [][]float64, k int) (*Neighbors, error) {
	const where = "feature: FitNeighbors"
	if k < 1 || k > 1000 {
		return nil, fmt.Errorf("%s: k is %d, want 1 … 1,000: %w", where, k, ErrRange)
	}
	base, err := FitImputer(ctx, rows, ImputerOptions{})
	if err != nil {
		if ctx.Err() == nil {
			err = fmt.Errorf("%s: %w", where, err)
		}
		return nil, err
	}
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b []float64) int { return slices.Compare(a, b) })
	m := &Neighbors{d: len(base.names), k: k, mean: base.fill}
	for _, r := range order {
		for _, x := range r {
			if math.IsNaN(x) {
				x = math.NaN() // of one form
			}
			m.rows = append(m.rows, x+0)
		}
	}
	return m, nil
}

// Transform appends to dst a copy of rows in which a missing value is the mean of the k
// nearest rows of the fit that have the column, all of them where they are fewer, the mean of
// the column where none shares a value with the row. The squared distance is over the
// columns that both have, times d over their number; the smaller value first among equals. A
// row of another length is ErrShape, ±Inf ErrNotFinite, a distance beyond float64 ErrOverflow;
// dst is then returned as it was. Cost: O(n·d) for each row with a gap, ctx looked at in each.
func (m *Neighbors) Transform(ctx context.Context, dst, rows [][]float64) ([][]float64, error) {
	const where = "feature: Neighbors.Transform"
	if err := made(where, m != nil && m.d > 0); err != nil {
		return dst, err
	}
	if ctx.Err() != nil {
		return dst, context.Cause(ctx)
	}
	if err := width(rows, m.d); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := vec.Rows(len(rows), m.d)
	far := make([]float64, len(m.rows)/m.d)
	var near []donor
	for i, r := range rows {
		copy(out[i], r)
		if !slices.ContainsFunc(r, math.IsNaN) {
			continue
		}
		if ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
		if !m.distances(far, r) {
			return dst, fmt.Errorf("%s: row %d: distance: %w", where, i, ErrOverflow)
		}
		for j, x := range r {
			if math.IsNaN(x) {
				out[i][j], near = m.fill(far, j, near[:0])
			}
		}
	}
	return append(dst, out...), nil
}

// donor is a row of the fit that has the value asked for.
type donor struct{ far, x float64 }

// distances fills in the squared distance of r to every row, NaN without a common column; false beyond
// float64.
func (m *Neighbors) distances(far, r []float64) bool {
	for i := range far {
		sum, shared := 0., 0
		for j, y := range m.rows[i*m.d : (i+1)*m.d] {
			if d := r[j] - y; !math.IsNaN(d) {
				sum, shared = sum+d*d, shared+1
			}
		}
		if far[i] = sum / float64(shared) * float64(m.d); math.IsInf(far[i], 0) {
			return false
		}
	}
	return true
}

// fill is the mean of the nearest donors of column j; near is scratch.
func (m *Neighbors) fill(far []float64, j int, near []donor) (float64, []donor) {
	for i, d := range far {
		if x := m.rows[i*m.d+j]; !math.IsNaN(x) && !math.IsNaN(d) {
			near = append(near, donor{d, x})
		}
	}
	if len(near) == 0 {
		return m.mean[j], near
	}
	slices.SortFunc(near, func(a, b donor) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.x, b.x)) })
	k := min(m.k, len(near))
	mean := 0.
	for _, d := range near[:k] {
		mean += d.x / float64(k)
	}
	return mean, near
}

var (
	_ encoding.BinaryAppender    = (*Neighbors)(nil)
	_ encoding.BinaryMarshaler   = (*Neighbors)(nil)
	_ encoding.BinaryUnmarshaler = (*Neighbors)(nil)
)

// AppendBinary appends the binary form of m to dst, canonical. An m that was not fitted is
// ErrEmpty, and dst is returned as it was.
func (m *Neighbors) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Neighbors.AppendBinary", m != nil && m.d > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(m.k)
	w.Float64s(m.mean)
	w.Float64s(m.rows)
	return w.AppendFrame(dst, codec.KindNeighbors, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Neighbors) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian, lists after their
// length:
//
//	int    neighbours, 1 … 1,000
//	[]f64  means, one a column, at least one, finite
//	[]f64  rows of the fit, one after another, at least one; a value is finite and no -0, or
//	       a NaN of the one form that Go makes
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; m is then unchanged.
func (m *Neighbors) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Neighbors.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindNeighbors, 1)
	if err != nil {
		return fmt.Errorf("feature: Neighbors.UnmarshalBinary: %w", err)
	}
	x := Neighbors{k: r.Int(), mean: r.Float64s(), rows: r.Float64s()}
	x.d = len(x.mean)
	if r.Err() == nil {
		bad := x.k < 1 || x.k > 1000 || x.d == 0 || len(x.rows) == 0 || len(x.rows)%max(1, x.d) != 0 || check.Slice("means", x.mean) != nil
		for _, v := range x.rows {
			bits := math.Float64bits(v)
			bad = bad || !check.Finite(v) && bits != math.Float64bits(math.NaN()) || v == 0 && bits != 0
		}
		if bad {
			r.Fail("is no Neighbors")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Neighbors.UnmarshalBinary: %w", err)
	}
	*m = x
	return nil
}

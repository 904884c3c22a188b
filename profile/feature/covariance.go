package feature

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/vec"
)

// Covariance accumulates means and co-moments of columns in O(d²) memory, for
// correlations and principal components of rows that are in many places. Merged shards give
// what one pass gives up to rounding. Build it with NewCovariance. Not safe for concurrent
// use. Chan, Golub, LeVeque (1983).
type Covariance struct {
	names   []string
	n       int64
	mean    []float64
	moments []float64 // Σ(x−x̄)(y−ȳ), the upper half row by row
	delta   []float64 // scratch
}

// NewCovariance returns an empty accumulator of the named columns. No columns is
// ErrEmpty, more than 2,000 ErrRange, a repeated name ErrDuplicate.
func NewCovariance(names []string) (*Covariance, error) {
	if _, err := NewColumns(names); err != nil {
		return nil, fmt.Errorf("feature: NewCovariance: %w", err)
	}
	d := len(names)
	if d > maxCovariance {
		return nil, fmt.Errorf("feature: NewCovariance: %d columns, want at most %d: %w", d, maxCovariance, ErrRange)
	}
	return &Covariance{names: slices.Clone(names), mean: make([]float64, d), moments: make([]float64, d*(d+1)/2), delta: make([]float64, d)}, nil
}

// maxCovariance bounds the columns: eigenvectors cost their cube.
const maxCovariance = 2000

// Add takes one row. A missing or infinite value is ErrNotFinite (impute first), a wrong
// length ErrShape, squares beyond float64 ErrOverflow; the state is then as it was.
func (c *Covariance) Add(row []float64) error {
	if err := made("feature: Covariance.Add", c != nil && len(c.names) > 0); err != nil {
		return err
	}
	if err := check.Len("row", len(row), len(c.names)); err != nil {
		return fmt.Errorf("feature: Covariance.Add: %w", err)
	}
	if err := check.Slice("row", row); err != nil {
		return fmt.Errorf("feature: Covariance.Add: %w", err)
	}
	return c.join("Covariance.Add", 1, row, nil)
}

// Merge adds the rows of other, which it leaves alone. Other names, nil and the receiver
// itself are ErrMismatch, squares beyond float64 ErrOverflow.
func (c *Covariance) Merge(other *Covariance) error {
	if err := check.Merge("feature: Covariance.Merge", c, other); err != nil {
		return err
	}
	if err := made("feature: Covariance.Merge", len(c.names) > 0); err != nil {
		return err
	}
	if !slices.Equal(c.names, other.names) {
		return fmt.Errorf("feature: Covariance.Merge: columns %q and %q: %w", c.names, other.names, ErrMismatch)
	}
	if other.n == 0 {
		return nil
	}
	return c.join("Covariance.Merge", other.n, other.mean, other.moments)
}

// join adds n rows of the given means and co-moments, nil for 0.
func (c *Covariance) join(where string, n int64, mean, moments []float64) error {
	total, err := check.AddInt64(c.n, n)
	if err != nil {
		return fmt.Errorf("feature: %s: rows: %w", where, err)
	}
	share, weight := float64(n)/float64(total), float64(c.n)*(float64(n)/float64(total))
	for j, m := range mean {
		if c.n == 0 {
			c.delta[j] = 0
			continue
		}
		c.delta[j] = m - c.mean[j]
		// The diagonal bounds the others: if its sums hold, so do theirs.
		sum := c.moments[diagonal(j, len(c.mean))] + weight*c.delta[j]*c.delta[j]
		if moments != nil {
			sum += moments[diagonal(j, len(c.mean))]
		}
		if !check.Finite(sum) {
			return fmt.Errorf("feature: %s: column %q: squares: %w", where, c.names[j], ErrOverflow)
		}
	}
	at := 0
	for i := range mean {
		w, size := weight*c.delta[i], len(mean)-i
		out, d := c.moments[at:at+size], c.delta[i:]
		for k := range out {
			out[k] += w * d[k]
		}
		if moments != nil {
			for k, m := range moments[at : at+size] {
				out[k] += m
			}
		}
		at += size
	}
	for j, m := range mean {
		if c.n == 0 {
			c.mean[j] = m + 0
		} else {
			c.mean[j] += share * c.delta[j]
		}
	}
	c.n = total
	return nil
}

// diagonal is where the upper half of d columns holds that of column j.
func diagonal(j, d int) int { return j*d - j*(j-1)/2 }

// CovarianceResult is what a Covariance says.
type CovarianceResult struct {
	Count       int64       // rows
	Mean        []float64   // of each column; NaN without rows
	Covariance  [][]float64 // divisor n-1; NaN below two rows
	Correlation [][]float64 // NaN where a column does not vary
}

// Result returns means, covariances and correlations, and changes nothing.
func (c *Covariance) Result() CovarianceResult {
	if c == nil || len(c.names) == 0 {
		return CovarianceResult{}
	}
	d := len(c.names)
	r := CovarianceResult{Count: c.n, Mean: slices.Clone(c.mean), Covariance: vec.Rows(d, d), Correlation: vec.Rows(d, d)}
	for i := range d {
		if c.n == 0 {
			r.Mean[i] = math.NaN()
		}
		for j := i; j < d; j++ {
			s := c.moments[diagonal(i, d)+j-i]
			v := s / float64(max(0, c.n-1))
			k := s / math.Sqrt(c.moments[diagonal(i, d)]) / math.Sqrt(c.moments[diagonal(j, d)])
			if c.n < 2 {
				v = math.NaN()
			}
			if i == j && check.Finite(k) {
				k = 1
			}
			if !check.Finite(k) {
				k = math.NaN()
			}
			k = max(-1, min(1, k))
			r.Covariance[i][j], r.Covariance[j][i], r.Correlation[i][j], r.Correlation[j][i] = v, v, k, k
		}
	}
	return r
}

var (
	_ encoding.BinaryAppender    = (*Covariance)(nil)
	_ encoding.BinaryMarshaler   = (*Covariance)(nil)
	_ encoding.BinaryUnmarshaler = (*Covariance)(nil)
)

// AppendBinary appends the binary form of c to dst, canonical. A c without columns is
// ErrEmpty, and dst is returned as it was.
func (c *Covariance) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Covariance.AppendBinary", c != nil && len(c.names) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(c.names)
	w.Int64(c.n)
	w.Float64s(c.mean)
	w.Float64s(c.moments)
	return w.AppendFrame(dst, codec.KindCovariance, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *Covariance) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c, names included. Payload of version 1, little-endian, lists
// after their length:
//
//	[]str  names of the columns, 1 … 2,000, none twice
//	i64    rows, >= 0
//	[]f64  means, one a column, finite; 0 without rows
//	[]f64  co-moments, the upper half row by row, finite, >= 0 on the diagonal, all 0 below two rows
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; c is then unchanged. Memory grows with the bytes given.
func (c *Covariance) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Covariance.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCovariance, 1)
	if err != nil {
		return fmt.Errorf("feature: Covariance.UnmarshalBinary: %w", err)
	}
	x := &Covariance{names: r.Strings(), n: r.Int64(), mean: r.Float64s(), moments: r.Float64s()}
	d := len(x.names)
	if r.Err() == nil {
		_, err := NewColumns(x.names)
		bad := err != nil || d > maxCovariance || x.n < 0 || len(x.mean) != d || len(x.moments) != d*(d+1)/2 ||
			check.Slice("mean", x.mean) != nil || check.Slice("moments", x.moments) != nil
		for j := 0; j < d && !bad; j++ {
			bad = x.moments[diagonal(j, d)] < 0 || x.n == 0 && x.mean[j] != 0
		}
		if bad || x.n < 2 && slices.ContainsFunc(x.moments, func(v float64) bool { return v != 0 }) {
			r.Fail("is no Covariance")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Covariance.UnmarshalBinary: %w", err)
	}
	x.delta = make([]float64, d)
	*c = *x
	return nil
}

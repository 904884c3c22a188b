package profile

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Moments accumulates count, mean, variance, smallest and largest value of a
// stream of numbers in constant memory. The zero value is empty and ready.
//
// It keeps (n, mean, M2) with Welford's update and merges by Chan, Golub and
// LeVeque (1979), so values around 10⁹ lose nothing; results of different splits
// agree up to rounding, not to the bit. NaN counts as missing, an infinity is
// refused. Not safe for concurrent use.
type Moments struct {
	n, missing int64
	mean, m2   float64
	min, max   float64
}

// Add takes one value. NaN is counted as missing; ±Inf is ErrNotFinite and
// changes nothing.
func (m *Moments) Add(x float64) error {
	if math.IsNaN(x) {
		m.missing++
		return nil
	}
	if math.IsInf(x, 0) {
		return fmt.Errorf("profile: Moments.Add: %v: %w", x, ErrNotFinite)
	}
	if m.n == 0 {
		m.min, m.max = x, x
	}
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.m2 += d * (x - m.mean)
	m.min, m.max = min(m.min, x), max(m.max, x)
	return nil
}

// Merge adds the values of other, which it leaves alone. A state cannot be merged
// with itself (ErrMismatch).
func (m *Moments) Merge(other *Moments) error {
	if other == nil || other == m {
		return fmt.Errorf("profile: Moments.Merge: other is nil or the receiver itself: %w", ErrMismatch)
	}
	n, err := check.AddInt64(m.n, other.n)
	if err != nil {
		return fmt.Errorf("profile: Moments.Merge: %w", err)
	}
	missing := m.missing + other.missing
	switch {
	case other.n == 0:
	case m.n == 0:
		*m = *other
	default:
		d := other.mean - m.mean
		share := float64(other.n) / float64(n)
		m.mean += d * share
		m.m2 += other.m2 + d*d*float64(m.n)*share
		m.min, m.max = min(m.min, other.min), max(m.max, other.max)
		m.n = n
	}
	m.missing = missing
	return nil
}

// Count returns the number of values, and Missing the number of NaN.
func (m *Moments) Count() int64 { return m.n }

// Missing returns the number of NaN.
func (m *Moments) Missing() int64 { return m.missing }

// Mean returns the arithmetic mean, NaN without values.
func (m *Moments) Mean() float64 { return m.ifAny(m.mean) }

// Min returns the smallest value, NaN without values.
func (m *Moments) Min() float64 { return m.ifAny(m.min) }

// Max returns the largest value, NaN without values.
func (m *Moments) Max() float64 { return m.ifAny(m.max) }

// Sum returns the sum, 0 without values.
func (m *Moments) Sum() float64 { return m.mean * float64(m.n) }

// Variance returns the sample variance (divisor n-1), NaN below two values.
func (m *Moments) Variance() float64 {
	if m.n < 2 {
		return math.NaN()
	}
	return m.m2 / float64(m.n-1)
}

// PopulationVariance returns the variance with divisor n, NaN without values.
func (m *Moments) PopulationVariance() float64 { return m.ifAny(m.m2 / float64(m.n)) }

func (m *Moments) ifAny(x float64) float64 {
	if m.n == 0 {
		return math.NaN()
	}
	return x
}

// AppendBinary appends the binary form of m to dst. The error is always nil.
func (m *Moments) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int64(m.n)
	w.Int64(m.missing)
	for _, x := range []float64{m.mean, m.m2, m.min, m.max} {
		w.Float64(x)
	}
	return w.AppendFrame(dst, codec.KindProfileMoments, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Moments) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m by the state in data, or leaves it alone and returns
// ErrCorrupt, ErrMismatch or ErrVersion.
func (m *Moments) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindProfileMoments, 1)
	if err == nil {
		x := Moments{r.Int64(), r.Int64(), r.Float64(), r.Float64(), r.Float64(), r.Float64()}
		if !(x.n >= 0 && x.missing >= 0 && x.m2 >= 0 && check.Finite(x.mean) && check.Finite(x.min) && x.min <= x.max && check.Finite(x.max)) ||
			x.n == 0 && (x.mean != 0 || x.m2 != 0 || x.min != 0 || x.max != 0) {
			r.Fail("is no state of Moments")
		}
		if err = r.Done(); err == nil {
			*m = x
			return nil
		}
	}
	return fmt.Errorf("profile: Moments.UnmarshalBinary: %w", err)
}

package profile

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Moments)(nil)
	_ encoding.BinaryMarshaler   = (*Moments)(nil)
	_ encoding.BinaryUnmarshaler = (*Moments)(nil)
)

// Moments accumulates count, mean, variance, smallest and largest value of a
// stream of numbers in constant memory. The zero value is empty and ready.
//
// It keeps (n, mean, M2) relative to the first value and merges by Chan, Golub and
// LeVeque (1979), so a large common offset (money in minor units, time stamps)
// costs no digits; results of different splits agree up to rounding, not to the
// bit. NaN counts as missing, an infinity is refused, and what float64 cannot hold
// is ErrOverflow, never Inf. Not safe for concurrent use.
//
// The Moments of package metrics has the same arithmetic for the arms of an
// experiment: there NaN is an error, and it goes into comparisons. Take this one to
// describe data.
type Moments struct {
	values   moments.Moments
	missing  int64
	min, max float64
}

// Add takes one value. NaN is counted as missing; ±Inf is ErrNotFinite, a square
// sum beyond float64 ErrOverflow. Both change nothing.
func (m *Moments) Add(x float64) error {
	if err := check.Receiver("profile: Moments.Add", m); err != nil {
		return err
	}
	if math.IsNaN(x) {
		m.missing++
		return nil
	}
	first := m.values.N() == 0
	if err := m.values.Add(x); err != nil {
		return fmt.Errorf("profile: Moments.Add: %w", err)
	}
	if first {
		m.min, m.max = x, x
		return nil
	}
	m.min, m.max = min(m.min, x), max(m.max, x)
	return nil
}

// Merge adds the values of other, which it leaves alone. Nil and the receiver itself
// are ErrMismatch, a square sum beyond float64 is ErrOverflow; m is then unchanged.
func (m *Moments) Merge(other *Moments) error {
	if err := check.Merge("profile: Moments.Merge", m, other); err != nil {
		return err
	}
	sum := *m
	missing, err := check.AddInt64(m.missing, other.missing)
	if err == nil {
		err = sum.values.Merge(other.values)
	}
	if err != nil {
		return fmt.Errorf("profile: Moments.Merge: %w", err)
	}
	sum.missing = missing
	switch {
	case other.values.N() == 0:
	case m.values.N() == 0:
		sum.min, sum.max = other.min, other.max
	default:
		sum.min, sum.max = min(m.min, other.min), max(m.max, other.max)
	}
	*m = sum
	return nil
}

// N returns the number of values, without the missing ones.
func (m *Moments) N() int64 {
	if m == nil {
		return 0
	}
	return m.values.N()
}

// Missing returns the number of NaN.
func (m *Moments) Missing() int64 {
	if m == nil {
		return 0
	}
	return m.missing
}

// Mean returns the arithmetic mean, ErrUndefined without values.
func (m *Moments) Mean() (float64, error) {
	if err := check.Receiver("profile: Moments.Mean", m); err != nil {
		return math.NaN(), err
	}
	return m.ifAny("Mean", m.values.Mean())
}

// Min returns the smallest value, ErrUndefined without values.
func (m *Moments) Min() (float64, error) {
	if err := check.Receiver("profile: Moments.Min", m); err != nil {
		return math.NaN(), err
	}
	return m.ifAny("Min", m.min)
}

// Max returns the largest value, ErrUndefined without values.
func (m *Moments) Max() (float64, error) {
	if err := check.Receiver("profile: Moments.Max", m); err != nil {
		return math.NaN(), err
	}
	return m.ifAny("Max", m.max)
}

// Sum returns the sum, 0 without values, ErrOverflow beyond float64.
func (m *Moments) Sum() (float64, error) {
	if err := check.Receiver("profile: Moments.Sum", m); err != nil {
		return math.NaN(), err
	}
	return named("Sum")(m.values.Sum())
}

// Variance returns the sample variance (divisor n-1): ErrUndefined below two
// values, ErrOverflow where they differ by so little that it underflows.
func (m *Moments) Variance() (float64, error) {
	if err := check.Receiver("profile: Moments.Variance", m); err != nil {
		return math.NaN(), err
	}
	return named("Variance")(m.values.Variance())
}

// PopulationVariance is Variance with divisor n, ErrUndefined without values.
func (m *Moments) PopulationVariance() (float64, error) {
	if err := check.Receiver("profile: Moments.PopulationVariance", m); err != nil {
		return math.NaN(), err
	}
	return named("PopulationVariance")(m.values.PopulationVariance())
}

func (m *Moments) ifAny(what string, x float64) (float64, error) {
	if m.values.N() == 0 {
		return math.NaN(), fmt.Errorf("profile: Moments.%s: no values: %w", what, ErrUndefined)
	}
	return x, nil
}

// named puts the name of a method before an error of the arithmetic.
func named(what string) func(float64, error) (float64, error) {
	return func(x float64, err error) (float64, error) {
		if err != nil {
			return math.NaN(), fmt.Errorf("profile: Moments.%s: %w", what, err)
		}
		return x, nil
	}
}

// AppendBinary appends the binary form of m to dst. The error is always nil.
func (m *Moments) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("profile: Moments.AppendBinary", m); err != nil {
		return dst, err
	}
	var w codec.Writer
	m.write(&w)
	return w.AppendFrame(dst, codec.KindProfileMoments, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *Moments) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 2, little-endian:
//
//	i64   missing, >= 0
//	i64   n, >= 0
//	3×f64 origin, mean less origin, Σ(x−x̄)², finite, the last >= 0 and 0 below two values
//	2×f64 smallest and largest value, finite, in that order; all 0 where n is 0
//
// Version 1 has i64 n, i64 missing, f64 mean, Σ(x−x̄)², smallest, largest, with the
// same rules. Any other length or value is ErrCorrupt, a frame of another type
// ErrMismatch, a newer version ErrVersion; m is then unchanged.
func (m *Moments) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("profile: Moments.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindProfileMoments, 2)
	if err == nil {
		var x Moments
		if r.Version == 1 {
			n := r.Int64()
			x.missing = r.Int64()
			x.values = moments.Restore(r, n)
			x.min, x.max = r.Float64(), r.Float64()
			x.check(r)
		} else {
			x.read(r)
		}
		if err = r.Done(); err == nil {
			*m = x
			return nil
		}
	}
	return fmt.Errorf("profile: Moments.UnmarshalBinary: %w", err)
}

// write appends the payload of version 2.
func (m *Moments) write(w *codec.Writer) {
	w.Int64(m.missing)
	m.values.Write(w)
	w.Float64(m.min)
	w.Float64(m.max)
}

// read replaces m by what write wrote, or fails r.
func (m *Moments) read(r *codec.Reader) {
	*m = Moments{missing: r.Int64(), values: moments.Read(r), min: r.Float64(), max: r.Float64()}
	m.check(r)
}

// check fails r unless m is a state that Add and Merge can make.
func (m *Moments) check(r *codec.Reader) {
	if !(m.missing >= 0 && check.Finite(m.min) && m.min <= m.max && check.Finite(m.max)) || m.values.N() == 0 && (m.min != 0 || m.max != 0) {
		r.Fail("is no state of Moments")
	}
}

package metrics

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
	_ encoding.BinaryUnmarshaler = (*Moments)(nil)
)

// Moments accumulates count, mean and variance of a numeric metric: one arm of
// an experiment, one measure over users. The zero value is empty and ready.
//
// The state is (n, mean, M2) relative to the first value seen, merged by the
// formula of Chan, Golub and LeVeque (1983); no sum of squares is kept, so a
// large common offset (revenue in minor units, time stamps) costs no digits.
// Merge is associative and commutative up to rounding. What float64 cannot hold
// is ErrOverflow, never Inf and never a 0 that should be something: squares or a
// sum beyond the largest number, a variance below the smallest normal one.
//
// A Moments is a plain value: copying it takes a snapshot. It is not safe for
// concurrent writers. To describe data with gaps take profile.Moments: NaN is
// missing there, and it keeps the extremes.
type Moments moments.Moments

// state is m with the arithmetic of package moments.
func (m *Moments) state() *moments.Moments { return (*moments.Moments)(m) }

// NewMoments returns the state of n values with the given mean and sample
// variance (ddof 1), for data that arrive already summarised. It returns
// ErrRange for n < 0 or a negative variance, ErrNotFinite, and ErrOverflow for a
// variance that cannot be multiplied by n−1.
func NewMoments(n int64, mean, variance float64) (Moments, error) {
	m, err := moments.New(n, mean, variance)
	if err != nil {
		return Moments{}, fmt.Errorf("metrics: NewMoments: %w", err)
	}
	return Moments(m), nil
}

// MomentsOf returns the state of the values xs.
func MomentsOf(xs []float64) (Moments, error) {
	m, err := moments.Of(xs)
	if err != nil {
		return Moments{}, fmt.Errorf("metrics: MomentsOf: %w", err)
	}
	return Moments(m), nil
}

// Add adds one value. NaN and infinities are ErrNotFinite; a square sum beyond
// float64 is ErrOverflow. The state is unchanged after an error.
func (m *Moments) Add(x float64) error {
	if err := check.Receiver("metrics: Moments.Add", m); err != nil {
		return err
	}
	if err := m.state().Add(x); err != nil {
		return fmt.Errorf("metrics: Moments.Add: %w", err)
	}
	return nil
}

// Merge adds the values seen by other. A merge with nil or with itself is
// ErrMismatch. The state is unchanged after an error.
func (m *Moments) Merge(other *Moments) error {
	if err := check.Merge("metrics: Moments.Merge", m, other); err != nil {
		return err
	}
	if err := m.state().Merge(*other.state()); err != nil {
		return fmt.Errorf("metrics: Moments.Merge: %w", err)
	}
	return nil
}

// N returns the number of values.
func (m *Moments) N() int64 {
	if m == nil {
		return 0
	}
	return m.state().N()
}

// Mean returns the mean, ErrUndefined when empty.
func (m *Moments) Mean() (float64, error) {
	if err := check.Receiver("metrics: Moments.Mean", m); err != nil {
		return math.NaN(), err
	}
	if m.N() == 0 {
		return math.NaN(), undefined("Moments.Mean: no values")
	}
	return m.state().Mean(), nil
}

// Variance returns the sample variance (ddof 1), ErrUndefined below two values,
// ErrOverflow where values differ but their squared deviations underflow.
func (m *Moments) Variance() (float64, error) {
	if err := check.Receiver("metrics: Moments.Variance", m); err != nil {
		return math.NaN(), err
	}
	v, err := m.state().Variance()
	if err != nil {
		return math.NaN(), fmt.Errorf("metrics: Moments.Variance: %w", err)
	}
	return v, nil
}

// Sum returns n times the mean, 0 when empty, ErrOverflow beyond float64.
func (m *Moments) Sum() (float64, error) {
	if err := check.Receiver("metrics: Moments.Sum", m); err != nil {
		return math.NaN(), err
	}
	s, err := m.state().Sum()
	if err != nil {
		return math.NaN(), fmt.Errorf("metrics: Moments.Sum: %w", err)
	}
	return s, nil
}

// AppendBinary appends the binary form.
func (m *Moments) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Moments.AppendBinary", m); err != nil {
		return nil, err
	}
	var w codec.Writer
	m.state().Write(&w)
	return w.AppendFrame(dst, codec.KindMetricsMoments, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Moments) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    n, the number of values, >= 0
//	f64    origin, the first value
//	f64    mean less origin
//	f64    squared deviations from the mean, >= 0, and 0 for n < 2
//
// All numbers are finite, and 0 for n = 0. Anything else is ErrCorrupt, a newer
// version ErrVersion; the state is then unchanged.
func (m *Moments) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Moments.UnmarshalBinary", m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindMetricsMoments, 1)
	if err != nil {
		return fmt.Errorf("metrics: Moments.UnmarshalBinary: %w", err)
	}
	got := moments.Read(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Moments.UnmarshalBinary: %w", err)
	}
	*m = Moments(got)
	return nil
}

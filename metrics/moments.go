package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// Moments accumulates count, mean and variance of a numeric metric: one arm of
// an experiment, one measure over users. The zero value is empty and ready.
//
// The state is (n, mean, M2) relative to the first value seen, merged by the
// formula of Chan, Golub and LeVeque (1983); no sum of squares is kept, so a
// large common offset (revenue in minor units, time stamps) costs no digits.
// Merge is associative and commutative up to rounding.
//
// A Moments is a plain value: copying it takes a snapshot. It is not safe for
// concurrent writers.
type Moments struct {
	n      int64
	origin float64 // first value; mean is relative to it
	mean   float64
	m2     float64
}

// NewMoments returns the state of n values with the given mean and sample
// variance (ddof 1), for data that arrive already summarised. It returns
// ErrRange for n < 0 or a negative variance and ErrNotFinite otherwise.
func NewMoments(n int64, mean, variance float64) (Moments, error) {
	if n < 0 || variance < 0 {
		return Moments{}, fmt.Errorf("metrics: NewMoments: n is %d, variance is %v, want both >= 0: %w", n, variance, ErrRange)
	}
	if !check.Finite(mean) || !check.Finite(variance) {
		return Moments{}, fmt.Errorf("metrics: NewMoments: mean %v, variance %v: %w", mean, variance, ErrNotFinite)
	}
	if n == 0 {
		return Moments{}, nil
	}
	m := Moments{n: n, origin: mean, m2: variance * float64(n-1)}
	if !m.valid() {
		return Moments{}, fmt.Errorf("metrics: NewMoments: variance %v times n-1: %w", variance, ErrOverflow)
	}
	return m, nil
}

// MomentsOf returns the state of the values xs.
func MomentsOf(xs []float64) (Moments, error) {
	var m Moments
	for i, x := range xs {
		if err := m.Add(x); err != nil {
			return Moments{}, fmt.Errorf("metrics: MomentsOf: value %d: %w", i, err)
		}
	}
	return m, nil
}

func (m *Moments) valid() bool {
	return m.n >= 0 && check.Finite(m.origin+m.mean) && check.Finite(m.mean) && check.Finite(m.m2) && m.m2 >= 0 &&
		(m.n > 1 || m.m2 == 0) && (m.n > 0 || m.origin == 0 && m.mean == 0)
}

// Add adds one value. NaN and infinities are ErrNotFinite; a square sum beyond
// float64 is ErrOverflow. The state is unchanged after an error.
func (m *Moments) Add(x float64) error {
	if !check.Finite(x) {
		return fmt.Errorf("metrics: Moments: value is %v: %w", x, ErrNotFinite)
	}
	if m.n == 0 {
		*m = Moments{n: 1, origin: x}
		return nil
	}
	d := (x - m.origin) - m.mean
	mean := m.mean + d/float64(m.n+1)
	m2 := m.m2 + d*((x-m.origin)-mean)
	if !check.Finite(m2) || !check.Finite(mean) {
		return fmt.Errorf("metrics: Moments: squares of %v: %w", x, ErrOverflow)
	}
	m.n, m.mean, m.m2 = m.n+1, mean, m2
	return nil
}

// Merge adds the values seen by other. Merging a state with itself is
// ErrMismatch. The state is unchanged after an error.
func (m *Moments) Merge(other *Moments) error {
	if err := canMerge("Moments", m, other); err != nil {
		return err
	}
	return m.combine(*other)
}

func (m *Moments) combine(b Moments) error {
	switch {
	case b.n == 0:
		return nil
	case m.n == 0:
		*m = b
		return nil
	}
	n, err := check.AddInt64(m.n, b.n)
	if err != nil {
		return fmt.Errorf("metrics: Moments: %w", err)
	}
	d := (b.origin - m.origin) + (b.mean - m.mean)
	frac := float64(b.n) / float64(n)
	r := Moments{n: n, origin: m.origin, mean: m.mean + d*frac, m2: m.m2 + b.m2 + d*(d*(float64(m.n)*frac))}
	if !r.valid() {
		return fmt.Errorf("metrics: Moments: merged squares: %w", ErrOverflow)
	}
	*m = r
	return nil
}

// N returns the number of values.
func (m *Moments) N() int64 { return m.n }

// Mean returns the mean, ErrUndefined when empty.
func (m *Moments) Mean() (float64, error) {
	if m.n == 0 {
		return math.NaN(), undefined("Moments: mean of no values")
	}
	return m.origin + m.mean, nil
}

// Variance returns the sample variance (ddof 1), ErrUndefined below two values.
func (m *Moments) Variance() (float64, error) {
	if m.n < 2 {
		return math.NaN(), undefined("Moments: variance of %d values", m.n)
	}
	return m.m2 / float64(m.n-1), nil
}

// Sum returns n times the mean, 0 when empty.
func (m *Moments) Sum() float64 { return float64(m.n) * (m.origin + m.mean) }

// AppendBinary appends the binary form.
func (m *Moments) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	appendMoments(&w, m)
	return w.AppendFrame(dst, codec.KindMetricsMoments, 1), nil
}

// MarshalBinary returns the binary form.
func (m *Moments) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces the state; after an error it is unchanged.
func (m *Moments) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindMetricsMoments, 1)
	if err != nil {
		return fmt.Errorf("metrics: Moments: %w", err)
	}
	got := readMoments(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Moments: %w", err)
	}
	*m = got
	return nil
}

package moments

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// minNormal is the smallest float64 with all its digits.
const minNormal = 0x1p-1022

// Welford holds count, mean and squared deviations by the update of Welford
// (1962). Values far from 0 against their spread lose digits: Moments does not.
// The zero value is empty and ready.
type Welford struct {
	n    int64
	mean float64
	// m2 is Σ(x−x̄)². Where all squares underflow though the values differ, it is
	// the smallest number above 0, which marks that the variance is lost.
	m2 float64
}

// with returns the state after x, and whether float64 can hold it.
func (w Welford) with(x float64) (Welford, bool) {
	d := x - w.mean
	mean := w.mean + d/float64(w.n+1)
	m2 := w.m2 + d*(x-mean)
	if m2 == 0 && d != 0 && w.n > 0 {
		m2 = math.SmallestNonzeroFloat64
	}
	return Welford{w.n + 1, mean, m2}, w.n < math.MaxInt64 && check.Finite(mean) && check.Finite(m2)
}

// Add adds one value.
func (w *Welford) Add(x float64) error {
	if !check.Finite(x) {
		return fmt.Errorf("value is %v: %w", x, check.ErrNotFinite)
	}
	next, ok := w.with(x)
	if !ok {
		return fmt.Errorf("a square that float64 cannot hold: %w", check.ErrOverflow)
	}
	*w = next
	return nil
}

// N returns the number of values.
func (w Welford) N() int64 { return w.n }

// Mean returns the mean, NaN when empty.
func (w Welford) Mean() float64 {
	if w.n == 0 {
		return math.NaN()
	}
	return w.mean
}

// Squares returns Σ(x−x̄)², 0 when empty, ErrOverflow where the values differ by so
// little that it underflows.
func (w Welford) Squares() (float64, error) {
	if w.m2 > 0 && w.m2 < minNormal {
		return math.NaN(), w.underflow()
	}
	return w.m2, nil
}

// Variance returns the sample variance (ddof 1): ErrUndefined below two values,
// ErrOverflow where the values differ by so little that it underflows.
func (w Welford) Variance() (float64, error) { return w.variance(1) }

// PopulationVariance is Variance with divisor n (ddof 0), ErrUndefined when empty.
func (w Welford) PopulationVariance() (float64, error) { return w.variance(0) }

func (w Welford) variance(ddof int64) (float64, error) {
	if w.n <= ddof {
		return math.NaN(), fmt.Errorf("variance of %d values: %w", w.n, check.ErrUndefined)
	}
	v := w.m2 / float64(w.n-ddof)
	if w.m2 > 0 && v < minNormal {
		return math.NaN(), w.underflow()
	}
	return v, nil
}

func (w Welford) underflow() error {
	return fmt.Errorf("the squared deviations of %d values are too small for float64: %w", w.n, check.ErrOverflow)
}

// Moments is a Welford of the differences from the first value seen, the origin,
// merged by the formula of Chan, Golub and LeVeque (1983). A large common offset
// (money in minor units, time stamps) costs no digits. The zero value is empty
// and ready.
//
// Packages that show such a state outside define a type of this one, which
// converts without a copy of its own arithmetic.
type Moments struct {
	origin float64
	rel    Welford
}

// New returns the state of n values with the given mean and sample variance (ddof
// 1). ErrRange for n < 0 or a negative variance, ErrNotFinite, ErrOverflow.
func New(n int64, mean, variance float64) (Moments, error) {
	if n < 0 || variance < 0 {
		return Moments{}, fmt.Errorf("n is %d, variance is %v, want both >= 0: %w", n, variance, check.ErrRange)
	}
	if !check.Finite(mean) || !check.Finite(variance) {
		return Moments{}, fmt.Errorf("mean %v, variance %v: %w", mean, variance, check.ErrNotFinite)
	}
	if n == 0 {
		return Moments{}, nil
	}
	m := Moments{mean, Welford{n: n, m2: variance * float64(n-1)}}
	if !m.valid() {
		return Moments{}, fmt.Errorf("variance %v times n-1: %w", variance, check.ErrOverflow)
	}
	return m, nil
}

// Of returns the state of the values xs.
func Of(xs []float64) (Moments, error) {
	var m Moments
	for i, x := range xs {
		if err := m.Add(x); err != nil {
			return Moments{}, fmt.Errorf("value %d: %w", i, err)
		}
	}
	return m, nil
}

func (m *Moments) valid() bool {
	return m.rel.n >= 0 && check.Finite(m.origin+m.rel.mean) && check.Finite(m.rel.mean) && check.Finite(m.rel.m2) && m.rel.m2 >= 0 &&
		(m.rel.n > 1 || m.rel.m2 == 0) && (m.rel.n > 0 || m.origin == 0 && m.rel.mean == 0)
}

// Add adds one value.
func (m *Moments) Add(x float64) error {
	if !check.Finite(x) {
		return fmt.Errorf("value is %v: %w", x, check.ErrNotFinite)
	}
	if m.rel.n == 0 {
		*m = Moments{x, Welford{n: 1}}
		return nil
	}
	next, ok := m.rel.with(x - m.origin)
	if !ok {
		return fmt.Errorf("a square that float64 cannot hold: %w", check.ErrOverflow)
	}
	m.rel = next
	return nil
}

// Merge adds the values seen by b.
func (m *Moments) Merge(b Moments) error {
	switch {
	case b.rel.n == 0:
		return nil
	case m.rel.n == 0:
		*m = b
		return nil
	}
	n, err := check.AddInt64(m.rel.n, b.rel.n)
	if err != nil {
		return err
	}
	d := b.Minus(*m)
	frac := float64(b.rel.n) / float64(n)
	r := Moments{m.origin, Welford{n, m.rel.mean + d*frac, m.rel.m2 + b.rel.m2 + d*(d*(float64(m.rel.n)*frac))}}
	if r.rel.m2 == 0 && d != 0 {
		r.rel.m2 = math.SmallestNonzeroFloat64
	}
	if !r.valid() {
		return fmt.Errorf("merged squares: %w", check.ErrOverflow)
	}
	*m = r
	return nil
}

// N returns the number of values.
func (m *Moments) N() int64 { return m.rel.n }

// Mean returns the mean, NaN when empty.
func (m *Moments) Mean() float64 {
	if m.rel.n == 0 {
		return math.NaN()
	}
	return m.origin + m.rel.mean
}

// Minus returns the mean less that of b, without the digits that the difference of
// two rounded means would lose. Neither may be empty.
func (m *Moments) Minus(b Moments) float64 { return (m.origin - b.origin) + (m.rel.mean - b.rel.mean) }

// Sum returns n times the mean, 0 when empty, ErrOverflow beyond float64.
func (m *Moments) Sum() (float64, error) {
	s := float64(m.rel.n) * (m.origin + m.rel.mean)
	if !check.Finite(s) {
		return math.NaN(), fmt.Errorf("sum of %d values: %w", m.rel.n, check.ErrOverflow)
	}
	return s, nil
}

// Squares is as that of Welford.
func (m *Moments) Squares() (float64, error) { return m.rel.Squares() }

// Variance is as that of Welford.
func (m *Moments) Variance() (float64, error) { return m.rel.variance(1) }

// PopulationVariance is as that of Welford.
func (m *Moments) PopulationVariance() (float64, error) { return m.rel.variance(0) }

// Write appends the state: i64 n, f64 origin, f64 mean less origin, f64 Σ(x−x̄)².
func (m *Moments) Write(w *codec.Writer) {
	w.Int64(m.rel.n)
	w.Float64(m.origin)
	w.Float64(m.rel.mean)
	w.Float64(m.rel.m2)
}

// Read reads what Write wrote. It fails unless n >= 0, the numbers are finite,
// the squares are >= 0, and 0 below two values, and all is 0 where n is.
func Read(r *codec.Reader) Moments {
	n := r.Int64()
	m := Moments{origin: r.Float64(), rel: Welford{n: n, mean: r.Float64(), m2: r.Float64()}}
	if !m.valid() {
		r.Fail("moments are not a count, finite means and a non-negative square sum")
	}
	return m
}

// Restore reads mean and Σ(x−x̄)² of n values, as states without an origin were
// written: the mean becomes the origin. It fails as Read does.
func Restore(r *codec.Reader, n int64) Moments {
	m := Moments{origin: r.Float64(), rel: Welford{n: n, m2: r.Float64()}}
	if !m.valid() {
		r.Fail("moments are not a count, a finite mean and a non-negative square sum")
	}
	return m
}

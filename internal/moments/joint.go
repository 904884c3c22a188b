package moments

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// MaxVars is the number of variables that a Joint has room for.
const MaxVars = 4

const maxPairs = MaxVars * (MaxVars + 1) / 2

// Joint holds count, means and co-moments Σ(x−x̄)(y−ȳ) of up to four variables,
// relative to the first record, with the merge of Chan, Golub and LeVeque.
// Variables that are never added stay 0. The zero value is empty and ready.
type Joint struct {
	n            int64
	origin, mean [MaxVars]float64
	c            [maxPairs]float64
}

// JointOf returns the state of the values of m with a second variable that is x
// for all of them.
func JointOf(m Moments, x float64) Joint {
	return Joint{
		n: m.rel.n, origin: [MaxVars]float64{m.origin, x}, mean: [MaxVars]float64{m.rel.mean}, c: [maxPairs]float64{m.rel.m2},
	}
}

// pair is the place of the co-moment of variables i and j.
func pair(i, j int) int {
	if i > j {
		i, j = j, i
	}
	return i*MaxVars - i*(i-1)/2 + j - i
}

// Add adds a record of len(x) <= MaxVars values, the same number each time.
func (m *Joint) Add(x ...float64) error {
	for _, v := range x {
		if !check.Finite(v) {
			return fmt.Errorf("value is %v: %w", v, check.ErrNotFinite)
		}
	}
	r := *m
	if r.n == 0 {
		r.n = 1
		copy(r.origin[:], x)
		*m = r
		return nil
	}
	r.n++
	var before, after [MaxVars]float64
	for i, v := range x {
		before[i] = (v - r.origin[i]) - r.mean[i]
		r.mean[i] += before[i] / float64(r.n)
		after[i] = (v - r.origin[i]) - r.mean[i]
	}
	for i := range x {
		for j := i; j < len(x); j++ {
			k := pair(i, j)
			r.c[k] += before[i] * after[j]
			if !check.Finite(r.c[k]) {
				return fmt.Errorf("a product that float64 cannot hold: %w", check.ErrOverflow)
			}
		}
		r.mark(i, before[i])
	}
	*m = r
	return nil
}

// mark says of variable i that its values differ, by d, where all squares
// underflow: see Welford.
func (m *Joint) mark(i int, d float64) {
	if c := &m.c[pair(i, i)]; *c == 0 && d != 0 {
		*c = math.SmallestNonzeroFloat64
	}
}

// Merge adds the records seen by b.
func (m *Joint) Merge(b Joint) error {
	switch {
	case b.n == 0:
		return nil
	case m.n == 0:
		*m = b
		return nil
	}
	n, err := check.AddInt64(m.n, b.n)
	if err != nil {
		return err
	}
	r := *m
	r.n = n
	frac := float64(b.n) / float64(n)
	var d [MaxVars]float64
	for i := range d {
		d[i] = (b.origin[i] - m.origin[i]) + (b.mean[i] - m.mean[i])
		r.mean[i] += d[i] * frac
	}
	for i := range d {
		for j := i; j < MaxVars; j++ {
			k := pair(i, j)
			r.c[k] += b.c[k] + d[i]*(d[j]*(float64(m.n)*frac))
		}
		r.mark(i, d[i])
	}
	if !r.valid() {
		return fmt.Errorf("merged products: %w", check.ErrOverflow)
	}
	*m = r
	return nil
}

// valid reports whether the state is one that Add and Merge can make: what a decoder must
// ask before it believes its bytes.
func (m *Joint) valid() bool {
	if m.n < 0 {
		return false
	}
	for i := range m.mean {
		v := m.c[pair(i, i)]
		if !check.Finite(m.origin[i]+m.mean[i]) || !check.Finite(m.mean[i]) || v < 0 || m.n == 0 && (m.origin[i] != 0 || m.mean[i] != 0) {
			return false
		}
	}
	for _, v := range m.c {
		if !check.Finite(v) || m.n < 2 && v != 0 {
			return false
		}
	}
	return true
}

// N returns the number of records.
func (m *Joint) N() int64 { return m.n }

// Mean returns the mean of variable i, 0 when empty.
func (m *Joint) Mean(i int) float64 { return m.origin[i] + m.mean[i] }

// Products returns Σ(x−x̄)(y−ȳ) of variables i and j.
func (m *Joint) Products(i, j int) float64 { return m.c[pair(i, j)] }

// Cov returns the sample covariance (ddof 1) of variables i and j. There must be
// two records, and Underflow must not have an error, for it to mean anything.
func (m *Joint) Cov(i, j int) float64 { return m.c[pair(i, j)] / float64(m.n-1) }

// Quad returns gᵀ·cov·g, the variance of the linear combination with coefficients
// g, never negative. What rounding leaves of terms that cancel is 0, whatever the order of
// records and merges: each of n additions is half an ulp off, either way. Its conditions are
// those of Cov.
func (m *Joint) Quad(g ...float64) float64 {
	var s, size float64
	for i, a := range g {
		for j, b := range g {
			x := a * m.Cov(i, j) * b
			s += x
			size += math.Abs(x)
		}
	}
	if s <= size*0x1p-52*(4+4*math.Sqrt(float64(m.n))) {
		return 0
	}
	return s
}

// Underflow returns ErrOverflow if the values of a variable differ by so little
// that its variance underflows.
func (m *Joint) Underflow() error {
	for i := range MaxVars {
		if c := m.c[pair(i, i)]; c > 0 && c/float64(m.n-1) < minNormal {
			return fmt.Errorf("the values differ, but by squares too small for float64: %w", check.ErrOverflow)
		}
	}
	return nil
}

// Write appends the state of the first vars variables: i64 n, then for each i the
// f64 origin, the f64 mean less origin, and the f64 co-moments with variables i, i+1, ….
func (m *Joint) Write(w *codec.Writer, vars int) {
	w.Int64(m.n)
	for i := range vars {
		w.Float64(m.origin[i])
		w.Float64(m.mean[i])
		for j := i; j < vars; j++ {
			w.Float64(m.c[pair(i, j)])
		}
	}
}

// ReadJoint reads what Write wrote. It fails unless n >= 0, the numbers are
// finite, no square sum is negative, and all is 0 where there is nothing to sum.
func ReadJoint(r *codec.Reader, vars int) Joint {
	m := Joint{n: r.Int64()}
	for i := range vars {
		m.origin[i], m.mean[i] = r.Float64(), r.Float64()
		for j := i; j < vars; j++ {
			m.c[pair(i, j)] = r.Float64()
		}
	}
	if !m.valid() {
		r.Fail("co-moments are not a count, finite means and products")
	}
	return m
}

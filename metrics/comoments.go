package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

const (
	maxVars  = 4
	maxPairs = maxVars * (maxVars + 1) / 2
)

// comoments holds count, means and co-moments Σ(x−x̄)(y−ȳ) of up to four
// variables, relative to the first record, with the merge of Chan, Golub and
// LeVeque. Variables that are never added stay 0.
type comoments struct {
	n            int64
	origin, mean [maxVars]float64
	c            [maxPairs]float64
}

// pair is the place of the co-moment of variables i and j.
func pair(i, j int) int {
	if i > j {
		i, j = j, i
	}
	return i*maxVars - i*(i-1)/2 + j - i
}

// add adds a record of len(x) <= maxVars values; nothing changes after an error.
func (m *comoments) add(x ...float64) error {
	for _, v := range x {
		if !check.Finite(v) {
			return fmt.Errorf("value is %v: %w", v, ErrNotFinite)
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
	var before, after [maxVars]float64
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
				return fmt.Errorf("products of %v and %v: %w", x[i], x[j], ErrOverflow)
			}
		}
	}
	*m = r
	return nil
}

func (m *comoments) combine(b comoments) error {
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
	var d [maxVars]float64
	for i := range d {
		d[i] = (b.origin[i] - m.origin[i]) + (b.mean[i] - m.mean[i])
		r.mean[i] += d[i] * frac
	}
	for i := range d {
		for j := i; j < maxVars; j++ {
			k := pair(i, j)
			r.c[k] += b.c[k] + d[i]*(d[j]*(float64(m.n)*frac))
		}
	}
	if !r.valid() {
		return fmt.Errorf("merged products: %w", ErrOverflow)
	}
	*m = r
	return nil
}

func (m *comoments) valid() bool {
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

// at returns the mean of variable i.
func (m *comoments) at(i int) float64 { return m.origin[i] + m.mean[i] }

// cov returns the sample covariance (ddof 1) of variables i and j; n must be > 1.
func (m *comoments) cov(i, j int) float64 { return m.c[pair(i, j)] / float64(m.n-1) }

// quad returns gᵀ·cov·g, the variance of the linear combination with
// coefficients g, never negative.
func (m *comoments) quad(g ...float64) float64 {
	s := 0.0
	for i, a := range g {
		for j, b := range g {
			s += a * m.cov(i, j) * b
		}
	}
	return math.Max(s, 0)
}

func (m *comoments) write(w *codec.Writer, vars int) {
	w.Int64(m.n)
	for i := range vars {
		w.Float64(m.origin[i])
		w.Float64(m.mean[i])
		for j := i; j < vars; j++ {
			w.Float64(m.c[pair(i, j)])
		}
	}
}

func readComoments(r *codec.Reader, vars int) comoments {
	m := comoments{n: r.Int64()}
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

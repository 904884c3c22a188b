package mcda

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Entropy returns weights by the entropy method: the more the alternatives differ in
// a criterion the more it weighs. Values become shares of their column as they are,
// or else after scaling to [0, 1], costs reversed.
func Entropy(x [][]float64, lower []bool, shares bool) ([]float64, error) {
	n, d, _, err := input(x, nil, lower)
	if err != nil {
		return nil, err
	}
	if n == 1 {
		return nil, undefined("a single alternative")
	}
	cols, constant := minMax(x, lower)
	w := make([]float64, d)
	for j := range d {
		if shares {
			for i, row := range x {
				if row[j] < 0 {
					return nil, fmt.Errorf("x[%d][%d] is %v, want >= 0 for shares: %w", i, j, row[j], check.ErrRange)
				}
				cols[j][i] = row[j]
			}
			top := slices.Max(cols[j])
			if top == 0 {
				return nil, fmt.Errorf("column %d is all 0: %w", j, check.ErrRange)
			}
			for i := range cols[j] {
				cols[j][i] /= top
			}
		}
		if constant[j] {
			continue
		}
		var sum, e float64
		for _, v := range cols[j] {
			sum += v
		}
		for _, v := range cols[j] {
			if p := v / sum; p > 0 {
				e -= p * math.Log(p)
			}
		}
		w[j] = max(1-e/math.Log(float64(n)), 0)
	}
	if slices.Max(w) == 0 {
		return nil, undefined("no criterion tells the alternatives apart")
	}
	return w, scaleToOne(w)
}

// CRITIC returns weights by how much a criterion varies and how much it disagrees
// with the others (Diakoulaki, Mavrotas and Papayannakis 1995).
func CRITIC(x [][]float64, lower []bool) ([]float64, error) {
	n, d, _, err := input(x, nil, lower)
	if err != nil {
		return nil, err
	}
	if n == 1 {
		return nil, undefined("a single alternative")
	}
	cols, constant := minMax(x, lower)
	sd := make([]float64, d)
	for j, c := range cols {
		var mean float64
		for _, v := range c {
			mean += v / float64(n)
		}
		for i := range c {
			c[i] -= mean
			sd[j] += c[i] * c[i]
		}
		sd[j] = math.Sqrt(sd[j])
	}
	w := make([]float64, d)
	for j := range d {
		if constant[j] {
			continue
		}
		conflict := 0.0
		for k := range d {
			if k == j || constant[k] {
				continue
			}
			var dot float64
			for i := range n {
				dot += cols[j][i] * cols[k][i]
			}
			conflict += 1 - min(max(dot/sd[j]/sd[k], -1), 1)
		}
		w[j] = sd[j] * conflict
	}
	if slices.Max(w) < 1e-12 {
		return nil, undefined("all criteria agree or none tells the alternatives apart")
	}
	return w, scaleToOne(w)
}

// Combine returns share·a + (1−share)·b of the weights scaled to sum 1.
func Combine(a, b []float64, share float64) ([]float64, error) {
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("share is %v, want in [0, 1]: %w", share, check.ErrRange)
	}
	return combine(a, b, func(x, y float64) float64 { return share*x + (1-share)*y })
}

// Multiply returns a·b scaled to sum 1.
func Multiply(a, b []float64) ([]float64, error) {
	return combine(a, b, func(x, y float64) float64 { return x * y })
}

// combine joins two sets of weights, each scaled to sum 1, element by element.
func combine(a, b []float64, f func(x, y float64) float64) ([]float64, error) {
	if len(a) == 0 {
		return nil, fmt.Errorf("no weights: %w", check.ErrEmpty)
	}
	err := check.Weights("a", a, len(a))
	if err == nil && b == nil {
		err = check.Len("b", 0, len(a))
	}
	if err == nil {
		err = check.Weights("b", b, len(a))
	}
	if err != nil {
		return nil, err
	}
	x, y := slices.Clone(a), slices.Clone(b)
	if err := scaleToOne(x); err != nil {
		return nil, err
	}
	if err := scaleToOne(y); err != nil {
		return nil, err
	}
	for j := range x {
		x[j] = f(x[j], y[j])
	}
	if slices.Max(x) == 0 {
		return nil, undefined("every product is 0")
	}
	return x, scaleToOne(x)
}

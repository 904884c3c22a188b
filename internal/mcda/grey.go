package mcda

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// GreyRelation returns the grey relational grade of each alternative to the ideal
// one, in (0, 1] (Deng 1982). rho 0 means 0.5.
func GreyRelation(x [][]float64, weights []float64, lower []bool, rho float64) ([]float64, error) {
	_, _, w, err := input(x, weights, lower)
	if err != nil {
		return nil, err
	}
	xi, err := GreyCoefficients(x, lower, rho)
	if err != nil {
		return nil, err
	}
	return grades(xi, w), nil
}

// GreyCoefficients returns the grey relational coefficient of each value to the best of its
// criterion, in (0, 1]: their weighted sums are the grades. rho 0 means 0.5.
func GreyCoefficients(x [][]float64, lower []bool, rho float64) ([][]float64, error) {
	n, d, _, err := input(x, nil, lower)
	if err != nil {
		return nil, err
	}
	if rho, err = distinguishing(rho); err != nil {
		return nil, err
	}
	cols, _ := minMax(x, lower)
	delta := make([][]float64, n)
	for i := range delta {
		delta[i] = make([]float64, d)
		for j := range d {
			delta[i][j] = 1 - cols[j][i]
		}
	}
	coefficients(delta, rho)
	return delta, nil
}

// distinguishing returns the distinguishing coefficient to use.
func distinguishing(rho float64) (float64, error) {
	rho = check.Default(rho, 0.5)
	if !(rho > 0 && rho <= 1) {
		return 0, fmt.Errorf("rho is %v, want in (0, 1]: %w", rho, check.ErrOption)
	}
	return rho, nil
}

// coefficients turns distances into grey relational coefficients, in place.
func coefficients(delta [][]float64, rho float64) {
	low, high := math.Inf(1), 0.0
	for _, row := range delta {
		for _, x := range row {
			low, high = min(low, x), max(high, x)
		}
	}
	for _, row := range delta {
		for j, x := range row {
			if row[j] = 1; high > 0 { // else all sequences are equal
				row[j] = (low + rho*high) / (x + rho*high)
			}
		}
	}
}

// grades returns Σ w·ξ of each row.
func grades(xi [][]float64, w []float64) []float64 {
	out := make([]float64, len(xi))
	for i, row := range xi {
		for j, x := range row {
			out[i] += w[j] * x
		}
	}
	return out
}

// Scaling says how series of different units are made comparable.
type Scaling uint8

const (
	ByFirst  Scaling = iota // divided by their first value
	ByMean                  // divided by their mean
	Unscaled                // taken as they are
)

// GreyDrivers returns the grey relational grade of each factor's series to that of
// the effect.
func GreyDrivers(effect []float64, factors [][]float64, scaling Scaling, rho float64) ([]float64, error) {
	if len(effect) == 0 || len(factors) == 0 {
		return nil, fmt.Errorf("%d periods, %d factors: %w", len(effect), len(factors), check.ErrEmpty)
	}
	if scaling > Unscaled {
		return nil, fmt.Errorf("scaling %d is none: %w", scaling, check.ErrOption)
	}
	rho, err := distinguishing(rho)
	if err != nil {
		return nil, err
	}
	n := len(effect)
	y, err := scaled("effect", effect, n, scaling)
	if err != nil {
		return nil, err
	}
	delta := make([][]float64, len(factors))
	w := make([]float64, n)
	for t := range w {
		w[t] = 1 / float64(n)
	}
	for i, f := range factors {
		if delta[i], err = scaled(fmt.Sprintf("factors[%d]", i), f, n, scaling); err != nil {
			return nil, err
		}
		for t := range delta[i] {
			delta[i][t] = math.Abs(delta[i][t] - y[t])
		}
	}
	coefficients(delta, rho)
	return grades(delta, w), nil
}

// scaled returns a copy of the n values of s, scaled; name is for its errors.
func scaled(name string, s []float64, n int, scaling Scaling) ([]float64, error) {
	if err := check.Len(name, len(s), n); err != nil {
		return nil, err
	}
	if err := check.Slice(name, s); err != nil {
		return nil, err
	}
	by := 1.0
	switch scaling {
	case ByFirst:
		by = s[0]
	case ByMean:
		by = 0
		for _, x := range s {
			by += x / float64(n)
		}
	}
	if by == 0 {
		return nil, undefined("%s starts with or averages 0", name)
	}
	out := make([]float64, n)
	for t, x := range s {
		if out[t] = x / by; !check.Finite(out[t]) {
			return nil, undefined("%s is too small to divide by", name)
		}
	}
	return out, nil
}

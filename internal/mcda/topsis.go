package mcda

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// TOPSIS returns the closeness of each alternative to the ideal one, in [0, 1], 1
// best (Hwang and Yoon 1981).
func TOPSIS(x [][]float64, weights []float64, lower []bool) ([]float64, error) {
	n, d, w, err := input(x, weights, lower)
	if err != nil {
		return nil, err
	}
	best, worst := make([]float64, n), make([]float64, n)
	for j := range d {
		top := 0.0
		for _, row := range x {
			top = max(top, math.Abs(row[j]))
		}
		if top == 0 {
			return nil, fmt.Errorf("column %d is all 0: %w", j, check.ErrRange)
		}
		var norm float64
		low, high := math.Inf(1), math.Inf(-1)
		for _, row := range x {
			v := row[j] / top
			norm += v * v
			low, high = min(low, v), max(high, v)
		}
		if lower != nil && lower[j] {
			low, high = high, low
		}
		f := w[j] / math.Sqrt(norm)
		for i, row := range x {
			v := row[j] / top
			best[i] += (v - high) * f * (v - high) * f
			worst[i] += (v - low) * f * (v - low) * f
		}
	}
	out := make([]float64, n)
	for i := range out {
		p, m := math.Sqrt(best[i]), math.Sqrt(worst[i])
		if p+m == 0 {
			return nil, undefined("alternative %d is best and worst at once: nothing to compare it with", i)
		}
		out[i] = m / (p + m)
	}
	return out, nil
}

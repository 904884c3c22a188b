package mcda

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

func undefined(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, check.ErrUndefined)...)
}

// input checks n alternatives by d criteria and returns the weights scaled to sum 1.
func input(x [][]float64, weights []float64, lower []bool) (n, d int, w []float64, err error) {
	n, d, err = check.Matrix("x", x)
	if err == nil && lower != nil {
		err = check.Len("lowerIsBetter", len(lower), d)
	}
	if err == nil {
		err = check.Weights("weights", weights, d)
	}
	if err != nil {
		return 0, 0, nil, err
	}
	w = make([]float64, d)
	for j := range w {
		w[j] = 1
		if weights != nil {
			w[j] = weights[j]
		}
	}
	if err := scaleToOne(w); err != nil {
		return 0, 0, nil, err
	}
	return n, d, w, nil
}

// scaleToOne divides w by its sum.
func scaleToOne(w []float64) error {
	top := slices.Max(w)
	var sum float64
	for _, x := range w {
		sum += x / top
	}
	for j := range w {
		w[j] = w[j] / top / sum
	}
	if !check.Finite(sum) || sum == 0 {
		return undefined("no weight")
	}
	return nil
}

// minMax returns the columns of x scaled to [0, 1], 1 best; a constant column is
// all best, as no alternative is worse.
func minMax(x [][]float64, lower []bool) (columns [][]float64, constant []bool) {
	d := len(x[0])
	columns, constant = make([][]float64, d), make([]bool, d)
	for j := range d {
		low, high := x[0][j], x[0][j]
		for _, row := range x {
			low, high = min(low, row[j]), max(high, row[j])
		}
		c := make([]float64, len(x))
		constant[j] = low == high
		for i, row := range x {
			switch {
			case constant[j]:
				c[i] = 1
			case lower != nil && lower[j]:
				c[i] = Part(row[j], high, low)
			default:
				c[i] = Part(row[j], low, high)
			}
		}
		columns[j] = c
	}
	return columns, constant
}

// ScaleColumns returns the columns of x scaled to [0, 1], 1 best, and which of them are
// constant; those are all best, as no alternative is worse.
func ScaleColumns(x [][]float64, lower []bool) (columns [][]float64, constant []bool, err error) {
	if _, _, _, err := input(x, nil, lower); err != nil {
		return nil, nil, err
	}
	columns, constant = minMax(x, lower)
	return columns, constant, nil
}

// Part returns where x lies between from and to, which differ: 0 at from, 1 at to. Halves are taken
// where the differences overflow, and only there, as the smallest numbers have none.
func Part(x, from, to float64) float64 {
	if part := (x - from) / (to - from); check.Finite(to-from) && check.Finite(x-from) {
		return part
	}
	return (x/2 - from/2) / (to/2 - from/2)
}

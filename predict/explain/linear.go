package explain

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Linear appends to dst what each column adds to a linear score, its coefficient times
// (value − mean): the sum of it is the score less that of a row of means, which is what Shapley
// values are for columns that are independent. A missing value adds 0. means are those of the training rows, or of whom
// the row is compared with. Errors: ErrShape, ErrNotFinite; dst comes back as it was.
func Linear(dst, coefficients, means, row []float64) ([]float64, error) {
	const where = "explain: Linear"
	if len(means) != len(coefficients) || len(row) != len(coefficients) {
		return dst, fmt.Errorf("%s: %d coefficients, %d means, %d values: %w", where, len(coefficients), len(means), len(row), ErrShape)
	}
	if err := check.Slice("coefficients", coefficients); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Slice("means", means); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	out := slices.Grow(dst, len(row))
	for j, x := range row {
		c := 0.0
		if x == x {
			c = coefficients[j] * (x - means[j])
		}
		if !check.Finite(c) {
			return dst, fmt.Errorf("%s: column %d adds %v: %w", where, j, c, ErrNotFinite)
		}
		out = append(out, c)
	}
	return out, nil
}

package lifetime

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// maxColumns bounds the columns of FitCox and FitHazard.
const maxColumns = 1000

// columnsOf checks the table of a fit and returns how many rows it has and the names of its columns, x0, x1, … for nil, at most most.
func columnsOf(rows [][]float64, names []string, most int) (n int, named []string, err error) {
	n, d, err := check.Matrix("rows", rows)
	if err == nil && names != nil {
		err = check.Len("Names", len(names), d)
	}
	if err == nil && d > most {
		err = fmt.Errorf("%d columns, want at most %d: %w", d, most, ErrTooLarge)
	}
	if err != nil {
		return 0, nil, err
	}
	named = slices.Clone(names)
	for j := len(named); j < d; j++ {
		named = append(named, fmt.Sprintf("x%d", j))
	}
	return n, named, nil
}

// leastSpread is how far a column must lie from its mean somewhere: coefficients of columns on smaller
// scales are beyond numbers.
const leastSpread = 1e-290

// spreads reports whether a column whose values lie up to largest from their mean says anything.
func spreads(largest, mean float64) bool {
	return largest > 1e-12*math.Abs(mean) && largest > leastSpread && check.Finite(largest)
}

// columnScales returns the mean of each column and the root of its mean square around that, both added
// up in the order given, so that permuted rows have the same. ErrUndefined for a constant column.
func columnScales(rows [][]float64, order []int) (mean, scale []float64, err error) {
	d, n := len(rows[0]), float64(len(rows))
	mean, scale = make([]float64, d), make([]float64, d)
	for j := range d {
		for _, i := range order {
			mean[j] += rows[i][j] / n
		}
		largest := 0.
		for _, i := range order {
			largest = max(largest, math.Abs(rows[i][j]-mean[j]))
		}
		if !spreads(largest, mean[j]) {
			return nil, nil, fmt.Errorf("column %d is constant: %w", j, ErrUndefined)
		}
		sum := 0.
		for _, i := range order {
			z := (rows[i][j] - mean[j]) / largest
			sum += z * z / n
		}
		scale[j] = largest * math.Sqrt(sum)
	}
	return mean, scale, nil
}

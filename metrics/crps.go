package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// CRPSSamples returns the mean continuous ranked probability score of forecasts that are
// samples, one row each of any number: mean|x − y| − ½·mean|x − x′| (Gneiting and Raftery 2007, equation 21), in the units of
// the values. Of a single sample it is the MAE. Lower is better, and the true law is best. Cost m·log m a row of
// m samples. ErrUndefined without rows, ErrEmpty for a row without samples, ErrShape, ErrNotFinite, ErrOverflow.
func CRPSSamples(actual []float64, samples [][]float64) (float64, error) {
	const where = "metrics: CRPSSamples"
	if err := crpsInput(where, actual, samples); err != nil {
		return math.NaN(), err
	}
	var total float64
	var x []float64
	for i, row := range samples {
		if len(row) == 0 {
			return math.NaN(), fmt.Errorf("%s: row %d has no samples: %w", where, i, ErrEmpty)
		}
		x = append(x[:0], row...)
		slices.Sort(x)
		m := float64(len(x))
		var near, spread float64
		for k, v := range x {
			near += math.Abs(v-actual[i]) / m
			if k > 0 { // the gap lies between k and m−k samples
				spread += (v - x[k-1]) * (float64(k) / m) * ((m - float64(k)) / m)
			}
		}
		total += (near - spread) / float64(len(actual))
	}
	if !check.Finite(total) {
		return math.NaN(), fmt.Errorf("%s: %w", where, ErrOverflow)
	}
	return total, nil
}

// CRPSQuantiles returns the score of forecasts that are quantiles at the levels, one row of
// quantiles each: twice the mean PinballLoss over the levels, which tends to the CRPS for many levels spread evenly, as (k−½)/m. levels are in
// (0, 1), ascending. ErrUndefined without rows, ErrEmpty, ErrShape, ErrNotFinite, ErrOption for the levels, ErrOverflow.
func CRPSQuantiles(actual []float64, quantiles [][]float64, levels []float64) (float64, error) {
	const where = "metrics: CRPSQuantiles"
	if len(levels) == 0 {
		return math.NaN(), fmt.Errorf("%s: levels: %w", where, ErrEmpty)
	}
	for k, q := range levels {
		if !(q > 0 && q < 1) || (k > 0 && q <= levels[k-1]) {
			return math.NaN(), fmt.Errorf("%s: levels[%d] is %v, want ascending ones in (0, 1): %w", where, k, q, ErrOption)
		}
	}
	if err := crpsInput(where, actual, quantiles); err != nil {
		return math.NaN(), err
	}
	var total float64
	for i, row := range quantiles {
		if err := check.Len(fmt.Sprintf("quantiles[%d]", i), len(row), len(levels)); err != nil {
			return math.NaN(), fmt.Errorf("%s: %w", where, err)
		}
		for k, f := range row {
			e := actual[i] - f
			total += 2 * max(levels[k]*e, (levels[k]-1)*e) / float64(len(levels)) / float64(len(actual))
		}
	}
	if !check.Finite(total) {
		return math.NaN(), fmt.Errorf("%s: %w", where, ErrOverflow)
	}
	return total, nil
}

// crpsInput checks values and the rows of their forecasts.
func crpsInput(where string, actual []float64, rows [][]float64) error {
	if len(actual) == 0 {
		return fmt.Errorf("%s: no rows: %w", where, ErrUndefined)
	}
	if err := check.Len("rows", len(rows), len(actual)); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Slice("actual", actual); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for i, row := range rows {
		if err := check.Slice(fmt.Sprintf("row %d", i), row); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

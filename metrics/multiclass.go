package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// multiclass hands out the rows of positive weight of predictions of several classes, checked,
// and returns their weighted mean loss.
func multiclass(where string, actual []int, p [][]float64, weights []float64, loss func(y int, p []float64) float64) (float64, error) {
	if len(actual) == 0 {
		return math.NaN(), fmt.Errorf("metrics: %s: no predictions: %w", where, ErrUndefined)
	}
	if err := check.Len("p", len(p), len(actual)); err != nil {
		return math.NaN(), fmt.Errorf("metrics: %s: %w", where, err)
	}
	if err := check.Weights("weights", weights, len(actual)); err != nil {
		return math.NaN(), fmt.Errorf("metrics: %s: %w", where, err)
	}
	var sum, total float64
	for i, row := range p {
		if len(row) != len(p[0]) {
			return math.NaN(), fmt.Errorf("metrics: %s: row %d has %d classes, others %d: %w", where, i, len(row), len(p[0]), ErrShape)
		}
		if actual[i] < 0 || actual[i] >= len(row) {
			return math.NaN(), fmt.Errorf("metrics: %s: row %d is of none of the %d classes: %w", where, i, len(row), ErrRange)
		}
		mass := 0.0
		for k, v := range row {
			if !check.Finite(v) {
				return math.NaN(), fmt.Errorf("metrics: %s: probability %d of row %d: %w", where, k, i, ErrNotFinite)
			}
			if !(v >= 0 && v <= 1) {
				return math.NaN(), fmt.Errorf("metrics: %s: probability %d of row %d is outside 0 … 1: %w", where, k, i, ErrRange)
			}
			mass += v
		}
		if math.Abs(mass-1) > 1e-6 {
			return math.NaN(), fmt.Errorf("metrics: %s: the probabilities of row %d add up to %v: %w", where, i, mass, ErrRange)
		}
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		sum += w * loss(actual[i], row)
		total += w
	}
	if !check.Finite(sum) || !check.Finite(total) {
		return math.NaN(), fmt.Errorf("metrics: %s: losses times weights: %w", where, ErrOverflow)
	}
	return sum / total, nil
}

// MultiLogLoss returns the log-loss of several classes: the mean of −ln p of the class that
// came, clipped to [2^−52, 1−2^−52] as in LogLoss and scikit-learn's log_loss. actual are class numbers, p one row of
// probabilities a row, each adding up to 1 within 1e-6; weights may be nil. ErrUndefined without rows, ErrShape, ErrNotFinite,
// ErrRange, ErrOverflow.
func MultiLogLoss(actual []int, p [][]float64, weights []float64) (float64, error) {
	const eps = 0x1p-52
	return multiclass("MultiLogLoss", actual, p, weights, func(y int, p []float64) float64 { return -math.Log(min(max(p[y], eps), 1-eps)) })
}

// MultiBrier returns the Brier score of several classes, the mean of Σ(p_k − [k came])², in
// [0, 2]: of two classes it is twice Brier. Input and errors are those of MultiLogLoss.
func MultiBrier(actual []int, p [][]float64, weights []float64) (float64, error) {
	return multiclass("MultiBrier", actual, p, weights, func(y int, p []float64) float64 {
		sum := 0.0
		for k, v := range p {
			if k == y {
				v--
			}
			sum += v * v
		}
		return sum
	})
}

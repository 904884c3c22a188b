package mcda

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Hierarchy is the result of AnalyticHierarchy.
type Hierarchy struct {
	Weights     []float64 // of the criteria, summing to 1
	Lambda      float64   // principal eigenvalue, n for perfectly consistent judgements
	Index       float64   // (λ−n)/(n−1); 0 below three criteria
	Consistency float64   // Index over that of random judgements; NaN above 15 criteria
}

// saaty holds the mean consistency index of random judgements: Saaty (1980) up
// to 10, as continued by him to 15.
var saaty = [...]float64{0, 0, 0, .58, .90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59}

// AnalyticHierarchy derives weights from judgements of pairs (Saaty 1980).
func AnalyticHierarchy(judgements [][]float64) (Hierarchy, error) {
	if err := checkJudgements(judgements); err != nil {
		return Hierarchy{}, err
	}
	w, lambda, err := principal(judgements)
	if err != nil {
		return Hierarchy{}, err
	}
	n := len(judgements)
	out := Hierarchy{Weights: w, Lambda: lambda}
	if n > 2 {
		out.Index = (lambda - float64(n)) / float64(n-1)
		out.Consistency = math.NaN()
		if n < len(saaty) {
			out.Consistency = out.Index / saaty[n]
		}
	}
	return out, nil
}

// checkJudgements accepts a square matrix of positive numbers that are reciprocal to
// within 0.1 %, or 0.005 as two decimals are.
func checkJudgements(judgements [][]float64) error {
	n := len(judgements)
	if n == 0 {
		return fmt.Errorf("no criteria: %w", check.ErrEmpty)
	}
	for i, row := range judgements {
		if err := check.Len(fmt.Sprintf("judgements[%d]", i), len(row), n); err != nil {
			return err
		}
		for j, x := range row {
			if !(x > 0) || math.IsInf(x, 1) {
				return fmt.Errorf("judgements[%d][%d] is %v, want > 0: %w", i, j, x, check.ErrRange)
			}
		}
	}
	for i := range n {
		for j := range i + 1 {
			x, y := judgements[i][j], judgements[j][i]
			if math.Abs(x-1/y) > max(1e-3/y, min(5.1e-3, 0.1/y)) && math.Abs(y-1/x) > max(1e-3/x, min(5.1e-3, 0.1/x)) {
				return fmt.Errorf("judgements[%d][%d] is %v and [%d][%d] is %v, which are not reciprocal: %w", i, j, x, j, i, y, check.ErrRange)
			}
		}
	}
	return nil
}

// principal returns the principal eigenvector, summing to 1, of a matrix of positive
// numbers, and its eigenvalue, by power iteration: the largest eigenvalue is simple,
// and the judgements of people make it dominant by far. Judgements that go round in a circle have
// complex ones nearly as large; adding λ to the diagonal leaves the vectors and sets those behind.
func principal(judgements [][]float64) (w []float64, lambda float64, err error) {
	n := len(judgements)
	w, next := make([]float64, n), make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	converged, shift := false, 0.0
	for iter := 0; iter < 100_000 && !converged; iter++ {
		if iter == 1000 {
			shift = lambda
		}
		sum := 0.0
		for i, row := range judgements {
			next[i] = shift * w[i]
			for j, x := range row {
				next[i] += x * w[j]
			}
			sum += next[i]
		}
		if math.IsInf(sum, 1) {
			return nil, 0, fmt.Errorf("judgements too large: %w", check.ErrOverflow)
		}
		lambda = sum - shift
		converged = true
		for i := range next {
			next[i] /= sum
			if math.Abs(next[i]-w[i]) > 1e-15 {
				converged = false
			}
		}
		w, next = next, w
	}
	if !converged {
		return nil, 0, fmt.Errorf("power iteration: %w", check.ErrDiverged)
	}
	return w, lambda, nil
}

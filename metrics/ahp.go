package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// WarnInconsistent says that pairwise judgements contradict each other.
const WarnInconsistent Warning = "the judgements are inconsistent: the consistency ratio is above 0.1"

// AHP is the result of AnalyticHierarchy.
type AHP struct {
	Weights     []float64 // of the criteria, summing to 1
	Lambda      float64   // principal eigenvalue, n for perfectly consistent judgements
	Index       float64   // consistency index (λ−n)/(n−1); 0 below three criteria
	Consistency float64   // consistency ratio, index over that of random judgements; NaN above 15 criteria
	Warnings    []Warning
}

// saaty holds the mean consistency index of random judgements: Saaty (1980) up
// to 10, as continued by him to 15.
var saaty = [...]float64{0, 0, 0, .58, .90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59}

// AnalyticHierarchy derives weights from judgements of pairs by the analytic
// hierarchy process (Saaty 1980): judgements[i][j] says how many times as
// important criterion i is as criterion j, usually 1 to 9 or the reciprocal. The
// weights are the principal eigenvector. A consistency ratio above 0.1 is
// warned of: think the judgements over.
//
// The matrix must be square (ErrShape), not empty (ErrEmpty), of finite numbers
// above 0, with 1 on the diagonal and reciprocal to within 0.1 %, or 0.005 for
// judgements written with two decimals (ErrRange).
func AnalyticHierarchy(judgements [][]float64) (AHP, error) {
	n := len(judgements)
	if n == 0 {
		return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: no criteria: %w", ErrEmpty)
	}
	for i, row := range judgements {
		if err := check.Len(fmt.Sprintf("judgements[%d]", i), len(row), n); err != nil {
			return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: %w", err)
		}
		for j, x := range row {
			if !(x > 0) || math.IsInf(x, 1) {
				return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: judgements[%d][%d] is %v, want > 0: %w", i, j, x, ErrRange)
			}
		}
	}
	for i := range n {
		for j := range i + 1 {
			x, y := judgements[i][j], judgements[j][i]
			if math.Abs(x-1/y) > max(1e-3/y, min(5.1e-3, 0.1/y)) && math.Abs(y-1/x) > max(1e-3/x, min(5.1e-3, 0.1/x)) {
				return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: judgements[%d][%d] is %v and [%d][%d] is %v, which are not reciprocal: %w", i, j, x, j, i, y, ErrRange)
			}
		}
	}
	// Power iteration: a matrix of positive numbers has a simple largest
	// eigenvalue, and the judgements of people make it dominant by far.
	w, next := make([]float64, n), make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	var lambda float64
	converged := false
	for iter := 0; iter < 100_000 && !converged; iter++ {
		lambda = 0
		for i, row := range judgements {
			next[i] = 0
			for j, x := range row {
				next[i] += x * w[j]
			}
			lambda += next[i]
		}
		if math.IsInf(lambda, 1) {
			return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: judgements too large: %w", ErrOverflow)
		}
		converged = true
		for i := range next {
			next[i] /= lambda
			if math.Abs(next[i]-w[i]) > 1e-15 {
				converged = false
			}
		}
		w, next = next, w
	}
	if !converged {
		return AHP{}, fmt.Errorf("metrics: AnalyticHierarchy: power iteration: %w", ErrDiverged)
	}
	out := AHP{Weights: w, Lambda: lambda}
	if n > 2 {
		out.Index = (lambda - float64(n)) / float64(n-1)
		out.Consistency = math.NaN()
		if n < len(saaty) {
			out.Consistency = out.Index / saaty[n]
		}
		if out.Consistency > 0.1 {
			out.Warnings = append(out.Warnings, WarnInconsistent)
		}
	}
	return out, nil
}

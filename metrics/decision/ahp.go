package decision

import (
	"github.com/aislekit/aisle/internal/mcda"
	"github.com/aislekit/aisle/metrics"
)

// WarnInconsistent says that pairwise judgements contradict each other.
const WarnInconsistent metrics.Warning = "the judgements are inconsistent: the consistency ratio is above 0.1"

// AHP is the result of AnalyticHierarchy.
type AHP struct {
	Weights     []float64         // of the criteria, summing to 1
	Lambda      float64           // principal eigenvalue, n for perfectly consistent judgements
	Index       float64           // consistency index (λ−n)/(n−1); 0 below three criteria
	Consistency float64           // consistency ratio, index over that of random judgements; NaN above 15 criteria
	Warnings    []metrics.Warning // WarnInconsistent
}

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
	h, err := mcda.AnalyticHierarchy(judgements)
	if err != nil {
		return AHP{}, named("AnalyticHierarchy", err)
	}
	out := AHP{Weights: h.Weights, Lambda: h.Lambda, Index: h.Index, Consistency: h.Consistency}
	if out.Consistency > 0.1 {
		out.Warnings = append(out.Warnings, WarnInconsistent)
	}
	return out, nil
}

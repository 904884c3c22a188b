package decision

import (
	"fmt"

	"github.com/aislekit/aisle/internal/mcda"
)

// The functions of this file weigh and rank alternatives (rows of x: campaigns,
// channels, suppliers) by several criteria (columns). lowerIsBetter says which
// criteria are costs; nil means none.

// EntropyNormalization says how values become shares in EntropyWeights. It
// changes the weights.
type EntropyNormalization uint8

const (
	EntropyMinMax EntropyNormalization = iota // scaled to [0, 1] within the column first, costs reversed; any sign
	EntropyShare                              // x/Σx as it is; values must be >= 0 and direction does not matter
)

// EntropyWeights returns objective weights by the entropy method (Shannon; Zeleny
// 1982): the more the alternatives differ in a criterion the more it weighs.
// p = x/Σx per column, e = −Σp·ln p/ln n, weight ∝ 1−e. A constant column gets 0.
// ErrUndefined for a single alternative and if every column is constant;
// ErrRange for negative values or a column of zeros with EntropyShare.
func EntropyWeights(x [][]float64, lowerIsBetter []bool, norm EntropyNormalization) ([]float64, error) {
	if norm > EntropyShare {
		return nil, fmt.Errorf("decision: EntropyWeights: normalization %d is none: %w", norm, ErrOption)
	}
	w, err := mcda.Entropy(x, lowerIsBetter, norm == EntropyShare)
	return w, named("EntropyWeights", err)
}

// CRITIC returns objective weights by criteria importance through intercriteria
// correlation (Diakoulaki, Mavrotas and Papayannakis 1995): a criterion weighs as
// much as it varies (standard deviation after min-max scaling) and as it
// disagrees with the others (Σ 1−r). A constant column gets 0 and takes no part.
// ErrUndefined for a single alternative and if all weights are 0.
func CRITIC(x [][]float64, lowerIsBetter []bool) ([]float64, error) {
	w, err := mcda.CRITIC(x, lowerIsBetter)
	return w, named("CRITIC", err)
}

// CombineWeights joins subjective weights (AnalyticHierarchy) and objective ones
// (EntropyWeights, CRITIC): share·a + (1−share)·b of the weights scaled to sum 1,
// share in [0, 1].
func CombineWeights(a, b []float64, share float64) ([]float64, error) {
	w, err := mcda.Combine(a, b, share)
	return w, named("CombineWeights", err)
}

// MultiplyWeights joins two sets of weights to a·b scaled to sum 1, which favours
// criteria that both hold important. ErrUndefined if every product is 0.
func MultiplyWeights(a, b []float64) ([]float64, error) {
	w, err := mcda.Multiply(a, b)
	return w, named("MultiplyWeights", err)
}

// TOPSIS returns the closeness of each alternative to the ideal one, in [0, 1],
// 1 best (Hwang and Yoon 1981): columns are divided by their Euclidean norm and
// weighted; closeness is d⁻/(d⁺+d⁻) of the distances to the worst and to the best
// value of every column. ErrRange for a column of zeros; ErrUndefined if the
// alternatives are all equal, a single one included.
//
// weights are finite and >= 0, of any scale: they are divided by their sum, so that
// 2, 1, 1 means .5, .25, .25; nil means equal. The result does not say so again.
//
// ErrEmpty without alternatives, ErrShape for ragged rows or another number of
// weights, ErrNotFinite, ErrRange also for a negative weight and for weights that sum
// to 0.
func TOPSIS(x [][]float64, weights []float64, lowerIsBetter []bool) ([]float64, error) {
	closeness, err := mcda.TOPSIS(x, weights, lowerIsBetter)
	return closeness, named("TOPSIS", err)
}

// GreyRelation returns the grey relational grade of each alternative (row of x)
// to the ideal one, in (0, 1], 1 best (Deng 1982; 灰色关联分析): columns are scaled
// to [0, 1] by minimum and maximum, Δ is the distance to 1, the coefficient is
// (Δmin+ρΔmax)/(Δ+ρΔmax) over all cells and the grade its weighted sum. rho in
// (0, 1] is the distinguishing coefficient; 0 means 0.5. A constant column counts
// as ideal for all; where all alternatives are equal every grade is 1.
//
// weights are finite and >= 0, of any scale: they are divided by their sum, so that
// 2, 1, 1 means .5, .25, .25; nil means equal. The result does not say so again.
//
// ErrOption for another rho; the other errors are those of TOPSIS.
func GreyRelation(x [][]float64, weights []float64, lowerIsBetter []bool, rho float64) ([]float64, error) {
	grades, err := mcda.GreyRelation(x, weights, lowerIsBetter, rho)
	return grades, named("GreyRelation", err)
}

// GreyScaling says how series of different units are made comparable.
type GreyScaling uint8

const (
	GreyInitial GreyScaling = iota // divided by their first value
	GreyMean                       // divided by their mean
	GreyNone                       // taken as they are
)

// GreyDrivers returns how closely each factor (advertising, price, stock) moves
// with the effect (sales), period by period: the grey relational grade of its
// series to that of the effect, in (0, 1], in the order of factors. All series
// have one value per period and are scaled first; smallest and largest distances
// are taken over all factors, so grades of one call compare with each other only.
// It needs few periods and no distribution, and shows association, not cause.
//
// rho is as in GreyRelation. ErrEmpty, ErrShape, ErrNotFinite as usual,
// ErrUndefined if the value to divide by is 0.
func GreyDrivers(effect []float64, factors [][]float64, scaling GreyScaling, rho float64) ([]float64, error) {
	grades, err := mcda.GreyDrivers(effect, factors, mcda.Scaling(scaling), rho)
	return grades, named("GreyDrivers", err)
}

// FuzzyOperator joins weights and memberships in FuzzyEvaluate.
type FuzzyOperator uint8

const (
	FuzzyWeighted   FuzzyOperator = iota // M(·,+): Σ w·r, all criteria count
	FuzzyMinMax                          // M(∧,∨): max of min(w, r), the leading criterion decides
	FuzzyProductMax                      // M(·,∨): max of w·r
	FuzzyBoundedSum                      // M(·,⊕): Σ w·r, at most 1; equal to FuzzyWeighted for weights that sum to 1
)

// FuzzyEvaluate returns the fuzzy comprehensive evaluation B = W∘R
// (模糊综合评价): memberships[i][g] is the degree to which criterion i earns grade g
// (good, fair, poor), for instance the share of answers; each row sums to 1. The
// result has one number per grade, scaled to sum 1; the largest names the grade.
//
// weights are finite and >= 0, of any scale: they are divided by their sum; nil
// means equal. ErrRange for a membership outside
// [0, 1] or a row that does not sum to 1 within 1e-6.
func FuzzyEvaluate(memberships [][]float64, weights []float64, op FuzzyOperator) ([]float64, error) {
	grades, err := mcda.Fuzzy(memberships, weights, mcda.Operator(op))
	return grades, named("FuzzyEvaluate", err)
}

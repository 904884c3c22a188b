package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// GreyRelation returns the grey relational grade of each alternative (row of x)
// to the ideal one, in (0, 1], 1 best (Deng 1982; 灰色关联分析): columns are scaled
// to [0, 1] by minimum and maximum, Δ is the distance to 1, the coefficient is
// (Δmin+ρΔmax)/(Δ+ρΔmax) over all cells and the grade its weighted sum. rho in
// (0, 1] is the distinguishing coefficient; 0 means 0.5. A constant column counts
// as ideal for all; where all alternatives are equal every grade is 1. See TOPSIS
// for weights, lowerIsBetter and errors.
func GreyRelation(x [][]float64, weights []float64, lowerIsBetter []bool, rho float64) ([]float64, error) {
	n, d, w, err := decisionInput("GreyRelation", x, weights, lowerIsBetter)
	if err != nil {
		return nil, err
	}
	if rho, err = greyRho("GreyRelation", rho); err != nil {
		return nil, err
	}
	cols, _ := minMax(x, lowerIsBetter)
	delta := make([][]float64, n)
	for i := range delta {
		delta[i] = make([]float64, d)
		for j := range d {
			delta[i][j] = 1 - cols[j][i]
		}
	}
	return greyGrades(delta, w, rho), nil
}

func greyRho(what string, rho float64) (float64, error) {
	rho = check.Default(rho, 0.5)
	if !(rho > 0 && rho <= 1) {
		return 0, fmt.Errorf("metrics: %s: rho is %v, want in (0, 1]: %w", what, rho, ErrOption)
	}
	return rho, nil
}

// greyGrades returns Σ w·ξ of each row.
func greyGrades(delta [][]float64, w []float64, rho float64) []float64 {
	low, high := math.Inf(1), 0.0
	for _, row := range delta {
		for _, x := range row {
			low, high = min(low, x), max(high, x)
		}
	}
	out := make([]float64, len(delta))
	for i, row := range delta {
		for j, x := range row {
			xi := 1.0 // all sequences equal
			if high > 0 {
				xi = (low + rho*high) / (x + rho*high)
			}
			out[i] += w[j] * xi
		}
	}
	return out
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
	if len(effect) == 0 || len(factors) == 0 {
		return nil, fmt.Errorf("metrics: GreyDrivers: %d periods, %d factors: %w", len(effect), len(factors), ErrEmpty)
	}
	if scaling > GreyNone {
		return nil, fmt.Errorf("metrics: GreyDrivers: scaling %d is none: %w", scaling, ErrOption)
	}
	rho, err := greyRho("GreyDrivers", rho)
	if err != nil {
		return nil, err
	}
	n := len(effect)
	scaled := func(name string, s []float64) ([]float64, error) {
		if err := check.Len(name, len(s), n); err != nil {
			return nil, fmt.Errorf("metrics: GreyDrivers: %w", err)
		}
		if err := check.Slice(name, s); err != nil {
			return nil, fmt.Errorf("metrics: GreyDrivers: %w", err)
		}
		by := 1.0
		switch scaling {
		case GreyInitial:
			by = s[0]
		case GreyMean:
			by = 0
			for _, x := range s {
				by += x / float64(n)
			}
		}
		if by == 0 {
			return nil, undefined("GreyDrivers: %s starts with or averages 0", name)
		}
		out := make([]float64, n)
		for t, x := range s {
			if out[t] = x / by; !check.Finite(out[t]) {
				return nil, undefined("GreyDrivers: %s is too small to divide by", name)
			}
		}
		return out, nil
	}
	y, err := scaled("effect", effect)
	if err != nil {
		return nil, err
	}
	delta := make([][]float64, len(factors))
	w := make([]float64, n)
	for t := range w {
		w[t] = 1 / float64(n)
	}
	for i, f := range factors {
		if delta[i], err = scaled(fmt.Sprintf("factors[%d]", i), f); err != nil {
			return nil, err
		}
		for t := range delta[i] {
			delta[i][t] = math.Abs(delta[i][t] - y[t])
		}
	}
	return greyGrades(delta, w, rho), nil
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
// weights (nil: equal) are scaled to sum 1. ErrRange for a membership outside
// [0, 1] or a row that does not sum to 1 within 1e-6.
func FuzzyEvaluate(memberships [][]float64, weights []float64, op FuzzyOperator) ([]float64, error) {
	_, grades, err := check.Matrix("memberships", memberships)
	if err == nil {
		err = check.Weights("weights", weights, len(memberships))
	}
	if err != nil {
		return nil, fmt.Errorf("metrics: FuzzyEvaluate: %w", err)
	}
	if op > FuzzyBoundedSum {
		return nil, fmt.Errorf("metrics: FuzzyEvaluate: operator %d is none: %w", op, ErrOption)
	}
	w := make([]float64, len(memberships))
	for i, row := range memberships {
		if w[i] = 1; weights != nil {
			w[i] = weights[i]
		}
		var sum float64
		for g, r := range row {
			if r < 0 || r > 1 {
				return nil, fmt.Errorf("metrics: FuzzyEvaluate: memberships[%d][%d] is %v, want in [0, 1]: %w", i, g, r, ErrRange)
			}
			sum += r
		}
		if math.Abs(sum-1) > 1e-6 {
			return nil, fmt.Errorf("metrics: FuzzyEvaluate: memberships[%d] sums to %v, want 1: %w", i, sum, ErrRange)
		}
	}
	if err := scaleToOne("FuzzyEvaluate", w); err != nil {
		return nil, err
	}
	b := make([]float64, grades)
	for i, row := range memberships {
		for g, r := range row {
			switch op {
			case FuzzyMinMax:
				b[g] = max(b[g], min(w[i], r))
			case FuzzyProductMax:
				b[g] = max(b[g], w[i]*r)
			case FuzzyBoundedSum:
				b[g] = min(b[g]+w[i]*r, 1)
			default:
				b[g] += w[i] * r
			}
		}
	}
	return b, scaleToOne("FuzzyEvaluate", b)
}

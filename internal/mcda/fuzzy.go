package mcda

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Operator joins weights and memberships in Fuzzy.
type Operator uint8

const (
	Weighted   Operator = iota // Σ w·r
	MinMax                     // max of min(w, r)
	ProductMax                 // max of w·r
	BoundedSum                 // Σ w·r, at most 1
)

// Fuzzy returns the fuzzy comprehensive evaluation W∘R: one number per grade, scaled
// to sum 1.
func Fuzzy(memberships [][]float64, weights []float64, op Operator) ([]float64, error) {
	_, grades, err := check.Matrix("memberships", memberships)
	if err == nil {
		err = check.Weights("weights", weights, len(memberships))
	}
	if err != nil {
		return nil, err
	}
	if op > BoundedSum {
		return nil, fmt.Errorf("operator %d is none: %w", op, check.ErrOption)
	}
	w := make([]float64, len(memberships))
	for i, row := range memberships {
		if w[i] = 1; weights != nil {
			w[i] = weights[i]
		}
		var sum float64
		for g, r := range row {
			if r < 0 || r > 1 {
				return nil, fmt.Errorf("memberships[%d][%d] is %v, want in [0, 1]: %w", i, g, r, check.ErrRange)
			}
			sum += r
		}
		if math.Abs(sum-1) > 1e-6 {
			return nil, fmt.Errorf("memberships[%d] sums to %v, want 1: %w", i, sum, check.ErrRange)
		}
	}
	if err := scaleToOne(w); err != nil {
		return nil, err
	}
	b := make([]float64, grades)
	for i, row := range memberships {
		for g, r := range row {
			switch op {
			case MinMax:
				b[g] = max(b[g], min(w[i], r))
			case ProductMax:
				b[g] = max(b[g], w[i]*r)
			case BoundedSum:
				b[g] = min(b[g]+w[i]*r, 1)
			default:
				b[g] += w[i] * r
			}
		}
	}
	return b, scaleToOne(b)
}

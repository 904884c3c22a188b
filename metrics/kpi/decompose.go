package kpi

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// DecomposeMethod is how a change of a product is shared among its factors.
type DecomposeMethod uint8

// Methods. Both leave no rest and treat factors alike.
const (
	DecomposeShapley DecomposeMethod = iota // mean over all orders of change; for two factors Δf·(mean of the other)
	DecomposeLogMean                        // L(after, before)·ln(f₁/f₀), L the logarithmic mean; factors must be above 0
)

// Decompose shares the change of a product among its factors, as revenue =
// visitors × conversion × orders per buyer × order value: before and after hold
// the factors, the result what each contributed, in units of the product. The
// parts sum to the change, to rounding. For Shapley at most 16 factors.
//
// ErrEmpty, ErrShape, ErrNotFinite; ErrRange for a factor that is not above 0
// with DecomposeLogMean or more than 16 of them; ErrOverflow.
func Decompose(before, after []float64, m DecomposeMethod) ([]float64, error) {
	k := len(before)
	if k == 0 {
		return nil, fmt.Errorf("kpi: Decompose: no factors: %w", ErrEmpty)
	}
	for _, err := range []error{check.Len("after", len(after), k), check.Slice("before", before), check.Slice("after", after)} {
		if err != nil {
			return nil, fmt.Errorf("kpi: Decompose: %w", err)
		}
	}
	var out []float64
	switch m {
	case DecomposeShapley:
		if k > 16 {
			return nil, fmt.Errorf("kpi: Decompose: %d factors, want at most 16: %w", k, ErrRange)
		}
		out = shapleyParts(before, after)
	case DecomposeLogMean:
		for i := range before {
			if before[i] <= 0 || after[i] <= 0 {
				return nil, fmt.Errorf("kpi: Decompose: factor %d is %v and then %v, want > 0: %w", i, before[i], after[i], ErrRange)
			}
		}
		out = logMeanParts(before, after)
	default:
		return nil, fmt.Errorf("kpi: Decompose: method is %d: %w", m, ErrOption)
	}
	for _, x := range out {
		if !check.Finite(x) {
			return nil, fmt.Errorf("kpi: Decompose: product of the factors: %w", ErrOverflow)
		}
	}
	return out, nil
}

// shapleyParts returns what each factor contributes on the mean over all orders of
// change: its own change times elementary symmetric means of the others, which are
// the sums over all subsets S of Π_S after·Π_rest before, by size of S.
func shapleyParts(before, after []float64) []float64 {
	k := len(before)
	out := make([]float64, k)
	for i := range out {
		bySize := make([]float64, 1, k)
		bySize[0] = 1
		for j := range before {
			if j == i {
				continue
			}
			bySize = append(bySize, 0)
			for s := len(bySize) - 1; s >= 0; s-- {
				x := bySize[s] * before[j]
				if s > 0 {
					x += bySize[s-1] * after[j]
				}
				bySize[s] = x
			}
		}
		mean, choose := 0.0, 1.0
		for s, x := range bySize {
			mean += x / choose
			choose *= float64(k-1-s) / float64(s+1)
		}
		out[i] = (after[i] - before[i]) * (mean / float64(k))
	}
	return out
}

// logMeanParts shares the change out by the logarithms of the factors, all above 0.
func logMeanParts(before, after []float64) []float64 {
	out := make([]float64, len(before))
	var log float64 // of after/before
	product := 1.0
	for i := range before {
		out[i] = math.Log(after[i] / before[i])
		log += out[i]
		product *= before[i]
	}
	mean := product
	if log != 0 {
		mean = product * (math.Expm1(log) / log)
	}
	for i := range out {
		out[i] *= mean
	}
	return out
}

package drift

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/drift"
)

// KSTest compares two samples by the largest distance of their distribution
// functions (Kolmogorov and Smirnov), ties included, with the p-value of Kolmogorov's limit,
// scipy.special.kolmogorov(d·√(mn/(m+n))). For small samples that is on the safe side: scipy's
// ks_2samp is exact by default, and below 60 values a sample its p-value was up to .17 lower in
// 300 random pairs (166 against 5 values: .0514 for .0855 here).
// ErrEmpty if either is, ErrNotFinite for NaN or infinite values.
func KSTest(a, b []float64) (distance, pValue float64, err error) {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN(), math.NaN(), fmt.Errorf("drift: KSTest: samples of %d and %d: %w", len(a), len(b), ErrEmpty)
	}
	for name, s := range map[string][]float64{"a": a, "b": b} {
		if err := check.Slice(name, s); err != nil {
			return math.NaN(), math.NaN(), fmt.Errorf("drift: KSTest: %w", err)
		}
	}
	x, y := slices.Clone(a), slices.Clone(b)
	slices.Sort(x)
	slices.Sort(y)
	distance, pValue = drift.KS(x, y)
	return distance, pValue, nil
}

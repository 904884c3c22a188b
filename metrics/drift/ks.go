package drift

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
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
	m, n := float64(len(x)), float64(len(y))
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		v := min(x[i], y[j])
		for i < len(x) && x[i] == v {
			i++
		}
		for j < len(y) && y[j] == v {
			j++
		}
		distance = max(distance, math.Abs(float64(i)/m-float64(j)/n))
	}
	return distance, kolmogorovUpper(distance * math.Sqrt(m*n/(m+n))), nil
}

// kolmogorovUpper returns P(K > x) of the Kolmogorov distribution, by the series
// that converges fast on either side.
func kolmogorovUpper(x float64) float64 {
	if x < 1e-3 {
		return 1
	}
	if x < 1 {
		var s float64
		for k := 1.0; k < 200; k += 2 {
			s += math.Exp(-k * k * math.Pi * math.Pi / (8 * x * x))
		}
		return min(max(1-math.Sqrt(2*math.Pi)/x*s, 0), 1)
	}
	var s float64
	for k := 1.0; k < 200; k++ {
		t := math.Exp(-2 * k * k * x * x)
		if t == 0 {
			break
		}
		if int(k)%2 == 1 {
			s += t
		} else {
			s -= t
		}
	}
	return min(max(2*s, 0), 1)
}

package infer

import "math"

// Quantile is the sample quantile of ascending finite values, at least one, by
// linear interpolation (type 7 of Hyndman and Fan 1996, the default of R and
// NumPy); p is in [0, 1].
func Quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return Between(sorted[i], sorted[i+1], at-float64(i))
}

// Between returns the value at the fraction f in [0, 1) of the way from lo to hi
// >= lo, never beyond hi; between equal values it is that value, and a gap wider
// than the largest number does no harm.
func Between(lo, hi, f float64) float64 {
	gap := hi - lo
	if math.IsInf(gap, 0) {
		return lo*(1-f) + hi*f
	}
	return min(lo+f*gap, hi)
}

// ConformalRank returns ⌈(n+1)p⌉: which of n sorted scores a new one does not pass with probability p
// at least; beyond n where none of them will do. What rounding leaves beyond an integer is none.
func ConformalRank(n int, p float64) int {
	x := float64(n+1) * p
	if r := math.Round(x); math.Abs(x-r) < 1e-9*x {
		return int(r)
	}
	return int(math.Ceil(x))
}

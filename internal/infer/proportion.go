package infer

import "math"

// Wilson returns the score interval of Wilson (1927) for a rate in [0, 1] seen in n
// > 0 trials, clipped to [0, 1]; level is in (0, 1). n need not be whole: a weighted
// sample has an effective size.
func Wilson(rate, n, level float64) (low, high float64) {
	z := NormalQuantile((1 + level) / 2)
	mid := rate + z*z/(2*n)
	half := z * math.Sqrt(rate*(1-rate)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	low, high = max(0, (mid-half)/scale), min(1, (mid+half)/scale)
	// At the ends the bound is the rate itself; rounding must not say otherwise.
	if rate == 0 {
		low = 0
	}
	if rate == 1 {
		high = 1
	}
	return low, high
}

// WilsonLow is the lower end of Wilson in the form that does not cancel, for rates
// far below 1/n, which counts of whole events never are: of the two roots of the
// quadratic the smaller is their product divided by the larger.
func WilsonLow(rate, n, level float64) float64 {
	if rate == 0 {
		return 0
	}
	z := NormalQuantile((1 + level) / 2)
	v := z * z / n
	return rate * rate / (rate + v/2 + z*math.Sqrt(rate*(1-rate)/n+v/(4*n)))
}

// ClopperPearson returns the exact interval of Clopper and Pearson (1934) for the
// rate behind x successes in n > 0 trials, 0 <= x <= n; level is in (0, 1).
func ClopperPearson(x, n, level float64) (low, high float64) {
	return binomialInterval(x, n, (1-level)/2, 1)
}

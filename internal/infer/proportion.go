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
	tail := (1 - level) / 2
	low, high = 0, 1
	if x > 0 {
		low = BetaQuantile(x, n-x+1, tail)
	}
	if x < n {
		high = 1 - BetaQuantile(n-x, x+1, tail)
	}
	return low, high
}

// FisherExact returns the two-sided p-value of the 2×2 table of x successes in n trials
// and y in m, a trial and a success at least: the probability,
// margins given, of all tables no likelier than the observed one.
func FisherExact(x, n, y, m int64) float64 {
	k := x + y // successes in all
	lfact := func(v int64) float64 { l, _ := math.Lgamma(float64(v) + 1); return l }
	choose := func(n, r int64) float64 { return lfact(n) - lfact(r) - lfact(n-r) }
	logp := func(i int64) float64 { return choose(n, i) + choose(m, k-i) - choose(n+m, k) }
	lo, hi := max(0, k-m), min(k, n)
	obs := logp(x)
	limit := obs + 1e-7 // tables equally likely up to rounding count as well
	sum := 0.0
	// Called with a small expected cell only: probabilities fall off so fast
	// from the mode that terms below 1e-20 of the observed one end the walk.
	mode := min(max((k+1)*(n+1)/(n+m+2), lo), hi)
	for i := mode; i <= hi; i++ {
		l := logp(i)
		if l <= limit {
			sum += math.Exp(l)
			if l < obs-46 {
				break
			}
		}
	}
	for i := mode - 1; i >= lo; i-- {
		l := logp(i)
		if l <= limit {
			sum += math.Exp(l)
			if l < obs-46 {
				break
			}
		}
	}
	return min(sum, 1)
}

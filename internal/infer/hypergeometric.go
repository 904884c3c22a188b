package infer

import (
	"math"
	"sort"
)

// Deviance returns x·ln(x/m) + m − x for x >= 0 and m > 0, which is never negative and
// keeps its digits where x is near m.
func Deviance(x, m float64) float64 {
	if x == 0 {
		return m
	}
	return x * lessLog((m-x)/x)
}

// logBinomial returns the logarithm of the probability of x successes in n trials at
// the rate p = 1 − q, by the saddle point form of Loader (2000): no logarithm of a
// factorial is subtracted from another.
func logBinomial(x, n, p, q float64) float64 {
	switch {
	case x == 0 && n == 0:
		return 0
	case x == 0:
		return n * math.Log1p(-p)
	case x == n:
		return n * math.Log1p(-q)
	}
	return stirling(n) - stirling(x) - stirling(n-x) - Deviance(x, n*p) - Deviance(n-x, n*q) + 0.5*math.Log(n/x/(n-x)/(2*math.Pi))
}

// LogHypergeometric returns the logarithm of the probability that n of n+m trials
// hold i of the k successes, i and k − i within their arms.
func LogHypergeometric(i, n, m, k float64) float64 {
	if k == 0 || k == n+m {
		return 0
	}
	p, q := k/(n+m), (n+m-k)/(n+m)
	return logBinomial(i, n, p, q) + logBinomial(k-i, m, p, q) - logBinomial(k, n+m, p, q)
}

// FisherExact returns the two-sided p-value of the 2×2 table of x successes in n trials
// and y in m, a trial and a success at least: the probability,
// margins given, of all tables no likelier than the observed one. The cost grows with the
// smallest cell, not with the number of trials.
func FisherExact(x, n, y, m int64) float64 {
	k := x + y // successes in all
	logp := func(i int64) float64 {
		return LogHypergeometric(float64(i), float64(n), float64(m), float64(k))
	}
	lo, hi := max(0, k-m), min(k, n)
	obs := logp(x)
	limit := obs + 1e-7 // tables equally likely up to rounding count as well
	// Probabilities rise up to the mode and fall from there: on either side the first
	// that counts is found by bisection, and terms below 1e-20 of the observed one end
	// the sum.
	mode := min(max(int64((float64(k)+1)*((float64(n)+1)/(float64(n)+float64(m)+2))), lo), hi)
	sum := 0.0
	walk := func(from, to, step int64) {
		count := (to - from) * step
		first := sort.Search(int(count)+1, func(d int) bool { return logp(from+int64(d)*step) <= limit })
		for d := int64(first); d <= count; d++ {
			l := logp(from + d*step)
			if l < obs-46 {
				break
			}
			sum += math.Exp(l)
		}
	}
	walk(mode, hi, 1)
	if mode > lo {
		walk(mode-1, lo, -1)
	}
	return min(sum, 1)
}

// FisherUpper returns the one-sided p-value of Fisher's exact test: the probability, margins
// given, that of n cases, a of the first kind and c of the second, so many or more are of both. The
// terms fall on that side of the mode on which both lies, so the shorter tail is summed, the
// ratio of neighbours from one logarithm, until a term no longer counts: at once where the
// first one is 0. Terms are scaled up lest they stop falling where numbers are subnormal.
func FisherUpper(cases, first, second, both int64) float64 {
	n, a, c := float64(cases), float64(first), float64(second)
	lo, hi := max(0, first-(cases-second)), min(first, second)
	if both <= lo {
		return 1
	}
	const scale = 0x1p200 // exact
	sum := 0.0
	if float64(both) > (a+1)*((c+1)/(n+2)) {
		term := scale * math.Exp(LogHypergeometric(float64(both), a, n-a, c))
		for k := both; ; k++ {
			sum += term
			if k == hi || term <= sum*1e-17 {
				return min(sum/scale, 1)
			}
			x := float64(k)
			term *= (a - x) / (x + 1) * ((c - x) / (n - a - c + x + 1))
		}
	}
	term := scale * math.Exp(LogHypergeometric(float64(both-1), a, n-a, c))
	for k := both - 1; ; k-- {
		sum += term
		if k == lo || term <= sum*1e-17 {
			return min(max(1-sum/scale, 0), 1)
		}
		x := float64(k)
		term *= x / (a - x + 1) * ((n - a - c + x) / (c - x + 1))
	}
}

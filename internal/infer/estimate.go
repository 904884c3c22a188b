package infer

import "math"

// Estimate returns what an estimate with standard error se says: the confidence
// interval, the statistic against the value null of no effect, and its two-sided
// p-value, by Student's law with df degrees of freedom, +Inf for the normal. The
// interval and the p-value take the standard error to be widen times se, mostly 1,
// the statistic does not.
func Estimate(estimate, se, null, level, df, widen float64) (low, high, statistic, p float64) {
	half := StudentQuantile((1+level)/2, df) * se * widen
	statistic = (estimate - null) / se
	return estimate - half, estimate + half, statistic, StudentTwoSided(statistic/widen, df)
}

// Relative returns (b − a)/|a|, or the ratio b/a, with its standard error by the
// delta method, of independent means a, not 0, and b with standard errors seA, seB.
func Relative(a, b, seA, seB float64, ratio bool) (estimate, se float64) {
	estimate = (b - a) / math.Abs(a)
	if ratio {
		estimate = b / a
	}
	return estimate, math.Hypot(seB/a, seA/a*(b/a))
}

// WelchDF returns the degrees of freedom of Welch and Satterthwaite of the
// difference of means with variances qa and qb, not both 0, behind na and nb
// values, more than 1 each. It works with shares of the variance, so that tiny or huge
// variances neither underflow nor overflow when squared.
func WelchDF(qa, na, qb, nb float64) float64 {
	s := qa + qb
	if math.IsInf(s, 1) {
		qa, qb = qa/4, qb/4
		s = qa + qb
	}
	fa, fb := qa/s, qb/s
	return 1 / (fa*fa/(na-1) + fb*fb/(nb-1))
}

// ClusterLaw is what the shares w of an arm's clusters (or of a group's units),
// Σw = 1, do to the cluster-robust variance of its mean, Σ w²(ȳ_c − ȳ)² with the
// usual factor G/(G−1): by how much that must still be multiplied to be right on
// average, and its degrees of freedom by Satterthwaite's moments, both where the
// cluster means vary alike (Bell and McCaffrey 2002). A few large clusters count
// for less than their number; equal shares give 1 and G−1.
func ClusterLaw(w []float64) (factor, df float64) {
	var s2, s3, s4, s5 float64
	for _, x := range w {
		x2 := x * x
		s2 += x2
		s3 += x2 * x
		s4 += x2 * x2
		s5 += x2 * x2 * x
	}
	// The estimate is the quadratic form of (I − w1ᵀ)·diag(w²)·(I − 1wᵀ).
	trace := math.Max(s2-2*s3+s2*s2, 0) // 0 where one cluster is all there is
	square := s4 + 4*s2*s4 - 4*s5 + s2*s2*s2*s2 + 2*s3*s3 - 4*s2*s2*s3
	g := float64(len(w))
	return s2 / trace * (g - 1) / g, math.Max(trace*trace/square, 1)
}

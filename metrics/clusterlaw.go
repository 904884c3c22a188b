package metrics

import "math"

// clusterLaw is what the shares w of an arm's clusters (or of a group's units),
// Σw = 1, do to the cluster-robust variance of its mean, Σ w²(ȳ_c − ȳ)² with the
// usual factor G/(G−1): by how much that must still be multiplied to be right on
// average, and its degrees of freedom by Satterthwaite's moments, both where the
// cluster means vary alike (Bell and McCaffrey 2002). A few large clusters count
// for less than their number; equal shares give 1 and G−1.
func clusterLaw(w []float64) (factor, df float64) {
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

// widen replaces interval and p-value by those of a standard error that is root
// times the one reported, with df degrees of freedom.
func (e *Effect) widen(root, df float64) {
	e.finish(e.Level, df)
	half := studentQuantile((1+e.Level)/2, df) * e.SE * root
	e.Low, e.High = e.Estimate-half, e.Estimate+half
	e.PValue = studentTwoSided(e.Statistic/root, df)
}

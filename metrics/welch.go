package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// CompareMeans compares the mean of treatment b with that of control a by
// Welch's t test, which does not assume equal variances. The degrees of freedom
// are those of Welch and Satterthwaite,
//
//	(v_A/n_A + v_B/n_B)² / Σ (v_i/n_i)²/(n_i−1).
//
// On the relative and ratio scales the variance comes from the delta method,
//
//	var((m_B−m_A)/|m_A|) ≈ (v_B/n_B)/m_A² + (v_A/n_A)·m_B²/m_A⁴,
//
// with the same degrees of freedom. An effect may be significant on one scale
// and not on the other: choose the scale before looking.
//
// Fewer than two values in an arm, no variance in both arms, and a control mean
// of 0 (or below 0 for the ratio) on the other scales are ErrUndefined.
func CompareMeans(a, b Moments, o CompareOptions) (Effect, error) {
	o = o.withDefaults()
	if err := o.validate("metrics: CompareMeans"); err != nil {
		return Effect{}, err
	}
	if a.n < 2 || b.n < 2 {
		return Effect{}, undefined("CompareMeans: an arm has fewer than 2 values (control %d, treatment %d)", a.n, b.n)
	}
	total, err := check.AddInt64(a.n, b.n)
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareMeans: %w", err)
	}
	qa := a.m2 / float64(a.n-1) / float64(a.n)
	qb := b.m2 / float64(b.n-1) / float64(b.n)
	if qa+qb == 0 {
		return Effect{}, undefined("CompareMeans: both arms have zero variance")
	}
	df := welchDF(qa, float64(a.n), qb, float64(b.n))
	e := Effect{
		Scale: o.Scale, N: total, NA: a.n, NB: b.n, MeanA: a.origin + a.mean, MeanB: b.origin + b.mean,
		Estimate: (b.origin - a.origin) + (b.mean - a.mean), SE: math.Sqrt(qa + qb), Method: "Welch t",
	}
	if qa == 0 || qb == 0 {
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	if o.Scale != ScaleAbsolute {
		if err := e.rescale(math.Sqrt(qa), math.Sqrt(qb)); err != nil {
			return Effect{}, fmt.Errorf("metrics: CompareMeans: %w", err)
		}
		e.Method = "Welch t (delta method)"
	}
	if e.SE == 0 {
		return Effect{}, undefined("CompareMeans: the standard error is 0")
	}
	e.finish(o.Level, df)
	return e, nil
}

// welchDF works with shares of the variance, so that tiny or huge variances
// neither underflow nor overflow when squared.
func welchDF(qa, na, qb, nb float64) float64 {
	s := qa + qb
	if math.IsInf(s, 1) {
		qa, qb = qa/4, qb/4
		s = qa + qb
	}
	fa, fb := qa/s, qb/s
	return 1 / (fa*fa/(na-1) + fb*fb/(nb-1))
}

package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// CompareMeans compares the mean of treatment b with that of control a by
// Welch's t test, two-sided, which does not assume equal variances: scipy.stats.ttest_ind
// with equal_var=False, which is not its default. The degrees of freedom
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
func CompareMeans(a, b Moments, opt CompareOptions) (Effect, error) {
	opt, err := opt.Resolve("metrics: CompareMeans")
	if err != nil {
		return Effect{}, err
	}
	if a.N() < 2 || b.N() < 2 {
		return Effect{}, undefined("CompareMeans: an arm has fewer than 2 values (control %d, treatment %d)", a.N(), b.N())
	}
	total, err := check.AddInt64(a.N(), b.N())
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareMeans: %w", err)
	}
	var q [2]float64 // squared standard errors of the means
	for i, m := range [2]*Moments{&a, &b} {
		v, err := m.Variance()
		if err != nil {
			return Effect{}, fmt.Errorf("metrics: CompareMeans: %s: %w", [2]string{"control", "treatment"}[i], err)
		}
		q[i] = v / float64(m.N())
	}
	qa, qb := q[0], q[1]
	if qa+qb == 0 {
		return Effect{}, undefined("CompareMeans: both arms have zero variance")
	}
	df := infer.WelchDF(qa, float64(a.N()), qb, float64(b.N()))
	e := Effect{
		Scale: opt.Scale, N: total, NA: a.N(), NB: b.N(), MeanA: a.state().Mean(), MeanB: b.state().Mean(),
		Estimate: b.state().Minus(*a.state()), SE: math.Sqrt(qa + qb), Method: "Welch t",
	}
	if qa == 0 || qb == 0 {
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	if opt.Scale != ScaleAbsolute {
		if err := e.rescale(math.Sqrt(qa), math.Sqrt(qb)); err != nil {
			return Effect{}, fmt.Errorf("metrics: CompareMeans: %w", err)
		}
		e.Method = "Welch t (delta method)"
	}
	if e.SE == 0 {
		return Effect{}, undefined("CompareMeans: the standard error is 0")
	}
	e.Infer(opt.Level, df)
	return e, nil
}

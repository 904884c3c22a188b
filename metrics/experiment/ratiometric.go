package experiment

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*RatioMoments)(nil)
	_ encoding.BinaryUnmarshaler = (*RatioMoments)(nil)
)

// RatioMoments accumulates a ratio metric of one arm of an experiment: per user
// a numerator and a denominator, as orders and sessions, revenue and orders,
// clicks and impressions. The arm's value is Σnum/Σden, and its variance
// counts users, not sessions, because users are what was randomised. The zero
// value is empty and ready. Add one record per user, not per session.
//
// The state is the means and co-moments of the pair, merged by the formula of
// Chan, Golub and LeVeque. A RatioMoments is a plain value and not safe for
// concurrent writers.
type RatioMoments struct{ m moments.Joint }

// Add adds one user. ErrNotFinite for NaN or infinities, ErrRange for a
// negative denominator; the state is unchanged after an error.
func (r *RatioMoments) Add(num, den float64) error {
	if err := check.Receiver("experiment: RatioMoments.Add", r); err != nil {
		return err
	}
	if den < 0 {
		return fmt.Errorf("experiment: RatioMoments.Add: denominator is below 0: %w", ErrRange)
	}
	if err := r.m.Add(num, den); err != nil {
		return fmt.Errorf("experiment: RatioMoments.Add: %w", err)
	}
	return nil
}

// Merge adds the users of other. ErrMismatch for a merge with itself.
func (r *RatioMoments) Merge(other *RatioMoments) error {
	if err := check.Merge("experiment: RatioMoments.Merge", r, other); err != nil {
		return err
	}
	if err := r.m.Merge(other.m); err != nil {
		return fmt.Errorf("experiment: RatioMoments.Merge: %w", err)
	}
	return nil
}

// N returns the number of users.
func (r *RatioMoments) N() int64 {
	if r == nil {
		return 0
	}
	return r.m.N()
}

// Value returns Σnum/Σden, ErrUndefined if the denominators sum to 0.
func (r *RatioMoments) Value() (float64, error) {
	if err := check.Receiver("experiment: RatioMoments.Value", r); err != nil {
		return 0, err
	}
	if r.m.N() == 0 || r.m.Mean(1) == 0 {
		return math.NaN(), undefined("RatioMoments.Value: the denominators of %d users sum to 0", r.m.N())
	}
	return r.m.Mean(0) / r.m.Mean(1), nil
}

// Variance returns the variance of Value by the delta method,
//
//	(Var(M)/D² + Var(D)·M²/D⁴ − 2·Cov(M,D)·M/D³)/n
//
// with M and D the means per user. ErrUndefined below two users or for a
// denominator of 0, ErrOverflow where squared deviations underflow.
func (r *RatioMoments) Variance() (float64, error) {
	if err := check.Receiver("experiment: RatioMoments.Variance", r); err != nil {
		return 0, err
	}
	if r.m.N() < 2 {
		return math.NaN(), undefined("RatioMoments.Variance: variance of %d users", r.m.N())
	}
	v, err := r.Value()
	if err != nil {
		return math.NaN(), err
	}
	if err := r.m.Underflow(); err != nil {
		return math.NaN(), fmt.Errorf("experiment: RatioMoments.Variance: %w", err)
	}
	d := r.m.Mean(1)
	return r.m.Quad(1/d, -v/d) / float64(r.m.N()), nil
}

// AppendBinary appends the binary form.
func (r *RatioMoments) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("experiment: RatioMoments.AppendBinary", r); err != nil {
		return nil, err
	}
	var w codec.Writer
	r.m.Write(&w, 2)
	return w.AppendFrame(dst, codec.KindRatioMoments, 1), nil
}

// MarshalBinary returns the binary form.
func (r *RatioMoments) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    n, the number of users, >= 0
//	f64    first numerator
//	f64    mean numerator less the first
//	2×f64  Σ(num−mean)², Σ(num−mean)(den−mean)
//	f64    first denominator
//	f64    mean denominator less the first
//	f64    Σ(den−mean)²
//
// All numbers are finite, squares and the mean denominator >= 0; products are 0 for n <
// 2, everything is for n = 0. Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (r *RatioMoments) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("experiment: RatioMoments.UnmarshalBinary", r); err != nil {
		return err
	}
	d, err := codec.Open(data, codec.KindRatioMoments, 1)
	if err != nil {
		return fmt.Errorf("experiment: RatioMoments.UnmarshalBinary: %w", err)
	}
	got := moments.ReadJoint(d, 2)
	if got.Mean(1) < 0 {
		d.Fail("the mean denominator is negative")
	}
	if err := d.Done(); err != nil {
		return fmt.Errorf("experiment: RatioMoments.UnmarshalBinary: %w", err)
	}
	r.m = got
	return nil
}

// CompareRatios compares a ratio metric of treatment b with control a by the
// delta method (Deng, Knoblich and Lu 2018), with Welch's degrees of freedom
// over users. With all denominators 1 it is CompareMeans.
//
// Fewer than two users or a denominator of 0 in an arm, no variance in both
// arms, and a control value of 0 (below 0 for the ratio) on the other scales
// are ErrUndefined.
func CompareRatios(a, b RatioMoments, opt metrics.CompareOptions) (metrics.Effect, error) {
	opt, err := opt.Resolve("experiment: CompareRatios")
	if err != nil {
		return metrics.Effect{}, err
	}
	qa, err := a.Variance()
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: CompareRatios: control: %w", err)
	}
	qb, err := b.Variance()
	if err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: CompareRatios: treatment: %w", err)
	}
	va, _ := a.Value()
	vb, _ := b.Value()
	return twoArms("CompareRatios", opt, arm{a.m.N(), va, qa, float64(a.m.N() - 1)}, arm{b.m.N(), vb, qb, float64(b.m.N() - 1)}, "ratio metric, delta method, Welch t")
}

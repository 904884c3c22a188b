package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/codec"
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
type RatioMoments struct{ m comoments }

// Add adds one user. ErrNotFinite for NaN or infinities, ErrRange for a
// negative denominator; the state is unchanged after an error.
func (r *RatioMoments) Add(num, den float64) error {
	if den < 0 {
		return fmt.Errorf("metrics: RatioMoments: denominator is %v, want >= 0: %w", den, ErrRange)
	}
	if err := r.m.add(num, den); err != nil {
		return fmt.Errorf("metrics: RatioMoments: %w", err)
	}
	return nil
}

// Merge adds the users of other. ErrMismatch for a merge with itself.
func (r *RatioMoments) Merge(other *RatioMoments) error {
	if err := canMerge("RatioMoments", r, other); err != nil {
		return err
	}
	if err := r.m.combine(other.m); err != nil {
		return fmt.Errorf("metrics: RatioMoments: %w", err)
	}
	return nil
}

// N returns the number of users.
func (r *RatioMoments) N() int64 { return r.m.n }

// Value returns Σnum/Σden, ErrUndefined if the denominators sum to 0.
func (r *RatioMoments) Value() (float64, error) {
	if r.m.n == 0 || r.m.at(1) == 0 {
		return math.NaN(), undefined("RatioMoments: the denominators of %d users sum to 0", r.m.n)
	}
	return r.m.at(0) / r.m.at(1), nil
}

// Variance returns the variance of Value by the delta method,
//
//	(Var(M)/D² + Var(D)·M²/D⁴ − 2·Cov(M,D)·M/D³)/n
//
// with M and D the means per user. ErrUndefined below two users or for a
// denominator of 0.
func (r *RatioMoments) Variance() (float64, error) {
	if r.m.n < 2 {
		return math.NaN(), undefined("RatioMoments: variance of %d users", r.m.n)
	}
	v, err := r.Value()
	if err != nil {
		return math.NaN(), err
	}
	d := r.m.at(1)
	return r.m.quad(1/d, -v/d) / float64(r.m.n), nil
}

// AppendBinary appends the binary form.
func (r *RatioMoments) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	r.m.write(&w, 2)
	return w.AppendFrame(dst, codec.KindRatioMoments, 1), nil
}

// MarshalBinary returns the binary form.
func (r *RatioMoments) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces the state; after an error it is unchanged.
func (r *RatioMoments) UnmarshalBinary(data []byte) error {
	d, err := codec.Open(data, codec.KindRatioMoments, 1)
	if err != nil {
		return fmt.Errorf("metrics: RatioMoments: %w", err)
	}
	got := readComoments(d, 2)
	if got.at(1) < 0 {
		d.Fail("the mean denominator is negative")
	}
	if err := d.Done(); err != nil {
		return fmt.Errorf("metrics: RatioMoments: %w", err)
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
func CompareRatios(a, b RatioMoments, o CompareOptions) (Effect, error) {
	o = o.withDefaults()
	if err := o.validate("metrics: CompareRatios"); err != nil {
		return Effect{}, err
	}
	qa, err := a.Variance()
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareRatios: control: %w", err)
	}
	qb, err := b.Variance()
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareRatios: treatment: %w", err)
	}
	va, _ := a.Value()
	vb, _ := b.Value()
	return twoArms("CompareRatios", o, arm{a.m.n, va, qa, float64(a.m.n - 1)}, arm{b.m.n, vb, qb, float64(b.m.n - 1)}, "ratio metric, delta method, Welch t")
}

package metrics

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Proportion)(nil)
	_ encoding.BinaryUnmarshaler = (*Proportion)(nil)
)

// Proportion accumulates successes among trials: converted users among the
// users of an arm. The zero value is empty and ready. Merge is exact. It is a
// plain value and not safe for concurrent writers.
type Proportion struct {
	successes, n int64
}

// NewProportion returns the state of n trials with the given successes.
// ErrRange unless 0 <= successes <= n.
func NewProportion(successes, n int64) (Proportion, error) {
	if n < 0 || successes < 0 || successes > n {
		return Proportion{}, fmt.Errorf("metrics: NewProportion: %d successes of %d, want 0 <= successes <= n: %w", successes, n, ErrRange)
	}
	return Proportion{successes, n}, nil
}

// Add adds one trial.
func (p *Proportion) Add(success bool) {
	p.n++
	if success {
		p.successes++
	}
}

// Merge adds the trials of other. ErrMismatch for a merge with itself,
// ErrOverflow beyond int64.
func (p *Proportion) Merge(other *Proportion) error {
	if err := check.Merge("metrics: Proportion.Merge", p, other); err != nil {
		return err
	}
	n, err := check.AddInt64(p.n, other.n)
	if err != nil {
		return fmt.Errorf("metrics: Proportion.Merge: %w", err)
	}
	p.n, p.successes = n, p.successes+other.successes
	return nil
}

// N returns the number of trials.
func (p *Proportion) N() int64 { return p.n }

// Successes returns the number of successes.
func (p *Proportion) Successes() int64 { return p.successes }

// Rate returns successes/n, ErrUndefined when empty.
func (p *Proportion) Rate() (float64, error) {
	if p.n == 0 {
		return math.NaN(), undefined("Proportion.Rate: rate of no trials")
	}
	return float64(p.successes) / float64(p.n), nil
}

// Wilson returns the score interval of Wilson (1927) for the rate, clipped to
// [0, 1]; level 0 means 0.95. ErrUndefined when empty, ErrOption for a level
// outside (0, 1).
func (p *Proportion) Wilson(level float64) (Interval, error) {
	level, err := infer.Level(level)
	if err != nil {
		return Interval{}, fmt.Errorf("metrics: Proportion.Wilson: %w", err)
	}
	r, err := p.Rate()
	if err != nil {
		return Interval{}, err
	}
	low, high := infer.Wilson(r, float64(p.n), level)
	return Interval{low, high}, nil
}

// ClopperPearson returns the exact interval of Clopper and Pearson (1934) for the
// rate, from quantiles of the beta distribution; level 0 means 0.95. It covers
// at least as often as it says, mostly more: prefer Wilson unless a guarantee
// is needed. Errors are those of Wilson.
func (p *Proportion) ClopperPearson(level float64) (Interval, error) {
	level, err := infer.Level(level)
	if err != nil {
		return Interval{}, fmt.Errorf("metrics: Proportion.ClopperPearson: %w", err)
	}
	if p.n == 0 {
		return Interval{}, undefined("ClopperPearson: rate of no trials")
	}
	low, high := infer.ClopperPearson(float64(p.successes), float64(p.n), level)
	return Interval{low, high}, nil
}

// AppendBinary appends the binary form.
func (p *Proportion) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int64(p.successes)
	w.Int64(p.n)
	return w.AppendFrame(dst, codec.KindProportion, 1), nil
}

// MarshalBinary returns the binary form.
func (p *Proportion) MarshalBinary() ([]byte, error) { return p.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    successes, in [0, n]
//	i64    n, the number of trials
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (p *Proportion) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindProportion, 1)
	if err != nil {
		return fmt.Errorf("metrics: Proportion.UnmarshalBinary: %w", err)
	}
	got := Proportion{r.Int64(), r.Int64()}
	if got.successes < 0 || got.successes > got.n {
		r.Fail("successes are not in [0, n]")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Proportion.UnmarshalBinary: %w", err)
	}
	*p = got
	return nil
}

// CompareProportions compares the rate of treatment b with that of control a.
//
// On the absolute scale the p-value is that of the two-proportion z test with
// pooled variance and the interval uses the unpooled variance; so p < 1−Level
// and an interval without 0 may disagree in borderline cases. On the relative
// and ratio scales both come from the delta method,
//
//	var((p_B−p_A)/p_A) ≈ v_B/p_A² + v_A·p_B²/p_A⁴,  v = p(1−p)/n.
//
// If an expected cell of the 2×2 table is below 5 the p-value is that of
// Fisher's exact test instead, Method says so and WarnSmallExpected is set.
//
// An empty arm, two arms without any variance, and a control rate of 0 on the
// relative and ratio scales are ErrUndefined.
func CompareProportions(a, b Proportion, opt CompareOptions) (Effect, error) {
	opt, err := opt.Resolve("metrics: CompareProportions")
	if err != nil {
		return Effect{}, err
	}
	if a.n == 0 || b.n == 0 {
		return Effect{}, undefined("CompareProportions: an arm is empty (control %d, treatment %d)", a.n, b.n)
	}
	total, err := check.AddInt64(a.n, b.n)
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareProportions: %w", err)
	}
	na, nb := float64(a.n), float64(b.n)
	pa, pb := float64(a.successes)/na, float64(b.successes)/nb
	sa, sb := math.Sqrt(pa*(1-pa)/na), math.Sqrt(pb*(1-pb)/nb)
	e := Effect{Scale: opt.Scale, Estimate: pb - pa, SE: math.Hypot(sa, sb), N: total, NA: a.n, NB: b.n, MeanA: pa, MeanB: pb}
	pool := (float64(a.successes) + float64(b.successes)) / (na + nb)
	if pool == 0 || pool == 1 {
		return Effect{}, undefined("CompareProportions: all %d trials have the same outcome", total)
	}
	if err := e.Rescale(sa, sb); err != nil {
		return Effect{}, fmt.Errorf("metrics: CompareProportions: %w", err)
	}
	if e.SE == 0 {
		// Rates of 0 and 1: the unpooled variance is 0 though the pooled is not.
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	e.Infer(opt.Level, math.Inf(1))
	if opt.Scale == ScaleAbsolute {
		e.Statistic = (pb - pa) / math.Sqrt(pool*(1-pool)*(1/na+1/nb))
		e.PValue = infer.NormalTwoSided(e.Statistic)
		e.Method = "two-proportion z (pooled test, unpooled interval)"
	} else {
		e.Method = "two-proportion z (delta method)"
	}
	if min(na, nb)*min(pool, 1-pool) < 5 {
		e.Warnings = append(e.Warnings, WarnSmallExpected)
		e.PValue = infer.FisherExact(a.successes, a.n, b.successes, b.n)
		e.Method = "Fisher exact test, z interval"
	}
	if (sa == 0 || sb == 0) && !slices.Contains(e.Warnings, WarnZeroVarianceArm) {
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	return e, nil
}

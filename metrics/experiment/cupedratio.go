package experiment

import (
	"encoding"
	"errors"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/metrics"
)

var (
	_ encoding.BinaryAppender    = (*CUPEDRatio)(nil)
	_ encoding.BinaryUnmarshaler = (*CUPEDRatio)(nil)
)

// CUPEDRatio accumulates one arm of a ratio metric with the same ratio in the
// pre-period: per user numerator and denominator during and before the
// experiment. The zero value is empty and ready. It is a plain value and not
// safe for concurrent writers.
type CUPEDRatio struct {
	m       moments.Joint // num, den, pre num, pre den
	missing int64
}

// Add adds one user. ErrNotFinite for NaN or infinities, ErrRange for a
// negative denominator; the state is unchanged after an error.
func (c *CUPEDRatio) Add(num, den, preNum, preDen float64) error {
	if err := check.Receiver("experiment: CUPEDRatio.Add", c); err != nil {
		return err
	}
	if den < 0 || preDen < 0 {
		return fmt.Errorf("experiment: CUPEDRatio.Add: denominators are %v and %v, want >= 0: %w", den, preDen, ErrRange)
	}
	if err := c.m.Add(num, den, preNum, preDen); err != nil {
		return fmt.Errorf("experiment: CUPEDRatio.Add: %w", err)
	}
	return nil
}

// AddMissing adds a user without a pre-period: 0/0 before, which leaves the
// pre-period ratio alone, and counted as missing.
func (c *CUPEDRatio) AddMissing(num, den float64) error {
	if err := check.Receiver("experiment: CUPEDRatio.AddMissing", c); err != nil {
		return err
	}
	if err := c.Add(num, den, 0, 0); err != nil {
		return err
	}
	c.missing++
	return nil
}

// Merge adds the users of other. ErrMismatch for a merge with itself.
func (c *CUPEDRatio) Merge(other *CUPEDRatio) error {
	if err := check.Merge("experiment: CUPEDRatio.Merge", c, other); err != nil {
		return err
	}
	if err := c.m.Merge(other.m); err != nil {
		return fmt.Errorf("experiment: CUPEDRatio.Merge: %w", err)
	}
	c.missing += other.missing
	return nil
}

// N returns the number of users.
func (c *CUPEDRatio) N() int64 {
	if c == nil {
		return 0
	}
	return c.m.N()
}

// Missing returns the number of users without a pre-period.
func (c *CUPEDRatio) Missing() int64 {
	if c == nil {
		return 0
	}
	return c.missing
}

// AppendBinary appends the binary form.
func (c *CUPEDRatio) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("experiment: CUPEDRatio.AppendBinary", c); err != nil {
		return nil, err
	}
	var w codec.Writer
	c.m.Write(&w, 4)
	w.Int64(c.missing)
	return w.AppendFrame(dst, codec.KindCUPEDRatio, 1), nil
}

// MarshalBinary returns the binary form.
func (c *CUPEDRatio) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    n, the number of users, >= 0
//	…      for i of num, den, num before, den before: f64 first value, f64 mean less the
//	       first, f64 products of deviations with i, i+1, …
//	i64    users without a pre-period, in [0, n]
//
// All numbers are finite, squares and mean denominators >= 0; products are 0 for n < 2,
// everything is for n = 0. Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (c *CUPEDRatio) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("experiment: CUPEDRatio.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCUPEDRatio, 1)
	if err != nil {
		return fmt.Errorf("experiment: CUPEDRatio.UnmarshalBinary: %w", err)
	}
	got := CUPEDRatio{moments.ReadJoint(r, 4), r.Int64()}
	if got.missing < 0 || got.missing > got.m.N() || got.m.Mean(1) < 0 || got.m.Mean(3) < 0 {
		r.Fail("missing users are not in [0, n], or a mean denominator is negative")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("experiment: CUPEDRatio.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}

// CompareCUPEDRatios compares a ratio metric adjusted by its pre-period: the
// arm's value is R − θ(R_pre − R̄_pre), where θ is the regression of the
// linearised metric (num − R̄·den)/D̄ on the linearised pre-period metric,
// pooled over both arms. Variances are those of the delta method over all four
// means of an arm. A pre-period without variance or denominators gives θ = 0.
//
// On the relative and ratio scales the difference is divided by the unadjusted
// control ratio. Errors are those of CompareRatios.
func CompareCUPEDRatios(a, b CUPEDRatio, opt metrics.CompareOptions) (CUPEDEffect, error) {
	const where = "CompareCUPEDRatios"
	opt, err := opt.Resolve("experiment: " + where)
	if err != nil {
		return CUPEDEffect{}, err
	}
	for _, m := range [2]*moments.Joint{&a.m, &b.m} {
		if m.N() < 2 || m.Mean(1) == 0 {
			return CUPEDEffect{}, undefined(where+": an arm has %d users with denominators that average %v", m.N(), m.Mean(1))
		}
	}
	pool := a.m
	if err := errors.Join(pool.Merge(b.m), pool.Underflow()); err != nil {
		return CUPEDEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	r := CUPEDEffect{MissingA: a.missing, MissingB: b.missing}
	pre := 0.0
	if a.m.Mean(3) > 0 && b.m.Mean(3) > 0 {
		d, p := pool.Mean(1), pool.Mean(3)
		pre = pool.Mean(2) / p
		// Coefficients of the linearised metric and of its pre-period.
		y := [4]float64{1 / d, -pool.Mean(0) / d / d, 0, 0}
		x := [4]float64{0, 0, 1 / p, -pre / p}
		r.Theta = regressionSlope(bilinear(&pool, y, x), bilinear(&pool, x, x))
	}
	var plain, adj [2]arm
	var cov float64
	for i, m := range [2]*moments.Joint{&a.m, &b.m} {
		n, v := float64(m.N()), m.Mean(0)/m.Mean(1)
		y := [4]float64{1 / m.Mean(1), -v / m.Mean(1)}
		g := y
		at := v
		if r.Theta != 0 {
			p := m.Mean(2) / m.Mean(3)
			at -= r.Theta * (p - pre)
			g[2], g[3] = -r.Theta/m.Mean(3), r.Theta*p/m.Mean(3)
		}
		plain[i] = arm{m.N(), v, m.Quad(y[:]...) / n, n - 1}
		adj[i] = arm{m.N(), at, m.Quad(g[:]...) / n, n - 1}
		if i == 0 {
			cov = bilinear(m, y, g) / n
		}
	}
	if r.Unadjusted, err = twoArms(where, opt, plain[0], plain[1], "ratio metric, delta method, Welch t"); err != nil {
		return CUPEDEffect{}, err
	}
	r.Effect, err = adjusted(where, opt, adj, plain[0], cov, "CUPED of a ratio metric, delta method, Welch t")
	r.Reduction = 1 - (adj[0].q+adj[1].q)/(plain[0].q+plain[1].q)
	return r, err
}

// bilinear returns aᵀ·cov·b.
func bilinear(m *moments.Joint, a, b [4]float64) float64 {
	s := 0.0
	for i, x := range a {
		for j, y := range b {
			s += x * m.Cov(i, j) * y
		}
	}
	return s
}

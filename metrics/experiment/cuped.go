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
	_ encoding.BinaryAppender    = (*CUPED)(nil)
	_ encoding.BinaryUnmarshaler = (*CUPED)(nil)
)

// CUPED accumulates one arm of an experiment whose metric y is adjusted by a
// covariate x of the same user from before the experiment, mostly the same
// metric in the weeks before. A covariate that the treatment could have
// changed biases the result; nothing here can notice that. The zero value is
// empty and ready. It is a plain value and not safe for concurrent writers.
type CUPED struct {
	seen    moments.Joint   // y, x of users with a pre-period
	missing moments.Moments // y of users without
}

// Add adds a user with metric y and pre-period covariate x.
func (c *CUPED) Add(y, x float64) error {
	if err := check.Receiver("experiment: CUPED.Add", c); err != nil {
		return err
	}
	if err := c.seen.Add(y, x); err != nil {
		return fmt.Errorf("experiment: CUPED.Add: %w", err)
	}
	return nil
}

// AddMissing adds a user without a pre-period (a new customer). The user counts
// in the test with an unadjusted y and takes no part in θ.
func (c *CUPED) AddMissing(y float64) error {
	if err := check.Receiver("experiment: CUPED.AddMissing", c); err != nil {
		return err
	}
	if err := c.missing.Add(y); err != nil {
		return fmt.Errorf("experiment: CUPED.AddMissing: %w", err)
	}
	return nil
}

// Merge adds the users of other. ErrMismatch for a merge with itself.
func (c *CUPED) Merge(other *CUPED) error {
	if err := check.Merge("experiment: CUPED.Merge", c, other); err != nil {
		return err
	}
	r := *c
	if err := r.seen.Merge(other.seen); err != nil {
		return fmt.Errorf("experiment: CUPED.Merge: %w", err)
	}
	if err := r.missing.Merge(other.missing); err != nil {
		return fmt.Errorf("experiment: CUPED.Merge: %w", err)
	}
	if _, err := check.AddInt64(r.seen.N(), r.missing.N()); err != nil {
		return fmt.Errorf("experiment: CUPED.Merge: %w", err)
	}
	*c = r
	return nil
}

// N returns the number of users, with and without a pre-period.
func (c *CUPED) N() int64 {
	if c == nil {
		return 0
	}
	return c.seen.N() + c.missing.N()
}

// Missing returns the number of users without a pre-period.
func (c *CUPED) Missing() int64 {
	if c == nil {
		return 0
	}
	return c.missing.N()
}

// imputed returns the pair (y, x) over all users where a missing x is at, the
// mean of the known ones, so that its adjustment is 0.
func (c *CUPED) imputed(at float64) (moments.Joint, error) {
	all := c.seen
	err := all.Merge(moments.JointOf(c.missing, at))
	return all, err
}

// AppendBinary appends the binary form.
func (c *CUPED) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("experiment: CUPED.AppendBinary", c); err != nil {
		return nil, err
	}
	var w codec.Writer
	c.seen.Write(&w, 2)
	c.missing.Write(&w)
	return w.AppendFrame(dst, codec.KindCUPED, 1), nil
}

// MarshalBinary returns the binary form.
func (c *CUPED) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    n, the number of users with a pre-period, >= 0
//	f64    first y
//	f64    mean of y less the first
//	2×f64  Σ(y−mean)², Σ(y−mean)(x−mean)
//	f64    first x
//	f64    mean of x less the first
//	f64    Σ(x−mean)²
//	…      y of the users without, as the payload of metrics.Moments
//
// All numbers are finite and squares >= 0; products are 0 for n < 2, everything is for n
// = 0. Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (c *CUPED) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("experiment: CUPED.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCUPED, 1)
	if err != nil {
		return fmt.Errorf("experiment: CUPED.UnmarshalBinary: %w", err)
	}
	got := CUPED{moments.ReadJoint(r, 2), moments.Read(r)}
	if err := r.Done(); err != nil {
		return fmt.Errorf("experiment: CUPED.UnmarshalBinary: %w", err)
	}
	*c = got
	return nil
}

// CUPEDEffect is an Effect adjusted by a pre-period covariate.
type CUPEDEffect struct {
	metrics.Effect
	Theta              float64        // 0 if the covariate has no variance: nothing is adjusted
	Reduction          float64        // share of the variance of the difference that the adjustment removed
	MissingA, MissingB int64          // users without a pre-period, kept unadjusted
	Unadjusted         metrics.Effect // the effect without the covariate
}

// CompareCUPED compares treatment b with control a on y − θ(x − x̄), with
// θ = Cov(y, x)/Var(x) and x̄ pooled over both arms (Deng, Xu, Kohavi and
// Walker 2013). The difference of the adjusted means is tested by Welch's t.
// MeanA and MeanB are the adjusted means.
//
// On the relative and ratio scales the difference is divided by the unadjusted
// control mean, so that the lift reads like that of the plain test; the delta
// method takes the correlation of both into account. A covariate without
// variance gives θ = 0 and the plain test. Errors are those of CompareMeans.
func CompareCUPED(a, b CUPED, opt metrics.CompareOptions) (CUPEDEffect, error) {
	const where = "CompareCUPED"
	opt, err := opt.Resolve("experiment: " + where)
	if err != nil {
		return CUPEDEffect{}, err
	}
	if a.N() < 2 || b.N() < 2 {
		return CUPEDEffect{}, undefined(where+": an arm has fewer than 2 users (control %d, treatment %d)", a.N(), b.N())
	}
	pool := a.seen
	if err := pool.Merge(b.seen); err != nil {
		return CUPEDEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	if err := pool.Underflow(); err != nil {
		return CUPEDEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	theta := regressionSlope(pool.Products(0, 1), pool.Products(1, 1))
	xbar := pool.Mean(1)
	ma, err := a.imputed(xbar)
	if err != nil {
		return CUPEDEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	mb, err := b.imputed(xbar)
	if err != nil {
		return CUPEDEffect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	r := CUPEDEffect{Theta: theta, MissingA: a.missing.N(), MissingB: b.missing.N()}
	na, nb := float64(ma.N()), float64(mb.N())
	full := func(m *moments.Joint, g ...float64) float64 { return m.Quad(g...) / float64(m.N()) }
	plain := [2]arm{{ma.N(), ma.Mean(0), full(&ma, 1), na - 1}, {mb.N(), mb.Mean(0), full(&mb, 1), nb - 1}}
	adj := [2]arm{
		{ma.N(), ma.Mean(0) - theta*(ma.Mean(1)-xbar), full(&ma, 1, -theta), na - 1},
		{mb.N(), mb.Mean(0) - theta*(mb.Mean(1)-xbar), full(&mb, 1, -theta), nb - 1},
	}
	// Covariance of the adjusted and the unadjusted control mean.
	cov := (ma.Cov(0, 0) - theta*ma.Cov(0, 1)) / na
	if r.Unadjusted, err = twoArms(where, opt, plain[0], plain[1], "Welch t"); err != nil {
		return CUPEDEffect{}, err
	}
	r.Effect, err = adjusted(where, opt, adj, plain[0], cov, "CUPED, Welch t")
	r.Reduction = 1 - (adj[0].q+adj[1].q)/(plain[0].q+plain[1].q)
	return r, err
}

// regressionSlope is cxy/cxx, 0 if x has no variance.
func regressionSlope(cxy, cxx float64) float64 {
	if !(cxx > 0) {
		return 0
	}
	if s := cxy / cxx; check.Finite(s) {
		return s
	}
	return 0
}

// adjusted is twoArms for adjusted arms whose relative effect divides by the
// unadjusted control base; cov is the covariance of adjusted and unadjusted
// control estimates.
func adjusted(where string, opt metrics.CompareOptions, adj [2]arm, base arm, cov float64, method string) (metrics.Effect, error) {
	abs := opt
	abs.Scale = metrics.ScaleAbsolute
	e, err := twoArms(where, abs, adj[0], adj[1], method)
	if err != nil || opt.Scale == metrics.ScaleAbsolute {
		return e, err
	}
	// Let rescale check the baseline and set its warnings.
	e.Scale = opt.Scale
	d, se, df := e.Estimate, e.SE, e.DF
	e.MeanA, e.MeanB = base.mean, base.mean+d
	if err := e.Rescale(math.Sqrt(base.q), 0); err != nil {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	m := base.mean
	u := d / m
	e.SE = math.Sqrt(math.Max(se*se+u*u*base.q+2*u*cov, 0)) / math.Abs(m)
	e.MeanA, e.MeanB = adj[0].mean, adj[1].mean
	if !(e.SE > 0) {
		return metrics.Effect{}, undefined("%s: the standard error is 0", where)
	}
	e.Infer(opt.Level, df)
	return e, nil
}

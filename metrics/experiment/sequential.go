package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

// SequentialOptions configures AlwaysValid.
type SequentialOptions struct {
	Level float64 // of the confidence sequence, in (0, 1); default that of the effect
	Users float64 // users in all arms at which the interval is to be tightest, > 0; default 5000
}

func (o SequentialOptions) withDefaults(e metrics.Effect) SequentialOptions {
	o.Level = check.Default(check.Default(o.Level, e.Level), 0.95)
	o.Users = check.Default(o.Users, 5000)
	return o
}

func (o SequentialOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	check.Positive(&c, "Users", o.Users)
	return c.Err(where)
}

// AlwaysValid turns the effect of a test at a fixed sample size into one that
// may be looked at after every user: its intervals cover the truth at all
// looks together with the given level, and its p-value (of the e-value kind)
// stays valid however often one peeks and whenever one stops. It is the
// asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and
// Ramdas (arXiv 2103.06476),
//
//	half-width = SE·√n·√(2(nρ²+1)·ln(√(nρ²+1)/α)/(nρ)²)
//	ρ = √((−2·ln α + ln(−2·ln α + 1))/Users)
//	p = min(1, √(nρ²+1)·exp(−ρ²S²/(2(nρ²+1)))), S² = n·(Estimate−null)²/SE²
//
// with n the users of both arms. Fix Users before the start, near the number
// at which you hope to decide. Works on any Effect with a standard error.
// Being asymptotic, it should not be looked at before some hundred users.
//
// ErrRange for an effect without users or with an SE that is not positive, ErrOverflow for an interval
// or statistic beyond float64.
func AlwaysValid(e metrics.Effect, opt SequentialOptions) (metrics.Effect, error) {
	const where = "AlwaysValid"
	opt = opt.withDefaults(e)
	if err := opt.validate("experiment: " + where); err != nil {
		return metrics.Effect{}, err
	}
	if e.N <= 0 || !(e.SE > 0) || !check.Finite(e.SE) || !check.Finite(e.Estimate) {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: effect %v with SE %v of %d users: %w", where, e.Estimate, e.SE, e.N, ErrRange)
	}
	alpha := 1 - opt.Level
	l := -2 * math.Log(alpha)
	rho2 := (l + math.Log1p(l)) / opt.Users
	n := float64(e.N)
	k := n*rho2 + 1
	half := e.SE * math.Sqrt(2*k*(math.Log(k)/2-math.Log(alpha))/(n*rho2))
	z := (e.Estimate - e.Scale.Null()) / e.SE
	if !check.Finite(e.Estimate-half) || !check.Finite(e.Estimate+half) || !check.Finite(z) {
		return metrics.Effect{}, fmt.Errorf("experiment: %s: effect %v with SE %v: %w", where, e.Estimate, e.SE, ErrOverflow)
	}
	e.Low, e.High = e.Estimate-half, e.Estimate+half
	e.Level, e.DF, e.Statistic = opt.Level, math.Inf(1), z
	// ρ²S² = nρ²z².
	e.PValue = math.Min(1, math.Exp(math.Log(k)/2-n*rho2*z*z/(2*k)))
	e.Method += ", always valid"
	return e, nil
}

package survive

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Counts is the law of a count that was seen in full, in part or only as a lower bound: negative
// binomial with the shape given, variance mean + mean²/shape, or Poisson for a shape of +Inf; but
// a share Idle of periods, in [0, 1), is without any. mean is that over all periods.
// Counts may be fractional, as units of weight are; the law then stands between those of whole ones.
type Counts struct{ Shape, Idle float64 }

// Log is the log-likelihood of n, seen in full, where mean > 0 was expected. It is also that of
// n units seen in a share of the time, for the mean of that share, however the watching ended: a
// stop that depends on what was seen, as selling the last unit does, adds no factor that knows the
// mean.
func (c Counts) Log(n, mean float64) float64 {
	l := c.busy(n, mean/(1-c.Idle))
	switch {
	case c.Idle == 0:
		return l
	case n == 0:
		return math.Log(c.Idle + (1-c.Idle)*math.Exp(l))
	}
	return math.Log1p(-c.Idle) + l
}

// busy is the log-likelihood where the period is not idle.
func (c Counts) busy(n, mean float64) float64 {
	factorial, _ := math.Lgamma(n + 1)
	if math.IsInf(c.Shape, 1) {
		return n*math.Log(mean) - mean - factorial
	}
	k := c.Shape
	return rising(k, n) - factorial - k*math.Log1p(mean/k) + n*math.Log(mean/(k+mean))
}

// Busy is the chance that a period of which n were seen is not idle.
func (c Counts) Busy(n, mean float64) float64 {
	if n > 0 || c.Idle == 0 {
		return 1
	}
	none := (1 - c.Idle) * math.Exp(c.busy(0, mean/(1-c.Idle)))
	return none / (c.Idle + none)
}

// rising is ln Γ(k+n) - ln Γ(k), by its product where that is short.
func rising(k, n float64) float64 {
	if n == math.Floor(n) && n < 12 {
		product := 1.0
		for i := 0.0; i < n; i++ {
			product *= k + i
		}
		if product > 0 && !math.IsInf(product, 1) {
			return math.Log(product)
		}
	}
	a, _ := math.Lgamma(k + n)
	b, _ := math.Lgamma(k)
	return a - b
}

// Least is the chance of a count of at least n.
func (c Counts) Least(n, mean float64) float64 {
	if n <= 0 {
		return 1
	}
	return (1 - c.Idle) * least(n, mean/(1-c.Idle), c.Shape)
}

func least(n, mean, shape float64) float64 {
	if n <= 0 {
		return 1
	}
	if math.IsInf(shape, 1) {
		return mathext.GammaIncReg(n, mean)
	}
	return mathext.RegIncBeta(n, shape, mean/(shape+mean))
}

// Beyond is the expected count where it is at least n: mean·P(N' >= n-1)/P(N >= n), where N' is of the same law
// with one more in its shape. Where the chance is too small for float64 it is n, to which it then
// is near.
func (c Counts) Beyond(n, mean float64) float64 {
	if n <= 0 {
		return mean
	}
	mean /= 1 - c.Idle
	all := least(n, mean, c.Shape)
	if !(all > 1e-290) {
		return n
	}
	if math.IsInf(c.Shape, 1) {
		return max(mean*least(n-1, mean, c.Shape)/all, n)
	}
	// N' has the chance of success of N: its mean is larger by (shape+1)/shape.
	return max(mean*least(n-1, mean*(c.Shape+1)/c.Shape, c.Shape+1)/all, n)
}

// Unseen is the expected count of the rest of the time, where n were seen in the share of it for which mean
// was expected and rest is expected of the other: a share of what this period's own rate is,
// of which n tells something.
func (c Counts) Unseen(n, mean, rest float64) float64 {
	busy := c.Busy(n, mean)
	mean, rest = mean/(1-c.Idle), rest/(1-c.Idle)
	if !math.IsInf(c.Shape, 1) {
		rest *= (c.Shape + n) / (c.Shape + mean)
	}
	return busy * rest
}

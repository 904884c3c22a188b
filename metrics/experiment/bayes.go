package experiment

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/metrics"
)

// Posterior is a Bayesian answer about treatment B against control A. Its
// Effect holds the posterior mean, standard deviation (SE) and equal-tailed
// credible interval; Statistic, DF and PValue are NaN, there is no test.
type Posterior struct {
	metrics.Effect
	BetterB float64 // probability that B is better than A
	LossA   float64 // expected loss, in units of the metric, of choosing A though B may be better
	LossB   float64 // expected loss of choosing B
}

// BetaPrior is what is believed of both conversion rates before the data: as if
// Alpha successes and Beta failures had been seen. The zero value means 1 and
// 1, all rates equally likely.
type BetaPrior struct {
	Alpha, Beta float64 // each in [0.1, 1e9]; default 1
}

func (p BetaPrior) withDefaults() BetaPrior {
	return BetaPrior{check.Default(p.Alpha, 1), check.Default(p.Beta, 1)}
}

func (p BetaPrior) validate(where string) error {
	var c check.Options
	c.Require(p.Alpha >= 0.1 && p.Alpha <= 1e9, "Alpha", p.Alpha, "in [0.1, 1e9]")
	c.Require(p.Beta >= 0.1 && p.Beta <= 1e9, "Beta", p.Beta, "in [0.1, 1e9]")
	return c.Err(where)
}

// BayesProportions returns the posterior of the difference of two conversion
// rates with independent beta priors, on the absolute scale. BetterB and the
// losses are exact sums over the beta functions if the prior is of whole
// numbers and an arm has at most 100,000 successes or failures, otherwise
// integrals; the credible interval inverts an integral. level 0 means 0.95.
// Arms may be empty: then the prior speaks alone.
func BayesProportions(a, b metrics.Proportion, prior BetaPrior, level float64) (Posterior, error) {
	const where = "BayesProportions"
	prior = prior.withDefaults()
	if err := prior.validate("experiment: " + where); err != nil {
		return Posterior{}, err
	}
	level, err := infer.Level(level)
	if err != nil {
		return Posterior{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	n, err := check.AddInt64(a.N(), b.N())
	if err != nil {
		return Posterior{}, fmt.Errorf("experiment: %s: %w", where, err)
	}
	x := betaOf(a, prior)
	y := betaOf(b, prior)
	ma, va := x.moments()
	mb, vb := y.moments()
	e := metrics.Effect{
		Scale: metrics.ScaleAbsolute, Estimate: mb - ma, SE: math.Sqrt(va + vb), Level: level, Statistic: math.NaN(), DF: math.NaN(), PValue: math.NaN(),
		Method: "beta-binomial posterior", N: n, NA: a.N(), NB: b.N(), MeanA: ma, MeanB: mb,
	}
	r := Posterior{Effect: e, BetterB: x.below(y)}
	// E[(y−x)⁺] = E[y]·P(y' > x) − E[x]·P(y > x'), where ' is size-biased.
	up, down := betaDist{y.a + 1, y.b}, betaDist{x.a + 1, x.b}
	r.LossA = math.Max(mb*x.below(up)-ma*down.below(y), 0)
	r.LossB = math.Max(ma*y.below(down)-mb*up.below(x), 0)
	tail := (1 - level) / 2
	quantile := func(p float64) float64 {
		lo, hi := math.Max(-1, e.Estimate-8*e.SE), math.Min(1, e.Estimate+8*e.SE)
		if x.differenceCDF(y, lo) >= p || x.differenceCDF(y, hi) < p {
			lo, hi = -1, 1 // far from normal, or a level near 1
		}
		for hi-lo > 1e-12 {
			if mid := (lo + hi) / 2; x.differenceCDF(y, mid) >= p {
				hi = mid
			} else {
				lo = mid
			}
		}
		return hi
	}
	r.Low, r.High = quantile(tail), quantile(1-tail)
	return r, nil
}

type betaDist struct{ a, b float64 }

func betaOf(p metrics.Proportion, prior BetaPrior) betaDist {
	return betaDist{float64(p.Successes()) + prior.Alpha, float64(p.N()-p.Successes()) + prior.Beta}
}

func (d betaDist) moments() (mean, variance float64) {
	s := d.a + d.b
	return d.a / s, d.a / s * (d.b / s) / (s + 1)
}

const maxClosedSum = 100_000

// below returns P(d < y).
func (d betaDist) below(y betaDist) float64 {
	// P(X < Y) is a sum of as many terms as any one parameter says:
	// mirrored (x → 1−x) or complemented, it starts from another.
	whole := func(x float64) bool { return x == math.Trunc(x) && x <= maxClosedSum }
	flip := func(d betaDist) betaDist { return betaDist{d.b, d.a} }
	best, from := math.Inf(1), 0
	for i, p := range [4]float64{y.a, d.b, d.a, y.b} {
		if whole(p) && p < best {
			best, from = p, i
		}
	}
	var p float64
	switch {
	case math.IsInf(best, 1):
		p = 1 - d.differenceCDF(y, 0)
	case from == 0:
		p = closedSum(d, y)
	case from == 1:
		p = closedSum(flip(y), flip(d))
	case from == 2:
		p = 1 - closedSum(y, d)
	default:
		p = 1 - closedSum(flip(d), flip(y))
	}
	return math.Min(math.Max(p, 0), 1)
}

// closedSum is P(X < Y) = Σ_{i<y.a} B(x.a+i, x.b+y.b)/((y.b+i)·B(1+i, y.b)·B(x.a, x.b))
// for a whole y.a, each term from the last one by a ratio.
func closedSum(x, y betaDist) float64 {
	// The logarithm of the term carries on where the term itself underflows.
	log := infer.LogBeta(x.a, x.b+y.b) - infer.LogBeta(x.a, x.b)
	sum := 0.0
	for i := 0.0; i < y.a; i++ {
		sum += math.Exp(log)
		log += math.Log((x.a + i) / (x.a + x.b + y.b + i) * (y.b + i) / (1 + i))
	}
	return sum
}

// differenceCDF returns P(y − d <= z). The integral runs over the narrower of
// both, against which the distribution of the other is smooth.
func (d betaDist) differenceCDF(y betaDist, z float64) float64 {
	if d.sharpness() > y.sharpness() {
		return infer.Beta{A: d.a, B: d.b}.Mean(kink(-z), func(x float64) float64 { return y.cdf(x + z) })
	}
	return infer.Beta{A: y.a, B: y.b}.Mean(kink(z), func(x float64) float64 { return 1 - d.cdf(x-z) })
}

// sharpness is the inverse variance of the logit, near its mode.
func (d betaDist) sharpness() float64 { return d.a * d.b / (d.a + d.b) }

func (d betaDist) cdf(x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	return infer.Beta{A: d.a, B: d.b}.CDF(x)
}

// kink is where a distribution function moved by z leaves 0 or reaches 1.
func kink(z float64) float64 {
	if z < 0 {
		return 1 + z
	}
	return z
}

// GaussianPrior is what is believed of an effect before the data: a normal
// distribution. SD 0 means no belief at all (flat).
type GaussianPrior struct {
	Mean, SD float64 // on the scale of the effect; default 0, which is no belief
}

// BayesEffect combines any Effect, taken as normal with its SE, with a prior on
// the same scale, weighted by precision:
//
//	1/σ² = 1/SE² + 1/SD²,  μ = σ²·(Estimate/SE² + Mean/SD²)
//
// The losses are means of the truncated normal. A prior centred on no effect
// with the spread of your past experiments takes the winner's curse out of an
// estimate. The credible interval has the effect's Level.
//
// ErrRange for an SE that is not positive or a bad prior, ErrOverflow for an interval or loss
// beyond float64.
func BayesEffect(e metrics.Effect, prior GaussianPrior) (Posterior, error) {
	if !(e.SE > 0) || !check.Finite(e.SE) || !check.Finite(e.Estimate) {
		return Posterior{}, fmt.Errorf("experiment: BayesEffect: estimate %v with SE %v: %w", e.Estimate, e.SE, ErrRange)
	}
	if !(prior.SD >= 0) || !check.Finite(prior.SD) || !check.Finite(prior.Mean) {
		return Posterior{}, fmt.Errorf("experiment: BayesEffect: prior mean %v, SD %v: %w", prior.Mean, prior.SD, ErrRange)
	}
	level, err := infer.Level(e.Level)
	if err != nil {
		return Posterior{}, fmt.Errorf("experiment: BayesEffect: %w", err)
	}
	if prior.SD > 0 {
		// Shares of precision, which neither overflow nor underflow.
		h := math.Hypot(e.SE, prior.SD)
		w := prior.SD / h * (prior.SD / h) // weight of the data
		e.Estimate = w*e.Estimate + (1-w)*prior.Mean
		e.SE *= prior.SD / h
	}
	q := infer.NormalQuantile((1 + level) / 2)
	e.Level, e.Low, e.High = level, e.Estimate-q*e.SE, e.Estimate+q*e.SE
	e.Statistic, e.DF, e.PValue = math.NaN(), math.NaN(), math.NaN()
	e.Method += ", Gaussian posterior"
	d := e.Estimate - e.Scale.Null()
	z := d / e.SE
	p := Posterior{Effect: e, BetterB: infer.NormalCDF(z), LossA: e.SE * partialMean(z), LossB: e.SE * partialMean(-z)}
	for _, x := range []float64{e.Low, e.High, z, p.LossA, p.LossB} {
		if !check.Finite(x) {
			return Posterior{}, fmt.Errorf("experiment: BayesEffect: estimate %v with SE %v: %w", e.Estimate, e.SE, ErrOverflow)
		}
	}
	return p, nil
}

// partialMean returns E[max(Z+z, 0)] = φ(z) + z·Φ(z) for a standard normal Z.
// Beyond 37 standard deviations φ and Φ leave the range of float64.
func partialMean(z float64) float64 {
	switch {
	case z < -37:
		return 0
	case z > 37:
		return z
	}
	return math.Max(infer.NormalPDF(z)+z*infer.NormalCDF(z), 0)
}

package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// Inference says how CompareProportions gets its interval and its p-value.
type Inference uint8

// Kinds of inference. Package documentation of internal/infer has the formulas; docs/coverage.md
// has how often each covers.
const (
	// InferByCount: Fisher's exact p-value and an interval that does not rely on the normal
	// law where an arm has fewer than ten conversions (or fewer than ten users without one,
	// where these matter: difference and odds), InferScore elsewhere. Where one arm has more than 1.5
	// times the conversions of the other, ratios and odds take 20 for ten. The interval
	// of the difference is then that of InferExact, those of the ratios are those of InferMidP.
	InferByCount Inference = iota

	// InferScore: the z test with pooled variance and the score interval of Mee (1984),
	// Koopman (1984) or, for the odds, Miettinen and Nurminen (1985): all values that the score
	// test does not reject, without continuity correction, so that p < 1−Level exactly where the interval
	// leaves no effect out. It is statsmodels' method "score" with correction=False.
	InferScore

	// InferExact: Fisher's p-value; for the odds the interval of Cornfield (1956), for the
	// ratio that of Clopper and Pearson for the share of the treatment in all conversions,
	// for the difference the intervals of Clopper and Pearson of both rates put together (Zou
	// and Donner 2008). They cover at least as often as they say, mostly more.
	InferExact

	// InferMidP: InferExact with half the probability of what was seen in each tail, which is
	// shorter and covers the level on average. The p-value is Fisher's.
	InferMidP

	// InferWald: the z test with pooled variance beside the interval of the unpooled one, as
	// R's prop.test has it without correction; on the other scales both by the delta method. For many
	// conversions in both arms only, and for comparison with other programs.
	InferWald
)

// few is the number of conversions below which InferByCount does not trust the normal law.
const few = 10

// CompareProportions compares, two-sided and without continuity correction (R's prop.test
// makes one by default), the rate of treatment b with that of control a, on any
// scale, ScaleOdds included. What p-value and interval are is a matter of
// opt.Inference; by default they are exact or nearly so below ten conversions, and those
// of the score test above. All scales share one p-value, that of equal rates; Statistic
// is the z of the two-proportion test with pooled variance. Fisher's p-value is on the safe side
// and may be above 1−Level beside a mid-p interval without the null; where most users convert, the
// mid-p interval of the ratio is wide and may hold 1 beside a small p. InferByCount takes Fisher's below ten on any side and wherever an
// expected cell is below 5; who asks for InferScore or InferWald gets the z test there too.
//
// SE is the standard error by the delta method, of rates drawn to ½ a conversion where
// an arm has none or nothing else; the interval does not come from it except with InferWald.
// WarnSmallExpected says that an expected cell is below 5, so that whatever goes on with SE
// (segments, posteriors) is rough.
//
// An empty arm is ErrUndefined, as is a control without a conversion on the
// other scales than the difference, and for the odds a treatment with nothing else than conversions: there
// is no ratio, and an SE of 0 with InferWald. Two arms of one outcome have the difference 0, an interval, and p 1. The cost is
// that of a few thousand evaluations of the likelihood, some 0.1 ms.
func CompareProportions(a, b Proportion, opt CompareOptions) (Effect, error) {
	const where = "CompareProportions"
	opt, err := opt.resolveRates("metrics: " + where)
	if err != nil {
		return Effect{}, err
	}
	if a.n == 0 || b.n == 0 {
		return Effect{}, undefined(where+": an arm is empty (control %d, treatment %d)", a.n, b.n)
	}
	total, err := check.AddInt64(a.n, b.n)
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: %s: %w", where, err)
	}
	t := infer.TwoRates{X: float64(a.successes), N: float64(a.n), Y: float64(b.successes), M: float64(b.n)}
	e := Effect{
		Scale: opt.Scale, Level: opt.Level, DF: math.Inf(1), Statistic: t.Pooled(), N: total, NA: a.n, NB: b.n,
		MeanA: t.X / t.N, MeanB: t.Y / t.M,
	}
	if opt.Scale != ScaleAbsolute && a.successes == 0 || opt.Scale == ScaleOdds && b.successes == b.n {
		return Effect{}, undefined(where+": %v effect of the rates %d/%d in control and %d/%d in treatment", opt.Scale, a.successes, a.n, b.successes, b.n)
	}
	e.rateEstimate(t, opt.Inference != InferWald)
	if !(e.SE > 0) { // NaN, too: the delta method of odds that are 0 or infinite
		return Effect{}, undefined(where + ": the standard error is 0")
	}
	pool := (t.X + t.Y) / (t.N + t.M)
	if min(t.N, t.M)*min(pool, 1-pool) < 5 {
		e.Warnings = append(e.Warnings, WarnSmallExpected)
	}
	if a.successes == 0 || a.successes == a.n || b.successes == 0 || b.successes == b.n {
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	how := opt.Inference
	if how == InferByCount {
		how = byCount(opt.Scale, a, b)
	}
	e.rateInterval(t, how)
	e.PValue = infer.NormalTwoSided(e.Statistic)
	exact := how != InferScore && how != InferWald
	if opt.Inference == InferByCount { // equal rates are one question, whatever the scale of the interval
		exact = byCount(ScaleAbsolute, a, b) == InferExact || min(t.N, t.M)*min(pool, 1-pool) < 5
	}
	if exact {
		e.PValue = infer.FisherExact(a.successes, a.n, b.successes, b.n)
		e.Method = "Fisher exact test, " + e.Method
	} else {
		e.Method = "two-proportion z, " + e.Method
	}
	return e, nil
}

// resolveRates is Resolve for comparisons of rates, which may be on the scale of the odds.
func (o CompareOptions) resolveRates(where string) (CompareOptions, error) {
	scale := o.Scale
	if scale == ScaleOdds {
		o.Scale = ScaleRatio
	}
	o, err := o.Resolve(where)
	o.Scale = scale
	return o, err
}

// byCount is the inference that InferByCount stands for. Users who did not convert matter
// where rates are compared with 1 as well as with 0.
func byCount(scale Scale, a, b Proportion) Inference {
	least := min(a.successes, b.successes)
	if scale == ScaleAbsolute || scale == ScaleOdds {
		least = min(least, a.n-a.successes, b.n-b.successes)
	}
	most := max(a.successes, b.successes)
	switch {
	case least >= few && (scale == ScaleAbsolute || least >= 2*few || 2*most <= 3*least):
		return InferScore
	case scale == ScaleAbsolute:
		return InferExact
	}
	return InferMidP
}

// rateEstimate fills in the estimate, its standard error and what must be said of the
// control. draw says to draw rates of 0 and 1 to ½ a conversion for SE.
func (e *Effect) rateEstimate(t infer.TwoRates, draw bool) {
	drawn := func(x, n float64) float64 {
		if draw && (x == 0 || x == n) {
			x, n = x+0.5, n+1
		}
		return x / n
	}
	p, q := drawn(t.X, t.N), drawn(t.Y, t.M)
	sa, sb := math.Sqrt(p*(1-p)/t.N), math.Sqrt(q*(1-q)/t.M)
	a, b := e.MeanA, e.MeanB
	if e.Scale != ScaleAbsolute && a < 3*sa {
		e.Warnings = append(e.Warnings, WarnNoisyBaseline)
	}
	switch e.Scale {
	case ScaleAbsolute:
		e.Estimate, e.SE = b-a, math.Hypot(sa, sb)
	case ScaleOdds:
		e.Estimate = b / (1 - b) * ((1 - a) / a)
		e.SE = q / (1 - q) * ((1 - p) / p) * math.Hypot(sa/(p*(1-p)), sb/(q*(1-q)))
	default:
		e.Estimate, _ = infer.Relative(a, b, sa, sb, e.Scale == ScaleRatio)
		_, e.SE = infer.Relative(p, q, sa, sb, true)
	}
}

// rateInterval fills in the interval and how it came about.
func (e *Effect) rateInterval(t infer.TwoRates, how Inference) {
	c := infer.Difference
	switch e.Scale {
	case ScaleRelative, ScaleRatio:
		c = infer.RiskRatio
	case ScaleOdds:
		c = infer.OddsRatio
	}
	switch how {
	case InferWald:
		e.Low, e.High, _, _ = infer.Estimate(e.Estimate, e.SE, e.Scale.Null(), e.Level, math.Inf(1), 1)
		e.Method = "unpooled interval"
		if e.Scale != ScaleAbsolute {
			e.Method = "delta method"
		}
		return
	case InferScore:
		e.Low, e.High = t.Score(c, e.Level)
		e.Method = "score interval"
	case InferExact:
		e.Low, e.High = t.Small(c, e.Level, 1)
		e.Method = "exact interval"
	default:
		e.Low, e.High = t.Small(c, e.Level, 0.5)
		e.Method = "mid-p interval"
	}
	if e.Scale == ScaleRelative {
		e.Low, e.High = e.Low-1, e.High-1
	}
}

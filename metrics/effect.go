package metrics

import (
	"fmt"
	"math"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Scale says what an effect is measured in. Mixing scales up is a common way
// to report a wrong result: +0.02 on a rate of 0.10 is absolute 0.02, relative
// 0.20, ratio 1.20.
type Scale uint8

// Scales of effects of a treatment B against a control A.
const (
	ScaleAbsolute Scale = iota // B − A, in units of the metric; no effect is 0
	ScaleRelative              // (B − A)/|A|; no effect is 0
	ScaleRatio                 // B/A; no effect is 1
)

// String returns "absolute", "relative" or "ratio".
func (s Scale) String() string {
	switch s {
	case ScaleAbsolute:
		return "absolute"
	case ScaleRelative:
		return "relative"
	case ScaleRatio:
		return "ratio"
	}
	return fmt.Sprintf("Scale(%d)", uint8(s))
}

// Null returns the value of no effect on the scale.
func (s Scale) Null() float64 {
	if s == ScaleRatio {
		return 1
	}
	return 0
}

// Warning is a reason to read a result with care; it is not an error.
type Warning string

// Warnings.
const (
	WarnSmallExpected    Warning = "an expected cell is below 5: normal approximations are poor"
	WarnNegativeBaseline Warning = "the control mean is negative: relative to its absolute value"
	WarnNoisyBaseline    Warning = "the control mean is within 3 standard errors of 0: relative effects are unstable"
	WarnZeroVarianceArm  Warning = "an arm has no variance"
	WarnUnplannedArm     Warning = "users in an arm of planned weight 0"
	WarnClicksExceed     Warning = "more clicks than impressions"
	WarnOrdersExceed     Warning = "more orders than clicks"
	WarnRefundsExceed    Warning = "refunds and discounts exceed revenue"
)

// Effect is the estimated effect of one thing on one metric, the one form in
// which every experiment of this package answers. It names its scale.
//
// Low and High bound the confidence interval of the given Level; PValue is
// two-sided for no effect. Test and interval may use different standard errors
// where convention has it so; Method says which.
type Effect struct {
	Scale        Scale
	Estimate     float64
	SE           float64 // standard error behind the interval
	Low, High    float64
	Level        float64 // 0.95
	Statistic    float64 // z or t of the test
	DF           float64 // degrees of freedom of the test, +Inf for z
	PValue       float64
	Method       string
	N            int64 // units in both arms
	NA, NB       int64 // units in control and treatment
	MeanA, MeanB float64
	Warnings     []Warning
}

// Significant reports whether the p-value is below 1 − Level.
func (e Effect) Significant() bool { return e.PValue < 1-e.Level }

// String returns one line: estimate, interval, p-value, scale, method, warnings.
func (e Effect) String() string {
	var b strings.Builder
	if e.Scale == ScaleRelative {
		fmt.Fprintf(&b, "%+.4g%% relative, %g%% interval %+.4g%% to %+.4g%%", 100*e.Estimate, 100*e.Level, 100*e.Low, 100*e.High)
	} else {
		fmt.Fprintf(&b, "%+.6g %v, %g%% interval %+.6g to %+.6g", e.Estimate, e.Scale, 100*e.Level, e.Low, e.High)
	}
	fmt.Fprintf(&b, ", p = %.4g, n = %d, %s", e.PValue, e.N, e.Method)
	for _, w := range e.Warnings {
		fmt.Fprintf(&b, "; %s", w)
	}
	return b.String()
}

// EffectTable returns a table with one row per effect; names[i] labels
// effects[i] and may be short.
func EffectTable(names []string, effects []Effect) *Table {
	t := NewTable("metric", "control", "treatment", "effect", "scale", "low", "high", "p", "n", "method")
	for i, e := range effects {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		t.AddRow(name, e.MeanA, e.MeanB, e.Estimate, e.Scale, e.Low, e.High, e.PValue, e.N, e.Method)
	}
	return t
}

// Interval is a confidence interval.
type Interval struct{ Low, High float64 }

// CompareOptions are the settings of CompareProportions and CompareMeans.
type CompareOptions struct {
	Scale Scale   // default ScaleAbsolute
	Level float64 // of the interval, in (0, 1); default 0.95
}

func (o CompareOptions) withDefaults() CompareOptions {
	o.Level = check.Default(o.Level, 0.95)
	return o
}

func (o CompareOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Scale <= ScaleRatio, "Scale", o.Scale, "absolute, relative or ratio")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	return c.Err(where)
}

// finish fills interval, statistic and p-value of e from Estimate and SE; df
// +Inf means normal.
func (e *Effect) finish(level, df float64) {
	e.Level, e.DF = level, df
	q := studentQuantile((1+level)/2, df)
	e.Low, e.High = e.Estimate-q*e.SE, e.Estimate+q*e.SE
	e.Statistic = (e.Estimate - e.Scale.Null()) / e.SE
	e.PValue = studentTwoSided(e.Statistic, df)
}

// rescale turns an absolute effect of independent arm means with standard
// errors seA and seB into e.Scale by the delta method.
func (e *Effect) rescale(seA, seB float64) error {
	if e.Scale == ScaleAbsolute {
		return nil
	}
	a, b := e.MeanA, e.MeanB
	if a == 0 {
		return undefined("%v effect: the control mean is 0", e.Scale)
	}
	if a < 0 && e.Scale == ScaleRatio {
		return undefined("ratio effect: the control mean is %v", a)
	}
	if a < 0 {
		e.Warnings = append(e.Warnings, WarnNegativeBaseline)
	}
	if math.Abs(a) < 3*seA {
		e.Warnings = append(e.Warnings, WarnNoisyBaseline)
	}
	e.Estimate = (b - a) / math.Abs(a)
	if e.Scale == ScaleRatio {
		e.Estimate = b / a
	}
	e.SE = math.Hypot(seB/a, seA/a*(b/a))
	if !check.Finite(e.Estimate) || !check.Finite(e.SE) {
		return undefined("%v effect: the control mean %v is too small", e.Scale, a)
	}
	return nil
}

// normalQuantile returns z with Φ(z) = p.
func normalQuantile(p float64) float64 { return mathext.NormalQuantile(p) }

// normalTwoSided returns P(|Z| > |z|).
func normalTwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// studentTwoSided returns P(|T| > |t|) for df degrees of freedom, +Inf for the
// normal. The incomplete beta form keeps small tails exact.
func studentTwoSided(t, df float64) float64 {
	if math.IsInf(df, 1) {
		return normalTwoSided(t)
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}

func studentQuantile(p, df float64) float64 {
	// Beyond 1e8 degrees of freedom t and z agree to 8 digits.
	if df > 1e8 {
		return normalQuantile(p)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

// chiSquaredUpper returns P(χ² > x).
func chiSquaredUpper(x, df float64) float64 { return mathext.GammaIncRegComp(df/2, x/2) }

// arm is what any estimator of one arm boils down to: units, estimate, its
// squared standard error and the degrees of freedom of that.
type arm struct {
	n       int64
	mean, q float64
	df      float64
}

// twoArms compares independent arms by a t test with the degrees of freedom of
// Welch and Satterthwaite, on the scale of o, which must be valid.
func twoArms(where string, o CompareOptions, a, b arm, method string) (Effect, error) {
	n, err := check.AddInt64(a.n, b.n)
	if err != nil {
		return Effect{}, fmt.Errorf("metrics: %s: %w", where, err)
	}
	if !(a.q+b.q > 0) {
		return Effect{}, undefined("%s: both arms have zero variance", where)
	}
	e := Effect{
		Scale: o.Scale, Estimate: b.mean - a.mean, SE: math.Sqrt(a.q + b.q), N: n, NA: a.n, NB: b.n,
		MeanA: a.mean, MeanB: b.mean, Method: method,
	}
	if a.q == 0 || b.q == 0 {
		e.Warnings = append(e.Warnings, WarnZeroVarianceArm)
	}
	if err := e.rescale(math.Sqrt(a.q), math.Sqrt(b.q)); err != nil {
		return Effect{}, fmt.Errorf("metrics: %s: %w", where, err)
	}
	if e.SE == 0 {
		return Effect{}, undefined("%s: the standard error is 0", where)
	}
	e.finish(o.Level, welchDF(a.q, a.df+1, b.q, b.df+1))
	return e, nil
}

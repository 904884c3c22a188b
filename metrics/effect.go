package metrics

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
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
	ScaleOdds                  // B/(1−B) over A/(1−A), of rates only (CompareProportions); no effect is 1
)

// String returns "absolute", "relative", "ratio" or "odds ratio".
func (s Scale) String() string {
	switch s {
	case ScaleAbsolute:
		return "absolute"
	case ScaleRelative:
		return "relative"
	case ScaleRatio:
		return "ratio"
	case ScaleOdds:
		return "odds ratio"
	}
	return fmt.Sprintf("Scale(%d)", uint8(s))
}

// Null returns the value of no effect on the scale.
func (s Scale) Null() float64 {
	if s == ScaleRatio || s == ScaleOdds {
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
	WarnFewClusters      Warning = "fewer than 20 clusters in an arm: the interval may be too short"
)

// Effect is the estimated effect of one thing on one metric, the one form in
// which every experiment of this package answers. It names its scale.
//
// Low and High bound the confidence interval of the given Level; PValue is
// two-sided for no effect. Test and interval may use different standard errors
// where convention has it so; Method says which.
type Effect struct {
	Scale        Scale     // of Estimate, SE, Low and High
	Estimate     float64   // B against A
	SE           float64   // standard error of Estimate; behind the interval except for proportions
	Low, High    float64   // confidence interval of Estimate
	Level        float64   // of the interval, mostly 0.95
	Statistic    float64   // z or t of the test
	DF           float64   // degrees of freedom of the test, +Inf for z
	PValue       float64   // two-sided, for no effect
	Method       string    // test and interval, in words
	N            int64     // units in both arms
	NA, NB       int64     // units in control and treatment
	MeanA, MeanB float64   // of control and treatment
	Warnings     []Warning // reasons to read it with care
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
type Interval struct {
	Low, High float64 // both ends, Low <= High
}

// CompareOptions configures CompareProportions, CompareMeans and the comparisons
// of the families.
type CompareOptions struct {
	Scale Scale   // default ScaleAbsolute
	Level float64 // of the interval, in (0, 1); default 0.95

	// Inference is of CompareProportions only: the p-value and the interval; default
	// InferByCount.
	Inference Inference
}

// Resolve returns the options with their defaults filled in, ErrOption if a field
// is bad, ScaleOdds included; where begins the message. It is for estimators that take these
// options.
func (o CompareOptions) Resolve(where string) (CompareOptions, error) {
	o.Level = check.Default(o.Level, 0.95)
	var c check.Options
	c.Require(o.Scale <= ScaleRatio, "Scale", o.Scale, "absolute, relative or ratio; the odds ratio is of proportions")
	c.Require(o.Inference <= InferWald, "Inference", uint8(o.Inference), "an Inference")
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	if err := c.Err(where); err != nil {
		return CompareOptions{}, err
	}
	return o, nil
}

// Infer fills Level, DF, Low, High, Statistic and PValue of an effect from its
// Estimate, SE and Scale, by Student's law with df degrees of freedom, +Inf for
// the normal. It is for estimators of one's own. For a level outside (0, 1) or df below
// 1e-3 there is no law: Low, High, Statistic and PValue are then NaN.
func (e *Effect) Infer(level, df float64) {
	if e == nil {
		return
	}
	e.Level, e.DF = level, df
	if !(level > 0 && level < 1) || !(df >= 1e-3) {
		e.Low, e.High, e.Statistic, e.PValue = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return
	}
	e.Low, e.High, e.Statistic, e.PValue = infer.Estimate(e.Estimate, e.SE, e.Scale.Null(), level, df, 1)
}

// Rescale turns an effect on the absolute scale, of independent arm means MeanA
// and MeanB with standard errors seA and seB, into e.Scale by the delta method:
// it sets Estimate and SE and warns of a control mean that is negative or near 0.
// Infer comes after it. A control mean of 0, and one below 0 for the ratio, is
// ErrUndefined, as is a result beyond float64; ScaleOdds, which means cannot have, is
// ErrOption; a mean or standard error that is not finite ErrNotFinite, a negative standard
// error ErrRange. e is unchanged after an error.
func (e *Effect) Rescale(seA, seB float64) error {
	if err := check.Receiver("metrics: Effect.Rescale", e); err != nil {
		return err
	}
	next := *e
	next.Warnings = slices.Clip(e.Warnings) // appending must not write behind the caller's
	err := check.Slice("standard errors and means", []float64{seA, seB, e.MeanA, e.MeanB})
	if err == nil && min(seA, seB) < 0 {
		err = fmt.Errorf("standard errors are %v and %v, want >= 0: %w", seA, seB, ErrRange)
	}
	if err == nil {
		err = next.rescale(seA, seB)
	}
	if err != nil {
		return fmt.Errorf("metrics: Effect.Rescale: %w", err)
	}
	*e = next
	return nil
}

// rescale is Rescale whose error has no prefix.
func (e *Effect) rescale(seA, seB float64) error {
	if e.Scale == ScaleAbsolute {
		return nil
	}
	if e.Scale > ScaleRatio {
		return fmt.Errorf("%v of means: %w", e.Scale, ErrOption)
	}
	a, b := e.MeanA, e.MeanB
	if a == 0 {
		return fmt.Errorf("%v effect: the control mean is 0: %w", e.Scale, ErrUndefined)
	}
	if a < 0 && e.Scale == ScaleRatio {
		return fmt.Errorf("ratio effect: the control mean is %v: %w", a, ErrUndefined)
	}
	if a < 0 {
		e.Warnings = append(e.Warnings, WarnNegativeBaseline)
	}
	if math.Abs(a) < 3*seA {
		e.Warnings = append(e.Warnings, WarnNoisyBaseline)
	}
	e.Estimate, e.SE = infer.Relative(a, b, seA, seB, e.Scale == ScaleRatio)
	if !check.Finite(e.Estimate) || !check.Finite(e.SE) {
		return fmt.Errorf("%v effect: the control mean %v is too small: %w", e.Scale, a, ErrUndefined)
	}
	return nil
}

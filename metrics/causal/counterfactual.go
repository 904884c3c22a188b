package causal

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

// CounterfactualOptions configures Counterfactual.
type CounterfactualOptions struct {
	Scale metrics.Scale // of Total; default ScaleAbsolute
	Level float64       // of the intervals, in (0, 1); default 0.95

	// Correlation of the forecast errors of neighbouring periods, in [0, 1];
	// errors k periods apart have its k-th power. Default 0, independent, which
	// is what se of one-step forecasts means; forecasts of many steps from one
	// origin err together, and 1 is the safe choice for them.
	Correlation float64
}

// CounterfactualEffect compares what happened with a forecast.
type CounterfactualEffect struct {
	Total     metrics.Effect   // sum over all periods; MeanA is the forecast sum, MeanB the actual sum
	PerPeriod []metrics.Effect // absolute, not corrected for their number
}

// Counterfactual measures a campaign by a forecast of what would have been
// without it: made from data before the campaign alone, with the standard error
// se of each period's forecast error (not of its mean). The effect is the
// actual minus the forecast. That the forecast would have held is an
// assumption; run the same on a time without a campaign first.
//
// ErrEmpty, ErrShape, ErrNotFinite; ErrRange for an se that is not positive;
// ErrUndefined for a forecast sum of 0 on the relative scale.
func Counterfactual(actual, forecast, se []float64, opt CounterfactualOptions) (CounterfactualEffect, error) {
	const where = "Counterfactual"
	opt.Level = check.Default(opt.Level, 0.95)
	var c check.Options
	c.Require(opt.Scale <= metrics.ScaleRatio, "Scale", opt.Scale, "absolute, relative or ratio")
	c.Require(opt.Level > 0 && opt.Level < 1, "Level", opt.Level, "in (0, 1)")
	c.Require(opt.Correlation >= 0 && opt.Correlation <= 1, "Correlation", opt.Correlation, "in [0, 1]")
	if err := c.Err("causal: " + where); err != nil {
		return CounterfactualEffect{}, err
	}
	if len(actual) == 0 {
		return CounterfactualEffect{}, fmt.Errorf("causal: %s: no periods: %w", where, ErrEmpty)
	}
	for _, err := range []error{
		check.Len("forecast", len(forecast), len(actual)), check.Len("se", len(se), len(actual)),
		check.Slice("actual", actual), check.Slice("forecast", forecast), check.Slice("se", se),
	} {
		if err != nil {
			return CounterfactualEffect{}, fmt.Errorf("causal: %s: %w", where, err)
		}
	}
	r := CounterfactualEffect{PerPeriod: make([]metrics.Effect, len(actual))}
	n := int64(len(actual))
	t := metrics.Effect{Scale: opt.Scale, N: n, NA: n, NB: n, Method: fmt.Sprintf("forecast as counterfactual, error correlation %.6g", opt.Correlation)}
	// Var Σe = Σ_t se_t·(se_t + 2·Σ_{s<t} ρ^{t−s}·se_s), the inner sum carried along.
	v, past := 0.0, 0.0
	for i := range actual {
		if se[i] <= 0 {
			return CounterfactualEffect{}, fmt.Errorf("causal: %s: se[%d] is %v, want > 0: %w", where, i, se[i], ErrRange)
		}
		e := metrics.Effect{Estimate: actual[i] - forecast[i], SE: se[i], N: 1, NA: 1, NB: 1, MeanA: forecast[i], MeanB: actual[i], Method: "forecast as counterfactual"}
		e.Infer(opt.Level, math.Inf(1))
		r.PerPeriod[i] = e
		t.Estimate += e.Estimate
		t.MeanA += forecast[i]
		t.MeanB += actual[i]
		v += se[i] * (se[i] + 2*past)
		past = opt.Correlation * (past + se[i])
	}
	s := math.Sqrt(v)
	if !check.Finite(s) || !check.Finite(t.MeanA) || !check.Finite(t.MeanB) {
		return CounterfactualEffect{}, fmt.Errorf("causal: %s: sums over the periods: %w", where, ErrOverflow)
	}
	t.SE = s
	if opt.Scale != metrics.ScaleAbsolute {
		// The actual is what it is: only the forecast below the line errs.
		if err := t.Rescale(s, 0); err != nil {
			return CounterfactualEffect{}, fmt.Errorf("causal: %s: %w", where, err)
		}
		if t.SE == 0 {
			return CounterfactualEffect{}, undefined(where + ": relative effect: the actual sum is 0")
		}
	}
	t.Infer(opt.Level, math.Inf(1))
	r.Total = t
	return r, nil
}

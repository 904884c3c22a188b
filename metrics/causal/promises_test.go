package causal_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	// 16 users, in turn treated and not, of whom more buy where the score is high.
	scores, treated, outcome, ids := make([]float64, 16), make([]bool, 16), make([]float64, 16), make([]uint64, 16)
	for i := range scores {
		scores[i], treated[i], outcome[i], ids[i] = float64(i), i%2 == 0, float64(i*i%5%3), uint64(i)
	}
	curves := func() causal.UpliftCurves { return got(causal.Uplift(outcome, treated, scores)) }
	series := []float64{5, 6, 6.5, 5.5, 5, 6.2, 7, 6.8, 8, 9.5, 9, 8.2, 9.1, 10, 10.4, 9.8}
	testkit.Promises{
		Funcs: map[string]any{
			"Counterfactual": causal.Counterfactual, "InterruptedSeries": causal.InterruptedSeries, "NewOffPolicy": causal.NewOffPolicy,
			"NewUpliftHistogram": causal.NewUpliftHistogram, "Uplift": causal.Uplift, "UpliftAt": causal.UpliftAt, "UpliftBuckets": causal.UpliftBuckets,
			"UpliftIntervals": causal.UpliftIntervals,
		},
		Types: append(types, func() any { c := curves(); return &c }),
		Zero:  []string{"UpliftCurves", "OffPolicy", "DiffInDiff", "UpliftHistogram"},
		Args: map[string]func() []any{
			"Counterfactual": func() []any {
				return []any{series[8:], series[:8], []float64{1, 1, 1, 1, 1, 1, 1, 1}, causal.CounterfactualOptions{}}
			},
			"InterruptedSeries":  func() []any { return []any{series, 8, causal.InterruptedOptions{Lags: 2}} },
			"NewOffPolicy":       func() []any { return []any{causal.OffPolicyOptions{Clip: 2, Switch: 3}} },
			"NewUpliftHistogram": func() []any { return []any{causal.UpliftHistogramOptions{Min: -2, Max: 2, Bins: 4, Replicates: 20}} },
			"Uplift":             func() []any { return []any{outcome, treated, scores} },
			"UpliftAt":           func() []any { return []any{outcome, treated, scores, .5, false, metrics.CompareOptions{}} },
			"UpliftBuckets":      func() []any { return []any{outcome, treated, scores, 2, metrics.CompareOptions{}} },
			"UpliftIntervals": func() []any {
				return []any{context.Background(), outcome, treated, scores, ids, causal.UpliftBootOptions{Replicates: 30}}
			},
			"DiffInDiff.Add":            func() []any { return []any{int32(3), true, false, 1.5} },
			"OffPolicy.Add":             func() []any { return []any{1., .5, .25} },
			"OffPolicy.AddModel":        func() []any { return []any{1., .5, .25, .7, .3} },
			"OffPolicy.Result":          func() []any { return []any{.9} },
			"UpliftHistogram.Add":       func() []any { return []any{uint64(7), true, 1., .5} },
			"UpliftHistogram.Intervals": func() []any { return []any{.9} },
		},
		NaN: map[string]string{
			"Counterfactual":            "Effect.DF is +Inf for z",
			"UpliftIntervals":           "Effect.DF is +Inf for z",
			"UpliftHistogram.Intervals": "Effect.DF is +Inf for z",
			"OffPolicy.Result":          "Effect.DF is +Inf for z",
			"Uplift":                    "UpliftArea is NaN where no perfect order is known",
			"UpliftHistogram.Result":    "UpliftArea is NaN where no perfect order is known",
			"UpliftCurves.QiniCausalML": "of points that are the caller's own, and NaN where there is nothing to normalise by",
		},
	}.Check(t)
}

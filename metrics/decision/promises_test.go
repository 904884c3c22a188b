package decision_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/decision"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	ctx := context.Background()
	x := func() [][]float64 { return [][]float64{{1, 5, 2}, {2, 3, 4}, {4, 1, 3}} }
	up := []bool{true, false, true}
	must := func(b decision.Belief, err error) decision.Belief {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	rate := func(k, n int64) metrics.Proportion {
		p, err := metrics.NewProportion(k, n)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	channels := func() []decision.ChannelBudget {
		return []decision.ChannelBudget{{Curve: decision.HillCurve{Max: 100, Half: 10, Shape: 1}, Min: 1, Max: 50}, {Curve: decision.PowerCurve{Scale: 3, Exponent: .5}}}
	}
	effect := metrics.Effect{NA: 500, NB: 500, Estimate: .02, SE: .005, Low: .01, High: .03, Level: .95}
	testkit.Promises{
		Funcs: map[string]any{
			"AllocateBudget": decision.AllocateBudget, "AllocateUnits": decision.AllocateUnits, "AnalyticHierarchy": decision.AnalyticHierarchy,
			"BeliefInMean": decision.BeliefInMean, "BeliefInRate": decision.BeliefInRate, "BreakEvenRate": decision.BreakEvenRate, "CRITIC": decision.CRITIC,
			"Choose": decision.Choose, "CombineWeights": decision.CombineWeights, "EntropyWeights": decision.EntropyWeights, "FuzzyEvaluate": decision.FuzzyEvaluate,
			"GreyDrivers": decision.GreyDrivers, "GreyRelation": decision.GreyRelation, "IncrementalOf": decision.IncrementalOf,
			"IncrementalProfit": decision.IncrementalProfit, "MultiplyWeights": decision.MultiplyWeights, "TOPSIS": decision.TOPSIS,
		},
		Types: []func() any{
			func() any { b := must(decision.BeliefInMean(3, 1)); return &b },
			func() any { return &decision.HillCurve{Max: 100, Half: 10, Shape: 1} },
			func() any { return &decision.ExponentialCurve{Max: 100, Scale: 10} },
			func() any { return &decision.PowerCurve{Scale: 3, Exponent: .5} },
		},
		Zero: []string{"Belief", "HillCurve", "ExponentialCurve", "PowerCurve"},
		Args: map[string]func() []any{
			"AllocateBudget":    func() []any { return []any{ctx, 60., channels(), 0.} },
			"AllocateUnits":     func() []any { return []any{ctx, 3, [][]float64{{0, 3, 5, 6}, {0, 2, 4, 5}}} },
			"AnalyticHierarchy": func() []any { return []any{[][]float64{{1, 2, 4}, {.5, 1, 2}, {.25, .5, 1}}} },
			"BeliefInMean":      func() []any { return []any{3., 1.} },
			"BeliefInRate":      func() []any { return []any{rate(3, 10)} },
			"BreakEvenRate":     func() []any { return []any{1., 20.} },
			"CRITIC":            func() []any { return []any{x(), up} },
			"Choose": func() []any {
				return []any{ctx, []decision.Belief{must(decision.BeliefInMean(3, 1)), must(decision.BeliefInMean(2, 1))}, decision.ChooseOptions{Draws: 1000}}
			},
			"CombineWeights": func() []any { return []any{[]float64{.5, .5}, []float64{.2, .8}, .5} },
			"EntropyWeights": func() []any { return []any{x(), up, decision.EntropyNormalization(0)} },
			"FuzzyEvaluate": func() []any {
				return []any{[][]float64{{.2, .5, .3}, {.1, .6, .3}}, []float64{.5, .5}, decision.FuzzyOperator(0)}
			},
			"GreyDrivers":       func() []any { return []any{[]float64{1, 2, 3}, x(), decision.GreyScaling(0), .5} },
			"GreyRelation":      func() []any { return []any{x(), []float64{1, 1, 1}, up, .5} },
			"IncrementalOf":     func() []any { return []any{effect, 1000.} },
			"IncrementalProfit": func() []any { return []any{.1, 30., 1.} },
			"MultiplyWeights":   func() []any { return []any{[]float64{.5, .5}, []float64{.2, .8}} },
			"TOPSIS":            func() []any { return []any{x(), []float64{.5, .3, .2}, up} },
		},
		NaN: map[string]string{
			"Choose":                    "the first strategy does not beat itself",
			"IncrementalOf":             "IncrementalResult is NaN where nothing was spent",
			"HillCurve.Marginal":        "a formula of the caller's parameters",
			"HillCurve.Response":        "a formula of the caller's parameters",
			"ExponentialCurve.Marginal": "a formula of the caller's parameters",
			"ExponentialCurve.Response": "a formula of the caller's parameters",
			"PowerCurve.Marginal":       "a formula of the caller's parameters; +Inf at 0",
			"PowerCurve.Response":       "a formula of the caller's parameters",
		},
	}.Check(t)
}

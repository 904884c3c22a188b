package experiment_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	var types []func() any
	for _, f := range frames() {
		types = append(types, func() any { return f.Fill(t) })
	}
	ctx := context.Background()
	a, b := []float64{5, 7, 6, 8, 5, 9}, []float64{4, 7.5, 6, 9, 7, 8}
	power := experiment.PowerOptions{Alpha: .05, Power: .8, Ratio: 2}
	paired := experiment.PairedOptions{Replicates: 100, Level: .9, Workers: 1}
	compare := metrics.CompareOptions{Level: .9}
	effect := func() metrics.Effect {
		return got(metrics.CompareMeans(got(metrics.MomentsOf(a)), got(metrics.MomentsOf(b)), compare))
	}
	ratio := func(xs []float64) experiment.RatioMoments {
		var r experiment.RatioMoments
		for i, x := range xs {
			done(t, r.Add(x, float64(i+1)))
		}
		return r
	}
	clusters := func(xs []float64) *experiment.Clusters[string] {
		c := &experiment.Clusters[string]{}
		for i, x := range xs {
			done(t, c.Add(string(rune('a'+i/2)), x))
		}
		return c
	}
	cuped := func(xs []float64) experiment.CUPED {
		var c experiment.CUPED
		for i, x := range xs {
			done(t, c.Add(x, x+float64(i%2)))
		}
		return c
	}
	cupedRatio := func(xs []float64) experiment.CUPEDRatio {
		var c experiment.CUPEDRatio
		for i, x := range xs {
			done(t, c.Add(x, float64(i+1), x+float64(i%2), float64(i%3+1)))
		}
		return c
	}
	options := experiment.Options{
		Arms: []string{"none", "mail"}, Weights: []float64{1, 2}, Outcomes: 2, Level: .9, Timed: true,
		Metrics: []experiment.Metric{{Name: "capped", Kind: experiment.Ratio, Outcome: 1, Per: 0, Cap: .9, Floor: .2, Window: time.Hour}},
	}
	plain := func() *experiment.Run[string] { // without times
		x := got(experiment.New[string](experiment.Options{Arms: []string{"none", "mail"}, Outcomes: 1, Metrics: []experiment.Metric{{Name: "spent"}}}))
		for i := range 12 {
			u := string(rune('a' + i))
			done(t, x.Assign(u, i%2), x.Add(u, 0, float64(i*7%5)))
		}
		return x
	}
	testkit.Promises{
		Funcs: map[string]any{
			"CompareAUC": experiment.CompareAUC, "CompareCorrect": experiment.CompareCorrect, "CompareFolds": experiment.CompareFolds,
			"AdjustEffects": experiment.AdjustEffects, "AdjustPValues": experiment.AdjustPValues, "AlwaysValid": experiment.AlwaysValid,
			"CohenH": experiment.CohenH, "CompareClusters": experiment.CompareClusters[string], "CompareModels": experiment.CompareModels,
			"ComparePaired": experiment.ComparePaired, "CompareRatios": experiment.CompareRatios,
			"DetectableDifference": experiment.DetectableDifference, "DetectableMean": experiment.DetectableMean,
			"DetectableProportion": experiment.DetectableProportion, "PowerMeans": experiment.PowerMeans,
			"PowerProportions": experiment.PowerProportions, "NewAssigner": experiment.NewAssigner, "NewKeyedAssigner": experiment.NewKeyedAssigner,
			"CompareCUPED": experiment.CompareCUPED, "CompareCUPEDRatios": experiment.CompareCUPEDRatios,
			"NewGroupSequential": experiment.NewGroupSequential, "CompareSegments": experiment.CompareSegments,
			"BayesEffect": experiment.BayesEffect, "BayesProportions": experiment.BayesProportions, "New": experiment.New[string],
			"SampleRatio": experiment.SampleRatio, "SampleSizeLehr": experiment.SampleSizeLehr, "SampleSizeMeans": experiment.SampleSizeMeans,
			"SampleSizeProportions": experiment.SampleSizeProportions, "CompareWinsorized": experiment.CompareWinsorized,
		},
		Types: append(
			types,
			func() any { return plain() },
			func() any { return got(experiment.NewAssigner("mail", []float64{1, 2})) },
			func() any {
				return got(experiment.NewGroupSequential([]float64{.5, 1}, experiment.GroupSequentialOptions{}))
			},
			func() any { c := experiment.Holm; return &c },
			func() any { r := got(plain().Result()); return &r },
			func() any { s := got(experiment.SampleSizeMeans(2, 20, power)); return &s },
		),
		Zero: []string{"RatioMoments", "CUPED", "CUPEDRatio", "Clusters", "Correction"},
		Args: map[string]func() []any{
			"CompareAUC":           func() []any { return []any{[]bool{true, true, false, false, true, false}, a, b, compare} },
			"CompareCorrect":       func() []any { return []any{[]bool{true, false, true, false}, []bool{true, true, true, false}, compare} },
			"CompareFolds":         func() []any { return []any{a, b, .25, compare} },
			"AdjustEffects":        func() []any { return []any{[]metrics.Effect{effect(), effect()}, experiment.Holm} },
			"AdjustPValues":        func() []any { return []any{[]float64{.01, .5, .03}, experiment.Holm} },
			"AlwaysValid":          func() []any { return []any{effect(), experiment.SequentialOptions{Level: .9, Users: 100}} },
			"CohenH":               func() []any { return []any{.1, .12} },
			"CompareClusters":      func() []any { return []any{clusters(a), clusters(b), compare} },
			"CompareModels":        func() []any { return []any{ctx, [][]float64{a, b}, paired} },
			"ComparePaired":        func() []any { return []any{ctx, a, b, paired} },
			"CompareRatios":        func() []any { return []any{ratio(a), ratio(b), compare} },
			"DetectableDifference": func() []any { return []any{a, b, power} },
			"DetectableMean":       func() []any { return []any{20., 1000., power} },
			"DetectableProportion": func() []any { return []any{.1, 3000., power} },
			"PowerMeans":           func() []any { return []any{2., 20., 1000., 1000., power} },
			"PowerProportions":     func() []any { return []any{.1, .12, 3000., 3000., power} },
			"NewAssigner":          func() []any { return []any{"mail", []float64{1, 2}} },
			"NewKeyedAssigner":     func() []any { return []any{[]byte("0123456789abcdef"), "mail", []float64{1, 2}} },
			"CompareCUPED":         func() []any { return []any{cuped(a), cuped(b), compare} },
			"CompareCUPEDRatios":   func() []any { return []any{cupedRatio(a), cupedRatio(b), compare} },
			"NewGroupSequential":   func() []any { return []any{[]float64{.5, 1}, experiment.GroupSequentialOptions{Alpha: .05}} },
			"CompareSegments":      func() []any { return []any{[]metrics.Effect{effect(), effect()}, experiment.Holm} },
			"BayesEffect":          func() []any { return []any{effect(), experiment.GaussianPrior{Mean: 0, SD: 1}} },
			"BayesProportions": func() []any {
				return []any{proportion(10, 100), proportion(19, 100), experiment.BetaPrior{Alpha: 2, Beta: 20}, .9}
			},
			"New":                   func() []any { return []any{options} },
			"SampleRatio":           func() []any { return []any{[]int64{500, 520}, []float64{1, 1}} },
			"SampleSizeLehr":        func() []any { return []any{400., 2.} },
			"SampleSizeMeans":       func() []any { return []any{2., 20., power} },
			"SampleSizeProportions": func() []any { return []any{.1, .12, power} },
			"CompareWinsorized":     func() []any { return []any{a, b, experiment.WinsorOptions{CompareOptions: compare, Quantile: .9}} },

			"GroupSequential.Inflation": func() []any { return []any{.8} },
			"GroupSequential.Power":     func() []any { return []any{2.5} },
			"GroupSequential.Reject":    func() []any { return []any{1, effect()} },
			"RatioMoments.Add":          func() []any { return []any{1., 2.} },
			"Clusters.Add":              func() []any { return []any{"east", 2.} },
			"Clusters.Forget":           func() []any { return []any{"east"} },
			"Run.Add":                   func() []any { return []any{"a", 0, 2.} },
			"Run.AddPre":                func() []any { return []any{"a", 0, 2.} },
			"Run.AddAt":                 func() []any { return []any{"a", 0, 2., hour(3)} },
			"Run.AsOf":                  func() []any { return []any{hour(30)} },
			"Run.Assign":                func() []any { return []any{"z", 1} },
			"Run.AssignAt":              func() []any { return []any{"z", 1, hour(3)} },
			"Run.ResultBy": func() []any {
				return []any{func(u string) string { return map[bool]string{true: "early", false: "late"}[u < "m"] }, -1}
			},
			"SampleSize.Days": func() []any { return []any{100., .5} },
		},
		NaN: map[string]string{
			"CompareAUC":     "Effect.DF is +Inf for z",
			"CompareCorrect": "Effect.DF is +Inf for z",
			"AdjustEffects":  "effects as they were given", "AlwaysValid": "Effect.DF is +Inf for z", "BayesEffect": "a posterior has no test: Statistic, DF and PValue are NaN", "BayesProportions": "a posterior has no test: Statistic, DF and PValue are NaN", "CompareModels": "Effect.DF is +Inf for z", "ComparePaired": "Effect.DF is +Inf for z", "CompareSegments": "Effect.DF is +Inf for z",
			"CohenH": "NaN for rates outside [0, 1]", "SampleRatio": "ChiSquared is +Inf where an expected count is next to 0",
			"Run.Result": "Row.Theta and Row.Cap are NaN where the question has none, Effect.DF is +Inf for z", "Run.ResultBy": "as Run.Result",
		},
		Settles: map[string]string{
			"Run.Add": "refused by a Timed Run, one of the two here", "Run.Assign": "as Run.Add", "Run.AddAt": "refused by a Run that is not Timed, one of the two here",
			"Run.AssignAt": "as Run.AddAt", "Run.AsOf": "as Run.AddAt", "Result.Table": "a table without rows, which can be written",
		},
	}.Check(t)
}

package metrics_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/metrics/kpi"
	"github.com/aislekit/aisle/metrics/ranking"
	"pgregory.net/rapid"
)

// TestHostileProp hands NaN, infinities, nothing and uneven lengths to the
// functions over slices and numbers: none may panic, and what is not finite must
// come with an error, not as a number among others.
func TestHostileProp(t *testing.T) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 0, math.Copysign(0, -1), -1, 1, .5, 2}
	rapid.Check(t, func(t *rapid.T) {
		num := rapid.OneOf(rapid.SampledFrom(bad), rapid.Float64())
		xs := func(name string) []float64 { return rapid.SliceOfN(num, 0, 6).Draw(t, name) }
		x := func(name string) float64 { return num.Draw(t, name) }
		a, b, c := xs("a"), xs("b"), xs("c")
		u, v, w := x("u"), x("v"), x("w")
		labels := rapid.SliceOfN(rapid.Bool(), 0, 6).Draw(t, "labels")
		n := rapid.IntRange(-2, 7).Draw(t, "n")
		notFinite := func(s []float64) bool {
			for _, x := range s {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return true
				}
			}
			return false
		}
		ctx := context.Background()
		// Each returns its error; inputs that are not finite must give one.
		for name, f := range map[string]func() ([][]float64, error){
			"AUC": func() ([][]float64, error) { _, err := metrics.AUC(labels, a, nil); return [][]float64{a}, err },
			"AveragePrecision": func() ([][]float64, error) {
				_, err := metrics.AveragePrecision(labels, a, b)
				return [][]float64{a, b}, err
			},
			"LogLoss": func() ([][]float64, error) { _, _, err := metrics.LogLoss(labels, a, nil); return [][]float64{a}, err },
			"Brier":   func() ([][]float64, error) { _, err := metrics.Brier(labels, a, nil); return [][]float64{a}, err },
			"KS":      func() ([][]float64, error) { _, err := metrics.KS(labels, a, nil); return [][]float64{a}, err },
			"LiftAt": func() ([][]float64, error) {
				_, err := metrics.LiftAt(labels, a, nil, u)
				return [][]float64{a, {u}}, err
			},
			"Gains": func() ([][]float64, error) { _, err := metrics.Gains(labels, a, nil, n); return [][]float64{a}, err },
			"ROC":   func() ([][]float64, error) { _, err := metrics.ROC(labels, a, nil); return [][]float64{a}, err },
			"NDCGOfScores": func() ([][]float64, error) {
				_, err := ranking.NDCGOfScores(a, b, n, ranking.GainLinear)
				return [][]float64{a, b}, err
			},
			"MASE":  func() ([][]float64, error) { _, err := metrics.MASE(a, b, c, n); return [][]float64{a, b, c}, err },
			"RMSSE": func() ([][]float64, error) { _, err := metrics.RMSSE(a, b, c, n); return [][]float64{a, b, c}, err },
			"SMAPE": func() ([][]float64, error) { _, err := metrics.SMAPE(a, b); return [][]float64{a, b}, err },
			"WMAE":  func() ([][]float64, error) { _, err := metrics.WMAE(a, b, c); return [][]float64{a, b, c}, err },
			"PinballLoss": func() ([][]float64, error) {
				_, err := metrics.PinballLoss(a, b, u)
				return [][]float64{a, b, {u}}, err
			},
			"ScoreIntervals": func() ([][]float64, error) {
				_, err := metrics.ScoreIntervals(a, b, c, .9)
				return [][]float64{a, b, c}, err
			},
			"KSTest": func() ([][]float64, error) { _, _, err := drift.KSTest(a, b); return [][]float64{a, b}, err },
			"CalibrationKL": func() ([][]float64, error) {
				_, err := ranking.CalibrationKL(a, b, u)
				return [][]float64{a, b, {u}}, err
			},
			"AdjustPValues": func() ([][]float64, error) {
				_, err := experiment.AdjustPValues(a, experiment.BenjaminiHochberg)
				return [][]float64{a}, err
			},
			"MomentsOf": func() ([][]float64, error) { _, err := metrics.MomentsOf(a); return [][]float64{a}, err },
			"CompareWinsorized": func() ([][]float64, error) {
				_, err := experiment.CompareWinsorized(a, b, experiment.WinsorOptions{})
				return [][]float64{a, b}, err
			},
			"InterruptedSeries": func() ([][]float64, error) {
				y := append(append(append([]float64{}, a...), b...), c...)
				r, err := causal.InterruptedSeries(y, len(a), causal.InterruptedOptions{Errors: causal.InterruptedErrors(n & 1)})
				if err == nil && (math.IsNaN(r.Level.Low) || math.IsNaN(r.Level.PValue) || !(r.Level.Low <= r.Level.High)) {
					t.Fatalf("InterruptedSeries of %v: %+v", y, r.Level)
				}
				return [][]float64{y}, err
			},
			"Counterfactual": func() ([][]float64, error) {
				_, err := causal.Counterfactual(a, b, c, causal.CounterfactualOptions{})
				return [][]float64{a, b, c}, err
			},
			"Decompose":       func() ([][]float64, error) { _, err := kpi.Decompose(a, b, 0); return [][]float64{a, b}, err },
			"PriceElasticity": func() ([][]float64, error) { _, err := decision.PriceElasticity(a, b); return [][]float64{a, b}, err },
			"ComparePaired": func() ([][]float64, error) {
				_, err := experiment.ComparePaired(ctx, a, b, experiment.PairedOptions{Replicates: 20})
				return [][]float64{a, b}, err
			},
			"Uplift": func() ([][]float64, error) { _, err := causal.Uplift(a, labels, b); return [][]float64{a, b}, err },
			"UpliftBuckets": func() ([][]float64, error) {
				_, err := causal.UpliftBuckets(a, labels, b, n, metrics.CompareOptions{})
				return [][]float64{a, b}, err
			},
			"TOPSIS": func() ([][]float64, error) {
				_, err := decision.TOPSIS([][]float64{a, b}, c, nil)
				return [][]float64{a, b, c}, err
			},
			"EntropyWeights": func() ([][]float64, error) {
				_, err := decision.EntropyWeights([][]float64{a, b}, nil, 0)
				return [][]float64{a, b}, err
			},
			"CRITIC": func() ([][]float64, error) {
				_, err := decision.CRITIC([][]float64{a, b}, nil)
				return [][]float64{a, b}, err
			},
			"GreyRelation": func() ([][]float64, error) {
				_, err := decision.GreyRelation([][]float64{a, b}, c, nil, .5)
				return [][]float64{a, b, c}, err
			},
			"GreyDrivers": func() ([][]float64, error) {
				_, err := decision.GreyDrivers(a, [][]float64{b, c}, 0, .5)
				return [][]float64{a, b, c}, err
			},
			"FuzzyEvaluate": func() ([][]float64, error) {
				_, err := decision.FuzzyEvaluate([][]float64{a, b}, c, 0)
				return [][]float64{a, b, c}, err
			},
			"AnalyticHierarchy": func() ([][]float64, error) {
				_, err := decision.AnalyticHierarchy([][]float64{a, b})
				return [][]float64{a, b}, err
			},
			"SeparationOf": func() ([][]float64, error) {
				_, err := metrics.SeparationOf([][]float64{a, b, c}, []int{0, 1, n})
				return [][]float64{a, b, c}, err
			},
			"NewBinned": func() ([][]float64, error) { _, err := drift.NewBinned(a, n); return [][]float64{a}, err },
			"NewGroupSequential": func() ([][]float64, error) {
				_, err := experiment.NewGroupSequential(a, experiment.GroupSequentialOptions{Spending: experiment.Spending(n & 3)})
				return [][]float64{a}, err
			},
			"SampleRatio": func() ([][]float64, error) {
				_, err := experiment.SampleRatio([]int64{int64(n), 5}, a)
				return [][]float64{a}, err
			},
			"SampleSizeMeans": func() ([][]float64, error) {
				_, err := experiment.SampleSizeMeans(u, v, experiment.PowerOptions{})
				return [][]float64{{u, v}}, err
			},
			"SampleSizeProportions": func() ([][]float64, error) {
				_, err := experiment.SampleSizeProportions(u, v, experiment.PowerOptions{Power: w})
				return [][]float64{{u, v}}, err
			},
			"DetectableMean": func() ([][]float64, error) {
				_, err := experiment.DetectableMean(u, v, experiment.PowerOptions{})
				return [][]float64{{u, v}}, err
			},
			"PowerMeans": func() ([][]float64, error) {
				_, err := experiment.PowerMeans(u, v, w, 9, experiment.PowerOptions{})
				return [][]float64{{u, v, w}}, err
			},
			"BreakEvenRate": func() ([][]float64, error) { _, err := decision.BreakEvenRate(u, v); return [][]float64{{u, v}}, err },
			"IncrementalProfit": func() ([][]float64, error) {
				_, err := decision.IncrementalProfit(u, v, w)
				return [][]float64{{u, v, w}}, err
			},
			"BeliefInMean": func() ([][]float64, error) { _, err := decision.BeliefInMean(u, v); return [][]float64{{u, v}}, err },
			"AlwaysValid": func() ([][]float64, error) {
				_, err := experiment.AlwaysValid(metrics.Effect{Estimate: u, SE: v, N: 9}, experiment.SequentialOptions{})
				return [][]float64{{u, v}}, err
			},
			"BayesEffect": func() ([][]float64, error) {
				_, err := experiment.BayesEffect(metrics.Effect{Estimate: u, SE: v, N: 9}, experiment.GaussianPrior{Mean: 0, SD: 1})
				return [][]float64{{u, v}}, err
			},
		} {
			in, err := f()
			for _, s := range in {
				if err == nil && notFinite(s) {
					t.Fatalf("%s took %v without an error", name, in)
				}
			}
		}
	})
}

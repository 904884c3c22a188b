package metrics_test

import (
	"bytes"
	"context"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/attribution"
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
			"Decompose": func() ([][]float64, error) { _, err := kpi.Decompose(a, b, 0); return [][]float64{a, b}, err },
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

// TestHostileAddProp hands NaN, infinities, huge numbers, bad indices, times
// and lengths to the Add methods of the accumulators. None may panic; what is
// not finite must come with an error; an error changes nothing; and what they
// took must survive the binary form.
func TestHostileAddProp(outer *testing.T) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 0, math.Copysign(0, -1), -1, 1, .5, 2, 1e200}
	ints := []int64{math.MinInt64, math.MaxInt64, -1, 0, 1, 7, 1 << 61}
	times := []time.Time{{}, time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0), day0, day0.AddDate(0, 3, 1), day0.AddDate(-400, 0, 0), day0.AddDate(5000, 0, 0)}
	rapid.Check(outer, func(t *rapid.T) {
		num := rapid.OneOf(rapid.SampledFrom(bad), rapid.Float64())
		x := func() float64 { return num.Draw(t, "x") }
		n := func() int64 { return rapid.SampledFrom(ints).Draw(t, "n") }
		i32 := func() int32 { return rapid.Int32Range(-2, 5).Draw(t, "index") }
		list := func() []int32 { return rapid.SliceOfN(rapid.Int32Range(-1, 4), 0, 4).Draw(t, "list") }
		xs := func() []float64 { return rapid.SliceOfN(num, 0, 4).Draw(t, "xs") }
		at := func() time.Time { return rapid.SampledFrom(times).Draw(t, "at") }
		yes := func() bool { return rapid.Bool().Draw(t, "yes") }
		var (
			moments    metrics.Moments
			ratio      metrics.Ratio
			rm         experiment.RatioMoments
			cuped      experiment.CUPED
			cr         experiment.CUPEDRatio
			clusters   experiment.Clusters[float64]
			shops      experiment.Clusters[int]
			did        causal.DiffInDiff[int]
			regression metrics.Regression
			loss       metrics.BinaryLoss
			confusion  metrics.Confusion
			forecasts  metrics.Forecasts
			quantiles  metrics.Quantiles
			counts     kpi.Counts
			engagement kpi.Engagement
			customers  kpi.Customers[int]
			activity   kpi.Activity[int]
			cusum      drift.CUSUM
			ewma       drift.EWMA
			ph         drift.PageHinkley
			agreement  metrics.Agreement
			lists      ranking.Tally[int32]
			beyond     ranking.Beyond[int32]
		)
		o := ok[*causal.OffPolicy](outer)(causal.NewOffPolicy(causal.OffPolicyOptions{}))
		scores := ok[*metrics.ScoreHistogram](outer)(metrics.NewScoreHistogram(0, 1, 3))
		uplift := ok[*causal.UpliftHistogram](outer)(causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Bins: 3, Replicates: 2}))
		bins := ok[*drift.Binned](outer)(drift.BinnedByEdges([]float64{0, 1}))
		exposure := ok[*ranking.Exposure](outer)(ranking.NewExposure([]int32{0, 1, 1}))
		dense := ok[*ranking.Dense](outer)(ranking.NewDense(4, ranking.Options{Gain: ranking.GainExponential}))
		paths := ok[*attribution.Paths](outer)(attribution.New(attribution.Options{}))
		steps := kpi.FunnelOptions{Steps: []string{"view", "buy"}, Window: time.Hour}
		funnel := ok[*kpi.Funnel](outer)(kpi.NewFunnel(steps))
		builder := ok[*kpi.FunnelBuilder[int]](outer)(kpi.NewFunnelBuilder[int](steps))
		experiment := ok[*experiment.Run[int]](outer)(experiment.New[int](experiment.Options{Arms: []string{"a", "b"}, Outcomes: 2, Metrics: []experiment.Metric{{Name: "m"}}}))
		user := func() int { return int(i32()) }
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			gains := map[int32]float64{i32(): x(), i32(): x()}
			values := []float64{}
			for _, g := range gains {
				values = append(values, g)
			}
			type act struct {
				state binaryForm
				in    []float64 // must be finite to be taken
				add   func(in []float64) error
			}
			for k, a := range []act{
				{&moments, []float64{x()}, func(v []float64) error { return moments.Add(v[0]) }},
				{&ratio, nil, func([]float64) error { return ratio.Add(n(), n()) }},
				{&rm, []float64{x(), x()}, func(v []float64) error { return rm.Add(v[0], v[1]) }},
				{&cuped, []float64{x(), x()}, func(v []float64) error { return cuped.Add(v[0], v[1]) }},
				{&cuped, []float64{x()}, func(v []float64) error { return cuped.AddMissing(v[0]) }},
				{&cr, []float64{x(), x(), x(), x()}, func(v []float64) error { return cr.Add(v[0], v[1], v[2], v[3]) }},
				{&cr, []float64{x(), x()}, func(v []float64) error { return cr.AddMissing(v[0], v[1]) }},
				{&shops, []float64{x()}, func(v []float64) error { return shops.Add(user(), v[0]) }},
				{nil, []float64{x(), x()}, func(v []float64) error {
					if math.IsInf(v[0], 0) {
						v[0] = 0 // an infinite name is a name
					}
					return clusters.Add(v[0], v[1])
				}},
				{&did, []float64{x()}, func(v []float64) error { return did.Add(user(), yes(), yes(), v[0]) }},
				{&regression, []float64{x(), x()}, func(v []float64) error { return regression.Add(v[0], v[1]) }},
				{&loss, []float64{x(), x()}, func(v []float64) error { return loss.AddWeighted(yes(), v[0], v[1]) }},
				{&confusion, xs(), func(v []float64) error { return confusion.AddScores(make([]bool, user()&3), v, 0) }},
				{&confusion, []float64{x(), x()}, func(v []float64) error {
					if math.IsInf(v[1], 0) {
						v[1] = 0 // an infinite threshold is one
					}
					return confusion.AddScores([]bool{true}, v[:1], v[1])
				}},
				{&forecasts, []float64{x(), x(), x(), x(), x()}, func(v []float64) error {
					return second(forecasts.Add(v[:1], v[1:2], v[2:4], user(), v[4]))
				}},
				{&quantiles, []float64{x()}, func(v []float64) error { return quantiles.Add(v[0]) }},
				{&counts, nil, func([]float64) error { return counts.Add(kpi.Counts{Clicks: n(), GrossMargin: n(), Cost: n()}) }},
				{&engagement, nil, func([]float64) error { return engagement.Add(kpi.Engagement{Reach: n(), Likes: n()}) }},
				{&customers, nil, func([]float64) error { return customers.Add(user(), n()) }},
				{&activity, nil, func([]float64) error { return activity.Add(user(), at()) }},
				{&activity, nil, func([]float64) error { return activity.Start(user(), at()) }},
				{&cusum, []float64{x()}, func(v []float64) error { return second(cusum.Add(v[0])) }},
				{&ewma, []float64{x()}, func(v []float64) error { return second(ewma.Add(v[0])) }},
				{&ph, []float64{x()}, func(v []float64) error { return second(ph.Add(v[0])) }},
				{&agreement, nil, func([]float64) error { agreement.Add(int(int32(n())), user()); return nil }},
				{&lists, values, func([]float64) error { return lists.Add(list(), gains) }},
				{&beyond, values, func([]float64) error { return beyond.AddRelevant(list(), gains) }},
				{o, []float64{x(), x(), x()}, func(v []float64) error { return o.Add(v[0], v[1], v[2]) }},
				{o, []float64{x(), x(), x()}, func(v []float64) error { return o.AddModel(v[0], .5, .25, v[1], v[2]) }},
				{scores, []float64{x()}, func(v []float64) error { return scores.Add(yes(), v[0]) }},
				{uplift, []float64{x(), x()}, func(v []float64) error { return uplift.Add(3, yes(), v[0], v[1]) }},
				{bins, nil, func([]float64) error { return bins.Add(x()) }},
				{exposure, nil, func([]float64) error { return exposure.Add(list(), list(), list()) }},
				{dense, nil, func([]float64) error { return dense.Add(list(), list()) }},
				{dense, xs(), func(v []float64) error { return dense.AddGraded(list(), list(), v) }},
				{paths, nil, func([]float64) error {
					return paths.Add([]attribution.Touch{{Channel: "x", At: at()}, {At: at()}}, yes(), n())
				}},
				{paths, nil, func([]float64) error { return paths.AddPath([]string{"x", "y"}, n(), n(), n()) }},
				{funnel, nil, func([]float64) error {
					return funnel.AddUser([]kpi.FunnelEvent{{Step: user(), At: at()}, {Step: user(), At: at()}})
				}},
				{builder, nil, func([]float64) error { return builder.Add(user(), user(), at()) }},
				{experiment, nil, func([]float64) error { return experiment.Assign(user(), user()) }},
				{experiment, []float64{x()}, func(v []float64) error { return experiment.Add(user(), user(), v[0]) }},
				{experiment, []float64{x()}, func(v []float64) error { return experiment.AddPre(user(), user(), v[0]) }},
			} {
				var before []byte
				if a.state != nil {
					before = ok[[]byte](outer)(a.state.MarshalBinary())
				}
				err := a.add(a.in)
				for _, v := range a.in {
					if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
						t.Fatalf("%d, %T took %v without an error", k, a.state, a.in)
					}
				}
				if a.state == nil {
					continue
				}
				after := ok[[]byte](outer)(a.state.MarshalBinary())
				if err != nil && !bytes.Equal(before, after) {
					t.Fatalf("%d, %T changed although %v", k, a.state, err)
				}
				back := reflect.New(reflect.TypeOf(a.state).Elem()).Interface().(binaryForm)
				if err := back.UnmarshalBinary(after); err != nil {
					t.Fatalf("%d, %T took %v but cannot be read back: %v", k, a.state, a.in, err)
				}
			}
		}
	})
}

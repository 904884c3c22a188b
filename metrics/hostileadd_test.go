package metrics_test

import (
	"bytes"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/attribution"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/metrics/kpi"
	"github.com/aislekit/aisle/metrics/ranking"
	"pgregory.net/rapid"
)

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

package metrics_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/attribution"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
)

// moreSimulations are rows for experiments over so few units that only a proper
// number of degrees of freedom keeps the promise, and for money, prices, sampled
// credit and uplift.
func moreSimulations(t testing.TB) []simulation {
	var out []simulation
	add := func(s simulation) { out = append(out, s) }
	abs := metrics.CompareOptions{}
	for _, c := range []struct {
		name           string
		units, treated int
		uneven         bool
	}{
		{"8 units, 4 treated", 8, 4, false},
		{"12 units, 4 treated", 12, 4, false},
		{"12 units, 6 treated, 1 to 8 rows a period", 12, 6, true},
	} {
		add(simulation{name: "differences in differences, " + c.name, cover: .95, alarm: .05, atLeast: true, cost: 2, draw: effectOf(0, drawDiDFew(c.units, c.treated, c.uneven, abs))})
	}
	add(simulation{name: "clusters, 5 and 5, of 5 to 8 units", cover: .95, alarm: .05, atLeast: true, cost: 2, draw: effectOf(0, drawClustersFew(5, 5, 8, abs))})
	add(simulation{name: "clusters, 6 and 6, of 2 to 40 units", cover: .95, alarm: .05, atLeast: true, cost: 2, draw: effectOf(0, drawClustersFew(6, 2, 40, abs))})

	add(simulation{name: "segments pooled", cover: .95, draw: effectOf(1, func(r *rng.Stream) (metrics.Effect, error) {
		var effects []metrics.Effect
		for i := range 5 {
			se := .5 + float64(i)
			effects = append(effects, metrics.Effect{Estimate: 1 + se*r.Normal(), SE: se, PValue: 1})
		}
		h, err := experiment.CompareSegments(effects, experiment.Holm)
		return h.Pooled, err
	})})
	for i, name := range []string{"incremental value", "return on cost (iROAS)", "cost per unit (iCPA)"} {
		add(simulation{name: name, cover: .95, cost: 2, draw: func(r *rng.Stream) (bool, bool, error) {
			const cost, gain, treated = 2000., 4., 900
			var arms [2]metrics.Moments
			var err error
			for k := range 300 + treated {
				b := min(k/300, 1)
				err = errors.Join(err, arms[b].Add(20*r.Exp()+gain*float64(b)))
			}
			if err != nil {
				return false, false, err
			}
			e, err := metrics.CompareMeans(arms[0], arms[1], abs)
			if err != nil {
				return false, false, err
			}
			x, err := decision.IncrementalOf(e, cost)
			truth := [3]float64{gain * treated, gain * treated / cost, cost / gain / treated}[i]
			iv := [3]metrics.Interval{x.Range, x.PerCostRange, x.CostPerRange}[i]
			if math.IsNaN(iv.Low) { // a gain of 0 is not ruled out: the cost has no upper bound
				iv = metrics.Interval{Low: cost / x.Range.High, High: math.Inf(1)}
			}
			return iv.Low <= truth && truth <= iv.High, false, err
		}})
	}
	add(simulation{name: "value of a strategy, rates from the prior", cover: .95, cost: 10, draw: func(r *rng.Stream) (bool, bool, error) {
		var beliefs []decision.Belief
		var truth []float64
		for range 3 {
			p := r.Float64()
			truth = append(truth, 50*p-2)
			beliefs = append(beliefs, decision.BeliefInRate(proportion(int64(r.Binomial(60, p)), 60)).Worth(50, 2))
		}
		c, err := decision.Choose(context.Background(), beliefs, decision.ChooseOptions{Draws: 2000, Seed: r.Uint64(), Workers: 1})
		if err != nil {
			return false, false, err
		}
		i := r.Intn(3)
		iv := c.Strategies[i].Range
		return iv.Low <= truth[i] && truth[i] <= iv.High, false, nil
	}})
	add(shapleySimulation(t))
	for _, perArm := range []bool{false, true} {
		name := map[bool]string{false: "of all users", true: "of each arm"}[perArm]
		add(simulation{name: "uplift of the best 30 % " + name, cover: .95, cost: 2, draw: effectOf(.12, drawUpliftAt(.12, perArm))})
		add(simulation{name: "uplift of the best 30 % " + name + ", no effect", cover: .95, alarm: .05, cost: 2, draw: effectOf(0, drawUpliftAt(0, perArm))})
	}
	add(simulation{name: "uplift histogram", cover: .95, cost: 10, draw: drawUpliftHistogram(.3)})
	add(simulation{name: "uplift histogram, no effect", cover: .95, alarm: .05, cost: 10, draw: drawUpliftHistogram(0)})
	add(simulation{name: "Kolmogorov-Smirnov, two samples", alarm: .05, atLeast: true, cost: 2, draw: func(r *rng.Stream) (bool, bool, error) {
		a, b := make([]float64, 80), make([]float64, 120)
		for i := range a {
			a[i] = r.Normal()
		}
		for i := range b {
			b[i] = r.Normal()
		}
		_, p, err := drift.KSTest(a, b)
		return false, p < .05, err
	}})
	add(simulation{name: "Kolmogorov-Smirnov, 20 bins", alarm: .05, atLeast: true, cost: 2, draw: func(r *rng.Stream) (bool, bool, error) {
		var a, b [20]int64
		for range 500 {
			a[r.Intn(20)]++
			b[r.Intn(20)]++
		}
		d, err := drift.CompareCounts(a[:], b[:])
		return false, d.PKS < .05, err
	}})
	return out
}

func drawDiDFew(units, treated int, uneven bool, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var d causal.DiffInDiff[int]
		var err error
		for u := range units {
			own, drift := 10+3*r.Normal(), r.Normal()
			for _, after := range []bool{false, true} {
				n := 3
				if uneven {
					n = 1 + r.Intn(8)
				}
				for range n {
					y := own + r.Normal()
					if after {
						y += 1 + drift
					}
					err = errors.Join(err, d.Add(u, u < treated, after, y))
				}
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return d.Result(o)
	}
}

func drawClustersFew(each, least, most int, o metrics.CompareOptions) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		var arms [2]experiment.Clusters[int]
		var err error
		for k := range 2 * each {
			shop := 20 + 2*r.Normal()
			for range least + r.Intn(most-least+1) {
				err = errors.Join(err, arms[k%2].Add(k, shop+2*r.Normal()))
			}
		}
		if err != nil {
			return metrics.Effect{}, err
		}
		return experiment.CompareClusters(&arms[0], &arms[1], o)
	}
}

// shapleySimulation samples the Shapley values of one journey data set and asks
// for the exact one of a channel.
func shapleySimulation(t testing.TB) simulation {
	const channels = 7
	a, err := attribution.New(attribution.Options{})
	must(t, err)
	r := rng.New(20261122, rng.HashString("journeys"), 0)
	for range 60 {
		var path []string
		for range 1 + r.Intn(4) {
			path = append(path, string(rune('a'+r.Intn(channels))))
		}
		must(t, a.AddPath(path, int64(1+r.Intn(9)), int64(20+r.Intn(60)), 0))
	}
	exact, err := a.Shapley(context.Background(), attribution.ShapleyOptions{Value: attribution.ShapleyRate})
	must(t, err)
	if !exact.Exact || len(exact.Channels) != channels {
		t.Fatalf("%+v", exact)
	}
	z := infer.NormalQuantile(.975)
	return simulation{name: "sampled Shapley value, 300 samples", cover: .95, cost: 10, draw: func(r *rng.Stream) (bool, bool, error) {
		s, err := a.Shapley(context.Background(), attribution.ShapleyOptions{Value: attribution.ShapleyRate, Samples: 300, Seed: r.Uint64()})
		if err != nil {
			return false, false, err
		}
		c := r.Intn(channels)
		return math.Abs(s.Channels[c].Conversions-exact.Channels[c].Conversions) <= z*s.Channels[c].SE, false, nil
	}}
}

// drawUpliftAt has the same effect for every user of the better half.
func drawUpliftAt(effect float64, perArm bool) func(*rng.Stream) (metrics.Effect, error) {
	return func(r *rng.Stream) (metrics.Effect, error) {
		const n = 1500
		y, treated, score := make([]float64, n), make([]bool, n), make([]float64, n)
		for i := range y {
			treated[i], score[i] = r.Bool(.6), r.Float64()
			p := .1 + .2*score[i]
			if treated[i] && score[i] > .5 {
				p += effect
			}
			if r.Bool(p) {
				y[i] = 1
			}
		}
		return causal.UpliftAt(y, treated, score, .3, perArm, metrics.CompareOptions{})
	}
}

// drawUpliftHistogram has an effect that grows with the score up to most.
func drawUpliftHistogram(most float64) func(*rng.Stream) (bool, bool, error) {
	const levels, n = 40, 800
	rate := func(level int, treated bool) float64 {
		s := (float64(level) + .5) / levels
		p := .1 + .2*s
		if treated {
			p += most * s
		}
		return p
	}
	// The truth by one user of each level and arm with the expected outcome. The curve
	// grows with the number of users.
	expected, err := causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Min: 0, Max: levels, Bins: levels})
	for l := range levels {
		for _, treated := range []bool{false, true} {
			err = errors.Join(err, expected.Add(0, treated, rate(l, treated), float64(l)+.5))
		}
	}
	curve, failed := expected.Result()
	if err := errors.Join(err, failed); err != nil {
		panic(err)
	}
	truth := curve.Qini.PerHead * n / (2 * levels)
	return func(r *rng.Stream) (bool, bool, error) {
		h, err := causal.NewUpliftHistogram(causal.UpliftHistogramOptions{Min: 0, Max: levels, Bins: levels, Replicates: 200, Seed: r.Uint64()})
		if err != nil {
			return false, false, err
		}
		for i := range n {
			l, treated := r.Intn(levels), i%2 == 0
			y := 0.0
			if r.Bool(rate(l, treated)) {
				y = 1
			}
			if err := h.Add(uint64(i), treated, y, float64(l)+.5); err != nil {
				return false, false, err
			}
		}
		q, _, err := h.Intervals(0)
		return err == nil && within(q, truth), err == nil && q.Significant(), err
	}
}

package metrics_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
	"github.com/aislekit/aisle/metrics/ranking"
)

func measureOp(b *testing.B, name string, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchScores(n int) (y []bool, p []float64) {
	r := rng.New(9, 0, 0)
	y, p = make([]bool, n), make([]float64, n)
	for i := range y {
		p[i] = r.Float64()
		y[i] = r.Bool(p[i])
	}
	return y, p
}

func BenchmarkScores(b *testing.B) {
	y, p := benchScores(100_000)
	for _, c := range []struct {
		name string
		f    func() error
	}{
		{"ap", func() error { _, err := metrics.AveragePrecision(y, p, nil); return err }},
		{"ks", func() error { _, err := metrics.KS(y, p, nil); return err }},
		{"brier", func() error { _, err := metrics.Brier(y, p, nil); return err }},
		{"lift", func() error { _, err := metrics.LiftAt(y, p, nil, 0.1); return err }},
		{"gains", func() error { _, err := metrics.Gains(y, p, nil, 10); return err }},
		{"roc", func() error { _, err := metrics.ROC(y, p, nil); return err }},
	} {
		measureOp(b, "measure="+c.name+"/n=100k", c.f)
	}
}

func BenchmarkRankingAdd(b *testing.B) {
	r, err := ranking.New[int](ranking.Options{})
	if err != nil {
		b.Fatal(err)
	}
	list, truth := make([]int, 20), map[int]float64{}
	for i := range list {
		list[i] = 3 * i
		truth[2*i] = 1
	}
	measureOp(b, "k=20/truth=20", func() error { return r.Add(list, truth) })
}

func BenchmarkStates(b *testing.B) {
	var q metrics.Quantiles
	var c experiment.Clusters[int]
	var d causal.DiffInDiff[int]
	var a metrics.Agreement
	o, err := causal.NewOffPolicy(causal.OffPolicyOptions{})
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	next := func() int { i++; return i }
	measureOp(b, "kind=quantiles", func() error { return q.Add(float64(next())) })
	measureOp(b, "kind=clusters/clusters=1k", func() error { return c.Add(next()%1000, 1) })
	measureOp(b, "kind=did/units=1k", func() error { n := next(); return d.Add(n%1000, n%2 == 0, n%3 == 0, 1) })
	measureOp(b, "kind=agreement", func() error { n := next(); a.Add(n%7, n%5); return nil })
	measureOp(b, "kind=offpolicy", func() error { return o.Add(1, 0.5, 0.4) })
}

func BenchmarkPaired(b *testing.B) {
	r := rng.New(4, 0, 0)
	x, y := make([]float64, 2000), make([]float64, 2000)
	for i := range x {
		x[i] = r.Float64()
		y[i] = x[i] + 0.01*r.Normal()
	}
	measureOp(b, "n=2k/replicates=1k", func() error {
		_, err := experiment.ComparePaired(context.Background(), x, y, experiment.PairedOptions{Replicates: 1000})
		return err
	})
	measureOp(b, "op=kstest/n=2k", func() error { _, _, err := drift.KSTest(x, y); return err })
	measureOp(b, "op=forecast/n=2k", func() error { _, err := metrics.ScoreForecast(x, y, y, 7); return err })
}

func BenchmarkDecisions(b *testing.B) {
	const n, d = 1000, 8
	r := rng.New(5, 0, 0)
	x, lower := make([][]float64, n), make([]bool, d)
	for i := range x {
		x[i] = make([]float64, d)
		for j := range x[i] {
			x[i][j] = math.Exp(r.Normal())
		}
	}
	lower[2] = true
	w, err := decision.EntropyWeights(x, lower, decision.EntropyMinMax)
	if err != nil {
		b.Fatal(err)
	}
	measureOp(b, "op=entropy/n=1k/d=8", func() error { _, err := decision.EntropyWeights(x, lower, decision.EntropyMinMax); return err })
	measureOp(b, "op=critic/n=1k/d=8", func() error { _, err := decision.CRITIC(x, lower); return err })
	measureOp(b, "op=topsis/n=1k/d=8", func() error { _, err := decision.TOPSIS(x, w, lower); return err })
	measureOp(b, "op=grey/n=1k/d=8", func() error { _, err := decision.GreyRelation(x, w, lower, 0.5); return err })
	judgements := [][]float64{{1, 3, 5, 7}, {1. / 3, 1, 2, 4}, {0.2, 0.5, 1, 2}, {1. / 7, 0.25, 0.5, 1}}
	measureOp(b, "op=ahp/n=4", func() error { _, err := decision.AnalyticHierarchy(judgements); return err })
}

func BenchmarkBudget(b *testing.B) {
	channels := make([]decision.ChannelBudget, 20)
	for i := range channels {
		channels[i] = decision.ChannelBudget{Curve: decision.ExponentialCurve{Max: float64(100 + 10*i), Scale: float64(50 + 5*i)}, Max: 1000}
	}
	measureOp(b, "channels=20", func() error {
		_, err := decision.AllocateBudget(context.Background(), 2000, channels, 0)
		return err
	})
}

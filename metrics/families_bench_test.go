package metrics_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/experiment"
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
	measureOp(b, "op=forecast/n=2k", func() error { _, err := metrics.ScoreForecast(x, y, y, 7); return err })
}

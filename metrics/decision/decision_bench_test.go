package decision_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics/decision"
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

package causal_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics/causal"
)

func BenchmarkUplift(b *testing.B) {
	r := rng.New(1, 0, 0)
	n := 100_000
	y, t, s := make([]float64, n), make([]bool, n), make([]float64, n)
	for i := range y {
		y[i], t[i], s[i] = float64(r.Intn(2)), r.Bool(.5), r.Float64()
	}
	b.Run("users=100k", func(b *testing.B) {
		for b.Loop() {
			_, _ = causal.Uplift(y, t, s)
		}
	})
	b.Run("users=100k/replicates=200", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = causal.UpliftIntervals(context.Background(), y, t, s, nil, causal.UpliftBootOptions{})
		}
	})
}

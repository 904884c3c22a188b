package metrics

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func BenchmarkExperimentAccumulators(b *testing.B) {
	b.Run("metric=ratio", func(b *testing.B) {
		b.ReportAllocs()
		var r RatioMoments
		for b.Loop() {
			_ = r.Add(3, 4)
		}
	})
	b.Run("metric=cuped", func(b *testing.B) {
		b.ReportAllocs()
		var c CUPED
		for b.Loop() {
			_ = c.Add(3, 4)
		}
	})
	b.Run("metric=offpolicy", func(b *testing.B) {
		b.ReportAllocs()
		p, _ := NewOffPolicy(OffPolicyOptions{})
		for b.Loop() {
			_ = p.AddModel(1, .5, .2, .3, .4)
		}
	})
	b.Run("metric=assign", func(b *testing.B) {
		b.ReportAllocs()
		a, _ := NewAssigner("salt", []float64{1, 1})
		n := 0
		for b.Loop() {
			n += a.Arm("customer-1234567")
		}
	})
}

func BenchmarkUplift(b *testing.B) {
	r := rng.New(1, 0, 0)
	n := 100_000
	y, t, s := make([]float64, n), make([]bool, n), make([]float64, n)
	for i := range y {
		y[i], t[i], s[i] = float64(r.Intn(2)), r.Bool(.5), r.Float64()
	}
	b.Run("users=100k", func(b *testing.B) {
		for b.Loop() {
			_, _ = Uplift(y, t, s)
		}
	})
	b.Run("users=100k/replicates=200", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = UpliftIntervals(context.Background(), y, t, s, nil, UpliftBootOptions{})
		}
	})
}

func BenchmarkSequential(b *testing.B) {
	b.Run("looks=5", func(b *testing.B) {
		for b.Loop() {
			_, _ = NewGroupSequential([]float64{.2, .4, .6, .8, 1}, GroupSequentialOptions{})
		}
	})
	b.Run("bayes=proportions", func(b *testing.B) {
		for b.Loop() {
			_, _ = BayesProportions(Proportion{1200, 24000}, Proportion{1300, 24000}, BetaPrior{}, 0)
		}
	})
}

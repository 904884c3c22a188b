package experiment_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/experiment"
)

func BenchmarkExperimentAccumulators(b *testing.B) {
	b.Run("metric=ratio", func(b *testing.B) {
		b.ReportAllocs()
		var r experiment.RatioMoments
		for b.Loop() {
			_ = r.Add(3, 4)
		}
	})
	b.Run("metric=cuped", func(b *testing.B) {
		b.ReportAllocs()
		var c experiment.CUPED
		for b.Loop() {
			_ = c.Add(3, 4)
		}
	})
	b.Run("metric=assign", func(b *testing.B) {
		b.ReportAllocs()
		a, _ := experiment.NewAssigner("salt", []float64{1, 1})
		n := 0
		for b.Loop() {
			n += a.Arm("customer-1234567")
		}
	})
}

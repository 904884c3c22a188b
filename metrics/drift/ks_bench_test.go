package drift_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/metrics/drift"
)

func BenchmarkKSTest(b *testing.B) {
	r := rng.New(4, 0, 0)
	x, y := make([]float64, 2000), make([]float64, 2000)
	for i := range x {
		x[i] = r.Float64()
		y[i] = x[i] + 0.01*r.Normal()
	}
	b.Run("n=2k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := drift.KSTest(x, y); err != nil {
				b.Fatal(err)
			}
		}
	})
}

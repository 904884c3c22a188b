package causal

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestPoissonWeight(t *testing.T) {
	var m metrics.Moments
	for i := range 200_000 {
		if err := m.Add(float64(poissonWeight(rng.Hash(1, uint64(i%1000)), i/1000))); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Near(t, "mean", ok[float64](t)(m.Mean()), 1, .012)
	testkit.Near(t, "variance", ok[float64](t)(m.Variance()), 1, .02)
}

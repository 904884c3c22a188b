package causal_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
)

func TestCounterfactual(t *testing.T) {
	actual, forecast, se := []float64{12, 15, 9}, []float64{10, 10, 10}, []float64{1, 2, 3}
	for rho, want := range map[float64]float64{0: 14, .5: 14 + 2*(1*2*.5+2*3*.5+1*3*.25), 1: 36} {
		r := ok[causal.CounterfactualEffect](t)(causal.Counterfactual(actual, forecast, se, causal.CounterfactualOptions{Correlation: rho}))
		relNear(t, "variance", r.Total.SE*r.Total.SE, want, 1e-12)
		testkit.Near(t, "effect", r.Total.Estimate, 6, 1e-12)
	}
	r := ok[causal.CounterfactualEffect](t)(causal.Counterfactual(actual, forecast, se, causal.CounterfactualOptions{Scale: metrics.ScaleRelative}))
	testkit.Near(t, "lift", r.Total.Estimate, .2, 1e-12)
	relNear(t, "SE of the lift", r.Total.SE, 36.0/900*math.Sqrt(14), 1e-12)
	testkit.Near(t, "z of a period", r.PerPeriod[1].Statistic, 2.5, 1e-12)
}

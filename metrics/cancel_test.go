package metrics_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/attribution"
	"github.com/aislekit/aisle/metrics/causal"
	"github.com/aislekit/aisle/metrics/decision"
	"github.com/aislekit/aisle/metrics/drift"
	"github.com/aislekit/aisle/metrics/experiment"
)

// TestCancels: every call of the families of metrics that takes a context looks at it. With
// AISLE_LONG=1 it prints the table of docs/coverage.md.
func TestCancels(t *testing.T) {
	normals := func(n int) []float64 {
		r, out := rng.New(1, 0, uint64(n)), make([]float64, n)
		for i := range out {
			out[i] = r.Normal()
		}
		return out
	}
	paths := func(n, channels int) *attribution.Paths {
		p, err := attribution.New(attribution.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := rng.New(2, 0, 0)
		for range n {
			touches := make([]attribution.Touch, 1+r.Intn(8))
			for i := range touches {
				touches[i].Channel = fmt.Sprint("channel ", r.Intn(channels))
			}
			if err := p.Add(touches, r.Bool(.3), 0); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	few, many := paths(4000, 16), paths(4000, 60)
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "drift.SimulateAlarms", Looks: 20, Do: func(ctx context.Context, size int) error {
			_, err := drift.SimulateAlarms(ctx, func() drift.Detector { return &drift.CUSUM{Limit: 1e6} }, 0, 2, 300_000*size, 1)
			return err
		}},
		{Name: "experiment.CompareModels", Looks: 20, Do: func(ctx context.Context, size int) error {
			n := 60_000 * size
			models := [][]float64{normals(n), normals(n + 1)[:n]}
			testkit.Start(ctx)
			_, err := experiment.CompareModels(ctx, models, experiment.PairedOptions{Replicates: 100})
			return err
		}},
		{Name: "causal.UpliftIntervals", Looks: 20, Do: func(ctx context.Context, size int) error {
			n := 40_000 * size
			y, treated := normals(n), make([]bool, n)
			for i := range treated {
				treated[i] = i%2 == 0
			}
			score := normals(n + 1)[:n]
			testkit.Start(ctx)
			_, _, err := causal.UpliftIntervals(ctx, y, treated, score, nil, causal.UpliftBootOptions{Replicates: 40})
			return err
		}},
		{Name: "decision.Choose", Looks: 10, Do: func(ctx context.Context, size int) error {
			var beliefs []decision.Belief
			for i := range 5 {
				b, err := decision.BeliefInMean(float64(i), 1)
				if err != nil {
					return err
				}
				beliefs = append(beliefs, b)
			}
			_, err := decision.Choose(ctx, beliefs, decision.ChooseOptions{Draws: 60_000 * size})
			return err
		}},
		{Name: "decision.AllocateUnits, concave", Looks: 2, Do: func(ctx context.Context, size int) error {
			return units(ctx, 100_000*size, func(u int) float64 { return math.Log1p(float64(u)) }) // concave in float64, too
		}},
		{Name: "decision.AllocateUnits, any shape", Looks: 4, Do: func(ctx context.Context, size int) error {
			return units(ctx, 2000+400*size, func(u int) float64 { return float64(u%7) + float64(u)/5000 })
		}},
		{Name: "decision.AllocateBudget", Looks: 10, Do: func(ctx context.Context, size int) error {
			channels := make([]decision.ChannelBudget, 200*size)
			for i := range channels {
				channels[i].Curve = decision.HillCurve{Max: float64(1 + i), Half: 100, Shape: 1}
			}
			_, err := decision.AllocateBudget(ctx, 1e5, channels, 0)
			return err
		}},
		{Name: "attribution.Paths.Shapley, exact", Looks: 10, Do: func(ctx context.Context, size int) error {
			_, err := few.Shapley(ctx, attribution.ShapleyOptions{Value: attribution.ShapleyRate})
			return err
		}},
		{Name: "attribution.Paths.Shapley, sampled", Looks: 10, Do: func(ctx context.Context, size int) error {
			_, err := many.Shapley(ctx, attribution.ShapleyOptions{Value: attribution.ShapleyRate, Samples: 20 * size})
			return err
		}},
		{Name: "attribution.Paths.Markov, order 2", Looks: 3, Do: func(ctx context.Context, size int) error {
			_, err := many.Markov(ctx, 2)
			return err
		}},
	})
}

// units splits a budget of n over four channels of one curve.
func units(ctx context.Context, n int, curve func(u int) float64) error {
	response := make([][]float64, 4)
	for i := range response {
		for u := range n + 1 {
			response[i] = append(response[i], curve(u))
		}
	}
	testkit.Start(ctx)
	_, err := decision.AllocateUnits(ctx, n, response)
	return err
}

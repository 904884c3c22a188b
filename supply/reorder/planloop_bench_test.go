package reorder_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/supply/reorder"
)

func BenchmarkPromise(b *testing.B) {
	pools := make([]reorder.Pool[int], 10_000)
	region := reorder.Region{Demand: []float64{5, 6}, SD: []float64{2}}
	for i := range pools {
		pools[i] = reorder.Pool[int]{ID: i, OnHand: float64(i % 300), Due: []reorder.Receipt{{At: 7, Units: 50}}, Regions: []reorder.Region{region, region, region}}
	}
	measure(b, "products=10k/regions=3/days=28", func() error {
		_, err := reorder.Promise(pools, reorder.PromiseOptions{Periods: 28})
		return err
	})
}

func BenchmarkPlanMarkdown(b *testing.B) {
	for _, units := range []int{100, 2000} {
		o := reorder.MarkdownOptions{Units: units, Price: 1000, Prices: []int64{900, 800, 700, 600, 500}, Elasticity: -2, Reaches: []float64{.5, 1}}
		for range 13 {
			o.Demand = append(o.Demand, float64(units)/20)
		}
		measure(b, fmt.Sprintf("units=%d/weeks=13/prices=6", units), func() error { _, err := reorder.PlanMarkdown(context.Background(), o); return err })
	}
}

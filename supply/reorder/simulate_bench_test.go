package reorder_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/supply/reorder"
)

// BenchmarkSimulate is the row of docs/benchmarks.md: (s, S) of 10,000 products over 730
// days, lost sales, random lead times, packs, intervals by batch means.
func BenchmarkSimulate(b *testing.B) {
	for _, c := range []struct {
		name string
		life int
		real bool
	}{{"demand=drawn", 0, false}, {"demand=rows", 0, true}, {"demand=rows/life=14", 14, true}} {
		b.Run(c.name+"/products=10000/days=730", func(b *testing.B) {
			products := make([]reorder.Simulated[int], 10_000)
			rows := make([]float64, 730)
			for i := range rows {
				rows[i] = float64(i * i % 11)
			}
			for i := range products {
				mean, lead := .5+float64(i%20)/2, float64(2+i%6)
				s := math.Ceil(mean * (lead + 3))
				products[i] = reorder.Simulated[int]{
					ID: i, Law: must(reorder.PoissonDemand(mean)), LeadLaw: must(reorder.PoissonDemand(lead)), OnHand: s, Multiple: 6, ShelfLife: c.life,
					Policy: upTo{s, s + math.Ceil(7*mean)}, OrderCost: 20, HoldingCost: .02, LostCost: 3, UnitCost: 5,
				}
				if c.real {
					products[i].Demand = rows
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reorder.Simulate(context.Background(), products, reorder.SimulateOptions{Periods: 730, Warmup: 30}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*7.3e6/b.Elapsed().Seconds(), "item-days/s")
		})
	}
}

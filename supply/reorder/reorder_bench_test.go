package reorder_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/supply/reorder"
)

func measure(b *testing.B, name string, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStock(b *testing.B) {
	r := rng.New(2, 0, 0)
	samples := make([]float64, 200)
	for i := range samples {
		samples[i] = math.Floor(10 * r.Float64())
	}
	empirical, err := reorder.EmpiricalDemand(samples)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    reorder.PointOptions
	}{
		{"op=point/law=normal/service=cycle", reorder.PointOptions{Mean: 40, SD: 12, Lead: 2, LeadSD: 0.5}},
		{"op=point/law=normal/service=fill", reorder.PointOptions{Mean: 40, SD: 12, Lead: 2, FillRate: 0.98, Quantity: 200}},
		{"op=point/law=empirical/service=cycle", reorder.PointOptions{LeadDemand: empirical}},
	} {
		measure(b, c.name, func() error { _, err := reorder.Point(c.o); return err })
	}
	measure(b, "op=newsvendor/law=empirical", func() error { _, err := reorder.Newsvendor(empirical, 1, 3); return err })
	measure(b, "op=eoq", func() error {
		_, err := reorder.EOQ(reorder.LotOptions{Demand: 1000, OrderCost: 50, HoldingCost: 2})
		return err
	})
	discount := reorder.DiscountOptions{Demand: 1000, OrderCost: 50, HoldingRate: 0.2, Breaks: []reorder.Break{{From: 0, Price: 10}, {From: 500, Price: 9.5}, {From: 2000, Price: 9}}}
	measure(b, "op=eoq/breaks=3", func() error { _, err := reorder.EOQDiscount(discount); return err })
}

func BenchmarkPlan(b *testing.B) {
	stocks := make([]reorder.Stock[int], 10_000)
	for i := range stocks {
		stocks[i] = reorder.Stock[int]{ID: i, Forecast: []float64{5, 6, 7, 8}, SD: 2, OnHand: float64(i % 60), Lead: 2}
	}
	b.Run("products=10k", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := reorder.Plan(stocks, reorder.PlanOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Ten thousand products half a year ahead: prices, a promotion, two suppliers, deliveries under way.
func BenchmarkPlanLoop(b *testing.B) {
	stocks := make([]reorder.Stock[int], 10_000)
	forecast := make([]float64, 26)
	for i := range forecast {
		forecast[i] = 20 + float64(i%5)
	}
	for i := range stocks {
		stocks[i] = reorder.Stock[int]{
			ID: i, Forecast: forecast, SDs: []float64{5, 6, 7, 8}, Correlation: .3, OnHand: float64(i % 120), Price: 900,
			Due:        []reorder.Receipt{{At: 2, Units: 30}},
			Suppliers:  []reorder.Supplier{{Price: 400, Lead: 4, Multiple: 6}, {Price: 460, Lead: 1}},
			Promotions: []reorder.Promotion{{From: 8, Until: 10, Lift: .5, Low: .3, High: .7}},
		}
	}
	for _, c := range []struct {
		name string
		opt  reorder.PlanOptions
	}{
		{"products=10k/weeks=26", reorder.PlanOptions{Review: 1, Periods: 26, LostSales: true}},
		{"products=10k/budget", reorder.PlanOptions{Review: 1, Budget: 100_000_00}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reorder.Plan(stocks, c.opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBestPolicy(b *testing.B) {
	o := reorder.PolicyOptions{Demand: 1300, SD: 150, Lead: 1. / 12, OrderCost: 8, HoldingCost: .225, BackorderCost: 7.5}
	b.Run("model=normal", func(b *testing.B) {
		for b.Loop() {
			if _, err := reorder.BestPolicy(o); err != nil {
				b.Fatal(err)
			}
		}
	})
	o.Law, o.SD = reorder.Poisson, 0
	b.Run("model=poisson", func(b *testing.B) {
		for b.Loop() {
			if _, err := reorder.BestPolicy(o); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDistribution(b *testing.B) {
	normal, err1 := reorder.NormalDemand(60, 9)
	poisson, err2 := reorder.PoissonDemand(60)
	empirical, err3 := reorder.EmpiricalDemand(make([]float64, 500))
	if err1 != nil || err2 != nil || err3 != nil {
		b.Fatal(err1, err2, err3)
	}
	for _, c := range []struct {
		name string
		d    reorder.Distribution
	}{{"normal", normal}, {"poisson", poisson}, {"empirical", empirical}} {
		measure(b, "law="+c.name+"/op=quantile", func() error { c.d.Quantile(.95); return nil })
		measure(b, "law="+c.name+"/op=loss", func() error { c.d.Loss(66); return nil })
	}
}

func BenchmarkPolicyCost(b *testing.B) {
	opt := reorder.PolicyOptions{Demand: 1300, SD: 150, Lead: 1. / 12, OrderCost: 8, HoldingCost: .225, BackorderCost: 7.5}
	measure(b, "law=normal", func() error { _, err := reorder.PolicyCost(opt, reorder.Policy{Point: 128, Quantity: 328}); return err })
}

func BenchmarkMinMax(b *testing.B) {
	for _, mean := range []float64{6, 50} {
		d, err := reorder.PoissonDemand(mean)
		if err != nil {
			b.Fatal(err)
		}
		opt := reorder.ReviewOptions{Demand: d, OrderCost: 10 * mean, HoldingCost: 1, BackorderCost: 9}
		b.Run(fmt.Sprintf("mean=%v", mean), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reorder.MinMax(opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDemandOver(b *testing.B) {
	d, err := reorder.QuantileDemand([]float64{.1, .5, .9, .99}, []float64{20, 40, 70, 100})
	if err != nil {
		b.Fatal(err)
	}
	lead, err := reorder.DiscreteDemand([]float64{0, .1, .2, .3, .2, .1, .1})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reorder.DemandOver([]reorder.Distribution{d}, lead); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJoint(b *testing.B) {
	for _, n := range []int{10, 1000} {
		var items []reorder.JointItem[int]
		for i := range n {
			items = append(items, reorder.JointItem[int]{ID: i, Demand: 10 + float64(i*7919%1000), OrderCost: 1 + float64(i%13), HoldingCost: .2 + float64(i%5)})
		}
		b.Run(fmt.Sprintf("products=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reorder.Joint(items, reorder.JointOptions{OrderCost: 50}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLimitSeasons(b *testing.B) {
	for _, n := range []int{10, 200} {
		var items []reorder.SeasonItem[int]
		limit := 0.0
		for i := range n {
			mean := 5 + float64(i*31%40)
			d, err := reorder.PoissonDemand(mean)
			if err != nil {
				b.Fatal(err)
			}
			price := 3 + float64(i*17%29)
			items = append(items, reorder.SeasonItem[int]{ID: i, Demand: d, Over: price / 2, Under: price * (1 + float64(i%3)/2), Uses: []float64{price}})
			limit += .8 * price * mean
		}
		b.Run(fmt.Sprintf("products=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			exact := 0.0
			for b.Loop() {
				s, err := reorder.LimitSeasons(items, []float64{limit})
				if err != nil {
					b.Fatal(err)
				}
				if s.Exact {
					exact = 1
				}
				b.ReportMetric((s.Cost/s.Bound-1)*1e6, "gap-ppm")
			}
			b.ReportMetric(exact, "exact")
		})
	}
}

func BenchmarkPerishable(b *testing.B) {
	d, err := reorder.PoissonDemand(4)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reorder.Perishable(reorder.PerishableOptions{Demand: d, Life: 3, HoldingCost: .02, ShortageCost: 2, OutdateCost: 1.5}); err != nil {
			b.Fatal(err)
		}
	}
}

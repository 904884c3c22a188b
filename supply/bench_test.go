package supply_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/supply"
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

func BenchmarkClassify(b *testing.B) {
	const n = 100_000
	r := rng.New(1, 0, 0)
	ids, values := make([]int, n), make([]float64, n)
	for i := range ids {
		ids[i], values[i] = i, math.Exp(2*r.Normal())
	}
	measure(b, "op=abc/products=100k", func() error { _, err := supply.ABC(ids, values, supply.ABCOptions{}); return err })
	measure(b, "op=xyz/periods=52", func() error { _, _, err := supply.XYZ(values[:52], supply.XYZOptions{}); return err })
}

func BenchmarkStock(b *testing.B) {
	r := rng.New(2, 0, 0)
	samples := make([]float64, 200)
	for i := range samples {
		samples[i] = math.Floor(10 * r.Float64())
	}
	empirical, err := supply.EmpiricalDemand(samples)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    supply.ReorderOptions
	}{
		{"op=reorder/law=normal/service=cycle", supply.ReorderOptions{Mean: 40, SD: 12, Lead: 2, LeadSD: 0.5}},
		{"op=reorder/law=normal/service=fill", supply.ReorderOptions{Mean: 40, SD: 12, Lead: 2, FillRate: 0.98, Quantity: 200}},
		{"op=reorder/law=empirical/service=cycle", supply.ReorderOptions{LeadDemand: empirical}},
	} {
		measure(b, c.name, func() error { _, err := supply.ReorderPoint(c.o); return err })
	}
	measure(b, "op=newsvendor/law=empirical", func() error { _, err := supply.Newsvendor(empirical, 1, 3); return err })
	measure(b, "op=eoq", func() error { _, err := supply.EOQ(supply.LotOptions{Demand: 1000, Order: 50, Holding: 2}); return err })
	discount := supply.DiscountOptions{Demand: 1000, Order: 50, Holding: 0.2, Breaks: []supply.Break{{From: 0, Price: 10}, {From: 500, Price: 9.5}, {From: 2000, Price: 9}}}
	measure(b, "op=eoq/breaks=3", func() error { _, err := supply.EOQDiscount(discount); return err })
}

func BenchmarkDemandSeries(b *testing.B) {
	d := must(supply.NewDemand[int](supply.DemandOptions{Start: t0, Period: day}))
	for i := range 365 {
		ok(b, d.Add(1, at(float64(i)), float64(1+i%5)))
	}
	ok(b, d.AddStockOut(1, at(100), at(120)))
	measure(b, "periods=365", func() error { _, err := d.Series(1, supply.Scale); return err })
}

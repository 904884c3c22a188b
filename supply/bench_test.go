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

func BenchmarkDemandSeries(b *testing.B) {
	d := must(supply.NewDemand[int](supply.DemandOptions{Start: t0, Period: day}))
	for i := range 365 {
		ok(b, d.Add(1, at(float64(i)), float64(1+i%5)))
	}
	ok(b, d.AddStockOut(1, at(100), at(120)))
	measure(b, "periods=365", func() error { _, err := d.Series(1, supply.Scale); return err })
}

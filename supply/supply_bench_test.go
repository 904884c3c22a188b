package supply_test

import (
	"context"
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

func BenchmarkAdd(b *testing.B) {
	for _, k := range kinds {
		b.Run("kind="+k.name, func(b *testing.B) {
			s, i := k.fresh(), 0
			b.ReportAllocs()
			for b.Loop() {
				i++
				from := at(float64(i % 90))
				if err := k.feed(s, record{id: "a", category: "tea", from: from, to: from.Add(day), yes: i%2 == 0, units: 2, n: int64(i % 9)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDemandMerge(b *testing.B) {
	x, y := supply.DemandOptions{Start: t0, Period: day}, 1000
	one, two := must(supply.NewDemand[int](x)), must(supply.NewDemand[int](x))
	for i := range y {
		ok(b, one.Add(i, at(float64(i%365)), 1), two.Add(i, at(float64(i%365)), 1))
	}
	b.Run("products=1000/periods=365", func(b *testing.B) {
		for b.Loop() {
			ok(b, one.Merge(two))
		}
	})
}

// The result of a year of one shard's records.
func BenchmarkResult(b *testing.B) {
	for _, k := range kinds {
		s := k.fresh()
		for i := range 5000 {
			from := at(float64(i % 90))
			ok(b, k.feed(s, record{id: string(rune('a' + i%500)), category: "tea", from: from, to: from.Add(day), yes: i%3 != 0, units: float64(i % 7), n: int64(i % 9)}))
		}
		measure(b, "kind="+k.name+"/records=5k", func() error { _, err := k.res(s); return err })
	}
}

func BenchmarkRatioInterval(b *testing.B) {
	r := supply.Ratio{Num: 19, Den: 38}
	measure(b, "law=wilson", func() error { _, _, err := r.Interval(0.9); return err })
}

// Two years of days of a hundred products with days of the week.
func BenchmarkUnconstrain(b *testing.B) {
	r := rng.New(1, 0, 0)
	series := make([]supply.Series, 100)
	for i := range series {
		for range 728 {
			a := 1.
			if r.Bool(.2) {
				a = r.Float64()
			}
			series[i].Sold, series[i].Available = append(series[i].Sold, float64(r.Poisson(5*a))), append(series[i].Available, a)
		}
	}
	b.Run("products=100/days=728", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := supply.Unconstrain(context.Background(), series, supply.UnconstrainOptions{Season: 7, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package audience_test

import (
	"context"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/segment/audience"
)

func measure(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/row")
	})
}

func BenchmarkSet(b *testing.B) {
	const n = 1_000_000
	var even, third []int32
	ids := make([]int64, n)
	for u := range int32(n) {
		ids[u] = int64(u)
		if u%2 == 0 {
			even = append(even, u)
		}
		if u%3 == 0 {
			third = append(third, u)
		}
	}
	x, err1 := audience.New(n, even)
	y, err2 := audience.New(n, third)
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	measure(b, "op=and/users=1M", n, func() error { _, err := x.And(y); return err })
	measure(b, "op=or/users=1M", n, func() error { _, err := x.Or(y); return err })
	measure(b, "op=holdout/users=1M", n, func() error { _, _, err := audience.HoldOut(x, ids, 0.1, 1); return err })
}

func BenchmarkRule(b *testing.B) {
	const n = 100_000
	s := rng.New(2, 0, 0)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	spend, city, seen := make([]float64, n), make([]string, n), make([]time.Time, n)
	for u := range n {
		spend[u], city[u] = math.Exp(3+s.Normal()), "city"+strconv.Itoa(s.Intn(50))
		seen[u] = now.Add(-time.Duration(s.Intn(400*24)) * time.Hour)
	}
	table, err := audience.NewAttributes(n)
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range []error{table.AddNumbers("spend", spend), table.AddTexts("city", city), table.AddTimes("seen", seen)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	rule := audience.And(audience.Compare("spend", ">", 30), audience.Or(audience.In("city", "city1", "city2", "city3"), audience.Recency("seen", 0, 30*24*time.Hour)))
	raw, err := rule.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=parse", 1, func() error { _, err := audience.ParseRule(raw); return err })
	opt := audience.Options{AsOf: now}
	measure(b, "op=compile/users=100k", n, func() error { _, err := audience.Compile(rule, table, opt); return err })
	p, err := audience.Compile(rule, table, opt)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	measure(b, "op=select/users=100k", n, func() error { _, err := p.Select(ctx); return err })
	measure(b, "op=estimate/users=100k/sample=2k", 2000, func() error { _, err := p.Estimate(ctx, 2000, 1); return err })
	a, err := p.Select(ctx)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=parity/users=100k", n, func() error { _, err := audience.Parity(a, table, "city", 10); return err })
}

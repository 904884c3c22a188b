package profile_test

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile"
)

func measure(b *testing.B, name string, n int, f func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/item")
	})
}

func benchRows(n, d int) [][]float64 {
	r := rng.New(1, 0, 0)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, d)
		for j := range rows[i] {
			if rows[i][j] = r.Normal(); r.Intn(50) == 0 {
				rows[i][j] = math.NaN()
			}
		}
	}
	return rows
}

func BenchmarkColumns(b *testing.B) {
	const n, d = 20_000, 20
	rows := benchRows(n, d)
	ctx := context.Background()
	names := make([]string, d)
	for j := range names {
		names[j] = "x" + strconv.Itoa(j)
	}
	measure(b, "op=summary/rows=20k/columns=20", n*d, func() error {
		c, err := profile.NewColumns(names)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := c.Add(r); err != nil {
				return err
			}
		}
		return nil
	})
	measure(b, "op=scale/rows=20k/columns=20", n*d, func() error {
		_, err := profile.FitScaler(ctx, rows, profile.ScalerOptions{})
		return err
	})
	measure(b, "op=impute/rows=20k/columns=20", n*d, func() error {
		_, err := profile.FitImputer(ctx, rows, profile.ImputerOptions{})
		return err
	})
	values := make([]float64, n)
	for i := range values {
		values[i] = rows[i][0]
	}
	measure(b, "op=outliers/rows=20k", n, func() error {
		_, err := profile.FitOutliers(values, profile.OutlierOptions{})
		return err
	})
}

func BenchmarkDedupe(b *testing.B) {
	const n = 10_000
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	measure(b, "records=10k/distinct=5k", n, func() error {
		d, err := profile.NewDedupe[int, int](profile.DedupeOptions[int]{Window: time.Hour, Compare: cmp.Compare[int]})
		if err != nil {
			return err
		}
		for i := range n {
			if _, err := d.Add(i%5000, t.Add(time.Duration(i)*time.Second), i); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkParse(b *testing.B) {
	format := profile.MoneyFormat{Decimal: ',', Symbols: map[string]string{"€": "EUR"}}
	measure(b, "what=money", 1, func() error { _, err := profile.ParseMoney("€ 1.234,56", format); return err })
	measure(b, "what=canonical", 1, func() error {
		if profile.Canonical("  Ｓmart  PHONE—Pro ") == "" {
			return profile.ErrEmpty
		}
		return nil
	})
}

func BenchmarkAccumulators(b *testing.B) {
	var m profile.Moments
	i := 0.0
	measure(b, "kind=moments", 1, func() error { i++; return m.Add(i) })
	var g profile.GroupBy[int]
	k := 0
	measure(b, "kind=groupby", 1, func() error { k++; return g.Add(k%100, float64(k)) })
	d, err := profile.NewDecayed(30 * 24 * time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	measure(b, "kind=decayed", 1, func() error { t = t.Add(time.Minute); return d.Add(t, 1) })
}

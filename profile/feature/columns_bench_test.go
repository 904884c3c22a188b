package feature_test

import (
	"context"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile/feature"
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
		c, err := feature.NewColumns(names)
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
		_, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
		return err
	})
	measure(b, "op=impute/rows=20k/columns=20", n*d, func() error {
		_, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{})
		return err
	})
}

func BenchmarkTransform(b *testing.B) {
	const n, d = 20_000, 20
	rows := benchRows(n, d)
	ctx := context.Background()
	fill, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	scale, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=impute/rows=20k/columns=20", n*d, func() error { _, err := fill.Transform(nil, rows, nil); return err })
	measure(b, "op=scale/rows=20k/columns=20", n*d, func() error { _, err := scale.Transform(nil, rows); return err })
}

// TestAllocs: rows of one transformation share one array.
func TestAllocs(t *testing.T) {
	rows := benchRows(100, 5)
	ctx := context.Background()
	fill, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	scale, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([][]float64, 0, len(rows))
	for name, f := range map[string]func() error{
		"Imputer.Transform": func() error { _, err := fill.Transform(dst, rows, nil); return err },
		"Scaler.Transform":  func() error { _, err := scale.Transform(dst, rows); return err },
	} {
		if n := testing.AllocsPerRun(20, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n > 3 {
			t.Errorf("%s: %v allocations for %d rows", name, n, len(rows))
		}
	}
}

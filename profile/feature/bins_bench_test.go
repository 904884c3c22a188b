package feature_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile/feature"
)

// BenchmarkFitBins: optbinning's OptimalBinning(monotonic_trend="ascending") of one such column stands beside it.
func BenchmarkFitBins(b *testing.B) {
	const n = 100_000
	r := rng.New(1, 0, 0)
	rows, y := make([][]float64, n), make([]bool, n)
	for i := range rows {
		x := r.Normal()
		rows[i], y[i] = []float64{x}, r.Normal()+x > 1
	}
	for name, m := range map[string]feature.BinMethod{"width": feature.EqualWidth, "count": feature.EqualCount, "monotone": feature.Monotone} {
		measure(b, "method="+name+"/rows=100k", n, func() error {
			_, err := feature.FitBins(context.Background(), rows, y, feature.BinOptions{Method: m})
			return err
		})
	}
}

func BenchmarkRelevances(b *testing.B) {
	const n, d = 20_000, 20
	rows, y := benchRows(n, d), make([]float64, n)
	for i := range y {
		y[i] = float64(i % 2)
	}
	measure(b, "rows=20k/columns=20", n*d, func() error {
		_, err := feature.Relevances(context.Background(), rows, y, feature.SelectorOptions{})
		return err
	})
}

func BenchmarkEncoder(b *testing.B) {
	const n = 20_000
	cells, y := make([][]string, n), make([]float64, n)
	for i := range cells {
		cells[i], y[i] = []string{strconv.Itoa(i * 31 % 500)}, float64(i%2)
	}
	opt := feature.EncoderOptions{Method: feature.TargetMean}
	measure(b, "op=fit/rows=20k", n, func() error {
		_, err := feature.FitEncoder(context.Background(), cells, y, opt)
		return err
	})
	e, err := feature.FitEncoder(context.Background(), cells, y, opt)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, "op=transform/rows=20k", n, func() error { _, err := e.Transform(nil, cells); return err })
}

package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/predict"
)

func BenchmarkFitLinear(b *testing.B) {
	const n, d = 20_000, 50
	rows, _ := planted(n, d, 1)
	y := make([]float64, n)
	for i := range y {
		y[i] = rows[i][0] + 0.5*rows[i][1]
	}
	measure(b, "rows=20k/columns=50", n, func() error {
		_, err := predict.FitLinear(context.Background(), rows, y, predict.LinearOptions{})
		return err
	})
}

func BenchmarkGramAdd(b *testing.B) {
	rows, _ := planted(1, 50, 1)
	var g predict.Gram
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Add(rows[0], 1, 1); err != nil {
			b.Fatal(err)
		}
	}
}

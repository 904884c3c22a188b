package tree_test

import (
	"testing"

	"github.com/aislekit/aisle/predict/tree"
)

func BenchmarkFitCART(b *testing.B) {
	rows, y, _ := sample(20000, 3)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tree.FitCART(bg, rows, y, tree.CARTOptions{Workers: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

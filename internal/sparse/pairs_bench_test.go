package sparse

import (
	"context"
	"fmt"
	"testing"
)

func BenchmarkPairs(b *testing.B) {
	w := skewed(10_000, 10_000, 50)
	norm := make([]float32, w.Rows)
	for i := range norm {
		norm[i] = 1 / float32(1+w.RowLen(i))
	}
	products := 0
	lens := make([]int, w.Cols)
	for _, c := range w.Col {
		lens[c]++
	}
	for _, n := range lens {
		products += n * (n - 1) / 2
	}
	for _, k := range []int{50, 500} {
		b.Run(fmt.Sprintf("rows=10k/entries=%d/k=%d", w.Len(), k), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Pairs{W: w, Score: PairScore{Row: norm, Col: norm}}).Top(context.Background(), k, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(products), "ns/product")
		})
	}
}

package ann_test

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

func BenchmarkHNSW(b *testing.B) {
	const n, f = 20000, 64
	v := clusteredVectors(n+1000, f, 400, 1)
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		x := fitHNSW(b, recommend.RowVectors{Rows: v.Rows[:n*f], N: f}, ann.HNSWOptions{Metric: m})
		for _, ef := range []int{32, 128} {
			b.Run(fmt.Sprintf("items=%d/factors=%d/metric=%d/ef=%d", n, f, m, ef), func(b *testing.B) {
				b.ReportAllocs()
				var dst []recommend.Scored
				u := 0
				for b.Loop() {
					dst, _ = x.AppendTop(dst[:0], v.ItemVector(n+u%1000), 10, ef, recommend.Filter{})
					u++
				}
			})
		}
	}
}

func BenchmarkFitHNSW(b *testing.B) {
	const n, f = 5000, 32
	v := clusteredVectors(n, f, 100, 1)
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		b.Run(fmt.Sprintf("items=%d/factors=%d/metric=%d", n, f, m), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fitHNSW(b, v, ann.HNSWOptions{Metric: m})
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkHNSWChange takes an item out and puts it back, with its share of the passes
// that link around removed ones.
func BenchmarkHNSWChange(b *testing.B) {
	const n, f = 5000, 32
	v := clusteredVectors(n, f, 100, 1)
	x := fitHNSW(b, v, ann.HNSWOptions{})
	b.Run(fmt.Sprintf("items=%d/factors=%d", n, f), func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			item := i % n
			i++
			if err := x.Remove(int32(item)); err != nil {
				b.Fatal(err)
			}
			if err := x.Add(int32(item), v.ItemVector(item)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

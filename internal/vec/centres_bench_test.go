package vec

import (
	"fmt"
	"testing"
)

func BenchmarkCentres64(b *testing.B) {
	const n, d = 1000, 16
	for _, k := range []int{4, 20, 100} {
		x, c := normals64(n*d, 1), normals64(k*d, 2)
		tiles := SetTiles(nil, c, d)
		rows, label := make([]int32, n), make([]int32, n)
		for i := range rows {
			rows[i] = int32(i)
			label[i] = int32(i % k)
		}
		out := make([]float64, 3*n)
		per := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/row")
		}
		b.Run(fmt.Sprintf("op=nearest/d=%d/k=%d", d, k), func(b *testing.B) {
			for b.Loop() {
				Nearest64(out, x, d, rows, tiles)
			}
			per(b)
		})
		b.Run(fmt.Sprintf("op=scatter/d=%d/k=%d", d, k), func(b *testing.B) {
			sum := make([]float64, k*d)
			for b.Loop() {
				Scatter64(sum, c, x, d, label)
			}
			per(b)
		})
	}
}

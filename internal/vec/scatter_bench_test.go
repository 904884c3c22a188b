package vec

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func BenchmarkScatter(b *testing.B) {
	r := rng.New(7, 8, 9)
	for _, n := range []int{8, 64, 512} {
		lens := slices.Repeat([]int{n}, 1<<20/n)
		ptr, col, val := rowsOf(r, lens, 1<<13)
		rows, f, heads := make([]int32, len(lens)), make([]float32, len(lens)), make([]int32, len(lens))
		for k := range rows {
			rows[k], f[k], heads[k] = int32(r.Intn(len(lens))), 1, int32(n)
		}
		b.Run(fmt.Sprintf("entries=1M/row=%d", n), func(b *testing.B) {
			sum := make([]float32, 1<<13)
			for b.Loop() {
				Scatter(sum, rows, f, heads, ptr, col, val)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(col)), "ns/product")
		})
		coded, values := make([]int32, len(col)), [256]float32{1: 1}
		for q, c := range col {
			coded[q] = c<<8 | 1
		}
		b.Run(fmt.Sprintf("entries=1M/row=%d/coded", n), func(b *testing.B) {
			sum := make([]float32, 1<<13)
			for b.Loop() {
				ScatterCoded(sum, rows, f, heads, ptr, coded, &values)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(col)), "ns/product")
		})
	}
}

func BenchmarkDrain(b *testing.B) {
	const n = 4096
	hit, hits, sum, own, floors := make([]int32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for c := range floors {
		floors[c] = 1
	}
	b.Run(fmt.Sprintf("sums=%d", n), func(b *testing.B) {
		for b.Loop() {
			Drain(hit, hits, sum, own, floors, 1, 1)
		}
	})
}

func BenchmarkPeaks(b *testing.B) {
	const n = 1 << 14
	sum, own, dst := make([]float32, n), make([]float32, n), make([]float32, n/8)
	b.Run(fmt.Sprintf("sums=%d", n), func(b *testing.B) {
		for b.Loop() {
			CountAtLeast(Peaks(dst, sum, own), 1)
		}
	})
}

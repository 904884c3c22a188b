package vec

import (
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

func BenchmarkPanelAbove(b *testing.B) {
	for _, l := range allLevels() {
		b.Run("f=64/level="+l.name, func(b *testing.B) {
			defer force(l)()
			const f, count = 64, 4
			panels, users, thresholds := make([]float32, count*f*PanelItems), make([]float32, f*PanelUsers), make([]float32, PanelUsers)
			masks := make([]uint32, count*PanelUsers)
			for b.Loop() {
				PanelAbove(masks, panels, users, thresholds, f)
			}
			b.ReportMetric(2*f*count*PanelItems*PanelUsers*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

func BenchmarkDot(b *testing.B) {
	for _, n := range []int{16, 64, 256} {
		x, y := make([]float32, n), make([]float32, n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.SetBytes(int64(8 * n))
			for b.Loop() {
				Dot(x, y)
			}
		})
	}
}

func BenchmarkGather(b *testing.B) {
	const rows, f, n = 30_000, 64, 50
	src, x, dst, out := make([]float32, rows*f), make([]float32, f), make([]float32, n), make([]float32, f)
	r := rng.New(1, 0, 0)
	idx := make([]int32, n)
	for k := range idx {
		idx[k] = int32(r.Intn(rows))
	}
	b.Run("dot/f=64/rows=50", func(b *testing.B) {
		for b.Loop() {
			GatherDot(dst, src, idx, x)
		}
	})
	b.Run("dist/f=64/rows=50", func(b *testing.B) {
		scale := make([]float32, rows)
		for b.Loop() {
			GatherDist(dst, src, idx, scale, x)
		}
	})
	b.Run("axpy/f=64/rows=50", func(b *testing.B) {
		for b.Loop() {
			GatherAxpy(out, src, idx, dst)
		}
	})
	b.Run("rows/f=64/rows=30k", func(b *testing.B) {
		all := make([]float32, rows)
		for b.Loop() {
			DotRows(all, src, x)
		}
	})
	b.Run("syrk/f=64/rows=64", func(b *testing.B) {
		c := make([]float32, f*f)
		for b.Loop() {
			Syrk(c, f, 0, f, src, src, f, 64)
		}
	})
}

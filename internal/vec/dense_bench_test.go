package vec

import (
	"fmt"
	"math"
	"testing"
)

func BenchmarkDense64(b *testing.B) {
	const n = 64
	for _, f := range []int{20, 52, 200} {
		m, x, d := normals64(n*f, 1), normals64(f, 2), make([]float64, n)
		b.Run(fmt.Sprintf("op=dot/columns=%d", f), func(b *testing.B) {
			for b.Loop() {
				DotRows64(d, m, x)
			}
			b.ReportMetric(2*float64(n*f*b.N)/b.Elapsed().Seconds()/1e9, "GF/s")
		})
		b.Run(fmt.Sprintf("op=axpy/columns=%d", f), func(b *testing.B) {
			for b.Loop() {
				AxpyRows64(x, m, d)
				clear(x)
			}
			b.ReportMetric(2*float64(n*f*b.N)/b.Elapsed().Seconds()/1e9, "GF/s")
		})
		p := Pad8(f)
		c, y := make([]float64, p*p), normals64(n*p, 3)
		b.Run(fmt.Sprintf("op=syrk/columns=%d", f), func(b *testing.B) {
			for b.Loop() {
				Syrk64(c, p, p, y, y, p, n)
				clear(c)
			}
			b.ReportMetric(float64(n*p*p*b.N)/b.Elapsed().Seconds()/1e9, "GF/s")
		})
	}
	eta, z := normals64(1024, 1), normals64(1024, 2)
	for i, v := range z {
		z[i] = math.Copysign(1, v)
	}
	l, g, c := make([]float64, 1024), make([]float64, 1024), make([]float64, 1024)
	b.Run("op=logistic", func(b *testing.B) {
		for b.Loop() {
			Logistic64(l, g, c, eta, z)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(1024*b.N), "ns/value")
	})
}

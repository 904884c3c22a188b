package solve

import (
	"context"
	"testing"
)

func BenchmarkLBFGS(b *testing.B) {
	_, _, f := quadratic(1000, 1e4)
	x0 := make([]float64, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := LBFGS(context.Background(), x0, f, LBFGSOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

package metrics

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// clusterLaw against the traces of dense matrices; equal shares are the textbook
// case.
func TestClusterLawProp(t *testing.T) {
	for _, g := range []int{2, 5, 40} {
		w := make([]float64, g)
		for i := range w {
			w[i] = 1 / float64(g)
		}
		f, df := clusterLaw(w)
		relNear(t, "factor", f, 1, 1e-12)
		relNear(t, "df", df, float64(g-1), 1e-10)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Float64Range(.01, 1), 2, 9).Draw(t, "shares")
		sum := 0.0
		for _, x := range w {
			sum += x
		}
		n := len(w)
		truth := 0.0
		for i := range w {
			w[i] /= sum
			truth += w[i] * w[i]
		}
		m := make([][]float64, n) // of the quadratic form in the cluster means
		for i := range m {
			m[i] = make([]float64, n)
			for j := range n {
				for k := range n { // mean k less the overall mean
					a, b := -w[i], -w[j]
					if i == k {
						a++
					}
					if j == k {
						b++
					}
					m[i][j] += a * w[k] * w[k] * b
				}
			}
		}
		trace, square := 0.0, 0.0
		for i := range m {
			trace += m[i][i]
			for j := range m {
				square += m[i][j] * m[j][i]
			}
		}
		f, df := clusterLaw(w)
		wantF, wantDF := truth/trace*float64(n-1)/float64(n), math.Max(trace*trace/square, 1)
		if math.Abs(f/wantF-1) > 1e-9 || math.Abs(df/wantDF-1) > 1e-8 {
			t.Fatalf("factor %v, df %v, want %v, %v", f, df, wantF, wantDF)
		}
	})
}

package solve

import (
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
)

// A Gram matrix of columns of which some are combinations of others: they are
// named, the rest is solved and inverted as if they were not there.
func TestSemiCholesky64(t *testing.T) {
	const rows = 12
	random := func(seed uint64) []float64 {
		r := rng.New(seed, 0, 0)
		x := make([]float64, rows)
		for i := range x {
			x[i] = r.Normal()
		}
		return x
	}
	add := func(x, y []float64, f float64) []float64 {
		z := slices.Clone(x)
		for i := range z {
			z[i] += f * y[i]
		}
		return z
	}
	a, b, c := random(1), random(2), random(3)
	zero := make([]float64, rows)
	for _, tc := range []struct {
		name string
		cols [][]float64
		want []int
	}{
		{"full rank", [][]float64{a, b, c}, nil},
		{"the second twice the first", [][]float64{a, add(a, a, 1), b}, []int{1}},
		{"a sum of two before it", [][]float64{a, b, add(a, b, -3), c}, []int{2}},
		{"a column of zeros first", [][]float64{zero, a, b}, []int{0}},
		{"all but one", [][]float64{a, a, a}, []int{1, 2}},
		{"nothing", [][]float64{zero, zero}, []int{0, 1}},
	} {
		n := len(tc.cols)
		gram := make([]float64, n*n)
		for i, x := range tc.cols {
			for j, y := range tc.cols {
				for k := range x {
					gram[i*n+j] += x[k] * y[k]
				}
			}
		}
		u := slices.Clone(gram)
		dependent := SemiCholesky64(u, n, 1e-10)
		if !slices.Equal(dependent, tc.want) {
			t.Errorf("%s: dependent %v, want %v", tc.name, dependent, tc.want)
			continue
		}
		// A right side in the range of the matrix: gram times weights.
		truth, right := make([]float64, n), make([]float64, n)
		for i := range truth {
			if !slices.Contains(dependent, i) {
				truth[i] = float64(i) - 0.5
			}
		}
		for i := range right {
			for j := range truth {
				right[i] += gram[i*n+j] * truth[j]
			}
		}
		SolveCholesky64(u, n, right)
		for i := range right {
			if math.Abs(right[i]-truth[i]) > 1e-9 {
				t.Errorf("%s: solution %v, want %v", tc.name, right, truth)
				break
			}
		}
		inv := SemiInverse64(u, n, dependent)
		for i := range n {
			for j := range n {
				if slices.Contains(dependent, i) || slices.Contains(dependent, j) {
					continue
				}
				sum, want := 0.0, 0.0
				for k := range n {
					if !slices.Contains(dependent, k) {
						sum += inv[i*n+k] * gram[k*n+j]
					}
				}
				if i == j {
					want = 1
				}
				if math.Abs(sum-want) > 1e-8 || inv[i*n+j] != inv[j*n+i] {
					t.Errorf("%s: inverse is none at %d, %d: %v", tc.name, i, j, sum)
				}
			}
		}
	}
}

package predict

import (
	"math"

	"github.com/aislekit/aisle/internal/solve"
)

// nonNegative minimises ½·wᵀGw - rᵀw under w >= 0 by active sets (Lawson and Hanson,
// Solving Least Squares Problems, 1974, chapter 23) on the normal equations of k columns.
func nonNegative(gram, right []float64, k int) []float64 {
	w := make([]float64, k)
	free := make([]bool, k)
	barred := make([]bool, k) // columns that the free ones already say
	for range 3*k + 10 {
		// The column that helps most, in parts of what rounding leaves of its gradient.
		next, best := -1, 1e-10
		for j := range k {
			g, size := right[j], math.Abs(right[j])
			for i := range k {
				g -= gram[j*k+i] * w[i]
				size += math.Abs(gram[j*k+i] * w[i])
			}
			if !free[j] && !barred[j] && g > best*size {
				next, best = j, g/size
			}
		}
		if next < 0 {
			break
		}
		free[next] = true
		for {
			z, ok := solveFree(gram, right, free, k)
			if !ok || z[next] <= 0 {
				free[next], barred[next] = false, true
				break
			}
			step, last := 1.0, -1
			for j := range k {
				if free[j] && z[j] <= 0 {
					if s := w[j] / (w[j] - z[j]); s < step || last < 0 {
						step, last = s, j
					}
				}
			}
			for j := range k {
				if free[j] {
					w[j] += step * (z[j] - w[j])
				}
			}
			if last < 0 {
				clear(barred)
				break
			}
			w[last], free[last] = 0, false
			for j := range k {
				if w[j] <= 0 {
					w[j] = 0
					free[j] = free[j] && j == next
				}
			}
		}
	}
	return w
}

// solveFree solves the normal equations of the free columns, scaled to a diagonal of 1;
// false where they are dependent.
func solveFree(gram, right []float64, free []bool, k int) ([]float64, bool) {
	var index []int
	for j, f := range free {
		if f {
			index = append(index, j)
		}
	}
	n := len(index)
	a, b, scale := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for p, i := range index {
		scale[p] = math.Sqrt(gram[i*k+i])
		if scale[p] == 0 {
			return nil, false
		}
	}
	for p, i := range index {
		b[p] = right[i] / scale[p]
		for q, j := range index {
			a[p*n+q] = gram[i*k+j] / scale[p] / scale[q]
		}
	}
	if len(solve.SemiCholesky64(a, n, 1e-10)) > 0 {
		return nil, false
	}
	solve.SolveCholesky64(a, n, b)
	z := make([]float64, k)
	for p, i := range index {
		z[i] = b[p] / scale[p]
	}
	return z, true
}

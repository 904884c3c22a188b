package solve

import "math"

// SemiCholesky64 turns the symmetric positive semidefinite n×n matrix a (row-major,
// upper triangle read) in place into UᵀU, U in the upper triangle, judging each
// pivot. A column whose pivot falls to tol times its diagonal or below is a linear
// combination of the columns before it; its pivot is replaced by the diagonal, so
// that SolveCholesky64 leaves that coordinate at 0 when the right side lies in the
// range of a. The indices of such columns are returned; columns are not moved.
//
// A zero diagonal counts as dependent, with pivot 1.
func SemiCholesky64(a []float64, n int, tol float64) (dependent []int) {
	diag := make([]float64, n)
	for i := range diag {
		diag[i] = a[i*n+i]
	}
	for k := range n {
		row := a[k*n : k*n+n]
		if p := row[k]; !(p > tol*diag[k]) || p <= 0 {
			dependent = append(dependent, k)
			row[k] = diag[k]
			if row[k] <= 0 {
				row[k] = 1
			}
			for j := k + 1; j < n; j++ {
				row[j] = 0
			}
			row[k] = math.Sqrt(row[k])
			continue
		}
		p := math.Sqrt(row[k])
		row[k] = p
		for j := k + 1; j < n; j++ {
			row[j] /= p
		}
		for i := k + 1; i < n; i++ {
			f := row[i]
			if f == 0 {
				continue
			}
			dst := a[i*n+i : i*n+n]
			for j, v := range row[i:] {
				dst[j] -= f * v
			}
		}
	}
	return dependent
}

// SemiInverse64 returns the symmetric inverse, both triangles filled, of the
// matrix behind a factor u from SemiCholesky64 without its dependent rows and
// columns; what it holds in their place means nothing. It changes u.
func SemiInverse64(u []float64, n int, dependent []int) []float64 {
	for _, k := range dependent {
		for i := range k {
			u[i*n+k] = 0
		}
	}
	inv := make([]float64, n*n)
	for i := range n {
		b := inv[i*n : i*n+n]
		b[i] = 1
		SolveCholesky64(u, n, b)
	}
	// Average the triangles, so that the result is symmetric to the bit.
	for i := range n {
		for j := i + 1; j < n; j++ {
			v := (inv[i*n+j] + inv[j*n+i]) / 2
			inv[i*n+j], inv[j*n+i] = v, v
		}
	}
	return inv
}

package solve

import (
	"math"

	"github.com/aislekit/aisle/internal/vec"
)

// panel is the number of rows that Cholesky32 factors before it updates the
// rest; vec.Syrk wants a multiple of 16.
const panel = 16

// Cholesky32 factors the symmetric positive definite n×n matrix a (row-major,
// upper triangle read) in place into UᵀU, U in the upper triangle; the lower
// triangle becomes meaningless. It reports false, leaving a undefined, when a
// pivot is not positive or not finite. scratch must hold panel·n numbers where n
// is a multiple of 16, and is not used otherwise.
func Cholesky32(a []float32, n int, scratch []float32) bool {
	if n%panel == 0 {
		for lo := 0; lo < n; lo += panel {
			if !vec.CholeskyPanel(a, n, lo, scratch) {
				return false
			}
			vec.Syrk(a, n, lo+panel, n, scratch, a[lo*n:], n, panel)
		}
		return true
	}
	for k := range n {
		row := a[k*n : k*n+n]
		d := row[k]
		if !(d > 0) || math.IsInf(float64(d), 0) {
			return false
		}
		d = float32(math.Sqrt(float64(d)))
		row[k] = d
		vec.Scale(1/d, row[k+1:])
		for i := k + 1; i < n; i++ {
			vec.Axpy(-row[i], row[i:], a[i*n+i:i*n+n])
		}
	}
	return true
}

// SolveCholesky32 solves UᵀU·x = b in place for a factor from Cholesky32.
func SolveCholesky32(u []float32, n int, b []float32) {
	b = b[:n]
	for k := range n { // Uᵀ z = b, column-oriented over rows of U
		b[k] /= u[k*n+k]
		vec.Axpy(-b[k], u[k*n+k+1:k*n+n], b[k+1:])
	}
	for k := n - 1; k >= 0; k-- { // U x = z
		b[k] = (b[k] - vec.Dot(u[k*n+k+1:k*n+n], b[k+1:])) / u[k*n+k]
	}
}

// Cholesky64 is Cholesky32 in float64.
func Cholesky64(a []float64, n int) bool {
	for k := range n {
		row := a[k*n : k*n+n]
		d := row[k]
		if !(d > 0) || math.IsInf(d, 0) {
			return false
		}
		d = math.Sqrt(d)
		row[k] = d
		for j := k + 1; j < n; j++ {
			row[j] /= d
		}
		for i := k + 1; i < n; i++ {
			f := row[i]
			if f == 0 {
				continue
			}
			dst, src := a[i*n+i:i*n+n], row[i:]
			for j := range dst {
				dst[j] -= float64(f * src[j])
			}
		}
	}
	return true
}

// SolveCholesky64 solves UᵀU·x = b in place for a factor from Cholesky64.
func SolveCholesky64(u []float64, n int, b []float64) {
	for k := range n {
		b[k] /= u[k*n+k]
		f := b[k]
		row := u[k*n : k*n+n]
		for j := k + 1; j < n; j++ {
			b[j] -= float64(f * row[j])
		}
	}
	for k := n - 1; k >= 0; k-- {
		row := u[k*n : k*n+n]
		s := b[k]
		for j := k + 1; j < n; j++ {
			s -= float64(row[j] * b[j])
		}
		b[k] = s / row[k]
	}
}

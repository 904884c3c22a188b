package solve

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

const (
	sweepBlock = 128 // rows swept at once
	sweepRows  = 64  // rows a worker updates at a time
)

// Inverse32 replaces the symmetric positive definite n×n matrix a (row-major,
// upper triangle read) by minus its inverse, both triangles, using the symmetric
// sweep operator block by block (Goodnight 1979). n must be a multiple of 16:
// pad with an identity. It reports false when a pivot is not positive.
//
// Cost: n³/2 multiply-adds spread over workers; memory beside a: 3·128·n numbers.
// The result does not depend on workers.
func Inverse32(ctx context.Context, a []float32, n, workers int) (bool, error) {
	left := make([]float32, sweepBlock*n)  // -A[K, :], tile by tile of 16 columns
	right := make([]float32, sweepBlock*n) // D⁻¹·A[K, :], the same way
	flat := make([]float32, sweepBlock*n)  // A[K, :], row by row
	for lo := 0; lo < n; lo += sweepBlock {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		hi := min(lo+sweepBlock, n)
		b := hi - lo
		for i := range lo { // the block's columns above it, by symmetry; 128·n numbers
			for k := range b {
				flat[k*n+i] = a[i*n+lo+k]
			}
		}
		for k := range b {
			copy(flat[k*n+hi:k*n+n], a[(lo+k)*n+hi:(lo+k)*n+n])
		}
		d := make([]float64, b*b)
		for i := range b {
			for j := i; j < b; j++ {
				d[i*b+j] = float64(a[(lo+i)*n+lo+j])
				d[j*b+i] = d[i*b+j]
			}
		}
		if !invert64(d, b) {
			return false, nil
		}
		coef := make([]float32, b*b) // -D⁻¹, tile by tile of 16 columns
		for i := range b {
			for j := range b {
				coef[j&^15*b+i*16+j&15] = -float32(d[i*b+j])
			}
		}
		err := parallel.For(ctx, n/16, 4, workers, func(_, tlo, thi int) error {
			for t := tlo; t < thi; t++ {
				base := t * 16 * sweepBlock
				l, r := left[base:base+16*b], right[base:base+16*b]
				clear(r)
				if t*16 >= lo && t*16 < hi {
					continue
				}
				for k := range b {
					src := flat[k*n+t*16 : k*n+t*16+16]
					for j, x := range src {
						l[k*16+j] = -x
					}
				}
				for k := 0; k < b; k += 16 {
					vec.Tile16(r[k*16:], 16, coef[k*b:], l, b)
				}
			}
			return nil
		})
		if err != nil {
			return false, err
		}
		err = parallel.For(ctx, n, sweepRows, workers, func(_, rlo, rhi int) error {
			for i := rlo; i < rhi; i += 16 {
				if i >= lo && i < hi {
					continue
				}
				for j := i; j < n; j += 16 {
					if j >= lo && j < hi {
						continue
					}
					vec.Tile16(a[i*n+j:], n, left[i*sweepBlock:], right[j*sweepBlock:], b)
				}
			}
			return nil
		})
		if err != nil {
			return false, err
		}
		for i := range b { // the swept rows and columns
			for j := i; j < b; j++ {
				a[(lo+i)*n+lo+j] = coef[j&^15*b+i*16+j&15]
			}
			for j := hi; j < n; j++ {
				a[(lo+i)*n+j] = right[j&^15*sweepBlock+i*16+j&15]
			}
		}
		for i := range lo {
			for k := range b {
				a[i*n+lo+k] = right[i&^15*sweepBlock+k*16+i&15]
			}
		}
	}
	err := parallel.For(ctx, n, 16, workers, func(_, rlo, rhi int) error {
		for j := range rhi { // a cache line of the upper triangle at a time
			for i := max(rlo, j+1); i < rhi; i++ {
				a[i*n+j] = a[j*n+i]
			}
		}
		return nil
	})
	return err == nil, err
}

// invert64 replaces the symmetric positive definite d by its inverse.
func invert64(d []float64, n int) bool {
	if !Cholesky64(d, n) {
		return false
	}
	out := make([]float64, n*n)
	col := make([]float64, n)
	for j := range n {
		clear(col)
		col[j] = 1
		SolveCholesky64(d, n, col)
		for i, x := range col {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
			out[i*n+j] = x
		}
	}
	copy(d, out)
	return true
}

package solve

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

// SVDOptions configures TruncatedSVD.
type SVDOptions struct {
	Rank       int // singular values wanted, >= 1
	Oversample int // further directions carried along, >= 0
	Iterations int // multiplications by AᵀA, >= 1
	Seed       uint64
	Workers    int
	Step       func(done int) // called after each iteration, on the caller's goroutine
}

const svdRows = 64 // rows of a product handed to a worker at a time

// TruncatedSVD approximates the largest singular values s of a, descending, and
// the right singular vectors v, a.Cols×len(s) row-major, by randomised subspace
// iteration with orthonormalisation after each product (Halko, Martinsson and
// Tropp 2011, algorithm 4.4, on the side of the columns) and a Rayleigh-Ritz step.
// at must be the transpose of a. len(s) is Rank, or less where a has fewer
// singular values above about 1e-3 of the largest, as far as float32 can tell
// them from rounding. In each vector the element of largest size is positive.
//
// With l = Rank + Oversample, the cost is Iterations·(4·entries·l + 4·rows·l² +
// 8·cols·l²) operations and the memory 4·l·(rows + cols) bytes. The result does
// not depend on Workers.
func TruncatedSVD(ctx context.Context, a, at *sparse.CSR, opt SVDOptions) (s []float64, v []float32, err error) {
	l := min(opt.Rank+opt.Oversample, a.Rows, a.Cols)
	if l < 1 {
		return nil, nil, context.Cause(ctx)
	}
	lp := vec.Pad(l)
	z := make([]float32, a.Rows*lp)
	q, err := svdStart(ctx, a.Cols, l, opt)
	if err != nil {
		return nil, nil, err
	}
	for it := range opt.Iterations {
		if err := times(ctx, z, a, q, lp, opt.Workers); err != nil {
			return nil, nil, err
		}
		if err := orthonormalise(ctx, z, a.Rows, lp, opt.Workers); err != nil {
			return nil, nil, err
		}
		if err := times(ctx, q, at, z, lp, opt.Workers); err != nil {
			return nil, nil, err
		}
		for range 2 { // the second pass repairs what rounding left of the first
			if err := orthonormalise(ctx, q, a.Cols, lp, opt.Workers); err != nil {
				return nil, nil, err
			}
		}
		if opt.Step != nil {
			opt.Step(it + 1)
		}
	}
	if err := times(ctx, z, a, q, lp, opt.Workers); err != nil {
		return nil, nil, err
	}
	g, err := gram64(ctx, z, a.Rows, lp, opt.Workers)
	if err != nil {
		return nil, nil, err
	}
	values, vectors, err := symmetricEigen(ctx, g, lp)
	if err != nil {
		return nil, nil, err
	}
	k := 0
	for k < min(opt.Rank, l) && values[k] > 1e-7*values[0] && values[k] > 0 {
		s = append(s, math.Sqrt(values[k]))
		k++
	}
	if err := rotate(ctx, q, vectors, a.Cols, lp, opt.Workers); err != nil {
		return nil, nil, err
	}
	return s, positive(q, a.Cols, lp, k), context.Cause(ctx)
}

// svdStart returns l random orthonormal directions of n numbers, in rows of Pad(l): a
// stream for each row of Seed alone.
func svdStart(ctx context.Context, n, l int, opt SVDOptions) ([]float32, error) {
	lp := vec.Pad(l)
	q := make([]float32, n*lp)
	err := parallel.For(ctx, n, svdRows, opt.Workers, func(_, lo, hi int) error {
		var r rng.Stream
		for i := lo; i < hi; i++ {
			r.Reset(opt.Seed, 0x737664, uint64(i))
			for k := range l {
				q[i*lp+k] = float32(r.Normal())
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// A square random matrix may be nearly singular.
	return q, orthonormalise(ctx, q, n, lp, opt.Workers)
}

// positive returns the first k columns of q, n rows of lp numbers, each with the sign
// that makes its largest element positive.
func positive(q []float32, n, lp, k int) []float32 {
	v := make([]float32, n*k)
	best := make([]float32, k)
	for i := range n {
		for c := range k {
			x := q[i*lp+c]
			if v[i*k+c] = x; x*x > best[c]*best[c] {
				best[c] = x
			}
		}
	}
	for i := range n {
		for c, b := range best {
			if b < 0 {
				v[i*k+c] = -v[i*k+c]
			}
		}
	}
	return v
}

// times writes the product of a with the dense x, rows of length w, into dst.
func times(ctx context.Context, dst []float32, a *sparse.CSR, x []float32, w, workers int) error {
	return parallel.For(ctx, a.Rows, svdRows, workers, func(_, lo, hi int) error {
		for r := lo; r < hi; r++ {
			cols, vals := a.Row(r)
			row := dst[r*w : r*w+w]
			clear(row)
			vec.GatherAxpy(row, x, cols, vals)
		}
		return nil
	})
}

// orthonormalise replaces the columns of the n×w matrix x, whose lengths may
// differ widely, by an orthonormal basis of their span, from the eigenvectors of
// their scaled Gram matrix (Stathopoulos and Wu 2002, SVQB). Directions that
// float32 cannot tell from rounding become zero columns.
func orthonormalise(ctx context.Context, x []float32, n, w, workers int) error {
	g, err := gram64(ctx, x, n, w, workers)
	if err != nil {
		return err
	}
	scale := make([]float64, w)
	for i := range scale {
		if d := g[i*w+i]; d > 0 {
			scale[i] = 1 / math.Sqrt(d)
		}
	}
	for i := range w {
		for j := range w {
			g[i*w+j] *= scale[i] * scale[j]
		}
	}
	values, vectors, err := symmetricEigen(ctx, g, w)
	if err != nil {
		return err
	}
	t := make([]float64, w*w)
	for k, e := range values {
		if !(e > 1e-9*float64(w)) {
			break
		}
		f := 1 / math.Sqrt(e)
		for i := range w {
			t[i*w+k] = scale[i] * vectors[i*w+k] * f
		}
	}
	return rotate(ctx, x, t, n, w, workers)
}

// rotate replaces x by x·t, x n×w and t w×w.
func rotate(ctx context.Context, x []float32, t []float64, n, w, workers int) error {
	t32 := make([]float32, len(t))
	for i, v := range t {
		t32[i] = float32(v)
	}
	all := make([]int32, w)
	for i := range all {
		all[i] = int32(i)
	}
	workers = parallel.Workers(workers)
	old := make([]float32, workers*w)
	return parallel.For(ctx, n, svdRows, workers, func(worker, lo, hi int) error {
		old := old[worker*w : worker*w+w]
		for r := lo; r < hi; r++ {
			row := x[r*w : r*w+w]
			copy(old, row)
			clear(row)
			vec.GatherAxpy(row, t32, all, old)
		}
		return nil
	})
}

// gram64 returns xᵀx of the n×w matrix x, w a multiple of 16: float32 within 128
// rows, float64 beyond.
func gram64(ctx context.Context, x []float32, n, w, workers int) ([]float64, error) {
	block := max(4096, (n+31)/32) // at most 32 partial sums
	g, err := parallel.Reduce(ctx, n, block, workers, func(lo, hi int) ([]float64, error) {
		out := make([]float64, w*w)
		part := make([]float32, w*w)
		for ; lo < hi; lo += 128 {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			rows := min(128, hi-lo)
			clear(part)
			vec.Syrk(part, w, 0, w, x[lo*w:(lo+rows)*w], x[lo*w:(lo+rows)*w], w, rows)
			for i := range w {
				for j := i; j < w; j++ {
					out[i*w+j] += float64(part[i*w+j])
				}
			}
		}
		return out, nil
	}, func(acc, next []float64) []float64 {
		for i, v := range next {
			acc[i] += v
		}
		return acc
	})
	if err != nil {
		return nil, err
	}
	for i := range w {
		for j := range i {
			g[i*w+j] = g[j*w+i]
		}
	}
	return g, nil
}

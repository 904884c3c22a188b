package predict

import (
	"context"
	"math"
)

// lasso minimises wᵀCw - 2·cᵀw + L2·Σ w² + L1·Σ|w| by coordinate descent on the
// cross-products of the columns (Friedman, Hastie and Tibshirani 2010, section 2.2). As soon as the
// signs stay for a pass, the linear system of the columns that are in is solved, and where its
// solution has these signs and leaves the others out, that is the minimum but for rounding.
func (g *Gram) lasso(ctx context.Context, opt LinearOptions) (coef []float64, converged bool, err error) {
	d := g.columns
	coef = make([]float64, d)
	product := func(i, j int) float64 { return g.at(opt, min(i, j), max(i, j)) }
	slope := make([]float64, d) // c - C·w
	for j := range d {
		slope[j] = g.at(opt, j, d)
	}
	constant := make([]bool, d)
	for j := range d {
		v := g.at(opt, j, j)
		constant[j] = !(v > 0) || (!opt.NoIntercept && v <= 1e-26*g.weight*g.mean[j]*g.mean[j])
	}
	next := 0 // pass of the next system: one costs as much as many passes
	for pass := range maxPasses {
		if ctx.Err() != nil {
			return nil, false, context.Cause(ctx)
		}
		same, moved := true, 0.0
		for j := range d {
			if constant[j] {
				continue
			}
			size := product(j, j)
			old := coef[j]
			to := shrink(slope[j]+size*old, opt.L1/2) / (size + opt.L2)
			if to == old {
				continue
			}
			same = same && (to > 0) == (old > 0) && (to < 0) == (old < 0)
			coef[j] = to
			for i := range d {
				slope[i] -= product(i, j) * (to - old)
			}
			moved = math.Max(moved, math.Abs(to-old)*math.Sqrt(size))
		}
		if opt.Progress != nil {
			opt.Progress(Progress{Iteration: pass + 1, MaxIter: maxPasses, Objective: g.penalised(opt, coef, slope)})
		}
		if same && pass >= next {
			if g.polish(opt, coef, slope, constant) {
				return coef, true, nil
			}
			next = pass + 1 + pass/4
		}
		if pass > 0 && moved <= 1e-15*math.Sqrt(g.at(opt, d, d)) {
			return coef, true, nil
		}
	}
	return coef, false, nil
}

// maxPasses bounds the passes of the coordinate descent.
const maxPasses = 100_000

// penalised is Σ s·(y - b - w·x)² + L2·Σ w² + L1·Σ|w|, where slope is c - C·w.
func (g *Gram) penalised(opt LinearOptions, coef, slope []float64) float64 {
	sum := g.at(opt, g.columns, g.columns)
	for j, w := range coef {
		sum += w*(opt.L2*w-g.at(opt, j, g.columns)-slope[j]) + opt.L1*math.Abs(w)
	}
	return sum
}

// shrink moves x towards 0 by t.
func shrink(x, t float64) float64 {
	switch {
	case x > t:
		return x - t
	case x < -t:
		return x + t
	}
	return 0
}

// polish replaces coef by the minimum among coefficients of its signs, and reports whether
// that is the minimum of all; otherwise coef stays.
func (g *Gram) polish(opt LinearOptions, coef, slope []float64, constant []bool) bool {
	d := g.columns
	product := func(i, j int) float64 { return g.at(opt, min(i, j), max(i, j)) }
	free := make([]bool, d)
	system, right := make([]float64, d*d), make([]float64, d)
	for i := range d {
		free[i] = coef[i] != 0
		right[i] = g.at(opt, i, d) - math.Copysign(opt.L1/2, coef[i])
		for j := range d {
			system[i*d+j] = product(i, j)
		}
		system[i*d+i] += opt.L2
	}
	z, ok := solveFree(system, right, free, d)
	if !ok {
		return false
	}
	next := make([]float64, d)
	for i := range d {
		if free[i] && !(z[i]*coef[i] > 0) {
			return false
		}
		next[i] = g.at(opt, i, d)
		for j := range d {
			if free[j] {
				next[i] -= product(i, j) * z[j]
			}
		}
		if !free[i] && !constant[i] && math.Abs(next[i]) > opt.L1/2*(1+1e-12) {
			return false
		}
	}
	copy(coef, z)
	copy(slope, next)
	return true
}

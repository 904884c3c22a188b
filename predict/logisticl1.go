package predict

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/solve"
)

// proximal minimises F with L1 by proximal Newton steps: each minimises the
// quadratic model of the smooth part plus the exact penalty by coordinate
// descent, then searches along the step (Lee, Sun and Saunders 2014).
func (p *dense) proximal(ctx context.Context, theta []float64, o LogisticOptions, track *progress) (solve.LBFGSResult, error) {
	size := p.p
	x, g := theta, make([]float64, size)
	sub, delta, hd := make([]float64, size), make([]float64, size), make([]float64, size)
	xn, gn, diag := make([]float64, size), make([]float64, size), make([]float64, size)
	penalty := func(x []float64) float64 {
		s := 0.0
		for j, l := range p.l1 {
			s += l * math.Abs(x[j])
		}
		return s
	}
	f, err := p.eval(ctx, g, x)
	if err != nil {
		return solve.LBFGSResult{}, err
	}
	f += penalty(x)
	r := solve.LBFGSResult{Evals: 1}
	sampled, _ := p.sampleRows()
	for r.Iter = 0; ; r.Iter++ {
		report(o, r.Iter, f)
		rows := p.n
		if r.Iter < 3 {
			rows = sampled // far from the optimum an estimate is good enough
		}
		h, err := p.hessian(ctx, x, rows)
		if err != nil {
			return r, err
		}
		for j := range size {
			diag[j] = h[j*size+j]
			sub[j] = solve.Subgradient(x[j], g[j], p.l1[j])
			for i := range j {
				h[j*size+i] = h[i*size+j]
			}
		}
		if track.done(x, sub, diag) {
			r.Converged = true
			break
		}
		if r.Iter >= o.MaxIter {
			break
		}
		p.descend(x, g, h, diag, delta, hd, o.Tol)
		model := penalty2(p.l1, x, delta) - penalty(x)
		for j, d := range delta {
			model += g[j] * d
		}
		a, ok := 1.0, false
		for range 40 {
			for j := range xn {
				xn[j] = x[j] + a*delta[j]
			}
			fn, err := p.eval(ctx, gn, xn)
			if err != nil {
				return r, err
			}
			r.Evals++
			fn += penalty(xn)
			if fn <= f+1e-4*a*model+1e-14*math.Abs(f) {
				f, ok = fn, true
				break
			}
			a /= 2
		}
		if !ok {
			r.Stalled = true
			break
		}
		x, xn = xn, x
		g, gn = gn, g
	}
	r.X, r.F = x, f
	return r, nil
}

func penalty2(l1, x, delta []float64) float64 {
	s := 0.0
	for j, l := range l1 {
		s += l * math.Abs(x[j]+delta[j])
	}
	return s
}

// descend minimises g·δ + ½δᵀHδ + Σ l1·|x+δ| over delta by cyclic coordinate
// descent. hd holds H·delta.
func (p *dense) descend(x, g, h, diag, delta, hd []float64, tol float64) {
	size := len(x)
	clear(delta)
	clear(hd)
	first := 0.0
	for sweep := range 1000 {
		worst := 0.0
		for j := range size {
			if diag[j] <= 0 {
				continue
			}
			slope := g[j] + hd[j]
			at := x[j] + delta[j]
			next := soft(at-slope/diag[j], p.l1[j]/diag[j])
			step := next - at
			if step == 0 {
				continue
			}
			delta[j] += step
			if next == 0 {
				delta[j] = -x[j] // land on 0 exactly
			}
			axpy(step, h[j*size:j*size+size], hd)
			worst = math.Max(worst, math.Abs(step)*math.Sqrt(diag[j]))
		}
		if sweep == 0 {
			first = worst
		}
		if worst <= math.Min(1e-4*first, first*first) || worst <= 0.01*tol {
			return
		}
	}
}

// soft is the soft-thresholding operator.
func soft(x, l float64) float64 {
	switch {
	case x > l:
		return x - l
	case x < -l:
		return x + l
	}
	return 0
}

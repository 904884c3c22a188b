package predict

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
)

// columns is the transpose of a sparse problem.
type columns struct {
	ptr []int64
	row []int32
	val []float64
}

func (p *sparseProblem) columns() columns {
	c := columns{make([]int64, p.d+1), make([]int32, len(p.idx)), make([]float64, len(p.val))}
	for _, j := range p.idx {
		c.ptr[j+1]++
	}
	for j := range p.d {
		c.ptr[j+1] += c.ptr[j]
	}
	next := append([]int64(nil), c.ptr[:p.d]...)
	for k := range p.n {
		for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
			at := next[p.idx[e]]
			next[p.idx[e]]++
			c.row[at], c.val[at] = int32(k), p.val[e]
		}
	}
	return c
}

// proximal minimises F with L1 by proximal Newton steps: coordinate descent on
// the quadratic model, which touches one sparse column at a time and keeps the
// products of the rows with the step, then a search along the step (Yuan, Ho
// and Lin 2012, newGLMNET, without its shrinking rule: sweeps after the first
// visit only coordinates that are not at rest on 0).
func (p *sparseProblem) proximal(ctx context.Context, theta []float64, o LogisticOptions, track *progress) (solve.LBFGSResult, error) {
	cols := p.columns()
	g, h, sub, delta := make([]float64, p.p), make([]float64, p.p), make([]float64, p.p), make([]float64, p.p)
	eta, step := make([]float64, p.n), make([]float64, p.n)    // X·theta, X·delta
	slope, curve := make([]float64, p.n), make([]float64, p.n) // first and second derivative by row
	active := make([]int32, 0, p.p)
	x := theta
	err := parallel.For(ctx, p.n, rowBlock, 0, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			eta[k] = p.eta(k, x)
		}
		return nil
	})
	if err != nil {
		return solve.LBFGSResult{}, err
	}
	// value returns F at x + a·delta.
	value := func(a float64) (float64, error) {
		f, err := parallel.Reduce(ctx, p.n, rowBlock, 0, func(lo, hi int) (float64, error) {
			s := 0.0
			var l losses
			for k := lo; k < hi; k += group {
				n := min(group, hi-k)
				for i := range n {
					l.eta[i] = eta[k+i] + a*step[k+i]
				}
				l.derive(p.z[k:k+n], p.w[k:k+n])
				for _, v := range l.loss[:n] {
					s += v
				}
			}
			return s, nil
		}, func(a, b float64) float64 { return a + b })
		for j, l := range p.l2 {
			v := x[j] + a*delta[j]
			f += l / 2 * v * v
			f += p.l1[j] * math.Abs(v)
		}
		return f, err
	}
	f, err := value(0)
	if err != nil {
		return solve.LBFGSResult{}, err
	}
	r := solve.LBFGSResult{Evals: 1}
	for r.Iter = 0; ; r.Iter++ {
		report(o, r.Iter, f)
		if err := p.derivatives(ctx, cols, x, eta, slope, curve, g, h); err != nil {
			return r, err
		}
		for j := range sub {
			sub[j] = solve.Subgradient(x[j], g[j], p.l1[j])
		}
		if track.done(x, sub, h) {
			r.Converged = true
			break
		}
		if r.Iter >= o.MaxIter {
			break
		}
		active = active[:0]
		for j := range p.p {
			active = append(active, int32(j))
		}
		if err := p.descend(ctx, cols, x, g, h, curve, delta, step, active, o.Tol); err != nil {
			return r, err
		}
		model := 0.0
		for j, d := range delta {
			if d != 0 {
				model += g[j]*d + p.l1[j]*(math.Abs(x[j]+d)-math.Abs(x[j]))
			}
		}
		a, ok := 1.0, false
		for range 40 {
			fn, err := value(a)
			if err != nil {
				return r, err
			}
			r.Evals++
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
		for j, d := range delta {
			x[j] += a * d
		}
		for k, d := range step {
			eta[k] += a * d
		}
	}
	r.X, r.F = x, f
	return r, nil
}

// derivatives fills the derivatives of the smooth part by row, then its gradient
// and the diagonal of its Hessian.
func (p *sparseProblem) derivatives(ctx context.Context, cols columns, x, eta, slope, curve, g, h []float64) error {
	type sums struct{ g, h float64 }
	total, err := parallel.Reduce(ctx, p.n, rowBlock, 0, func(lo, hi int) (sums, error) {
		var s sums
		var l losses
		for k := lo; k < hi; k += group {
			n := copy(l.eta[:], eta[k:hi])
			l.derive(p.z[k:k+n], p.w[k:k+n])
			copy(slope[k:k+n], l.grad[:n])
			copy(curve[k:k+n], l.curve[:n])
			for i, v := range l.grad[:n] {
				s.g += v
				s.h += l.curve[i]
			}
		}
		return s, nil
	}, func(a, b sums) sums { return sums{a.g + b.g, a.h + b.h} })
	if err != nil {
		return err
	}
	err = parallel.For(ctx, p.d, rowBlock, 0, func(_, lo, hi int) error {
		for j := lo; j < hi; j++ {
			gj, hj := p.l2[j]*x[j], p.l2[j]
			for e := cols.ptr[j]; e < cols.ptr[j+1]; e++ {
				k, v := cols.row[e], cols.val[e]
				gj += slope[k] * v
				hj += curve[k] * v * v
			}
			g[j], h[j] = gj, hj
		}
		return nil
	})
	if p.intercept {
		g[p.d], h[p.d] = total.g, total.h
	}
	return err
}

// descend finds the step delta that minimises the quadratic model plus the L1
// penalty, roughly at first and closely near the optimum; step is X·delta.
func (p *sparseProblem) descend(ctx context.Context, cols columns, x, g, h, curve, delta, step []float64, active []int32, tol float64) error {
	clear(delta)
	clear(step)
	first := 0.0
	for sweep := range 200 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		worst, kept := 0.0, active[:0]
		for _, j := range active {
			hj := h[j]
			if !(hj > 0) {
				continue
			}
			s := g[j] + p.l2[j]*delta[j]
			if int(j) == p.d {
				for k, q := range curve {
					s += q * step[k]
				}
			} else {
				for e := cols.ptr[j]; e < cols.ptr[j+1]; e++ {
					k := cols.row[e]
					s += curve[k] * step[k] * cols.val[e]
				}
			}
			at := x[j] + delta[j]
			next := soft(at-s/hj, p.l1[j]/hj)
			if next != 0 || at != 0 {
				kept = append(kept, j)
			}
			move := next - at
			if move == 0 {
				continue
			}
			delta[j] += move
			if next == 0 {
				delta[j] = -x[j] // land on 0 exactly
			}
			if int(j) == p.d {
				for k := range step {
					step[k] += move
				}
			} else {
				for e := cols.ptr[j]; e < cols.ptr[j+1]; e++ {
					step[cols.row[e]] += move * cols.val[e]
				}
			}
			worst = math.Max(worst, math.Abs(move)*math.Sqrt(hj))
		}
		active = kept
		if sweep == 0 {
			first = worst
		}
		if worst <= 0.1*first || worst <= 0.1*tol {
			break
		}
	}
	return nil
}

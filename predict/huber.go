package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// huber is the problem of FitLinear with Huber (Huber, Robust Statistics, 1981, section 7.7; Owen 2007). The
// parameters are those of the plane; the scale is the best one for it, which leaves a function that is convex and smooth.
type huber struct {
	*dense
	y        []float64 // in order
	epsilon  float64
	least    float64   // the scale below which all is rounding
	residual []float64 // at the point that eval saw last
	sigma    float64   // the scale there
}

// huber fits by L-BFGS on top of the system of the rows that are near.
func (f *leastSquares) huber(ctx context.Context, where string) (*Linear, error) {
	opt := LogisticOptions{L2: 2 * f.opt.L2, NoIntercept: f.opt.NoIntercept, Names: f.opt.Names, Workers: f.opt.Workers, MaxIter: 1000, Tol: 1e-9, Progress: f.opt.Progress}
	f.sample.y = make([]bool, len(f.y))
	f.unit = 1
	one, err := newDense(ctx, len(f.rows[0]), &f.sample, opt, source{row: func(_ []float64, i int) []float64 { return f.rows[i] }, ahead: 6})
	if err != nil {
		return nil, wrap(where, err)
	}
	p := &huber{dense: one, epsilon: f.opt.Huber, residual: make([]float64, one.rows)}
	mean, square, so := 0.0, 0.0, 0.0
	for k, i := range f.order {
		p.y = append(p.y, f.y[i])
		so += p.weight[k]
		mean += (f.y[i] - mean) * (p.weight[k] / so)
	}
	base := mean
	if !p.intercept {
		base = 0
	}
	for k, v := range p.y {
		p.y[k] = v - base // as if it were an offset: near 0 nothing is lost
		square += p.weight[k] * p.y[k] * p.y[k]
	}
	if p.least = 1e-12 * math.Sqrt(square/p.total); p.least == 0 {
		p.least = 1e-100 // all are the same: any scale does
	}
	r, dependent, err := p.minimise(ctx, opt)
	if err != nil {
		return nil, wrap(where, err)
	}
	m := newLinear(f.opt, p.columns)
	m.coef, m.intercept = p.unscale(r.X)
	if p.intercept {
		m.intercept += base
	}
	m.mean, m.target, m.rows, m.weight = p.mean, mean, int64(p.rows), p.total
	for k, v := range p.residual {
		m.rss += p.weight[k] * v * v
	}
	m.tss = square
	p.warn(m, r, dependent)
	if !m.finite() || !check.Finite(m.rss) || !check.Finite(m.tss) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	return m, nil
}

// warn says what is doubtful about the fit.
func (p *huber) warn(m *Linear, r solve.LBFGSResult, dependent []int) {
	dependent = append(dependent, p.constant...)
	slices.Sort(dependent)
	m.warnColumns(slices.Compact(dependent), "are constant or linear combinations of columns before them and get coefficient 0")
	if p.sigma <= p.least {
		m.warn("so many rows lie on one plane exactly that the scale of the residuals is 0")
	} else if !r.Converged {
		m.warn(fmt.Sprintf("not converged after %d iterations: raise L2, or rescale the columns", r.Iter))
	}
}

// minimise returns the minimum and the columns that depend on those before them.
func (p *huber) minimise(ctx context.Context, opt LogisticOptions) (solve.LBFGSResult, []int, error) {
	var factor []float64
	var gone []int
	apply := func(dst, g []float64) {
		copy(dst, g)
		solve.SolveCholesky64(factor, p.params, dst)
		for _, j := range gone {
			dst[j] = 0
		}
	}
	step := make([]float64, p.params)
	r, err := solve.LBFGS(ctx, make([]float64, p.params), func(grad, x []float64) (float64, error) { return p.eval(ctx, grad, x) }, solve.LBFGSOptions{
		MaxIter: opt.MaxIter, Precond: apply,
		Stop: func(iter int, x []float64, f float64, g []float64) (bool, error) {
			report(opt, iter, f)
			if iter&(iter-1) == 0 {
				if _, err := p.eval(ctx, make([]float64, p.params), x); err != nil { // the residuals at x
					return false, err
				}
				var err error
				if factor, err = p.hessian(ctx); err != nil {
					return false, err
				}
				gone = solve.SemiCholesky64(factor, p.params, rankTol)
			}
			apply(step, g)
			left := 0.0
			for j, s := range step {
				left += g[j] * s
			}
			// Tol in standard errors, rows taken to weigh about 1.
			return math.Abs(left) <= opt.Tol*opt.Tol*p.sigma*(p.total/float64(p.rows)) || p.sigma <= p.least, nil
		},
	})
	if err != nil {
		return r, nil, err
	}
	_, err = p.eval(ctx, make([]float64, p.params), r.X)
	var dependent []int
	for _, j := range gone {
		if j < p.columns {
			dependent = append(dependent, j)
		}
	}
	return r, dependent, err
}

// eval is the objective at the best scale, with its gradient, which is that at the scale held.
func (p *huber) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	coef := p.coefficients(theta)
	err := parallel.For(ctx, p.rows, rowBlock, p.workers, func(_, lo, hi int) error {
		vec.DotRows64(p.residual[lo:hi], p.x[lo*p.stride:hi*p.stride], coef)
		for k := lo; k < hi; k++ {
			p.residual[k] = p.y[k] - p.residual[k]
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := p.scaleOf(ctx); err != nil {
		return 0, err
	}
	size := p.stride
	sum, err := parallel.Reduce(ctx, p.rows, rowBlock, p.workers, func(lo, hi int) ([]float64, error) {
		sum, slope := make([]float64, size+1), make([]float64, hi-lo)
		for k := lo; k < hi; k++ {
			w, z := p.weight[k], p.residual[k]/p.sigma
			if math.Abs(z) <= p.epsilon {
				sum[size] += w * p.sigma * (1 + z*z)
				slope[k-lo] = -2 * w * z
			} else {
				sum[size] += w * p.sigma * (1 + 2*p.epsilon*math.Abs(z) - p.epsilon*p.epsilon)
				slope[k-lo] = -2 * w * math.Copysign(p.epsilon, z)
			}
		}
		vec.AxpyRows64(sum[:size], p.x[lo*p.stride:hi*p.stride], slope)
		return sum, nil
	}, addTo)
	if err != nil {
		return 0, err
	}
	copy(grad, sum[:p.params])
	for j, s := range p.inv {
		grad[j] *= s
	}
	f := sum[size]
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
		grad[j] += l * theta[j]
	}
	return f, nil
}

// scaleOf finds the scale at which Σ s·min(r²/σ², Huber²) = Σ s, where the slope of the objective in it is 0. In
// 1/σ² the left side is concave and of straight pieces: Newton's method from the left ends in a few passes.
func (p *huber) scaleOf(ctx context.Context) error {
	t := 0.0
	for range 200 {
		type part struct{ near, far float64 } // Σ s·r² of the rows that are near, Σ s of others
		bound := p.epsilon * p.epsilon / t
		sum, err := parallel.Reduce(ctx, p.rows, rowBlock, p.workers, func(lo, hi int) (sum part, err error) {
			for k := lo; k < hi; k++ {
				if q := p.residual[k] * p.residual[k]; t == 0 || q <= bound {
					sum.near += p.weight[k] * q
				} else {
					sum.far += p.weight[k]
				}
			}
			return sum, nil
		}, func(a, b part) part { return part{a.near + b.near, a.far + b.far} })
		if err != nil {
			return err
		}
		next := (p.total - p.epsilon*p.epsilon*sum.far) / sum.near
		if !(next > t*(1+1e-15)) {
			break
		}
		if t = next; !(t < 1/p.least/p.least) {
			break
		}
	}
	p.sigma = math.Max(1/math.Sqrt(t), p.least)
	if t == 0 {
		p.sigma = p.least
	}
	return nil
}

// hessian is that of the rows that are near at the scale held; those that are far, whose own is 0, count a little, so
// that a step towards where they become near is not too long.
func (p *huber) hessian(ctx context.Context) ([]float64, error) {
	size := vec.Pad8(p.params)
	scale := make([]float64, p.params)
	copy(scale, p.inv)
	if p.intercept {
		scale[p.columns] = 1
	}
	sum, err := parallel.Reduce(ctx, p.rows, max(rowBlock, (p.rows+15)/16), p.workers, func(lo, hi int) ([]float64, error) {
		sum := make([]float64, size*size)
		scaled, weighted := make([]float64, group*size), make([]float64, group*size)
		for k := lo; k < hi; k += group {
			n := min(group, hi-k)
			for i := range n {
				w := 2 * p.weight[k+i] / p.sigma
				if z := math.Abs(p.residual[k+i]) / p.sigma; z > p.epsilon {
					w *= .01 * p.epsilon / z
				}
				for j, s := range scale {
					v := p.x[(k+i)*p.stride+j] * s
					scaled[i*size+j], weighted[i*size+j] = v, w*v
				}
			}
			vec.Syrk64(sum, size, size, weighted, scaled, size, n)
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.params*p.params)
	for i := range p.params {
		copy(h[i*p.params+i:(i+1)*p.params], sum[i*size+i:i*size+p.params])
		h[i*p.params+i] += p.l2[i]
	}
	return h, nil
}

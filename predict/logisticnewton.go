package predict

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// rankTol is the share of a column's variance, left over by the columns before
// it, below which it counts as their linear combination.
const rankTol = 1e-11

// hessian returns the params×params Hessian at theta, upper triangle, estimated from
// the first m rows where m < rows; then no diagonal entry falls below a quarter of
// what columns of variance 1 have on average, so that a column which is rare in
// the sample cannot make the estimate singular.
func (p *dense) hessian(ctx context.Context, theta []float64, m int) ([]float64, error) {
	size := vec.Pad8(p.params)
	coef := p.coefficients(theta)
	scale := make([]float64, p.params)
	copy(scale, p.inv)
	if p.intercept {
		scale[p.columns] = 1
	}
	block := max(rowBlock, (m+15)/16) // at most 16 blocks: memory 16·params²
	type part struct {
		h           []float64
		seen, curve float64 // Σ weight, Σ second derivative
	}
	sum, err := parallel.Reduce(ctx, m, block, p.workers, func(lo, hi int) (part, error) {
		sum := part{h: make([]float64, size*size)}
		scaled, weighted := make([]float64, group*size), make([]float64, group*size)
		p.pass(coef, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				sum.seen += p.weight[k+i]
				sum.curve += q
				x, s, w := p.x[(k+i)*p.stride:][:p.params], scaled[i*size:][:p.params], weighted[i*size:][:p.params]
				for j, v := range x {
					v *= scale[j]
					s[j], w[j] = v, q*v
				}
			}
			vec.Syrk64(sum.h, size, size, weighted, scaled, size, n)
		})
		return sum, nil
	}, func(a, b part) part {
		addTo(a.h, b.h)
		a.seen += b.seen
		a.curve += b.curve
		return a
	})
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.params*p.params)
	f := 1.0
	if m < p.rows {
		f = p.total / sum.seen
	}
	for i := range p.params {
		for j := i; j < p.params; j++ {
			h[i*p.params+j] = sum.h[i*size+j] * f
		}
		if m < p.rows {
			h[i*p.params+i] = math.Max(h[i*p.params+i], 0.25*sum.curve*f)
		}
		h[i*p.params+i] += p.l2[i]
	}
	return h, nil
}

// diagonal returns the diagonal of the Hessian at theta over all rows.
func (p *dense) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	coef := p.coefficients(theta)
	h, err := parallel.Reduce(ctx, p.rows, max(rowBlock, (p.rows+15)/16), p.workers, func(lo, hi int) ([]float64, error) {
		h := make([]float64, p.params)
		p.pass(coef, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				x := p.x[(k+i)*p.stride:][:p.params]
				for j, s := range p.inv {
					v := x[j] * s
					h[j] += q * v * v
				}
				if p.intercept {
					h[p.columns] += q
				}
			}
		})
		return h, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	return addTo(h, p.l2), nil
}

// sampleRows returns how many rows the Hessian is taken from, and whether it is
// cheap enough to be taken anew in every iteration.
func (p *dense) sampleRows() (m int, newton bool) {
	square := p.params * p.params
	if float64(p.rows)*float64(square) <= 5e7 {
		return p.rows, true
	}
	return min(p.rows, max(4*p.params, 2048, int(4e7)/square)), false
}

// newtonFit minimises F without L1 by L-BFGS on top of a Hessian that is taken anew
// now and then, from all rows or from a sample of them.
type newtonFit struct {
	p      *dense
	opt    LogisticOptions
	end    *convergence
	sample int       // rows the Hessian is taken from
	every  bool      // it is taken in every iteration
	cold   []float64 // where a fit without warm start begins
	factor []float64 // of the Hessian
	step   []float64 // scratch: the Newton step
	base   int       // columns dependent at the start; -1 before
	lost   bool      // more of them now
}

// newton returns the minimum of F from theta on.
func (p *dense) newton(ctx context.Context, theta []float64, opt LogisticOptions, end *convergence) (solve.LBFGSResult, error) {
	f := &newtonFit{p: p, opt: opt, end: end, cold: theta, step: make([]float64, p.params), base: -1}
	f.sample, f.every = p.sampleRows()
	if 4*f.sample <= p.rows {
		warm, err := f.warm(ctx, theta)
		if err != nil {
			return solve.LBFGSResult{}, err
		}
		theta = warm
	}
	memory := 10
	if f.every {
		memory = -1
	}
	return solve.LBFGS(ctx, theta, func(grad, x []float64) (float64, error) {
		return p.eval(ctx, grad, x)
	}, solve.LBFGSOptions{
		Memory:  memory,
		MaxIter: opt.MaxIter,
		Precond: func(dst, g []float64) {
			copy(dst, g)
			solve.SolveCholesky64(f.factor, p.params, dst)
		},
		Stop: func(iter int, x []float64, value float64, g []float64) (bool, error) {
			report(opt, iter, value)
			return f.stop(ctx, iter, x, g)
		},
	})
}

// warm returns the optimum of the first rows, a random sample, to about its
// standard error: from there the fit of all rows has only details to find. Where
// the sample has none, it returns theta.
func (f *newtonFit) warm(ctx context.Context, theta []float64) ([]float64, error) {
	q := *f.p
	q.rows, q.total = f.sample, 0
	for _, w := range q.weight[:f.sample] {
		q.total += w
	}
	q.l2 = make([]float64, len(f.p.l2))
	for j, l := range f.p.l2 {
		q.l2[j] = l * (q.total / f.p.total)
	}
	q.parts = make([]float64, parallel.Blocks(f.sample, rowBlock)*(q.stride+1))
	opt := f.opt
	opt.Tol, opt.MaxIter, opt.Progress = 0.3, 20, nil
	end := &convergence{tol: opt.Tol}
	r, err := q.newton(ctx, theta, opt, end)
	if err != nil {
		return nil, err
	}
	if !r.Converged || end.separated {
		return theta, nil
	}
	return r.X, nil
}

// stop ends the search once the step of a fresh Hessian says so.
func (f *newtonFit) stop(ctx context.Context, iter int, x, g []float64) (bool, error) {
	fresh := f.every || iter&(iter-1) == 0 // 0, 1, 2, 4, 8, …
	if fresh {
		if err := f.refresh(ctx, x); err != nil {
			return false, err
		}
	}
	if !f.rests(x, g) {
		return false, nil
	}
	if !fresh {
		if err := f.refresh(ctx, x); err != nil {
			return false, err
		}
		if !f.rests(x, g) {
			return false, nil
		}
	}
	if f.p.freeOfRank && f.sample < f.p.rows {
		// What the sample floors may hide: columns that separate.
		return true, f.verify(ctx, x, g)
	}
	return true, nil
}

// refresh takes the Hessian at x.
func (f *newtonFit) refresh(ctx context.Context, x []float64) error {
	h, err := f.p.hessian(ctx, x, f.sample)
	if err != nil {
		return err
	}
	n := len(solve.SemiCholesky64(h, f.p.params, rankTol))
	if f.base < 0 {
		f.base = n
	}
	// Rank that the columns have and the Hessian has lost is curvature
	// that vanished, as it does along the direction of separated classes.
	f.lost = f.p.freeOfRank && n > f.base
	f.factor = h
	return nil
}

// rests applies the tests of convergence at x with gradient g.
func (f *newtonFit) rests(x, g []float64) bool {
	copy(f.step, g)
	solve.SolveCholesky64(f.factor, f.p.params, f.step)
	if !f.end.rest(x, g, f.step) {
		return false
	}
	f.end.separated = f.end.separated || f.lost
	return true
}

// verify repeats the second test of convergence with the Hessian of all rows.
func (f *newtonFit) verify(ctx context.Context, x, g []float64) error {
	p := f.p
	h, err := p.hessian(ctx, x, p.rows)
	if err != nil {
		return err
	}
	dependent := len(solve.SemiCholesky64(h, p.params, rankTol))
	step := slices.Clone(g)
	solve.SolveCholesky64(h, p.params, step)
	loose := convergence{tol: math.Inf(1), separated: f.end.separated} // only the size of the step counts here
	loose.rest(x, g, step)
	f.end.separated = loose.separated
	if dependent > 0 && !f.end.separated {
		if h, err = p.hessian(ctx, f.cold, p.rows); err != nil {
			return err
		}
		f.end.separated = dependent > len(solve.SemiCholesky64(h, p.params, rankTol))
	}
	return nil
}

// inference adds standard errors and, without penalty, reports dependent
// columns.
func (p *dense) inference(ctx context.Context, m *Logistic, stdErrors bool, theta []float64) error {
	ranks := p.freeOfRank && p.columns <= maxNewton
	if !ranks && !stdErrors {
		return nil
	}
	if !stdErrors {
		// The sample may show more dependence than the whole, never less.
		rows, _ := p.sampleRows()
		h, err := p.hessian(ctx, theta, rows)
		if err != nil {
			return err
		}
		if len(solve.SemiCholesky64(h, p.params, rankTol)) == len(p.constant) {
			return nil
		}
	}
	h, err := p.hessian(ctx, theta, p.rows)
	if err != nil {
		return err
	}
	gone := make([]bool, p.params)
	for _, j := range p.constant {
		gone[j] = true
	}
	all := solve.SemiCholesky64(h, p.params, rankTol)
	var dependent []int
	for _, j := range all {
		if !gone[j] && j < p.columns {
			dependent = append(dependent, j)
		}
		gone[j] = true
	}
	if !m.converged && len(dependent) > 0 {
		// Curvature of separated classes vanishes: no sign of dependence.
		dependent = nil
	}
	m.warnColumns(dependent, "are linear combinations of columns before them and get coefficient 0")
	if stdErrors {
		m.stdErr = p.stdErr(solve.SemiInverse64(h, p.params, all), gone)
		for j := range m.stdErr {
			m.stdErr[j] /= math.Sqrt(p.unit)
		}
	}
	return nil
}

// stdErr returns the standard errors of the columns as given and, last, of the
// intercept, from the inverse Hessian; NaN for parameters that are gone.
func (p *dense) stdErr(inverse []float64, gone []bool) []float64 {
	out := make([]float64, p.columns+1)
	for j := range p.columns {
		out[j] = math.NaN()
		if !gone[j] {
			out[j] = math.Sqrt(inverse[j*p.params+j]) / p.scale[j]
		}
	}
	out[p.columns] = math.NaN()
	if !p.intercept {
		return out
	}
	// The intercept as given is theta_b - Σ theta_j·shift_j/scale_j.
	a := make([]float64, p.params)
	a[p.columns] = 1
	for j, s := range p.scale {
		if !gone[j] {
			a[j] = -p.shift[j] / s
		}
	}
	v := 0.0
	for i, ai := range a {
		if ai != 0 {
			v += ai * vec.Dot64(inverse[i*p.params:i*p.params+p.params], a)
		}
	}
	out[p.columns] = math.Sqrt(v)
	return out
}

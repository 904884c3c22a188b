package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// maxSoftmax is the number of parameters up to which the Hessian is used.
const maxSoftmax = 512

// softmax is the problem of FitMultinomial: the rows are those of a binary problem, in its
// order and scale, and the parameters its own once for each class, class after class.
type softmax struct {
	*dense
	k      int
	label  []int32
	offset []float64 // k a row, in order; nil: none
	// held are the parameters of class 0 without penalty: adding the same number to those of all classes
	// changes nothing, so that they stay at 0 until the end.
	held []bool // by parameter of one class
	l1   []float64
}

// newSoftmax lays out the rows as for a binary problem, and the labels beside them.
func newSoftmax(ctx context.Context, rows [][]float64, y []int, k int, s *sample, offset []float64, opt LogisticOptions) (*softmax, error) {
	one, err := newDense(ctx, len(rows[0]), s, opt, source{row: func(_ []float64, i int) []float64 { return rows[i] }, ahead: 6})
	if err != nil {
		return nil, err
	}
	one.parts = nil
	p := &softmax{dense: one, k: k, label: make([]int32, one.rows), held: make([]bool, one.params)}
	for at, i := range s.order {
		p.label[at] = int32(y[i])
	}
	if offset != nil {
		p.offset = make([]float64, 0, one.rows*k)
		for _, i := range s.order {
			p.offset = append(p.offset, offset[int(i)*k:int(i)*k+k]...)
		}
	}
	for j := range p.held {
		p.held[j] = one.l2[j] == 0 && (one.l1 == nil || one.l1[j] == 0)
	}
	if one.l1 != nil {
		for range k {
			p.l1 = append(p.l1, one.l1...)
		}
	}
	return p, nil
}

// unpack returns the coefficients of theta for the columns of x, stride numbers a class.
func (p *softmax) unpack(theta []float64) []float64 {
	coef := make([]float64, 0, p.k*p.stride)
	for c := range p.k {
		coef = append(coef, p.coefficients(theta[c*p.params:(c+1)*p.params])...)
	}
	return coef
}

// probabilities fills prob with those of row at and returns its loss.
func (p *softmax) probabilities(prob, coef []float64, at int) float64 {
	x := p.x[at*p.stride : (at+1)*p.stride]
	for c := range prob {
		prob[c] = vec.Dot64(coef[c*p.stride:(c+1)*p.stride], x)
		if p.offset != nil {
			prob[c] += p.offset[at*p.k+c]
		}
	}
	own := prob[p.label[at]]
	return softmaxOf(prob) - own
}

// eval is the smooth part of F and its gradient.
func (p *softmax) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	coef := p.unpack(theta)
	size := p.k * p.stride
	sum, err := parallel.Reduce(ctx, p.rows, max(rowBlock, (p.rows+15)/16), p.workers, func(lo, hi int) ([]float64, error) {
		sum, prob := make([]float64, size+1), make([]float64, p.k)
		for at := lo; at < hi; at++ {
			w := p.weight[at]
			sum[size] += w * p.probabilities(prob, coef, at)
			prob[p.label[at]]--
			x := p.x[at*p.stride : (at+1)*p.stride]
			for c, v := range prob {
				vec.Axpy64(w*v, x, sum[c*p.stride:(c+1)*p.stride])
			}
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return 0, err
	}
	f := sum[size]
	for c := range p.k {
		for j := range p.params {
			i := c*p.params + j
			g := sum[c*p.stride+j]
			if j < p.columns {
				g *= p.inv[j]
			}
			grad[i] = g + p.l2[j]*theta[i]
			f += p.l2[j] / 2 * theta[i] * theta[i]
			if c == 0 && p.held[j] {
				grad[i] = 0
			}
		}
	}
	return f, nil
}

// diagonal returns the diagonal of the Hessian.
func (p *softmax) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	coef := p.unpack(theta)
	sum, err := parallel.Reduce(ctx, p.rows, max(rowBlock, (p.rows+15)/16), p.workers, func(lo, hi int) ([]float64, error) {
		sum, prob := make([]float64, p.k*p.stride), make([]float64, p.k)
		for at := lo; at < hi; at++ {
			p.probabilities(prob, coef, at)
			x := p.x[at*p.stride : (at+1)*p.stride]
			for c, v := range prob {
				q := p.weight[at] * v * (1 - v)
				for j, a := range x {
					sum[c*p.stride+j] += q * a * a
				}
			}
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.k*p.params)
	for i := range h {
		c, j := i/p.params, i%p.params
		s := 1.0
		if j < p.columns {
			s = p.inv[j]
		}
		h[i] = sum[c*p.stride+j]*s*s + p.l2[j]
	}
	return h, nil
}

// hessian returns the upper triangle of the Hessian at theta; that of the parameters held is 1.
func (p *softmax) hessian(ctx context.Context, theta []float64) ([]float64, error) {
	coef := p.unpack(theta)
	size := vec.Pad8(p.params)
	pairs := p.k * (p.k + 1) / 2
	scale := make([]float64, p.params)
	copy(scale, p.inv)
	if p.intercept {
		scale[p.columns] = 1
	}
	sum, err := parallel.Reduce(ctx, p.rows, max(rowBlock, (p.rows+15)/16), p.workers, func(lo, hi int) ([]float64, error) {
		sum := make([]float64, pairs*size*size)
		scaled, weighted, prob := make([]float64, group*size), make([]float64, group*size), make([]float64, group*p.k)
		for k := lo; k < hi; k += group {
			n := min(group, hi-k)
			for i := range n {
				p.probabilities(prob[i*p.k:(i+1)*p.k], coef, k+i)
				for j, s := range scale {
					scaled[i*size+j] = p.x[(k+i)*p.stride+j] * s
				}
			}
			pair := 0
			for a := range p.k {
				for b := a; b < p.k; b++ {
					for i := range n {
						q := -prob[i*p.k+a] * prob[i*p.k+b]
						if a == b {
							q += prob[i*p.k+a]
						}
						q *= p.weight[k+i]
						for j := range scale {
							weighted[i*size+j] = q * scaled[i*size+j]
						}
					}
					vec.Syrk64(sum[pair*size*size:(pair+1)*size*size], size, size, weighted, scaled, size, n)
					pair++
				}
			}
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	return p.assemble(sum, size), nil
}

// assemble puts the blocks of the pairs of classes, of which the upper triangles are known, into one
// matrix, and adds the penalty.
func (p *softmax) assemble(sum []float64, size int) []float64 {
	n := p.k * p.params
	h := make([]float64, n*n)
	pair := 0
	for a := range p.k {
		for b := a; b < p.k; b++ {
			block := sum[pair*size*size:]
			for i := range p.params {
				for j := range p.params {
					if a == 0 && (p.held[i] || b == 0 && p.held[j]) {
						continue
					}
					h[(a*p.params+i)*n+b*p.params+j] = block[min(i, j)*size+max(i, j)]
				}
			}
			pair++
		}
	}
	for i := range n {
		j := i % p.params
		h[i*n+i] += p.l2[j]
		if i < p.params && p.held[j] {
			h[i*n+i] = 1
		}
	}
	return h
}

// fit minimises F by the method for its size and penalty.
func (p *softmax) fit(ctx context.Context, opt LogisticOptions) (*Multinomial, error) {
	theta := make([]float64, p.k*p.params)
	if p.intercept && p.offset == nil {
		share := make([]float64, p.k)
		for at, c := range p.label {
			share[c] += p.weight[at]
		}
		for c := range share {
			theta[c*p.params+p.columns] = math.Log(share[c]) - math.Log(share[0])
		}
	}
	end := &convergence{tol: opt.Tol}
	var dependent []int
	var r solve.LBFGSResult
	var err error
	switch {
	case len(theta) > maxSoftmax:
		r, err = minimise(ctx, p, theta, p.l1, opt, end)
	case p.l1 != nil:
		d := emptyDescent(theta, p.l1)
		d.eval = p.eval
		d.curve = func(ctx context.Context, theta []float64, _ int) ([]float64, error) { return p.hessian(ctx, theta) }
		r, err = proximal(ctx, d, opt, end)
	default:
		r, dependent, err = p.newton(ctx, theta, opt, end)
	}
	if err != nil {
		return nil, err
	}
	if p.freeOfRank {
		end.separated = end.separated || p.splits(r.X)
	}
	m := &Multinomial{
		schema: numeric(opt.Names, p.columns), classes: p.k, objective: r.F * p.unit, iterations: r.Iter,
		converged: r.Converged && !end.separated,
	}
	for c := range p.k {
		coef, intercept := p.unscale(r.X[c*p.params : (c+1)*p.params])
		m.coef, m.intercept = append(m.coef, coef...), append(m.intercept, intercept)
	}
	p.centre(m)
	if !m.finite() {
		return nil, fmt.Errorf("coefficients are not finite: %w", ErrDiverged)
	}
	p.warn(m, dependent, end.separated)
	return m, nil
}

// splits reports whether theta, offsets left out, gives every row its own class, as outcome.splits does for two.
func (p *softmax) splits(theta []float64) bool {
	coef := p.unpack(theta)
	for at, own := range p.label {
		x := p.x[at*p.stride : (at+1)*p.stride]
		least := vec.Dot64(coef[int(own)*p.stride:(int(own)+1)*p.stride], x) - planeGap
		for c := range p.k {
			if c != int(own) && !(vec.Dot64(coef[c*p.stride:(c+1)*p.stride], x) < least) {
				return false
			}
		}
	}
	return true
}

// newton is Newton's method, where the Hessian is cheap, and else L-BFGS on top of one that is taken anew now and
// then. It returns the columns that depend on others, too.
func (p *softmax) newton(ctx context.Context, theta []float64, opt LogisticOptions, end *convergence) (solve.LBFGSResult, []int, error) {
	var factor []float64
	var dependent []int
	base := -1
	every := float64(p.rows)*float64(len(theta))*float64(len(theta)) <= 1e8
	memory := 10
	if every {
		memory = -1
	}
	apply := func(dst, g []float64) {
		copy(dst, g)
		solve.SolveCholesky64(factor, len(g), dst)
		for _, j := range dependent {
			dst[j] = 0
		}
	}
	step := make([]float64, len(theta))
	r, err := solve.LBFGS(ctx, theta, func(grad, x []float64) (float64, error) { return p.eval(ctx, grad, x) }, solve.LBFGSOptions{
		Memory: memory, MaxIter: opt.MaxIter, Precond: apply,
		Stop: func(iter int, x []float64, f float64, g []float64) (bool, error) {
			report(opt, iter, f)
			fresh := every || iter&(iter-1) == 0
			for {
				if fresh {
					var err error
					if factor, err = p.hessian(ctx, x); err != nil {
						return false, err
					}
					dependent = solve.SemiCholesky64(factor, len(x), rankTol)
					if base < 0 {
						base = len(dependent)
					}
				}
				apply(step, g)
				if !end.rest(x, g, step) {
					return false, nil
				}
				if fresh {
					end.separated = end.separated || p.freeOfRank && len(dependent) > base
					return true, nil
				}
				fresh = true
			}
		},
	})
	return r, dependent, err
}

// centre makes what no penalty ties down add up to 0 over the classes.
func (p *softmax) centre(m *Multinomial) {
	zero := func(at func(c int) *float64) {
		sum := 0.0
		for c := range p.k {
			sum += *at(c)
		}
		for c := range p.k {
			*at(c) -= sum / float64(p.k)
		}
	}
	if p.intercept {
		zero(func(c int) *float64 { return &m.intercept[c] })
	}
	for j := range p.columns {
		if p.held[j] && p.scale[j] > 0 {
			zero(func(c int) *float64 { return &m.coef[c*p.columns+j] })
		}
	}
}

// warn says what is doubtful about the fit.
func (p *softmax) warn(m *Multinomial, dependent []int, separated bool) {
	t := terms{schema: m.schema, coef: make([]float64, p.columns)}
	t.warnColumns(p.constant, "are constant and get coefficient 0")
	if m.converged {
		var columns []int
		for _, i := range dependent {
			if j := i - p.params; j >= 0 && j < p.columns && p.scale[j] > 0 { // those of class 1; the others are the same
				columns = append(columns, j)
			}
		}
		t.warnColumns(columns, "are linear combinations of columns before them and get coefficient 0")
	}
	switch {
	case separated:
		t.warn("the classes are separated: without a penalty the coefficients have no optimum; set L2")
	case !m.converged:
		t.warn(fmt.Sprintf("not converged after %d iterations: raise MaxIter or L2, or rescale the columns", m.iterations))
	}
	m.warnings = t.warnings
}

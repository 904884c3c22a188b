package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// dense is the logistic problem on dense rows, each shifted to about the mean
// and followed by a 1 for the intercept, where there is one. Its parameters are
// theta[j] = w[j]·scale[j] and, last, the intercept of the shifted rows: as if
// the columns had been divided by their standard deviations.
type dense struct {
	n, d, p    int       // rows, columns, parameters
	stride     int       // of x: p rounded up for the kernels, the rest 0
	x          []float64 // n×stride
	z          []float64 // ±1
	w, off     []float64
	total      float64 // Σ w
	mean       []float64
	shift      []float64 // what was subtracted: close to the mean, or 0 without intercept
	scale, inv []float64 // standard deviation and its inverse; both 0: constant column
	constant   []int
	l1, l2     []float64 // by parameter; l1 nil without L1
	intercept  bool
	parts      []float64 // scratch: one gradient and one loss a block
	start      float64   // intercept at which to start
	freeOfRank bool      // no penalty: rank matters
}

const (
	// group is the number of rows that pass through the first-level cache at a time.
	group = 64
	// shiftRows is the number of rows that the shift is the mean of.
	shiftRows = 4096
)

// newDense copies the rows named by order and finds their moments. row returns
// row i of the input, in scratch if it likes; ahead is that of moments.
func newDense(ctx context.Context, order []int32, d int, s sample, o LogisticOptions, row func(scratch []float64, i int) []float64, ahead int) (*dense, error) {
	n := len(order)
	if float64(n)*float64(d+4) > math.MaxInt/8 {
		return nil, fmt.Errorf("%d rows of %d columns: %w", n, d, check.ErrTooLarge)
	}
	p := &dense{
		n: n, d: d, p: d, z: make([]float64, n), w: make([]float64, n),
		intercept: !o.NoIntercept, freeOfRank: o.L2 == 0 && o.L1 == 0,
	}
	if p.intercept {
		p.p++
	}
	p.stride = vec.Pad4(p.p)
	p.x = make([]float64, n*p.stride)
	if s.offset != nil {
		p.off = make([]float64, n)
	}
	var positive float64
	for k, i := range order {
		z, w := -1.0, 1.0
		if s.weight != nil {
			w = s.weight[i]
		}
		if s.y[i] {
			z = 1
			positive += w
		}
		p.z[k], p.w[k] = z, w
		p.total += w
		if p.off != nil {
			p.off[k] = s.offsetOf(int(i))
		}
	}
	if p.total > limit {
		return nil, fmt.Errorf("the weights add up to %g, want at most %g: %w", p.total, limit, ErrRange)
	}
	if p.intercept && p.off == nil {
		p.start = math.Log(positive) - math.Log(p.total-positive)
	}
	p.shift = p.sampleMean(order, row)
	squares, err := p.moments(ctx, func(scratch []float64, k int) []float64 { return row(scratch, int(order[k])) }, ahead)
	if err != nil {
		return nil, err
	}
	if p.intercept && n > shiftRows && p.far(squares) {
		// The first rows misled: centre again, on the mean of all.
		second := *p
		second.shift = make([]float64, d)
		for j, m := range p.mean {
			second.shift[j] = m - p.shift[j]
		}
		if squares, err = second.moments(ctx, func(_ []float64, k int) []float64 { return p.x[k*p.stride : k*p.stride+d] }, 0); err != nil {
			return nil, err
		}
		for j, m := range second.mean {
			p.shift[j] += second.shift[j]
			p.mean[j] = p.shift[j] + (m - second.shift[j])
		}
	}
	p.scale, p.inv = make([]float64, d), make([]float64, d)
	for j, q := range squares {
		p.scale[j] = math.Sqrt(q)
		if p.scale[j] > 0 {
			p.inv[j] = 1 / p.scale[j]
		} else {
			p.constant = append(p.constant, j)
		}
		if math.IsInf(p.inv[j], 0) || math.IsInf(p.scale[j], 0) {
			return nil, fmt.Errorf("column %d has standard deviation %g: %w", j, p.scale[j], ErrRange)
		}
	}
	p.penalties(o, p.inv)
	p.parts = make([]float64, parallel.Blocks(n, rowBlock)*(p.stride+1))
	return p, nil
}

// sampleMean returns the weighted mean of the first rows in canonical order, a
// random sample; of a column that is constant among them, that very value. It is
// 0 without intercept.
func (p *dense) sampleMean(order []int32, row func(scratch []float64, i int) []float64) []float64 {
	mean := make([]float64, p.d)
	if !p.intercept {
		return mean
	}
	scratch, lo, hi := make([]float64, p.d), make([]float64, p.d), make([]float64, p.d)
	total := 0.0
	for k := range min(p.n, shiftRows) {
		x, w := row(scratch, int(order[k])), p.w[k]
		if k == 0 {
			copy(lo, x)
			copy(hi, x)
		}
		total += w
		for j, v := range x {
			mean[j] += (v - mean[j]) * (w / total)
			if v < lo[j] {
				lo[j] = v
			}
			if v > hi[j] {
				hi[j] = v
			}
		}
	}
	for j := range mean {
		if lo[j] == hi[j] {
			mean[j] = lo[j]
		}
		mean[j] += 0
	}
	return mean
}

// moments fills x with rows minus shift, sets mean and returns the variances
// around it (the mean squares without intercept). A column of equal values has
// variance 0 exactly. ahead > 0 fetches rows in advance, for rows in random order.
func (p *dense) moments(ctx context.Context, row func(scratch []float64, k int) []float64, ahead int) ([]float64, error) {
	size := vec.Pad4(p.d)
	shift := append(append(make([]float64, 0, size), p.shift...), make([]float64, size-p.d)...)
	sums, err := parallel.Reduce(ctx, p.n, rowBlock, 0, func(lo, hi int) ([]float64, error) {
		a, scratch := make([]float64, 2*size), make([]float64, p.d)
		var heads [group][]float64 // slice headers are scattered too: fetch many at once
		for k := lo; k < hi; k++ {
			dst := p.x[k*p.stride : k*p.stride+p.stride]
			var src, next []float64
			if ahead > 0 {
				at := (k - lo) % group
				if at == 0 {
					for i := range min(group, hi-k) {
						heads[i] = row(nil, k+i)
					}
				}
				src = heads[at]
				if at+ahead < group && k+ahead < hi {
					next = heads[at+ahead]
				}
			} else {
				src = row(scratch, k)
			}
			vec.CentreRow64(dst, src, shift, a[:size], a[size:], p.w[k]/p.total, next)
			if p.intercept {
				dst[p.d] = 1
			}
		}
		return a, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	p.mean = make([]float64, p.d)
	squares := make([]float64, p.d)
	for j := range p.mean {
		m, q := sums[j], sums[size+j]
		p.mean[j] = p.shift[j] + m + 0
		if p.intercept {
			q -= m * m
		}
		squares[j] = math.Max(0, q)
	}
	return squares, nil
}

// far reports whether the shift of some column is further from the mean than
// the moments around it bear.
func (p *dense) far(squares []float64) bool {
	for j, q := range squares {
		if m := p.mean[j] - p.shift[j]; m*m > 16*q {
			return true
		}
	}
	return false
}

func (p *dense) penalties(o LogisticOptions, inv []float64) {
	p.l2 = make([]float64, p.p)
	if o.L1 > 0 {
		p.l1 = make([]float64, p.p)
	}
	for j := range p.d {
		s := inv[j]
		if o.Standardize {
			s = 1
		}
		p.l2[j] = o.L2 * s * s
		if p.scale[j] == 0 {
			p.l2[j] = 1 // the coefficient is 0 anyhow
		}
		if p.l1 != nil {
			p.l1[j] = o.L1 * s
		}
	}
}

func addTo(a, b []float64) []float64 {
	for j, v := range b {
		a[j] += v
	}
	return a
}

// columns returns the coefficients of theta for the columns of x.
func (p *dense) columns(theta []float64) []float64 {
	c := make([]float64, p.stride)
	copy(c, theta)
	for j, s := range p.inv {
		c[j] *= s
	}
	return c
}

// losses is what pass hands out for the rows of a group.
type losses struct {
	eta, loss, grad, curve [group]float64
}

// derive fills the weighted loss and its derivatives from eta.
func (l *losses) derive(z, w []float64) {
	n := len(z)
	vec.Logistic64(l.loss[:n], l.grad[:n], l.curve[:n], l.eta[:n], z)
	for i, w := range w {
		l.loss[i] *= w
		l.grad[i] *= w
		l.curve[i] *= w
	}
}

// pass computes the losses of rows [lo, hi), group after group; c are the
// coefficients of the columns of x.
func (p *dense) pass(c []float64, lo, hi int, do func(l *losses, k, n int)) {
	var l losses
	for k := lo; k < hi; k += group {
		n := min(group, hi-k)
		vec.DotRows64(l.eta[:n], p.x[k*p.stride:(k+n)*p.stride], c)
		if p.off != nil {
			for i, v := range p.off[k : k+n] {
				l.eta[i] += v
			}
		}
		l.derive(p.z[k:k+n], p.w[k:k+n])
		do(&l, k, n)
	}
}

// eval is the smooth part of F and its gradient.
func (p *dense) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.stride + 1
	c := p.columns(theta)
	err := parallel.For(ctx, p.n, rowBlock, 0, func(_, lo, hi int) error {
		part := p.parts[lo/rowBlock*size : lo/rowBlock*size+size]
		clear(part)
		loss := 0.0
		p.pass(c, lo, hi, func(l *losses, k, n int) {
			vec.AxpyRows64(part[:p.stride], p.x[k*p.stride:(k+n)*p.stride], l.grad[:n])
			for _, v := range l.loss[:n] {
				loss += v
			}
		})
		part[p.stride] = loss
		return nil
	})
	if err != nil {
		return 0, err
	}
	clear(grad)
	f := 0.0
	for b := 0; b < len(p.parts); b += size {
		addTo(grad, p.parts[b:b+p.p])
		f += p.parts[b+p.stride]
	}
	for j, s := range p.inv {
		grad[j] *= s
	}
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
		grad[j] += l * theta[j]
	}
	return f, nil
}

// hessian returns the p×p Hessian at theta, upper triangle, estimated from the
// first m rows where m < n; then no diagonal entry falls below a quarter of
// what columns of variance 1 have on average, so that a column which is rare in
// the sample cannot make the estimate singular.
func (p *dense) hessian(ctx context.Context, theta []float64, m int) ([]float64, error) {
	size := vec.Pad8(p.p)
	c := p.columns(theta)
	block := max(rowBlock, (m+15)/16) // at most 16 blocks: memory 16·p²
	type part struct {
		h           []float64
		seen, curve float64
	}
	sum, err := parallel.Reduce(ctx, m, block, 0, func(lo, hi int) (part, error) {
		a := part{h: make([]float64, size*size)}
		y, w := make([]float64, group*size), make([]float64, group*size)
		scale := make([]float64, p.p)
		copy(scale, p.inv)
		if p.intercept {
			scale[p.d] = 1
		}
		p.pass(c, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				a.seen += p.w[k+i]
				a.curve += q
				x, yi, wi := p.x[(k+i)*p.stride:][:p.p], y[i*size:][:p.p], w[i*size:][:p.p]
				for j, v := range x {
					v *= scale[j]
					yi[j], wi[j] = v, q*v
				}
			}
			vec.Syrk64(a.h, size, size, w, y, size, n)
		})
		return a, nil
	}, func(a, b part) part {
		addTo(a.h, b.h)
		a.seen += b.seen
		a.curve += b.curve
		return a
	})
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.p*p.p)
	f := 1.0
	if m < p.n {
		f = p.total / sum.seen
	}
	for i := range p.p {
		for j := i; j < p.p; j++ {
			h[i*p.p+j] = sum.h[i*size+j] * f
		}
		if m < p.n {
			h[i*p.p+i] = math.Max(h[i*p.p+i], 0.25*sum.curve*f)
		}
		h[i*p.p+i] += p.l2[i]
	}
	return h, nil
}

// diagonal returns the diagonal of the Hessian at theta over all rows.
func (p *dense) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	c := p.columns(theta)
	h, err := parallel.Reduce(ctx, p.n, max(rowBlock, (p.n+15)/16), 0, func(lo, hi int) ([]float64, error) {
		h := make([]float64, p.p)
		p.pass(c, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				x := p.x[(k+i)*p.stride:][:p.p]
				for j, s := range p.inv {
					v := x[j] * s
					h[j] += q * v * v
				}
				if p.intercept {
					h[p.d] += q
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
	square := p.p * p.p
	if float64(p.n)*float64(square) <= 5e7 {
		return p.n, true
	}
	return min(p.n, max(4*p.p, 2048, int(4e7)/square)), false
}

func (p *dense) fit(ctx context.Context, o LogisticOptions) (*Logistic, error) {
	theta := make([]float64, p.p)
	if p.intercept {
		theta[p.d] = p.start
	}
	track := &progress{tol: o.Tol}
	var r solve.LBFGSResult
	var err error
	switch {
	case p.d > maxNewton:
		r, err = minimise(ctx, p, theta, p.l1, o, track)
	case p.l1 != nil:
		r, err = p.proximal(ctx, theta, o, track)
	default:
		r, err = p.newton(ctx, theta, o, track)
	}
	if err != nil {
		return nil, err
	}
	coef, intercept := p.unscale(r.X)
	m, err := finish(o, r, track.separated, coef, intercept)
	if err != nil {
		return nil, err
	}
	m.mean = p.mean
	m.warnColumns(p.constant, "are constant and get coefficient 0")
	if err := p.inference(ctx, m, o, r.X); err != nil {
		return nil, err
	}
	return m, nil
}

// unscale returns the coefficients of the columns as given.
func (p *dense) unscale(theta []float64) (coef []float64, intercept float64) {
	coef = make([]float64, p.d)
	if p.intercept {
		intercept = theta[p.d]
	}
	for j, s := range p.scale {
		if s > 0 && theta[j] != 0 {
			coef[j] = theta[j] / s
			intercept -= coef[j] * p.shift[j]
		}
	}
	return coef, intercept
}

// rankTol is the share of a column's variance, left over by the columns before
// it, below which it counts as their linear combination.
const rankTol = 1e-11

// inference adds standard errors and, without penalty, reports dependent
// columns.
func (p *dense) inference(ctx context.Context, m *Logistic, o LogisticOptions, theta []float64) error {
	ranks := p.freeOfRank && p.d <= maxNewton
	if ranks && !o.StdErrors {
		// The sample may show more dependence than the whole, never less.
		rows, _ := p.sampleRows()
		h, err := p.hessian(ctx, theta, rows)
		if err != nil {
			return err
		}
		if len(factor(h, p.p, rankTol)) == len(p.constant) {
			return nil
		}
	}
	if !ranks && !o.StdErrors {
		return nil
	}
	h, err := p.hessian(ctx, theta, p.n)
	if err != nil {
		return err
	}
	gone := make([]bool, p.p)
	for _, j := range p.constant {
		gone[j] = true
	}
	all := factor(h, p.p, rankTol)
	var dependent []int
	for _, j := range all {
		if !gone[j] && j < p.d {
			dependent = append(dependent, j)
		}
		gone[j] = true
	}
	if !m.converged && len(dependent) > 0 {
		// Curvature of separated classes vanishes: no sign of dependence.
		dependent = nil
	}
	m.warnColumns(dependent, "are linear combinations of columns before them and get coefficient 0")
	if !o.StdErrors {
		return nil
	}
	inv := inverse(h, p.p, all)
	m.stdErr = make([]float64, p.d+1)
	for j := range p.d {
		m.stdErr[j] = math.NaN()
		if !gone[j] {
			m.stdErr[j] = math.Sqrt(inv[j*p.p+j]) / p.scale[j]
		}
	}
	m.stdErr[p.d] = math.NaN()
	if p.intercept {
		// The intercept as given is theta_b - Σ theta_j·shift_j/scale_j.
		a := make([]float64, p.p)
		a[p.d] = 1
		for j, s := range p.scale {
			if !gone[j] {
				a[j] = -p.shift[j] / s
			}
		}
		v := 0.0
		for i, ai := range a {
			if ai != 0 {
				v += ai * dot(inv[i*p.p:i*p.p+p.p], a)
			}
		}
		m.stdErr[p.d] = math.Sqrt(v)
	}
	return nil
}

// newton minimises F without L1 by L-BFGS on top of the (sampled) Hessian.
func (p *dense) newton(ctx context.Context, theta []float64, o LogisticOptions, track *progress) (solve.LBFGSResult, error) {
	rows, every := p.sampleRows()
	cold := theta
	if 4*rows <= p.n {
		start, err := p.warm(ctx, theta, rows, o)
		if err != nil {
			return solve.LBFGSResult{}, err
		}
		theta = start
	}
	var u []float64
	step := make([]float64, p.p)
	base, lost := -1, false
	refresh := func(x []float64) error {
		h, err := p.hessian(ctx, x, rows)
		if err != nil {
			return err
		}
		n := len(factor(h, p.p, rankTol))
		if base < 0 {
			base = n
		}
		// Rank that the columns have and the Hessian has lost is curvature
		// that vanished, as it does along the direction of separated classes.
		lost = p.freeOfRank && n > base
		u = h
		return nil
	}
	done := func(x, g []float64) bool {
		copy(step, g)
		solveFactor(u, p.p, step)
		rests := track.rest(x, g, step)
		if rests && lost {
			track.separated = true
		}
		return rests
	}
	memory := 10
	if every {
		memory = -1
	}
	return solve.LBFGS(ctx, theta, func(grad, x []float64) (float64, error) {
		return p.eval(ctx, grad, x)
	}, solve.LBFGSOptions{
		Memory:  memory,
		MaxIter: o.MaxIter,
		Precond: func(dst, g []float64) {
			copy(dst, g)
			solveFactor(u, p.p, dst)
		},
		Stop: func(iter int, x []float64, f float64, g []float64) (bool, error) {
			report(o, iter, f)
			fresh := every || iter&(iter-1) == 0 // 0, 1, 2, 4, 8, …
			if fresh {
				if err := refresh(x); err != nil {
					return false, err
				}
			}
			if !done(x, g) {
				return false, nil
			}
			if !fresh {
				if err := refresh(x); err != nil {
					return false, err
				}
			}
			if !done(x, g) {
				return false, nil
			}
			if p.freeOfRank && rows < p.n {
				// What the sample floors may hide: columns that separate.
				return true, p.verify(ctx, cold, x, g, track)
			}
			return true, nil
		},
	})
}

// warm returns the optimum of the first rows, a random sample, to about its
// standard error: from there the fit of all rows has only details to find. Where
// the sample has none, it returns theta.
func (p *dense) warm(ctx context.Context, theta []float64, rows int, o LogisticOptions) ([]float64, error) {
	q := *p
	q.n, q.total = rows, 0
	for _, w := range p.w[:rows] {
		q.total += w
	}
	q.l2 = make([]float64, len(p.l2))
	for j, l := range p.l2 {
		q.l2[j] = l * (q.total / p.total)
	}
	q.parts = make([]float64, parallel.Blocks(rows, rowBlock)*(p.stride+1))
	o.Tol, o.MaxIter, o.Progress = 0.3, 20, nil
	track := &progress{tol: o.Tol}
	r, err := q.newton(ctx, theta, o, track)
	if err != nil {
		return nil, err
	}
	if !r.Converged || track.separated {
		return theta, nil
	}
	return r.X, nil
}

// verify repeats the second test of convergence with the Hessian of all rows.
func (p *dense) verify(ctx context.Context, start, x, g []float64, track *progress) error {
	h, err := p.hessian(ctx, x, p.n)
	if err != nil {
		return err
	}
	lost := len(factor(h, p.p, rankTol))
	step := append([]float64(nil), g...)
	solveFactor(h, p.p, step)
	loose := *track
	loose.tol = math.Inf(1) // only the size of the step counts here
	loose.rest(x, g, step)
	track.separated = loose.separated
	if lost > 0 && !track.separated {
		if h, err = p.hessian(ctx, start, p.n); err != nil {
			return err
		}
		track.separated = lost > len(factor(h, p.p, rankTol))
	}
	return nil
}

func report(o LogisticOptions, iter int, f float64) {
	if o.Progress != nil && iter > 0 {
		o.Progress(iter, f)
	}
}

// problem is what the large-scale method needs.
type problem interface {
	eval(ctx context.Context, grad, theta []float64) (float64, error)
	diagonal(ctx context.Context, theta []float64) ([]float64, error)
}

// minimise is L-BFGS, or with l1 OWL-QN, preconditioned by the diagonal of the
// Hessian.
func minimise(ctx context.Context, p problem, theta, l1 []float64, o LogisticOptions, track *progress) (solve.LBFGSResult, error) {
	var diag []float64
	return solve.LBFGS(ctx, theta, func(grad, x []float64) (float64, error) {
		return p.eval(ctx, grad, x)
	}, solve.LBFGSOptions{
		MaxIter: o.MaxIter,
		L1:      l1,
		Precond: func(dst, g []float64) {
			for j, v := range g {
				dst[j] = 0
				if v != 0 {
					dst[j] = v / diag[j]
				}
			}
		},
		Stop: func(iter int, x []float64, f float64, g []float64) (bool, error) {
			report(o, iter, f)
			var err error
			fresh := iter&(iter-1) == 0
			if fresh {
				if diag, err = p.diagonal(ctx, x); err != nil {
					return false, err
				}
			}
			done := track.done(x, g, diag)
			if done && !fresh {
				if diag, err = p.diagonal(ctx, x); err != nil {
					return false, err
				}
				done = track.done(x, g, diag)
			}
			return done, nil
		},
	})
}

func dot(x, y []float64) float64 {
	y = y[:len(x)]
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
	}
	return (a + b) + (c + d)
}

func axpy(a float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

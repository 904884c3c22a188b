package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
)

// dense is the logistic problem on centred and scaled dense rows. Its
// parameters are theta[j] = w[j]·scale[j] and, last, the intercept of the
// centred rows.
type dense struct {
	n, d, p    int       // rows, columns, parameters
	x          []float64 // n×d
	z          []float64 // ±1
	w, off     []float64
	total      float64 // Σ w
	mean       []float64
	shift      []float64 // what was subtracted: mean, or 0 without intercept
	scale      []float64 // 0: constant column
	constant   []int
	l1, l2     []float64 // by parameter; l1 nil without L1
	intercept  bool
	parts      []float64 // scratch: one gradient and one loss a block
	start      float64   // intercept at which to start
	freeOfRank bool      // no penalty: rank matters
}

// newDense copies the rows named by order and standardises them. row copies row
// i of the input.
func newDense(ctx context.Context, order []int32, d int, s sample, o LogisticOptions, row func(dst []float64, i int)) (*dense, error) {
	n := len(order)
	if float64(n)*float64(d) > math.MaxInt/8 {
		return nil, fmt.Errorf("%d rows of %d columns: %w", n, d, check.ErrTooLarge)
	}
	p := &dense{
		n: n, d: d, p: d, x: make([]float64, n*d), z: make([]float64, n), w: make([]float64, n),
		intercept: !o.NoIntercept, freeOfRank: o.L2 == 0 && o.L1 == 0,
	}
	if p.intercept {
		p.p++
	}
	if s.offset != nil {
		p.off = make([]float64, n)
	}
	// Pass 1: copy; per block Σ w·x, min and max.
	type part struct{ sum, lo, hi []float64 }
	for k, i := range order {
		p.z[k] = float64(2*class(s.y[i]) - 1)
		p.w[k] = s.weightOf(int(i))
		if p.off != nil {
			p.off[k] = s.offsetOf(int(i))
		}
	}
	var positive float64
	for k, w := range p.w {
		p.total += w
		if p.z[k] > 0 {
			positive += w
		}
	}
	if p.total > limit {
		return nil, fmt.Errorf("the weights add up to %g, want at most %g: %w", p.total, limit, ErrRange)
	}
	if p.intercept && p.off == nil {
		p.start = math.Log(positive) - math.Log(p.total-positive)
	}
	sums, err := parallel.Reduce(ctx, n, rowBlock, 0, func(lo, hi int) (part, error) {
		a := part{make([]float64, d), make([]float64, d), make([]float64, d)}
		for k := lo; k < hi; k++ {
			x := p.x[k*d : k*d+d]
			row(x, int(order[k]))
			if k == lo {
				copy(a.lo, x)
				copy(a.hi, x)
			}
			w := p.w[k]
			for j, v := range x {
				a.sum[j] += w * v
				if v < a.lo[j] {
					a.lo[j] = v
				}
				if v > a.hi[j] {
					a.hi[j] = v
				}
			}
		}
		return a, nil
	}, func(a, b part) part {
		for j := range a.sum {
			a.sum[j] += b.sum[j]
			a.lo[j] = math.Min(a.lo[j], b.lo[j])
			a.hi[j] = math.Max(a.hi[j], b.hi[j])
		}
		return a
	})
	if err != nil {
		return nil, err
	}
	p.mean, p.shift, p.scale = sums.sum, make([]float64, d), make([]float64, d)
	for j := range d {
		p.mean[j] = p.mean[j]/p.total + 0
		if sums.lo[j] == sums.hi[j] {
			p.mean[j] = sums.lo[j] + 0 // exact, so that a constant column centres to 0
		}
		if p.intercept {
			p.shift[j] = p.mean[j]
		}
	}
	// Pass 2: centre, and the sum of squares.
	squares, err := parallel.Reduce(ctx, n, rowBlock, 0, func(lo, hi int) ([]float64, error) {
		a := make([]float64, d)
		for k := lo; k < hi; k++ {
			x := p.x[k*d : k*d+d]
			w := p.w[k] / p.total
			for j, v := range x {
				v -= p.shift[j]
				x[j] = v
				a[j] += w * v * v
			}
		}
		return a, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	inv := make([]float64, d)
	for j, q := range squares {
		p.scale[j] = math.Sqrt(q)
		if p.scale[j] > 0 {
			inv[j] = 1 / p.scale[j]
		} else {
			p.constant = append(p.constant, j)
		}
		if math.IsInf(inv[j], 0) || math.IsInf(p.scale[j], 0) {
			return nil, fmt.Errorf("column %d has standard deviation %g: %w", j, p.scale[j], ErrRange)
		}
	}
	err = parallel.For(ctx, n, rowBlock, 0, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			x := p.x[k*d : k*d+d]
			for j := range x {
				x[j] *= inv[j]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.penalties(o, inv)
	p.parts = make([]float64, parallel.Blocks(n, rowBlock)*(p.p+1))
	return p, nil
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

// eta returns the linear predictor of row k.
func (p *dense) eta(k int, theta []float64) float64 {
	s := dot(p.x[k*p.d:k*p.d+p.d], theta)
	if p.intercept {
		s += theta[p.d]
	}
	if p.off != nil {
		s += p.off[k]
	}
	return s
}

// eval is the smooth part of F and its gradient.
func (p *dense) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.p + 1
	err := parallel.For(ctx, p.n, rowBlock, 0, func(_, lo, hi int) error {
		part := p.parts[lo/rowBlock*size : lo/rowBlock*size+size]
		clear(part)
		g := part[:p.d]
		var loss, icpt float64
		for k := lo; k < hi; k++ {
			l, r, _ := logLoss(p.eta(k, theta), p.z[k])
			r *= p.w[k]
			loss += p.w[k] * l
			icpt += r
			axpy(r, p.x[k*p.d:k*p.d+p.d], g)
		}
		if p.intercept {
			part[p.d] = icpt
		}
		part[p.p] = loss
		return nil
	})
	if err != nil {
		return 0, err
	}
	clear(grad)
	f := 0.0
	for b := 0; b < len(p.parts); b += size {
		addTo(grad, p.parts[b:b+p.p])
		f += p.parts[b+p.p]
	}
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
		grad[j] += l * theta[j]
	}
	return f, nil
}

// curvature returns the weights of the Hessian: w·p·(1-p) of row k.
func (p *dense) curvature(k int, theta []float64) float64 {
	_, _, q := logLoss(p.eta(k, theta), p.z[k])
	return q * p.w[k]
}

// hessian returns the p×p Hessian at theta, upper triangle, estimated from the
// first m rows where m < n; then no diagonal entry falls below a quarter of
// what columns of variance 1 have on average, so that a column which is rare in
// the sample cannot make the estimate singular.
func (p *dense) hessian(ctx context.Context, theta []float64, m int) ([]float64, error) {
	size := p.p
	block := max(rowBlock, (m+15)/16) // at most 16 blocks: memory 16·p²
	type part struct{ h []float64 }
	sum, err := parallel.Reduce(ctx, m, block, 0, func(lo, hi int) (part, error) {
		h := make([]float64, size*size)
		buf := make([]float64, 4*size) // four rows with the intercept's 1
		var q [4]float64
		for k := lo; k < hi; k += 4 {
			clear(buf)
			for i := range 4 {
				q[i] = 0
				if k+i < hi {
					q[i] = p.curvature(k+i, theta)
					row := buf[i*size : i*size+size]
					copy(row, p.x[(k+i)*p.d:(k+i)*p.d+p.d])
					if p.intercept {
						row[p.d] = 1
					}
				}
			}
			rankFour(h, buf, q, size)
		}
		return part{h}, nil
	}, func(a, b part) part {
		addTo(a.h, b.h)
		return a
	})
	if err != nil {
		return nil, err
	}
	h := sum.h
	if m < p.n {
		seen, curve := 0.0, 0.0
		for k := range m {
			seen += p.w[k]
			curve += p.curvature(k, theta)
		}
		f := p.total / seen
		for i := range h {
			h[i] *= f
		}
		for j := range size {
			h[j*size+j] = math.Max(h[j*size+j], 0.25*curve*f)
		}
	}
	for j, l := range p.l2 {
		h[j*size+j] += l
	}
	return h, nil
}

// rankFour adds Σ q[i]·xᵢxᵢᵀ of four rows of buf to the upper triangle of h.
func rankFour(h, buf []float64, q [4]float64, size int) {
	x0, x1, x2, x3 := buf[:size], buf[size:2*size], buf[2*size:3*size], buf[3*size:4*size]
	for j := range size {
		a, b, c, d := q[0]*x0[j], q[1]*x1[j], q[2]*x2[j], q[3]*x3[j]
		if a == 0 && b == 0 && c == 0 && d == 0 {
			continue
		}
		dst := h[j*size+j : j*size+size]
		y0, y1, y2, y3 := x0[j:], x1[j:], x2[j:], x3[j:]
		y0, y1, y2, y3 = y0[:len(dst)], y1[:len(dst)], y2[:len(dst)], y3[:len(dst)]
		for k := range dst {
			dst[k] += (a*y0[k] + b*y1[k]) + (c*y2[k] + d*y3[k])
		}
	}
}

// diagonal returns the diagonal of the Hessian at theta over all rows.
func (p *dense) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	h, err := parallel.Reduce(ctx, p.n, max(rowBlock, (p.n+15)/16), 0, func(lo, hi int) ([]float64, error) {
		h := make([]float64, p.p)
		for k := lo; k < hi; k++ {
			q := p.curvature(k, theta)
			for j, v := range p.x[k*p.d : k*p.d+p.d] {
				h[j] += q * v * v
			}
			if p.intercept {
				h[p.d] += q
			}
		}
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
				return true, p.verify(ctx, theta, x, g, track)
			}
			return true, nil
		},
	})
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

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
	outcome
	rows, columns int
	params        int       // columns, and the intercept
	stride        int       // of x: params rounded up for the kernels, the rest 0
	x             []float64 // rows×stride
	mean          []float64
	shift         []float64 // what was subtracted: close to the mean, or 0 without intercept
	scale, inv    []float64 // standard deviation and its inverse; both 0: constant column
	constant      []int
	l1, l2        []float64 // by parameter; l1 nil without L1
	intercept     bool
	parts         []float64 // scratch: one gradient and one loss a block
	freeOfRank    bool      // no penalty: rank matters
	workers       int
}

// shiftRows is the number of rows that the shift is the mean of.
const shiftRows = 4096

// source hands out rows of features.
type source struct {
	row   func(scratch []float64, i int) []float64 // row i, in scratch if it likes
	ahead int                                      // > 0: rows to fetch in advance, where they lie in random order
}

// newDense copies the rows in the order of s and finds their moments.
func newDense(ctx context.Context, columns int, s *sample, opt LogisticOptions, src source) (*dense, error) {
	n := len(s.order)
	if float64(n)*float64(columns+4) > math.MaxInt/8 {
		return nil, fmt.Errorf("%d rows of %d columns: %w", n, columns, check.ErrTooLarge)
	}
	p := &dense{
		outcome: s.outcome(), rows: n, columns: columns, params: columns, workers: opt.Workers,
		intercept: !opt.NoIntercept, freeOfRank: opt.L2 == 0 && opt.L1 == 0,
	}
	if p.intercept {
		p.params++
	}
	p.stride = vec.Pad4(p.params)
	p.x = make([]float64, n*p.stride)
	ordered := source{row: func(scratch []float64, k int) []float64 { return src.row(scratch, int(s.order[k])) }, ahead: src.ahead}
	p.shift = p.sampleMean(ordered)
	squares, err := p.moments(ctx, ordered)
	if err != nil {
		return nil, err
	}
	if p.intercept && n > shiftRows && p.far(squares) {
		if squares, err = p.centreAgain(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.setScale(squares); err != nil {
		return nil, err
	}
	p.penalties(opt)
	p.parts = make([]float64, parallel.Blocks(n, rowBlock)*(p.stride+1))
	return p, nil
}

// sampleMean returns the weighted mean of the first rows, a random sample; of a
// column that is constant among them, that very value. It is 0 without intercept.
func (p *dense) sampleMean(src source) []float64 {
	mean := make([]float64, p.columns)
	if !p.intercept {
		return mean
	}
	scratch, low, high := make([]float64, p.columns), make([]float64, p.columns), make([]float64, p.columns)
	total := 0.0
	for k := range min(p.rows, shiftRows) {
		x, w := src.row(scratch, k), p.weight[k]
		if k == 0 {
			copy(low, x)
			copy(high, x)
		}
		total += w
		for j, v := range x {
			mean[j] += (v - mean[j]) * (w / total)
			if v < low[j] {
				low[j] = v
			}
			if v > high[j] {
				high[j] = v
			}
		}
	}
	for j := range mean {
		if low[j] == high[j] {
			mean[j] = low[j]
		}
		mean[j] += 0
	}
	return mean
}

// moments fills x with rows minus shift, sets mean and returns the variances
// around it (the mean squares without intercept). A column of equal values has
// variance 0 exactly.
func (p *dense) moments(ctx context.Context, src source) ([]float64, error) {
	size := vec.Pad4(p.columns)
	shift := append(append(make([]float64, 0, size), p.shift...), make([]float64, size-p.columns)...)
	sums, err := parallel.Reduce(ctx, p.rows, rowBlock, p.workers, func(lo, hi int) ([]float64, error) {
		sum, scratch := make([]float64, 2*size), make([]float64, p.columns)
		var heads [group][]float64 // slice headers are scattered too: fetch many at once
		for k := lo; k < hi; k++ {
			dst := p.x[k*p.stride : k*p.stride+p.stride]
			var row, next []float64
			if src.ahead > 0 {
				at := (k - lo) % group
				if at == 0 {
					for i := range min(group, hi-k) {
						heads[i] = src.row(nil, k+i)
					}
				}
				row = heads[at]
				if at+src.ahead < group && k+src.ahead < hi {
					next = heads[at+src.ahead]
				}
			} else {
				row = src.row(scratch, k)
			}
			vec.CentreRow64(dst, row, shift, sum[:size], sum[size:], p.weight[k]/p.total, next)
			if p.intercept {
				dst[p.columns] = 1
			}
		}
		return sum, nil
	}, addTo)
	if err != nil {
		return nil, err
	}
	p.mean = make([]float64, p.columns)
	squares := make([]float64, p.columns)
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

// centreAgain moves rows that the first of them misled to the mean of all, and
// returns the variances around it.
func (p *dense) centreAgain(ctx context.Context) ([]float64, error) {
	second := *p
	second.shift = make([]float64, p.columns)
	for j, m := range p.mean {
		second.shift[j] = m - p.shift[j]
	}
	squares, err := second.moments(ctx, source{row: func(_ []float64, k int) []float64 {
		return p.x[k*p.stride : k*p.stride+p.columns]
	}})
	if err != nil {
		return nil, err
	}
	for j, m := range second.mean {
		p.shift[j] += second.shift[j]
		p.mean[j] = p.shift[j] + (m - second.shift[j])
	}
	return squares, nil
}

// setScale turns variances into scales.
func (p *dense) setScale(squares []float64) error {
	p.scale, p.inv = make([]float64, p.columns), make([]float64, p.columns)
	for j, q := range squares {
		p.scale[j] = math.Sqrt(q)
		if p.scale[j] > 0 {
			p.inv[j] = 1 / p.scale[j]
		} else {
			p.constant = append(p.constant, j)
		}
		if math.IsInf(p.inv[j], 0) || math.IsInf(p.scale[j], 0) {
			return fmt.Errorf("column %d has standard deviation %g: %w", j, p.scale[j], ErrRange)
		}
	}
	return nil
}

// penalties sets the penalty of each parameter: that of the coefficients as given,
// or, with Standardize, of the parameters themselves. The intercept has none.
func (p *dense) penalties(opt LogisticOptions) {
	p.l2 = make([]float64, p.params)
	if opt.L1 > 0 {
		p.l1 = make([]float64, p.params)
	}
	for j, s := range p.inv {
		if opt.Standardize {
			s = 1
		}
		p.l2[j] = opt.L2 * s * s
		if p.scale[j] == 0 {
			p.l2[j] = 1 // the coefficient is 0 anyhow
		}
		if p.l1 != nil {
			p.l1[j] = opt.L1 * s
		}
	}
}

// coefficients returns those of theta for the columns of x.
func (p *dense) coefficients(theta []float64) []float64 {
	c := make([]float64, p.stride)
	copy(c, theta)
	for j, s := range p.inv {
		c[j] *= s
	}
	return c
}

// pass computes the losses of rows [lo, hi), group after group, and hands out each
// with its first row and number of rows; coef are the coefficients of the columns
// of x.
func (p *dense) pass(coef []float64, lo, hi int, do func(l *losses, k, n int)) {
	var l losses
	for k := lo; k < hi; k += group {
		n := min(group, hi-k)
		vec.DotRows64(l.eta[:n], p.x[k*p.stride:(k+n)*p.stride], coef)
		if p.offset != nil {
			for i, v := range p.offset[k : k+n] {
				l.eta[i] += v
			}
		}
		l.derive(p.sign[k:k+n], p.weight[k:k+n])
		do(&l, k, n)
	}
}

// eval is the smooth part of F and its gradient.
func (p *dense) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.stride + 1
	coef := p.coefficients(theta)
	err := parallel.For(ctx, p.rows, rowBlock, p.workers, func(_, lo, hi int) error {
		part := p.parts[lo/rowBlock*size : lo/rowBlock*size+size]
		clear(part)
		loss := 0.0
		p.pass(coef, lo, hi, func(l *losses, k, n int) {
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
		addTo(grad, p.parts[b:b+p.params])
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

// fit minimises F by the method for its size and penalty.
func (p *dense) fit(ctx context.Context, opt LogisticOptions) (*Logistic, error) {
	theta := make([]float64, p.params)
	if p.intercept {
		theta[p.columns] = p.start()
	}
	end := &convergence{tol: opt.Tol}
	var r solve.LBFGSResult
	var err error
	switch {
	case p.columns > maxNewton:
		r, err = minimise(ctx, p, theta, p.l1, opt, end)
	case p.l1 != nil:
		r, err = proximal(ctx, newDenseDescent(p, theta), opt, end)
	default:
		r, err = p.newton(ctx, theta, opt, end)
	}
	if err != nil {
		return nil, err
	}
	if p.freeOfRank {
		plane := p.coefficients(r.X)
		end.separated = end.separated || p.splits(func(dst []float64, lo, hi int) {
			p.pass(plane, lo, hi, func(l *losses, _, n int) { copy(dst, l.eta[:n]) })
		})
	}
	r.F *= p.unit
	coef, intercept := p.unscale(r.X)
	m, err := finish(opt, r, end.separated, coef, intercept)
	if err != nil {
		return nil, err
	}
	m.mean = p.mean
	m.warnColumns(p.constant, "are constant and get coefficient 0")
	if err := p.inference(ctx, m, opt.StdErrors, r.X); err != nil {
		return nil, err
	}
	return m, nil
}

// unscale returns the coefficients of the columns as given.
func (p *dense) unscale(theta []float64) (coef []float64, intercept float64) {
	coef = make([]float64, p.columns)
	if p.intercept {
		intercept = theta[p.columns]
	}
	for j, s := range p.scale {
		if s > 0 && theta[j] != 0 {
			coef[j] = theta[j] / s
			intercept -= coef[j] * p.shift[j]
		}
	}
	return coef, intercept
}

package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// FitSVMSparse is FitSVM on sparse rows, hashed text or clicks: the same objective, options and guarantees, the same minimum. Newton
// steps are those of preconditioned conjugate gradients (Lin, Weng and Keerthi, JMLR 9, 2008), on all processors, and
// the fit ends where a step could lower the objective by a 10⁻¹³ of it and no more. MaxIter bounds the steps. Memory is a copy of the rows, 4 bytes an
// entry where all values are 1 and 12 otherwise, plus at most 24 vectors of Cols.
func FitSVMSparse(ctx context.Context, rows *SparseRows, y []bool, opt SVMOptions) (*SVM, error) {
	const where = "predict: FitSVMSparse"
	if err := rows.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	s, opt, err := opt.sample(where, y, rows.Len(), rows.Cols)
	if err != nil {
		return nil, err
	}
	if err := s.sortSparse(ctx, rows, opt.Workers); err != nil {
		return nil, err
	}
	h, err := newHinge(ctx, rows, s, opt)
	if err != nil {
		return nil, err
	}
	m := &SVM{iterated{terms: terms{schema: numeric(opt.Names, rows.Cols)}}}
	if err := h.minimise(ctx, m, opt); err != nil {
		return nil, wrap(where, err)
	}
	m.coef = make([]float64, rows.Cols)
	for j, at := range h.place {
		m.coef[j] = h.theta[at]
	}
	if h.intercept {
		m.intercept = h.theta[h.columns]
	}
	if !m.finite() || !check.Finite(m.objective) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	if !m.converged {
		m.warn(notConverged(m.iterations))
	}
	return m, nil
}

// hinge is the SVM on sparse rows,
//
//	½·Σⱼ l2ⱼ·θⱼ² + Σ weight·max(0, 1 - sign·eta)²
//
// the objective divided by C; θ ends in the intercept, whose penalty is that of v.
type hinge struct {
	*sparseProblem
	shift            []float64 // offset of each row; nil: none. That of sparseProblem is nil, for eta to be linear in θ
	theta, grad      []float64
	score            []float64 // of each row at theta, offset included
	active           []bool    // rows within the margin
	step, residual   []float64 // of conjugate gradients
	along, direction []float64
	diagonal         []float64 // of the generalised Hessian
}

// newHinge lays out the rows in the order of s.
func newHinge(ctx context.Context, rows *SparseRows, s *sample, opt SVMOptions) (*hinge, error) {
	p, err := newSparse(ctx, rows, s, LogisticOptions{L2: 1 / opt.C, NoIntercept: opt.NoIntercept, Workers: opt.Workers})
	if err != nil {
		return nil, err
	}
	if p.intercept {
		p.l2[p.columns] = 1 / opt.C / opt.Bias / opt.Bias
	}
	for k, z := range p.sign {
		p.weight[k] *= opt.ClassWeights[class(z > 0)]
	}
	h := &hinge{sparseProblem: p, shift: p.offset, score: make([]float64, p.rows), active: make([]bool, p.rows)}
	p.offset = nil
	for _, v := range []*[]float64{&h.theta, &h.grad, &h.step, &h.residual, &h.along, &h.direction, &h.diagonal} {
		*v = make([]float64, p.params)
	}
	return h, nil
}

// sum adds up do over the rows in blocks; do adds to its block's part of a vector, which sum then gathers, with the penalty at
// theta or its diagonal where that is nil.
func (h *hinge) sum(ctx context.Context, to, theta []float64, do func(part []float64, k int) float64) (float64, error) {
	size := h.params + 1
	err := parallel.For(ctx, h.rows, h.block, h.workers, func(_, lo, hi int) error {
		part := h.parts[lo/h.block*size : lo/h.block*size+size]
		clear(part)
		total := 0.0
		for k := lo; k < hi; k++ {
			total += do(part, k)
		}
		part[h.params] = total
		return nil
	})
	if err != nil {
		return 0, err
	}
	total := 0.0
	for b := h.params; b < len(h.parts); b += size {
		total += h.parts[b]
	}
	return total, h.gather(ctx, to, theta)
}

// add adds a multiple of row k to a vector, its constant included.
func (h *hinge) add(part []float64, k int, by float64) {
	one := [1]float64{by}
	h.addRows(part, k, one[:])
	if h.intercept {
		part[h.columns] += by
	}
}

// eval is the objective at theta; it leaves gradient, scores, active rows and diagonal.
func (h *hinge) eval(ctx context.Context) (float64, error) {
	f, err := h.sum(ctx, h.grad, h.theta, func(part []float64, k int) float64 {
		h.score[k] = h.eta(k, h.theta)
		if h.shift != nil {
			h.score[k] += h.shift[k]
		}
		e := 1 - h.sign[k]*h.score[k]
		h.active[k] = e > 0
		if e <= 0 {
			return 0
		}
		h.add(part, k, -2*h.weight[k]*h.sign[k]*e)
		return h.weight[k] * e * e
	})
	if err != nil {
		return 0, err
	}
	for j, l := range h.l2 {
		f += l / 2 * h.theta[j] * h.theta[j]
	}
	_, err = h.sum(ctx, h.diagonal, nil, func(part []float64, k int) float64 {
		if !h.active[k] {
			return 0
		}
		w := 2 * h.weight[k]
		for e := h.ptr[k]; e < h.ptr[k+1]; e++ {
			v := h.value(e)
			part[h.idx[e]] += w * v * v
		}
		if h.intercept {
			part[h.columns] += w
		}
		return 0
	})
	if err == nil && check.Slice("", h.diagonal) != nil {
		err = fmt.Errorf("squares of values times weights: %w", ErrOverflow)
	}
	return f, err
}

// newton leaves in step what takes theta nearly to the minimum of the quadratic that is the objective while no row enters or leaves
// the margin, by conjugate gradients with the diagonal as preconditioner. It returns by how much the quadratic falls twice.
func (h *hinge) newton(ctx context.Context) (float64, error) {
	const share, most = .05, 500 // of the residual that is left, of steps
	clear(h.step)
	whole := 0.0
	for j, g := range h.grad {
		h.residual[j] = -g
		h.direction[j] = -g / h.diagonal[j]
		whole += g * g / h.diagonal[j]
	}
	left := whole
	for range most {
		if left == 0 || left <= share*share*whole {
			break
		}
		_, err := h.sum(ctx, h.along, h.direction, func(part []float64, k int) float64 {
			if h.active[k] {
				h.add(part, k, 2*h.weight[k]*h.eta(k, h.direction))
			}
			return 0
		})
		if err != nil {
			return 0, err
		}
		t := left / vec.Dot64(h.direction, h.along)
		before := left
		left = 0
		for j, d := range h.direction {
			h.step[j] += t * d
			h.residual[j] -= t * h.along[j]
			left += h.residual[j] * h.residual[j] / h.diagonal[j]
		}
		for j := range h.direction {
			h.direction[j] = h.residual[j]/h.diagonal[j] + left/before*h.direction[j]
		}
	}
	return -vec.Dot64(h.grad, h.step), nil
}

// search halves the step until the objective falls and takes it; 0 where none lowers it.
func (h *hinge) search(ctx context.Context, f float64) (share float64, err error) {
	move := make([]float64, h.rows) // of scores
	err = parallel.For(ctx, h.rows, rowBlock, h.workers, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			move[k] = h.eta(k, h.step)
		}
		return nil
	})
	for t := 1.0; err == nil && t > 1e-10; t /= 2 {
		var g float64
		g, err = parallel.Reduce(ctx, h.rows, rowBlock, h.workers, func(lo, hi int) (float64, error) {
			s := 0.0
			for k := lo; k < hi; k++ {
				e := math.Max(0, 1-h.sign[k]*(h.score[k]+t*move[k]))
				s += h.weight[k] * e * e
			}
			return s, nil
		}, func(a, b float64) float64 { return a + b })
		for j, l := range h.l2 {
			x := h.theta[j] + t*h.step[j]
			g += l / 2 * x * x
		}
		if err == nil && g < f {
			for j, s := range h.step {
				h.theta[j] += t * s
			}
			return t, nil
		}
	}
	return 0, err
}

// minimise makes the steps.
func (h *hinge) minimise(ctx context.Context, m *SVM, opt SVMOptions) error {
	f, err := h.eval(ctx)
	if err != nil {
		return err
	}
	for m.iterations < opt.MaxIter && !m.converged {
		fall, err := h.newton(ctx)
		if err != nil {
			return err
		}
		share, err := h.search(ctx, f)
		if err != nil {
			return err
		}
		if f, err = h.eval(ctx); err != nil {
			return err
		}
		m.iterations++
		tell(opt.Progress, m.iterations, opt.MaxIter, opt.C*f)
		m.converged = share == 0 || fall <= 1e-13*f
	}
	m.objective = opt.C * f
	if m.converged {
		m.converged, err = h.flat(ctx, f)
	}
	return err
}

// flat reports whether the gradient that eval has left, at objective f, is 0 but for rounding, as that of squaredHinge does.
func (h *hinge) flat(ctx context.Context, f float64) (bool, error) {
	for j, t := range h.theta {
		h.direction[j] = math.Abs(t)
	}
	_, err := h.sum(ctx, h.along, h.direction, func(part []float64, k int) float64 {
		if !h.active[k] {
			return 0
		}
		by := 2 * h.weight[k] * (1 - h.sign[k]*h.score[k])
		for e := h.ptr[k]; e < h.ptr[k+1]; e++ {
			part[h.idx[e]] += by * math.Abs(h.value(e))
		}
		if h.intercept {
			part[h.columns] += by
		}
		return 0
	})
	if err != nil {
		return false, err
	}
	for j, g := range h.grad {
		if !level(g, h.along[j], flatnessSparse, h.l2[j], f) {
			return false, nil
		}
	}
	return true, nil
}

// ScoreSparse is Score on sparse rows.
func (m *SVM) ScoreSparse(dst []float64, rows *SparseRows) ([]float64, error) {
	if m == nil {
		m = new(SVM)
	}
	return m.predictSparse("predict: SVM.ScoreSparse", dst, rows, same)
}

package predict

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// descent is where a proximal Newton fit stands: one number a parameter.
type descent struct {
	x        []float64
	gradient []float64 // of the smooth part at x
	diagonal []float64 // of its Hessian
	l1       []float64
	delta    []float64 // the step
}

func newDescent(x, l1 []float64) descent {
	n := len(x)
	return descent{x: x, gradient: make([]float64, n), diagonal: make([]float64, n), l1: l1, delta: make([]float64, n)}
}

// stepper is what the proximal Newton method needs of a form of the problem.
type stepper interface {
	state() *descent
	// derive refreshes gradient and Hessian at x.
	derive(ctx context.Context, iteration int) error
	// descend sets delta to about the minimum of the quadratic model plus the exact
	// penalty, by coordinate descent.
	descend(ctx context.Context, tol float64) error
	// model is the decrease that gradient and penalty promise for the whole step.
	model() float64
	// value returns F at x + a·delta.
	value(ctx context.Context, a float64) (float64, error)
	// accept moves to x + a·delta, where value was called last.
	accept(a float64)
}

// proximal minimises F with L1 by proximal Newton steps: each minimises the
// quadratic model of the smooth part plus the exact penalty by coordinate
// descent, then searches along the step (Lee, Sun and Saunders 2014).
func proximal(ctx context.Context, s stepper, opt LogisticOptions, end *convergence) (solve.LBFGSResult, error) {
	f, err := s.value(ctx, 0)
	if err != nil {
		return solve.LBFGSResult{}, err
	}
	s.accept(0)
	d := s.state()
	least := make([]float64, len(d.x)) // the subgradient of least norm
	r := solve.LBFGSResult{Evals: 1}
	for r.Iter = 0; ; r.Iter++ {
		report(opt, r.Iter, f)
		if err := s.derive(ctx, r.Iter); err != nil {
			return r, err
		}
		for j := range least {
			least[j] = solve.Subgradient(d.x[j], d.gradient[j], d.l1[j])
		}
		if end.done(d.x, least, d.diagonal) {
			r.Converged = true
			break
		}
		if r.Iter >= opt.MaxIter {
			break
		}
		if err := s.descend(ctx, opt.Tol); err != nil {
			return r, err
		}
		promise, a, ok := s.model(), 1.0, false
		for range 40 {
			next, err := s.value(ctx, a)
			if err != nil {
				return r, err
			}
			r.Evals++
			if next <= f+1e-4*a*promise+1e-14*math.Abs(f) {
				f, ok = next, true
				break
			}
			a /= 2
		}
		if !ok {
			r.Stalled = true
			break
		}
		s.accept(a)
	}
	r.X, r.F = d.x, f
	return r, nil
}

// denseDescent is the proximal Newton fit of a dense problem.
type denseDescent struct {
	descent
	eval    func(ctx context.Context, grad, theta []float64) (float64, error) // the smooth part
	curve   func(ctx context.Context, theta []float64, iteration int) ([]float64, error)
	hessian []float64 // params×params, both triangles
	product []float64 // hessian·delta
	next    []float64 // the point value was called at
	slope   []float64 // the gradient there
}

func newDenseDescent(p *dense, theta []float64) *denseDescent {
	d := emptyDescent(theta, p.l1)
	d.eval = p.eval
	d.curve = func(ctx context.Context, theta []float64, iteration int) ([]float64, error) {
		rows := p.rows
		if iteration < 3 {
			rows, _ = p.sampleRows() // far from the optimum an estimate is good enough
		}
		return p.hessian(ctx, theta, rows)
	}
	return d
}

// emptyDescent is one that knows no problem yet.
func emptyDescent(theta, l1 []float64) *denseDescent {
	n := len(theta)
	return &denseDescent{
		descent: newDescent(theta, l1), product: make([]float64, n), next: make([]float64, n), slope: make([]float64, n),
	}
}

func (d *denseDescent) state() *descent { return &d.descent }

// derive takes the Hessian, whose upper triangle curve gives; the gradient was left by value.
func (d *denseDescent) derive(ctx context.Context, iteration int) error {
	n := len(d.x)
	h, err := d.curve(ctx, d.x, iteration)
	if err != nil {
		return err
	}
	for j := range n {
		d.diagonal[j] = h[j*n+j]
		for i := range j {
			h[j*n+i] = h[i*n+j]
		}
	}
	d.hessian = h
	return nil
}

// descend minimises g·δ + ½δᵀHδ + Σ l1·|x+δ| over δ by cyclic coordinate descent.
func (d *denseDescent) descend(_ context.Context, tol float64) error {
	n := len(d.x)
	clear(d.delta)
	clear(d.product)
	first := 0.0
	for sweep := range 1000 {
		worst := 0.0
		for j, h := range d.diagonal {
			if h <= 0 {
				continue
			}
			slope := d.gradient[j] + d.product[j]
			at := d.x[j] + d.delta[j]
			next := soft(at-slope/h, d.l1[j]/h)
			move := next - at
			if move == 0 {
				continue
			}
			d.delta[j] += move
			if next == 0 {
				d.delta[j] = -d.x[j] // land on 0 exactly
			}
			vec.Axpy64(move, d.hessian[j*n:j*n+n], d.product)
			worst = math.Max(worst, math.Abs(move)*math.Sqrt(h))
		}
		if sweep == 0 {
			first = worst
		}
		if worst <= math.Min(1e-4*first, first*first) || worst <= 0.01*tol {
			break
		}
	}
	return nil
}

// penalty is Σ l1·|x|.
func penalty(l1, x []float64) float64 {
	s := 0.0
	for j, l := range l1 {
		s += l * math.Abs(x[j])
	}
	return s
}

func (d *denseDescent) model() float64 {
	for j := range d.next {
		d.next[j] = d.x[j] + d.delta[j]
	}
	m := penalty(d.l1, d.next) - penalty(d.l1, d.x)
	for j, v := range d.delta {
		m += d.gradient[j] * v
	}
	return m
}

func (d *denseDescent) value(ctx context.Context, a float64) (float64, error) {
	for j := range d.next {
		d.next[j] = d.x[j] + a*d.delta[j]
	}
	f, err := d.eval(ctx, d.slope, d.next)
	if err != nil {
		return 0, err
	}
	return f + penalty(d.l1, d.next), nil
}

func (d *denseDescent) accept(float64) {
	d.x, d.next = d.next, d.x
	d.gradient, d.slope = d.slope, d.gradient
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

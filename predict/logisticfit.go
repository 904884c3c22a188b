package predict

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// group is the number of rows that pass through the first-level cache at a time.
const group = 64

// losses is what a pass over the rows hands out for a group of them.
type losses struct {
	eta, loss, grad, curve [group]float64
}

// derive fills the weighted loss and its derivatives from eta, for rows of the
// signs and weights given.
func (l *losses) derive(sign, weight []float64) {
	n := len(sign)
	vec.Logistic64(l.loss[:n], l.grad[:n], l.curve[:n], l.eta[:n], sign)
	for i, w := range weight {
		l.loss[i] *= w
		l.grad[i] *= w
		l.curve[i] *= w
	}
}

// convergence decides when a fit is at its end.
type convergence struct {
	tol       float64
	separated bool // by the end: the coefficients grow without limit
}

// restMove is the largest Newton step, relative to the coefficient where that is
// above 1, at which coefficients count as resting.
const restMove = 1e-3

// rest applies the two tests of convergence to the gradient at theta and the
// Newton step: nothing left to gain, and coefficients that rest. The first
// without the second is the mark of separated classes, along whose direction
// the steps stay about as long while gradient and curvature both vanish.
func (c *convergence) rest(theta, grad, step []float64) bool {
	decrement, move := 0.0, 0.0
	for j, s := range step {
		decrement += grad[j] * s
		move = math.Max(move, math.Abs(s)/math.Max(1, math.Abs(theta[j])))
	}
	if !(math.Sqrt(math.Abs(decrement)) <= c.tol) {
		return false
	}
	c.separated = move > restMove
	return true
}

// done is rest by the diagonal of the Hessian alone, coordinate by coordinate.
func (c *convergence) done(theta, grad, diagonal []float64) bool {
	gain, move := 0.0, 0.0
	for j, g := range grad {
		if g == 0 {
			continue
		}
		g = math.Abs(g)
		gain = math.Max(gain, g/math.Sqrt(diagonal[j]))
		move = math.Max(move, g/diagonal[j]/math.Max(1, math.Abs(theta[j])))
	}
	if !(gain <= c.tol) {
		return false
	}
	c.separated = move > restMove
	return true
}

// planeGap is how far, in log-odds, a plane keeps from each row that counts as on its side: more than rounding.
const planeGap = 1e-6

// splits reports whether the scores that eta writes for rows [lo, hi), offsets left out, have the sign of the label in
// every row: then so has any multiple of the plane, and nothing but a penalty keeps the coefficients finite. Where the
// classes overlap it is at its end after a few rows.
func (o *outcome) splits(eta func(dst []float64, lo, hi int)) bool {
	var scores [group]float64
	for lo := 0; lo < len(o.sign); lo += group {
		hi := min(lo+group, len(o.sign))
		eta(scores[:hi-lo], lo, hi)
		for i, v := range scores[:hi-lo] {
			if o.offset != nil {
				v -= o.offset[lo+i]
			}
			if !(o.sign[lo+i]*v > planeGap) {
				return false
			}
		}
	}
	return true
}

// report calls Progress, but not for the start.
func report(opt LogisticOptions, iteration int, objective float64) {
	if opt.Progress != nil && iteration > 0 {
		opt.Progress(Progress{Iteration: iteration, MaxIter: opt.MaxIter, Objective: objective})
	}
}

// problem is what the large-scale method needs.
type problem interface {
	eval(ctx context.Context, grad, theta []float64) (float64, error)
	diagonal(ctx context.Context, theta []float64) ([]float64, error)
}

// minimise is L-BFGS, or with l1 OWL-QN, preconditioned by the diagonal of the
// Hessian, which is taken anew at iterations 0, 1, 2, 4, 8, … and before the end.
func minimise(ctx context.Context, p problem, theta, l1 []float64, opt LogisticOptions, end *convergence) (solve.LBFGSResult, error) {
	var diagonal []float64
	return solve.LBFGS(ctx, theta, func(grad, x []float64) (float64, error) {
		return p.eval(ctx, grad, x)
	}, solve.LBFGSOptions{
		MaxIter: opt.MaxIter,
		L1:      l1,
		Precond: func(dst, g []float64) {
			for j, v := range g {
				dst[j] = 0
				if v != 0 {
					dst[j] = v / diagonal[j]
				}
			}
		},
		Stop: func(iter int, x []float64, f float64, g []float64) (bool, error) {
			report(opt, iter, f)
			var err error
			fresh := iter&(iter-1) == 0
			if fresh {
				if diagonal, err = p.diagonal(ctx, x); err != nil {
					return false, err
				}
			}
			done := end.done(x, g, diagonal)
			if done && !fresh {
				if diagonal, err = p.diagonal(ctx, x); err != nil {
					return false, err
				}
				done = end.done(x, g, diagonal)
			}
			return done, nil
		},
	})
}

// addTo adds b to a, number by number, and returns a.
func addTo(a, b []float64) []float64 {
	for j, v := range b {
		a[j] += v
	}
	return a
}

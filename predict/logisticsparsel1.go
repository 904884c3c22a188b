package predict

import (
	"context"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/parallel"
)

// columns is the transpose of a sparse problem.
type columns struct {
	ptr []int64
	row []int32
	val []float64
}

// transpose sorts the entries by column; within one, rows ascend.
func (p *sparseProblem) transpose() columns {
	c := columns{make([]int64, p.columns+1), make([]int32, len(p.idx)), make([]float64, len(p.val))}
	for _, j := range p.idx {
		c.ptr[j+1]++
	}
	for j := range p.columns {
		c.ptr[j+1] += c.ptr[j]
	}
	next := slices.Clone(c.ptr[:p.columns])
	for k := range p.rows {
		for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
			at := next[p.idx[e]]
			next[p.idx[e]]++
			c.row[at], c.val[at] = int32(k), p.val[e]
		}
	}
	return c
}

// sparseDescent is the proximal Newton fit of a sparse problem: coordinate descent on
// the quadratic model touches one sparse column at a time and keeps the
// products of the rows with the step (Yuan, Ho and Lin 2012, newGLMNET, without
// its shrinking rule: sweeps after the first visit only coordinates that are not
// at rest on 0).
type sparseDescent struct {
	descent
	p       *sparseProblem
	columns columns
	active  []int32 // coordinates a sweep visits

	// By row:
	eta, step    []float64 // products with x and with delta, and offset in eta
	slope, curve []float64 // first and second derivative of the loss
}

func newSparseDescent(ctx context.Context, p *sparseProblem, theta []float64) (*sparseDescent, error) {
	n := p.rows
	d := &sparseDescent{
		descent: newDescent(theta, p.l1), p: p, columns: p.transpose(), active: make([]int32, 0, p.params),
		eta: make([]float64, n), step: make([]float64, n), slope: make([]float64, n), curve: make([]float64, n),
	}
	err := parallel.For(ctx, n, rowBlock, p.workers, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			d.eta[k] = p.eta(k, theta)
		}
		return nil
	})
	return d, err
}

func (d *sparseDescent) state() *descent { return &d.descent }

// value moves along the products of the rows with the step, which are known: no row is
// read.
func (d *sparseDescent) value(ctx context.Context, a float64) (float64, error) {
	p := d.p
	f, err := parallel.Reduce(ctx, p.rows, rowBlock, p.workers, func(lo, hi int) (float64, error) {
		s := 0.0
		var l losses
		for k := lo; k < hi; k += group {
			n := min(group, hi-k)
			for i := range n {
				l.eta[i] = d.eta[k+i] + a*d.step[k+i]
			}
			l.derive(p.sign[k:k+n], p.weight[k:k+n])
			for _, v := range l.loss[:n] {
				s += v
			}
		}
		return s, nil
	}, func(a, b float64) float64 { return a + b })
	for j, l := range p.l2 {
		v := d.x[j] + a*d.delta[j]
		f += l / 2 * v * v
		f += p.l1[j] * math.Abs(v)
	}
	return f, err
}

func (d *sparseDescent) accept(a float64) {
	for j, v := range d.delta {
		d.x[j] += a * v
	}
	for k, v := range d.step {
		d.eta[k] += a * v
	}
}

// model leaves out coordinates that do not move, which are nearly all of them.
func (d *sparseDescent) model() float64 {
	m := 0.0
	for j, v := range d.delta {
		if v != 0 {
			m += d.gradient[j]*v + d.l1[j]*(math.Abs(d.x[j]+v)-math.Abs(d.x[j]))
		}
	}
	return m
}

// derive fills the derivatives of the smooth part by row, then its gradient
// and the diagonal of its Hessian.
func (d *sparseDescent) derive(ctx context.Context, _ int) error {
	p := d.p
	type sums struct{ slope, curve float64 }
	total, err := parallel.Reduce(ctx, p.rows, rowBlock, p.workers, func(lo, hi int) (sums, error) {
		var s sums
		var l losses
		for k := lo; k < hi; k += group {
			n := copy(l.eta[:], d.eta[k:hi])
			l.derive(p.sign[k:k+n], p.weight[k:k+n])
			copy(d.slope[k:k+n], l.grad[:n])
			copy(d.curve[k:k+n], l.curve[:n])
			for i, v := range l.grad[:n] {
				s.slope += v
				s.curve += l.curve[i]
			}
		}
		return s, nil
	}, func(a, b sums) sums { return sums{a.slope + b.slope, a.curve + b.curve} })
	if err != nil {
		return err
	}
	if p.intercept {
		d.gradient[p.columns], d.diagonal[p.columns] = total.slope, total.curve
	}
	return parallel.For(ctx, p.columns, rowBlock, p.workers, func(_, lo, hi int) error {
		for j := lo; j < hi; j++ {
			g, h := p.l2[j]*d.x[j], p.l2[j]
			for e := d.columns.ptr[j]; e < d.columns.ptr[j+1]; e++ {
				k, v := d.columns.row[e], d.columns.val[e]
				g += d.slope[k] * v
				h += d.curve[k] * v * v
			}
			d.gradient[j], d.diagonal[j] = g, h
		}
		return nil
	})
}

// descend finds delta roughly at first and closely near the optimum.
func (d *sparseDescent) descend(ctx context.Context, tol float64) error {
	clear(d.delta)
	clear(d.step)
	d.active = d.active[:0]
	for j := range d.p.params {
		d.active = append(d.active, int32(j))
	}
	first := 0.0
	for sweep := range 200 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		worst := d.sweep()
		if sweep == 0 {
			first = worst
		}
		if worst <= 0.1*first || worst <= 0.1*tol {
			break
		}
	}
	return nil
}

// sweep visits the active coordinates once, keeps those that are not at rest on 0,
// and returns the largest move in units of what the curvature makes of it.
func (d *sparseDescent) sweep() float64 {
	worst, kept := 0.0, d.active[:0]
	for _, j := range d.active {
		h := d.diagonal[j]
		if !(h > 0) {
			continue
		}
		at := d.x[j] + d.delta[j]
		next := soft(at-d.slopeAt(int(j))/h, d.l1[j]/h)
		if next != 0 || at != 0 {
			kept = append(kept, j)
		}
		move := next - at
		if move == 0 {
			continue
		}
		d.delta[j] += move
		if next == 0 {
			d.delta[j] = -d.x[j] // land on 0 exactly
		}
		d.shift(int(j), move)
		worst = math.Max(worst, math.Abs(move)*math.Sqrt(h))
	}
	d.active = kept
	return worst
}

// slopeAt is the slope of the quadratic model at delta along a coordinate.
func (d *sparseDescent) slopeAt(j int) float64 {
	s := d.gradient[j] + d.p.l2[j]*d.delta[j]
	if j == d.p.columns { // the intercept
		for k, q := range d.curve {
			s += q * d.step[k]
		}
		return s
	}
	for e := d.columns.ptr[j]; e < d.columns.ptr[j+1]; e++ {
		k := d.columns.row[e]
		s += d.curve[k] * d.step[k] * d.columns.val[e]
	}
	return s
}

// shift adds a move along a coordinate to the products of the rows with delta.
func (d *sparseDescent) shift(j int, move float64) {
	if j == d.p.columns {
		for k := range d.step {
			d.step[k] += move
		}
		return
	}
	for e := d.columns.ptr[j]; e < d.columns.ptr[j+1]; e++ {
		d.step[d.columns.row[e]] += move * d.columns.val[e]
	}
}

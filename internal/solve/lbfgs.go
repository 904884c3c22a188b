package solve

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/vec"
)

// Objective writes the gradient of a smooth function at x to grad and returns
// its value. A value that is not finite makes the line search step back; an
// error ends the search.
type Objective func(grad, x []float64) (float64, error)

// LBFGSOptions are the settings of LBFGS.
type LBFGSOptions struct {
	// Memory is the number of correction pairs kept; 0 means 10, negative none,
	// which leaves plain (preconditioned) gradient descent: Newton's method,
	// where Precond applies the inverse Hessian.
	Memory int
	// MaxIter bounds the iterations; 0 means 200.
	MaxIter int
	// Tol ends the search when no entry of the gradient exceeds
	// Tol·max(1, |f|); 0 means 1e-8. It is not used where Stop is set.
	Tol float64
	// L1, if not nil, adds Σ L1[j]·|x[j]| to the function (OWL-QN). Entries are
	// >= 0; 0 leaves a coordinate without penalty.
	L1 []float64
	// Precond, if not nil, writes H₀·g to dst, H₀ a positive definite estimate
	// of the inverse Hessian. It may change between iterations. With L1 it
	// should be diagonal. dst and g do not overlap.
	Precond func(dst, g []float64)
	// Stop, if not nil, is called at the start and after every iteration with
	// the point, the value (L1 included) and the gradient (with L1: the
	// subgradient of least norm). It may refresh what Precond uses, and returns
	// true to end the search as converged.
	Stop func(iter int, x []float64, f float64, grad []float64) (bool, error)
}

// LBFGSResult is where a search ended.
type LBFGSResult struct {
	X         []float64
	F         float64
	Iter      int  // iterations made
	Evals     int  // calls of the objective
	Converged bool // Stop or Tol was met
	Stalled   bool // no step lowers the function any more
}

const (
	wolfeC1   = 1e-4
	wolfeC2   = 0.9
	noiseRel  = 1e-11 // relative rounding noise allowed in f near the optimum
	maxProbes = 40
)

// LBFGS minimises f from x0 by limited-memory BFGS (Nocedal and Wright 2006,
// algorithm 7.5) with a line search for the strong Wolfe conditions (algorithms
// 3.5 and 3.6); close to the optimum, where differences of f drown in rounding,
// the approximate Wolfe conditions of Hager and Zhang (2005) take over, so that
// the gradient can be brought down to rounding. With L1 it is OWL-QN (Andrew and
// Gao 2007). x0 is not written. The search is sequential and deterministic.
//
// Too many iterations or a stalled search is no error: see the result's flags.
// It returns ErrDiverged if f(x0) is not finite, the objective's own error, or
// context.Cause(ctx).
func LBFGS(ctx context.Context, x0 []float64, f Objective, opt LBFGSOptions) (LBFGSResult, error) {
	maxIter := check.Default(opt.MaxIter, 200)
	tol := check.Default(opt.Tol, 1e-8)
	s, err := newLBFGS(ctx, x0, f, opt)
	if err != nil {
		return LBFGSResult{}, err
	}
	res := LBFGSResult{}
	for iter := 0; ; iter++ {
		if ctx.Err() != nil {
			return LBFGSResult{}, context.Cause(ctx)
		}
		s.pseudo()
		res.Iter = iter
		done := false
		if opt.Stop != nil {
			if done, err = opt.Stop(iter, s.x, s.fx, s.pg); err != nil {
				return LBFGSResult{}, err
			}
		} else {
			done = maxAbs(s.pg) <= tol*math.Max(1, math.Abs(s.fx))
		}
		if done {
			res.Converged = true
			break
		}
		if iter >= maxIter {
			break
		}
		ok, err := s.step()
		if err != nil {
			return LBFGSResult{}, err
		}
		if !ok && s.pairs() > 0 {
			// Old curvature may mislead: forget it and try once more.
			s.s, s.y, s.rho = nil, nil, nil
			if ok, err = s.step(); err != nil {
				return LBFGSResult{}, err
			}
		}
		if !ok {
			res.Stalled = true
			break
		}
	}
	res.X, res.F, res.Evals = s.x, s.fx, s.evals
	return res, nil
}

// newLBFGS returns the state at x0, which is copied: value and gradient there must be
// finite.
func newLBFGS(ctx context.Context, x0 []float64, f Objective, opt LBFGSOptions) (*lbfgs, error) {
	n := len(x0)
	memory := check.OrOff(opt.Memory, 10)
	if opt.L1 != nil && len(opt.L1) != n {
		return nil, fmt.Errorf("solve: LBFGS: L1 has %d entries, want %d: %w", len(opt.L1), n, check.ErrShape)
	}
	s := &lbfgs{
		ctx: ctx, f: f, o: opt,
		x: append([]float64(nil), x0...), xn: make([]float64, n),
		g: make([]float64, n), gn: make([]float64, n),
		d: make([]float64, n), q: make([]float64, n),
		memory: memory,
	}
	s.pg = s.g
	if opt.L1 != nil {
		s.pg = make([]float64, n)
		s.orth = make([]float64, n)
	}
	var err error
	if s.fx, err = s.eval(s.g, s.x); err != nil {
		return nil, err
	}
	if !check.Finite(s.fx) || check.Slice("gradient", s.g) != nil {
		return nil, fmt.Errorf("solve: LBFGS: the objective at the start is %v or its gradient is not finite: %w", s.fx, check.ErrDiverged)
	}
	return s, nil
}

type lbfgs struct {
	ctx    context.Context
	f      Objective
	o      LBFGSOptions
	x, xn  []float64
	g, gn  []float64
	pg     []float64 // gradient, or the subgradient of least norm with L1
	orth   []float64 // orthant of the current OWL-QN step
	d, q   []float64
	fx     float64
	s, y   [][]float64
	rho    []float64
	alpha  []float64
	memory int
	evals  int
}

func (s *lbfgs) pairs() int { return len(s.s) }

// eval returns f(x) plus the L1 penalty; g is the gradient of the smooth part.
func (s *lbfgs) eval(g, x []float64) (float64, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	s.evals++
	f, err := s.f(g, x)
	if err != nil {
		return 0, err
	}
	for j, l := range s.o.L1 {
		f += l * math.Abs(x[j])
	}
	return f, nil
}

// pseudo refreshes s.pg.
func (s *lbfgs) pseudo() {
	if s.o.L1 == nil {
		s.pg = s.g
		return
	}
	for j, l := range s.o.L1 {
		s.pg[j] = Subgradient(s.x[j], s.g[j], l)
	}
}

// Subgradient returns the element of least absolute value of the
// subdifferential of h(x) + l1·|x|, where g = h'(x).
func Subgradient(x, g, l1 float64) float64 {
	switch {
	case x > 0:
		return g + l1
	case x < 0:
		return g - l1
	case g > l1:
		return g - l1
	case g < -l1:
		return g + l1
	}
	return 0
}

// direction writes -H·pg to s.d by the two-loop recursion.
func (s *lbfgs) direction() {
	q := s.q
	copy(q, s.pg)
	k := len(s.s)
	if cap(s.alpha) < k {
		s.alpha = make([]float64, k, s.memory)
	}
	s.alpha = s.alpha[:k]
	for i := k - 1; i >= 0; i-- {
		a := s.rho[i] * vec.Dot64(s.s[i], q)
		s.alpha[i] = a
		vec.Axpy64(-a, s.y[i], q)
	}
	switch {
	case s.o.Precond != nil:
		s.o.Precond(s.d, q)
	case k > 0:
		gamma := 1 / (s.rho[k-1] * vec.Dot64(s.y[k-1], s.y[k-1]))
		for j := range q {
			s.d[j] = gamma * q[j]
		}
	default:
		copy(s.d, q)
	}
	for i := range k {
		b := s.rho[i] * vec.Dot64(s.y[i], s.d)
		vec.Axpy64(s.alpha[i]-b, s.s[i], s.d)
	}
	for j := range s.d {
		s.d[j] = -s.d[j]
	}
}

// step makes one iteration. It reports false if no better point was found; then
// x, f and g are as before.
func (s *lbfgs) step() (bool, error) {
	s.direction()
	if s.o.L1 != nil {
		// Keep only the parts of the direction that point downhill.
		for j := range s.d {
			if s.d[j]*s.pg[j] >= 0 {
				s.d[j] = 0
			}
			s.orth[j] = s.x[j]
			if s.x[j] == 0 {
				s.orth[j] = -s.pg[j]
			}
		}
	}
	slope := vec.Dot64(s.d, s.pg)
	if !(slope < 0) || !check.Finite(slope) {
		return false, nil
	}
	a := 1.0
	if len(s.s) == 0 && s.o.Precond == nil {
		a = math.Min(1, 1/math.Sqrt(vec.Dot64(s.pg, s.pg)))
	}
	var fn float64
	var ok bool
	var err error
	if s.o.L1 != nil {
		fn, ok, err = s.backtrack(a)
	} else {
		fn, ok, err = s.wolfe(a, slope)
	}
	if err != nil || !ok {
		return false, err
	}
	s.remember()
	s.fx = fn
	s.x, s.xn = s.xn, s.x
	s.g, s.gn = s.gn, s.g
	return true, nil
}

// remember stores the pair (xn-x, gn-g) unless its curvature is not positive.
func (s *lbfgs) remember() {
	if s.memory == 0 {
		return
	}
	var ds, dy []float64
	if len(s.s) == s.memory {
		ds, dy = s.s[0], s.y[0]
		copy(s.s, s.s[1:])
		copy(s.y, s.y[1:])
		copy(s.rho, s.rho[1:])
		s.s, s.y, s.rho = s.s[:s.memory-1], s.y[:s.memory-1], s.rho[:s.memory-1]
	} else {
		ds, dy = make([]float64, len(s.x)), make([]float64, len(s.x))
	}
	for j := range ds {
		ds[j] = s.xn[j] - s.x[j]
		dy[j] = s.gn[j] - s.g[j]
	}
	sy, ss, yy := vec.Dot64(ds, dy), vec.Dot64(ds, ds), vec.Dot64(dy, dy)
	if !(sy > 1e-14*math.Sqrt(ss)*math.Sqrt(yy)) || !check.Finite(1/sy) {
		return
	}
	s.s, s.y, s.rho = append(s.s, ds), append(s.y, dy), append(s.rho, 1/sy)
}

// backtrack halves the step until the penalised function falls enough, every
// trial projected on the orthant of the start.
func (s *lbfgs) backtrack(a float64) (float64, bool, error) {
	for range maxProbes {
		gain, moved := 0.0, false
		for j := range s.x {
			v := s.x[j] + a*s.d[j]
			if s.o.L1[j] > 0 && v*s.orth[j] <= 0 {
				v = 0
			}
			s.xn[j] = v
			gain += s.pg[j] * (v - s.x[j])
			moved = moved || v != s.x[j]
		}
		if !moved {
			return 0, false, nil
		}
		f, err := s.eval(s.gn, s.xn)
		if err != nil {
			return 0, false, err
		}
		if check.Finite(f) && f <= s.fx+wolfeC1*gain+1e-15*math.Abs(s.fx) && gain < 0 {
			return f, true, nil
		}
		a /= 2
	}
	return 0, false, nil
}

// probe is one point of a line search.
type probe struct{ a, f, slope float64 }

// at evaluates step a; s.xn and s.gn hold that point afterwards.
func (s *lbfgs) at(a float64) (probe, error) {
	for j := range s.x {
		s.xn[j] = s.x[j] + a*s.d[j]
	}
	f, err := s.eval(s.gn, s.xn)
	p := probe{a, f, vec.Dot64(s.gn, s.d)}
	if !check.Finite(p.f) || !check.Finite(p.slope) {
		p.f, p.slope = math.Inf(1), math.Inf(1)
	}
	return p, err
}

// wolfe searches along s.d from slope for a step of the strong Wolfe
// conditions. On success s.xn and s.gn hold the new point.
func (s *lbfgs) wolfe(a, slope float64) (float64, bool, error) {
	start := probe{0, s.fx, slope}
	noise := noiseRel * math.Abs(s.fx)
	good := func(p probe) bool {
		if math.IsInf(p.f, 1) {
			return false
		}
		armijo := p.f <= start.f+wolfeC1*p.a*slope
		if armijo && math.Abs(p.slope) <= -wolfeC2*slope {
			return true
		}
		return p.f <= start.f+noise && p.slope >= wolfeC2*slope && p.slope <= (2*wolfeC1-1)*slope
	}
	prev := start
	for i := range maxProbes {
		p, err := s.at(a)
		if err != nil {
			return 0, false, err
		}
		if good(p) {
			return p.f, true, nil
		}
		if p.f > start.f+wolfeC1*a*slope || i > 0 && p.f >= prev.f {
			return s.zoom(start, prev, p, good)
		}
		if p.slope >= 0 {
			return s.zoom(start, p, prev, good)
		}
		prev = p
		a *= 2
		if i > 2 {
			a *= 4
		}
	}
	return 0, false, nil
}

// zoom narrows the interval between lo, the best point so far that falls
// enough, and hi.
func (s *lbfgs) zoom(start, lo, hi probe, good func(probe) bool) (float64, bool, error) {
	for range maxProbes {
		a := cubic(lo, hi)
		width := math.Abs(hi.a - lo.a)
		low, high := math.Min(lo.a, hi.a), math.Max(lo.a, hi.a)
		if !check.Finite(a) || a < low+0.1*width || a > high-0.1*width {
			a = (lo.a + hi.a) / 2
		}
		if width <= 1e-16*high || a == lo.a || a == hi.a {
			break
		}
		p, err := s.at(a)
		if err != nil {
			return 0, false, err
		}
		if good(p) {
			return p.f, true, nil
		}
		if p.f > start.f+wolfeC1*a*start.slope || p.f >= lo.f {
			hi = p
			continue
		}
		if p.slope*(hi.a-lo.a) >= 0 {
			hi = lo
		}
		lo = p
	}
	if lo.a == 0 || lo.f >= start.f {
		return 0, false, nil
	}
	// The curvature condition was not met, but lo is lower than the start.
	p, err := s.at(lo.a)
	return p.f, err == nil, err
}

// cubic returns the minimiser of the cubic through two probes.
func cubic(p, q probe) float64 {
	d1 := p.slope + q.slope - 3*(p.f-q.f)/(p.a-q.a)
	r := d1*d1 - p.slope*q.slope
	if !(r >= 0) {
		return math.NaN()
	}
	d2 := math.Copysign(math.Sqrt(r), q.a-p.a)
	return q.a - (q.a-p.a)*(q.slope+d2-d1)/(q.slope-p.slope+2*d2)
}

func maxAbs(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = math.Max(m, math.Abs(v))
	}
	return m
}

package lifetime

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/solve"
)

// A problem is a log-likelihood to be maximised over the logarithms of positive parameters.
type problem struct {
	where string
	law   lawKind
	names []string
	// scaled says which parameters are measured in what the data are: they are bounded by its scale.
	scaled [maxParams]bool
	// eval returns the Round at a point; bare, its value alone will be read.
	eval func(ctx context.Context, at []float64, bare bool) (*Round, error)
	// starts returns points to begin from, in units of the scale where scaled says so; the best
	// one is taken.
	starts [][maxParams]float64
}

// reach is how far, in logarithms, a parameter may go from 1 or from the scale of the data.
// A law whose parameter wants to go beyond is a simpler law.
const reach = 14

// optimum is where a search ended.
type optimum struct {
	at        [maxParams]float64
	round     *Round
	iter      int
	converged bool
	cov       []float64 // of the logarithms, dims×dims; NaN where the data do not tell
	warnings  []string
}

// maximize is Newton's method with a growing multiple of the diagonal where the Hessian is not
// negative definite, steps of at most 2 in each logarithm, and bounds. first is a round at any
// point, of which counts and scale are read.
func (p *problem) maximize(ctx context.Context, first *Round, opt FitOptions) (*optimum, error) {
	d := p.law.dims()
	var lo, hi [maxParams]float64
	for i := range d {
		lo[i], hi[i] = -reach, reach
		if p.scaled[i] {
			lo[i], hi[i] = lo[i]+math.Log(first.scale), hi[i]+math.Log(first.scale)
		}
	}
	theta, err := p.start(ctx, first.scale)
	if err != nil {
		return nil, err
	}
	cur, err := p.at(ctx, theta)
	if err != nil {
		return nil, err
	}
	if cur.broken {
		return nil, fmt.Errorf("%s: the likelihood is not finite where the search begins: %w", p.where, ErrDiverged)
	}
	out := &optimum{round: cur}
	damping := 0.0
	for out.iter < opt.MaxIter && !out.converged {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		size := 1 + math.Abs(cur.LogLikelihood())
		step := p.step(cur, theta, lo, hi, 0)
		if step.newton = step.gain; step.none {
			step.newton = math.Inf(1)
		}
		for damping > 0 && step.newton > 1e-11*size || step.none {
			newton := step.newton
			step = p.step(cur, theta, lo, hi, damping)
			step.newton = newton
			if !step.none || damping > 1e15 {
				break
			}
			damping = max(10*damping, 1e-6)
		}
		next, err := p.search(ctx, cur, theta, &step)
		if err != nil {
			return nil, err
		}
		// What the quadratic model still expects to gain, in units of the log-likelihood. Newton squares
		// it with each step: the one from here is the last that can be told from rounding.
		small := step.newton <= 1e-11*size
		if next == nil {
			// Rounding hides what is left to gain, or the damping has to grow.
			if small || damping > 1e12 {
				out.converged = small || step.newton <= 1e-9*size
				break
			}
			damping = max(10*damping, 1e-3)
			continue
		}
		out.iter++
		theta, cur = step.to, next
		damping /= 10
		if damping < 1e-8 {
			damping = 0
		}
		out.converged = small
		if opt.Progress != nil {
			opt.Progress(Progress{out.iter, opt.MaxIter, cur.LogLikelihood()})
		}
	}
	out.at, out.round = point(theta), cur
	p.conclude(out, theta, lo, hi)
	return out, nil
}

func point(theta [maxParams]float64) (at [maxParams]float64) {
	for i, x := range theta {
		at[i] = math.Exp(x)
	}
	return at
}

// at evaluates a point with its derivatives.
func (p *problem) at(ctx context.Context, theta [maxParams]float64) (*Round, error) {
	x := point(theta)
	return p.eval(ctx, x[:p.law.dims()], false)
}

// start returns the logarithms of the best of the starting points.
func (p *problem) start(ctx context.Context, scale float64) (best [maxParams]float64, err error) {
	value := math.Inf(-1)
	for k, s := range p.starts {
		var theta [maxParams]float64
		for i := range p.law.dims() {
			theta[i] = math.Log(s[i])
			if p.scaled[i] {
				theta[i] += math.Log(scale)
			}
		}
		x := point(theta)
		r, err := p.eval(ctx, x[:p.law.dims()], true)
		if err != nil {
			return best, err
		}
		if v := r.LogLikelihood(); v > value || k == 0 {
			best, value = theta, v
		}
	}
	return best, nil
}

// move is one step of the search.
type move struct {
	to, by [maxParams]float64
	gain   float64 // half the product of gradient and step
	none   bool
	newton float64 // the gain of the step without damping; +Inf where there is none
}

// step solves for Newton's step from theta, with a multiple of the diagonal added to the Hessian.
// Parameters at a bound that the gradient pushes against stay there. It has none where the Hessian is not
// negative definite even so.
func (p *problem) step(cur *Round, theta, lo, hi [maxParams]float64, damping float64) move {
	d := p.law.dims()
	_, grad, hess := cur.derivatives()
	var free []int
	for i := range d {
		if !(theta[i] <= lo[i] && grad[i] < 0 || theta[i] >= hi[i] && grad[i] > 0) {
			free = append(free, i)
		}
	}
	n := len(free)
	m := move{to: theta}
	a, b, least := make([]float64, n*n), make([]float64, n), make([]float64, n)
	for k, i := range free {
		for l, j := range free {
			a[k*n+l] = -hess[i*d+j]
		}
		a[k*n+k] += damping * (math.Abs(hess[i*d+i]) + 1e-8*float64(cur.n))
		b[k] = grad[i]
		least[k] = 1e-13 * a[k*n+k] // a pivot that rounding alone holds above zero is none
	}
	if m.none = n > 0 && !solve.Cholesky64(a, n); m.none {
		return m
	}
	for k := range n {
		if m.none = !(a[k*n+k]*a[k*n+k] > least[k]); m.none {
			return m
		}
	}
	solve.SolveCholesky64(a, n, b)
	longest := 2.
	for k := range b {
		longest = max(longest, math.Abs(b[k]))
	}
	for k, i := range free {
		m.to[i] = min(max(theta[i]+2/longest*b[k], lo[i]), hi[i])
		m.by[i] = m.to[i] - theta[i]
		m.gain += m.by[i] * grad[i] / 2
	}
	return m
}

// search halves a step until the likelihood rises, and returns the round there, nil where it does
// not rise.
func (p *problem) search(ctx context.Context, cur *Round, theta [maxParams]float64, m *move) (*Round, error) {
	full := m.by
	for try := 0; try < 12 && m.gain > 0; try++ {
		share := math.Ldexp(1, -try)
		to := theta
		for i := range to {
			to[i] += share * full[i]
		}
		next, err := p.at(ctx, to)
		if err != nil {
			return nil, err
		}
		if f := next.LogLikelihood(); f > cur.LogLikelihood()+1e-4*share*m.gain {
			m.to = to
			return next, nil
		}
	}
	return nil, nil
}

// derivatives returns value, gradient and the full Hessian of a round.
func (r *Round) derivatives() (value float64, grad [maxParams]float64, hess []float64) {
	d := r.law.dims()
	hess = make([]float64, d*d)
	k := 1 + d
	for i := range d {
		grad[i] = r.sums[1+i].float()
		for j := i; j < d; j++ {
			hess[i*d+j] = r.sums[k].float()
			hess[j*d+i] = hess[i*d+j]
			k++
		}
	}
	return r.LogLikelihood(), grad, hess
}

// conclude inverts the observed information of the parameters that are not at a bound, and
// says what is doubtful.
func (p *problem) conclude(out *optimum, theta, lo, hi [maxParams]float64) {
	d := p.law.dims()
	_, _, hess := out.round.derivatives()
	out.cov = make([]float64, d*d)
	for k := range out.cov {
		out.cov[k] = math.NaN()
	}
	var free []int
	for i := range d {
		if theta[i] > lo[i] && theta[i] < hi[i] {
			free = append(free, i)
			continue
		}
		end := "large"
		if theta[i] <= lo[i] {
			end = "small"
		}
		out.warnings = append(out.warnings, fmt.Sprintf("%s runs off and is held at %.3g: as %s as one likes, the law is a simpler one", p.names[i], out.at[i], end))
	}
	if !out.converged {
		out.warnings = append(out.warnings, fmt.Sprintf("no convergence in %d iterations", out.iter))
	}
	n := len(free)
	a := make([]float64, n*n)
	for k, i := range free {
		for l, j := range free {
			a[k*n+l] = -hess[i*d+j]
		}
	}
	if n == 0 || !solve.Cholesky64(a, n) {
		if n > 0 {
			out.warnings = append(out.warnings, "the observed information is not positive definite: no standard errors")
		}
		return
	}
	for k, i := range free {
		e := make([]float64, n)
		e[k] = 1
		solve.SolveCholesky64(a, n, e)
		for l, j := range free {
			out.cov[i*d+j] = e[l]
		}
	}
	for i := range d {
		if v := out.cov[i*d+i]; v > 9 {
			out.warnings = append(out.warnings, fmt.Sprintf("%s is hardly determined by these data: its standard error is %.3g times its value", p.names[i], math.Sqrt(v)))
		}
	}
}

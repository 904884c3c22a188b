package lifetime

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
)

// maxCovariates bounds the columns of FitCovariates.
const maxCovariates = 100

// CovariateOptions configures FitCovariates. The zero value is its defaults.
type CovariateOptions struct {
	// Names are those of the columns; nil names them x0, x1, ….
	Names []string
	// MaxIter bounds the iterations, > 0; 0: 100. Most fits take ten.
	MaxIter int
	// Workers is the number of goroutines, >= 0; 0: GOMAXPROCS. The result does not depend on it.
	Workers int
	// Progress, if not nil, is called after each iteration on the caller's goroutine.
	Progress func(Progress)
}

// Covariates is a law of repeat buying whose customers differ by what is known of them: the channel
// that they came by, a region, the first basket. [FitCovariates] makes it, [Covariates.For] answers. It
// is immutable and safe for concurrent readers.
type Covariates[T Time] struct {
	law   lawKind
	at    [maxParams]float64 // of a customer whose columns are all 0
	buys  []float64
	leave []float64
	names []string
	errs  []float64 // standard errors in the order of Report
	rows  int64
	value float64
	iter  int
	done  bool
	notes []string
}

// FitCovariates fits the law of m, BG/NBD, MBG/NBD or Pareto/NBD, again with n×d rows of what does not
// change about each customer, beginning at m (Fader and Hardie 2007, "Incorporating time-invariant
// covariates", and as CLVTools does). A column multiplies the rate of buying by e^(coefficient): alpha
// of a customer is alpha·e^(−γ·x). It multiplies the rate of dying of the Pareto/NBD law, beta·e^(−δ·x),
// and of the other two a and b, both by e^(δ·x), which makes customers more alike in how they leave.
//
// Report has the parameters of the law for columns of 0, and then "buys " and "leaves " with the name of
// each column. Maximum likelihood by Newton's method with exact derivatives, standard errors from the observed
// information. Permuted customers give the same model, byte for byte.
//
// A column that is constant, or follows from others, is ErrUndefined, since alpha holds it already, and so
// are customers of whom none has bought again. A column that lies so far from 0 that the parameters there are
// beyond numbers is ErrDiverged: take it less its mean. The BG/BB law is ErrOption. ErrEmpty for no customers and a
// model that nothing made, ErrShape, ErrNotFinite, ErrRange, ErrTooLarge beyond 100 columns, ErrDiverged,
// context.Cause(ctx) when ctx ends. Cost: some ten passes of 1 to 20 µs a customer and of d² operations.
func FitCovariates[T Time](ctx context.Context, m *Model[T], customers []Customer[T], rows [][]float64, opt CovariateOptions) (*Covariates[T], error) {
	const where = "lifetime: FitCovariates"
	opt.MaxIter = check.Default(opt.MaxIter, 100)
	if err := m.ready(where); err != nil {
		return nil, err
	}
	if m.law == lawBGBB {
		return nil, fmt.Errorf("%s: the BG/BB law takes no covariates: %w", where, ErrOption)
	}
	n, names, err := columnsOf(rows, opt.Names, maxCovariates)
	if err == nil {
		err = check.Len("customers", len(customers), n)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	d := len(names)
	var c check.Options
	c.Require(opt.MaxIter > 0, "MaxIter", opt.MaxIter, "> 0")
	c.Require(opt.Workers >= 0, "Workers", opt.Workers, ">= 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	again := false
	for i, c := range customers {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("%s: customer %d: %w", where, i, err)
		}
		again = again || c.Repeats > 0
	}
	if !again {
		return nil, fmt.Errorf("%s: nobody has bought again, so that any silence is likely: %w", where, ErrUndefined)
	}
	f := &covariateFit{law: m.law, d: d, workers: opt.Workers, meter: parallel.NewMeter(ctx)}
	if err := f.lay(rows, func(i int) history { return historyOf(customers[i]) }); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	theta := make([]float64, maxParams+2*d)
	for i, x := range m.at {
		theta[i] = math.Log(x)
	}
	if err := f.search(ctx, theta, opt); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	out := &Covariates[T]{law: m.law, names: names, rows: int64(n), value: f.value, iter: f.iter, done: f.converged, notes: f.notes}
	f.finish(&out.at, &out.buys, &out.leave, &out.errs)
	for _, x := range out.at {
		if !(x >= leastParam && x <= mostParam) {
			return nil, fmt.Errorf("%s: a parameter is %v where all columns are 0, which lies too far from the rows: take columns less their means: %w", where, x, ErrDiverged)
		}
	}
	return out, nil
}

// directions are how the logarithms of the parameters of a law move with what buying, and leaving,
// gains by the columns.
func (k lawKind) directions() (buys, leaves [maxParams]float64) {
	if k == lawParetoNBD {
		return [maxParams]float64{1: -1}, [maxParams]float64{3: -1}
	}
	return [maxParams]float64{1: -1}, [maxParams]float64{2: 1, 3: 1}
}

// covariateFit is a fit under way: columns centred and scaled, customers in an order of their own.
type covariateFit struct {
	law         lawKind
	d, workers  int
	meter       *parallel.Meter
	who         []history
	x           []float64
	mean, scale []float64

	theta     []float64 // logarithms of the parameters, then coefficients of buying and of leaving
	cov       []float64
	value     float64
	iter      int
	converged bool
	notes     []string
}

// lay sorts the customers and brings the columns on one scale.
func (f *covariateFit) lay(rows [][]float64, at func(i int) history) error {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := at(i), at(j)
		return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.tx, b.tx), cmp.Compare(a.t, b.t), slices.Compare(rows[i], rows[j]), cmp.Compare(i, j))
	})
	var err error
	if f.mean, f.scale, err = columnScales(rows, order); err != nil {
		return err
	}
	gram := make([]float64, f.d*f.d)
	for _, i := range order {
		f.who = append(f.who, at(i))
		from := len(f.x)
		for j, v := range rows[i] {
			f.x = append(f.x, (v-f.mean[j])/f.scale[j])
		}
		for j, a := range f.x[from:] {
			for k, b := range f.x[from:] {
				gram[j*f.d+k] += a * b
			}
		}
		if err := f.meter.Did(f.d*f.d + 20); err != nil {
			return err
		}
	}
	if dependent := solve.SemiCholesky64(gram, f.d, 1e-10); len(dependent) > 0 {
		return fmt.Errorf("column %d follows from those before it: %w", dependent[0], ErrUndefined)
	}
	return nil
}

// covariateSums are the log-likelihood with its derivatives in theta.
type covariateSums struct {
	value      float64
	grad, hess []float64
}

// evaluate adds up over the customers, block by block.
func (f *covariateFit) evaluate(ctx context.Context, theta []float64) (*covariateSums, error) {
	size := len(theta)
	buys, leaves := f.law.directions()
	return parallel.Reduce(ctx, len(f.who), 256, f.workers, func(lo, hi int) (*covariateSums, error) {
		s := &covariateSums{grad: make([]float64, size), hess: make([]float64, size*size)}
		u := make([]float64, size*maxParams) // how each of theta moves the four logarithms
		var t term
		for i := lo; i < hi; i++ {
			x := f.x[i*f.d : (i+1)*f.d]
			more, away := 0., 0.
			for j, v := range x {
				more += theta[maxParams+j] * v
				away += theta[maxParams+f.d+j] * v
			}
			var at [maxParams]float64
			for k := range at {
				at[k] = math.Exp(theta[k] + buys[k]*more + leaves[k]*away)
			}
			f.law.term(at, f.who[i], &t)
			s.value += t.value
			var g [maxParams]float64
			var h [maxParams][maxParams]float64
			m := 0
			for k := range g {
				g[k] = at[k] * t.grad[k]
				for l := k; l < maxParams; l++ {
					h[k][l] = at[k] * at[l] * t.hess[m]
					if m++; k == l {
						h[k][k] += g[k]
					}
					h[l][k] = h[k][l]
				}
			}
			for k := range maxParams {
				u[k*maxParams+k] = 1
				for j, v := range x {
					u[(maxParams+j)*maxParams+k] = buys[k] * v
					u[(maxParams+f.d+j)*maxParams+k] = leaves[k] * v
				}
			}
			for a := range size {
				ua := u[a*maxParams : (a+1)*maxParams]
				var ha [maxParams]float64
				for k, w := range ua {
					if w != 0 {
						s.grad[a] += w * g[k]
						for l := range ha {
							ha[l] += w * h[k][l]
						}
					}
				}
				for b := a; b < size; b++ {
					ub := u[b*maxParams : (b+1)*maxParams]
					s.hess[a*size+b] += ha[0]*ub[0] + ha[1]*ub[1] + ha[2]*ub[2] + ha[3]*ub[3]
				}
			}
		}
		return s, nil
	}, func(acc, next *covariateSums) *covariateSums {
		acc.value += next.value
		for k, v := range next.grad {
			acc.grad[k] += v
		}
		for k, v := range next.hess {
			acc.hess[k] += v
		}
		return acc
	})
}

// term fills t with what a history says of the parameters of a law.
func (k lawKind) term(at [maxParams]float64, h history, t *term) {
	if k == lawParetoNBD {
		p := &pareto{at[0], at[1], at[2], at[3]}
		p.likelihood(h, &p.table([]int{h.x})[0], t, false)
		return
	}
	g := &geometric{at[0], at[1], at[2], at[3], 0}
	if k == lawMBGNBD {
		g.first = 1
	}
	g.likelihood(h, &g.table([]int{h.x})[0], g.aged(h.tx), g.aged(h.t), t, false)
}

// search is Newton's method with a growing multiple of the diagonal where the Hessian is not negative
// definite, steps of at most 1 in each number, and halved steps.
func (f *covariateFit) search(ctx context.Context, theta []float64, opt CovariateOptions) error {
	size := len(theta)
	cur, err := f.evaluate(ctx, theta)
	if err != nil {
		return err
	}
	if !check.Finite(cur.value) {
		return fmt.Errorf("the likelihood is not finite where the search begins: %w", ErrDiverged)
	}
	damping := 0.
	for f.iter < opt.MaxIter && damping < 1e12 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a, step := make([]float64, size*size), slices.Clone(cur.grad)
		for k := range a {
			a[k] = -cur.hess[k]
		}
		for k := range size {
			a[k*size+k] += damping * (math.Abs(cur.hess[k*size+k]) + 1e-8*float64(len(f.who)))
		}
		if len(solve.SemiCholesky64(a, size, 1e-13)) > 0 {
			damping = max(10*damping, 1e-6)
			continue
		}
		solve.SolveCholesky64(a, size, step)
		gain, longest := 0., 1.
		for k, v := range step {
			gain += v * cur.grad[k] / 2
			longest = max(longest, math.Abs(v))
		}
		small := gain <= 1e-12*(1+math.Abs(cur.value)) && damping == 0
		moved := false
		for share := 1 / longest; share > 1e-4/longest && !moved; share /= 2 {
			to := slices.Clone(theta)
			for k := range to {
				to[k] += share * step[k]
			}
			next, err := f.evaluate(ctx, to)
			if err != nil {
				return err
			}
			if moved = next.value > cur.value; moved {
				theta, cur = to, next
			}
		}
		if moved {
			f.iter++
			if damping /= 10; damping < 1e-8 {
				damping = 0
			}
			if opt.Progress != nil {
				opt.Progress(Progress{f.iter, opt.MaxIter, cur.value})
			}
		}
		if f.converged = small; small {
			break
		}
		if !moved {
			if f.converged = damping == 0 && gain <= 1e-9*(1+math.Abs(cur.value)); f.converged { // rounding hides the rest
				break
			}
			damping = max(10*damping, 1e-3)
		}
	}
	f.theta, f.value = theta, cur.value
	if !f.converged {
		f.notes = append(f.notes, fmt.Sprintf("no convergence in %d iterations", f.iter))
	}
	a := make([]float64, size*size)
	for k := range a {
		a[k] = -cur.hess[k]
	}
	if dependent := solve.SemiCholesky64(a, size, 1e-13); len(dependent) > 0 {
		f.notes = append(f.notes, "the observed information is not positive definite: no standard errors")
		return nil
	}
	f.cov = solve.SemiInverse64(a, size, nil)
	return nil
}

// finish changes from centred and scaled columns to those given: the parameters are those of columns of
// 0, and the standard errors follow, since all is linear in the logarithms.
func (f *covariateFit) finish(at *[maxParams]float64, buys, leaves, errs *[]float64) {
	size, d := len(f.theta), f.d
	toBuy, toLeave := f.law.directions()
	change := make([]float64, size*size) // rows of what is told, columns of theta
	for k := range maxParams {
		change[k*size+k] = 1
		for j := range d {
			change[k*size+maxParams+j] = -toBuy[k] * f.mean[j] / f.scale[j]
			change[k*size+maxParams+d+j] = -toLeave[k] * f.mean[j] / f.scale[j]
		}
	}
	for j := range d {
		for _, k := range [2]int{maxParams + j, maxParams + d + j} {
			change[k*size+k] = 1 / f.scale[j]
		}
	}
	told, se := make([]float64, size), make([]float64, size)
	for a := range size {
		row, variance := change[a*size:(a+1)*size], 0.
		for k, v := range row {
			told[a] += v * f.theta[k]
			if f.cov != nil && v != 0 {
				for l, w := range row {
					variance += v * w * f.cov[k*size+l]
				}
			}
		}
		if se[a] = math.Sqrt(variance); f.cov == nil {
			se[a] = math.NaN()
		}
	}
	for k := range at {
		at[k] = math.Exp(told[k])
		se[k] *= at[k]
	}
	*buys, *leaves, *errs = told[maxParams:maxParams+d], told[maxParams+d:], se
}

// ready refuses a law that no fit made.
func (m *Covariates[T]) ready(where string) error {
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	if m.law == lawNone {
		return fmt.Errorf("%s: no fit made it: %w", where, ErrEmpty)
	}
	return nil
}

// Report tells parameters and coefficients, standard errors and how the fit went; nothing for what no fit
// made.
func (m *Covariates[T]) Report() Report {
	if m.ready("") != nil {
		return Report{}
	}
	r := Report{Customers: m.rows, LogLikelihood: m.value, Iterations: m.iter, Converged: m.done, Warnings: slices.Clone(m.notes)}
	for k, name := range lawNames[m.law] {
		r.Params = append(r.Params, Param{name, m.at[k], m.errs[k]})
	}
	for i, what := range []string{"buys ", "leaves "} {
		for j, name := range m.names {
			value := m.buys[j]
			if i == 1 {
				value = m.leave[j]
			}
			r.Params = append(r.Params, Param{what + name, value, m.errs[maxParams+i*len(m.names)+j]})
		}
	}
	return r
}

// For returns the law of the customers with a row of columns, which answers as any other [Model]: those
// with the same row have the same. ErrEmpty, ErrShape, ErrNotFinite, ErrOverflow where a parameter leaves
// [1e-20, 1e20].
func (m *Covariates[T]) For(row []float64) (*Model[T], error) {
	const where = "lifetime: Covariates.For"
	if err := m.ready(where); err != nil {
		return nil, err
	}
	err := check.Len("row", len(row), len(m.names))
	if err == nil {
		err = check.Slice("row", row)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	more, away := 0., 0.
	for j, v := range row {
		more += m.buys[j] * v
		away += m.leave[j] * v
	}
	buys, leaves := m.law.directions()
	var at [maxParams]float64
	for k := range at {
		at[k] = m.at[k] * math.Exp(buys[k]*more+leaves[k]*away)
		if !(at[k] >= leastParam && at[k] <= mostParam) {
			return nil, fmt.Errorf("%s: %s would be %v: %w", where, lawNames[m.law][k], at[k], ErrOverflow)
		}
	}
	return &Model[T]{fitted{law: m.law, at: at, converged: true}}, nil
}

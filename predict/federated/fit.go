package federated

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/predict"
)

// Ask sends the coefficients of an empty Round to the parties and returns what their rows say together: at itself, into which it
// merged their answers or set their words, or another Round of the same coefficients. What a party does not answer is missing from the sum: let it
// answer late, or fail.
type Ask func(ctx context.Context, at *Round) (*Round, error)

// Options configures FitLogistic, FitPoisson and FitLinear. The zero value has no penalty.
type Options struct {
	// L2 multiplies ½·Σ w², of logistic and Poisson regression, and Σ w² of the linear one, as in package predict; finite and >= 0. 0 means
	// none, also for FitLogistic.
	L2 float64
	// Tol ends the fit when the coefficients are nearer to the optimum than Tol standard errors, the mean weight taken as about 1; 0
	// means 1e-8.
	Tol float64
	// MaxIter bounds the rounds that ask is called for; 0 means 100.
	MaxIter int
	// Progress, if not nil, is called after every round.
	Progress func(predict.Progress)
}

// FitLogistic fits a logistic regression of the columns named, of labels 0 and 1, by Newton's method over rounds: the model of
// predict.FitLogistic with the same L2 (-1 there for 0 here) up to rounding, and the same bytes for any split of the rows. Standard errors are those of
// the Hessian. Some eight rounds, two more with offsets. Errors: ErrEmpty for no columns or rows, ErrDuplicate for a name twice, ErrOption, ErrUndefined for labels of one
// class, ErrRange for weights below the unit of the sums, ErrMismatch for an answer to another question, ErrDiverged, the error of ask, or context.Cause(ctx).
func FitLogistic(ctx context.Context, names []string, ask Ask, opt Options) (*predict.Logistic, error) {
	const where = "federated: FitLogistic"
	f, err := newton(ctx, where, Logistic, names, ask, opt)
	if err != nil {
		return nil, err
	}
	m := new(predict.Logistic)
	return m, f.fill(where, m, codec.KindLogistic, 2, func(w *codec.Writer) { // the payload that Logistic.UnmarshalBinary describes
		w.Float64s(f.at[1:])
		w.Float64(f.at[0])
		w.Bool(true)
		w.Bytes(f.schema)
		w.Float64s(nil)
		w.Float64s(f.errors(1))
		w.Float64(f.objective)
		w.Int(f.rounds)
		w.Bool(f.converged)
		w.Strings(f.warnings)
	})
}

// FitPoisson fits a Poisson regression of the columns named, of counts, as FitLogistic does: the model of predict.FitPoisson with the
// same L2. Errors: as FitLogistic, ErrUndefined where all counts are 0.
func FitPoisson(ctx context.Context, names []string, ask Ask, opt Options) (*predict.Poisson, error) {
	const where = "federated: FitPoisson"
	f, err := newton(ctx, where, Poisson, names, ask, opt)
	if err != nil {
		return nil, err
	}
	m := new(predict.Poisson)
	return m, f.fill(where, m, codec.KindPoisson, 1, func(w *codec.Writer) { // the payload that Poisson.UnmarshalBinary describes
		w.Bytes(f.schema)
		w.Float64s(f.at[1:])
		w.Float64(f.at[0])
		w.Float64s(f.errors(1))
		w.Float64(f.objective)
		w.Int(f.rounds)
		w.Bool(f.converged)
		w.Strings(f.warnings)
	})
}

// FitLinear fits a linear regression of the columns named, of amounts, as FitLogistic does, in two or three rounds: the model of
// predict.FitLinear with the same L2. Standard errors are the classical ones, NaN with a penalty. Errors: as FitLogistic.
func FitLinear(ctx context.Context, names []string, ask Ask, opt Options) (*predict.Linear, error) {
	const where = "federated: FitLinear"
	f, err := newton(ctx, where, Linear, names, ask, opt)
	if err != nil {
		return nil, err
	}
	weight, rows := f.hessian(0, 0), f.last.Rows()
	mean, target := make([]float64, len(names)), f.at[0]-f.gradient(0)/weight
	for j := range mean {
		mean[j] = f.hessian(0, 1+j) / weight
		target += f.at[1+j] * mean[j]
	}
	rss := 2 * f.last.Objective()
	free := rows - int64(len(f.at)-len(f.dependent))
	var stdErr []float64
	if opt.L2 == 0 && free > 0 {
		stdErr = f.errors(rss / float64(free))
	}
	m := new(predict.Linear)
	return m, f.fill(where, m, codec.KindLinear, 2, func(w *codec.Writer) { // the payload that Linear.UnmarshalBinary describes
		w.Bytes(f.schema)
		w.Float64s(f.at[1:])
		w.Float64(f.at[0])
		w.Float64s(mean)
		w.Float64(target)
		w.Float64s(stdErr)
		w.Int64(rows)
		w.Float64(weight)
		w.Float64(math.Max(0, rss))
		w.Float64(math.Max(0, f.squares(target)))
		w.Strings(f.warnings)
	})
}

// fit is where a fit over rounds stands.
type fit struct {
	law       Law
	ask       Ask
	opt       Options
	l2        float64 // of ½·Σ w² in units of the round's objective
	schema    []byte
	at        []float64
	last      *Round // the answer at at
	first     *Round // the answer where all coefficients are 0
	objective float64
	rounds    int
	converged bool
	warnings  []string

	factor    []float64 // of the Hessian of columns scaled to a diagonal of 1
	scale     []float64
	dependent []int
}

func (o Options) validate(where string) error {
	var c check.Options
	check.NonNegative(&c, "L2", o.L2)
	check.Positive(&c, "Tol", o.Tol)
	check.Positive(&c, "MaxIter", o.MaxIter)
	return c.Err(where)
}

// newton minimises over rounds from the best intercept on, halving steps that do not lower the objective.
func newton(ctx context.Context, where string, law Law, names []string, ask Ask, opt Options) (*fit, error) {
	opt.Tol, opt.MaxIter = check.Default(opt.Tol, 1e-8), check.Default(opt.MaxIter, 100)
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	schema, err := predict.NewSchema(predict.Numbers(names...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if len(names) > maxColumns {
		return nil, fmt.Errorf("%s: %d columns, want at most %d: %w", where, len(names), maxColumns, ErrTooLarge)
	}
	if ask == nil {
		return nil, fmt.Errorf("%s: ask is nil: %w", where, ErrEmpty)
	}
	f := &fit{law: law, ask: ask, opt: opt, l2: opt.L2, at: make([]float64, 1+len(names))}
	if f.schema, err = schema.MarshalBinary(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := f.begin(ctx, where); err != nil {
		return nil, err
	}
	for base := -1; ; {
		step, left, far := f.step()
		if base < 0 {
			base = len(f.dependent)
		}
		// Rank that the columns have and the Hessian has lost is curvature that vanished: coefficients grow without end.
		lost := f.l2 == 0 && len(f.dependent) > base
		if left <= opt.Tol && far <= 1e-3 {
			f.converged = !lost
			break
		}
		if f.rounds >= opt.MaxIter || left <= opt.Tol {
			break
		}
		ok, err := f.search(ctx, where, step)
		if err != nil {
			return nil, err
		}
		if !ok { // no step lowers what is the minimum but for rounding
			f.converged = left <= 1e-5 && far <= 1e-3 && !lost
			break
		}
	}
	f.warn(names)
	return f, nil
}

// begin asks where all coefficients are 0, which the gradient of the intercept turns into the mean outcome, and then moves the intercept there.
func (f *fit) begin(ctx context.Context, where string) error {
	r, err := f.round(ctx, where, f.at)
	if err != nil {
		return err
	}
	f.first, f.last = r, r
	weight := f.hessian(0, 0)
	if f.law == Logistic {
		weight *= 4
	}
	mean := -f.gradient(0) / weight
	start := mean
	switch {
	case r.Rows() == 0:
		return fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	case !(weight > 0):
		return fmt.Errorf("%s: weights or, by their offsets, all rows are below the unit of the sums: %w", where, ErrRange)
	case math.IsInf(r.Objective(), 1):
		return fmt.Errorf("%s: rows beyond the range of the sums: %w", where, ErrRange)
	case f.law == Logistic:
		if err := f.classes(ctx, where, r, weight); err != nil {
			return err
		}
		if mean += .5; mean > 0 && mean < 1 { // else offsets are large
			start = math.Log(mean) - math.Log1p(-mean)
		} else {
			start = 0
		}
	case f.law == Poisson:
		if mean++; !(mean > 0) {
			return fmt.Errorf("%s: all counts are 0: %w", where, ErrUndefined)
		}
		start = math.Log(mean)
	}
	f.objective = f.value(r)
	at := slices.Clone(f.at)
	at[0] = start
	if r, err = f.round(ctx, where, at); err != nil {
		return err
	}
	if v := f.value(r); v < f.objective { // else offsets are large: stay
		f.at, f.last, f.objective = at, r, v
	}
	return nil
}

// classes refuses labels of one class. Without offsets the answer r where all coefficients are 0 tells their share; with them two more
// rounds do, far on either side, where the gradient is the weight of those labelled false, and of those labelled true.
func (f *fit) classes(ctx context.Context, where string, r *Round, weight float64) error {
	const rounding = 1e-13 // what the unit of the sums leaves of no rows
	share := [2]float64{.5 + f.gradient(0)/weight, .5 - f.gradient(0)/weight}
	if math.Abs(r.Objective()-weight*math.Ln2) > 1e-9*weight {
		for c, far := range [2]float64{1e6, -1e6} {
			at := slices.Clone(f.at)
			at[0] = far
			r, err := f.round(ctx, where, at)
			if err != nil {
				return err
			}
			share[c] = math.Abs(r.sums[placeGradient].Float())
		}
	}
	if !(min(share[0], share[1]) > rounding*max(share[0], share[1])) {
		return fmt.Errorf("%s: labels of one class: %w", where, ErrUndefined)
	}
	return nil
}

// round asks the parties, and checks that they have answered the question.
func (f *fit) round(ctx context.Context, where string, at []float64) (*Round, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i := range at {
		at[i] += 0
	}
	if check.Slice("", at) != nil {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	r, err := f.ask(ctx, newRound(f.law, slices.Clone(at)))
	if err != nil {
		return nil, err
	}
	if r == nil || r.law != f.law || !slices.Equal(r.at, at) {
		return nil, fmt.Errorf("%s: ask: an answer to another question: %w", where, ErrMismatch)
	}
	f.rounds++
	if f.opt.Progress != nil {
		f.opt.Progress(predict.Progress{Iteration: f.rounds, MaxIter: f.opt.MaxIter, Objective: f.value(r)})
	}
	return r, nil
}

// value is the objective of a round, penalty included.
func (f *fit) value(r *Round) float64 {
	v := r.Objective()
	for _, c := range r.at[1:] {
		v += f.l2 / 2 * c * c
	}
	return v
}

func (f *fit) gradient(i int) float64 { return f.last.sums[placeGradient+i].Float() }

// hessian is entry i <= j of the Hessian, without penalty.
func (f *fit) hessian(i, j int) float64 {
	n := len(f.at)
	return f.last.sums[placeGradient+n+i*n-i*(i-1)/2+j-i].Float()
}

// step returns Newton's, its length in standard errors, and the largest change of a coefficient relative to what is above 1.
func (f *fit) step() (step []float64, left, far float64) {
	n := len(f.at)
	f.factor, f.scale = make([]float64, n*n), make([]float64, n)
	ridge := func(i int) float64 {
		if i == 0 {
			return 0
		}
		return f.l2
	}
	for i := range n {
		if f.scale[i] = math.Sqrt(f.hessian(i, i) + ridge(i)); f.scale[i] == 0 {
			f.scale[i] = 1
		}
	}
	step = make([]float64, n)
	for i := range n {
		for j := i; j < n; j++ {
			f.factor[i*n+j] = f.hessian(i, j) / f.scale[i] / f.scale[j]
		}
		f.factor[i*n+i] += ridge(i) / f.scale[i] / f.scale[i]
		step[i] = (f.gradient(i) + ridge(i)*f.at[i]) / f.scale[i]
	}
	slope := slices.Clone(step)
	f.dependent = solve.SemiCholesky64(f.factor, n, 1e-11)
	solve.SolveCholesky64(f.factor, n, step)
	for _, i := range f.dependent {
		step[i] = 0
	}
	for i, s := range step {
		left += slope[i] * s
		step[i] = s / f.scale[i]
		far = math.Max(far, math.Abs(step[i])/math.Max(1, math.Abs(f.at[i])))
	}
	return step, math.Sqrt(math.Max(0, left)), far
}

// search takes the step, halving it until the objective falls.
func (f *fit) search(ctx context.Context, where string, step []float64) (bool, error) {
	for t := 1.0; t > 1e-9 && f.rounds < f.opt.MaxIter; t /= 2 {
		at := make([]float64, len(f.at))
		for i, v := range f.at {
			at[i] = v - t*step[i]
		}
		r, err := f.round(ctx, where, at)
		if err != nil {
			return false, err
		}
		if v := f.value(r); v < f.objective || v <= f.objective+1e-13*math.Abs(f.objective) && t == 1 {
			f.at, f.last, f.objective = at, r, v
			return true, nil
		}
	}
	return false, nil
}

// warn says what is doubtful about the fit.
func (f *fit) warn(names []string) {
	for _, i := range f.dependent {
		if f.converged && i > 0 {
			f.warnings = append(f.warnings, fmt.Sprintf("column %s is constant or a linear combination of columns before it and gets coefficient 0", names[i-1]))
		}
	}
	if !f.converged {
		f.warnings = append(f.warnings, fmt.Sprintf("not converged after %d rounds: the classes are separated, rows of some kind all count 0, or columns are of very different size; set L2", f.rounds))
	}
}

// errors returns the roots of the diagonal of the inverse Hessian times a variance, the intercept's last.
func (f *fit) errors(variance float64) []float64 {
	n := len(f.at)
	inverse := solve.SemiInverse64(slices.Clone(f.factor), n, f.dependent)
	out := make([]float64, 0, n)
	for k := range n {
		i := (k + 1) % n
		v := math.Sqrt(variance*inverse[i*n+i]) / f.scale[i]
		if slices.Contains(f.dependent, i) {
			v = math.NaN()
		}
		out = append(out, v)
	}
	return out
}

// squares is Σ w·(y - ȳ)²: at coefficients of 0 the objective is half of Σ w·y².
func (f *fit) squares(mean float64) float64 {
	return 2*f.first.Objective() - f.hessian(0, 0)*mean*mean
}

// fill makes a model of its payload.
func (f *fit) fill(where string, m interface{ UnmarshalBinary([]byte) error }, kind codec.Kind, version uint16, put func(w *codec.Writer)) error {
	var w codec.Writer
	put(&w)
	if err := m.UnmarshalBinary(w.AppendFrame(nil, kind, version)); err != nil {
		return fmt.Errorf("%s: no model of the coefficients, %w: %w", where, ErrDiverged, err)
	}
	return nil
}

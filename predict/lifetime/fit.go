package lifetime

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// FitOptions configures the fits of this package that maximise a likelihood. The zero value is
// its defaults.
type FitOptions struct {
	// MaxIter bounds the iterations, > 0; 0: 200. Most fits take ten.
	MaxIter int
	// Workers is the number of goroutines, >= 0; 0: GOMAXPROCS. The result does not depend on it.
	Workers int
	// Rounds, if not nil, says what all customers together say about a set of parameters, in the
	// order of Report.Params: where they lie on several machines, it asks each for its Round and
	// merges them. The data given to the fit are then not read and may be nil. The result is that
	// of one machine, byte for byte. Its errors end the fit.
	Rounds func(ctx context.Context, params []float64) (*Round, error)
	// Progress, if not nil, is called after each iteration on the caller's goroutine.
	Progress func(Progress)
}

// Progress is what a fit tells while it runs.
type Progress struct {
	Iteration     int     // iterations done, from 1
	MaxIter       int     // the bound
	LogLikelihood float64 // reached so far
}

// withDefaults returns o with its defaults.
func (o FitOptions) withDefaults() FitOptions {
	o.MaxIter = check.Default(o.MaxIter, 200)
	return o
}

// validate reports every bad field.
func (o FitOptions) validate(where string) error {
	var c check.Options
	c.Require(o.MaxIter > 0, "MaxIter", o.MaxIter, "> 0")
	c.Require(o.Workers >= 0, "Workers", o.Workers, ">= 0")
	return c.Err(where)
}

// Param is one parameter of a fitted law.
type Param struct {
	Name   string  // as in the papers
	Value  float64 // its estimate; of a rate of time (alpha, beta) in the unit of the model
	StdErr float64 // from the observed information; NaN where it is not known, as in laws that were not fitted
}

// Report says how a fit went.
type Report struct {
	Params        []Param  // in the order of the papers
	Customers     int64    // that it was fitted on; 0 for a law that was made of given parameters
	LogLikelihood float64  // of them
	Iterations    int      // steps that were taken
	Converged     bool     // false for a fit that ended at MaxIter; true for given parameters
	Warnings      []string // what is doubtful, empty for most
}

// fitted is a law with what is known of its fit, the state all models here share.
type fitted struct {
	law       lawKind
	at        [maxParams]float64
	cov       []float64 // of the logarithms of the parameters; nil where not fitted
	customers int64
	value     float64
	iter      int
	converged bool
	warnings  []string
}

var lawNames = [...][]string{
	lawBGNBD: {"r", "alpha", "a", "b"}, lawMBGNBD: {"r", "alpha", "a", "b"}, lawParetoNBD: {"r", "alpha", "s", "beta"},
	lawGammaGamma: {"p", "q", "v"}, lawSBG: {"alpha", "beta"},
	lawBGBB: {"alpha", "beta", "gamma", "delta"},
}

// The range of parameters, wide enough for any unit of time and money.
const leastParam, mostParam = 1e-20, 1e20

// given returns the law with parameters that the caller knows.
func given(where string, law lawKind, params ...float64) (fitted, error) {
	f := fitted{law: law, converged: true}
	for i, x := range params {
		if !check.Finite(x) {
			return fitted{}, fmt.Errorf("%s: %s is %v: %w", where, lawNames[law][i], x, ErrNotFinite)
		}
		if x < leastParam || x > mostParam {
			return fitted{}, fmt.Errorf("%s: %s is %v, want > 0, from %g to %g: %w", where, lawNames[law][i], x, leastParam, mostParam, ErrRange)
		}
		f.at[i] = x
	}
	return f, nil
}

// fit runs the search of a problem and keeps what it found. local is the round without sums of
// the data given, or nil where opt.Rounds has them.
func (p *problem) fit(ctx context.Context, local *Round, opt FitOptions) (fitted, error) {
	first := local
	if opt.Rounds != nil {
		p.eval = func(ctx context.Context, at []float64, _ bool) (*Round, error) {
			r, err := opt.Rounds(ctx, slices.Clone(at))
			switch {
			case err != nil:
				return nil, err
			case r == nil || r.law == lawNone:
				return nil, fmt.Errorf("%s: Rounds returned a round of no customers: %w", p.where, ErrEmpty)
			case r.law != p.law || !slices.Equal(r.at[:len(at)], at):
				return nil, fmt.Errorf("%s: Rounds returned a round of another law or other parameters: %w", p.where, ErrMismatch)
			}
			return r, nil
		}
		ones := make([]float64, p.law.dims())
		for i := range ones {
			ones[i] = 1
		}
		var err error
		if first, err = p.eval(ctx, ones, true); err != nil {
			return fitted{}, err
		}
	}
	if ctx.Err() != nil {
		return fitted{}, context.Cause(ctx)
	}
	switch {
	case first == nil || first.n == 0:
		return fitted{}, fmt.Errorf("%s: no customers: %w", p.where, ErrEmpty)
	case first.again == 0:
		return fitted{}, fmt.Errorf("%s: nobody has bought again, so that any silence is likely: %w", p.where, ErrUndefined)
	}
	p.names = lawNames[p.law]
	best, err := p.maximize(ctx, first, opt)
	if err != nil {
		return fitted{}, err
	}
	f := fitted{
		law: p.law, at: best.at, cov: best.cov, customers: best.round.n, value: best.round.LogLikelihood(),
		iter: best.iter, converged: best.converged, warnings: best.warnings,
	}
	for i := p.law.dims(); i < maxParams; i++ {
		f.at[i] = 0
	}
	return f, nil
}

// report tells of the fit.
func (f *fitted) report() Report {
	d := f.law.dims()
	r := Report{Customers: f.customers, LogLikelihood: f.value, Iterations: f.iter, Converged: f.converged, Warnings: slices.Clone(f.warnings)}
	for i, name := range lawNames[f.law] {
		se := math.NaN()
		if f.cov != nil {
			se = f.at[i] * math.Sqrt(f.cov[i*d+i]) // the delta method, from ln φ to φ
		}
		r.Params = append(r.Params, Param{name, f.at[i], se})
	}
	return r
}

// ready refuses a nil model, and one that no fit or constructor made.
func (f *fitted) ready(where string) error {
	if f.law == lawNone {
		return fmt.Errorf("%s: no fit or constructor made it: %w", where, ErrEmpty)
	}
	return nil
}

// write appends the state: see the UnmarshalBinary of the models.
func (f *fitted) write(w *codec.Writer) {
	for i := range f.law.dims() {
		w.Float64(f.at[i])
	}
	w.Float64s(f.cov)
	w.Int64(f.customers)
	w.Float64(f.value)
	w.Int(f.iter)
	w.Bool(f.converged)
	w.Strings(f.warnings)
}

// readFitted reads what write wrote of a law, and fails r for what no fit makes.
func readFitted(r *codec.Reader, law lawKind) fitted {
	f := fitted{law: law}
	d := law.dims()
	for i := range d {
		if f.at[i] = r.Float64(); r.Err() == nil && !(f.at[i] >= leastParam && f.at[i] <= mostParam) {
			r.Fail("has parameters out of range")
		}
	}
	f.cov, f.customers, f.value, f.iter, f.converged, f.warnings = r.Float64s(), r.Int64(), r.Float64(), r.Int(), r.Bool(), r.Strings()
	if r.Err() != nil {
		return f
	}
	if len(f.cov) != 0 && len(f.cov) != d*d || f.customers < 0 || !check.Finite(f.value) || (f.customers > 0) != (len(f.cov) > 0) ||
		f.customers == 0 && (f.value != 0 || f.iter != 0 || !f.converged || len(f.warnings) > 0) {
		r.Fail("tells of a fit that cannot be")
	}
	return f
}

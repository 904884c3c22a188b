package predict

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// Progress tells how far an iterative fit is.
type Progress struct {
	Iteration int     // iterations done, from 1
	MaxIter   int     // the bound; most fits end long before
	Objective float64 // what is minimised, penalties included
}

// LogisticOptions configures FitLogistic and FitLogisticSparse. The zero value
// fits ridge-penalised logistic regression with an intercept, the same model as
// scikit-learn's default.
type LogisticOptions struct {
	// L2 multiplies ½·Σ w², finite. 0 means 1 where L1 is 0, and none where L1 is set;
	// negative means none, as penalty=None of scikit-learn and statsmodels' Logit have it.
	// The zero value is a fit with penalty: whoever comes from statsmodels wants -1.
	L2 float64
	// L1 multiplies Σ |w|, finite and >= 0; 0 means none.
	L1 float64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count
	// as absent. Any scale will do: weights, L2 and L1 multiplied by the same number give
	// the same coefficients and the same verdict.
	Weights []float64
	// ClassWeights multiplies the weights of the rows labelled false and true;
	// 0 means 1.
	ClassWeights [2]float64
	// Balanced multiplies the weights of each class by half the total weight
	// over the weight of the class, so that both weigh the same. Probabilities
	// then are no longer those of the data: calibrate them before use.
	Balanced bool
	// Offset, if not nil, is added to the linear predictor of each row, in log-odds,
	// with coefficient 1. A fitted model knows nothing of it: add it to Score.
	Offset []float64
	// NoIntercept leaves out the constant term.
	NoIntercept bool
	// Standardize applies the penalties to the coefficients of columns scaled
	// to weighted standard deviation 1 (around 0 where NoIntercept is set).
	// Coefficients are reported for the columns as given, either way.
	Standardize bool
	// StdErrors computes standard errors. It needs L1 = 0 and at most 1000
	// columns, and costs n·d² operations.
	StdErrors bool
	// Names names the columns, for coefficients and reasons; nil means x0, x1, ….
	Names []string
	// Tol ends the fit when the coefficients are nearer to the optimum than Tol
	// standard errors, the mean weight taken as about 1: √(gᵀH⁻¹g) <= Tol by the gradient g and the Hessian H, or,
	// where only its diagonal is used (L1, sparse rows, more than 511 columns),
	// |g|/√H <= Tol for each coordinate. 0 means 1e-7.
	Tol float64
	// MaxIter bounds the iterations; 0 means 200.
	MaxIter int
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It
	// has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration on the caller's goroutine.
	Progress func(Progress)
}

func (o LogisticOptions) withDefaults() LogisticOptions {
	if o.L1 > 0 && o.L2 == 0 {
		o.L2 = -1
	}
	o.L2 = check.OrOff(o.L2, 1)
	for k := range o.ClassWeights {
		o.ClassWeights[k] = check.Default(o.ClassWeights[k], 1)
	}
	o.Tol = check.Default(o.Tol, 1e-7)
	o.MaxIter = check.Default(o.MaxIter, 200)
	return o
}

// maxNewton is the number of columns up to which the dense Hessian is used.
const maxNewton = 511

// maxStdErrors is the number of columns up to which standard errors are given.
const maxStdErrors = 1000

// validate reports every bad field for n rows of d columns: numbers first, all at
// once, then the first vector at fault.
func (o LogisticOptions) validate(where string, n, d int) error {
	var c check.Options
	check.NonNegative(&c, "L1", o.L1)
	check.NonNegative(&c, "L2", o.L2)
	check.Positive(&c, "ClassWeights[0]", o.ClassWeights[0])
	check.Positive(&c, "ClassWeights[1]", o.ClassWeights[1])
	check.Positive(&c, "Tol", o.Tol)
	check.Positive(&c, "MaxIter", o.MaxIter)
	c.Require(!o.StdErrors || o.L1 == 0, "StdErrors", o.StdErrors, "false with L1 > 0")
	c.Require(!o.StdErrors || d <= maxStdErrors, "StdErrors", o.StdErrors, fmt.Sprintf("false with more than %d columns", maxStdErrors))
	if err := c.Err(where); err != nil {
		return err
	}
	if err := check.Weights("Weights", o.Weights, n); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if o.Offset != nil {
		if err := check.Len("Offset", len(o.Offset), n); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		for i, v := range o.Offset {
			if err := checkValue(v); err != nil {
				return fmt.Errorf("%s: %w", where, badValue("Offset", i, v))
			}
		}
	}
	if err := checkNames(o.Names, d); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Logistic is a fitted logistic regression: the probability of true is
// 1/(1+exp(-(b + Σ wⱼ·xⱼ))). It is immutable and safe for concurrent use. The
// zero value answers every call with an error, except UnmarshalBinary.
type Logistic struct {
	terms        // mean is nil after a sparse fit
	hasIntercept bool

	objective  float64
	iterations int
	converged  bool
}

// FitLogistic fits a logistic regression of y on rows, an n×d matrix, one row
// per entity. It minimises
//
//	F(b, w) = Σᵢ sᵢ·log(1+exp(-zᵢ·(b + w·xᵢ + oᵢ))) + ½·L2·Σⱼwⱼ² + L1·Σⱼ|wⱼ|
//
// where zᵢ is ±1 by label, sᵢ the row's weight and oᵢ its offset. The sum is
// not divided by n and the intercept b is not penalised. scikit-learn's C is
// 1/L2 (penalty l2), 1/L1 (penalty l1); its elastic net has L1 = l1_ratio/C and
// L2 = (1-l1_ratio)/C. statsmodels' Logit is L2 = -1.
//
// Method: up to 511 columns, L-BFGS from the optimum of a random sample of the
// rows and preconditioned by their Hessian (the whole Hessian, hence Newton's
// method, if that is cheap), or with L1 proximal Newton steps solved by coordinate descent
// (Friedman, Hastie and Tibshirani 2010); above, L-BFGS or, with L1, OWL-QN
// with a diagonal preconditioner. Columns are centred and scaled inside, which does
// not change F. Rows are copied in an order that depends on their content only:
// the same bytes come out at any GOMAXPROCS and for permuted rows. Memory is
// 8·n·(d+1) bytes, d+1 rounded up to a multiple of 4, on top of the input.
//
// A fit that does not converge is no error: Converged is false and Warnings
// says why. Without penalty, classes that a plane separates have no optimum;
// the fit stops where nothing is left to gain, with such a warning. A column
// that is constant, or without penalty a linear combination of columns before
// it, gets coefficient 0 and a warning. More columns than rows are fine with a
// penalty.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange (magnitudes above 1e150, weights
// times those of their class above 1e303), ErrOption, ErrDuplicate (names), ErrUndefined if the rows of positive weight
// hold one class only, ErrDiverged, or context.Cause(ctx).
func FitLogistic(ctx context.Context, rows [][]float64, y []bool, opt LogisticOptions) (*Logistic, error) {
	const where = "predict: FitLogistic"
	n, d, keys, err := scanMatrix(ctx, "rows", rows, opt.Workers)
	if err != nil {
		return nil, wrap(where, err)
	}
	s, opt, err := prepare(where, y, n, d, opt)
	if err != nil {
		return nil, err
	}
	err = s.sort(ctx, n, opt.Workers, func(i int) uint64 {
		return rng.Mix(keys[i] ^ s.hash(i)*0xd6e8feb86659fd93)
	}, func(i, j int) int {
		if c := s.compare(i, j); c != 0 {
			return c
		}
		return compareRows(rows[i], rows[j])
	})
	if err != nil {
		return nil, err
	}
	p, err := newDense(ctx, d, s, opt, source{row: func(_ []float64, i int) []float64 { return rows[i] }, ahead: 6})
	if err != nil {
		return nil, wrap(where, err)
	}
	m, err := p.fit(ctx, opt)
	if err != nil {
		return nil, wrap(where, err)
	}
	return m, nil
}

// wrap adds where to err, but leaves the cause of a cancelled context alone.
func wrap(where string, err error) error {
	for _, s := range []error{ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrUndefined, ErrDiverged, ErrDuplicate, ErrOption, ErrMismatch, ErrCorrupt, ErrVersion, ErrLeakage, ErrOverflow, ErrTooLarge} {
		if errors.Is(err, s) {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return err
}

// prepare checks everything but the features and works class weights into the
// row weights.
func prepare(where string, y []bool, n, d int, opt LogisticOptions) (*sample, LogisticOptions, error) {
	if len(y) != n {
		return nil, opt, fmt.Errorf("%s: y has %d labels for %d rows: %w", where, len(y), n, ErrShape)
	}
	opt = opt.withDefaults()
	if err := opt.validate(where, n, d); err != nil {
		return nil, opt, err
	}
	s := &sample{y: y, weight: opt.Weights, offset: opt.Offset}
	counts := [2]int{}
	for i := range n {
		if s.keep(i) {
			counts[class(y[i])]++
		}
	}
	if counts[0] == 0 || counts[1] == 0 {
		return nil, opt, fmt.Errorf("%s: the rows of positive weight are labelled %d× false and %d× true, want both: %w", where, counts[0], counts[1], ErrUndefined)
	}
	factor := opt.ClassWeights
	if opt.Balanced {
		total := s.classWeights(counts)
		for c := range factor {
			factor[c] *= (total[0] + total[1]) / (2 * total[c])
		}
	}
	if factor != [2]float64{1, 1} {
		weight := make([]float64, n)
		for i := range weight {
			weight[i] = s.weightOf(i) * factor[class(y[i])]
		}
		s.weight = weight
	}
	for i, w := range s.weight {
		if !(w <= weightLimit) {
			return nil, opt, fmt.Errorf("%s: %w", where, check.Private("weight", int64(i), nil, w, fmt.Errorf("want at most %g: %w", weightLimit, ErrRange)))
		}
	}
	s.scale(&opt)
	return s, opt, nil
}

// Sigmoid returns 1/(1+exp(-score)), the probability of a log-odds score. It is
// exactly 0 or 1 only where a float64 cannot hold the difference. NaN gives NaN.
func Sigmoid(score float64) float64 {
	if score >= 0 {
		return 1 / (1 + math.Exp(-score))
	}
	e := math.Exp(score)
	return e / (1 + e)
}

// finish turns an optimum in the coordinates of the fit into a model.
func finish(opt LogisticOptions, r solve.LBFGSResult, separated bool, coef []float64, intercept float64) (*Logistic, error) {
	m := &Logistic{
		terms:        terms{schema: numeric(opt.Names, len(coef)), coef: coef, intercept: intercept},
		hasIntercept: !opt.NoIntercept,
		objective:    r.F, iterations: r.Iter, converged: r.Converged && !separated,
	}
	if !m.finite() || !check.Finite(r.F) {
		return nil, fmt.Errorf("coefficients are not finite: %w", ErrDiverged)
	}
	switch {
	case separated:
		m.warn("the columns separate the classes and nothing penalises large coefficients: they grow without end; set L2 or L1")
	case r.Stalled:
		m.warn("no step lowers the objective any more, before the tolerance was met: rescale the columns or raise Tol")
	case !r.Converged:
		m.warn(fmt.Sprintf("not converged after %d iterations: raise MaxIter, raise L2 or rescale the columns", r.Iter))
	}
	return m, nil
}

func (m *Logistic) fitted() bool { return m != nil && len(m.coef) > 0 }

// notFitted is the error of a method that needs a model.
func notFitted(where string) error { return fmt.Errorf("%s: not fitted: %w", where, ErrEmpty) }

// Columns returns the number of columns the model expects.
func (m *Logistic) Columns() int {
	if m == nil {
		m = new(Logistic)
	}
	return len(m.coef)
}

// Objective returns the value of F, penalties included, at the fitted
// coefficients.
func (m *Logistic) Objective() float64 {
	if m == nil {
		m = new(Logistic)
	}
	return m.objective
}

// Iterations returns the number of iterations made.
func (m *Logistic) Iterations() int {
	if m == nil {
		m = new(Logistic)
	}
	return m.iterations
}

// Converged reports whether the tolerance was met.
func (m *Logistic) Converged() bool {
	if m == nil {
		m = new(Logistic)
	}
	return m.converged
}

// Warnings returns what is doubtful about the fit, empty for most.
func (m *Logistic) Warnings() []string {
	if m == nil {
		m = new(Logistic)
	}
	return slices.Clone(m.warnings)
}

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *Logistic) Schema() *Schema {
	if m == nil {
		return nil
	}
	return m.columns()
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Predict of a row is its probability of true, as Prob has it.
func (m *Logistic) Bind(columns []Column) (*Bound, error) {
	if m == nil {
		m = new(Logistic)
	}
	return m.bind("predict: Logistic.Bind", columns, Sigmoid)
}

// Intercept returns the constant term, of value 0 without one, and nothing for a model that
// was not fitted.
func (m *Logistic) Intercept() Coefficient {
	if m == nil || len(m.coef) == 0 {
		return Coefficient{}
	}
	return m.constant()
}

// Coefficients returns the coefficients in column order. A standard error is
// the square root of the diagonal of the inverse Hessian of F; with L2 > 0
// that is the posterior deviation under the prior the penalty stands for. The
// standard errors take weights as counts of rows.
func (m *Logistic) Coefficients() []Coefficient {
	if m == nil {
		m = new(Logistic)
	}
	return m.coefficients()
}

// Score appends the linear predictor b + w·x, the log-odds, of each row to dst.
// On an error it returns dst as given; the error is ErrShape or ErrNotFinite
// and names the row, or ErrEmpty for a model that was not fitted. It allocates nothing
// where dst has room.
func (m *Logistic) Score(dst []float64, rows [][]float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted("predict: Logistic.Score")
	}
	out := dst
	for i, row := range rows {
		s, err := m.score(row)
		if err != nil {
			return dst, fmt.Errorf("predict: Logistic.Score: rows[%d]: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// Prob appends the probability of true of each row to dst; otherwise it is like
// Score. Probabilities of scores beyond about ±37 round to 1 or come close to 0.
func (m *Logistic) Prob(dst []float64, rows [][]float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted("predict: Logistic.Prob")
	}
	out := dst
	for i, row := range rows {
		s, err := m.score(row)
		if err != nil {
			return dst, fmt.Errorf("predict: Logistic.Prob: rows[%d]: %w", i, err)
		}
		out = append(out, Sigmoid(s))
	}
	return out, nil
}

// Baseline returns the score of the average training row (of the all-zero row
// for a model fitted on sparse rows): what Reasons starts from.
func (m *Logistic) Baseline() float64 {
	if m == nil {
		return 0
	}
	s := m.intercept
	for j, v := range m.mean {
		s += m.coef[j] * v
	}
	return s
}

// Reasons returns the k columns that move the score of row furthest from
// Baseline, largest absolute contribution first, ties by column. Columns that
// contribute nothing are left out; k <= 0 means all. Errors: ErrShape,
// ErrNotFinite, ErrEmpty for a model that was not fitted.
func (m *Logistic) Reasons(row []float64, k int) ([]Reason, error) {
	if !m.fitted() {
		return nil, notFitted("predict: Logistic.Reasons")
	}
	if _, err := m.score(row); err != nil {
		return nil, fmt.Errorf("predict: Logistic.Reasons: %w", err)
	}
	return m.reasons(row, k), nil
}

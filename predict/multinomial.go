package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// MultinomialOptions configures FitMultinomial. The zero value is the model of scikit-learn's
// LogisticRegression with its default penalty, of three classes and more.
type MultinomialOptions struct {
	// Classes is the number of classes; 0 means the largest label and one.
	Classes int
	// L2 multiplies ½·Σ w², finite. 0 means 1 where L1 is 0, and none where L1 is set;
	// negative means none, as in LogisticOptions.
	L2 float64
	// L1 multiplies Σ |w|, finite and >= 0; 0 means none.
	L1 float64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent. Any
	// scale will do, as in LogisticOptions.
	Weights []float64
	// ClassWeights, if not nil, multiplies the weights of the rows of each class; 0 means 1.
	ClassWeights []float64
	// Balanced multiplies the weights of each class by the mean weight of a class over its own,
	// so that all weigh the same. Probabilities then are no longer those of the data.
	Balanced bool
	// Offset, if not nil, is added to the scores of each row with coefficient 1: one number a
	// class, row after row. A fitted model knows nothing of it: add it to Score.
	Offset []float64
	// NoIntercept leaves out the constant terms.
	NoIntercept bool
	// Standardize applies the penalties to the coefficients of columns scaled to weighted
	// standard deviation 1, as in LogisticOptions.
	Standardize bool
	// Names names the columns; nil means x0, x1, ….
	Names []string
	// Tol ends the fit as in LogisticOptions, where the Hessian is used up to 512 parameters, columns times
	// classes, and its diagonal above; 0 means 1e-7.
	Tol float64
	// MaxIter bounds the iterations; 0 means 200.
	MaxIter int
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It
	// has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration on the caller's goroutine.
	Progress func(Progress)
}

func (o MultinomialOptions) withDefaults() MultinomialOptions {
	if o.L1 > 0 && o.L2 == 0 {
		o.L2 = -1
	}
	o.L2 = check.OrOff(o.L2, 1)
	o.Tol = check.Default(o.Tol, 1e-7)
	o.MaxIter = check.Default(o.MaxIter, 200)
	return o
}

// maxClasses bounds the classes of a model.
const maxClasses = 1 << 16

// validate reports every bad field for n rows of d columns and k classes.
func (o MultinomialOptions) validate(where string, n, d, k int) error {
	var c check.Options
	c.Require(o.Classes >= 0 && o.Classes <= maxClasses && o.Classes != 1, "Classes", o.Classes, "2 … 65536, or 0")
	check.NonNegative(&c, "L1", o.L1)
	check.NonNegative(&c, "L2", o.L2)
	check.Positive(&c, "Tol", o.Tol)
	check.Positive(&c, "MaxIter", o.MaxIter)
	for j, w := range o.ClassWeights {
		check.NonNegative(&c, fmt.Sprintf("ClassWeights[%d]", j), w)
	}
	if err := c.Err(where); err != nil {
		return err
	}
	if o.ClassWeights != nil {
		if err := check.Len("ClassWeights", len(o.ClassWeights), k); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	if err := check.Weights("Weights", o.Weights, n); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if o.Offset != nil {
		if err := check.Len("Offset", len(o.Offset), n*k); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		for i, v := range o.Offset {
			if err := checkValue(v); err != nil {
				return fmt.Errorf("%s: %w", where, badValue("Offset", i/k, v))
			}
		}
	}
	if err := checkNames(o.Names, d); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// Multinomial is a fitted multinomial logistic regression: the probability of class k is in
// proportion to exp(bₖ + wₖ·x). It is immutable and safe for concurrent use. The zero value answers
// every call with an error, except UnmarshalBinary.
type Multinomial struct {
	schema     Schema
	classes    int
	coef       []float64 // classes×columns
	intercept  []float64
	objective  float64
	iterations int
	converged  bool
	warnings   []string
}

// FitMultinomial fits the class y, 0 … K-1, of each row of an n×d matrix. It minimises
//
//	F(b, w) = Σᵢ sᵢ·(log Σₖ exp(zᵢₖ) - zᵢ,yᵢ) + ½·L2·Σ w² + L1·Σ |w|, zᵢₖ = bₖ + wₖ·xᵢ + oᵢₖ
//
// over the coefficients of all K classes, as scikit-learn does for three classes and more with C = 1/L2 (its elastic
// net has L1 = l1_ratio/C, L2 = (1-l1_ratio)/C). Intercepts are not penalised and are reported with sum 0; without any
// penalty so are the coefficients of each column. With L1 alone and an even number of classes the minimum may be attained by more
// than one set of coefficients. Two classes give the probabilities of FitLogistic with half its penalty L2.
//
// Up to 512 parameters it is Newton's method, with L1 by coordinate descent, above L-BFGS or OWL-QN. Rows are copied in an order that
// depends on their content only: the same bytes come out at any GOMAXPROCS and for permuted rows. Cost of an iteration n·K²·d², above
// 512 parameters n·K·d; memory 8·n·(d+1) bytes. Convergence, separated classes and columns that depend on others are as in FitLogistic.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange for a label outside of the classes and magnitudes above 1e150, ErrOption, ErrDuplicate
// (names), ErrUndefined for a class without a row of positive weight, ErrTooLarge, ErrDiverged, or context.Cause(ctx).
func FitMultinomial(ctx context.Context, rows [][]float64, y []int, opt MultinomialOptions) (*Multinomial, error) {
	const where = "predict: FitMultinomial"
	n, d, err := checkMatrix(ctx, "rows", rows, opt.Workers)
	if err != nil {
		return nil, wrap(where, err)
	}
	k, err := classesOf(where, y, n, opt.Classes)
	if err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if err := opt.validate(where, n, d, k); err != nil {
		return nil, err
	}
	if float64(d+1)*float64(k) > 1<<31 {
		return nil, fmt.Errorf("%s: %d classes of %d columns: %w", where, k, d, ErrTooLarge)
	}
	s, inner, err := opt.sample(where, y, k)
	if err != nil {
		return nil, err
	}
	offset := func(i int) []float64 {
		if opt.Offset == nil {
			return nil
		}
		return opt.Offset[i*k : i*k+k]
	}
	err = s.sort(ctx, n, opt.Workers, func(i int) uint64 {
		return hashRow(hashRow(hashFloat(hashFloat(0, float64(y[i])), s.weightOf(i)), offset(i)), rows[i])
	}, func(i, j int) int {
		return cmp.Or(cmp.Compare(y[i], y[j]), cmp.Compare(s.weightOf(i), s.weightOf(j)), compareRows(offset(i), offset(j)), compareRows(rows[i], rows[j]))
	})
	if err != nil {
		return nil, err
	}
	p, err := newSoftmax(ctx, rows, y, k, s, opt.Offset, inner)
	if err != nil {
		return nil, wrap(where, err)
	}
	m, err := p.fit(ctx, inner)
	if err != nil {
		return nil, wrap(where, err)
	}
	return m, nil
}

// classesOf checks labels and returns the number of classes.
func classesOf(where string, y []int, n, classes int) (int, error) {
	if len(y) != n {
		return 0, fmt.Errorf("%s: y has %d labels for %d rows: %w", where, len(y), n, ErrShape)
	}
	k := classes
	if k <= 0 {
		k = 2
		for _, c := range y {
			k = max(k, min(c, maxClasses)+1)
		}
	}
	for i, c := range y {
		if c < 0 || c >= min(k, maxClasses) {
			return 0, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, c, fmt.Errorf("want 0 … %d: %w", min(k, maxClasses)-1, ErrRange)))
		}
	}
	return k, nil
}

// sample works class weights into the weights of the rows, and the options into those of
// the binary problem whose parts this one is made of.
func (o MultinomialOptions) sample(where string, y []int, k int) (*sample, LogisticOptions, error) {
	n := len(y)
	inner := LogisticOptions{
		L2: o.L2, L1: o.L1, NoIntercept: o.NoIntercept, Standardize: o.Standardize, Names: o.Names,
		Tol: o.Tol, MaxIter: o.MaxIter, Workers: o.Workers, Progress: o.Progress,
	}
	s := &sample{y: make([]bool, n), weight: o.Weights}
	byClass := make([][]float64, k)
	for i, c := range y {
		if s.keep(i) {
			byClass[c] = append(byClass[c], s.weightOf(i))
		}
	}
	factor := make([]float64, k)
	mass, total := make([]float64, k), 0.0
	for c, weights := range byClass {
		if len(weights) == 0 {
			return nil, inner, fmt.Errorf("%s: class %d of %d has no row of positive weight: %w", where, c, k, ErrUndefined)
		}
		slices.Sort(weights) // so that the order of rows does not matter
		for _, w := range weights {
			mass[c] += w
		}
		total += mass[c]
		factor[c] = 1
		if o.ClassWeights != nil {
			factor[c] = check.Default(o.ClassWeights[c], 1)
		}
	}
	if o.Balanced || o.ClassWeights != nil {
		s.weight = make([]float64, n)
		for i, c := range y {
			w := factor[c]
			if o.Balanced {
				w *= total / float64(k) / mass[c]
			}
			s.weight[i] = w
			if o.Weights != nil {
				s.weight[i] *= o.Weights[i]
			}
		}
	}
	for i, w := range s.weight {
		if !(w <= weightLimit) {
			return nil, inner, fmt.Errorf("%s: %w", where, check.Private("weight", int64(i), nil, w, fmt.Errorf("want at most %g: %w", weightLimit, ErrRange)))
		}
	}
	s.scale(&inner)
	return s, inner, nil
}

func (m *Multinomial) fitted() bool { return m != nil && len(m.coef) > 0 }

// finite reports whether the scores can be evaluated.
func (m *Multinomial) finite() bool {
	return check.Slice("", m.coef) == nil && check.Slice("", m.intercept) == nil && check.Finite(m.objective)
}

// Classes returns the number of classes.
func (m *Multinomial) Classes() int {
	if m == nil {
		return 0
	}
	return m.classes
}

// Columns returns the number of columns the model expects.
func (m *Multinomial) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *Multinomial) Schema() *Schema {
	if !m.fitted() {
		return nil
	}
	s := m.schema
	return &s
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Append of a row appends its probabilities.
func (m *Multinomial) Bind(columns []Column) (*Bound, error) {
	return m.Schema().bindAll("predict: Multinomial.Bind", columns, func(dst, row []float64) []float64 {
		at := len(dst)
		dst = m.scores(dst, row)
		softmaxOf(dst[at:])
		return dst
	})
}

// scores appends bₖ + wₖ·row.
func (m *Multinomial) scores(dst, row []float64) []float64 {
	for c, s := range m.intercept {
		for j, w := range m.coef[c*len(row) : (c+1)*len(row)] {
			s += w * row[j]
		}
		dst = append(dst, s)
	}
	return dst
}

// softmaxOf turns scores into probabilities in place, and returns the logarithm of the sum
// of their exponentials.
func softmaxOf(z []float64) float64 {
	top := slices.Max(z)
	sum := 0.0
	for k, v := range z {
		z[k] = math.Exp(v - top)
		sum += z[k]
	}
	for k := range z {
		z[k] /= sum
	}
	return top + math.Log(sum)
}

// Score appends bₖ + wₖ·x of each row to dst, Classes numbers a row. On an error, ErrShape or ErrNotFinite naming the row, ErrEmpty
// for a model that was not fitted, it returns dst as given. It allocates nothing where dst has room.
func (m *Multinomial) Score(dst []float64, rows [][]float64) ([]float64, error) {
	return m.each("predict: Multinomial.Score", dst, rows, itself)
}

// Prob appends the probabilities of each row to dst, Classes numbers a row, which add up to 1. Otherwise
// it is like Score.
func (m *Multinomial) Prob(dst []float64, rows [][]float64) ([]float64, error) {
	return m.each("predict: Multinomial.Prob", dst, rows, softmaxed)
}

// each appends what of makes of the scores of each row.
func (m *Multinomial) each(where string, dst []float64, rows [][]float64, of func(z []float64) []float64) ([]float64, error) {
	if !m.fitted() {
		return dst, notFitted(where)
	}
	out := dst
	for i, row := range rows {
		if len(row) != m.schema.n {
			return dst, fmt.Errorf("%s: rows[%d]: %d columns, want %d: %w", where, i, len(row), m.schema.n, ErrShape)
		}
		at := len(out)
		out = m.scores(out, row)
		if err := check.Slice("score", out[at:]); err != nil {
			if bad := check.Slice("column", row); bad != nil {
				err = bad
			}
			return dst, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
		}
		out = append(out[:at], of(out[at:])...)
	}
	return out, nil
}

// Predict appends the most probable class of each row to dst, the lowest of equal ones. Otherwise it is
// like Score, but for one slice.
func (m *Multinomial) Predict(dst []int, rows [][]float64) ([]int, error) {
	const where = "predict: Multinomial.Predict"
	if !m.fitted() {
		return dst, notFitted(where)
	}
	out := dst
	if _, err := m.each(where, make([]float64, 0, m.classes), rows, func(z []float64) []float64 {
		out = append(out, mostProbable(z))
		return nil
	}); err != nil {
		return dst, err
	}
	return out, nil
}

// mostProbable is the position of the largest number, the lowest of equal ones.
func mostProbable(p []float64) int {
	best := 0
	for c, v := range p {
		if v > p[best] {
			best = c
		}
	}
	return best
}

// itself leaves scores as they are.
func itself(z []float64) []float64 { return z }

// labelOf is the most probable class as a number.
func labelOf(z []float64) []float64 {
	z[0] = float64(mostProbable(z))
	return z[:1]
}

// softmaxed turns scores into probabilities.
func softmaxed(z []float64) []float64 {
	softmaxOf(z)
	return z
}

// Intercept returns the constant term of a class, and nothing for a class that is none.
func (m *Multinomial) Intercept(class int) Coefficient {
	if m == nil || class < 0 || class >= len(m.intercept) {
		return Coefficient{}
	}
	return Coefficient{Name: "intercept", Value: m.intercept[class], StdErr: math.NaN()}
}

// Coefficients returns those of a class in column order, without standard errors, and nil for a
// class that is none.
func (m *Multinomial) Coefficients(class int) []Coefficient {
	if m == nil || class < 0 || class >= len(m.intercept) {
		return nil
	}
	d := m.schema.n
	out := make([]Coefficient, d)
	for j, v := range m.coef[class*d : class*d+d] {
		out[j] = Coefficient{Name: m.schema.name(j), Value: v, StdErr: math.NaN()}
	}
	return out
}

// Objective returns the value of F, penalties included, at the coefficients.
func (m *Multinomial) Objective() float64 {
	if m == nil {
		return 0
	}
	return m.objective
}

// Iterations returns the number of iterations made.
func (m *Multinomial) Iterations() int {
	if m == nil {
		return 0
	}
	return m.iterations
}

// Converged reports whether the tolerance was met.
func (m *Multinomial) Converged() bool { return m != nil && m.converged }

// Warnings returns what is doubtful about the fit, empty for most.
func (m *Multinomial) Warnings() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.warnings)
}

package predict

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// SVMOptions configures FitSVM and FitSVMSparse. The zero value is liblinear's L2-regularised squared hinge
// with C 1 and a bias of 1, as scikit-learn's LinearSVC has it.
type SVMOptions struct {
	// C multiplies the loss, finite and > 0; 0 means 1.
	C float64
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent.
	Weights []float64
	// ClassWeights multiplies the weights of the rows labelled false and true; 0 means 1.
	ClassWeights [2]float64
	// Balanced multiplies the weights of each class by half the total weight over the weight of
	// the class, so that both weigh the same.
	Balanced bool
	// Offset, if not nil, is added to the score of each row with coefficient 1. A fitted model
	// knows nothing of it: add it to Score.
	Offset []float64
	// Bias is the constant column whose coefficient, penalised like the others, gives the
	// intercept, finite and > 0; 0 means 1. The larger, the less the penalty counts.
	Bias float64
	// NoIntercept leaves it out.
	NoIntercept bool
	// Names names the columns; nil means x0, x1, ….
	Names []string
	// MaxIter bounds the Newton steps; 0 means 100.
	MaxIter int
	// Workers is how many goroutines fit at once; 0 and negative mean GOMAXPROCS. It
	// has no influence on the result.
	Workers int
	// Progress, if not nil, is called after every iteration on the caller's goroutine.
	Progress func(Progress)
}

// SVM is a fitted linear support vector machine. It is immutable and safe for concurrent
// use. The zero value answers every call with an error, except UnmarshalBinary.
type SVM struct{ iterated }

// FitSVM fits a linear support vector machine of y on rows, an n×d matrix: it minimises
//
//	½·Σⱼwⱼ² + ½·v² + C·Σᵢ sᵢ·max(0, 1 - zᵢ·(w·xᵢ + v·Bias + oᵢ))²
//
// where zᵢ is ±1 by label, sᵢ the row's weight, oᵢ its offset and v·Bias the intercept: the objective of liblinear's solvers 1 and 2,
// whose minimum is unique. Newton's method with the generalised Hessian and halved steps (Keerthi and DeCoste, JMLR 6, 2005)
// ends where the set of rows within the margin no longer changes, at the minimum but for rounding. Of many rows it starts at the minimum
// of a sixteenth of them, by a hash of their content. Columns should be of similar size, as for every penalty. Score says on which
// side a row lies; for a probability calibrate it: FitSigmoid on the scores of CrossPredict.
//
// The order of rows does not matter, to the bit. Cost n·d² an iteration, about five of them for many rows and ten for few; memory a copy of the rows and d².
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption, ErrDuplicate, ErrUndefined for
// one class only, ErrDiverged, ErrOverflow, ErrTooLarge beyond 16,383 columns, or context.Cause(ctx).
func FitSVM(ctx context.Context, rows [][]float64, y []bool, opt SVMOptions) (*SVM, error) {
	const where = "predict: FitSVM"
	f, opt, err := newSVM(ctx, where, rows, y, opt)
	if err != nil {
		return nil, err
	}
	columns := f.d
	if !opt.NoIntercept {
		columns++
	}
	if columns > widest {
		return nil, fmt.Errorf("%s: rows have %d columns with the constant, at most %d: %w", where, columns, widest, ErrTooLarge)
	}
	s := newSquaredHinge(f, y, opt)
	m := &SVM{iterated{terms: terms{schema: numeric(opt.Names, f.d), coef: make([]float64, f.d)}}}
	if err := s.minimise(ctx, &m.iterated, opt.Progress); err != nil {
		return nil, wrap(where, err)
	}
	if !m.finite() || !check.Finite(m.objective) {
		return nil, fmt.Errorf("%s: coefficients are not finite: %w", where, ErrDiverged)
	}
	if m.converged {
		if m.converged, err = s.flat(ctx, &m.iterated); err != nil {
			return nil, wrap(where, err)
		}
	}
	if !m.converged {
		m.warn(notConverged(m.iterations))
	}
	return m, nil
}

// newSVM checks the input and puts the rows in order.
func newSVM(ctx context.Context, where string, rows [][]float64, y []bool, opt SVMOptions) (*reweighted, SVMOptions, error) {
	n, d, err := checkMatrix(ctx, "rows", rows, opt.Workers)
	if err != nil {
		return nil, opt, wrap(where, err)
	}
	s, opt, err := opt.sample(where, y, n, d)
	if err != nil {
		return nil, opt, err
	}
	f, err := newReweighted(ctx, rows, func(i int) float64 { return float64(class(y[i])) }, *s, opt.Workers)
	return f, opt, err
}

// sample checks what comes beside n rows of d columns, and returns it with the options filled in: ClassWeights hold what Balanced asks for.
func (o SVMOptions) sample(where string, y []bool, n, d int) (*sample, SVMOptions, error) {
	if err := check.Len("y", len(y), n); err != nil {
		return nil, o, fmt.Errorf("%s: %w", where, err)
	}
	o.C, o.Bias, o.MaxIter = check.Default(o.C, 1), check.Default(o.Bias, 1), check.Default(o.MaxIter, 100)
	var c check.Options
	check.Positive(&c, "C", o.C)
	check.Positive(&c, "Bias", o.Bias)
	check.Positive(&c, "MaxIter", o.MaxIter)
	for k := range o.ClassWeights {
		o.ClassWeights[k] = check.Default(o.ClassWeights[k], 1)
		check.Positive(&c, fmt.Sprintf("ClassWeights[%d]", k), o.ClassWeights[k])
	}
	if err := c.Err(where); err != nil {
		return nil, o, err
	}
	if err := check.Weights("Weights", o.Weights, n); err != nil {
		return nil, o, fmt.Errorf("%s: %w", where, err)
	}
	if err := checkNames(o.Names, d); err != nil {
		return nil, o, fmt.Errorf("%s: %w", where, err)
	}
	if o.Offset != nil {
		if err := check.Len("Offset", len(o.Offset), n); err != nil {
			return nil, o, fmt.Errorf("%s: %w", where, err)
		}
		for i, v := range o.Offset {
			if err := checkValue(v); err != nil {
				return nil, o, fmt.Errorf("%s: %w", where, badValue("Offset", i, v))
			}
		}
	}
	s := &sample{y: y, weight: o.Weights, offset: o.Offset}
	counts := [2]int{}
	for i, v := range y {
		if s.keep(i) {
			counts[class(v)]++
		}
	}
	if counts[0] == 0 || counts[1] == 0 {
		return nil, o, fmt.Errorf("%s: the rows of positive weight are labelled %d× false and %d× true, want both: %w", where, counts[0], counts[1], ErrUndefined)
	}
	if o.Balanced {
		total := s.classWeights(counts)
		for k := range o.ClassWeights {
			o.ClassWeights[k] *= (total[0] + total[1]) / (2 * total[k])
		}
	}
	for i, v := range y {
		w := s.weightOf(i) * o.ClassWeights[class(v)]
		if err := checkValue(w); err != nil {
			return nil, o, fmt.Errorf("%s: %w", where, badValue("Weights", i, w))
		}
	}
	return s, o, nil
}

// notConverged is the warning of a fit that MaxIter has ended.
func notConverged(iterations int) string {
	return fmt.Sprintf("not converged after %d iterations: raise MaxIter, lower C or rescale the columns", iterations)
}

// Columns returns the number of columns the model expects.
func (m *SVM) Columns() int { return m.Schema().Len() }

// Schema returns the columns of the model, nil for one that was not fitted.
func (m *SVM) Schema() *Schema {
	if m == nil {
		return nil
	}
	return m.columns()
}

// Bind finds the columns of the model among the caller's, as Schema.Bind does, with its
// errors. Bound.Score and Bound.Predict of a row are its Score.
func (m *SVM) Bind(columns []Column) (*Bound, error) {
	if m == nil {
		m = new(SVM)
	}
	return m.bind("predict: SVM.Bind", columns, nil)
}

// Score appends w·x + b of each row to dst: positive where true is expected, ±1 at the
// margin. On an error, ErrShape or ErrNotFinite naming the row, ErrEmpty for a model that was
// not fitted, it returns dst as given. It allocates nothing where dst has room.
func (m *SVM) Score(dst []float64, rows [][]float64) ([]float64, error) {
	if m == nil {
		m = new(SVM)
	}
	return m.predictRows("predict: SVM.Score", dst, rows, same)
}

// Coefficients returns the coefficients in column order, without standard errors.
func (m *SVM) Coefficients() []Coefficient {
	if m == nil {
		return nil
	}
	return m.coefficients()
}

// Intercept returns the constant term, of value 0 without one, and nothing for a model that
// was not fitted.
func (m *SVM) Intercept() Coefficient {
	if m == nil || !m.fitted() {
		return Coefficient{}
	}
	return m.constant()
}

// Objective returns what FitSVM has minimised, at the coefficients.
func (m *SVM) Objective() float64 {
	if m == nil {
		return 0
	}
	return m.objective
}

// Converged reports whether the minimum was found: no step lowers the objective, and the gradient of each coefficient is within 10⁻⁴
// (of FitSVMSparse 10⁻²) of the sum of the magnitudes that it is made of, or too small to matter. Columns of very unlike rows, 1 beside 10²⁰, have rounding hide the slope: scale them.
func (m *SVM) Converged() bool { return m != nil && m.converged }

// Warnings returns what is doubtful about the fit, empty for most.
func (m *SVM) Warnings() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.warnings)
}

// AppendBinary appends the model as one frame. Errors: ErrEmpty for a model that
// was not fitted.
func (m *SVM) AppendBinary(dst []byte) ([]byte, error) {
	if m == nil || !m.fitted() {
		return dst, notFitted("predict: SVM.AppendBinary")
	}
	var w codec.Writer
	m.put(&w)
	return w.AppendFrame(dst, codec.KindSVM, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (m *SVM) MarshalBinary() ([]byte, error) { return m.AppendBinary(nil) }

// UnmarshalBinary replaces m. Payload of version 1, little-endian:
//
//	[]byte    the frame of the Schema, of d numeric columns
//	[]f64     d coefficients, d > 0, finite
//	f64       intercept, finite
//	[]f64     none; d+1 standard errors, the intercept's last, in other models
//	f64       objective, finite
//	int       iterations
//	bool      converged
//	[]string  warnings
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; m is then unchanged.
func (m *SVM) UnmarshalBinary(data []byte) error {
	const where = "predict: SVM.UnmarshalBinary"
	if err := check.Receiver(where, m); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSVM, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := getIterated(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	m.iterated = next
	return nil
}

package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// NaiveBayesOptions configures NewNaiveBayes and FitNaiveBayes. The zero value takes every column as
// normally distributed within a class, as scikit-learn's GaussianNB does.
type NaiveBayesOptions struct {
	// Classes is the number of classes, 2 … 65536. NewNaiveBayes needs it; for FitNaiveBayes 0 means the largest label and one.
	Classes int
	// Columns describes the columns; nil means numeric ones, x0, x1, …. A categorical column has a probability for
	// each of its levels (CategoricalNB); without Levels their number is the largest code that was added, and one.
	Columns []Column
	// Counts lists numeric columns that are counts, >= 0: how the words of a text, or the
	// items of a basket, spread over these columns is multinomial (MultinomialNB).
	Counts []int
	// Binary lists numeric columns of which matters only whether they are 0 (BernoulliNB).
	Binary []int
	// Alpha is added to each count of Counts, Binary and categorical columns, so that none has
	// probability 0; finite and > 0, 0 means 1.
	Alpha float64
	// Smoothing times the largest variance of the normal columns is added to each variance, as
	// var_smoothing of GaussianNB, which takes that variance without weights; finite, 0 means 1e-9, negative none.
	Smoothing float64
	// Priors are the probabilities of the classes, > 0 and adding up to 1 within 1e-9; nil means their shares of the weight.
	Priors []float64
	// Weights, if not nil, holds one weight >= 0 a row for FitNaiveBayes. Rows of weight 0 count as absent.
	Weights []float64
	// ClassWeights, if not nil, multiplies the weights of the rows of each class in FitNaiveBayes; 0 means 1.
	ClassWeights []float64
	// Workers is how many goroutines FitNaiveBayes uses; 0 and negative mean GOMAXPROCS. It has no influence on the result.
	Workers int
}

func (o NaiveBayesOptions) withDefaults() NaiveBayesOptions {
	o.Alpha = check.Default(o.Alpha, 1)
	o.Smoothing = check.OrOff(o.Smoothing, 1e-9)
	return o
}

// validate reports every bad field but Columns and what has a number a row.
func (o NaiveBayesOptions) validate(where string) error {
	var c check.Options
	c.Require(o.Classes >= 2 && o.Classes <= maxClasses, "Classes", o.Classes, "2 … 65536")
	check.Positive(&c, "Alpha", o.Alpha)
	check.NonNegative(&c, "Smoothing", o.Smoothing)
	sum := 0.0
	for k, p := range o.Priors {
		check.Positive(&c, fmt.Sprintf("Priors[%d]", k), p)
		sum += p
	}
	c.Require(o.Priors == nil || len(o.Priors) == o.Classes && math.Abs(sum-1) <= 1e-9, "Priors", o.Priors, "one a class, adding up to 1")
	for j, w := range o.ClassWeights {
		check.NonNegative(&c, fmt.Sprintf("ClassWeights[%d]", j), w)
	}
	c.Require(o.ClassWeights == nil || len(o.ClassWeights) == o.Classes, "ClassWeights", o.ClassWeights, "one a class")
	return c.Err(where)
}

// bayesLaw is what a column of naive Bayes is within a class.
type bayesLaw uint8

const (
	bayesNormal bayesLaw = iota
	bayesCount
	bayesBinary
	bayesLevels
)

// NaiveBayes adds up what naive Bayes needs of rows: by class the weight, and by column mean and
// variance, sum, or weight by level. Make it with NewNaiveBayes; it is not safe for concurrent use. Merging shards equals one
// pass up to rounding, and exactly where no column is normal and weights are whole numbers.
type NaiveBayes struct {
	schema    Schema // of no columns until the first row, where Columns was nil
	laws      []bayesLaw
	counts    []int // of the options, until laws are known
	binary    []int
	classes   int
	alpha     float64
	smoothing float64
	priors    []float64

	rows   int64
	weight []float64   // by class
	first  []float64   // classes×columns: mean, sum or weight of what is not 0
	second []float64   // classes×columns: Σ w·(x - mean)² of normal columns
	levels [][]float64 // by column: levels×classes weights of a categorical one
}

// maxLevels bounds the codes of a categorical column.
const maxLevels = 1 << 20

// maxLevelSums bounds the numbers of a categorical column, one a level and class.
const maxLevelSums = 1 << 28

// NewNaiveBayes returns an empty accumulator. Errors: ErrOption, ErrRange for a column of Counts or Binary that is none or
// not numeric, ErrDuplicate for one named twice; as NewSchema for Columns.
func NewNaiveBayes(opt NaiveBayesOptions) (*NaiveBayes, error) {
	return newNaiveBayes("predict: NewNaiveBayes", opt)
}

// newNaiveBayes is NewNaiveBayes under the name of the caller.
func newNaiveBayes(where string, opt NaiveBayesOptions) (*NaiveBayes, error) {
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	b := &NaiveBayes{
		classes: opt.Classes, alpha: opt.Alpha, smoothing: opt.Smoothing, priors: slices.Clone(opt.Priors),
		counts: slices.Clone(opt.Counts), binary: slices.Clone(opt.Binary), weight: make([]float64, opt.Classes),
	}
	seen := make(map[int]bool)
	for _, j := range append(slices.Clone(opt.Counts), opt.Binary...) {
		if j < 0 || j >= maxColumns {
			return nil, fmt.Errorf("%s: Counts and Binary: column %d: %w", where, j, ErrRange)
		}
		if seen[j] {
			return nil, fmt.Errorf("%s: Counts and Binary: column %d twice: %w", where, j, ErrDuplicate)
		}
		seen[j] = true
	}
	if opt.Columns == nil {
		return b, nil
	}
	s, err := NewSchema(opt.Columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return b, b.open(where, *s)
}

// open makes room for the columns once they are known.
func (b *NaiveBayes) open(where string, s Schema) error {
	if float64(s.n)*float64(b.classes) > 1<<31 {
		return fmt.Errorf("%s: %d classes of %d columns: %w", where, b.classes, s.n, ErrTooLarge)
	}
	laws, levels := make([]bayesLaw, s.n), make([][]float64, s.n)
	for j := range laws {
		if s.kind(j) == Categorical {
			laws[j] = bayesLevels
			levels[j] = make([]float64, len(s.levels[j])*b.classes)
		}
	}
	for law, list := range map[bayesLaw][]int{bayesCount: b.counts, bayesBinary: b.binary} {
		for _, j := range list {
			if j >= s.n || laws[j] == bayesLevels {
				return fmt.Errorf("%s: Counts and Binary: column %d is none of the numeric ones: %w", where, j, ErrRange)
			}
			laws[j] = law
		}
	}
	b.schema, b.laws, b.levels, b.counts, b.binary = s, laws, levels, nil, nil
	b.first, b.second = make([]float64, b.classes*s.n), make([]float64, b.classes*s.n)
	return nil
}

// Add adds a row of class y and weight w. A row of weight 0 counts as absent; a NaN of a categorical column is a level
// that is not known and adds nothing there. Errors: ErrShape, ErrNotFinite, ErrRange for a class, a level or a
// count that is none and magnitudes above 1e150, ErrOverflow, ErrTooLarge beyond 2²⁸ levels times classes, ErrEmpty for a row of no columns and a NaiveBayes that
// NewNaiveBayes did not make; b is unchanged then.
func (b *NaiveBayes) Add(row []float64, y int, w float64) error {
	const where = "predict: NaiveBayes.Add"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	if b.classes == 0 || len(row) == 0 {
		return fmt.Errorf("%s: no classes or no columns: %w", where, ErrEmpty)
	}
	if b.schema.n > 0 && len(row) != b.schema.n {
		return fmt.Errorf("%s: row has %d columns, want %d: %w", where, len(row), b.schema.n, ErrShape)
	}
	if y < 0 || y >= b.classes {
		return fmt.Errorf("%s: %w", where, check.Private("class", -1, nil, y, fmt.Errorf("want 0 … %d: %w", b.classes-1, ErrRange)))
	}
	if err := checkValue(w); err != nil || w < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("weight", -1, nil, w, fmt.Errorf("want >= 0: %w", ErrRange)))
	}
	if b.schema.n == 0 { // the columns stay unknown where the row is none
		first := *b
		err := first.open(where, numeric(nil, len(row)))
		if err == nil {
			err = first.Add(row, y, w)
		}
		if err == nil && w > 0 {
			*b = first
		}
		return err
	}
	total := b.weight[y] + w
	for j, v := range row {
		if err := b.check(j, v); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if b.laws[j] == bayesLevels && (v+1)*float64(b.classes) > maxLevelSums {
			return fmt.Errorf("%s: column %d: level %v of %d classes: %w", where, j, v, b.classes, ErrTooLarge)
		}
		at := y*b.schema.n + j
		if s := v - b.first[at]; b.laws[j] == bayesNormal && !check.Finite(b.second[at]+w*s*s) || b.laws[j] == bayesCount && !check.Finite(b.first[at]+w*v) {
			return fmt.Errorf("%s: column %d: squares times weights: %w", where, j, ErrOverflow)
		}
	}
	if w == 0 {
		return nil
	}
	b.rows++
	b.weight[y] = total
	for j, v := range row {
		at := y*b.schema.n + j
		switch b.laws[j] {
		case bayesNormal:
			d := v - b.first[at]
			b.first[at] += d * (w / total)
			b.second[at] += w * d * (v - b.first[at])
		case bayesCount:
			b.first[at] += w * v
		case bayesBinary:
			if v != 0 {
				b.first[at] += w
			}
		case bayesLevels:
			if math.IsNaN(v) {
				continue
			}
			if need := (int(v) + 1) * b.classes; need > len(b.levels[j]) {
				b.levels[j] = append(b.levels[j], make([]float64, need-len(b.levels[j]))...)
			}
			b.levels[j][int(v)*b.classes+y] += w
		}
	}
	return nil
}

// check reports a value that its column cannot have.
func (b *NaiveBayes) check(j int, v float64) error {
	bad := func(err error) error { return check.Private(fmt.Sprintf("column %d", j), -1, nil, v, err) }
	switch {
	case b.laws[j] == bayesLevels:
		known := maxLevels
		if levels := b.schema.levels[j]; levels != nil {
			known = len(levels)
		}
		if !math.IsNaN(v) && !(v >= 0 && v < float64(known) && v == math.Trunc(v)) {
			return bad(fmt.Errorf("want a code in 0 … %d: %w", known-1, ErrRange))
		}
	case checkValue(v) != nil:
		return bad(checkValue(v))
	case b.laws[j] == bayesCount && v < 0:
		return bad(fmt.Errorf("want a count >= 0: %w", ErrRange))
	}
	return nil
}

// Len returns the number of rows of positive weight.
func (b *NaiveBayes) Len() int64 {
	if b == nil {
		return 0
	}
	return b.rows
}

// Merge adds the rows of other, which stays as it is. Errors: ErrMismatch for other options or columns, nil or b
// itself, ErrOverflow, ErrEmpty for a NaiveBayes that NewNaiveBayes did not make; b is unchanged then.
func (b *NaiveBayes) Merge(other *NaiveBayes) error {
	const where = "predict: NaiveBayes.Merge"
	if err := check.Merge(where, b, other); err != nil {
		return err
	}
	if b.classes == 0 {
		return notFitted(where)
	}
	mine := *b // what opening changes stays, where all is well
	if mine.classes != other.classes || mine.alpha != other.alpha || mine.smoothing != other.smoothing || !slices.Equal(mine.priors, other.priors) {
		return fmt.Errorf("%s: other options: %w", where, ErrMismatch)
	}
	if mine.schema.n == 0 || other.schema.n == 0 {
		if !slices.Equal(mine.counts, other.counts) && mine.schema.n == other.schema.n || !slices.Equal(mine.binary, other.binary) && mine.schema.n == other.schema.n {
			return fmt.Errorf("%s: other Counts or Binary: %w", where, ErrMismatch)
		}
		if other.schema.n == 0 {
			return nil
		}
		if err := mine.open(where, other.schema); err != nil {
			return fmt.Errorf("%s: %w: %w", where, ErrMismatch, err)
		}
	}
	if mine.schema.Hash() != other.schema.Hash() || !slices.Equal(mine.laws, other.laws) {
		return fmt.Errorf("%s: other columns: %w", where, ErrMismatch)
	}
	rows, err := check.AddInt64(mine.rows, other.rows)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := mine
	next.rows, next.weight, next.first, next.second, next.levels = rows, slices.Clone(mine.weight), slices.Clone(mine.first), slices.Clone(mine.second), slices.Clone(mine.levels)
	for y, w := range other.weight {
		total := mine.weight[y] + w
		for j, law := range mine.laws {
			at := y*mine.schema.n + j
			if law != bayesNormal {
				next.first[at] += other.first[at]
			} else if w > 0 {
				d := other.first[at] - mine.first[at]
				next.first[at] += d * (w / total)
				next.second[at] += other.second[at] + w*(mine.weight[y]/total)*d*d
			}
			if !check.Finite(next.first[at]) || !check.Finite(next.second[at]) {
				return fmt.Errorf("%s: column %d: %w", where, j, ErrOverflow)
			}
		}
		next.weight[y] = total
		if !check.Finite(total) {
			return fmt.Errorf("%s: weights: %w", where, ErrOverflow)
		}
	}
	for j, theirs := range other.levels {
		sum := make([]float64, max(len(theirs), len(mine.levels[j])))
		copy(sum, mine.levels[j])
		if next.levels[j] = sum; len(sum) == 0 {
			next.levels[j] = nil
		}
		addTo(sum, theirs)
		if check.Slice("", sum) != nil {
			return fmt.Errorf("%s: column %d: %w", where, j, ErrOverflow)
		}
	}
	*b = next
	return nil
}

// FitNaiveBayes adds up the rows, an n×d matrix, of classes y and returns the model. The order of rows does not matter, to the
// bit. Cost n·d. Errors: those of NewNaiveBayes, NaiveBayes.Add and NaiveBayes.Result, with the row named, or context.Cause(ctx).
func FitNaiveBayes(ctx context.Context, rows [][]float64, y []int, opt NaiveBayesOptions) (*BayesModel, error) {
	const where = "predict: FitNaiveBayes"
	if err := checkSize("rows", rows); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n, d := len(rows), len(rows[0])
	k, err := classesOf(where, y, n, opt.Classes)
	if err != nil {
		return nil, err
	}
	opt.Classes = k
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	empty := func() (*NaiveBayes, error) {
		b, err := newNaiveBayes(where, opt)
		if err == nil && b.schema.n == 0 {
			err = b.open(where, numeric(nil, d))
		}
		return b, err
	}
	probe, err := empty()
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if len(row) != probe.schema.n {
			return nil, fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), probe.schema.n, ErrShape)
		}
		for j, v := range row {
			if err := probe.check(j, v); err != nil {
				return nil, fmt.Errorf("%s: rows[%d]: %w", where, i, err)
			}
		}
		if i%rowBlock == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	s := sample{weight: opt.Weights}
	err = s.sort(ctx, n, opt.Workers, func(i int) uint64 {
		return hashRow(hashFloat(hashFloat(0, float64(y[i])), s.weightOf(i)), rows[i])
	}, func(i, j int) int {
		return cmp.Or(cmp.Compare(y[i], y[j]), cmp.Compare(s.weightOf(i), s.weightOf(j)), compareRows(rows[i], rows[j]))
	})
	if err != nil {
		return nil, err
	}
	var failed error
	b, err := parallel.Reduce(ctx, len(s.order), max(rowBlock, (len(s.order)+15)/16), opt.Workers, func(lo, hi int) (*NaiveBayes, error) {
		b, err := empty()
		if err != nil {
			return nil, err
		}
		for k, i := range s.order[lo:hi] {
			w := s.weightOf(int(i))
			if opt.ClassWeights != nil {
				w *= check.Default(opt.ClassWeights[y[i]], 1)
			}
			if err := b.Add(rows[i], y[i], w); err != nil {
				return nil, fmt.Errorf("rows[%d]: %w", i, err)
			}
			if k%rowBlock == 0 && ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
		return b, nil
	}, func(a, b *NaiveBayes) *NaiveBayes {
		if failed == nil {
			failed = a.Merge(b)
		}
		return a
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, wrap(where, err)
	}
	m, err := b.Result()
	if err != nil {
		return nil, wrap(where, err)
	}
	return m, nil
}

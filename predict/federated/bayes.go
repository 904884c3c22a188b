package federated

import (
	"encoding"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/fixed"
	"github.com/aislekit/aisle/predict"
)

var (
	_ encoding.BinaryAppender    = (*Bayes)(nil)
	_ encoding.BinaryMarshaler   = (*Bayes)(nil)
	_ encoding.BinaryUnmarshaler = (*Bayes)(nil)
)

// Bayes adds up what predict.NaiveBayes does, in fixed point: merging is exact, and the numbers can be masked. Make it with NewBayes. It is not
// safe for concurrent use.
type Bayes struct {
	like    *predict.NaiveBayes // empty, of the options, which checks rows
	opt     predict.NaiveBayesOptions
	laws    []byte // as in the frame of predict.NaiveBayes
	levels  []int  // of a categorical column, else 0
	start   []int  // of a column's numbers within those of a class
	size    int    // numbers of a class, weight first
	classes int
	sums    fixed.Sums // rows, then class after class
}

// The laws of columns.
const (
	lawNormal = iota
	lawCount
	lawBinary
	lawLevels
)

// NewBayes returns an empty accumulator. The columns must be described, in number and, where categorical, with their levels, so that all parties
// have the same numbers in the same place. Weights, ClassWeights and Workers of opt are not used. Errors: those of predict.NewNaiveBayes, ErrEmpty without
// Columns, ErrOption for a categorical column without Levels, ErrTooLarge beyond 2²⁴ numbers.
func NewBayes(opt predict.NaiveBayesOptions) (*Bayes, error) {
	const where = "federated: NewBayes"
	if len(opt.Columns) == 0 {
		return nil, fmt.Errorf("%s: Columns: %w", where, ErrEmpty)
	}
	opt.Weights, opt.ClassWeights, opt.Workers = nil, nil, 0
	opt.Columns, opt.Priors = slices.Clone(opt.Columns), slices.Clone(opt.Priors)
	for j := range opt.Columns {
		opt.Columns[j].Levels = slices.Clone(opt.Columns[j].Levels)
	}
	like, err := predict.NewNaiveBayes(opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n := len(opt.Columns)
	b := &Bayes{like: like, opt: opt, laws: make([]byte, n), levels: make([]int, n), start: make([]int, n), size: 1, classes: opt.Classes}
	for _, j := range opt.Counts {
		b.laws[j] = lawCount
	}
	for _, j := range opt.Binary {
		b.laws[j] = lawBinary
	}
	for j, c := range opt.Columns {
		b.start[j] = b.size
		switch {
		case c.Kind == predict.Categorical && len(c.Levels) == 0:
			return nil, fmt.Errorf("%s: column %q has no levels: %w", where, c.Name, ErrOption)
		case c.Kind == predict.Categorical:
			b.laws[j], b.levels[j] = lawLevels, len(c.Levels)
			b.size += len(c.Levels)
		case b.laws[j] == lawNormal:
			b.size += 2
		default:
			b.size++
		}
	}
	if float64(b.size)*float64(b.classes) > 1<<24 {
		return nil, fmt.Errorf("%s: %d numbers of %d classes: %w", where, b.size, b.classes, ErrTooLarge)
	}
	b.sums = make(fixed.Sums, 1+b.size*b.classes)
	return b, nil
}

// Add adds a row of class y and weight w. A row of weight 0 counts as absent; a NaN of a categorical column adds nothing there. Errors: those of
// predict.NaiveBayes.Add, ErrRange where a square times the weight is 2⁷⁰ or more, ErrOverflow; b is unchanged then.
func (b *Bayes) Add(row []float64, y int, w float64) error {
	const where = "federated: Bayes.Add"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	if b.like == nil {
		return fmt.Errorf("%s: NewBayes did not make it: %w", where, ErrEmpty)
	}
	if err := b.like.Add(row, y, 0); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := checkValue(w); err != nil || w < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("weight", -1, nil, w, fmt.Errorf("want >= 0: %w", ErrRange)))
	}
	if w == 0 {
		return nil
	}
	type term struct {
		at    int
		value fixed.Sum
	}
	terms := make([]term, 0, 2+2*len(row))
	base := 1 + y*b.size
	put := func(at int, v float64) error {
		f, ok := fixed.Of(v)
		if !ok {
			return fmt.Errorf("%s: a value times the weight is beyond 2⁷⁰: scale the columns: %w", where, ErrRange)
		}
		if _, ok := b.sums[at].Plus(f); !ok {
			return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
		}
		terms = append(terms, term{at, f})
		return nil
	}
	err := put(0, 1)
	if err == nil {
		err = put(base, w)
	}
	for j := 0; err == nil && j < len(row); j++ {
		at, v := base+b.start[j], row[j]
		switch b.laws[j] {
		case lawNormal:
			if err = put(at, w*v); err == nil {
				err = put(at+1, w*v*v)
			}
		case lawCount:
			err = put(at, w*v)
		case lawBinary:
			if v != 0 {
				err = put(at, w)
			}
		case lawLevels:
			if !math.IsNaN(v) {
				err = put(at+int(v), w)
			}
		}
	}
	if err != nil {
		return err
	}
	for _, t := range terms {
		b.sums[t.at], _ = b.sums[t.at].Plus(t.value)
	}
	return nil
}

// same reports whether two were made by the same options.
func (b *Bayes) same(other *Bayes) bool {
	mine, err := b.like.MarshalBinary()
	theirs, also := other.like.MarshalBinary()
	return err == nil && also == nil && slices.Equal(mine, theirs)
}

// Merge adds the rows of other, which stays as it is. Errors: ErrMismatch for nil, b itself and other options, ErrOverflow, ErrEmpty for one that
// NewBayes did not make; b is unchanged then.
func (b *Bayes) Merge(other *Bayes) error {
	const where = "federated: Bayes.Merge"
	if err := check.Merge(where, b, other); err != nil {
		return err
	}
	if b.like == nil {
		return fmt.Errorf("%s: NewBayes did not make it: %w", where, ErrEmpty)
	}
	if other.like == nil || !b.same(other) {
		return fmt.Errorf("%s: other options: %w", where, ErrMismatch)
	}
	if !b.sums.Merge(other.sums) {
		return fmt.Errorf("%s: sums: %w", where, ErrOverflow)
	}
	return nil
}

// Rows returns the number of rows of positive weight.
func (b *Bayes) Rows() int64 {
	if b == nil || b.like == nil {
		return 0
	}
	return int64(b.sums[0].Float())
}

// Words appends the sums to dst, two words of 64 bits each, for Masks.Hide. How many depends on the options alone.
func (b *Bayes) Words(dst []uint64) []uint64 {
	if b == nil {
		return dst
	}
	return b.sums.Words(dst)
}

// SetWords replaces the sums by those that SumWords has of the words of all parties. Errors: ErrShape for another number of
// words, ErrCorrupt where they are no sums, as of words with a mask left in them, ErrEmpty for one that NewBayes did not make; b is unchanged then.
func (b *Bayes) SetWords(words []uint64) error {
	const where = "federated: Bayes.SetWords"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	if b.like == nil {
		return fmt.Errorf("%s: NewBayes did not make it: %w", where, ErrEmpty)
	}
	if len(words) != 2*len(b.sums) {
		return fmt.Errorf("%s: %d words, want %d: %w", where, len(words), 2*len(b.sums), ErrShape)
	}
	next := *b
	next.sums = make(fixed.Sums, len(b.sums))
	next.sums.SetWords(words)
	if !next.sound() {
		return fmt.Errorf("%s: no sums: %w", where, ErrCorrupt)
	}
	b.sums = next.sums
	return nil
}

// sound reports whether the sums can be those of rows: whole rows, and nothing below 0 but the sums of normal columns.
func (b *Bayes) sound() bool {
	if _, ok := b.sums[0].Whole(); !ok {
		return false
	}
	sums := make([]bool, b.size) // may be negative
	for j, l := range b.laws {
		sums[b.start[j]] = l == lawNormal
	}
	weight := false
	for i, f := range b.sums[1:] {
		if int64(f.High) < 0 && !sums[i%b.size] {
			return false
		}
		weight = weight || i%b.size == 0 && f != fixed.Sum{}
	}
	return weight == (b.sums[0] != fixed.Sum{})
}

// NaiveBayes returns the accumulator of package predict with these sums, whose Result is the model. Errors: ErrEmpty without rows.
func (b *Bayes) NaiveBayes() (*predict.NaiveBayes, error) {
	const where = "federated: Bayes.NaiveBayes"
	if b.Rows() == 0 {
		return nil, fmt.Errorf("%s: no rows: %w", where, ErrEmpty)
	}
	schema, err := predict.NewSchema(b.opt.Columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	frame, err := schema.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n := len(b.laws)
	weight, first, second := make([]float64, b.classes), make([]float64, n*b.classes), make([]float64, n*b.classes)
	levels := make([][]float64, n)
	for y := range b.classes {
		base := 1 + y*b.size
		weight[y] = b.sums[base].Float()
		for j, law := range b.laws {
			at := base + b.start[j]
			switch law {
			case lawNormal:
				first[y*n+j], second[y*n+j] = moments(b.sums[base], b.sums[at], b.sums[at+1])
			case lawCount, lawBinary:
				first[y*n+j] = b.sums[at].Float()
			case lawLevels:
				if levels[j] == nil {
					levels[j] = make([]float64, b.levels[j]*b.classes)
				}
				for l := range b.levels[j] {
					levels[j][l*b.classes+y] = b.sums[at+l].Float()
				}
			}
		}
	}
	var w codec.Writer // the payload that NaiveBayes.UnmarshalBinary describes
	w.Int(b.classes)
	w.Float64(check.Default(b.opt.Alpha, 1))
	w.Float64(check.OrOff(b.opt.Smoothing, 1e-9))
	w.Float64s(b.opt.Priors)
	w.Bool(true)
	w.Bytes(frame)
	w.Bytes(b.laws)
	w.Int64(b.Rows())
	w.Float64s(weight)
	w.Float64s(first)
	w.Float64s(second)
	for j, law := range b.laws {
		if law == lawLevels {
			w.Float64s(levels[j])
		}
	}
	out := new(predict.NaiveBayes)
	if err := out.UnmarshalBinary(w.AppendFrame(nil, codec.KindNaiveBayes, 1)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return out, nil
}

// moments returns mean and Σ w·(x - mean)² of the sums of w, w·x and w·x²: their difference is taken exactly, so that nothing cancels.
func moments(w, x, xx fixed.Sum) (mean, square float64) {
	weight, sum := w.Big(), x.Big()
	if weight.Sign() == 0 {
		return 0, 0
	}
	mean, _ = new(big.Rat).SetFrac(sum, weight).Float64()
	numerator := new(big.Int).Mul(xx.Big(), weight)
	numerator.Sub(numerator, new(big.Int).Mul(sum, sum))
	square, _ = new(big.Rat).SetFrac(numerator, new(big.Int).Lsh(weight, 48)).Float64()
	return mean + 0, math.Max(0, square)
}

// AppendBinary appends the accumulator as one frame. Errors: ErrEmpty for a nil receiver and one that NewBayes did not make.
func (b *Bayes) AppendBinary(dst []byte) ([]byte, error) {
	const where = "federated: Bayes.AppendBinary"
	if err := check.Receiver(where, b); err != nil {
		return dst, err
	}
	if b.like == nil {
		return dst, fmt.Errorf("%s: NewBayes did not make it: %w", where, ErrEmpty)
	}
	schema, err := predict.NewSchema(b.opt.Columns)
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	frame, err := schema.MarshalBinary()
	if err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	var w codec.Writer
	w.Bytes(frame)
	w.Bytes(b.laws)
	w.Int(b.classes)
	w.Float64(check.Default(b.opt.Alpha, 1))
	w.Float64(check.OrOff(b.opt.Smoothing, 1e-9))
	w.Float64s(b.opt.Priors)
	for _, v := range b.sums.Words(nil) {
		w.Uint64(v)
	}
	return w.AppendFrame(dst, codec.KindFederatedBayes, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Bayes) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	[]byte  the frame of the Schema of predict, of d columns, categorical ones with levels
//	[]byte  d laws: 0 normal, 1 count, 2 binary, 3 categorical
//	int     K classes
//	f64     Alpha, finite and > 0
//	f64     Smoothing, finite and >= 0
//	[]f64   K priors, or none
//	uint64  the sums: rows, and by class the weight and of each column w·x and w·x², w·x, w, or w by level; two words each, the lower first
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; b is then unchanged.
func (b *Bayes) UnmarshalBinary(data []byte) error {
	const where = "federated: Bayes.UnmarshalBinary"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindFederatedBayes, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	frame, laws := r.Bytes(), r.Bytes()
	opt := predict.NaiveBayesOptions{Classes: r.Int(), Alpha: r.Float64(), Smoothing: r.Float64(), Priors: r.Float64s()}
	if len(opt.Priors) == 0 {
		opt.Priors = nil
	}
	var next *Bayes
	if r.Err() == nil {
		if next = decoded(opt, frame, laws, len(data)); next == nil {
			r.Fail("options or columns")
		}
	}
	if r.Err() == nil {
		words := make([]uint64, 2*len(next.sums))
		for i := range words {
			words[i] = r.Uint64()
		}
		next.sums.SetWords(words)
		if r.Err() == nil && !next.sound() {
			r.Fail("sums")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*b = *next
	return nil
}

// decoded makes an empty accumulator of what a frame says, nil where that is nothing. size bounds the numbers: memory follows the bytes received.
func decoded(opt predict.NaiveBayesOptions, frame, laws []byte, size int) *Bayes {
	var schema predict.Schema
	if opt.Classes < 2 || opt.Classes > size || opt.Alpha == 0 || math.Signbit(opt.Smoothing) || schema.UnmarshalBinary(frame) != nil || schema.Len() != len(laws) {
		return nil
	}
	for j := range schema.Len() {
		opt.Columns = append(opt.Columns, schema.Column(j))
	}
	for j, l := range laws {
		switch l {
		case lawNormal, lawLevels:
			if (l == lawLevels) != (opt.Columns[j].Kind == predict.Categorical) {
				return nil
			}
		case lawCount:
			opt.Counts = append(opt.Counts, j)
		case lawBinary:
			opt.Binary = append(opt.Binary, j)
		default:
			return nil
		}
	}
	if opt.Smoothing == 0 {
		opt.Smoothing = -1
	}
	if len(laws)*opt.Classes > size/8 {
		return nil
	}
	b, err := NewBayes(opt)
	if err != nil || len(b.sums) > size/16 {
		return nil
	}
	return b
}

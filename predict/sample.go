package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// rowBlock is the number of rows of one unit of parallel work. Results depend
// on it, so it is fixed.
const rowBlock = 1024

// limit is the largest magnitude of an input: squares and sums of it stay
// finite.
const limit = 1e150

// weightLimit is the largest weight of a row of a logistic regression: scale divides
// weights before anything is squared, and the sum of 10,000 rows stays finite.
const weightLimit = 1e303

// sample is the part of training rows that is not features, and the order in which
// they are taken.
type sample struct {
	y      []bool
	weight []float64 // nil means 1 each
	offset []float64 // nil means 0 each
	unit   float64   // what scale has divided weights and penalties by
	order  []int32   // the rows of positive weight, by sort
}

// sort puts the rows 0 … n-1 of positive weight in an order that depends on their
// content only: by hash, equal hashes by compare. Rows that compare equal are
// interchangeable. The order looks random, so that a prefix of it is a random
// sample.
//
// It costs one pass over the data and O(n) on top.
func (s *sample) sort(ctx context.Context, n, workers int, hash func(i int) uint64, compare func(i, j int) int) error {
	keys := make([]uint64, n)
	err := parallel.For(ctx, n, rowBlock, workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			keys[i] = hash(i)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Counting sort by the leading bits leaves buckets of a few rows each.
	shift := 64 - bits.Len(uint(n))
	start := make([]int32, (1<<(64-shift))+1)
	kept := 0
	for i, k := range keys {
		if s.keep(i) {
			start[k>>shift+1]++
			kept++
		}
	}
	for b := 1; b < len(start); b++ {
		start[b] += start[b-1]
	}
	s.order = make([]int32, kept)
	fill := slices.Clone(start)
	for i, k := range keys {
		if s.keep(i) {
			s.order[fill[k>>shift]] = int32(i)
			fill[k>>shift]++
		}
	}
	return parallel.For(ctx, len(start)-1, 4096, workers, func(_, lo, hi int) error {
		for b := lo; b < hi; b++ {
			if bucket := s.order[start[b]:start[b+1]]; len(bucket) > 1 {
				slices.SortFunc(bucket, func(i, j int32) int {
					if c := cmp.Compare(keys[i], keys[j]); c != 0 {
						return c
					}
					return compare(int(i), int(j))
				})
			}
		}
		return nil
	})
}

func (s *sample) keep(i int) bool { return s.weight == nil || s.weight[i] > 0 }

// hashFloat folds x into h; 0 and -0 are the same.
func hashFloat(h uint64, x float64) uint64 {
	h = (h ^ math.Float64bits(x+0)) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}

func (s *sample) weightOf(i int) float64 {
	if s.weight == nil {
		return 1
	}
	return s.weight[i]
}

func (s *sample) offsetOf(i int) float64 {
	if s.offset == nil {
		return 0
	}
	return s.offset[i] + 0
}

func (s *sample) hash(i int) uint64 {
	h := uint64(1)
	if s.y[i] {
		h = 2
	}
	if s.weight != nil {
		h = hashFloat(h, s.weight[i])
	}
	if s.offset != nil {
		h = hashFloat(h, s.offset[i])
	}
	return h
}

func (s *sample) compare(i, j int) int {
	if s.y[i] != s.y[j] {
		if s.y[j] {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(s.weightOf(i), s.weightOf(j)); c != 0 {
		return c
	}
	return cmp.Compare(s.offsetOf(i), s.offsetOf(j))
}

// scale divides weights and penalties by a power of four that brings the mean weight
// to 1 … 4: the minimum stays where it is, and the tests of convergence, which
// measure in standard errors of rows that weigh about 1, mean the same for weights that
// are money, shares or counts. A power of four, because the division is exact then and
// so is its root in the standard errors. Weights of mean 1 stay as they are.
func (s *sample) scale(opt *LogisticOptions) {
	s.unit = 1
	if s.weight == nil {
		return
	}
	s.unit = math.Ldexp(1, s.weightExponent()&^1)
	// A penalty far above the weights decides alone, and must not leave the range.
	if p := math.Max(opt.L1, opt.L2) * 0x1p-300; s.unit < p {
		s.unit = math.Ldexp(1, math.Ilogb(p)&^1)
	}
	if s.unit == 1 {
		return
	}
	weight := make([]float64, len(s.weight))
	for i, w := range s.weight {
		if w > 0 { // a row that is there stays there
			weight[i] = math.Max(w/s.unit, math.SmallestNonzeroFloat64)
		}
	}
	s.weight = weight
	opt.L1 /= s.unit
	opt.L2 /= s.unit
	if told := opt.Progress; told != nil {
		opt.Progress = func(p Progress) {
			p.Objective *= s.unit
			told(p)
		}
	}
}

// weightExponent returns the binary exponent of the mean of the positive weights. Their
// sum is one of integers, so that the order of rows does not matter.
func (s *sample) weightExponent() int {
	top := 0.0
	for _, w := range s.weight {
		top = math.Max(top, w)
	}
	_, exp := math.Frexp(top)
	var sum, n uint64
	for _, w := range s.weight {
		if w > 0 {
			sum += uint64(math.Ldexp(w, 31-exp)) // below 2³¹, and at most as many rows
			n++
		}
	}
	return math.Ilogb(float64(sum)/float64(n)) + exp - 31
}

// class is the index of a label in the counts and weights of both.
func class(y bool) int {
	if y {
		return 1
	}
	return 0
}

// classWeights adds the weights of each class, in ascending order of weight, so
// that the order of rows does not matter.
func (s *sample) classWeights(counts [2]int) [2]float64 {
	if s.weight == nil {
		return [2]float64{float64(counts[0]), float64(counts[1])}
	}
	var sum [2]float64
	for c := range sum {
		weights := make([]float64, 0, counts[c])
		for i, w := range s.weight {
			if w > 0 && class(s.y[i]) == c {
				weights = append(weights, w)
			}
		}
		slices.Sort(weights)
		for _, w := range weights {
			sum[c] += w
		}
	}
	return sum
}

// outcome is what a logistic problem knows of its rows besides the features, in
// the order of the sample.
type outcome struct {
	sign     []float64 // ±1 by label
	weight   []float64
	offset   []float64 // nil: none
	total    float64   // Σ weight
	positive float64   // of the rows labelled true
	unit     float64   // of weights and penalties
}

// outcome lays out labels, weights and offsets in order.
func (s *sample) outcome() outcome {
	n := len(s.order)
	o := outcome{sign: make([]float64, n), weight: make([]float64, n), unit: s.unit}
	if s.offset != nil {
		o.offset = make([]float64, n)
	}
	for k, i := range s.order {
		w := s.weightOf(int(i))
		o.sign[k], o.weight[k] = -1, w
		if s.y[i] {
			o.sign[k] = 1
			o.positive += w
		}
		o.total += w
		if o.offset != nil {
			o.offset[k] = s.offsetOf(int(i))
		}
	}
	return o
}

// start is the best intercept of a model without columns: where a fit begins. With
// offsets it is not known, and 0.
func (o *outcome) start() float64 {
	if o.offset != nil {
		return 0
	}
	return math.Log(o.positive) - math.Log(o.total-o.positive)
}

// checkMatrix checks rows like check.Matrix, in parallel, and bounds them.
func checkMatrix(ctx context.Context, name string, rows [][]float64, workers int) (n, d int, err error) {
	if err := checkSize(name, rows); err != nil {
		return 0, 0, err
	}
	d = len(rows[0])
	return len(rows), d, parallel.For(ctx, len(rows), rowBlock, workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if err := checkRow(name, i, rows[i], d); err != nil {
				return err
			}
		}
		return nil
	})
}

// scanMatrix is checkMatrix and, in the same pass, a hash of each row: the rows are
// in the cache then.
func scanMatrix(ctx context.Context, name string, rows [][]float64, workers int) (n, d int, keys []uint64, err error) {
	if err := checkSize(name, rows); err != nil {
		return 0, 0, nil, err
	}
	d, keys = len(rows[0]), make([]uint64, len(rows))
	err = parallel.For(ctx, len(rows), rowBlock, workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if err := checkRow(name, i, rows[i], d); err != nil {
				return err
			}
			keys[i] = hashRow(0, rows[i])
		}
		return nil
	})
	return len(rows), d, keys, err
}

// checkSize reports a matrix without rows or columns, or of too many rows.
func checkSize(name string, rows [][]float64) error {
	switch {
	case len(rows) == 0:
		return fmt.Errorf("%s: %w", name, ErrEmpty)
	case len(rows[0]) == 0:
		return fmt.Errorf("%s has no columns: %w", name, ErrEmpty)
	case len(rows) > math.MaxInt32:
		return fmt.Errorf("%s has %d rows, want at most %d: %w", name, len(rows), math.MaxInt32, check.ErrTooLarge)
	}
	return nil
}

// checkRow reports row i of a matrix if it has not d columns or a value is none.
func checkRow(name string, i int, row []float64, d int) error {
	if len(row) != d {
		return fmt.Errorf("%s[%d] has %d columns, want %d: %w", name, i, len(row), d, ErrShape)
	}
	for j, v := range row {
		if !(math.Abs(v) <= limit) {
			return badValue(fmt.Sprintf("column %d", j), i, v)
		}
	}
	return nil
}

// badValue is the error of a value of a row that checkValue does not take.
func badValue(field string, row int, v float64) error {
	return check.Private(field, int64(row), nil, v, checkValue(v))
}

// checkValue reports a number that is none, or too large to be squared and added up.
func checkValue(v float64) error {
	if math.Abs(v) <= limit {
		return nil
	}
	if !check.Finite(v) {
		return ErrNotFinite
	}
	return fmt.Errorf("magnitude above %g: %w", limit, ErrRange)
}

// hashRow hashes a dense row: four independent chains, because each step waits
// for the one before.
func hashRow(h uint64, row []float64) uint64 {
	a, b, c, d := h, h^1, h^2, h^3
	for ; len(row) >= 4; row = row[4:] {
		a, b, c, d = hashFloat(a, row[0]), hashFloat(b, row[1]), hashFloat(c, row[2]), hashFloat(d, row[3])
	}
	for _, v := range row {
		a = hashFloat(a, v)
	}
	return rng.Mix(rng.Mix(rng.Mix(rng.Mix(a)^b)^c) ^ d)
}

func compareRows(a, b []float64) int {
	for j, v := range a {
		if c := cmp.Compare(v+0, b[j]+0); c != 0 {
			return c
		}
	}
	return 0
}

package uplift

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/rng"
)

// Data is what is known of a campaign: of each customer what was known before, what was done
// and what came of it.
type Data struct {
	// Rows is an n×d table of what was known before the treatment; NaN is a missing value.
	Rows [][]float64
	// Treatment is the arm of each row: 0 control, from 1 the treatments.
	Treatment []int
	// Outcome is what came of it, such as 1 for an order or the margin earned, at most 1e100 in size.
	Outcome []float64
	// Arms is how many arms there are, control included, at most 256; 0 means one more than the
	// largest number in Treatment, at least 2.
	Arms int
	// Propensities are known probabilities of the arms, each above 0: Arms numbers that sum up
	// to 1, which hold for all rows, or as many for each row, one row after the other. Nil: not known.
	Propensities []float64
	// Weights, if not nil, holds one weight in [0, 1e100] a row: means weigh rows by it, and intervals take a row for one
	// customer whatever it weighs. Rows of weight 0 count as absent.
	Weights []float64
	// IDs, if not nil, holds a number a row, such as a hash of the customer's id. Rows of one number
	// fall into one fold, and intervals know that they belong together. Nil: each row is a customer.
	IDs []uint64
	// Folds, if not nil, holds the fold of each row, 0 … 999; it takes the place of those by hash, and is to keep rows
	// of one id together.
	Folds []int
}

// Limits of Data.
const (
	maxArms  = 256
	maxSize  = 1e100
	maxFolds = 1000
)

// study is Data in an order of its own, which does not depend on the order given: by the hash
// of an id, or of what a row holds.
type study struct {
	n, d, arms int
	rows       [][]float64
	arm        []int
	y          []float64
	w          []float64 // nil: all 1
	e          []float64 // n·arms known propensities, or nil
	key        []uint64  // of each row, or of its id
	fold       []int32   // of each row
	folds      int       // 0: rows are not held back
	group      []int32   // number of the id, ascending; nil: each row by itself
	from       []int32   // the row of Data
	given      int       // rows of Data
}

// newStudy checks d and puts it into order. folds below 2 makes none.
func newStudy(d Data, folds int, seed uint64) (*study, error) {
	arms, err := d.check()
	if err != nil {
		return nil, err
	}
	keys := make([]uint64, len(d.Rows))
	for i := range keys {
		if d.IDs != nil {
			keys[i] = rng.Hash(seed, d.IDs[i])
			continue
		}
		h := rng.Hash(seed, uint64(d.Treatment[i]), math.Float64bits(d.Outcome[i]+0))
		for _, x := range d.Rows[i] {
			h = rng.Mix(h ^ bitsOf(x))
		}
		keys[i] = h
	}
	s := &study{d: len(d.Rows[0]), arms: arms, given: len(d.Rows)}
	for i := range keys {
		if d.Weights == nil || d.Weights[i] > 0 {
			s.from = append(s.from, int32(i))
		}
	}
	s.n = len(s.from)
	slices.SortFunc(s.from, func(a, b int32) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), d.compare(int(a), int(b), arms)) })
	s.rows, s.arm, s.y = make([][]float64, s.n), make([]int, s.n), make([]float64, s.n)
	for k, i := range s.from {
		s.rows[k], s.arm[k], s.y[k] = d.Rows[i], d.Treatment[i], d.Outcome[i]
		if d.Weights != nil {
			s.w = append(s.w, d.Weights[i])
		}
		if d.Propensities != nil {
			s.e = append(s.e, d.propensities(int(i), arms)...)
		}
		if d.IDs != nil {
			if k == 0 {
				s.group = append(s.group, 0)
			} else if d.IDs[i] == d.IDs[s.from[k-1]] {
				s.group = append(s.group, s.group[k-1])
			} else {
				s.group = append(s.group, s.group[k-1]+1)
			}
		}
	}
	if s.group != nil && int(s.group[s.n-1]) == s.n-1 {
		s.group = nil // nobody comes twice
	}
	s.split(d, keys, folds)
	return s, nil
}

// split gives each row a key of its own, the hash of its id, or of what it holds and of how many
// rows like it came before, so that rows alike are spread, and by that its fold.
func (s *study) split(d Data, keys []uint64, folds int) {
	const stage = 0x666f6c64
	s.fold, s.key = make([]int32, s.n), make([]uint64, s.n)
	nth := uint64(0)
	for k, i := range s.from {
		s.key[k] = keys[i]
		if d.IDs == nil {
			if k > 0 && keys[i] == keys[s.from[k-1]] {
				nth++
			} else {
				nth = 0
			}
			s.key[k] = rng.Hash(stage, keys[i], nth)
		}
	}
	if folds < 2 {
		return
	}
	for k, i := range s.from {
		if d.Folds != nil {
			s.fold[k] = int32(d.Folds[i])
		} else {
			s.fold[k] = int32(rng.Mix(s.key[k]^stage) % uint64(folds))
		}
	}
	// Folds that nobody is in close up, so that two that are given count as two whatever Options.Folds says.
	number := make([]int32, maxFolds)
	for _, fold := range s.fold {
		number[fold] = 1
	}
	s.folds = 0
	for fold, taken := range number {
		if number[fold] = int32(s.folds); taken > 0 {
			s.folds++
		}
	}
	for k, fold := range s.fold {
		s.fold[k] = number[fold]
	}
}

// bitsOf is the same for all missing values and for both zeros.
func bitsOf(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000001
	}
	return math.Float64bits(x + 0)
}

// compare orders rows of one key by what they hold, so that those that remain equal may change places.
func (d *Data) compare(a, b, arms int) int {
	c := cmp.Or(cmp.Compare(d.Treatment[a], d.Treatment[b]), cmp.Compare(d.Outcome[a], d.Outcome[b]), slices.Compare(d.Rows[a], d.Rows[b]))
	if c == 0 && d.Weights != nil {
		c = cmp.Compare(d.Weights[a], d.Weights[b])
	}
	if c == 0 && d.Propensities != nil {
		c = slices.Compare(d.propensities(a, arms), d.propensities(b, arms))
	}
	if c == 0 && d.Folds != nil {
		c = cmp.Compare(d.Folds[a], d.Folds[b])
	}
	return c
}

// propensities returns those of row i.
func (d *Data) propensities(i, arms int) []float64 {
	if len(d.Propensities) == arms {
		return d.Propensities
	}
	return d.Propensities[i*arms : (i+1)*arms]
}

// check returns the number of arms.
func (d *Data) check() (arms int, err error) {
	if err := table("Rows", d.Rows, 0); err != nil {
		return 0, err
	}
	n := len(d.Rows)
	if err := check.Len("Treatment", len(d.Treatment), n); err != nil {
		return 0, err
	}
	if err := check.Len("Outcome", len(d.Outcome), n); err != nil {
		return 0, err
	}
	if arms = d.Arms; arms == 0 {
		arms = max(2, slices.Max(d.Treatment)+1)
	}
	if arms < 2 || arms > maxArms {
		return 0, fmt.Errorf("%d arms, want 2 … %d: %w", arms, maxArms, ErrRange)
	}
	for i, t := range d.Treatment {
		if t < 0 || t >= arms {
			return 0, fmt.Errorf("%s[%d] is %d, want 0 … %d: %w", "Treatment", i, t, arms-1, ErrRange)
		}
		if y := d.Outcome[i]; !check.Finite(y) {
			return 0, fmt.Errorf("%s[%d] is %v: %w", "Outcome", i, y, ErrNotFinite)
		} else if math.Abs(y) > maxSize {
			return 0, fmt.Errorf("%s[%d] is %v, want at most %g in size: %w", "Outcome", i, y, maxSize, ErrRange)
		}
	}
	if err := check.Weights("Weights", d.Weights, n); err != nil {
		return 0, err
	}
	for i, w := range d.Weights {
		if w > maxSize {
			return 0, fmt.Errorf("%s[%d] is %v, want at most %g: %w", "Weights", i, w, maxSize, ErrRange)
		}
	}
	if d.IDs != nil {
		if err := check.Len("IDs", len(d.IDs), n); err != nil {
			return 0, err
		}
	}
	if d.Folds != nil {
		if err := check.Len("Folds", len(d.Folds), n); err != nil {
			return 0, err
		}
		for i, f := range d.Folds {
			if f < 0 || f >= maxFolds {
				return 0, fmt.Errorf("%s[%d] is %d, want 0 … %d: %w", "Folds", i, f, maxFolds-1, ErrRange)
			}
		}
	}
	return arms, probabilities(d.Propensities, n, arms)
}

// probabilities checks propensities: nil, arms of them, or n·arms.
func probabilities(e []float64, n, arms int) error {
	if e == nil {
		return nil
	}
	if len(e) != arms && len(e) != n*arms {
		return fmt.Errorf("%s has length %d, want %d or %d: %w", "Propensities", len(e), arms, n*arms, ErrShape)
	}
	for i := 0; i < len(e); i += arms {
		sum := 0.0
		for a, p := range e[i : i+arms] {
			if !(p > 0 && p < 1) {
				return fmt.Errorf("%s[%d] is %v, want above 0 and below 1: %w", "Propensities", i+a, p, ErrRange)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-6 {
			return fmt.Errorf("%s of row %d sum up to %v, want 1: %w", "Propensities", i/arms, sum, ErrRange)
		}
	}
	return nil
}

// table checks that rows is an n×d table, d as given where it is not 0, without infinities.
func table(name string, rows [][]float64, d int) error {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return fmt.Errorf("%s has no rows or no columns: %w", name, ErrEmpty)
	}
	if d == 0 {
		d = len(rows[0])
	}
	if len(rows) > math.MaxInt32 {
		return fmt.Errorf("%d %s, want at most %d: %w", len(rows), name, math.MaxInt32, ErrTooLarge)
	}
	for i, row := range rows {
		if len(row) != d {
			return fmt.Errorf("%s[%d] has %d columns, want %d: %w", name, i, len(row), d, ErrShape)
		}
		for j, x := range row {
			if math.IsInf(x, 0) {
				return fmt.Errorf("%s[%d] column %d is %v: %w", name, i, j, x, ErrNotFinite)
			}
		}
	}
	return nil
}

// inArms fails where nobody of idx is in one of the arms.
func (s *study) inArms(idx []int32) error {
	count := make([]int, s.arms)
	for _, k := range idx {
		count[s.arm[k]]++
	}
	for a, c := range count {
		if c == 0 {
			return fmt.Errorf("nobody is in arm %d of %d rows to fit on: %w", a, len(idx), ErrUndefined)
		}
	}
	return nil
}

// except returns the rows outside of two folds; −1 is none.
func (s *study) except(f, g int) []int32 {
	out := make([]int32, 0, s.n)
	for k := range s.n {
		if fold := int(s.fold[k]); fold != f && fold != g {
			out = append(out, int32(k))
		}
	}
	return out
}

// within returns the rows of fold f.
func (s *study) within(f int) []int32 {
	var out []int32
	for k := range s.n {
		if int(s.fold[k]) == f {
			out = append(out, int32(k))
		}
	}
	return out
}

// weight returns the weight of row k.
func (s *study) weight(k int32) float64 {
	if s.w == nil {
		return 1
	}
	return s.w[k]
}

// scatter returns what rows in the order of the study have, width numbers each, in the order of Data, NaN for
// rows of weight 0.
func (s *study) scatter(values []float64, width int) []float64 {
	out := slices.Repeat([]float64{math.NaN()}, s.given*width)
	for k, i := range s.from {
		copy(out[int(i)*width:][:width], values[k*width:][:width])
	}
	return out
}

// canceled returns the cause where ctx has ended.
func canceled(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

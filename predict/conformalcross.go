package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

// CrossConformal makes intervals out of models of cross-validation, so that no rows are
// spent on calibration alone: CV+, and jackknife+ with as many folds as rows (Barber, Candès,
// Ramdas and Tibshirani, Ann. Stat. 49, 2021). Of rows drawn alike it covers, at level
// 1-α, in theory 1-2α and in practice about 1-α. It is immutable and safe for concurrent use;
// FitCrossConformal makes it.
type CrossConformal struct {
	folds    int
	fold     []int32 // of each calibration row
	residual []float64
}

// FitCrossConformal keeps |y-ŷ| of every row that is tested by one of the folds; predicted
// are the out-of-fold predictions of CrossPredict. Errors: ErrEmpty, ErrShape, ErrNotFinite (rows
// that no fold tests may hold anything), ErrDuplicate for a row tested twice.
func FitCrossConformal(folds []Fold, predicted, y []float64) (*CrossConformal, error) {
	const where = "predict: FitCrossConformal"
	if len(folds) == 0 {
		return nil, fmt.Errorf("%s: folds: %w", where, ErrEmpty)
	}
	if err := check.Len("y", len(y), len(predicted)); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	c := &CrossConformal{folds: len(folds)}
	seen := make([]bool, len(y))
	for f, fold := range folds {
		if len(fold.Test) == 0 {
			return nil, fmt.Errorf("%s: fold %d tests no row: %w", where, f, ErrEmpty)
		}
		first := len(c.residual)
		for _, i := range fold.Test {
			if i < 0 || i >= len(y) {
				return nil, fmt.Errorf("%s: fold %d tests row %d of %d: %w", where, f, i, len(y), ErrShape)
			}
			if seen[i] {
				return nil, fmt.Errorf("%s: fold %d tests row %d again: %w", where, f, i, ErrDuplicate)
			}
			seen[i] = true
			r := math.Abs(y[i] - predicted[i])
			if !check.Finite(r) {
				return nil, fmt.Errorf("%s: %w", where, check.Private("y or predicted", int64(i), nil, r, ErrNotFinite))
			}
			c.fold, c.residual = append(c.fold, int32(f)), append(c.residual, r)
		}
		slices.Sort(c.residual[first:]) // equal folds are equal bytes
	}
	return c, nil
}

// Interval returns the interval of a row from what the model of each fold predicts for it,
// in the order of the folds: from the ⌊(n+1)α⌋-th smallest ŷ-|residual| to the ⌈(n+1)(1-α)⌉-th
// smallest ŷ+|residual|, with the ŷ of the model that has not seen the residual's row. A bound is
// infinite where the n rows are too few for the level. Cost n·log n. Errors: ErrOption unless
// level is in (0, 1), ErrShape, ErrNotFinite, ErrEmpty.
func (c *CrossConformal) Interval(byFold []float64, level float64) (low, high float64, err error) {
	const where = "predict: CrossConformal.Interval"
	if c == nil || len(c.residual) == 0 {
		return 0, 0, notFitted(where)
	}
	if !(level > 0 && level < 1) {
		return 0, 0, fmt.Errorf("%s: level is %v, want in (0, 1): %w", where, level, ErrOption)
	}
	if len(byFold) != c.folds {
		return 0, 0, fmt.Errorf("%s: %d predictions for %d folds: %w", where, len(byFold), c.folds, ErrShape)
	}
	if err := check.Slice("byFold", byFold); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", where, err)
	}
	n := len(c.residual)
	r := infer.ConformalRank(n, level)
	if r > n {
		return math.Inf(-1), math.Inf(1), nil
	}
	ends := make([]float64, n)
	for i, f := range c.fold {
		ends[i] = byFold[f] + c.residual[i]
	}
	slices.SortFunc(ends, cmp.Compare[float64])
	high = ends[r-1]
	for i, f := range c.fold {
		ends[i] = byFold[f] - c.residual[i]
	}
	slices.SortFunc(ends, cmp.Compare[float64])
	return ends[n-r], high, nil // n-r+1 = n+1-⌈(n+1)·level⌉ = ⌊(n+1)α⌋
}

// AppendBinary appends the residuals as one frame. Errors: ErrEmpty for one that was not
// fitted.
func (c *CrossConformal) AppendBinary(dst []byte) ([]byte, error) {
	if c == nil || len(c.residual) == 0 {
		return dst, notFitted("predict: CrossConformal.AppendBinary")
	}
	var w codec.Writer
	w.Int(c.folds)
	for lo := 0; lo < len(c.fold); {
		hi := lo
		for hi < len(c.fold) && c.fold[hi] == c.fold[lo] {
			hi++
		}
		w.Float64s(c.residual[lo:hi])
		lo = hi
	}
	return w.AppendFrame(dst, codec.KindCrossConformal, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *CrossConformal) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	int    folds, > 0, and of each:
//	[]f64  its residuals, at least one, finite, >= 0, not descending
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; c is then unchanged.
func (c *CrossConformal) UnmarshalBinary(data []byte) error {
	const where = "predict: CrossConformal.UnmarshalBinary"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCrossConformal, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := CrossConformal{folds: r.Int()}
	if r.Err() == nil && next.folds == 0 {
		r.Fail("folds")
	}
	for f := range next.folds {
		part := r.Float64s()
		if r.Err() != nil {
			break
		}
		if len(part) == 0 || check.Slice("", part) != nil || !slices.IsSorted(part) || math.Signbit(part[0]) {
			r.Fail("residuals of a fold")
			break
		}
		for range part {
			next.fold = append(next.fold, int32(f))
		}
		next.residual = append(next.residual, part...)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*c = next
	return nil
}

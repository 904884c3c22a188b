package predict

import (
	"context"
	"fmt"
	"math"
)

// CrossValidate fits a model on the training rows of each fold and scores it on
// the test rows: it returns one score a fold. fit and score get row indices;
// see Pick. Folds run one after another, in order.
//
// Errors: ErrOption for a nil function, ErrEmpty for no folds or an empty side, ErrLeakage if a row is on
// both sides of a fold, context.Cause(ctx), or the first error of fit or score,
// wrapped with the fold.
func CrossValidate[M any](ctx context.Context, folds []Fold, fit func(ctx context.Context, train []int) (M, error), score func(m M, test []int) (float64, error)) ([]float64, error) {
	const where = "predict: CrossValidate"
	if fit == nil || score == nil {
		return nil, fmt.Errorf("%s: fit and score are required: %w", where, ErrOption)
	}
	if err := checkFoldRows(where, folds); err != nil {
		return nil, err
	}
	out := make([]float64, 0, len(folds))
	err := eachFold(ctx, where, folds, func(f Fold) error {
		m, err := fit(ctx, f.Train)
		if err != nil {
			return err
		}
		s, err := score(m, f.Test)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// CrossPredict returns an out-of-fold prediction for each of n rows: that of
// the model which did not train on the row, NaN for a row in no test set. Use
// it to calibrate, to choose a threshold or to stack models without leakage.
// predict appends one value per test row to dst. Nothing is fitted or allocated before n
// and all folds are checked. Errors: as CrossValidate, ErrShape if predict returns
// another number of values or a row lies outside [0, n), ErrDuplicate for a row tested
// twice, ErrTooLarge for an n above 2²⁰ and 1000 times the rows that the folds name.
func CrossPredict[M any](ctx context.Context, n int, folds []Fold, fit func(ctx context.Context, train []int) (M, error), predict func(dst []float64, m M, test []int) ([]float64, error)) ([]float64, error) {
	const where = "predict: CrossPredict"
	if fit == nil || predict == nil {
		return nil, fmt.Errorf("%s: fit and predict are required: %w", where, ErrOption)
	}
	if err := checkTested(where, n, folds); err != nil {
		return nil, err
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	var dst []float64
	err := eachFold(ctx, where, folds, func(f Fold) error {
		m, err := fit(ctx, f.Train)
		if err != nil {
			return err
		}
		if dst, err = predict(dst[:0], m, f.Test); err != nil {
			return err
		}
		if len(dst) != len(f.Test) {
			return fmt.Errorf("%d predictions for %d rows: %w", len(dst), len(f.Test), ErrShape)
		}
		for k, i := range f.Test {
			out[i] = dst[k]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// unnamed is how many rows beyond 1000 times those that the folds name CrossPredict takes:
// a number of rows that is wrong by far should not cost the memory of them.
const unnamed = 1 << 20

// checkTested checks folds, and that each tests rows of [0, n) that no other does.
func checkTested(where string, n int, folds []Fold) error {
	if err := checkFoldRows(where, folds); err != nil {
		return err
	}
	named := 0
	seen := map[int]bool{}
	for f, fold := range folds {
		for _, i := range fold.Train {
			if i < 0 || i >= n {
				return fmt.Errorf("%s: fold %d trains on row %d of %d: %w", where, f, i, n, ErrShape)
			}
		}
		for _, i := range fold.Test {
			if i < 0 || i >= n {
				return fmt.Errorf("%s: fold %d tests row %d of %d: %w", where, f, i, n, ErrShape)
			}
			if seen[i] {
				return fmt.Errorf("%s: fold %d tests row %d again: %w", where, f, i, ErrDuplicate)
			}
			seen[i] = true
		}
		named += len(fold.Train) + len(fold.Test)
	}
	if n > unnamed && n/1000 > named {
		return fmt.Errorf("%s: n is %d, %d bytes, and the folds name %d rows: %w", where, n, 8*uint64(n), named, ErrTooLarge)
	}
	return nil
}

// checkFoldRows checks all folds before the first is fitted: a leak in the last one
// should not cost the fits before it.
func checkFoldRows(where string, folds []Fold) error {
	if len(folds) == 0 {
		return fmt.Errorf("%s: folds: %w", where, ErrEmpty)
	}
	for k, f := range folds {
		if len(f.Train) == 0 || len(f.Test) == 0 {
			return fmt.Errorf("%s: fold %d has %d rows to train and %d to test: %w", where, k, len(f.Train), len(f.Test), ErrEmpty)
		}
		train := make(map[int]bool, len(f.Train))
		for _, i := range f.Train {
			train[i] = true
		}
		for _, i := range f.Test {
			if train[i] {
				return fmt.Errorf("%s: fold %d has row %d on both sides: %w", where, k, i, ErrLeakage)
			}
		}
	}
	return nil
}

// eachFold hands out the folds in order.
func eachFold(ctx context.Context, where string, folds []Fold, do func(f Fold) error) error {
	for k, f := range folds {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := do(f); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s: fold %d: %w", where, k, err)
		}
	}
	return nil
}

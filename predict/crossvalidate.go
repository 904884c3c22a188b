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
// Errors: ErrEmpty for no folds or an empty side, ErrLeakage if a row is on
// both sides of a fold, context.Cause(ctx), or the first error of fit or score,
// wrapped with the fold.
func CrossValidate[M any](ctx context.Context, folds []Fold, fit func(ctx context.Context, train []int) (M, error), score func(m M, test []int) (float64, error)) ([]float64, error) {
	const where = "predict: CrossValidate"
	out := make([]float64, 0, len(folds))
	err := overFolds(ctx, where, folds, func(f Fold) error {
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
// predict appends one value per test row to dst. Errors: as CrossValidate,
// ErrShape if predict returns another number of values or a row lies outside
// [0, n), ErrDuplicate for a row tested twice.
func CrossPredict[M any](ctx context.Context, n int, folds []Fold, fit func(ctx context.Context, train []int) (M, error), predict func(dst []float64, m M, test []int) ([]float64, error)) ([]float64, error) {
	const where = "predict: CrossPredict"
	out := make([]float64, max(0, n))
	seen := make([]bool, len(out))
	for i := range out {
		out[i] = math.NaN()
	}
	for f, fold := range folds {
		for _, i := range fold.Test {
			if i < 0 || i >= n {
				return nil, fmt.Errorf("%s: fold %d tests row %d of %d: %w", where, f, i, n, ErrShape)
			}
			if seen[i] {
				return nil, fmt.Errorf("%s: fold %d tests row %d again: %w", where, f, i, ErrDuplicate)
			}
			seen[i] = true
		}
	}
	var dst []float64
	err := overFolds(ctx, where, folds, func(f Fold) error {
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

// overFolds checks all folds before it hands out the first: a leak in the last one
// should not cost the fits before it.
func overFolds(ctx context.Context, where string, folds []Fold, do func(f Fold) error) error {
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

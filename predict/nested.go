package predict

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/rng"
)

// Nested is a search whose winner is judged on rows that took no part in it: the settings
// are searched anew on the training rows of every outer fold.
type Nested[O any] struct {
	// Base, Knobs and Search are those of Tune.
	Base   O
	Knobs  []Knob[O]
	Search TuneOptions
	// Evaluate judges one options struct on the rows train alone, as a rule by
	// CrossValidate over folds of them, and returns one score a fold; higher is better.
	// Inner folds of Pick(ids, train) name positions in train: Pick(train, inner.Train) are
	// the rows. fidelity is that of Tune.
	Evaluate func(ctx context.Context, o O, train []int, fidelity float64) ([]float64, error)
	// Score fits the chosen settings on the training rows of the outer fold and scores
	// them on its test rows.
	Score func(ctx context.Context, o O, f Fold) (float64, error)
}

// NestedResult is the outcome of Nested.Run.
type NestedResult[O any] struct {
	Scores []float64  // of the outer folds, in order
	Score  float64    // their mean: what the search is worth, not one of its settings
	StdErr float64    // of Score, from their spread; NaN for a single fold
	Chosen []Trial[O] // the best trial of each fold; that they agree is a good sign
}

// Run searches on the training rows of each fold and scores the winner on its test rows
// (Varma and Simon 2006; Cawley and Talbot 2010). Folds run one after another. The model to
// serve is that of one more Tune over all rows; Score is what to expect of it.
//
// Errors: ErrOption for a nil function and as Tune, ErrEmpty for none at all,
// ErrEmpty and ErrLeakage as CrossValidate,
// ErrNotFinite for a score that is none, or context.Cause(ctx).
func (n Nested[O]) Run(ctx context.Context, folds []Fold) (*NestedResult[O], error) {
	const where = "predict: Nested.Run"
	if n.Evaluate == nil && n.Score == nil {
		return nil, fmt.Errorf("%s: nothing to run: %w", where, ErrEmpty)
	}
	if n.Evaluate == nil || n.Score == nil {
		return nil, fmt.Errorf("%s: Evaluate and Score are required: %w", where, ErrOption)
	}
	if err := checkFoldRows(where, folds); err != nil {
		return nil, err
	}
	out := &NestedResult[O]{}
	err := eachFold(ctx, where, folds, func(f Fold) error {
		found, err := Tune(ctx, n.Base, n.Knobs, func(ctx context.Context, o O, fidelity float64) ([]float64, error) {
			return n.Evaluate(ctx, o, slices.Clone(f.Train), fidelity)
		}, n.Search)
		if err != nil {
			return err
		}
		s, err := n.Score(ctx, found.Best.Options, f)
		if err != nil {
			return err
		}
		out.Scores, out.Chosen = append(out.Scores, s), append(out.Chosen, found.Best)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s, err := summarise(out.Scores)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	out.Score, out.StdErr = s.mean, s.stdErr
	return out, nil
}

// shareOf returns a share in (0, 1] of n, rounded up but for what rounding leaves: .07 of 100 is 7.
func shareOf(share float64, n int) int { return int(math.Ceil(share * float64(n) * (1 - 1e-12))) }

// CurvePoint is one point of a learning curve.
type CurvePoint struct {
	Share float64 // of the training rows of each fold
	Rows  float64 // trained on, the mean over the folds
	// Train and Test are mean scores on the rows trained on and on those tested, with their
	// standard errors from the spread of the folds, NaN for a single fold. A gap that stays is
	// variance: more rows or a simpler model help; two that meet low are bias.
	Train, TrainStdErr, Test, TestStdErr float64
}

// LearningCurve fits on growing shares of the training rows of each fold and scores on the
// rows fitted on and on the test rows: whether more rows would help. shares ascend in (0, 1]. The
// rows of a share are in all larger ones; which they are depends on seed and on the
// positions of rows. fit and score are those of CrossValidate.
//
// Errors: as CrossValidate, and ErrOption for shares that do not ascend in (0, 1], ErrNotFinite
// for a score that is none.
func LearningCurve[M any](ctx context.Context, folds []Fold, shares []float64, seed uint64, fit func(ctx context.Context, train []int) (M, error), score func(m M, rows []int) (float64, error)) ([]CurvePoint, error) {
	const where = "predict: LearningCurve"
	if fit == nil || score == nil {
		return nil, fmt.Errorf("%s: fit and score are required: %w", where, ErrOption)
	}
	if len(shares) == 0 {
		return nil, fmt.Errorf("%s: shares: %w", where, ErrEmpty)
	}
	for k, s := range shares {
		if !(s > 0 && s <= 1) || (k > 0 && s <= shares[k-1]) {
			return nil, fmt.Errorf("%s: shares[%d] is %v, want ascending ones in (0, 1]: %w", where, k, s, ErrOption)
		}
	}
	if err := checkFoldRows(where, folds); err != nil {
		return nil, err
	}
	rows := make([]float64, len(shares))
	scores := make([][2][]float64, len(shares)) // on the rows fitted on, on those tested
	err := eachFold(ctx, where, folds, func(f Fold) error {
		order := slices.Clone(f.Train)
		sort.Slice(order, func(a, b int) bool {
			x, y := rng.Hash(seed, uint64(order[a])), rng.Hash(seed, uint64(order[b]))
			return x < y || x == y && order[a] < order[b]
		})
		for k, share := range shares {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			part := slices.Clone(order[:shareOf(share, len(order))])
			slices.Sort(part)
			rows[k] += float64(len(part)) / float64(len(folds))
			m, err := fit(ctx, slices.Clone(part))
			if err != nil {
				return fmt.Errorf("share %v: %w", share, err)
			}
			for side, on := range [2][]int{part, f.Test} {
				s, err := score(m, on)
				if err != nil {
					return fmt.Errorf("share %v: %w", share, err)
				}
				scores[k][side] = append(scores[k][side], s)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]CurvePoint, len(shares))
	for k, share := range shares {
		train, err := summarise(scores[k][0])
		if err != nil {
			return nil, fmt.Errorf("%s: share %v: training %w", where, share, err)
		}
		test, err := summarise(scores[k][1])
		if err != nil {
			return nil, fmt.Errorf("%s: share %v: test %w", where, share, err)
		}
		out[k] = CurvePoint{Share: share, Rows: rows[k], Train: train.mean, TrainStdErr: train.stdErr, Test: test.mean, TestStdErr: test.stdErr}
	}
	return out, nil
}

package predict

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Trial is one setting that Tune tried.
type Trial[O any] struct {
	Options O
	Index   int       // position among the candidates
	Scores  []float64 // as evaluate returned them, one a fold
	Mean    float64
	StdErr  float64 // of Mean, from the spread of Scores; NaN for a single score
}

// Tune scores every candidate setting, say by CrossValidate, and returns the
// trials by descending mean score, ties by position: the first is the best.
// Use higher-is-better scores; negate a loss. The candidates may be a grid or a
// random draw; list them from the plainest to the most elaborate, so that ties
// go to the plainer one. The winner's score flatters it: confirm it on rows that
// took no part.
//
// Errors: ErrEmpty for no candidates or no scores, ErrNotFinite for a score
// that is not finite, context.Cause(ctx), or the first error of evaluate, with
// the candidate's position.
func Tune[O any](ctx context.Context, candidates []O, evaluate func(ctx context.Context, o O) ([]float64, error)) ([]Trial[O], error) {
	const where = "predict: Tune"
	if len(candidates) == 0 {
		return nil, fmt.Errorf("%s: candidates: %w", where, ErrEmpty)
	}
	trials := make([]Trial[O], 0, len(candidates))
	for i, o := range candidates {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		scores, err := evaluate(ctx, o)
		if err == nil && len(scores) == 0 {
			err = fmt.Errorf("scores: %w", ErrEmpty)
		}
		if err == nil {
			err = check.Slice("scores", scores)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("%s: candidate %d: %w", where, i, err)
		}
		t := Trial[O]{Options: o, Index: i, Scores: slices.Clone(scores), StdErr: math.NaN()}
		m2 := 0.0
		for k, s := range scores {
			d := s - t.Mean
			t.Mean += d / float64(k+1)
			m2 += d * (s - t.Mean)
		}
		if n := float64(len(scores)); n > 1 {
			t.StdErr = math.Sqrt(m2 / (n - 1) / n)
		}
		trials = append(trials, t)
	}
	slices.SortStableFunc(trials, func(a, b Trial[O]) int {
		switch {
		case a.Mean > b.Mean:
			return -1
		case a.Mean < b.Mean:
			return 1
		}
		return a.Index - b.Index
	})
	return trials, nil
}

package predict_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

func TestCrossValidate(t *testing.T) {
	rows, y := planted(600, 4, 12)
	ids := seq(len(rows))
	folds, err := predict.StratifiedKFold(ids, y, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	fit := func(ctx context.Context, train []int) (*predict.Logistic, error) {
		return predict.FitLogistic(ctx, predict.Pick(rows, train), predict.Pick(y, train), predict.LogisticOptions{})
	}
	ctx := context.Background()
	right := func(p []float64, test []int) float64 {
		n := 0.0
		for k, i := range test {
			if (p[k] >= 0.5) == y[i] {
				n++
			}
		}
		return n / float64(len(test))
	}
	acc, err := predict.CrossValidate(ctx, folds, fit, func(m *predict.Logistic, test []int) (float64, error) {
		p, err := m.Prob(nil, predict.Pick(rows, test))
		return right(p, test), err
	})
	if err != nil || len(acc) != 5 {
		t.Fatal(acc, err)
	}
	oof, err := predict.CrossPredict(ctx, len(rows), folds, fit, func(dst []float64, m *predict.Logistic, test []int) ([]float64, error) {
		return m.Prob(dst, predict.Pick(rows, test))
	})
	if err != nil {
		t.Fatal(err)
	}
	for f, fold := range folds {
		testkit.Near(t, "accuracy", right(predict.Pick(oof, fold.Test), fold.Test), acc[f], 0)
		if acc[f] < 0.6 {
			t.Errorf("fold %d: accuracy %v on planted data", f, acc[f])
		}
	}
	part, err := predict.CrossPredict(ctx, len(rows), folds[:1], fit, func(dst []float64, m *predict.Logistic, test []int) ([]float64, error) {
		return m.Prob(dst, predict.Pick(rows, test))
	})
	if err != nil || !math.IsNaN(part[folds[1].Test[0]]) || math.IsNaN(part[folds[0].Test[0]]) {
		t.Error("rows without a fold are NaN")
	}
	boom := errors.New("boom")
	one := func(context.Context, []int) (int, error) { return 0, nil }
	score := func(int, []int) (float64, error) { return 0, boom }
	for name, c := range map[string]struct {
		folds []predict.Fold
		want  error
	}{
		"none":    {nil, predict.ErrEmpty},
		"empty":   {[]predict.Fold{{Train: []int{1}}}, predict.ErrEmpty},
		"leakage": {[]predict.Fold{{Train: []int{1, 2}, Test: []int{2}}}, predict.ErrLeakage},
		"own":     {[]predict.Fold{{Train: []int{1}, Test: []int{2}}}, boom},
	} {
		if _, err := predict.CrossValidate(ctx, c.folds, one, score); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same := func(dst []float64, _ int, test []int) ([]float64, error) { return append(dst, 1), nil }
	for name, c := range map[string]struct {
		folds []predict.Fold
		want  error
	}{
		"range": {[]predict.Fold{{Train: []int{1}, Test: []int{9}}}, predict.ErrShape},
		"twice": {[]predict.Fold{{Train: []int{1}, Test: []int{0}}, {Train: []int{1}, Test: []int{0}}}, predict.ErrDuplicate},
		"count": {[]predict.Fold{{Train: []int{1}, Test: []int{0, 2}}}, predict.ErrShape},
	} {
		if _, err := predict.CrossPredict(ctx, 3, c.folds, one, same); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	why := errors.New("why")
	cctx, cancel := context.WithCancelCause(ctx)
	_, err = predict.CrossValidate(cctx, folds, func(context.Context, []int) (int, error) { cancel(why); return 0, nil }, func(int, []int) (float64, error) { return 0, nil })
	if !errors.Is(err, why) {
		t.Error(err)
	}
}

package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

func TestTune(t *testing.T) {
	ctx := context.Background()
	trials, err := predict.Tune(ctx, []int{1, 2, 3, 4}, func(_ context.Context, o int) ([]float64, error) {
		return map[int][]float64{1: {1, 2, 3}, 2: {5}, 3: {2, 2, 2}, 4: {5, 5}}[o], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, tr := range trials {
		order = append(order, tr.Options)
	}
	if fmt.Sprint(order) != "[2 4 1 3]" {
		t.Errorf("order %v", order)
	}
	testkit.Near(t, "mean", trials[2].Mean, 2, 1e-15)
	testkit.Near(t, "stderr", trials[2].StdErr, 1/math.Sqrt(3), 1e-15)
	if !math.IsNaN(trials[0].StdErr) {
		t.Error("one score has no spread")
	}
	boom, why := errors.New("boom"), errors.New("why")
	for name, c := range map[string]struct {
		scores []float64
		err    error
		want   error
	}{"own": {nil, boom, boom}, "none": {nil, nil, predict.ErrEmpty}, "NaN": {[]float64{1, math.NaN()}, nil, predict.ErrNotFinite}} {
		_, err := predict.Tune(ctx, []int{1}, func(context.Context, int) ([]float64, error) { return c.scores, c.err })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := predict.Tune[int](ctx, nil, nil); !errors.Is(err, predict.ErrEmpty) {
		t.Error(err)
	}
	cctx, cancel := context.WithCancelCause(ctx)
	if _, err := predict.Tune(cctx, []int{1, 2}, func(context.Context, int) ([]float64, error) { cancel(why); return []float64{1}, nil }); !errors.Is(err, why) {
		t.Error(err)
	}
}

func ExampleTune() {
	ids := []int{1, 2, 3, 4, 5, 6, 7, 8}
	folds, err := predict.StratifiedKFold(ids, bought, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	trials, err := predict.Tune(context.Background(), []predict.LogisticOptions{{L2: 100}, {L2: 1}, {L2: 0.01}},
		func(ctx context.Context, o predict.LogisticOptions) ([]float64, error) {
			return predict.CrossValidate(ctx, folds,
				func(ctx context.Context, train []int) (*predict.Logistic, error) {
					return predict.FitLogistic(ctx, predict.Pick(visits, train), predict.Pick(bought, train), o)
				},
				func(m *predict.Logistic, test []int) (float64, error) {
					p, err := m.Prob(nil, predict.Pick(visits, test))
					loss := 0.0
					for k, i := range test {
						if !bought[i] {
							p[k] = 1 - p[k]
						}
						loss -= math.Log(p[k])
					}
					return -loss / float64(len(test)), err
				})
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("best L2:", trials[0].Options.L2)
	// Output: best L2: 1
}

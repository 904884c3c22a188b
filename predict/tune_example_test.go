package predict_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict"
)

// negativeLogLoss is the score of a model on rows it has not seen: higher is better.
func negativeLogLoss(m *predict.Logistic, test []int) (float64, error) {
	p, err := m.Prob(nil, predict.Pick(visits, test))
	loss := 0.0
	for k, i := range test {
		if !bought[i] {
			p[k] = 1 - p[k]
		}
		loss -= math.Log(p[k])
	}
	return -loss / float64(len(test)), err
}

// The penalty, searched on a logarithmic scale, every trial judged by
// cross-validation.
func ExampleTune() {
	folds, err := predict.StratifiedKFold([]int{1, 2, 3, 4, 5, 6, 7, 8}, bought, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	knobs := []predict.Knob[predict.LogisticOptions]{
		{Name: "L2", Low: 0.01, High: 100, Log: true, Set: func(o *predict.LogisticOptions, v float64) { o.L2 = v }},
	}
	judge := func(ctx context.Context, o predict.LogisticOptions, _ float64) ([]float64, error) {
		return predict.CrossValidate(ctx, folds, func(ctx context.Context, train []int) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, predict.Pick(visits, train), predict.Pick(bought, train), o)
		}, negativeLogLoss)
	}
	found, err := predict.Tune(context.Background(), predict.LogisticOptions{}, knobs, judge, predict.TuneOptions{Trials: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	var best predict.Trial[predict.LogisticOptions] = found.Best
	fmt.Printf("L2 %.1f: %.3f ± %.3f on %d folds, base %.3f\n", best.Options.L2, best.Score, best.StdErr, len(best.Scores), found.Trials[0].Score)
	// Output: L2 1.5: -0.442 ± 0.122 on 4 folds, base -0.453
}

// A list of settings, each of them tried once: one knob over their positions.
func ExampleTune_list() {
	candidates := []predict.LogisticOptions{{L2: 100}, {L2: 1}, {L2: 0.01}} // the plainest first: it wins ties
	knobs := []predict.Knob[predict.LogisticOptions]{{
		Name: "candidate", Low: 0, High: float64(len(candidates) - 1), Integer: true,
		Set: func(o *predict.LogisticOptions, v float64) { *o = candidates[int(v)] },
	}}
	folds, err := predict.StratifiedKFold([]int{1, 2, 3, 4, 5, 6, 7, 8}, bought, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	judge := func(ctx context.Context, o predict.LogisticOptions, _ float64) ([]float64, error) {
		return predict.CrossValidate(ctx, folds, func(ctx context.Context, train []int) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, predict.Pick(visits, train), predict.Pick(bought, train), o)
		}, negativeLogLoss)
	}
	opt := predict.TuneOptions{Method: predict.TuneGrid, GridPoints: len(candidates)}
	found, err := predict.Tune(context.Background(), predict.LogisticOptions{}, knobs, judge, opt)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("best L2:", found.Best.Options.L2, "of", len(found.Trials))
	// Output: best L2: 1 of 3
}

package predict_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/predict"
)

func ExampleCrossPredict() {
	// Out-of-fold scores, on which a calibrator may be fitted.
	folds, err := predict.StratifiedKFold([]int{1, 2, 3, 4, 5, 6, 7, 8}, bought, 2, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := predict.CrossPredict(context.Background(), len(visits), folds,
		func(ctx context.Context, train []int) (*predict.Logistic, error) {
			return predict.FitLogistic(ctx, predict.Pick(visits, train), predict.Pick(bought, train), predict.LogisticOptions{})
		},
		func(dst []float64, m *predict.Logistic, test []int) ([]float64, error) {
			return m.Score(dst, predict.Pick(visits, test))
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := predict.FitSigmoid(scores, bought, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(scores), c.A < 0)
	// Output: 8 true
}

func ExampleBestThreshold() {
	// A coupon costs 1; a customer kept by it is worth 5.
	costs := predict.Costs{FalsePositive: 1, TruePositive: -4}
	t, _ := costs.Threshold()
	choice, err := predict.BestThreshold([]float64{0.1, 0.15, 0.3, 0.6, 0.9}, []bool{false, false, true, false, true}, nil, costs)
	fmt.Println(t, choice.Threshold, choice.Cost, err)
	// Output: 0.2 0.3 -7 <nil>
}

// One row a user: every row is tested once, whatever the order of rows.
func ExampleKFold() {
	folds, err := predict.KFold([]string{"ann", "bea", "cem", "dan", "eve"}, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folds {
		fmt.Println("learn from", f.Train, "judge on", f.Test)
	}
	// Output:
	// learn from [0 4] judge on [1 2 3]
	// learn from [1 2 3] judge on [0 4]
}

// Rows of several moments: those of one user stay together, or the future is known
// from the past.
func ExampleGroupKFold() {
	users := []string{"ann", "bea", "ann", "cem", "bea", "ann"}
	folds, err := predict.GroupKFold(users, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folds {
		fmt.Println(members(predict.Pick(users, f.Train)), members(predict.Pick(users, f.Test)))
	}
	_, err = predict.GroupKFold(users, 4, 1)
	fmt.Println(errors.Is(err, predict.ErrOption))
	// Output:
	// [bea cem] [ann]
	// [ann] [bea cem]
	// true
}

// members counts the distinct ids of rows: predict.ID is any string or integer type.
func members[K predict.ID](ids []K) string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return fmt.Sprint(slices.Compact(ids))
}

// Learn from what was known, judge on what came later, and leave out the rows whose
// labels look into the judged time.
func ExampleTimeFolds() {
	var months []time.Time
	for m := range 6 {
		months = append(months, time.Date(2026, time.Month(1+m), 1, 0, 0, 0, 0, time.UTC))
	}
	folds, err := predict.TimeFolds(months, 2, 40*24*time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folds {
		fmt.Println("learn from", f.Train, "judge on", f.Test)
	}
	// Output:
	// learn from [0] judge on [2 3]
	// learn from [0 1 2] judge on [4 5]
}

package predict_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/predict"
)

var (
	visits = [][]float64{{1, 0}, {2, 1}, {3, 0}, {4, 1}, {5, 0}, {6, 1}, {7, 1}, {8, 0}}
	bought = []bool{false, false, false, true, false, true, true, true}
)

func ExampleFitLogistic() {
	m, err := predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{Names: []string{"visits", "newsletter"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := m.Prob(nil, [][]float64{{2, 0}, {7, 1}})
	fmt.Printf("%.2f %v\n", p, err)
	// Output: [0.08 0.92] <nil>
}

func ExampleLogistic_Reasons() {
	m, err := predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{Names: []string{"visits", "newsletter"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	reasons, err := m.Reasons([]float64{1, 1}, 2)
	for _, r := range reasons {
		fmt.Printf("%s = %g (average %g): %+.2f\n", r.Name, r.Value, r.Mean, r.Contribution)
	}
	fmt.Println(err)
	// Output:
	// visits = 1 (average 4.5): -3.01
	// newsletter = 1 (average 0.5): +0.32
	// <nil>
}

func ExampleFitLogisticSparse() {
	// Hashed or one-hot features: only the columns that are set.
	rows := &predict.SparseRows{Cols: 1000}
	for _, columns := range [][]int32{{7, 42}, {7}, {7, 99}, {42, 99}, {42}, {7, 500}} {
		if err := rows.AddRow(columns, nil); err != nil {
			fmt.Println(err)
			return
		}
	}
	m, err := predict.FitLogisticSparse(context.Background(), rows, []bool{true, false, false, true, true, false}, predict.LogisticOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("column 42: %+.2f, converged %v\n", m.Coefficients()[42].Value, m.Converged())
	// Output: column 42: +0.98, converged true
}

func ExampleSparseRows() {
	rows := predict.SparseRows{Cols: 4}
	_ = rows.AddRow([]int32{3, 1}, []float64{0.5, 2})
	_ = rows.AddRow(nil, nil)
	fmt.Println(rows.Len(), rows.Ptr, rows.Index, rows.Value)
	// Output: 2 [0 2 2] [1 3] [2 0.5]
}

func ExampleFitLinear() {
	rows := [][]float64{{1, 2}, {2, 1}, {3, 5}, {4, 2}, {5, 5}}
	m, err := predict.FitLinear(context.Background(), rows, []float64{9, 8, 22, 15, 26}, predict.LinearOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range m.Coefficients() {
		fmt.Printf("%s %.3f\n", c.Name, c.Value)
	}
	fmt.Printf("R² %.3f\n", m.RSquared())
	// Output:
	// x0 2.000
	// x1 3.000
	// R² 1.000
}

func ExampleGram() {
	var monday, tuesday predict.Gram
	_ = monday.Add([]float64{1}, 3, 1)
	_ = monday.Add([]float64{2}, 5, 1)
	_ = tuesday.Add([]float64{5}, 11, 1)
	_ = monday.Merge(&tuesday)
	m, err := monday.Fit(predict.LinearOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f + %.2f·x\n", m.Intercept().Value, m.Coefficients()[0].Value)
	// Output: 1.00 + 2.00·x
}

func ExampleFitSigmoid() {
	scores := []float64{-2, -1, -1, 0, 0, 1, 1, 2}
	c, err := predict.FitSigmoid(scores, []bool{false, false, false, true, false, true, false, true}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", c.Prob(nil, []float64{-2, 0, 2}))
	// Output: [0.106 0.366 0.738]
}

func ExampleFitIsotonic() {
	f, err := predict.FitIsotonic([]float64{1, 2, 3, 4, 5}, []bool{false, true, false, true, true}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Prob(nil, []float64{0, 2, 3.5, 9}))
	// Output: [0 0.5 0.75 1]
}

func ExampleIsotonicBuckets() {
	a, _ := predict.NewIsotonicBuckets(0, 1, 10)
	b, _ := predict.NewIsotonicBuckets(0, 1, 10)
	_ = a.Add(0.12, false)
	_ = a.Add(0.55, true)
	_ = b.Add(0.58, false)
	_ = b.Add(0.93, true)
	_ = a.Merge(b)
	f, err := a.Result()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.At(0.55), f.At(0.95))
	// Output: 0.5 1
}

func ExampleCorrectSampling() {
	p, err := predict.CorrectSampling(nil, []float64{0.3}, 0.1)
	fmt.Printf("%.4f %v\n", p, err)
	// Output: [0.0411] <nil>
}

func ExampleLabeler() {
	day := func(d int) time.Time { return time.Date(2026, 1, 1+d, 12, 0, 0, 0, time.UTC) }
	var l predict.Labeler[string]
	for _, p := range []struct {
		user string
		day  int
	}{{"ann", 0}, {"ann", 20}, {"ann", 45}, {"bob", 10}, {"bob", 95}, {"cy", 28}, {"cy", 33}} {
		if err := l.Add(p.user, day(p.day)); err != nil {
			fmt.Println(err)
			return
		}
	}
	labels, err := l.Purchase(predict.Windows{AsOf: day(30), Gap: 2 * 24 * time.Hour, Horizon: 30 * 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, u := range labels.Users {
		fmt.Printf("%s: %s %.0f, buys again %v\n", u, labels.Names[0], labels.Rows[i][0], labels.Y[i])
	}
	// Output:
	// ann: recency_days 10, buys again true
	// bob: recency_days 20, buys again false
	// cy: recency_days 2, buys again true
}

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

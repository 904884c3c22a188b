package explain_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict/explain"
)

// A model of three columns: purchases in 30 days, days since the last one, age.
var (
	columns  = []string{"purchases_30d", "recency_days", "age"}
	shoppers = [][]float64{{0, 40, 31}, {1, 20, 45}, {2, 10, 28}, {3, 4, 52}, {0, 80, 39}, {5, 2, 33}, {1, 25, 61}, {2, 14, 47}}
)

func propensity(dst []float64, rows [][]float64) ([]float64, error) {
	for _, x := range rows {
		dst = append(dst, .3+.08*x[0]-.005*x[1])
	}
	return dst, nil
}

// Which columns does a model live on?
func ExamplePermutation() {
	truth, _ := propensity(nil, shoppers)
	score := func(p []float64) (float64, error) { // less the mean squared error
		s := 0.0
		for i := range p {
			s -= (p[i] - truth[i]) * (p[i] - truth[i]) / float64(len(p))
		}
		return s, nil
	}
	m, err := explain.Permutation(context.Background(), propensity, shoppers, score, explain.PermutationOptions{Groups: [][]int{{0, 1}, {2}}})
	if err != nil {
		panic(err)
	}
	var most explain.Importance = m.Groups[0]
	d, _, _, err := m.Difference(0, 1)
	fmt.Println(most.Mean > 0, m.Groups[1].Mean, d > 0, err)
	// Output: true 0 true <nil>
}

// How do predictions follow a column?
func ExamplePartialDependence() {
	var m *explain.Dependence
	m, err := explain.PartialDependence(context.Background(), propensity, shoppers, []int{0}, explain.DependenceOptions{Grid: [][]float64{{0, 2, 4}}})
	fmt.Printf("%.3f %v\n", m.Mean, err)
	var e *explain.Effects
	e, err = explain.ALE(context.Background(), propensity, shoppers, 0, explain.ALEOptions{Edges: [][]float64{{0, 2, 4, 6}}})
	fmt.Printf("%.3f %v\n", e.Values, err)
	// Output:
	// [0.178 0.338 0.498] <nil>
	// [-0.140 0.020 0.180 0.340] <nil>
}

// Two columns together: nothing, for a sum of both.
func ExampleALE2() {
	e, err := explain.ALE2(context.Background(), propensity, shoppers, [2]int{0, 1}, explain.ALEOptions{Bins: 2})
	largest := 0.0
	for _, v := range e.Values {
		largest = max(largest, v)
	}
	fmt.Printf("%.6f %v\n", largest, err)
	// Output: 0.000000 <nil>
}

// What would a customer have to do?
func ExampleHints() {
	var f explain.Func = propensity
	hints, err := explain.Hints(context.Background(), f, shoppers[1], []explain.Action{
		{Column: 0, Name: "purchases_30d", Step: 1, Low: 1, High: 4, Cost: 10},
		{Column: 1, Name: "recency_days", Step: 5, Low: 0, High: 20, Cost: 4},
	}, explain.HintOptions{Target: .35})
	for _, h := range hints {
		var change explain.Change = h.Changes[0]
		fmt.Printf("%.2f at a cost of %v, %+d steps: %s\n", h.Prediction, h.Cost, change.Steps, h.Text(explain.English()))
	}
	fmt.Println(err)
	// Output:
	// 0.36 at a cost of 10, +1 steps: 1 more: purchases in 30 days from 1 to 2
	// 0.35 at a cost of 12, -3 steps: 15 less: days since the last purchase from 20 to 5
	// <nil>
}

// Why? In the reader's language.
func ExampleReasons() {
	contributions, err := explain.Linear(nil, []float64{.08, -.005, 0}, []float64{1.75, 24.375, 42}, shoppers[4])
	if err != nil {
		panic(err)
	}
	words := explain.Chinese()
	words.Phrases["purchases_30d"] = explain.Phrase{Name: "近30天订单", Bands: []explain.Band{{Below: 1, Lowers: "近30天没有订单"}}}
	for _, table := range []explain.Table{explain.English(), words} {
		reasons, err := explain.Reasons(nil, columns, contributions, shoppers[4], explain.ReasonOptions{Table: table})
		if err != nil {
			panic(err)
		}
		var first explain.Reason = reasons[0]
		fmt.Println(first.Text)
		fmt.Println(reasons[1].Text)
	}
	// Output:
	// last purchase 80 days ago lowers the estimate
	// purchases in 30 days: 0 lowers the estimate
	// 距上次购买已80天，降低了预测值
	// 近30天没有订单
}

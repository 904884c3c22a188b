package predict_test

import (
	"context"
	"fmt"

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

// Progress says how a long fit goes on; Sigmoid turns a score of one's own into a
// probability.
func ExampleProgress() {
	m, err := predict.FitLogistic(context.Background(), visits, bought, predict.LogisticOptions{
		L2: 0.1,
		Progress: func(p predict.Progress) {
			if p.Iteration == 1 {
				fmt.Printf("of at most %d iterations the first is done: %.2f\n", p.MaxIter, p.Objective)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	score := m.Intercept().Value
	for j, c := range m.Coefficients() {
		score += c.Value * []float64{7, 1}[j]
	}
	p, err := m.Prob(nil, [][]float64{{7, 1}})
	fmt.Printf("%.3f %.3f %v\n", predict.Sigmoid(score), p[0], err)
	// Output:
	// of at most 200 iterations the first is done: 2.21
	// 0.992 0.992 <nil>
}

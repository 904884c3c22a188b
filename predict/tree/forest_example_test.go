package tree_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict/tree"
)

func ExampleFitForest() {
	// Orders of the last year and days since the last one; who buys within 30 days.
	var rows [][]float64
	var buys []float64
	for i := range 400 {
		orders, days := float64(i%10), float64(i*7%90)
		rows = append(rows, []float64{orders, days})
		if orders > 4 && days < 45 {
			buys = append(buys, 1)
		} else {
			buys = append(buys, 0)
		}
	}
	r, err := tree.FitForest(context.Background(), rows, buys, tree.ForestOptions{Classes: 2, Trees: 50, Importance: true, Names: []string{"orders", "days"}})
	if err != nil {
		panic(err)
	}
	p, err := r.Ensemble.Predict(nil, [][]float64{{8, 10}, {1, 80}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f, out of bag %.2f right, both columns matter: %v\n", p, r.Score, r.Importance[0] > .1 && r.Importance[1] > .1)
	// Output: [1.0 0.0], out of bag 1.00 right, both columns matter: true
}

func ExampleNewSHAP() {
	rows := [][]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}}
	m, err := tree.FitCART(context.Background(), rows, []float64{0, 10, 20, 50}, tree.CARTOptions{})
	if err != nil {
		panic(err)
	}
	x, err := tree.NewSHAP(context.Background(), m, tree.SHAPOptions{})
	if err != nil {
		panic(err)
	}
	values, err := x.Values(context.Background(), nil, rows[3:])
	if err != nil {
		panic(err)
	}
	pairs, err := x.Interactions(context.Background(), nil, rows[3:])
	if err != nil {
		panic(err)
	}
	fmt.Println(x.Base(), values) // 17.5 + 12.5 + 20 = 50
	fmt.Println(pairs[0:2], pairs[3:5])
	// Output:
	// [20] [17.5 12.5 20]
	// [15 2.5] [2.5 10]
}

func ExampleEnsemble_Importance() {
	m, err := tree.FitCART(context.Background(), [][]float64{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, []float64{0, 10, 20, 50}, tree.CARTOptions{})
	if err != nil {
		panic(err)
	}
	for _, kind := range []tree.ImportanceKind{tree.ImportanceGain, tree.ImportanceSplits} {
		v, err := m.Importance(kind)
		if err != nil {
			panic(err)
		}
		fmt.Println(kind, v)
	}
	// Output:
	// gain [900 500]
	// splits [1 2]
}

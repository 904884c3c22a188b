package tree_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict/tree"
)

func ExampleFitCART() {
	// Days since the last order, and the channel of the customer; who bought again.
	rows := [][]float64{{5, 0}, {9, 1}, {12, 0}, {20, 2}, {33, 1}, {40, 2}, {44, 0}, {58, 1}}
	again := []float64{1, 1, 1, 0, 0, 0, 0, 0}
	m, err := tree.FitCART(context.Background(), rows, again, tree.CARTOptions{
		Classes: 2, MaxDepth: 2, Categorical: []int{1}, MinCategory: -1, Names: []string{"recency", "channel"},
	})
	if err != nil {
		panic(err)
	}
	p, err := m.Predict(nil, [][]float64{{7, 1}, {50, 0}})
	if err != nil {
		panic(err)
	}
	nodes, err := m.Nodes(0)
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Names()[nodes[0].Column], "<=", nodes[0].Threshold)
	fmt.Println(p)
	// Output:
	// recency <= 16
	// [1 0]
}

func ExamplePruneCART() {
	rows := [][]float64{{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}}
	y := []float64{1, 1.2, .9, 1.1, 5, 5.2, 4.9, 5.1}
	steps, err := tree.PruneCART(context.Background(), rows, y, tree.CARTOptions{Criterion: tree.SquaredError})
	if err != nil {
		panic(err)
	}
	for _, s := range steps {
		fmt.Printf("Alpha %.4f: %d leaves\n", s.Alpha, s.Leaves)
	}
	// Output:
	// Alpha 0.0000: 8 leaves
	// Alpha 0.0021: 2 leaves
	// Alpha 4.0000: 1 leaves
}

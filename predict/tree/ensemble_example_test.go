package tree_test

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict/tree"
)

func ExampleAssemble() {
	// A score card of two questions: days since the last order, and the channel,
	// of which 0 and 2 are the shop's own.
	trees := [][]tree.Node{
		{
			{Column: 0, Threshold: 30, Left: 1, Right: 2},
			{Column: -1, Values: []float64{.8}},
			{Column: -1, Values: []float64{-1.2}},
		},
		{
			{Column: 1, Categories: []uint32{1<<0 | 1<<2}, Left: 1, Right: 2},
			{Column: -1, Values: []float64{.4}},
			{Column: -1, Values: []float64{-.1}},
		},
	}
	m, err := tree.Assemble(trees, tree.AssembleOptions{Names: []string{"recency", "channel"}, Link: tree.LinkLogit})
	if err != nil {
		panic(err)
	}
	p, err := m.Predict(nil, [][]float64{{12, 2}, {12, 1}, {math.NaN(), 0}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", p)
	// Output: [0.769 0.668 0.310]
}

func ExampleEnsemble_Nodes() {
	m, err := tree.Assemble([][]tree.Node{{
		{Column: 0, Threshold: 30, Left: 1, Right: 2, Gain: 4},
		{Column: -1, Values: []float64{.8}},
		{Column: -1, Values: []float64{-1.2}},
	}}, tree.AssembleOptions{Names: []string{"recency"}})
	if err != nil {
		panic(err)
	}
	nodes, err := m.Nodes(0)
	if err != nil {
		panic(err)
	}
	for i, n := range nodes {
		if n.Column < 0 {
			fmt.Println(i, "leaf", n.Values)
			continue
		}
		fmt.Println(i, m.Names()[n.Column], "<=", n.Threshold, "→", n.Left, "else", n.Right)
	}
	// Output:
	// 0 recency <= 30 → 1 else 2
	// 1 leaf [0.8]
	// 2 leaf [-1.2]
}

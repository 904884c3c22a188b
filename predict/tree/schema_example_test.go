package tree_test

import (
	"fmt"

	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/tree"
)

func ExampleEnsemble_Bind() {
	m, err := tree.Assemble([][]tree.Node{{
		{Column: 0, Threshold: 30, Left: 1, Right: 2},
		{Column: 1, Categories: []uint32{1 << 0}, Left: 3, Right: 4},
		{Column: -1, Values: []float64{-1.2}},
		{Column: -1, Values: []float64{.8}},
		{Column: -1, Values: []float64{.1}},
	}}, tree.AssembleOptions{
		Names: []string{"recency", "channel"}, Categorical: []int{1}, Levels: [][]string{nil, {"app", "web"}}, Link: tree.LinkLogit,
	})
	if err != nil {
		panic(err)
	}
	var s *predict.Schema = m.Schema()
	fmt.Printf("%d columns, hash %x\n", s.Len(), s.Hash())

	// The shop has more columns, in another order, and counts channels otherwise.
	var b *tree.Bound
	b, err = m.Bind([]predict.Column{
		{Name: "channel", Kind: predict.Categorical, Levels: []string{"store", "web", "app"}},
		{Name: "visits"},
		{Name: "recency"},
	})
	if err != nil {
		panic(err)
	}
	row := []float64{2, 17, 12}
	fmt.Printf("%.3f of margin %.1f\n", b.Predict(nil, row), b.Margins(nil, row))

	_, err = m.Bind(predict.Numbers("recency", "Channel"))
	fmt.Println(err)
	// Output:
	// 2 columns, hash a367dbd8a2d6da8
	// [0.690] of margin [0.8]
	// tree: Ensemble.Bind: predict: Schema.Bind: column "channel" is missing ("Channel" is unknown): states do not match
}

func ExampleEnsemble_Best() {
	// Of the trees of a tool that stopped early, those that its own classes predict with.
	m, err := tree.Assemble([][]tree.Node{{{Column: -1, Values: []float64{.5}}}, {{Column: -1, Values: []float64{.25}}}}, tree.AssembleOptions{})
	if err != nil {
		panic(err)
	}
	if m, err = m.First(m.Best()); err != nil {
		panic(err)
	}
	fmt.Println(m.Trees())
	// Output: 2
}

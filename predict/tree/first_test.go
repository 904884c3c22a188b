package tree_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/tree"
)

// TestFirst: the first trees are those that Assemble makes a model of, with base, mean, sets of categories and names, and
// all of them are the model itself.
func TestFirst(t *testing.T) {
	r := rng.New(3, 0, 0)
	var rows [][]float64
	for range 30 {
		rows = append(rows, row(r, 5))
	}
	for name, opt := range map[string]tree.AssembleOptions{
		"sum":     {Columns: 5, Base: []float64{.5}, Link: tree.LinkLogit, Slope: 2},
		"mean":    {Columns: 5, Average: true, Names: []string{"a", "b", "c", "d", "e"}},
		"single":  {Columns: 5, Single: true},
		"outputs": {Columns: 5, Outputs: 3, Link: tree.LinkSoftmax},
		"wide":    {Columns: 5, Outputs: 2},
	} {
		width := 1
		if name == "wide" {
			width = 2
		}
		var trees [][]tree.Node
		for range 6 {
			trees = append(trees, grown(r, 9, 5, width, true))
		}
		m := must(tree.Assemble(trees, opt))
		for j := range 5 { // columns of categories stay such, without a tree that says so too
			if m.Schema().Column(j).Kind == predict.Categorical {
				opt.Categorical = append(opt.Categorical, j)
			}
		}
		for n := 1; n <= 6; n++ {
			got := must(must(m.First(n)).MarshalBinary())
			if want := must(must(tree.Assemble(trees[:n], opt)).MarshalBinary()); string(got) != string(want) {
				t.Errorf("%s: the first %d trees are others", name, n)
			}
		}
		if fmt.Sprint(must(must(m.First(6)).Predict(nil, rows))) != fmt.Sprint(must(m.Predict(nil, rows))) {
			t.Errorf("%s: all trees predict something else", name)
		}
		for _, n := range []int{-1, 0, 7} {
			if _, err := m.First(n); !errors.Is(err, tree.ErrRange) {
				t.Errorf("%s: %d trees: %v", name, n, err)
			}
		}
	}
}

// A model whose last trees did not help any more: those up to the best round.
func ExampleEnsemble_First() {
	stump := func(x float64) []tree.Node { return []tree.Node{{Column: -1, Values: []float64{x}}} }
	m, err := tree.Assemble([][]tree.Node{stump(1), stump(.5), stump(.25)}, tree.AssembleOptions{})
	if err != nil {
		panic(err)
	}
	best, err := m.First(2)
	if err != nil {
		panic(err)
	}
	y, err := best.Predict(nil, [][]float64{{0}})
	fmt.Println(best.Trees(), y, err)
	// Output: 2 [1.5] <nil>
}

package tree_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	link := tree.LinkLog
	rows := func() []any { return []any{nil, [][]float64{{1, 0, 1}, {3, 2, -1}}} }
	testkit.Promises{
		Funcs: map[string]any{"Assemble": tree.Assemble},
		Types: []func() any{func() any { return filled() }, func() any { return &link }},
		Zero:  []string{"LinkKind"},
		Args: map[string]func() []any{
			"Assemble": func() []any {
				return []any{
					[][]tree.Node{{
						{Column: 0, Threshold: 2.5, Left: 1, Right: 2, Values: []float64{.5, .5}, Cover: 2, Count: 2, Gain: 1},
						{Column: -1, Values: []float64{1, 2}, Cover: 1, Count: 1},
						{Column: -1, Values: []float64{2, 3}, Cover: 1, Count: 1},
					}},
					tree.AssembleOptions{Columns: 2, Names: []string{"a", "b"}, Outputs: 2, Base: []float64{1, 2}, Link: tree.LinkSoftmax, Slope: 2},
				}
			},
			"Ensemble.Leaves":  rows,
			"Ensemble.Margins": rows,
			"Ensemble.Predict": rows,
			"Ensemble.Nodes":   func() []any { return []any{1} },
		},
	}.Check(t)
}

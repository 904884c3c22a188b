package tree_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

// TestAppendLightGBM: what is written is read again with the same margins and predictions: the
// golden models of LightGBM, and models with a base, wide leaves or unequal numbers of trees. With
// AISLE_EXPORTS the texts are left in that folder.
func TestAppendLightGBM(t *testing.T) {
	r := rng.New(8, 0, 0)
	models := map[string]*tree.Ensemble{}
	foreign(t, "lightgbm", func(t *testing.T, c foreignCase, model []byte, _ [][]float64) {
		if m, err := tree.ImportLightGBM(model); err == nil {
			models[c.File] = m
		}
	})
	numeric := func(columns, width int) []tree.Node { return grown(r, 9, columns, width, false) }
	models["base"] = must(tree.Assemble([][]tree.Node{numeric(5, 1), numeric(5, 1)}, tree.AssembleOptions{Columns: 5, Base: []float64{.1}, Link: tree.LinkLogit, Slope: 1.5}))
	models["wide"] = must(tree.Assemble([][]tree.Node{numeric(5, 3), numeric(5, 3)}, tree.AssembleOptions{Columns: 5, Outputs: 3, Base: []float64{.1, .2, 0}, Link: tree.LinkSoftmax}))
	models["mean"] = must(tree.Assemble([][]tree.Node{numeric(5, 1), numeric(5, 1), numeric(5, 1)}, tree.AssembleOptions{Columns: 5, Average: true}))
	models["unequal"] = must(tree.Assemble([][]tree.Node{numeric(5, 1), numeric(5, 1), numeric(5, 1)}, tree.AssembleOptions{
		Columns: 5, Outputs: 2, Base: []float64{.1, .2}, Targets: []int{0, 0, 0}, Names: []string{"a b", "b", "c", "d", "e"},
	}))
	rows := make([][]float64, 40)
	for i := range rows {
		rows[i] = row(r, 5)
	}
	for name, m := range models {
		text, err := m.AppendLightGBM(nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if folder := os.Getenv("AISLE_EXPORTS"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, name+".out"), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		again, err := tree.ImportLightGBM(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := must(m.Margins(nil, rows)), must(again.Margins(nil, rows))
		p, q := must(m.Predict(nil, rows)), must(again.Predict(nil, rows))
		for i := range a {
			if a[i] != b[i] || p[i] != q[i] && !math.IsNaN(p[i]) {
				t.Fatalf("%s: margin %d is %v, read again %v; prediction %v, %v", name, i, a[i], b[i], p[i], q[i])
			}
		}
	}
	left := []tree.Node{{Column: 0, Categories: []uint32{1}, MissingLeft: true, Left: 1, Right: 2}, {Column: -1, Values: []float64{1}}, {Column: -1, Values: []float64{2}}}
	stump := [][]tree.Node{{{Column: -1, Values: []float64{1}}}}
	for what, m := range map[string]*tree.Ensemble{
		"Single":             must(tree.Assemble(stump, tree.AssembleOptions{Single: true})),
		"missing categories": must(tree.Assemble([][]tree.Node{left}, tree.AssembleOptions{})),
		"step":               must(tree.Assemble(stump, tree.AssembleOptions{Link: tree.LinkStep})),
		"Average":            must(tree.Assemble(stump, tree.AssembleOptions{Average: true, Base: []float64{1}})),
	} {
		if _, err := m.AppendLightGBM(nil); !errors.Is(err, tree.ErrUnsupported) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A model can leave: LightGBM loads the text.
func ExampleEnsemble_AppendLightGBM() {
	m := must(tree.Assemble([][]tree.Node{{
		{Column: 0, Threshold: 30, Left: 1, Right: 2}, {Column: -1, Values: []float64{.8}}, {Column: -1, Values: []float64{-1.2}},
	}}, tree.AssembleOptions{Names: []string{"recency"}, Link: tree.LinkLogit}))
	text, err := m.AppendLightGBM(nil)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(text[strings.Index(string(text), "threshold"):strings.Index(string(text), "leaf_weight")])
	// Output:
	// threshold=30
	// decision_type=8
	// left_child=-1
	// right_child=-2
	// leaf_value=0.8 -1.2
}

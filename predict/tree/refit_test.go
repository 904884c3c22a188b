package tree_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// TestRefitGolden: LightGBM's refit, of its own trees, to 1e-6.
func TestRefitGolden(t *testing.T) {
	var golden struct {
		Cases []struct {
			Name            string
			Rows            [][]*float64
			Y, Rates        []float64
			Before, Margins []float64
			Trees           [][]struct {
				Column, Left, Right int
				Threshold, Value    float64
				MissingLeft         bool
			}
		}
	}
	testkit.Golden(t, "boost.json", &golden)
	losses := map[string]tree.Loss{"squared": tree.LossSquared, "logistic": tree.LossLogistic, "poisson": tree.LossPoisson, "quantile": tree.LossQuantile}
	links := map[string]tree.LinkKind{"logistic": tree.LinkLogit, "poisson": tree.LinkLog}
	for _, c := range golden.Cases {
		var rows [][]float64
		for _, r := range c.Rows {
			row := make([]float64, len(r))
			for j, v := range r {
				if row[j] = math.NaN(); v != nil {
					row[j] = *v
				}
			}
			rows = append(rows, row)
		}
		var trees [][]tree.Node
		for _, nodes := range c.Trees {
			var out []tree.Node
			for _, n := range nodes {
				node := tree.Node{Column: n.Column, Threshold: n.Threshold, Left: n.Left, Right: n.Right, MissingLeft: n.MissingLeft}
				if n.Column < 0 {
					node.Values = []float64{n.Value}
				}
				out = append(out, node)
			}
			trees = append(trees, out)
		}
		m := must(tree.Assemble(trees, tree.AssembleOptions{Columns: 3, Link: links[c.Name]}))
		for i, got := range must(m.Margins(nil, rows)) {
			testkit.Near(t, c.Name+": margin before", got, c.Before[i], 1e-9)
		}
		opt := tree.RefitOptions{Decay: .7, Rates: c.Rates, Boost: tree.BoostOptions{Loss: losses[c.Name], L2: .5, Quantile: .8}}
		next := must(m.Refit(bg, rows, c.Y, opt))
		for i, got := range must(next.Margins(nil, rows)) {
			testkit.Near(t, c.Name+": margin after", got, c.Margins[i], 1e-6)
		}
	}
}

// TestRefitPermuted: the order of rows does not matter, and the model that is refitted stays as it is.
func TestRefitPermuted(t *testing.T) {
	rows, margin := mixed(600, 8)
	y := labels(margin, 8)
	m := must(tree.FitBoost(bg, rows[:300], y[:300], tree.BoostOptions{Iterations: 5, Categorical: []int{3}}))
	before := must(m.MarshalBinary())
	a := must(must(m.Refit(bg, rows[300:], y[300:], tree.RefitOptions{})).MarshalBinary())
	var back [][]float64
	var backY []float64
	for i := len(rows) - 1; i >= 300; i-- {
		back, backY = append(back, rows[i]), append(backY, y[i])
	}
	b := must(must(m.Refit(bg, back, backY, tree.RefitOptions{})).MarshalBinary())
	if !bytes.Equal(a, b) || bytes.Equal(a, before) || !bytes.Equal(before, must(m.MarshalBinary())) {
		t.Error("permuted rows give other bytes, nothing was learnt, or the old model has changed")
	}
}

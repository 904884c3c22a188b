package tree_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// TestPairwiseGradients: where every row has a leaf of its own, its output is the gradient over the Hessian of RankNet (Burges et al., ICML 2005): of each
// pair of a query whose first row is the more relevant one, 1/(1+e^(s−s')) and its derivative, added up here one pair after the other. Weights multiply
// both, and so change nothing in a leaf of one row but for the penalty.
func TestPairwiseGradients(t *testing.T) {
	const rate, l2 = .5, .25
	r := rng.New(4, 0, 0)
	var rows [][]float64
	var y, weights []float64
	var groups []int
	for q, n := range []int{5, 9, 2, 7, 1} {
		for range n {
			rows, groups = append(rows, []float64{float64(len(rows))}), append(groups, q)
			y, weights = append(y, float64(r.Intn(4))), append(weights, float64(1+r.Intn(3)))
		}
	}
	for _, w := range [][]float64{nil, weights} {
		margin := make([]float64, len(rows))
		for round := range 4 {
			g, h := make([]float64, len(rows)), make([]float64, len(rows))
			for i := range rows {
				for j := range rows {
					if groups[i] == groups[j] && y[i] > y[j] {
						p := 1 / (1 + math.Exp(margin[i]-margin[j]))
						g[i], g[j] = g[i]-p, g[j]+p
						h[i], h[j] = h[i]+p*(1-p), h[j]+p*(1-p)
					}
				}
			}
			for i := range margin {
				of := 1.0
				if w != nil {
					of = w[i]
				}
				margin[i] -= rate * of * g[i] / (of*h[i] + l2)
			}
			// Trees of one leaf a row, refitted: the outputs are those of the loss.
			m := must(aloneTrees(len(rows), round+1).Refit(bg, rows, y, tree.RefitOptions{
				Decay: -1, Boost: tree.BoostOptions{Loss: tree.LossPairwise, Groups: groups, Weights: w, L2: l2, LearningRate: rate},
			}))
			for i, got := range must(m.Margins(nil, rows)) {
				if !testkit.Close(got, margin[i], 1e-9, 1e-9) {
					t.Fatalf("round %d, row %d: margin %v, RankNet's is %v", round+1, i, got, margin[i])
				}
			}
		}
	}
}

// aloneTrees are trees that give each of n rows, told apart by their number, a leaf of its own.
func aloneTrees(n, trees int) *tree.Ensemble {
	var nodes []tree.Node
	for i := range n - 1 {
		nodes = append(nodes, tree.Node{Column: 0, Threshold: float64(i) + .5, Left: 2*i + 1, Right: 2*i + 2}, tree.Node{Column: -1, Values: []float64{0}})
	}
	nodes = append(nodes, tree.Node{Column: -1, Values: []float64{0}})
	var all [][]tree.Node
	for range trees {
		all = append(all, nodes)
	}
	return must(tree.Assemble(all, tree.AssembleOptions{}))
}

package tree_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// cartGolden is a case of cart.json; null stands for a missing value.
type cartGolden struct {
	Name        string
	Rows, Test  [][]*float64
	Y, Weights  []float64
	Options     tree.CARTOptions
	Predictions []float64
	Leaves      int
	Alphas      []float64
	Impurities  []float64
	Importance  []float64
}

func unfilled(rows [][]*float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		for _, v := range row {
			if v == nil {
				out[i] = append(out[i], math.NaN())
			} else {
				out[i] = append(out[i], *v)
			}
		}
	}
	return out
}

// TestCARTGolden compares trees, their pruning and their importance with scikit-learn.
func TestCARTGolden(t *testing.T) {
	var golden struct{ Cases []cartGolden }
	testkit.Golden(t, "cart.json", &golden)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			c.Options.Weights = c.Weights
			rows := unfilled(c.Rows)
			m, err := tree.FitCART(context.Background(), rows, c.Y, c.Options)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Predict(nil, unfilled(c.Test))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.Predictions) {
				t.Fatalf("%d predictions, want %d", len(got), len(c.Predictions))
			}
			for i, want := range c.Predictions {
				if !testkit.Close(got[i], want, 1e-9, 1e-9) {
					t.Errorf("prediction %d is %g, want %g", i, got[i], want)
				}
			}
			nodes, err := m.Nodes(0)
			if err != nil {
				t.Fatal(err)
			}
			if leaves := (len(nodes) + 1) / 2; leaves != c.Leaves {
				t.Errorf("%d leaves, want %d", leaves, c.Leaves)
			}
			c.Options.Alpha = 0
			path, err := tree.PruneCART(context.Background(), rows, c.Y, c.Options)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for i, alpha := range c.Alphas {
				if i+1 < len(c.Alphas) && math.Abs(c.Alphas[i+1]-alpha) < 1e-12 {
					continue // scikit-learn lists steps of one alpha one by one
				}
				if at < len(path)-1 && math.Abs(path[at+1].Alpha-path[at].Alpha) < 1e-12 {
					at++
				}
				if at >= len(path) || !testkit.Close(path[at].Alpha, alpha, 1e-9, 1e-9) || !testkit.Close(path[at].Impurity, c.Impurities[i], 1e-9, 1e-9) {
					t.Fatalf("step %d of pruning is %+v, want %g, %g", at, path[min(at, len(path)-1)], alpha, c.Impurities[i])
				}
				at++
			}
			if at != len(path) {
				t.Errorf("%d steps of pruning, want %d", len(path), at)
			}
		})
	}
}

package tree_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/tree"
)

// TestCancels: every fit that takes a context looks at it.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "tree.FitBoost", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows, margin := mixed(1000*size, 1)
			y := labels(margin, 1)
			testkit.Start(ctx)
			_, err := tree.FitBoost(ctx, rows, y, tree.BoostOptions{Iterations: 5, Categorical: []int{3}})
			return err
		}},
		{Name: "tree.FitBoost, one query", Looks: 15, Do: func(ctx context.Context, size int) error {
			rows, margin := mixed(1000*size, 1)
			testkit.Start(ctx)
			_, err := tree.FitBoost(ctx, rows, margin, tree.BoostOptions{Loss: tree.LossPairwise, Groups: make([]int, len(rows)), Iterations: 5})
			return err
		}},
		{Name: "tree.FitBoost, one query judged", Looks: 30, Do: func(ctx context.Context, size int) error {
			rows, margin := mixed(2000*size, 1)
			var held []int // all but a few, so that gradients cost next to nothing
			for i := 50; i < len(rows); i++ {
				held = append(held, i)
			}
			testkit.Start(ctx)
			_, err := tree.FitBoost(ctx, rows, margin, tree.BoostOptions{Loss: tree.LossPairwise, Groups: make([]int, len(rows)), Validation: held, Iterations: 1})
			return err
		}},
		{Name: "tree.FitBoostParties", Looks: 15, Do: func(ctx context.Context, size int) error {
			rows, y, _ := partySample(1000*size, 1, tree.LossLogistic, false)
			p := must(tree.NewBoostParty(rows, y, tree.PartyOptions{}))
			testkit.Start(ctx)
			_, err := tree.FitBoostParties(ctx, partyNames, func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
				return at, at.Add(ctx, p)
			}, tree.BoostOptions{Iterations: 3, Categorical: []int{3}})
			return err
		}},
		{Name: "tree.FitCART", Looks: 15, Do: func(ctx context.Context, size int) error {
			rows, y, _ := sample(3000*size, 1)
			testkit.Start(ctx)
			_, err := tree.FitCART(ctx, rows, y, tree.CARTOptions{Workers: 1})
			return err
		}},
		{Name: "tree.FitForest", Looks: 15, Do: func(ctx context.Context, size int) error {
			rows, y, _ := sample(2000*size, 1)
			testkit.Start(ctx)
			_, err := tree.FitForest(ctx, rows, y, tree.ForestOptions{Trees: 5})
			return err
		}},
		{Name: "tree.SHAP.Values", Looks: 15, Do: func(ctx context.Context, size int) error {
			rows, y, _ := sample(1000*size, 1)
			r, err := tree.FitForest(context.Background(), rows, y, tree.ForestOptions{Trees: 3, MaxDepth: 5})
			if err != nil {
				return err
			}
			testkit.Start(ctx)
			x, err := tree.NewSHAP(ctx, r.Ensemble, tree.SHAPOptions{Background: rows[:100]})
			if err != nil {
				return err
			}
			_, err = x.Values(ctx, nil, rows)
			return err
		}},
		{Name: "tree.Ensemble.Refit", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, margin := mixed(1000*size, 1)
			y := labels(margin, 1)
			m := must(tree.FitBoost(context.Background(), rows, y, tree.BoostOptions{Iterations: 5}))
			testkit.Start(ctx)
			_, err := m.Refit(ctx, rows, y, tree.RefitOptions{})
			return err
		}},
	})
}

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
	})
}

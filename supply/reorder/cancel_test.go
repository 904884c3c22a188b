package reorder_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// TestCancels: simulations look at their context in every block of periods.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "reorder.Simulate", Looks: 100, Do: func(ctx context.Context, size int) error {
			testkit.Start(ctx)
			_, err := reorder.Simulate(ctx, shop(30), reorder.SimulateOptions{Periods: 1000 * size})
			return err
		}},
		{Name: "reorder.SimulateNetwork", Looks: 100, Do: func(ctx context.Context, size int) error {
			net := reorder.Network[int]{Central: reorder.Simulated[int]{ID: -1, Policy: base(50)}, Stores: shop(9)}
			for i := range net.Stores {
				net.Stores[i].ShelfLife = 0
			}
			testkit.Start(ctx)
			_, err := reorder.SimulateNetwork(ctx, net, reorder.SimulateOptions{Periods: 26_000 * size})
			return err
		}},
	})
}

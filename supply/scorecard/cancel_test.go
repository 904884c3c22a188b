package scorecard_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/scorecard"
)

// TestCancels: every long call looks at its context.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "scorecard.Evaluation.Acceptability", Looks: 40, Do: func(ctx context.Context, size int) error {
			root, x := wide(10)
			e := must(must(scorecard.New(root, scorecard.Options{})).Evaluate(x))
			testkit.Start(ctx)
			_, err := e.Acceptability(ctx, scorecard.AcceptabilityOptions{Draws: 4000 * size})
			return err
		}},
		{Name: "scorecard.Source", Looks: 30, Do: func(ctx context.Context, size int) error {
			c := city(400*size, 10, true, false)
			testkit.Start(ctx)
			_, err := scorecard.Source(ctx, c.orders, c.stores, c.lanes, scorecard.SourceOptions{})
			return err
		}},
	})
}

package offer_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
)

// TestCancels: the call that takes a context looks at it. With AISLE_LONG=1 it prints the
// table of docs/coverage.md.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{{Name: "offer.Book.Propose", Looks: 5, Do: func(ctx context.Context, size int) error {
		ps := make([]prospect, 5_000*size)
		for i := range ps {
			ps[i] = prospect{Order: *basketOf(), Base: .1, With: []float64{.2, .2, .2, .2, .2}}
			ps[i].Order.User = fmt.Sprint(i)
		}
		b := shelf()
		testkit.Start(ctx)
		_, err := b.Propose(ctx, ps, nil)
		return err
	}}})
}

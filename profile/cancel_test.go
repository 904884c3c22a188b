package profile_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

// TestCancels: JoinLabels looks at its context for each moment.
func TestCancels(t *testing.T) {
	log := shopLog(1, cut, 200)
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "profile.JoinLabels", Looks: 40, Do: func(ctx context.Context, size int) error {
			var labels []profile.Label[string]
			for i := range 40 * size {
				labels = append(labels, profile.Label[string]{User: "u1", AsOf: cut.Add(-time.Duration(i) * time.Minute)})
			}
			testkit.Start(ctx)
			_, err := profile.JoinLabels(ctx, log, labels, profile.JoinOptions{Table: profile.TableOptions{Columns: []string{"orders"}}})
			return err
		}},
	})
}

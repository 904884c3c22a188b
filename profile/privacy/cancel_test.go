package privacy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/privacy"
)

func TestCancels(t *testing.T) {
	h := hierarchy(t)(privacy.NewRanges(0, 2, 4, 8, 16, 32))
	testkit.Cancels(t, []testkit.Cancel{{Name: "Anonymize", Looks: 20, Do: func(ctx context.Context, size int) error {
		var rows [][]string
		for i := range 4000 * size {
			rows = append(rows, []string{fmt.Sprint(i % 37), fmt.Sprint(i * i % 101), fmt.Sprint(i % 53)})
		}
		testkit.Start(ctx)
		_, err := privacy.Anonymize(ctx, rows, privacy.AnonymizeOptions{K: 30, Hierarchies: []*privacy.Hierarchy{h, h, h}})
		return err
	}}})
}

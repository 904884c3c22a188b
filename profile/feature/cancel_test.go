package feature_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// TestCancels: both fits look at their context. With AISLE_LONG=1 it prints the table of
// docs/coverage.md.
func TestCancels(t *testing.T) {
	table := func(n int) [][]float64 {
		rows := make([][]float64, n)
		for i := range rows {
			rows[i] = make([]float64, 20)
			for j := range rows[i] {
				if rows[i][j] = math.Sin(float64(i*20 + j)); i%9 == j {
					rows[i][j] = math.NaN()
				}
			}
		}
		return rows
	}
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "feature.FitScaler", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows := table(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
			return err
		}},
		{Name: "feature.FitImputer", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows := table(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{Method: feature.Median})
			return err
		}},
	})
}

package feature_test

import (
	"context"
	"math"
	"strconv"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// TestCancels: the fits look at their context. With AISLE_LONG=1 it prints the table of
// docs/coverage.md.
func TestCancels(t *testing.T) {
	rowsOf := func(n int) [][]float64 {
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
	words := func(n int) (cells [][]string, y []float64, folds []int) {
		for i := range n {
			cells, y, folds = append(cells, []string{strconv.Itoa(i % 997), strconv.Itoa(i % 7)}), append(y, float64(i%2)), append(folds, i%3)
		}
		return cells, y, folds
	}
	full := func(n int) (rows [][]float64, y []float64) {
		rows = rowsOf(n)
		for i, r := range rows {
			y = append(y, float64(i%2))
			for j := range r {
				if math.IsNaN(r[j]) {
					r[j] = 0
				}
			}
		}
		return rows, y
	}
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "feature.Relevances", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, y := full(1_000 * size)
			testkit.Start(ctx)
			_, err := feature.Relevances(ctx, rows, y, feature.SelectorOptions{})
			return err
		}},
		{Name: "feature.FitSelector", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, y := full(1_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitSelector(ctx, rows, y, feature.SelectorOptions{MRMR: true})
			return err
		}},
		{Name: "feature.FitPipeline", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows, cells, y, folds := pipelineRows(5_000 * size)
			testkit.Start(ctx)
			_, _, err := feature.FitPipeline(ctx, rows, cells, y, pipelineOptions(folds))
			return err
		}},
		{Name: "feature.FitNeighbors", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitNeighbors(ctx, rows, 3)
			return err
		}},
		{Name: "feature.Neighbors.Transform", Looks: 50, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(300 * size)
			m, err := feature.FitNeighbors(context.Background(), rows, 3)
			testkit.Start(ctx)
			if err == nil {
				_, err = m.Transform(ctx, nil, rows)
			}
			return err
		}},
		{Name: "feature.FitModelImputer", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(5_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitModelImputer(ctx, rows, doubled)
			return err
		}},
		{Name: "feature.FitPCA", Looks: 10, Do: func(ctx context.Context, size int) error {
			rows, _ := full(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitPCA(ctx, rows, feature.PCAOptions{})
			return err
		}},
		{Name: "feature.FitEncoder", Looks: 3, Do: func(ctx context.Context, size int) error {
			cells, y, _ := words(20_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitEncoder(ctx, cells, y, feature.EncoderOptions{Method: feature.TargetMean})
			return err
		}},
		{Name: "feature.EncodeOutOfFold", Looks: 9, Do: func(ctx context.Context, size int) error {
			cells, y, folds := words(10_000 * size)
			testkit.Start(ctx)
			_, _, err := feature.EncodeOutOfFold(ctx, nil, cells, y, folds, feature.EncoderOptions{Method: feature.TargetMean})
			return err
		}},
		{Name: "feature.FitBins", Looks: 20, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(5_000 * size)
			y := make([]bool, len(rows))
			for i := range y {
				y[i] = i%3 == 0
			}
			testkit.Start(ctx)
			_, err := feature.FitBins(ctx, rows, y, feature.BinOptions{Method: feature.Monotone})
			return err
		}},
		{Name: "feature.FitScaler", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
			return err
		}},
		{Name: "feature.FitImputer", Looks: 3, Do: func(ctx context.Context, size int) error {
			rows := rowsOf(10_000 * size)
			testkit.Start(ctx)
			_, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{Method: feature.Median})
			return err
		}},
	})
}

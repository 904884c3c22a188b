package forecast_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/forecast"
)

// TestCancels: what takes long looks at its context.
func TestCancels(t *testing.T) {
	testkit.Cancels(t, []testkit.Cancel{
		{Name: "forecast.FitAuto", Looks: 100, Do: func(ctx context.Context, size int) error {
			y := make([]float64, 200*size)
			for i := range y {
				y[i] = sales()[i%24] + float64(i%7)
			}
			testkit.Start(ctx)
			_, err := forecast.FitAuto(ctx, y, forecast.AutoOptions{Season: 12})
			return err
		}},
		{Name: "forecast.FitETS", Looks: 30, Do: func(ctx context.Context, size int) error {
			y := make([]float64, 2000*size)
			for i := range y {
				y[i] = sales()[i%24] + float64(i%7)
			}
			testkit.Start(ctx)
			_, err := forecast.FitETS(ctx, y, forecast.ETSOptions{Season: 12})
			return err
		}},
		{Name: "forecast.FitARIMA", Looks: 30, Do: func(ctx context.Context, size int) error {
			y := make([]float64, 100*size)
			for i := range y {
				y[i] = sales()[i%24] + float64(i%7)
			}
			testkit.Start(ctx)
			_, err := forecast.FitARIMA(ctx, y, forecast.ARIMAOptions{})
			return err
		}},
		{Name: "forecast.Backtest", Looks: 100, Do: func(ctx context.Context, size int) error {
			series := make([]forecast.Series, 50*size)
			for i := range series {
				series[i].Y = sales()
			}
			testkit.Start(ctx)
			_, err := forecast.Backtest(ctx, series, methods(), forecast.BacktestOptions{})
			return err
		}},
		{Name: "forecast.FitPanel", Looks: 100, Do: func(ctx context.Context, size int) error {
			series := make([]forecast.Series, 50*size)
			for i := range series {
				series[i].Y = sales()
			}
			testkit.Start(ctx)
			_, err := forecast.FitPanel(ctx, series, methods(), forecast.PanelOptions{})
			return err
		}},
		{Name: "forecast.NewReconciler", Looks: 20, Do: func(ctx context.Context, size int) error {
			parents := make([]int, 80*size)
			for i := range parents {
				parents[i] = (i+1)/2 - 1
			}
			h, err := forecast.NewTree(parents)
			must(err)
			residuals := errorsOf(len(parents), 20)
			testkit.Start(ctx)
			_, err = forecast.NewReconciler(ctx, h, forecast.ReconcileOptions{Residuals: residuals})
			return err
		}},
		{Name: "forecast.Decompose", Looks: 4, Do: func(ctx context.Context, size int) error {
			y := make([]float64, 400*size)
			for i := range y {
				y[i] = float64(i % 7)
			}
			testkit.Start(ctx)
			_, err := forecast.Decompose(ctx, y, forecast.DecomposeOptions{Seasons: []int{7, 30}})
			return err
		}},
	})
}

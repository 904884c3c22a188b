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
		{Name: "forecast.FitAll", Looks: 100, Do: func(ctx context.Context, size int) error {
			series := make([][]float64, 200*size)
			for i := range series {
				series[i] = sales()
			}
			testkit.Start(ctx)
			_, err := forecast.FitAll(ctx, series, forecast.With(forecast.FitNaive, forecast.NaiveOptions{Season: 12}), forecast.FitAllOptions{})
			return err
		}},
	})
}

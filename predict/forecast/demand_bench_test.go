package forecast_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/forecast"
)

// A thousand series of 100 periods, a third of which have demand.
func BenchmarkIntermittent(b *testing.B) {
	r := rng.New(1, 0, 0)
	series := make([][]float64, 1000)
	for i := range series {
		for range 100 {
			v := 0.0
			if r.Bool(.35) {
				v = float64(1 + r.Poisson(4))
			}
			series[i] = append(series[i], v)
		}
	}
	for _, way := range []struct {
		name   string
		method string
	}{{"croston", "Croston"}, {"tsb", "TSB"}, {"adida", "ADIDA"}, {"imapa", "IMAPA"}} {
		b.Run("method="+way.name, func(b *testing.B) {
			for b.Loop() {
				for _, y := range series {
					if _, err := forecast.FitIntermittent(bg, y, forecast.IntermittentOptions{Model: way.method}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

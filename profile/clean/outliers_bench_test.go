package clean_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/profile/clean"
)

func BenchmarkOutliers(b *testing.B) {
	const n = 20_000
	r := rng.New(1, 0, 0)
	values := make([]float64, n)
	for i := range values {
		values[i] = r.Normal()
	}
	measure(b, "op=outliers/rows=20k", n, func() error {
		_, err := clean.FitOutliers(values, clean.OutlierOptions{})
		return err
	})
}

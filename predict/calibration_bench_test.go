package predict_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
)

func BenchmarkCalibration(b *testing.B) {
	const n = 200_000
	r := rng.New(1, 0, 0)
	s, y := make([]float64, n), make([]bool, n)
	for i := range s {
		s[i] = r.Normal()
		y[i] = r.Bool(predict.Sigmoid(2 * s[i]))
	}
	measure(b, "method=isotonic/n=200k", n, func() error { _, err := predict.FitIsotonic(s, y, nil); return err })
	measure(b, "method=sigmoid/n=200k", n, func() error { _, err := predict.FitSigmoid(s, y, nil); return err })
	measure(b, "method=buckets/n=200k", n, func() error {
		c, err := predict.NewIsotonicBuckets(-5, 5, 1000)
		if err != nil {
			return err
		}
		for i, v := range s {
			if err := c.Add(v, y[i]); err != nil {
				return err
			}
		}
		return nil
	})
	measure(b, "method=threshold/n=200k", n, func() error {
		_, err := predict.BestThreshold(s, y, nil, predict.Costs{FalsePositive: 1, FalseNegative: 5})
		return err
	})
}

package experiment_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// With all denominators 1 a ratio metric is a mean.
func TestRatioIsMean(t *testing.T) {
	var m [2]metrics.Moments
	var r [2]experiment.RatioMoments
	for i := range 2 {
		for j := range 20 + 9*i {
			x := float64((j*j*7+i*5)%23) + 1
			if err := errors.Join(m[i].Add(x), r[i].Add(x, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []metrics.Scale{metrics.ScaleAbsolute, metrics.ScaleRelative, metrics.ScaleRatio} {
		a := ok[metrics.Effect](t)(metrics.CompareMeans(m[0], m[1], metrics.CompareOptions{Scale: s}))
		b := ok[metrics.Effect](t)(experiment.CompareRatios(r[0], r[1], metrics.CompareOptions{Scale: s}))
		for _, x := range [][2]float64{{a.Estimate, b.Estimate}, {a.SE, b.SE}, {a.DF, b.DF}, {a.PValue, b.PValue}, {a.Low, b.Low}, {a.High, b.High}} {
			relNear(t, s.String(), x[1], x[0], 1e-10)
		}
	}
}

package experiment_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/experiment"
)

func TestSampleRatioGolden(t *testing.T) {
	var g struct {
		SRM []struct {
			Counts  []int64
			Weights []float64
			Chi2, P float64
		}
	}
	testkit.Golden(t, "srm.json", &g)
	for _, c := range g.SRM {
		r, err := experiment.SampleRatio(c.Counts, c.Weights)
		if err != nil {
			t.Fatal(err)
		}
		relNear(t, "χ²", r.ChiSquared, c.Chi2, 1e-12)
		relNear(t, "p", r.PValue, c.P, 1e-9)
	}
}

package experiment_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/experiment"
)

// What a customer spent or scored is a raw value: no error prints it.
func TestErrorsPrintNoRawValue(t *testing.T) {
	const x = 31415.9265
	var m, big metrics.Moments
	var joint, pre experiment.CUPED
	var ratio experiment.RatioMoments
	var reg metrics.Regression
	for _, err := range []error{m.Add(1e300), big.Add(x), joint.Add(1e300, 1), pre.AddMissing(1e300)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := metrics.NewScoreHistogram(0, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	_, of := metrics.MomentsOf([]float64{1e300, x})
	_, mase := metrics.MASE([]float64{x, 1}, []float64{math.NaN(), 1}, []float64{1, 2, 3}, 1)
	for name, c := range map[string]struct{ err, want error }{
		"Moments":         {m.Add(x), metrics.ErrOverflow},
		"Moments far off": {big.Add(-1e300), metrics.ErrOverflow},
		"MomentsOf":       {of, metrics.ErrOverflow},
		"CUPED":           {joint.Add(x, x), metrics.ErrOverflow},
		"CUPED missing":   {pre.AddMissing(x), metrics.ErrOverflow},
		"RatioMoments":    {ratio.Add(1, -x), metrics.ErrRange},
		"Regression":      {reg.Add(x, math.NaN()), metrics.ErrNotFinite},
		"Regression big":  {reg.Add(math.MaxFloat64, -math.MaxFloat64), metrics.ErrOverflow},
		"ScoreHistogram":  {h.Add(true, x), metrics.ErrRange},
		"MASE":            {mase, metrics.ErrNotFinite},
	} {
		switch {
		case !errors.Is(c.err, c.want):
			t.Errorf("%s: %v, want %v", name, c.err, c.want)
		case strings.Contains(c.err.Error(), "31415") || strings.Contains(c.err.Error(), "e+3"):
			t.Errorf("%s prints the value: %v", name, c.err)
		}
	}
}

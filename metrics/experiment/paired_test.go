package experiment_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/metrics/experiment"
)

// Differences that only rounding tells apart do not vary.
func TestComparePairedConstant(t *testing.T) {
	for _, scale := range []float64{1e-9, .1, 1, 1e12} {
		var a, b []float64
		for k := range 40 {
			x := scale * (.1 + float64(k)/10)
			a, b = append(a, x), append(b, x+.3*scale)
		}
		if e, err := experiment.ComparePaired(t.Context(), a, b, experiment.PairedOptions{}); !errors.Is(err, experiment.ErrUndefined) {
			t.Errorf("scale %g: %+v, %v", scale, e, err)
		}
		b[7] += 1e-9 * scale
		if _, err := experiment.ComparePaired(t.Context(), a, b, experiment.PairedOptions{}); err != nil {
			t.Errorf("scale %g: %v", scale, err)
		}
	}
}

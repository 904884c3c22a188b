package drift_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/drift"
)

// A value a window allocates nothing.
func TestAllocations(t *testing.T) {
	bins, err := drift.BinnedByEdges([]float64{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	adds := map[string]func(float64) error{"Binned": bins.Add}
	for name, d := range map[string]drift.Detector{"CUSUM": &drift.CUSUM{}, "EWMA": &drift.EWMA{}, "PageHinkley": &drift.PageHinkley{}} {
		adds[name] = func(x float64) error {
			_, err := d.Add(x)
			return err
		}
	}
	for name, add := range adds {
		x := 0.0
		if n := testing.AllocsPerRun(1000, func() {
			x += .25
			if err := add(x); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a value", name, n)
		}
	}
}

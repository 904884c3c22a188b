package metrics_test

import (
	"errors"
	"testing"

	"github.com/aislekit/aisle/metrics"
)

func TestGini(t *testing.T) {
	y, s := []bool{false, false, true, true}, []float64{.1, .4, .35, .8}
	relNear(t, "Gini", ok[float64](t)(metrics.Gini(y, s, nil)), .5, 1e-15)
	if _, err := metrics.Gini([]bool{true}, []float64{1}, nil); !errors.Is(err, metrics.ErrUndefined) {
		t.Error(err)
	}
}

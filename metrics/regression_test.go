package metrics_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
)

func TestRegression(t *testing.T) {
	var r metrics.Regression
	for _, x := range [][2]float64{{10, 12}, {0, 1}, {-5, -5}, {0, 0}} {
		if err := r.Add(x[0], x[1]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "sMAPE", got.SMAPE, (2.0/11+2+0+0)/4, 1e-15)
	testkit.Near(t, "WAPE", got.WAPE, 3.0/15, 1e-15)
	testkit.Near(t, "bias", got.Bias, 0.75, 1e-15)
	if !math.IsNaN(got.MAPE) || got.Zeros != 2 {
		t.Errorf("MAPE with actual zeros must be undefined: %+v", got)
	}
	// Seasonal naive errors of history at season 2: 2, 1, 2.
	m, err := metrics.MASE([]float64{5, 6}, []float64{4, 9}, []float64{1, 2, 3, 3, 5}, 2)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "MASE", m, 2/(5.0/3), 1e-15)
	m, err = metrics.RMSSE([]float64{5, 6}, []float64{4, 9}, []float64{1, 2, 3, 3, 5}, 2)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "RMSSE", m, math.Sqrt(5/(9.0/3)), 1e-15)
	one := func(_ float64, err error) error { return err }
	two := func(_, _ float64, err error) error { return err }
	before := r
	var none metrics.Regression
	_, empty := none.Result()
	for name, x := range map[string]struct{ got, want error }{
		"NaN":              {r.Add(1, math.NaN()), metrics.ErrNotFinite},
		"overflow":         {r.Add(-1e200, 1e200), metrics.ErrOverflow},
		"overflow of e":    {r.Add(-1e308, 1.7e308), metrics.ErrOverflow},
		"empty":            {empty, metrics.ErrUndefined},
		"constant history": {two(metrics.NaiveScale([]float64{3, 3, 3}, 1)), metrics.ErrUndefined},
		"short history":    {two(metrics.NaiveScale([]float64{3, 4}, 2)), metrics.ErrUndefined},
		"season 0":         {two(metrics.NaiveScale([]float64{3, 4}, 0)), metrics.ErrOption},
		"NaN history":      {two(metrics.NaiveScale([]float64{3, math.NaN()}, 1)), metrics.ErrNotFinite},
		"lengths":          {one(metrics.MASE([]float64{1}, nil, []float64{1, 2}, 1)), metrics.ErrShape},
		"no forecast":      {one(metrics.MASE(nil, nil, []float64{1, 2}, 1)), metrics.ErrUndefined},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	if r != before {
		t.Error("a failed Add changed the state")
	}
}

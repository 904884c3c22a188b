package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

type linearCase struct {
	Coef      []float64 `json:"coef"`
	Intercept float64   `json:"intercept"`
	StdErr    []float64 `json:"stderr"`
	R2        float64   `json:"r2"`
}

func TestLinearGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	for _, c := range []struct {
		name string
		o    predict.LinearOptions
		want linearCase
	}{
		{"ols", predict.LinearOptions{}, g.OLS},
		{"wls", predict.LinearOptions{Weights: g.RowWeights}, g.WLS},
		{"no intercept", predict.LinearOptions{NoIntercept: true}, g.NoIntercept},
		{"ridge", predict.LinearOptions{L2: 50}, g.Ridge},
	} {
		m, err := predict.FitLinear(context.Background(), g.Rows, g.Target, c.o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name, values(m.Coefficients()), c.want.Coef, 1e-8)
		testkit.Near(t, c.name+" intercept", m.Intercept().Value, c.want.Intercept, 1e-6)
		for j, s := range c.want.StdErr {
			got := m.Intercept().StdErr
			if j < m.Columns() {
				got = m.Coefficients()[j].StdErr
			}
			if !testkit.Close(got, s, 0, 1e-7) {
				t.Errorf("%s: stderr[%d] = %v, want %v", c.name, j, got, s)
			}
		}
		if c.want.R2 != 0 {
			testkit.Near(t, c.name+" R²", m.RSquared(), c.want.R2, 1e-10)
		}
		var gram predict.Gram
		for i, row := range g.Rows {
			w := 1.0
			if c.o.Weights != nil {
				w = c.o.Weights[i]
			}
			if err := gram.Add(row, g.Target[i], w); err != nil {
				t.Fatal(err)
			}
		}
		n, err := gram.Fit(c.o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name+" by Gram", values(n.Coefficients()), c.want.Coef, 1e-7)
	}
}

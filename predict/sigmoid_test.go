package predict_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/predict"
)

func TestSigmoidEdge(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores []float64
		y      []bool
		at     []float64
		want   []float64
	}{
		{"one class", []float64{1, 2, 3}, []bool{true, true, true}, []float64{0, 9}, []float64{0.8, 0.8}},
		{"one score", []float64{2, 2, 2, 2}, []bool{true, false, false, true}, []float64{2, 5}, []float64{0.5, 0.5}},
		{"one row", []float64{2}, []bool{false}, []float64{2}, []float64{1.0 / 3}},
		// Separable: Platt's targets 3/4 and 1/4 are met exactly.
		{"separable", []float64{-1, -1, 1, 1}, []bool{false, false, true, true}, []float64{-1, 0, 1}, []float64{0.25, 0.5, 0.75}},
		{"far away", []float64{1e9 - 1, 1e9 - 1, 1e9 + 1, 1e9 + 1}, []bool{false, false, true, true}, []float64{1e9 - 1, 1e9, 1e9 + 1}, []float64{0.25, 0.5, 0.75}},
	} {
		m, err := predict.FitSigmoid(c.scores, c.y, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		near(t, c.name, m.Prob(nil, c.at), c.want, 1e-6)
	}
	m := predict.SigmoidCalibrator{A: -1}
	near(t, "limits", m.Prob(nil, []float64{math.Inf(-1), 0, math.Inf(1)}), []float64{0, 0.5, 1}, 0)
}

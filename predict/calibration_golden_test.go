package predict_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

type calibrationGolden struct {
	Scores        []float64   `json:"scores"`
	Y             []int       `json:"y"`
	Weights       []float64   `json:"weights"`
	Platt         []float64   `json:"platt"`
	PlattWeighted []float64   `json:"platt_weighted"`
	Sklearn       []float64   `json:"sklearn"`
	Grid          []float64   `json:"grid"`
	Isotonic      []float64   `json:"isotonic"`
	Rows          [][]float64 `json:"rows"`
	Target        []float64   `json:"target"`
	RowWeights    []float64   `json:"row_weights"`
	OLS           linearCase  `json:"ols"`
	WLS           linearCase  `json:"wls"`
	NoIntercept   linearCase  `json:"no_intercept"`
	Ridge         linearCase  `json:"ridge"`
}

// TestSigmoidGolden: the direct minimisation by scipy agrees to 1e-7,
// scikit-learn stops its own search earlier.
func TestSigmoidGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	c, err := predict.FitSigmoid(g.Scores, bools(g.Y), nil)
	if err != nil || !c.Converged {
		t.Fatal(err)
	}
	near(t, "A, B", []float64{c.A, c.B}, g.Platt, 1e-7)
	near(t, "scikit-learn", []float64{c.A, c.B}, g.Sklearn, 1e-3)
	c, err = predict.FitSigmoid(g.Scores, bools(g.Y), g.Weights)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted A, B", []float64{c.A, c.B}, g.PlattWeighted, 1e-7)
}

func TestIsotonicGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	f, err := predict.FitIsotonic(g.Scores, bools(g.Y), g.Weights)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "isotonic", f.Prob(nil, g.Grid), g.Isotonic, 1e-12)
	// Published example of the algorithm.
	f, err = predict.FitIsotonicValues([]float64{1, 2, 3, 4, 5, 6}, []float64{1, 3, 2, 4, 3.5, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pools", f.Prob(nil, []float64{1, 2, 3, 4, 5, 6}), []float64{1, 2.5, 2.5, 3.75, 3.75, 5}, 1e-15)
	near(t, "between and beyond", f.Prob(nil, []float64{0, 1.5, 99}), []float64{1, 1.75, 5}, 1e-15)
	if !math.IsNaN(f.At(math.NaN())) {
		t.Error("NaN")
	}
	f, err = predict.FitIsotonic([]float64{4, 4, 4}, []bool{true, false, false}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one score", f.Prob(nil, []float64{-9, 4, 9}), []float64{1. / 3, 1. / 3, 1. / 3}, 1e-15)
}

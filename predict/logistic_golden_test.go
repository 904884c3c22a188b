package predict_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

type logisticGolden struct {
	Rows    [][]float64 `json:"rows"`
	Y       []int       `json:"y"`
	Weights []float64   `json:"weights"`
	Offset  []float64   `json:"offset"`
	Cases   []struct {
		Name         string     `json:"name"`
		L1           float64    `json:"l1"`
		L2           float64    `json:"l2"`
		UseWeights   bool       `json:"use_weights"`
		UseOffset    bool       `json:"use_offset"`
		Balanced     bool       `json:"balanced"`
		ClassWeights [2]float64 `json:"class_weights"`
		NoIntercept  bool       `json:"no_intercept"`
		Standardize  bool       `json:"standardize"`
		Coef         []float64  `json:"coef"`
		Intercept    float64    `json:"intercept"`
		StdErr       []float64  `json:"stderr"`
	} `json:"cases"`
	Prob   []float64 `json:"prob_default"`
	Sparse struct {
		Cols        int         `json:"cols"`
		Index       [][]int32   `json:"index"`
		Value       [][]float64 `json:"value"`
		Y           []int       `json:"y"`
		Coef        []float64   `json:"coef"`
		Intercept   float64     `json:"intercept"`
		L1Coef      []float64   `json:"l1_coef"`
		L1Intercept float64     `json:"l1_intercept"`
	} `json:"sparse"`
}

// TestLogisticGolden: optima of a strictly convex function do not depend on the
// solver, so tools run to tolerance 1e-12 agree to 1e-6 with ours.
func TestLogisticGolden(t *testing.T) {
	var g logisticGolden
	testkit.Golden(t, "logistic.json", &g)
	y := bools(g.Y)
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			o := predict.LogisticOptions{
				L1: c.L1, L2: c.L2, Balanced: c.Balanced, ClassWeights: c.ClassWeights,
				NoIntercept: c.NoIntercept, Standardize: c.Standardize, StdErrors: len(c.StdErr) > 0,
			}
			if c.UseWeights {
				o.Weights = g.Weights
			}
			if c.UseOffset {
				o.Offset = g.Offset
			}
			m, err := predict.FitLogistic(context.Background(), g.Rows, y, o)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged() || len(m.Warnings()) > 0 {
				t.Errorf("converged %v, warnings %q", m.Converged(), m.Warnings())
			}
			near(t, "coef", values(m.Coefficients()), c.Coef, 1e-6)
			testkit.Near(t, "intercept", m.Intercept().Value, c.Intercept, 1e-6*math.Max(1, math.Abs(c.Intercept)))
			if c.StdErr != nil {
				for j, k := range m.Coefficients() {
					if o.StdErrors {
						testkit.Near(t, "stderr", k.StdErr, c.StdErr[j], 1e-6)
					}
				}
				if o.StdErrors {
					testkit.Near(t, "stderr of intercept", m.Intercept().StdErr, c.StdErr[len(c.Coef)], 1e-6)
				}
			}
			s, err := predict.FitLogisticSparse(context.Background(), compress(g.Rows), y, o)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "sparse coef", values(s.Coefficients()), c.Coef, 1e-6)
			if c.Name == "default" {
				p, err := m.Prob(nil, g.Rows[:len(g.Prob)])
				if err != nil {
					t.Fatal(err)
				}
				near(t, "prob", p, g.Prob, 1e-7)
			}
		})
	}
}

func TestLogisticSparseGolden(t *testing.T) {
	var g logisticGolden
	testkit.Golden(t, "logistic.json", &g)
	rows := &predict.SparseRows{Cols: g.Sparse.Cols}
	for i, idx := range g.Sparse.Index {
		if err := rows.AddRow(idx, g.Sparse.Value[i]); err != nil {
			t.Fatal(err)
		}
	}
	y := bools(g.Sparse.Y)
	for _, c := range []struct {
		name      string
		o         predict.LogisticOptions
		coef      []float64
		intercept float64
	}{
		{"l2", predict.LogisticOptions{L2: 0.5}, g.Sparse.Coef, g.Sparse.Intercept},
		{"l1", predict.LogisticOptions{L1: 1, MaxIter: 3000}, g.Sparse.L1Coef, g.Sparse.L1Intercept},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := predict.FitLogisticSparse(context.Background(), rows, y, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if !m.Converged() {
				t.Errorf("not converged: %q after %d", m.Warnings(), m.Iterations())
			}
			near(t, "coef", values(m.Coefficients()), c.coef, 1e-6)
			testkit.Near(t, "intercept", m.Intercept().Value, c.intercept, 1e-6)
		})
	}
}

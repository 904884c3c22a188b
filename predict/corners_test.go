package predict_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/predict"
)

// TestLeaksRagged: a first row without columns is a shape like any other.
func TestLeaksRagged(t *testing.T) {
	y, moments := []bool{true, false}, []time.Time{at(1), at(2)}
	for name, c := range map[string]predict.LeakCheck[string]{
		"rows":    {Rows: [][]float64{{}, {1, 2}}, Y: y},
		"rebuilt": {Rows: [][]float64{{}, {}}, Rebuilt: [][]float64{{1}, {1}}},
		"known":   {At: moments, Known: [][]time.Time{{}, {at(1)}}},
	} {
		if _, err := predict.Leaks(context.Background(), c); !errors.Is(err, predict.ErrShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReliabilityTies: what a heavy tie leaves is cut as before, and not into bins of one row.
func TestReliabilityTies(t *testing.T) {
	p, y := make([]float64, 100), make([]bool, 100)
	for i := range p {
		if p[i] = .1; i >= 70 {
			p[i] = float64(i) / 100
		}
	}
	bins := promised(predict.Reliability(p, y, 10, 0))
	if len(bins) != 4 || bins[0].Rows != 70 || bins[1].Rows != 10 || bins[2].Rows != 10 || bins[3].Rows != 10 {
		t.Errorf("%+v", bins)
	}
}

// TestPoissonApart: rows of a kind that all count 0 have no optimum without a penalty, and the
// fit says so whatever MaxIter is.
func TestPoissonApart(t *testing.T) {
	ctx := context.Background()
	rows, y := [][]float64{{0, 1}, {0, 2}, {1, 1}, {1, 3}, {0, 3}}, []float64{2, 3, 0, 0, 1}
	for _, iterations := range []int{0, 20, 60, 500} {
		m := promised(predict.FitPoisson(ctx, rows, y, predict.PoissonOptions{MaxIter: iterations}))
		if m.Converged() || len(m.Warnings()) == 0 || m.Coefficients()[0].Value > -10 {
			t.Errorf("MaxIter %d: converged %v, %q, %+v", iterations, m.Converged(), m.Warnings(), m.Coefficients())
		}
	}
	if m := promised(predict.FitPoisson(ctx, rows, y, predict.PoissonOptions{L2: .01})); !m.Converged() || len(m.Warnings()) > 0 {
		t.Errorf("with a penalty: converged %v, %q", m.Converged(), m.Warnings())
	}
	y[2] = 1
	if m := promised(predict.FitPoisson(ctx, rows, y, predict.PoissonOptions{})); !m.Converged() || len(m.Warnings()) > 0 {
		t.Errorf("with one that counts: converged %v, %q", m.Converged(), m.Warnings())
	}
}

// TestChooseRowsDecimals: three times a tenth are three tenths.
func TestChooseRowsDecimals(t *testing.T) {
	c := predict.Capacity{Budget: .3, Cost: []float64{.1, .1, .1, .1}}
	if got := promised(predict.ChooseRows([]int{1, 2, 3, 4}, []float64{.4, .3, .2, .1}, c)); len(got.Rows) != 3 {
		t.Errorf("%+v", got)
	}
}

// TestPoissonFaint: exposures so small that they underflow, which the intercept makes up for.
func TestPoissonFaint(t *testing.T) {
	rows, count := [][]float64{{0}, {0}, {1}, {1}, {1}}, []float64{1, 2, 5, 3, 4}
	far, near := make([]float64, 5), make([]float64, 5)
	for i := range far {
		near[i] = .1 * float64(i)
		far[i] = near[i] - 900
	}
	a := promised(predict.FitPoisson(context.Background(), rows, count, predict.PoissonOptions{Offset: near}))
	b := promised(predict.FitPoisson(context.Background(), rows, count, predict.PoissonOptions{Offset: far}))
	if x, y := a.Coefficients()[0].Value, b.Coefficients()[0].Value; math.Abs(x-y) > 1e-9 || math.Abs(a.Intercept().Value+900-b.Intercept().Value) > 1e-9 || math.Abs(a.Objective()-b.Objective()) > 1e-9 {
		t.Errorf("coefficients %v and %v, intercepts %v and %v, objectives %v and %v", x, y, a.Intercept().Value, b.Intercept().Value, a.Objective(), b.Objective())
	}
}

// TestLevelsOfNone: levels of length 0, as JSON gives them, are none.
func TestLevelsOfNone(t *testing.T) {
	s, err := predict.NewSchema([]predict.Column{{Name: "a", Levels: []string{}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bind([]predict.Column{{Name: "a", Levels: []string{}}}); err != nil {
		t.Error(err)
	}
}

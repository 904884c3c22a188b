package predict_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// TestLinearHard: a polynomial of degree 5 on [4, 6], whose normal equations
// are close to singular: without refinement about 5 digits are lost.
func TestLinearHard(t *testing.T) {
	var rows [][]float64
	var y []float64
	for i := range 21 {
		v := float64(i)/10 + 4
		row := make([]float64, 5)
		target, p := 1.0, 1.0
		for j := range row {
			p *= v
			row[j] = p
			target += p
		}
		rows, y = append(rows, row), append(y, target)
	}
	m, err := predict.FitLinear(context.Background(), rows, y, predict.LinearOptions{})
	if err != nil || len(m.Warnings()) > 0 {
		t.Fatalf("%v %v", err, m.Warnings())
	}
	near(t, "coef", values(m.Coefficients()), []float64{1, 1, 1, 1, 1}, 1e-5)
}

func TestLinearDegenerate(t *testing.T) {
	rows := [][]float64{{1, 2, 5, 3}, {2, 4, 5, 1}, {3, 6, 5, 1}, {4, 8, 5, 0}}
	m, err := predict.FitLinear(context.Background(), rows, []float64{3, 5, 7, 9}, predict.LinearOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "coef", values(m.Coefficients()), []float64{2, 0, 0, 0}, 1e-10)
	testkit.Near(t, "intercept", m.Intercept().Value, 1, 1e-10)
	if w := strings.Join(m.Warnings(), ""); !strings.Contains(w, "x1, x2") {
		t.Errorf("warnings %q", w)
	}
	m, err = predict.FitLinear(context.Background(), [][]float64{{1, 2, 3}}, []float64{4}, predict.LinearOptions{L2: 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one row", values(m.Coefficients()), []float64{0, 0, 0}, 0)
	if !math.IsNaN(m.RSquared()) {
		t.Error("R² of a constant target")
	}
	if _, err := m.Predict(nil, [][]float64{{1}}); !errors.Is(err, predict.ErrShape) {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		rows [][]float64
		y    []float64
		o    predict.LinearOptions
		want error
	}{
		"empty":  {nil, nil, predict.LinearOptions{}, predict.ErrEmpty},
		"length": {rows, []float64{1}, predict.LinearOptions{}, predict.ErrShape},
		"NaN":    {rows, []float64{1, 2, math.NaN(), 3}, predict.LinearOptions{}, predict.ErrNotFinite},
		"L2":     {rows, []float64{1, 2, 3, 3}, predict.LinearOptions{L2: -1}, predict.ErrOption},
	} {
		if _, err := predict.FitLinear(context.Background(), c.rows, c.y, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("why")
	cancel(why)
	if _, err := predict.FitLinear(ctx, rows, []float64{3, 5, 7, 9}, predict.LinearOptions{}); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestLinearBytes(t *testing.T) {
	rows, labels := planted(5000, 6, 3)
	y := make([]float64, len(rows))
	for i, row := range rows {
		y[i] = row[0] - 2*row[3]
		if labels[i] {
			y[i]++
		}
	}
	fit := func(perm []int) []byte {
		m, err := predict.FitLinear(context.Background(), predict.Pick(rows, perm), predict.Pick(y, perm), predict.LinearOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := m.MarshalBinary()
		return b
	}
	testkit.AtGOMAXPROCS(t, func() []byte { return fit(seq(len(rows))) })
	if !bytes.Equal(fit(seq(len(rows))), fit(shuffled(1, len(rows)))) {
		t.Error("permuted rows give other bytes")
	}
}

package federated_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"github.com/aislekit/aisle/predict/federated"
)

// TestLogisticOffsets: large offsets, as those of a prior or of another model, give the model that package predict has.
func TestLogisticOffsets(t *testing.T) {
	ctx := context.Background()
	for _, offset := range []float64{-4, 3, 12} {
		rows := drawn(400, 3, 11)
		var x [][]float64
		var y []bool
		var offsets, weights []float64
		for i := range rows {
			rows[i].offset += offset
			x, y, offsets, weights = append(x, rows[i].x), append(y, rows[i].label == 1), append(offsets, rows[i].offset), append(weights, rows[i].weight)
		}
		m, err := federated.FitLogistic(ctx, names, asking(federated.Logistic, spread(rows, 4)), federated.Options{L2: 1})
		if err != nil {
			t.Errorf("offset %v: %v", offset, err)
			continue
		}
		want := get(predict.FitLogistic(ctx, x, y, predict.LogisticOptions{L2: 1, Weights: weights, Offset: offsets}))
		for j, c := range append(want.Coefficients(), want.Intercept()) {
			if got := append(m.Coefficients(), m.Intercept())[j]; !testkit.Close(got.Value, c.Value, 1e-7, 1e-7) || !m.Converged() {
				t.Errorf("offset %v: %v is %v, want %v", offset, got.Name, got.Value, c.Value)
			}
		}
	}
}

// TestBelowTheUnit: weights that are no multiples of the unit do not hide that there is one class, and rows that vanish in it are said.
func TestBelowTheUnit(t *testing.T) {
	ctx := context.Background()
	rows := drawn(50, 3, 2)
	for i := range rows {
		rows[i].label, rows[i].offset, rows[i].weight = 1, 0, .1
	}
	_, err := federated.FitLogistic(ctx, names, asking(federated.Logistic, [][]row{rows}), federated.Options{})
	if !errors.Is(err, federated.ErrUndefined) {
		t.Errorf("one class of weight .1: %v", err)
	}
	for i := range rows {
		rows[i].weight = 1e-30
	}
	_, err = federated.FitLogistic(ctx, names, asking(federated.Logistic, [][]row{rows}), federated.Options{})
	if !errors.Is(err, federated.ErrRange) {
		t.Errorf("weights of 1e-30: %v", err)
	}
}

// TestBayesKeepsNothing: columns that the caller changes afterwards are not those of the accumulator.
func TestBayesKeepsNothing(t *testing.T) {
	opt := bayesOptions()
	b := get(federated.NewBayes(opt))
	want := get(b.MarshalBinary())
	opt.Columns[3].Levels[0], opt.Columns[0].Name, opt.Priors[0] = "other", "other", .5
	if string(get(b.MarshalBinary())) != string(want) {
		t.Error("the frame has changed with the caller's options")
	}
}

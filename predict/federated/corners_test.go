package federated_test

import (
	"context"
	"errors"
	"strings"
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

// TestSeparated: without penalty, classes that a plane separates have no optimum, nor have counts that are all 0 on one side of it; a
// column that is there twice has.
func TestSeparated(t *testing.T) {
	ctx := context.Background()
	for _, gap := range []float64{0, 5, 30, 300} {
		rows := drawn(60, 3, 9)
		for i := range rows {
			side := float64(2*(i%2) - 1)
			rows[i].x[0] += gap * side
			rows[i].x[2] = rows[i].x[0] + rows[i].x[1]
			rows[i].label, rows[i].offset = float64(i%2), 0
			if gap == 0 {
				rows[i].label = float64(i / 2 % 2)
			}
		}
		for _, parties := range []int{1, 4} {
			m := get(federated.FitLogistic(ctx, names, asking(federated.Logistic, spread(rows, parties)), federated.Options{}))
			if m.Converged() != (gap == 0) || len(m.Warnings()) == 0 || (gap > 0) != strings.Contains(strings.Join(m.Warnings(), " "), "separated") {
				t.Errorf("gap %v: converged %v, warnings %q", gap, m.Converged(), m.Warnings())
			}
		}
		for i := range rows {
			rows[i].count = rows[i].label * float64(1+i%5)
			if gap > 0 { // rows of one kind all count 0; where the column varied within the other, there would be an optimum
				rows[i].x[0] = rows[i].label
			}
		}
		if m, err := federated.FitPoisson(ctx, names, asking(federated.Poisson, spread(rows, 4)), federated.Options{}); err == nil && m.Converged() != (gap == 0) {
			t.Errorf("counts, gap %v: converged %v, warnings %q", gap, m.Converged(), m.Warnings())
		}
	}
}

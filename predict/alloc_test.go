package predict_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/predict"
)

// TestAllocs: scoring into a slice with room and adding to an accumulator allocate
// nothing.
func TestAllocs(t *testing.T) {
	ctx := context.Background()
	rows, y := planted(200, 5, 1)
	target := make([]float64, len(rows))
	for i, row := range rows {
		target[i] = row[0] - row[1]
	}
	logistic, err := predict.FitLogistic(ctx, rows, y, predict.LogisticOptions{})
	if err != nil {
		t.Fatal(err)
	}
	linear, err := predict.FitLinear(ctx, rows, target, predict.LinearOptions{})
	if err != nil {
		t.Fatal(err)
	}
	isotonic, err := predict.FitIsotonic(target, y, nil)
	if err != nil {
		t.Fatal(err)
	}
	sigmoid, err := predict.FitSigmoid(target, y, nil)
	if err != nil {
		t.Fatal(err)
	}
	buckets, err := predict.NewIsotonicBuckets(-3, 3, 100)
	if err != nil {
		t.Fatal(err)
	}
	var gram predict.Gram
	if err := gram.Add(rows[0], target[0], 1); err != nil {
		t.Fatal(err)
	}
	sparse := compress(rows)
	dst := make([]float64, 0, len(rows))
	for name, f := range map[string]func() error{
		"Logistic.Score":       func() error { _, err := logistic.Score(dst, rows); return err },
		"Logistic.Prob":        func() error { _, err := logistic.Prob(dst, rows); return err },
		"Logistic.ScoreSparse": func() error { _, err := logistic.ScoreSparse(dst, sparse); return err },
		"Logistic.ProbSparse":  func() error { _, err := logistic.ProbSparse(dst, sparse); return err },
		"Linear.Predict":       func() error { _, err := linear.Predict(dst, rows); return err },
		"Sigmoid.Prob":         func() error { sigmoid.Prob(dst, target); return nil },
		"Isotonic.Prob":        func() error { isotonic.Prob(dst, target); return nil },
		"CorrectSampling":      func() error { _, err := predict.CorrectSampling(dst, []float64{0.1, 0.9}, 0.5); return err },
		"Gram.Add":             func() error { return gram.Add(rows[1], target[1], 2) },
		"IsotonicBuckets.Add":  func() error { return buckets.Add(target[2], y[2]) },
	} {
		if n := testing.AllocsPerRun(20, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

package predict_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// TestVennAbersProp: both probabilities are those of isotonic regression with the row added, and the order of rows does not matter.
func TestVennAbersProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "n")
		step := rapid.SampledFrom([]float64{.1, 1, 3}).Draw(t, "step") // ties
		var scores, weights []float64
		var y []bool
		for range n {
			scores = append(scores, step*math.Round(rapid.Float64Range(-3, 3).Draw(t, "score")/step))
			weights = append(weights, float64(rapid.IntRange(0, 3).Draw(t, "weight")))
			y = append(y, rapid.Bool().Draw(t, "y"))
		}
		weights[0] = 1
		v := promised(predict.FitVennAbers(scores, y, weights))
		for _, s := range append([]float64{-9, 9, .05}, scores...) {
			p0, p1 := v.Interval(s)
			for label, got := range []float64{p0, p1} {
				f := promised(predict.FitIsotonic(append(scores[:n:n], s), append(y[:n:n], label == 1), append(weights[:n:n], 1)))
				if want := f.At(s); math.Abs(got-want) > 1e-12 {
					t.Fatalf("at %v with label %d: %v, isotonic regression has %v", s, label, got, want)
				}
			}
		}
		perm := rapid.Permutation(indices(n)).Draw(t, "perm")
		again := promised(predict.FitVennAbers(predict.Pick(scores, perm), predict.Pick(y, perm), predict.Pick(weights, perm)))
		if string(promised(v.MarshalBinary())) != string(promised(again.MarshalBinary())) {
			t.Fatal("permuted rows give other bytes")
		}
	})
}

// TestVennAbersReliable: the probabilities of new rows are calibrated, whatever was done to the scores.
func TestVennAbersReliable(t *testing.T) {
	s := rng.New(5, 1, 0)
	draw := func(n int) (scores []float64, y []bool) {
		for range n {
			z := 2 * s.Normal()
			scores, y = append(scores, predict.Sigmoid(z*z*z+1)), append(y, s.Bool(predict.Sigmoid(z)))
		}
		return scores, y
	}
	scores, y := draw(4000)
	v := promised(predict.FitVennAbers(scores, y, nil))
	fresh, labels := draw(20000)
	bins := promised(predict.Reliability(v.Prob(nil, fresh), labels, 8, .95))
	for _, b := range bins {
		if d := math.Abs(b.Predicted - b.Observed); d > .05 {
			t.Errorf("predicted %.3f, observed %.3f of %d", b.Predicted, b.Observed, b.Rows)
		}
	}
}

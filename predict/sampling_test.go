package predict_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

func TestCorrectSampling(t *testing.T) {
	got, err := predict.CorrectSampling(nil, []float64{0.3, 0, 1}, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "q", got, []float64{0.0410959, 0, 1}, 1e-7)
	for _, c := range []struct{ p, keep float64 }{{0.5, 0}, {0.5, -1}, {0.5, 2}, {0.5, math.NaN()}, {1.5, 0.5}, {math.NaN(), 0.5}} {
		if _, err := predict.CorrectSampling(nil, []float64{c.p}, c.keep); !errors.Is(err, predict.ErrRange) {
			t.Errorf("%v: %v", c, err)
		}
	}
	// Fitting on all positives and a tenth of the negatives, then correcting,
	// recovers the rate of the whole.
	rows, y := planted(40000, 2, 7)
	var kept []int
	positive := 0
	for i := range rows {
		if y[i] {
			positive++
		}
		if y[i] || rng.Mix(uint64(i))%10 == 0 {
			kept = append(kept, i)
		}
	}
	m, err := predict.FitLogistic(context.Background(), predict.Pick(rows, kept), predict.Pick(y, kept), predict.LogisticOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := m.Prob(nil, rows)
	q, _ := predict.CorrectSampling(nil, p, 0.1)
	sum := 0.0
	for _, v := range q {
		sum += v
	}
	testkit.Near(t, "rate", sum/float64(len(q)), float64(positive)/float64(len(y)), 0.01)
}

package predict_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// TestIsotonicProp: the least squares monotone fit is characterised by the
// min-max formula f(i) = max over a<=i of min over b>=i of the mean of [a, b].
func TestIsotonicProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		x, y, w := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			x[i] = float64(i)
			y[i] = float64(rapid.IntRange(-5, 5).Draw(t, "y"))
			w[i] = float64(rapid.IntRange(1, 4).Draw(t, "w"))
		}
		perm := rapid.Permutation(seq(n)).Draw(t, "order")
		f, err := predict.FitIsotonicValues(predict.Pick(x, perm), predict.Pick(y, perm), predict.Pick(w, perm))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			best := math.Inf(-1)
			for a := 0; a <= i; a++ {
				low := math.Inf(1)
				for b := i; b < n; b++ {
					s, v := 0.0, 0.0
					for k := a; k <= b; k++ {
						s, v = s+w[k]*y[k], v+w[k]
					}
					low = math.Min(low, s/v)
				}
				best = math.Max(best, low)
			}
			if math.Abs(f.At(x[i])-best) > 1e-9 {
				t.Fatalf("f(%d) = %v, want %v", i, f.At(x[i]), best)
			}
		}
	})
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestIsotonicBucketsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 16
		shards := make([]*predict.IsotonicBuckets, 3)
		for i := range shards {
			shards[i], _ = predict.NewIsotonicBuckets(0, 1, n)
		}
		whole, _ := predict.NewIsotonicBuckets(0, 1, n)
		var scores []float64
		var y []bool
		for range rapid.IntRange(1, 60).Draw(t, "rows") {
			// Scores at midpoints: bucketing then loses nothing.
			b := rapid.IntRange(0, n-1).Draw(t, "bucket")
			s, v := (float64(b)+0.5)/n, rapid.Bool().Draw(t, "label")
			scores, y = append(scores, s), append(y, v)
			for _, a := range []*predict.IsotonicBuckets{whole, shards[rapid.IntRange(0, 2).Draw(t, "shard")]} {
				if err := a.Add(s, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")
		sum, _ := predict.NewIsotonicBuckets(0, 1, n)
		for _, i := range order {
			if err := sum.Merge(shards[i]); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := sum.MarshalBinary()
		b, _ := whole.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Fatal("merge differs from one pass")
		}
		var back predict.IsotonicBuckets
		if err := back.UnmarshalBinary(a); err != nil {
			t.Fatal(err)
		}
		f, err1 := back.Result()
		exact, err2 := predict.FitIsotonic(scores, y, nil)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, s := range scores {
			if math.Abs(f.At(s)-exact.At(s)) > 1e-12 {
				t.Fatalf("bucketed %v, exact %v", f.At(s), exact.At(s))
			}
		}
	})
	a, _ := predict.NewIsotonicBuckets(0, 1, 4)
	b, _ := predict.NewIsotonicBuckets(0, 1, 5)
	for name, err := range map[string]error{"itself": a.Merge(a), "other": a.Merge(b), "nil": a.Merge(nil)} {
		if !errors.Is(err, predict.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.Result(); !errors.Is(err, predict.ErrEmpty) {
		t.Error(err)
	}
	if err := a.Add(math.NaN(), true); !errors.Is(err, predict.ErrNotFinite) {
		t.Error(err)
	}
	for _, s := range []float64{math.Inf(-1), -5, 1, 7, math.Inf(1)} {
		if err := a.Add(s, true); err != nil {
			t.Error(err)
		}
	}
	if _, err := predict.NewIsotonicBuckets(1, 0, 0); !errors.Is(err, predict.ErrOption) {
		t.Error(err)
	}
}

func TestCalibrationBadInput(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		scores []float64
		y      []bool
		w      []float64
		want   error
		text   string
	}{
		{"empty", nil, nil, nil, predict.ErrEmpty, "scores"},
		{"length", []float64{1}, []bool{true, false}, nil, predict.ErrShape, "1 scores"},
		{"NaN", []float64{1, nan}, []bool{true, false}, nil, predict.ErrNotFinite, "scores of row 1"},
		{"huge", []float64{1e300, 1}, []bool{true, false}, nil, predict.ErrRange, "scores of row 0"},
		{"weights", []float64{1, 2}, []bool{true, false}, []float64{1}, predict.ErrShape, "weights"},
		{"negative weight", []float64{1, 2}, []bool{true, false}, []float64{1, -1}, nil, "weights[1]"},
		{"zero weights", []float64{1, 2}, []bool{true, false}, []float64{0, 0}, nil, "weights"},
	} {
		_, err1 := predict.FitSigmoid(c.scores, c.y, c.w)
		_, err2 := predict.FitIsotonic(c.scores, c.y, c.w)
		_, err3 := predict.BestThreshold(c.scores, c.y, c.w, predict.Costs{FalsePositive: 1, FalseNegative: 1})
		for i, err := range []error{err1, err2, err3} {
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s, %d: %v", c.name, i, err)
			}
		}
	}
	if _, err := predict.FitIsotonicValues([]float64{1}, []float64{nan}, nil); !errors.Is(err, predict.ErrNotFinite) {
		t.Error(err)
	}
}

package metrics

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"pgregory.net/rapid"
)

func TestRegressionMerge(t *testing.T) {
	testkit.Laws[*Regression]{
		Empty: func() *Regression { return &Regression{} },
		Add: func(t *rapid.T) func(*Regression) {
			y, f := rapid.Float64Range(-10, 10).Draw(t, "y"), rapid.Float64Range(-10, 10).Draw(t, "f")
			if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
				y = 0
			} else if math.Abs(y) < 1e-3 {
				y = 1e-3
			}
			return func(r *Regression) {
				if err := r.Add(y, f); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: func(a, b *Regression) error { return a.Merge(b) },
		Result: func(r *Regression) []float64 {
			x, _ := r.Result()
			if v, err := r.y.Squares(); err != nil || v < 1e-3 {
				x.R2 = 0 // a quotient of rounding errors
			}
			return testkit.Numbers(x.N, x.Zeros, x.MAE, x.RMSE, x.Bias, x.R2, x.MAPE, x.SMAPE, x.WAPE)
		},
		Tol: 1e-7,
	}.Check(t)
}

// Zero values work with default options, are the identity of Merge, and merging
// nil is an error.
func TestZeroValues(t *testing.T) {
	var b, b2 BinaryLoss
	var h, h2 ScoreHistogram
	full := ok[*ScoreHistogram](t)(NewScoreHistogram(0, 1, 2))
	for name, x := range map[string]struct{ got, want error }{
		"loss":             {b.Add(true, .5), nil},
		"loss merge":       {b.Merge(&b2), nil},
		"loss nil":         {b.Merge(nil), ErrMismatch},
		"histogram":        {h.Add(true, .5), ErrEmpty},
		"histogram bytes":  {second(h.MarshalBinary()), ErrEmpty},
		"histogram filled": {full.Add(true, .5), nil},
		"histogram merge":  {full.Merge(&h2), nil},
		"moments nil":      {(&Moments{}).Merge(nil), ErrMismatch},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
	must(t, b2.Merge(&b))
	must(t, h2.Merge(full))
	if res, err := b2.Result(); err != nil || res.N != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	if err := full.Add(true, 0.9); err != nil || h2.pos[1] != 1 {
		t.Errorf("the merged histogram shares memory: %v, %v", h2.pos, err)
	}
}

// LogLoss multiplies before it takes logarithms; the sum must not notice, not
// even for the least likely rows.
func TestLogLossExtremes(t *testing.T) {
	var y []bool
	var p []float64
	want := 0.0
	r := rng.New(4, 5, 6)
	for i := range 1000 {
		q := []float64{0, 1, 1e-300, 0.5, 1 - 1e-16, r.Float64()}[i%6]
		c := i%5 < 2
		y, p = append(y, c), append(p, q)
		l, _ := logLoss(c, q, 0x1p-52)
		want += l
	}
	got, clipped, err := LogLoss(y, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "log-loss", got, want/1000, 1e-12)
	_, weighted, _ := LogLoss(y, p, slices.Repeat([]float64{1}, 1000))
	if clipped != weighted || clipped == 0 {
		t.Errorf("clipped %d and %d", clipped, weighted)
	}
}

func ok[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func second[T any](_ T, err error) error { return err }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

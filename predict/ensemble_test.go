package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

func TestBag(t *testing.T) {
	ctx := context.Background()
	fit := func(_ context.Context, rows []int) ([]int, error) { return slices.Clone(rows), nil }
	models, out, err := predict.Bag(ctx, 200, predict.BagOptions{Models: 50, Seed: 3}, fit)
	if err != nil || len(models) != 50 || len(out) != 50 {
		t.Fatal(len(models), len(out), err)
	}
	left := 0
	for k, rows := range models {
		seen := map[int]bool{}
		for _, i := range rows {
			seen[i] = true
		}
		for _, i := range out[k] {
			if seen[i] {
				t.Fatalf("model %d has seen row %d", k, i)
			}
		}
		if len(rows) != 200 || len(seen)+len(out[k]) != 200 || !slices.IsSorted(rows) || !slices.IsSorted(out[k]) {
			t.Fatalf("model %d: %d rows, %d of them distinct, %d left out", k, len(rows), len(seen), len(out[k]))
		}
		left += len(out[k])
	}
	if share := float64(left) / 50 / 200; math.Abs(share-math.Exp(-1)) > .02 {
		t.Errorf("%.3f of the rows are left out, want 1/e", share)
	}
	again, _, err := predict.Bag(ctx, 200, predict.BagOptions{Models: 50, Seed: 3}, fit)
	if err != nil || !slices.EqualFunc(models, again, slices.Equal) {
		t.Error("the same seed draws other rows")
	}
	half, _, err := predict.Bag(ctx, 201, predict.BagOptions{Models: 1, Share: .5}, fit)
	if err != nil || len(half[0]) != 101 {
		t.Errorf("%d rows, %v", len(half[0]), err)
	}
	broken := errors.New("broken")
	for name, e := range map[string]struct {
		n   int
		opt predict.BagOptions
		fit func(context.Context, []int) ([]int, error)
		is  error
	}{
		"no rows":     {0, predict.BagOptions{}, fit, predict.ErrEmpty},
		"no function": {1, predict.BagOptions{}, nil, predict.ErrOption},
		"share":       {1, predict.BagOptions{Share: 2}, fit, predict.ErrOption},
		"models":      {1, predict.BagOptions{Models: -1}, fit, predict.ErrOption},
		"fit":         {1, predict.BagOptions{}, func(context.Context, []int) ([]int, error) { return nil, broken }, broken},
	} {
		if _, _, err := predict.Bag(ctx, e.n, e.opt, e.fit); !errors.Is(err, e.is) {
			t.Errorf("%s: %v, want %v", name, err, e.is)
		}
	}
}

func TestAverages(t *testing.T) {
	p := [][]float64{{.2, .5, .9}, {.4, .5, .1}}
	near(t, "mean", promised(predict.Average(nil, p, nil)), []float64{.3, .5, .5}, 1e-15)
	near(t, "weighted", promised(predict.Average(nil, p, []float64{3, 1})), []float64{.25, .5, .7}, 1e-15)
	near(t, "logits", promised(predict.AverageLogits(nil, p, nil)), []float64{1 / (1 + math.Sqrt(4*1.5)), .5, .5}, 1e-15)
	near(t, "certain", promised(predict.AverageLogits(nil, [][]float64{{1}, {0}}, nil)), []float64{.5}, 1e-12)
	near(t, "ranks", promised(predict.AverageRanks(nil, [][]float64{{-5, 100, 100, 3}}, nil)), []float64{.125, .75, .75, .375}, 1e-15)
	for name, e := range map[string]struct {
		p  [][]float64
		w  []float64
		is error
	}{
		"none":         {nil, nil, predict.ErrEmpty},
		"ragged":       {[][]float64{{.1}, {.1, .2}}, nil, predict.ErrShape},
		"NaN":          {[][]float64{{math.NaN()}}, nil, predict.ErrNotFinite},
		"weights of 0": {[][]float64{{1}}, []float64{0}, predict.ErrRange},
		"weights lack": {[][]float64{{1}, {1}}, []float64{1}, predict.ErrShape},
	} {
		for f, average := range []func(dst []float64, p [][]float64, w []float64) ([]float64, error){predict.Average, predict.AverageRanks, predict.AverageLogits} {
			if got, err := average([]float64{7}, e.p, e.w); !errors.Is(err, e.is) || len(got) != 1 {
				t.Errorf("%s, function %d: %v, %v, want %v", name, f, got, err, e.is)
			}
		}
	}
}

// TestFitStackProp: no weights on a fine grid of the simplex are better.
func TestFitStackProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 25).Draw(t, "n")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		p, y := make([][]float64, 3), make([]float64, n)
		for i := range y {
			y[i] = s.Normal()
		}
		for m := range p {
			p[m] = make([]float64, n)
			for i := range y {
				p[m][i] = y[i]*s.Float64() + float64(m)*s.Normal()
			}
		}
		if rapid.Bool().Draw(t, "equal") {
			p[2] = slices.Clone(p[0])
		}
		loss := func(w []float64) (sum float64) {
			for i, v := range y {
				e := w[0]*p[0][i] + w[1]*p[1][i] + w[2]*p[2][i] - v
				sum += e * e
			}
			return sum
		}
		w := promised(predict.FitStack(p, y))
		if total := w[0] + w[1] + w[2]; math.Abs(total-1) > 1e-12 || slices.Min(w) < 0 {
			t.Fatalf("weights %v", w)
		}
		for a := 0; a <= 40; a++ {
			for b := 0; a+b <= 40; b++ {
				other := []float64{float64(a) / 40, float64(b) / 40, float64(40-a-b) / 40}
				if loss(other) < loss(w)*(1-1e-9)-1e-9 {
					t.Fatalf("%v has loss %v, %v has %v", w, loss(w), other, loss(other))
				}
			}
		}
		perm := rapid.Permutation(indices(n)).Draw(t, "perm")
		if again := promised(predict.FitStack([][]float64{predict.Pick(p[0], perm), predict.Pick(p[1], perm), predict.Pick(p[2], perm)}, predict.Pick(y, perm))); !slices.Equal(w, again) {
			t.Fatalf("permuted rows: %v, %v", w, again)
		}
	})
	if _, err := predict.FitStack([][]float64{{1, 2}}, []float64{1}); !errors.Is(err, predict.ErrShape) {
		t.Errorf("%v", err)
	}
}

func ExampleBag() {
	rows, y := overlapping()
	models, out, err := predict.Bag(context.Background(), len(y), predict.BagOptions{Models: 10}, func(ctx context.Context, sample []int) (*predict.Logistic, error) {
		return predict.FitLogistic(ctx, predict.Pick(rows, sample), predict.Pick(y, sample), predict.LogisticOptions{})
	})
	if err != nil {
		panic(err)
	}
	var p [][]float64
	for _, m := range models {
		one, err := m.Prob(nil, rows[:1])
		if err != nil {
			panic(err)
		}
		p = append(p, one)
	}
	mean, err := predict.Average(nil, p, nil)
	fmt.Println(len(models), len(out) == len(models), mean[0] > 0 && mean[0] < 1, err)
	// Output:
	// 10 true true <nil>
}

func ExampleFitStack() {
	y := []float64{1, 0, 1, 1, 0, 0} // outcomes, and what three models said out of fold
	p := [][]float64{{.9, .2, .6, .7, .4, .1}, {.5, .5, .5, .5, .5, .5}, {.6, .1, .9, .8, .1, .4}}
	w, err := predict.FitStack(p, y)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f\n", w)
	for name, average := range map[string]func(dst []float64, p [][]float64, w []float64) ([]float64, error){"values": predict.Average, "logits": predict.AverageLogits, "ranks": predict.AverageRanks} {
		if _, err := average(nil, p, w); err != nil {
			panic(name)
		}
	}
	// Output:
	// [0.39 0.00 0.61]
}

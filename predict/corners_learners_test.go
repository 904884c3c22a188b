package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// TestHuberRSquared: R² is that of the weighted rows around their mean, however far from 0 that lies.
func TestHuberRSquared(t *testing.T) {
	s := rng.New(1, 2, 3)
	var rows [][]float64
	var y, weights []float64
	for range 60 {
		x := s.Normal()
		rows, y, weights = append(rows, []float64{x, s.Normal()}), append(y, 500+x+s.Normal()), append(weights, float64(1+s.Intn(3)))
	}
	m := promised(predict.FitLinear(context.Background(), rows, y, predict.LinearOptions{Huber: 1.35, Weights: weights}))
	var mean, mass, rss, tss float64
	for i, v := range y {
		mean, mass = mean+weights[i]*v, mass+weights[i]
	}
	for i, p := range promised(m.Predict(nil, rows)) {
		rss += weights[i] * (y[i] - p) * (y[i] - p)
		tss += weights[i] * (y[i] - mean/mass) * (y[i] - mean/mass)
	}
	testkit.Near(t, "R²", m.RSquared(), 1-rss/tss, 1e-9)
}

// TestHuberCorners: amounts that are all the same have a plane, columns that are constant a warning, and the scale of weights does not matter.
func TestHuberCorners(t *testing.T) {
	ctx := context.Background()
	s := rng.New(4, 2, 3)
	var rows [][]float64
	var y []float64
	for i := range 200 {
		x := s.Normal()
		rows, y = append(rows, []float64{x, 7, s.Normal()}), append(y, 3+2*x+s.Normal())
		if i%17 == 0 {
			y[i] += 50
		}
	}
	for _, same := range []float64{0, 7, -1e-200} {
		m, err := predict.FitLinear(ctx, rows, slices.Repeat([]float64{same}, len(rows)), predict.LinearOptions{Huber: 1.35})
		if err != nil {
			t.Errorf("y = %v: %v", same, err)
			continue
		}
		if got := append(valuesOf(m.Coefficients()), m.Intercept().Value); !slices.Equal(got, []float64{0, 0, 0, same}) || len(m.Warnings()) != 2 {
			t.Errorf("y = %v: %v, %q", same, got, m.Warnings())
		}
	}
	plain := promised(predict.FitLinear(ctx, rows, y, predict.LinearOptions{Huber: 1.35}))
	if w := plain.Warnings(); len(w) != 1 || !strings.Contains(w[0], "x1") {
		t.Errorf("a constant column: %q", w)
	}
	for _, w := range []float64{1e-20, 1e-6, 1e20} {
		m := promised(predict.FitLinear(ctx, rows, y, predict.LinearOptions{Huber: 1.35, Weights: slices.Repeat([]float64{w}, len(rows))}))
		near(t, fmt.Sprintf("weights of %g", w), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(valuesOf(plain.Coefficients()), plain.Intercept().Value), 1e-7)
		if len(m.Warnings()) != 1 {
			t.Errorf("weights of %g: %q", w, m.Warnings())
		}
	}
}

// TestNeighborsTies: rows as far as the last one share what is left, and neither their outcomes nor large weights nor distances next to 0 decide.
func TestNeighborsTies(t *testing.T) {
	ctx := context.Background()
	var rows [][]float64
	var amounts, labels []float64
	for i := range 100 {
		rows, amounts, labels = append(rows, []float64{1, float64(i / 50)}), append(amounts, float64(i)), append(labels, float64(i%2))
	}
	for _, distance := range []bool{false, true} {
		m := promised(predict.FitNeighbors(ctx, rows, amounts, predict.NeighborsOptions{Distance: distance}))
		near(t, "amounts", promised(m.Predict(nil, [][]float64{{1, 0}, {1, 1}, {1, .5}, {3, .5}})), []float64{24.5, 74.5, 49.5, 49.5}, 1e-12)
		c := promised(predict.FitNeighbors(ctx, rows, labels, predict.NeighborsOptions{Distance: distance, Classes: 2}))
		near(t, "classes", promised(c.Prob(nil, [][]float64{{1, 0}, {4, 1}})), []float64{.5, .5, .5, .5}, 1e-12)
	}
	heavy := promised(predict.FitNeighbors(ctx, [][]float64{{-100}, {0}}, []float64{0, 1}, predict.NeighborsOptions{K: 15000, Classes: 2, Weights: []float64{1e20, 1e4}}))
	near(t, "a heavy row", promised(heavy.Prob(nil, [][]float64{{0}})), []float64{1. / 3, 2. / 3}, 1e-12)
	tiny := promised(predict.FitNeighbors(ctx, [][]float64{{0}, {1}}, []float64{1, 0}, predict.NeighborsOptions{Classes: 2, Distance: true, Manhattan: true}))
	near(t, "next to a row", promised(tiny.Prob(nil, [][]float64{{5e-324}})), []float64{0, 1}, 1e-12)
	far := promised(predict.FitNeighbors(ctx, [][]float64{{0}, {1e-10}}, []float64{1, 0}, predict.NeighborsOptions{Classes: 2, Distance: true, Standardize: true}))
	near(t, "beyond float64", promised(far.Prob(nil, [][]float64{{1e150}})), []float64{.5, .5}, 1e-12)
}

// TestNaiveBayesUnchanged: what is refused leaves no trace, in the first row either.
func TestNaiveBayesUnchanged(t *testing.T) {
	opt := predict.NaiveBayesOptions{Classes: 2}
	b, fresh := promised(predict.NewNaiveBayes(opt)), promised(predict.NewNaiveBayes(opt))
	if err := b.Add([]float64{1, math.NaN()}, 0, 1); !errors.Is(err, predict.ErrNotFinite) {
		t.Error(err)
	}
	if err := b.Add([]float64{1, 2}, 0, 0); err != nil {
		t.Error(err)
	}
	opt.Counts = []int{0}
	counts, other := promised(predict.NewNaiveBayes(opt)), promised(predict.NewNaiveBayes(predict.NaiveBayesOptions{Classes: 2}))
	empty := promised(counts.MarshalBinary())
	if err := other.Add([]float64{1}, 0, 1); err != nil {
		t.Error(err)
	}
	if err := counts.Merge(other); !errors.Is(err, predict.ErrMismatch) {
		t.Error(err)
	}
	if string(promised(b.MarshalBinary())) != string(promised(fresh.MarshalBinary())) || string(promised(counts.MarshalBinary())) != string(empty) {
		t.Error("what was refused has changed it")
	}
}

// TestColumnsBound: learners that need the products of all columns refuse more of them than there is memory for.
func TestColumnsBound(t *testing.T) {
	ctx, rows, y := context.Background(), [][]float64{make([]float64, 1<<14+1), make([]float64, 1<<14+1)}, []float64{1, 2}
	for name, fit := range map[string]func() error{
		"linear":  func() error { _, err := predict.FitLinear(ctx, rows, y, predict.LinearOptions{}); return err },
		"lasso":   func() error { _, err := predict.FitLinear(ctx, rows, y, predict.LinearOptions{L1: 1}); return err },
		"poisson": func() error { _, err := predict.FitPoisson(ctx, rows, y, predict.PoissonOptions{}); return err },
		"svm": func() error {
			_, err := predict.FitSVM(ctx, rows, []bool{true, false}, predict.SVMOptions{})
			return err
		},
	} {
		if err := fit(); !errors.Is(err, predict.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNaiveBayesBounds: one code does not ask for more memory than there is, and counts beyond float64 are said.
func TestNaiveBayesBounds(t *testing.T) {
	b := promised(predict.NewNaiveBayes(predict.NaiveBayesOptions{Classes: 65536, Columns: []predict.Column{{Name: "id", Kind: predict.Categorical}}}))
	if err := b.Add([]float64{1<<20 - 1}, 0, 1); !errors.Is(err, predict.ErrTooLarge) {
		t.Error(err)
	}
	c := promised(predict.NewNaiveBayes(predict.NaiveBayesOptions{Classes: 2, Counts: []int{0, 1}}))
	for y := range 2 {
		if err := c.Add([]float64{1e150, 1e150}, y, 1e150); err != nil {
			t.Fatal(err)
		}
	}
	for range 40 { // up to where no column doubles any more
		if err := c.Merge(promised(cloned(c))); err != nil {
			break
		}
	}
	if _, err := c.Result(); !errors.Is(err, predict.ErrOverflow) {
		t.Error(err)
	}
}

func cloned(b *predict.NaiveBayes) (*predict.NaiveBayes, error) {
	c := new(predict.NaiveBayes)
	return c, c.UnmarshalBinary(promised(b.MarshalBinary()))
}

// TestPredictMemory: labels of many classes cost no more memory than the answer.
func TestPredictMemory(t *testing.T) {
	ctx := context.Background()
	const classes, n = 200, 2000
	rows, y, label := make([][]float64, n), make([]float64, n), make([]int, n)
	for i := range rows {
		rows[i], y[i], label[i] = []float64{float64(i % classes), float64(i / classes)}, float64(i%classes), i%classes
	}
	bayes := promised(predict.FitNaiveBayes(ctx, rows, label, predict.NaiveBayesOptions{}))
	near := promised(predict.FitNeighbors(ctx, rows, y, predict.NeighborsOptions{K: 1, Classes: classes}))
	for name, f := range map[string]func() int{
		"naive Bayes": func() int { return len(promised(bayes.Predict(nil, rows))) },
		"neighbours":  func() int { return len(promised(near.Predict(nil, rows))) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := f()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; got != n || used > 8*n*classes/4 {
			t.Errorf("%s: %d labels of %d bytes", name, got, used)
		}
	}
}

// TestPriceExactInstrument: costs that explain prices to the last digit have a frame.
func TestPriceExactInstrument(t *testing.T) {
	rows, _ := market{products: 4, weeks: 8, elasticity: -2, noise: .3}.rows(1)
	for i := range rows {
		rows[i].Price = float64(int(1) << (i * 7 % 5))
		rows[i].Cost = rows[i].Price
	}
	m := promised(predict.PriceElasticity(context.Background(), rows, predict.PriceOptions[int]{}))
	e := promised(m.Elasticity("0"))
	if !(e.FirstStage > 1e6) {
		t.Errorf("F %v", e.FirstStage)
	}
	var back predict.PriceModel[int]
	if err := back.UnmarshalBinary(promised(m.MarshalBinary())); err != nil {
		t.Errorf("F %v: %v", e.FirstStage, err)
	}
}

package predict_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// modelsGolden is testdata/models.json.
type modelsGolden struct {
	Rows                             [][]float64
	Weights, Amount, Count, Exposure []float64
	Label                            []int
	SVM                              []struct {
		C, Bias, Intercept, Objective float64
		Weighted                      bool
		Classes, Coef                 []float64
	}
	Poisson []struct {
		Weighted, Offset bool
		Coef, StdErr     []float64
		Intercept, L2    float64
	}
	Elastic []struct {
		L1, L2, Intercept     float64
		Weighted, NoIntercept bool
		Coef                  []float64
	}
}

func valuesOf(cs []predict.Coefficient) (out []float64) {
	for _, c := range cs {
		out = append(out, c.Value)
	}
	return out
}

// TestSVMGolden: coefficients and objective are those of liblinear, by LinearSVC.
func TestSVMGolden(t *testing.T) {
	var g modelsGolden
	testkit.Golden(t, "models.json", &g)
	for k, c := range g.SVM {
		opt := predict.SVMOptions{C: c.C, Bias: c.Bias, NoIntercept: c.Bias == 0}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		if c.Classes != nil {
			opt.ClassWeights = [2]float64{c.Classes[0], c.Classes[1]}
		}
		m, err := predict.FitSVM(context.Background(), g.Rows, bools(g.Label), opt)
		if err != nil || !m.Converged() {
			t.Fatal(k, err)
		}
		near(t, fmt.Sprintf("SVM %d", k), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(c.Coef, c.Intercept), 1e-6)
		if m.Objective() > c.Objective*(1+1e-9) || m.Objective() < c.Objective*(1-1e-6) {
			t.Errorf("SVM %d: objective %v, liblinear %v", k, m.Objective(), c.Objective)
		}
	}
}

func TestPoissonGolden(t *testing.T) {
	var g modelsGolden
	testkit.Golden(t, "models.json", &g)
	logs := make([]float64, len(g.Exposure))
	for i, e := range g.Exposure {
		logs[i] = math.Log(e)
	}
	for k, c := range g.Poisson {
		opt := predict.PoissonOptions{L2: c.L2, StdErrors: c.StdErr != nil}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		if c.Offset {
			opt.Offset = logs
		}
		m, err := predict.FitPoisson(context.Background(), g.Rows, g.Count, opt)
		if err != nil || !m.Converged() {
			t.Fatal(k, err)
		}
		near(t, fmt.Sprintf("Poisson %d", k), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(c.Coef, c.Intercept), 1e-6)
		if c.StdErr != nil {
			var se []float64
			for _, x := range append(m.Coefficients(), m.Intercept()) {
				se = append(se, x.StdErr)
			}
			near(t, fmt.Sprintf("Poisson %d: errors", k), se, c.StdErr, 1e-6)
		}
	}
}

func TestElasticNetGolden(t *testing.T) {
	var g modelsGolden
	testkit.Golden(t, "models.json", &g)
	for k, c := range g.Elastic {
		opt := predict.LinearOptions{L1: c.L1, L2: c.L2, NoIntercept: c.NoIntercept}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		m, err := predict.FitLinear(context.Background(), g.Rows, g.Amount, opt)
		if err != nil {
			t.Fatal(k, err)
		}
		near(t, fmt.Sprintf("elastic net %d", k), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(c.Coef, c.Intercept), 1e-6)
	}
}

// drawn are rows, labels, weights in small whole numbers and counts.
func drawn(s *rng.Stream, n, d int) (rows [][]float64, y []bool, weights, count []float64) {
	for i := range n {
		row := make([]float64, d)
		for j := range row {
			row[j] = s.Normal() * float64(1+3*j)
		}
		v := s.Normal()+row[0] > 0
		if i < 2 {
			v = i == 0
		}
		rows, y, weights, count = append(rows, row), append(y, v), append(weights, float64(1+s.Intn(3))), append(count, float64(s.Poisson(math.Exp(.5*row[0]))))
	}
	return rows, y, weights, count
}

// TestReweightedProp: weights are repeated rows, permuted rows are the same bytes, and the
// gradient is 0 where the fit ends.
func TestReweightedProp(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(8, 30).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "d")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		rows, y, weights, count := drawn(s, n, d)
		count[0]++
		c := rapid.SampledFrom([]float64{.01, 1, 50}).Draw(t, "C")
		svm := promised(predict.FitSVM(ctx, rows, y, predict.SVMOptions{C: c, Weights: weights}))
		poisson := promised(predict.FitPoisson(ctx, rows, count, predict.PoissonOptions{L2: 1, Weights: weights}))
		var rr [][]float64
		var ry []bool
		var rc []float64
		for i := range rows {
			for range int(weights[i]) {
				rr, ry, rc = append(rr, rows[i]), append(ry, y[i]), append(rc, count[i])
			}
		}
		for name, pair := range map[string][2][]float64{
			"SVM":     {valuesOf(svm.Coefficients()), valuesOf(promised(predict.FitSVM(ctx, rr, ry, predict.SVMOptions{C: c})).Coefficients())},
			"Poisson": {valuesOf(poisson.Coefficients()), valuesOf(promised(predict.FitPoisson(ctx, rr, rc, predict.PoissonOptions{L2: 1})).Coefficients())},
		} {
			for j, v := range pair[0] {
				if math.Abs(v-pair[1][j]) > 1e-6*(1+math.Abs(v)) {
					t.Fatalf("%s: weights give %v, repeated rows %v", name, pair[0], pair[1])
				}
			}
		}
		perm := rapid.Permutation(indices(n)).Draw(t, "perm")
		again := promised(predict.FitSVM(ctx, predict.Pick(rows, perm), predict.Pick(y, perm), predict.SVMOptions{C: c, Weights: predict.Pick(weights, perm)}))
		other := promised(predict.FitPoisson(ctx, predict.Pick(rows, perm), predict.Pick(count, perm), predict.PoissonOptions{L2: 1, Weights: predict.Pick(weights, perm), Workers: 3}))
		if !slices.Equal(promised(svm.MarshalBinary()), promised(again.MarshalBinary())) || !slices.Equal(promised(poisson.MarshalBinary()), promised(other.MarshalBinary())) {
			t.Fatal("permuted rows give other bytes")
		}
		w, b := valuesOf(svm.Coefficients()), svm.Intercept().Value
		grad := append(slices.Clone(w), b)
		mean := promised(poisson.Predict(nil, rows))
		slope := slices.Clone(append(valuesOf(poisson.Coefficients()), 0))
		size := 1.0
		for i, row := range rows {
			z := -1.0
			if y[i] {
				z = 1
			}
			margin := b
			for j, v := range row {
				margin += w[j] * v
			}
			e := 2 * c * weights[i] * z * math.Max(0, 1-z*margin)
			for j, v := range append(slices.Clone(row), 1) {
				grad[j] -= e * v
				slope[j] += weights[i] * (mean[i] - count[i]) * v
				size = math.Max(size, math.Abs(e*v))
			}
		}
		for j := range grad {
			if math.Abs(grad[j]) > 1e-7*size*float64(n) || math.Abs(slope[j]) > 1e-5*float64(n) {
				t.Fatalf("gradients %v and %v", grad, slope)
			}
		}
	})
}

// TestElasticNetProp: the conditions of the minimum hold, coordinate by coordinate, and a Gram
// merged of parts has it too.
func TestElasticNetProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(3, 30).Draw(t, "n"), rapid.IntRange(1, 6).Draw(t, "d")
		s := rng.New(rapid.Uint64().Draw(t, "seed"), 1, 0)
		rows, y := make([][]float64, n), make([]float64, n)
		for i := range rows {
			rows[i] = make([]float64, d)
			for j := range rows[i] {
				rows[i][j] = s.Normal() + float64(j%2)*rows[i][0]
			}
			y[i] = rows[i][0] + s.Normal()
		}
		opt := predict.LinearOptions{L1: rapid.SampledFrom([]float64{.1, 2, 20, 1e4}).Draw(t, "L1"), L2: rapid.SampledFrom([]float64{0, .5}).Draw(t, "L2")}
		m := promised(predict.FitLinear(context.Background(), rows, y, opt))
		w, fitted := valuesOf(m.Coefficients()), promised(m.Predict(nil, rows))
		for j := range d {
			slope := 2 * opt.L2 * w[j]
			for i := range rows {
				slope -= 2 * rows[i][j] * (y[i] - fitted[i])
			}
			ok := math.Abs(slope) <= opt.L1*(1+1e-7)+1e-7
			if w[j] != 0 {
				ok = math.Abs(slope+math.Copysign(opt.L1, w[j])) <= 1e-6*(1+opt.L1)
			}
			if !ok {
				t.Fatalf("coefficients %v, L1 %v: slope %v of column %d", w, opt.L1, slope, j)
			}
		}
		var parts [2]predict.Gram
		for i := range rows {
			if err := parts[i%2].Add(rows[i], y[i], 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := parts[0].Merge(&parts[1]); err != nil {
			t.Fatal(err)
		}
		for j, v := range valuesOf(promised(parts[0].Fit(opt)).Coefficients()) {
			if math.Abs(v-w[j]) > 1e-7*(1+math.Abs(v)) {
				t.Fatalf("merged: %v, want %v", v, w[j])
			}
		}
	})
}

func TestReweightedRefuses(t *testing.T) {
	ctx := context.Background()
	rows := [][]float64{{1, 2}, {3, 4}, {5, 1}}
	y, count := []bool{true, false, true}, []float64{0, 2, 1}
	svm := func(rows [][]float64, y []bool, opt predict.SVMOptions) func() error {
		return func() error { _, err := predict.FitSVM(ctx, rows, y, opt); return err }
	}
	poisson := func(y []float64, opt predict.PoissonOptions) func() error {
		return func() error { _, err := predict.FitPoisson(ctx, rows, y, opt); return err }
	}
	for name, c := range map[string]struct {
		do func() error
		is error
	}{
		"SVM: one class":          {svm(rows, []bool{true, true, true}, predict.SVMOptions{}), predict.ErrUndefined},
		"SVM: no rows":            {svm(nil, nil, predict.SVMOptions{}), predict.ErrEmpty},
		"SVM: a value of NaN":     {svm([][]float64{{1}, {math.NaN()}}, y[:2], predict.SVMOptions{}), predict.ErrNotFinite},
		"SVM: C":                  {svm(rows, y, predict.SVMOptions{C: -1}), predict.ErrOption},
		"SVM: names":              {svm(rows, y, predict.SVMOptions{Names: []string{"a", "a"}}), predict.ErrDuplicate},
		"SVM: weights":            {svm(rows, y, predict.SVMOptions{Weights: []float64{1, -1, 1}}), predict.ErrRange},
		"Poisson: a count of -1":  {poisson([]float64{0, -1, 2}, predict.PoissonOptions{}), predict.ErrRange},
		"Poisson: counts of 0":    {poisson([]float64{0, 0, 0}, predict.PoissonOptions{}), predict.ErrUndefined},
		"Poisson: a count of NaN": {poisson([]float64{0, math.NaN(), 2}, predict.PoissonOptions{}), predict.ErrNotFinite},
		"Poisson: offset":         {poisson(count, predict.PoissonOptions{Offset: []float64{1}}), predict.ErrShape},
		"Poisson: L2":             {poisson(count, predict.PoissonOptions{L2: -1}), predict.ErrOption},
		"linear: L1":              {func() error { _, err := predict.FitLinear(ctx, rows, count, predict.LinearOptions{L1: -1}); return err }, predict.ErrOption},
	} {
		if err := c.do(); !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
	}
}

// Two kinds of linear model beside the logistic: a support vector machine whose scores are
// calibrated on rows it has not seen, and a Poisson regression of counts.
func ExampleFitSVM() {
	ctx := context.Background()
	rows, y := overlapping()
	folds, err := predict.StratifiedKFold(indices(len(y)), y, 5, 1)
	if err != nil {
		panic(err)
	}
	fit := func(ctx context.Context, train []int) (*predict.SVM, error) {
		return predict.FitSVM(ctx, predict.Pick(rows, train), predict.Pick(y, train), predict.SVMOptions{C: .1})
	}
	scores, err := predict.CrossPredict(ctx, len(y), folds, fit, func(dst []float64, m *predict.SVM, test []int) ([]float64, error) {
		return m.Score(dst, predict.Pick(rows, test))
	})
	if err != nil {
		panic(err)
	}
	calibrator, err := predict.FitSigmoid(scores, y, nil)
	if err != nil {
		panic(err)
	}
	m, err := fit(ctx, indices(len(y)))
	if err != nil {
		panic(err)
	}
	score, err := m.Score(nil, rows[:1])
	if err != nil {
		panic(err)
	}
	p := calibrator.Prob(nil, score)[0]
	fmt.Println(m.Converged(), p > .2 && p < .8)
	// Output:
	// true true
}

func ExampleFitPoisson() {
	rows := [][]float64{{0}, {0}, {1}, {1}, {1}}
	orders := []float64{1, 2, 5, 3, 4}
	days := []float64{30, 60, 30, 30, 30} // that each customer was observed
	opt := predict.PoissonOptions{Names: []string{"newsletter"}}
	for _, d := range days {
		opt.Offset = append(opt.Offset, math.Log(d/30))
	}
	var m *predict.Poisson
	m, err := predict.FitPoisson(context.Background(), rows, orders, opt)
	if err != nil {
		panic(err)
	}
	mean, err := m.Predict(nil, [][]float64{{0}, {1}})
	fmt.Printf("%.1f orders in 30 days, %v\n", mean, err)
	// Output:
	// [1.0 4.0] orders in 30 days, <nil>
}

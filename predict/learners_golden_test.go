package predict_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
)

// learnersGolden is testdata/learners.json.
type learnersGolden struct {
	Rows, Counts, Flags, Codes [][]float64
	Weights, Amount            []float64
	Label                      []int
	Multinomial                []struct {
		L1, L2                          float64
		Weighted, Balanced, NoIntercept bool
		Classes, Intercept              []float64
		Coef, Prob                      [][]float64
	}
	Huber []struct {
		Epsilon, L2, Intercept, Scale float64
		Weighted, NoIntercept         bool
		Coef                          []float64
	}
	Bayes []struct {
		Kind             string
		Weighted         bool
		Alpha, Smoothing float64
		Priors           []float64
		Prob, Joint      [][]float64
	}
	Neighbours []struct {
		K, P     int
		Distance bool
		Prob     [][]float64
		Value    []float64
	}
	VennAbers struct {
		Scores, Fresh, P, P0, P1 []float64
		Truth                    []int
	}
}

func TestMultinomialGolden(t *testing.T) {
	var g learnersGolden
	testkit.Golden(t, "learners.json", &g)
	for k, c := range g.Multinomial {
		opt := predict.MultinomialOptions{L1: c.L1, L2: c.L2, ClassWeights: c.Classes, Balanced: c.Balanced, NoIntercept: c.NoIntercept}
		if c.L1 > 0 && c.L2 == 0 {
			opt.L2 = -1
		}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		m, err := predict.FitMultinomial(context.Background(), g.Rows, g.Label, opt)
		if err != nil || !m.Converged() {
			t.Fatal(k, err, m.Warnings())
		}
		var got, want []float64
		for class, coef := range c.Coef {
			got = append(append(got, valuesOf(m.Coefficients(class))...), m.Intercept(class).Value)
			want = append(append(want, coef...), c.Intercept[class])
		}
		near(t, fmt.Sprintf("multinomial %d", k), got, want, 1e-6)
		p, err := m.Prob(nil, g.Rows[:5])
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("multinomial %d: probabilities", k), p, flat(c.Prob), 1e-6)
	}
}

func flat(rows [][]float64) (out []float64) {
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func TestHuberGolden(t *testing.T) {
	var g learnersGolden
	testkit.Golden(t, "learners.json", &g)
	for k, c := range g.Huber {
		opt := predict.LinearOptions{Huber: c.Epsilon, L2: c.L2, NoIntercept: c.NoIntercept}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		iterations := 0
		opt.Progress = func(p predict.Progress) { iterations = p.Iteration }
		m, err := predict.FitLinear(context.Background(), g.Rows, g.Amount, opt)
		if err != nil || len(m.Warnings()) > 0 {
			t.Fatal(k, err, m.Warnings())
		}
		near(t, fmt.Sprintf("Huber %d", k), append(valuesOf(m.Coefficients()), m.Intercept().Value), append(c.Coef, c.Intercept), 1e-6)
		if iterations == 0 || iterations > 60 {
			t.Errorf("Huber %d: %d iterations", k, iterations)
		}
		if r := m.RSquared(); !(r > -1 && r < 1) || math.IsNaN(r) {
			t.Errorf("Huber %d: R² %v", k, r)
		}
	}
}

func TestNaiveBayesGolden(t *testing.T) {
	var g learnersGolden
	testkit.Golden(t, "learners.json", &g)
	for k, c := range g.Bayes {
		opt := predict.NaiveBayesOptions{Alpha: c.Alpha, Smoothing: c.Smoothing, Priors: c.Priors}
		rows := g.Rows
		switch c.Kind {
		case "gaussian":
			if c.Smoothing == 0 {
				opt.Smoothing = -1
			}
		case "multinomial":
			rows, opt.Counts = g.Counts, indices(5)
		case "bernoulli":
			rows, opt.Binary = g.Flags, indices(5)
		case "categorical":
			rows = g.Codes
			opt.Columns = []predict.Column{
				{Name: "a", Kind: predict.Categorical, Levels: []string{"x", "y", "z"}}, {Name: "b", Kind: predict.Categorical, Levels: []string{"p", "q", "r", "s", "t"}},
			}
		}
		if c.Weighted {
			opt.Weights = g.Weights
		}
		m, err := predict.FitNaiveBayes(context.Background(), rows, g.Label, opt)
		if err != nil {
			t.Fatal(k, err)
		}
		near(t, fmt.Sprintf("naive Bayes %d, %s", k, c.Kind), promised(m.Prob(nil, rows)), flat(c.Prob), 1e-10)
		near(t, fmt.Sprintf("naive Bayes %d, %s: joint", k, c.Kind), promised(m.Score(nil, rows[:4])), flat(c.Joint), 1e-10)
	}
}

func TestVennAbersGolden(t *testing.T) {
	var g learnersGolden
	testkit.Golden(t, "learners.json", &g)
	c := g.VennAbers
	v, err := predict.FitVennAbers(c.Scores, bools(c.Truth), nil)
	if err != nil {
		t.Fatal(err)
	}
	var p0, p1 []float64
	for _, s := range c.Fresh {
		a, b := v.Interval(s)
		p0, p1 = append(p0, a), append(p1, b)
	}
	near(t, "p0", p0, c.P0, 1e-9)
	near(t, "p1", p1, c.P1, 1e-9)
	near(t, "p", v.Prob(nil, c.Fresh), c.P, 1e-9)
}

func TestNeighborsGolden(t *testing.T) {
	var g learnersGolden
	testkit.Golden(t, "learners.json", &g)
	var label []float64
	for _, c := range g.Label {
		label = append(label, float64(c))
	}
	var query [][]float64
	for _, r := range g.Rows[:20] {
		q := make([]float64, len(r))
		for j, v := range r {
			q[j] = v + .01
		}
		query = append(query, q)
	}
	for k, c := range g.Neighbours {
		opt := predict.NeighborsOptions{K: c.K, Distance: c.Distance, Manhattan: c.P == 1}
		amounts := promised(predict.FitNeighbors(context.Background(), g.Rows, g.Amount, opt))
		near(t, fmt.Sprintf("neighbours %d: amounts", k), promised(amounts.Predict(nil, query)), c.Value, 1e-9)
		opt.Classes = 3
		labels := promised(predict.FitNeighbors(context.Background(), g.Rows, label, opt))
		near(t, fmt.Sprintf("neighbours %d: classes", k), promised(labels.Prob(nil, query)), flat(c.Prob), 1e-9)
	}
}

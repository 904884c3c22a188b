package mcda

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/testkit"
)

// Numbers of the classic examples; more of them, and goldens, in metrics/decision.
func TestReference(t *testing.T) {
	h, err := AnalyticHierarchy([][]float64{{1, 3, 5}, {1. / 3, 1, 3}, {1. / 5, 1. / 3, 1}})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "λ", h.Lambda, 3.0385, 5e-5)
	testkit.Near(t, "consistency ratio", h.Consistency, .0332, 5e-5)
	w, err := Entropy([][]float64{{1, 1}, {3, 1}}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "weight of what differs", w[0], 1, 0)
	s, err := TOPSIS([][]float64{{3, 4}, {4, 3}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "neither is better", s[0], .5, 1e-15)
}

// Judgements that go round in a circle have complex eigenvalues nearly as large as λ.
func TestCircularJudgements(t *testing.T) {
	for _, m := range []float64{9, 1e3, 1e9} {
		a := [][]float64{{1, m, 2 / m}, {1 / m, 1, m}, {m / 2, 1 / m, 1}}
		h, err := AnalyticHierarchy(a)
		if err != nil {
			t.Fatal(m, err)
		}
		for i, row := range a {
			got := row[0]*h.Weights[0] + row[1]*h.Weights[1] + row[2]*h.Weights[2]
			testkit.Near(t, "A·w over λ·w", got/h.Lambda/h.Weights[i], 1, 1e-12)
		}
	}
}

// Ranks do not depend on the scale of the weights, nor results on the order of rows.
func TestScaleAndOrderProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(2, 6).Draw(t, "alternatives"), rapid.IntRange(1, 5).Draw(t, "criteria")
		x := make([][]float64, n)
		for i := range x {
			x[i] = rapid.SliceOfN(rapid.Float64Range(1, 100), d, d).Draw(t, "row")
		}
		w := rapid.SliceOfN(rapid.Float64Range(.1, 9), d, d).Draw(t, "weights")
		lower := rapid.SliceOfN(rapid.Bool(), d, d).Draw(t, "lower")
		large := make([]float64, d)
		for j := range w {
			large[j] = 1000 * w[j]
		}
		turned := append(append([][]float64{}, x[1:]...), x[0])
		for name, f := range map[string]func(x [][]float64, w []float64) ([]float64, error){
			"TOPSIS":       func(x [][]float64, w []float64) ([]float64, error) { return TOPSIS(x, w, lower) },
			"GreyRelation": func(x [][]float64, w []float64) ([]float64, error) { return GreyRelation(x, w, lower, 0) },
		} {
			a, err := f(x, w)
			if errors.Is(err, check.ErrUndefined) {
				continue
			}
			b, err2 := f(x, large)
			c, err3 := f(turned, w)
			if err != nil || err2 != nil || err3 != nil {
				t.Fatalf("%s: %v %v %v", name, err, err2, err3)
			}
			for i := range a {
				if !testkit.Close(a[i], b[i], 1e-12, 1e-12) || !testkit.Close(a[i], c[(i+n-1)%n], 1e-12, 1e-12) {
					t.Fatalf("%s: %v, of larger weights %v, turned %v", name, a, b, c)
				}
			}
		}
	})
}

func TestBadInput(t *testing.T) {
	x := [][]float64{{1, 2}, {3, 4}}
	for name, c := range map[string]struct{ got, want error }{
		"no criteria":       {second(AnalyticHierarchy(nil)), check.ErrEmpty},
		"not reciprocal":    {second(AnalyticHierarchy([][]float64{{1, 2}, {2, 1}})), check.ErrRange},
		"ragged":            {second(TOPSIS([][]float64{{1, 2}, {3}}, nil, nil)), check.ErrShape},
		"a negative weight": {second(TOPSIS(x, []float64{1, -1}, nil)), check.ErrRange},
		"no weight":         {second(TOPSIS(x, []float64{0, 0}, nil)), check.ErrRange},
		"not a number":      {second(CRITIC([][]float64{{1, math.NaN()}, {2, 3}}, nil)), check.ErrNotFinite},
		"nothing differs":   {second(Entropy([][]float64{{1, 2}, {1, 2}}, nil, false)), check.ErrUndefined},
		"share beyond 1":    {second(Combine([]float64{1}, []float64{1}, 2)), check.ErrRange},
		"nothing in common": {second(Multiply([]float64{1, 0}, []float64{0, 1})), check.ErrUndefined},
		"rho":               {second(GreyRelation(x, nil, nil, 2)), check.ErrOption},
		"scaling":           {second(GreyDrivers([]float64{1}, [][]float64{{1}}, 9, 0)), check.ErrOption},
		"operator":          {second(Fuzzy([][]float64{{1}}, nil, 9)), check.ErrOption},
		"no whole":          {second(Fuzzy([][]float64{{.5, .4}}, nil, Weighted)), check.ErrRange},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The smallest numbers have no halves and the largest no difference.
func TestPart(t *testing.T) {
	tiny, huge := math.SmallestNonzeroFloat64, math.MaxFloat64
	for _, c := range []struct{ x, from, to, want float64 }{
		{0, 0, tiny, 0}, {tiny, 0, tiny, 1}, {tiny, tiny, 0, 0}, {0, -huge, huge, .5}, {huge, huge, -huge, 0}, {-huge, huge, -huge, 1}, {3, 1, 5, .5},
	} {
		testkit.Near(t, "part", Part(c.x, c.from, c.to), c.want, 0)
	}
	columns, _, err := ScaleColumns([][]float64{{0}, {tiny}}, []bool{true})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "best", columns[0][0], 1, 0)
}

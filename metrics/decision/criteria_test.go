package decision_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics/decision"
	"pgregory.net/rapid"
)

func near(t testing.TB, name string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", name, got, want)
	}
	for i := range got {
		testkit.Near(t, name, got[i], want[i], tol)
	}
}

// drinks are Saaty's judgements of what is drunk how much in the United States:
// coffee, wine, tea, beer, soda, milk, water.
var drinks = [][]float64{
	{1, 9, 5, 2, 1, 1, 1. / 2},
	{1. / 9, 1, 1. / 3, 1. / 9, 1. / 9, 1. / 9, 1. / 9},
	{1. / 5, 3, 1, 1. / 3, 1. / 4, 1. / 3, 1. / 9},
	{1. / 2, 9, 3, 1, 1. / 2, 1, 1. / 3},
	{1, 9, 4, 2, 1, 2, 1. / 2},
	{1, 9, 3, 1, 1. / 2, 1, 1. / 3},
	{2, 9, 9, 3, 2, 3, 1},
}

// The numbers of the project's definitions.
func TestDecisionReference(t *testing.T) {
	a, err := decision.AnalyticHierarchy(drinks)
	must(t, err)
	near(t, "AHP", a.Weights, []float64{.1775, .0191, .0418, .1164, .1896, .1288, .3268}, 5.1e-5)
	testkit.Near(t, "lambda", a.Lambda, 7.176629, 5e-7)
	testkit.Near(t, "CR", a.Consistency, .0223, 5e-5)
	x, low := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}, []bool{false, false, true}
	e, err := decision.EntropyWeights(x, low, decision.EntropyMinMax)
	must(t, err)
	near(t, "entropy", e, []float64{.228444, .543112, .228444}, 5e-7)
	s, err := decision.TOPSIS(x, []float64{.4, .3, .3}, low)
	must(t, err)
	near(t, "TOPSIS", s, []float64{.336296, .421877, .578123}, 5e-7)
	g, err := decision.GreyRelation(x, nil, low, 0)
	must(t, err)
	near(t, "grey, equal", g, []float64{.444444, .555556, .777778}, 5e-7)
	g, err = decision.GreyRelation(x, []float64{.4, .3, .3}, low, 0.5)
	must(t, err)
	near(t, "grey, weighted", g, []float64{.45, .533333, .8}, 5e-7)
}

func TestDecisionGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			X                      [][]float64
			Low                    []bool
			W, Critic, TOPSIS, GRA []float64
			EntropyShare           []float64 `json:"entropy_share"`
		}
		AHP []struct {
			M  [][]float64
			W  []float64
			CR float64
		}
		Effect               []float64
		Factors, Memberships [][]float64
		Drivers              map[string][]float64
		Weights              []float64
		Fuzzy                [][]float64
	}
	testkit.Golden(t, "decision.json", &g)
	for _, c := range g.Cases {
		w, err := decision.CRITIC(c.X, c.Low)
		must(t, err)
		near(t, "CRITIC", w, c.Critic, 1e-8) // pyDecision adds 1e-10 to divisors
		w, err = decision.EntropyWeights(c.X, nil, decision.EntropyShare)
		must(t, err)
		near(t, "entropy", w, c.EntropyShare, 2e-6) // and 1e-9 here
		s, err := decision.TOPSIS(c.X, c.W, c.Low)
		must(t, err)
		near(t, "TOPSIS", s, c.TOPSIS, 1e-12)
		s, err = decision.GreyRelation(c.X, c.W, c.Low, 0)
		must(t, err)
		near(t, "grey", s, c.GRA, 1e-12)
	}
	for _, c := range g.AHP {
		a, err := decision.AnalyticHierarchy(c.M)
		must(t, err)
		near(t, "AHP", a.Weights, c.W, 1e-12)
		testkit.Near(t, "CR", a.Consistency, c.CR, 1e-11)
		if (len(a.Warnings) > 0) != (c.CR > .1) {
			t.Errorf("CR %v: %v", c.CR, a.Warnings)
		}
	}
	for name, s := range map[string]decision.GreyScaling{"initial": decision.GreyInitial, "mean": decision.GreyMean, "none": decision.GreyNone} {
		d, err := decision.GreyDrivers(g.Effect, g.Factors, s, .4)
		must(t, err)
		near(t, "drivers, "+name, d, g.Drivers[name], 1e-13)
	}
	for op, want := range g.Fuzzy {
		b, err := decision.FuzzyEvaluate(g.Memberships, g.Weights, decision.FuzzyOperator(op))
		must(t, err)
		near(t, "fuzzy", b, want, 1e-13)
	}
}

func TestDecisionEdges(t *testing.T) {
	// Judgements in two decimals are reciprocal enough.
	if _, err := decision.AnalyticHierarchy([][]float64{{1, 3}, {.33, 1}}); err != nil {
		t.Error(err)
	}
	one, err := decision.AnalyticHierarchy([][]float64{{1}})
	must(t, err)
	near(t, "one criterion", one.Weights, []float64{1}, 0)
	// All alternatives equal: grade 1, as Δmax is 0.
	x := [][]float64{{1, 2}, {1, 2}}
	g, err := decision.GreyRelation(x, nil, nil, 0)
	must(t, err)
	near(t, "equal", g, []float64{1, 1}, 0)
	d, err := decision.GreyDrivers([]float64{2, 4}, [][]float64{{1, 2}}, decision.GreyInitial, 0)
	must(t, err)
	near(t, "same course", d, []float64{1}, 0)
	// A constant criterion says nothing.
	w, err := decision.EntropyWeights([][]float64{{-1, 5}, {3, 5}, {4, 5}}, nil, decision.EntropyMinMax)
	must(t, err)
	near(t, "constant column", w, []float64{1, 0}, 0)
	w, err = decision.CRITIC([][]float64{{-1, 5, 3}, {3, 5, 2}, {4, 5, 9}}, nil)
	must(t, err)
	if w[1] != 0 || w[0] <= 0 {
		t.Error(w)
	}
	w, err = decision.CombineWeights([]float64{2, 2}, []float64{9, 1}, .25)
	must(t, err)
	near(t, "combined", w, []float64{.8, .2}, 1e-15)
	w, err = decision.MultiplyWeights([]float64{2, 2}, []float64{9, 1})
	must(t, err)
	near(t, "multiplied", w, []float64{.9, .1}, 1e-15)
	// Extreme magnitudes.
	s, err := decision.TOPSIS([][]float64{{1e300, 1}, {-1e300, 2}}, nil, nil)
	must(t, err)
	if !(s[0] > 0 && s[0] < 1) {
		t.Error(s)
	}
	g, err = decision.GreyRelation([][]float64{{math.MaxFloat64}, {-math.MaxFloat64}, {0}}, nil, nil, 0)
	must(t, err)
	near(t, "extreme", g, []float64{1, 1. / 3, .5}, 1e-15)
}

func TestDecisionBadInput(t *testing.T) {
	good := [][]float64{{1, 2}, {3, 1}}
	ragged := [][]float64{{1, 2}, {3}}
	for name, x := range map[string]struct{ got, want error }{
		"AHP empty":           {second(decision.AnalyticHierarchy(nil)), decision.ErrEmpty},
		"AHP not square":      {second(decision.AnalyticHierarchy(ragged)), decision.ErrShape},
		"AHP not reciprocal":  {second(decision.AnalyticHierarchy([][]float64{{1, 2}, {2, 1}})), decision.ErrRange},
		"AHP off by rounding": {second(decision.AnalyticHierarchy([][]float64{{1, 9}, {.2, 1}})), decision.ErrRange},
		"AHP diagonal":        {second(decision.AnalyticHierarchy([][]float64{{2, 1}, {1, 1}})), decision.ErrRange},
		"AHP zero":            {second(decision.AnalyticHierarchy([][]float64{{1, 0}, {2, 1}})), decision.ErrRange},
		"AHP negative":        {second(decision.AnalyticHierarchy([][]float64{{1, -2}, {-.5, 1}})), decision.ErrRange},
		"AHP NaN":             {second(decision.AnalyticHierarchy([][]float64{{1, math.NaN()}, {1, 1}})), decision.ErrRange},
		"entropy single":      {second(decision.EntropyWeights(good[:1], nil, decision.EntropyMinMax)), decision.ErrUndefined},
		"entropy constant":    {second(decision.EntropyWeights([][]float64{{1}, {1}}, nil, decision.EntropyMinMax)), decision.ErrUndefined},
		"entropy negative":    {second(decision.EntropyWeights([][]float64{{-1}, {1}}, nil, decision.EntropyShare)), decision.ErrRange},
		"entropy zeros":       {second(decision.EntropyWeights([][]float64{{0}, {0}}, nil, decision.EntropyShare)), decision.ErrRange},
		"entropy kind":        {second(decision.EntropyWeights(good, nil, 9)), decision.ErrOption},
		"ragged":              {second(decision.EntropyWeights(ragged, nil, decision.EntropyMinMax)), decision.ErrShape},
		"CRITIC single":       {second(decision.CRITIC(good[:1], nil)), decision.ErrUndefined},
		"CRITIC agree":        {second(decision.CRITIC([][]float64{{1, 2}, {2, 3}}, nil)), decision.ErrUndefined},
		"CRITIC NaN":          {second(decision.CRITIC([][]float64{{1, math.NaN()}}, nil)), decision.ErrNotFinite},
		"TOPSIS empty":        {second(decision.TOPSIS(nil, nil, nil)), decision.ErrEmpty},
		"TOPSIS zero column":  {second(decision.TOPSIS([][]float64{{0}, {0}}, nil, nil)), decision.ErrRange},
		"TOPSIS single":       {second(decision.TOPSIS(good[:1], nil, nil)), decision.ErrUndefined},
		"TOPSIS weights":      {second(decision.TOPSIS(good, []float64{1}, nil)), decision.ErrShape},
		"TOPSIS negative":     {second(decision.TOPSIS(good, []float64{1, -1}, nil)), decision.ErrRange},
		"TOPSIS directions":   {second(decision.TOPSIS(good, nil, []bool{true})), decision.ErrShape},
		"grey rho":            {second(decision.GreyRelation(good, nil, nil, 2)), decision.ErrOption},
		"grey rho NaN":        {second(decision.GreyRelation(good, nil, nil, math.NaN())), decision.ErrOption},
		"drivers empty":       {second(decision.GreyDrivers(nil, nil, decision.GreyMean, 0)), decision.ErrEmpty},
		"drivers length":      {second(decision.GreyDrivers([]float64{1, 2}, ragged, decision.GreyMean, 0)), decision.ErrShape},
		"drivers zero":        {second(decision.GreyDrivers([]float64{0, 2}, good, decision.GreyInitial, 0)), decision.ErrUndefined},
		"drivers Inf":         {second(decision.GreyDrivers([]float64{math.Inf(1), 2}, good, decision.GreyInitial, 0)), decision.ErrNotFinite},
		"drivers scaling":     {second(decision.GreyDrivers([]float64{1, 2}, good, 9, 0)), decision.ErrOption},
		"fuzzy sum":           {second(decision.FuzzyEvaluate([][]float64{{.5, .6}}, nil, decision.FuzzyWeighted)), decision.ErrRange},
		"fuzzy negative":      {second(decision.FuzzyEvaluate([][]float64{{-.5, 1.5}}, nil, decision.FuzzyWeighted)), decision.ErrRange},
		"fuzzy operator":      {second(decision.FuzzyEvaluate([][]float64{{1}}, nil, 9)), decision.ErrOption},
		"fuzzy weights":       {second(decision.FuzzyEvaluate([][]float64{{1}}, []float64{0}, decision.FuzzyWeighted)), decision.ErrRange},
		"combine lengths":     {second(decision.CombineWeights([]float64{1}, []float64{1, 2}, .5)), decision.ErrShape},
		"combine nil":         {second(decision.CombineWeights([]float64{1}, nil, .5)), decision.ErrShape},
		"combine share":       {second(decision.CombineWeights([]float64{1}, []float64{1}, 1.5)), decision.ErrRange},
		"multiply disjoint":   {second(decision.MultiplyWeights([]float64{1, 0}, []float64{0, 1})), decision.ErrUndefined},
		"multiply empty":      {second(decision.MultiplyWeights(nil, nil)), decision.ErrEmpty},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", name, x.got, x.want)
		}
	}
}

// Scores ignore the scale of columns and follow the order of rows; a dominating
// alternative is never behind.
func TestDecisionProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(2, 6).Draw(t, "n"), rapid.IntRange(1, 4).Draw(t, "d")
		x := make([][]float64, n)
		for i := range x {
			x[i] = rapid.SliceOfN(rapid.Float64Range(1, 100), d, d).Draw(t, "row")
		}
		low := rapid.SliceOfN(rapid.Bool(), d, d).Draw(t, "low")
		for j := range d { // the first row dominates
			for i := range n {
				if low[j] {
					x[0][j] = min(x[0][j], x[i][j])
				} else {
					x[0][j] = max(x[0][j], x[i][j])
				}
			}
		}
		y := make([][]float64, n)
		for i := range y {
			for j, v := range x[n-1-i] {
				y[i] = append(y[i], v*float64(1+j*37))
			}
		}
		for name, f := range map[string]func(x [][]float64) ([]float64, error){
			"TOPSIS": func(x [][]float64) ([]float64, error) { return decision.TOPSIS(x, nil, low) },
			"grey":   func(x [][]float64) ([]float64, error) { return decision.GreyRelation(x, nil, low, 0) },
		} {
			a, err := f(x)
			b, err2 := f(y)
			if (err == nil) != (err2 == nil) {
				t.Fatal(name, err, err2)
			}
			if err != nil {
				continue
			}
			for i := range a {
				if !(a[i] >= 0 && a[i] <= 1+1e-12) || a[i] > a[0]+1e-9 {
					t.Fatalf("%s: %v", name, a)
				}
				if math.Abs(a[i]-b[n-1-i]) > 1e-6 {
					t.Fatalf("%s: %v and, scaled and reversed, %v", name, a, b)
				}
			}
		}
		if w, err := decision.EntropyWeights(x, low, decision.EntropyMinMax); err == nil {
			var sum float64
			for _, v := range w {
				sum += v
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Fatal(w)
			}
		}
	})
}

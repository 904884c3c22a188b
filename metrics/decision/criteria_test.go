package decision

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
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
	a, err := AnalyticHierarchy(drinks)
	must(t, err)
	near(t, "AHP", a.Weights, []float64{.1775, .0191, .0418, .1164, .1896, .1288, .3268}, 5.1e-5)
	testkit.Near(t, "lambda", a.Lambda, 7.176629, 5e-7)
	testkit.Near(t, "CR", a.Consistency, .0223, 5e-5)
	x, low := [][]float64{{250, 16, 12}, {200, 16, 8}, {300, 32, 16}}, []bool{false, false, true}
	e, err := EntropyWeights(x, low, EntropyMinMax)
	must(t, err)
	near(t, "entropy", e, []float64{.228444, .543112, .228444}, 5e-7)
	s, err := TOPSIS(x, []float64{.4, .3, .3}, low)
	must(t, err)
	near(t, "TOPSIS", s, []float64{.336296, .421877, .578123}, 5e-7)
	g, err := GreyRelation(x, nil, low, 0)
	must(t, err)
	near(t, "grey, equal", g, []float64{.444444, .555556, .777778}, 5e-7)
	g, err = GreyRelation(x, []float64{.4, .3, .3}, low, 0.5)
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
		w, err := CRITIC(c.X, c.Low)
		must(t, err)
		near(t, "CRITIC", w, c.Critic, 1e-8) // pyDecision adds 1e-10 to divisors
		w, err = EntropyWeights(c.X, nil, EntropyShare)
		must(t, err)
		near(t, "entropy", w, c.EntropyShare, 2e-6) // and 1e-9 here
		s, err := TOPSIS(c.X, c.W, c.Low)
		must(t, err)
		near(t, "TOPSIS", s, c.TOPSIS, 1e-12)
		s, err = GreyRelation(c.X, c.W, c.Low, 0)
		must(t, err)
		near(t, "grey", s, c.GRA, 1e-12)
	}
	for _, c := range g.AHP {
		a, err := AnalyticHierarchy(c.M)
		must(t, err)
		near(t, "AHP", a.Weights, c.W, 1e-12)
		testkit.Near(t, "CR", a.Consistency, c.CR, 1e-11)
		if (len(a.Warnings) > 0) != (c.CR > .1) {
			t.Errorf("CR %v: %v", c.CR, a.Warnings)
		}
	}
	for name, s := range map[string]GreyScaling{"initial": GreyInitial, "mean": GreyMean, "none": GreyNone} {
		d, err := GreyDrivers(g.Effect, g.Factors, s, .4)
		must(t, err)
		near(t, "drivers, "+name, d, g.Drivers[name], 1e-13)
	}
	for op, want := range g.Fuzzy {
		b, err := FuzzyEvaluate(g.Memberships, g.Weights, FuzzyOperator(op))
		must(t, err)
		near(t, "fuzzy", b, want, 1e-13)
	}
}

func TestDecisionEdges(t *testing.T) {
	// Judgements in two decimals are reciprocal enough.
	if _, err := AnalyticHierarchy([][]float64{{1, 3}, {.33, 1}}); err != nil {
		t.Error(err)
	}
	one, err := AnalyticHierarchy([][]float64{{1}})
	must(t, err)
	near(t, "one criterion", one.Weights, []float64{1}, 0)
	// All alternatives equal: grade 1, as Δmax is 0.
	x := [][]float64{{1, 2}, {1, 2}}
	g, err := GreyRelation(x, nil, nil, 0)
	must(t, err)
	near(t, "equal", g, []float64{1, 1}, 0)
	d, err := GreyDrivers([]float64{2, 4}, [][]float64{{1, 2}}, GreyInitial, 0)
	must(t, err)
	near(t, "same course", d, []float64{1}, 0)
	// A constant criterion says nothing.
	w, err := EntropyWeights([][]float64{{-1, 5}, {3, 5}, {4, 5}}, nil, EntropyMinMax)
	must(t, err)
	near(t, "constant column", w, []float64{1, 0}, 0)
	w, err = CRITIC([][]float64{{-1, 5, 3}, {3, 5, 2}, {4, 5, 9}}, nil)
	must(t, err)
	if w[1] != 0 || w[0] <= 0 {
		t.Error(w)
	}
	w, err = CombineWeights([]float64{2, 2}, []float64{9, 1}, .25)
	must(t, err)
	near(t, "combined", w, []float64{.8, .2}, 1e-15)
	w, err = MultiplyWeights([]float64{2, 2}, []float64{9, 1})
	must(t, err)
	near(t, "multiplied", w, []float64{.9, .1}, 1e-15)
	// Extreme magnitudes.
	s, err := TOPSIS([][]float64{{1e300, 1}, {-1e300, 2}}, nil, nil)
	must(t, err)
	if !(s[0] > 0 && s[0] < 1) {
		t.Error(s)
	}
	g, err = GreyRelation([][]float64{{math.MaxFloat64}, {-math.MaxFloat64}, {0}}, nil, nil, 0)
	must(t, err)
	near(t, "extreme", g, []float64{1, 1. / 3, .5}, 1e-15)
}

func TestDecisionBadInput(t *testing.T) {
	good := [][]float64{{1, 2}, {3, 1}}
	ragged := [][]float64{{1, 2}, {3}}
	for name, x := range map[string]struct{ got, want error }{
		"AHP empty":           {second(AnalyticHierarchy(nil)), ErrEmpty},
		"AHP not square":      {second(AnalyticHierarchy(ragged)), ErrShape},
		"AHP not reciprocal":  {second(AnalyticHierarchy([][]float64{{1, 2}, {2, 1}})), ErrRange},
		"AHP off by rounding": {second(AnalyticHierarchy([][]float64{{1, 9}, {.2, 1}})), ErrRange},
		"AHP diagonal":        {second(AnalyticHierarchy([][]float64{{2, 1}, {1, 1}})), ErrRange},
		"AHP zero":            {second(AnalyticHierarchy([][]float64{{1, 0}, {2, 1}})), ErrRange},
		"AHP negative":        {second(AnalyticHierarchy([][]float64{{1, -2}, {-.5, 1}})), ErrRange},
		"AHP NaN":             {second(AnalyticHierarchy([][]float64{{1, math.NaN()}, {1, 1}})), ErrRange},
		"entropy single":      {second(EntropyWeights(good[:1], nil, EntropyMinMax)), ErrUndefined},
		"entropy constant":    {second(EntropyWeights([][]float64{{1}, {1}}, nil, EntropyMinMax)), ErrUndefined},
		"entropy negative":    {second(EntropyWeights([][]float64{{-1}, {1}}, nil, EntropyShare)), ErrRange},
		"entropy zeros":       {second(EntropyWeights([][]float64{{0}, {0}}, nil, EntropyShare)), ErrRange},
		"entropy kind":        {second(EntropyWeights(good, nil, 9)), ErrOption},
		"ragged":              {second(EntropyWeights(ragged, nil, EntropyMinMax)), ErrShape},
		"CRITIC single":       {second(CRITIC(good[:1], nil)), ErrUndefined},
		"CRITIC agree":        {second(CRITIC([][]float64{{1, 2}, {2, 3}}, nil)), ErrUndefined},
		"CRITIC NaN":          {second(CRITIC([][]float64{{1, math.NaN()}}, nil)), ErrNotFinite},
		"TOPSIS empty":        {second(TOPSIS(nil, nil, nil)), ErrEmpty},
		"TOPSIS zero column":  {second(TOPSIS([][]float64{{0}, {0}}, nil, nil)), ErrRange},
		"TOPSIS single":       {second(TOPSIS(good[:1], nil, nil)), ErrUndefined},
		"TOPSIS weights":      {second(TOPSIS(good, []float64{1}, nil)), ErrShape},
		"TOPSIS negative":     {second(TOPSIS(good, []float64{1, -1}, nil)), ErrRange},
		"TOPSIS directions":   {second(TOPSIS(good, nil, []bool{true})), ErrShape},
		"grey rho":            {second(GreyRelation(good, nil, nil, 2)), ErrOption},
		"grey rho NaN":        {second(GreyRelation(good, nil, nil, math.NaN())), ErrOption},
		"drivers empty":       {second(GreyDrivers(nil, nil, GreyMean, 0)), ErrEmpty},
		"drivers length":      {second(GreyDrivers([]float64{1, 2}, ragged, GreyMean, 0)), ErrShape},
		"drivers zero":        {second(GreyDrivers([]float64{0, 2}, good, GreyInitial, 0)), ErrUndefined},
		"drivers Inf":         {second(GreyDrivers([]float64{math.Inf(1), 2}, good, GreyInitial, 0)), ErrNotFinite},
		"drivers scaling":     {second(GreyDrivers([]float64{1, 2}, good, 9, 0)), ErrOption},
		"fuzzy sum":           {second(FuzzyEvaluate([][]float64{{.5, .6}}, nil, FuzzyWeighted)), ErrRange},
		"fuzzy negative":      {second(FuzzyEvaluate([][]float64{{-.5, 1.5}}, nil, FuzzyWeighted)), ErrRange},
		"fuzzy operator":      {second(FuzzyEvaluate([][]float64{{1}}, nil, 9)), ErrOption},
		"fuzzy weights":       {second(FuzzyEvaluate([][]float64{{1}}, []float64{0}, FuzzyWeighted)), ErrRange},
		"combine lengths":     {second(CombineWeights([]float64{1}, []float64{1, 2}, .5)), ErrShape},
		"combine nil":         {second(CombineWeights([]float64{1}, nil, .5)), ErrShape},
		"combine share":       {second(CombineWeights([]float64{1}, []float64{1}, 1.5)), ErrRange},
		"multiply disjoint":   {second(MultiplyWeights([]float64{1, 0}, []float64{0, 1})), ErrUndefined},
		"multiply empty":      {second(MultiplyWeights(nil, nil)), ErrEmpty},
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
			"TOPSIS": func(x [][]float64) ([]float64, error) { return TOPSIS(x, nil, low) },
			"grey":   func(x [][]float64) ([]float64, error) { return GreyRelation(x, nil, low, 0) },
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
		if w, err := EntropyWeights(x, low, EntropyMinMax); err == nil {
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

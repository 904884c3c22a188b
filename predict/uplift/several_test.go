package uplift_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// threeArms are n customers with three arms, given by a probability that the columns say; the second treatment does much.
func threeArms(n int, seed uint64) (d uplift.Data, effect [][2]float64) {
	r := rng.New(seed, 3, 0)
	for range n {
		x := []float64{r.Normal(), r.Normal()}
		w := []float64{1, math.Exp(x[0]), math.Exp(-x[1])}
		sum := w[0] + w[1] + w[2]
		u, arm := r.Float64()*sum, 0
		for ; arm < 2 && u > w[arm]; arm++ {
			u -= w[arm]
		}
		tau := [2]float64{.5 + x[1], 8 + 4*x[0]}
		y := 2*x[0] + r.Normal()
		if arm > 0 {
			y += tau[arm-1]
		}
		d.Rows, d.Treatment, d.Outcome = append(d.Rows, x), append(d.Treatment, arm), append(d.Outcome, y)
		d.Propensities = append(d.Propensities, w[0]/sum, w[1]/sum, w[2]/sum)
		effect = append(effect, tau)
	}
	return d, effect
}

// TestJointR: effects of several treatments that are linear are those of one regression of what is left of the outcome on what is left of all
// treatments, each times the basis.
func TestJointR(t *testing.T) {
	d, _ := threeArms(300, 11)
	const l2, folds = .5, 4
	for i := range d.Rows {
		d.Folds = append(d.Folds, i%folds)
		d.Weights = append(d.Weights, 1+float64(i%3))
	}
	got := get(get(uplift.FitR(bg, d, ridge(l2, squares), uplift.Options{MaxIter: 1000, Tol: 1e-14})).Effects(bg, nil, d.Rows))
	m := make([]float64, len(d.Rows))
	for f := range folds {
		var rows [][]float64
		var y, w []float64
		for i := range d.Rows {
			if d.Folds[i] != f {
				rows, y, w = append(rows, d.Rows[i]), append(y, d.Outcome[i]), append(w, d.Weights[i])
			}
		}
		p := get(ridge(l2, squares)(bg, rows, y, w))
		for i := range d.Rows {
			if d.Folds[i] == f {
				m[i] = get(p(nil, d.Rows[i:i+1]))[0]
			}
		}
	}
	width := 2 * len(squares(d.Rows[0]))
	a := make([][]float64, width)
	for i := range a {
		a[i] = make([]float64, width+1)
		a[i][i] = l2
	}
	design := func(i int) (out []float64) {
		for arm := 1; arm < 3; arm++ {
			left := -d.Propensities[3*i+arm]
			if d.Treatment[i] == arm {
				left++
			}
			for _, b := range squares(d.Rows[i]) {
				out = append(out, left*b)
			}
		}
		return out
	}
	for i := range d.Rows {
		z := design(i)
		for p := range width {
			for q := range width {
				a[p][q] += d.Weights[i] * z[p] * z[q]
			}
			a[p][width] += d.Weights[i] * z[p] * (d.Outcome[i] - m[i])
		}
	}
	coef := solved(a)
	for i, row := range d.Rows {
		for arm := range 2 {
			want := 0.0
			for p, b := range squares(row) {
				want += b * coef[arm*width/2+p]
			}
			testkit.Near(t, "effect", got[2*i+arm], want, 1e-8*max(1, math.Abs(want)))
		}
	}
}

// TestOrthogonalR: on a population, cell by cell, what is wrong with the outcome and with propensities moves effects by the product
// of both only: an error of twice the size by four times as much.
func TestOrthogonalR(t *testing.T) {
	var d uplift.Data
	truth := []float64{}
	for x := range 4 {
		z := float64(x)
		e := []float64{.5 - .08*z, .2 + .1*z, .3 - .02*z}
		for arm, p := range e {
			y := z*z + []float64{0, 1 + z, 9 - 3*z}[arm]
			d.Rows, d.Treatment, d.Outcome, d.Weights = append(d.Rows, []float64{z}), append(d.Treatment, arm), append(d.Outcome, y), append(d.Weights, p)
		}
		truth = append(truth, z*z+e[1]*(1+z)+e[2]*(9-3*z))
	}
	off := func(size float64) (worst float64) {
		c := d
		for x := range 4 {
			z := float64(x)
			e := []float64{.5 - .08*z, .2 + .1*z + size, .3 - .02*z - size*z/3}
			e[0] = 1 - e[1] - e[2]
			for range 3 {
				c.Propensities = append(c.Propensities, e...)
			}
		}
		outcome := func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) {
			return each(func(row []float64) float64 { return truth[int(row[0])] + 10*size*(1-row[0]) }), nil
		}
		opt := uplift.Options{Folds: -1, Effect: ridge(0, linear), MaxIter: 1000, Tol: 1e-14}
		effects := get(get(uplift.FitR(bg, c, outcome, opt)).Effects(bg, nil, [][]float64{{0}, {1}, {2}, {3}}))
		for x := range 4 {
			z := float64(x)
			worst = max(worst, math.Abs(effects[2*x]-1-z), math.Abs(effects[2*x+1]-9+3*z))
		}
		return worst
	}
	if none := off(0); none > 1e-9 {
		t.Errorf("effects are off by %g with the true nuisances", none)
	}
	one, two := off(.005), off(.01)
	if ratio := two / one; ratio < 3.5 || ratio > 4.5 {
		t.Errorf("errors of twice the size move effects from %g to %g", one, two)
	}
}

// TestSeveralR: with a poor model of the outcome, what the second treatment does is no noise to the first.
func TestSeveralR(t *testing.T) {
	d, effect := threeArms(3000, 5)
	m := get(uplift.FitR(bg, d, ridge(1, linear), uplift.Options{}))
	if !m.Converged || m.Iterations < 2 || m.Iterations > 10 {
		t.Errorf("%d rounds, converged %v", m.Iterations, m.Converged)
	}
	if once := get(uplift.FitR(bg, d, ridge(1, linear), uplift.Options{MaxIter: 1})); once.Converged || once.Iterations != 1 {
		t.Errorf("one round: %d, converged %v", once.Iterations, once.Converged)
	}
	got := get(m.Effects(bg, nil, d.Rows))
	square := [2]float64{}
	for i, tau := range effect {
		for a := range 2 {
			square[a] += (got[2*i+a] - tau[a]) * (got[2*i+a] - tau[a]) / float64(len(effect))
		}
	}
	t.Logf("root mean square errors %.3f and %.3f", math.Sqrt(square[0]), math.Sqrt(square[1]))
	for a, s := range square {
		if math.Sqrt(s) > .3 {
			t.Errorf("treatment %d: root mean square error %.3f", a+1, math.Sqrt(s))
		}
	}
	for a, want := range m.Averages {
		truth := 0.0
		for _, tau := range effect {
			truth += tau[a] / float64(len(effect))
		}
		if math.Abs(want.Value-truth) > 4*want.StdErr {
			t.Errorf("treatment %d: average %+v, truth %v", a+1, want, truth)
		}
	}
}

// TestOverlap counts by hand, and trims what hardly ever had an arm.
func TestOverlap(t *testing.T) {
	d := uplift.Data{
		Rows: [][]float64{{0}, {1}, {2}, {3}, {4}}, Treatment: []int{0, 1, 0, 1, 1}, Outcome: []float64{1, 2, 3, 4, 5},
		Propensities: []float64{.5, .5, .5, .5, .95, .05, .1, .9, .2, .8}, Weights: []float64{1, 1, 1, 2, 0},
	}
	s := get(uplift.ScoresIPW(d))
	o := get(s.Overlap(0))
	if o.Least != .1 || o.Rows != 4 || o.Outside != 1 || o.Cut != 0 || o.Arms[1].Outside != 1 || o.Arms[0].Outside != 0 || o.Arms[1].Rows != 2 || o.Arms[0].Rows != 2 {
		t.Errorf("%+v", o)
	}
	testkit.Near(t, "least", o.Arms[1].Min, .05, 1e-15)
	testkit.Near(t, "median", o.Arms[1].Median, .5, 1e-15)
	testkit.Near(t, "most", o.Arms[1].Max, .9, 1e-15)
	a, b := 1/.5, 2/.9
	testkit.Near(t, "effective", o.Arms[1].Effective, (a+b)*(a+b)/(a*a+b*b), 1e-12)
	testkit.Near(t, "largest", o.Arms[1].Largest, b/(a+b), 1e-12)
	trimmed := get(s.Trim(0))
	if o := get(trimmed.Overlap(0)); o.Rows != 3 || o.Outside != 0 || !math.IsNaN(trimmed.Values[4]) || trimmed.Values[0] != s.Values[0] {
		t.Errorf("%+v, %v", o, trimmed.Values)
	}
	want := 0.0 // of the rows 0, 1 and 3
	for k, i := range []int{0, 1, 3} {
		want += []float64{1, 1, 2}[k] * (s.Values[2*i+1] - s.Values[2*i]) / 4
	}
	testkit.Near(t, "average", get(trimmed.Average(1, 0)).Value, want, 1e-12)
	if _, err := s.Trim(.49999); err != nil {
		t.Error(err)
	}
	if _, err := get(s.Trim(.2)).Trim(.5); !errors.Is(err, uplift.ErrOption) {
		t.Errorf("a limit of an equal share: %v", err)
	}
}

// TestOverlapShown: where customers of one kind are all but never treated, fitted propensities are cut, and it shows; without them
// the average of the others is found.
func TestOverlapShown(t *testing.T) {
	r := rng.New(4, 4, 4)
	var d uplift.Data
	for range 3000 {
		x, arm := r.Float64(), 0
		if r.Bool(map[bool]float64{true: .001, false: .5}[x < .3]) {
			arm = 1
		}
		y := 5*x + float64(arm) + r.Normal()
		d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{x, label(x < .3)}), append(d.Treatment, arm), append(d.Outcome, y)
	}
	chance := ridge(1e-9, func(row []float64) []float64 { return []float64{1, row[1]} })
	s := get(uplift.ScoresDR(bg, d, ridge(1, linear), uplift.Options{Propensity: chance}))
	o := get(s.Overlap(0))
	if o.Cut < 600 || o.Outside < 600 || o.Cut > 1200 || o.Arms[1].Outside != o.Outside {
		t.Errorf("%+v", o)
	}
	trimmed := get(s.Trim(0))
	if got := get(trimmed.Overlap(0)); got.Rows != o.Rows-o.Outside || got.Outside != 0 || got.Cut != 0 {
		t.Errorf("trimmed: %+v", got)
	}
	if a := get(trimmed.Average(1, 0)); a.Low > 1 || a.High < 1 {
		t.Errorf("average of the others %+v, truth 1", a)
	}
}

// TestCrossFitPolicyTree: where nobody is worth contacting more than another, a tree judged on its own rows promises a gain, and one
// judged on others does not; where some are, both find it.
func TestCrossFitPolicyTree(t *testing.T) {
	opt := uplift.CrossFitOptions{Scores: uplift.Options{Folds: 4}, Tree: uplift.PolicyTreeOptions{Depth: 2, MinLeaf: 20}}
	runs, promised, held := 40, 0, 0
	if testkit.Race {
		runs = 8
	}
	for run := range runs {
		r := rng.New(uint64(run), 2, 5)
		var d uplift.Data
		for range 300 {
			d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{r.Float64(), r.Float64(), r.Float64()}), append(d.Treatment, r.Intn(2)), append(d.Outcome, r.Normal())
		}
		c := get(uplift.CrossFitPolicyTree(bg, d, mean0, opt))
		if get(c.Scores.Gain(get(c.Tree.Policy(nil, d.Rows)), nil, uplift.ValueOptions{})).Low > 0 {
			promised++
		}
		if get(c.Scores.Gain(c.OutOfFold, nil, uplift.ValueOptions{})).Low > 0 {
			held++
		}
	}
	if promised < runs/4 || held > 4 { // of 40 at 2.5 %: five or more have probability .3 %
		t.Errorf("of %d campaigns without effects, %d promise a gain on their own rows and %d on others", runs, promised, held)
	}
	d, effect := threeArms(3000, 8)
	c := get(uplift.CrossFitPolicyTree(bg, d, ridge(1, linear), opt))
	truth := 0.0
	for i, a := range c.OutOfFold {
		if a > 0 {
			truth += effect[i][a-1] / float64(len(effect))
		}
	}
	if gain := get(c.Scores.Gain(c.OutOfFold, nil, uplift.ValueOptions{})); gain.Low > truth || gain.High < truth || gain.Low < 1 {
		t.Errorf("gain %+v, truth %v", gain, truth)
	}
	for _, folds := range []int{-1, 2} {
		if _, err := uplift.CrossFitPolicyTree(bg, d, mean0, uplift.CrossFitOptions{Scores: uplift.Options{Folds: folds}}); !errors.Is(err, uplift.ErrOption) {
			t.Errorf("%d folds: %v", folds, err)
		}
	}
	// A row has no part in its own policy: an outcome that is moved far leaves it as it was.
	e := d
	e.Outcome, e.IDs = slices.Clone(d.Outcome), nil
	for i := range d.Rows {
		e.Folds = append(e.Folds, i%4)
	}
	one := get(uplift.CrossFitPolicyTree(bg, e, ridge(1, linear), opt))
	e.Outcome[0] += 1e6
	two := get(uplift.CrossFitPolicyTree(bg, e, ridge(1, linear), opt))
	for i := 0; i < len(e.Folds); i += 4 {
		if one.OutOfFold[i] != two.OutOfFold[i] {
			t.Fatalf("the policy of row %d moves with the outcome of its own fold", i)
		}
	}
}

// mean0 learns the mean of all rows.
func mean0(ctx context.Context, rows [][]float64, y, w []float64) (uplift.Predict, error) {
	return ridge(1e-9, func([]float64) []float64 { return []float64{1} })(ctx, rows, y, w)
}

// TestNoBudget: what is used up buys nothing.
func TestNoBudget(t *testing.T) {
	effects := []float64{1, 2, -1, 3}
	for name, opt := range map[string]uplift.AssignOptions{"budget": {Budget: -1, Costs: []float64{0, .5}}, "contacts": {Contacts: -1}} {
		a := get(uplift.Assign(effects, 2, opt))
		if a.Contacts != 0 || a.Cost != 0 || a.Gain != 0 || a.Bound != 0 || !(a.Price > 0) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := get(uplift.Assign(effects, 2, uplift.AssignOptions{Budget: -1, Costs: []float64{1, .5}})); a.Contacts != 3 { // cheaper than control
		t.Errorf("%+v", a)
	}
	for _, opt := range []uplift.AssignOptions{{Budget: math.NaN()}, {Budget: math.Inf(-1)}, {Budget: 1, Contacts: 1}, {Budget: -1, Contacts: -1}} {
		if _, err := uplift.Assign(effects, 2, opt); !errors.Is(err, uplift.ErrOption) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

package uplift_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// TestPolicyByHand: of the linear learners of x = 0 … 7, treat x <= 3.
func TestPolicyByHand(t *testing.T) {
	d := lines()
	policy := make([]int, len(d.Rows))
	for i, row := range d.Rows {
		if row[0] <= 3 {
			policy[i] = 1
		}
	}
	ipw := get(uplift.ScoresIPW(d))
	dr := get(uplift.ScoresDR(bg, d, ridge(0, linear), uplift.Options{Folds: -1}))
	for name, s := range map[string]*uplift.Scores{"IPS": ipw, "DR": dr} {
		testkit.Near(t, name, get(s.Value(policy, uplift.ValueOptions{})).Value, 3.525, 1e-9)
		net := get(s.Value(policy, uplift.ValueOptions{Worth: 2, Costs: []float64{0, .5}})).Value
		testkit.Near(t, name+", net", net, 2*3.525-.25, 1e-9)
		none := get(s.Value(make([]int, len(policy)), uplift.ValueOptions{})).Value
		testkit.Near(t, name+", gain", get(s.Gain(policy, nil, uplift.ValueOptions{})).Value, 3.525-none, 1e-9)
	}
	// Half of them treated by lot: as good as the mean of both arms.
	all := slices.Repeat([]int{1}, len(policy))
	half := (get(dr.Value(all, uplift.ValueOptions{})).Value + get(dr.Value(make([]int, len(policy)), uplift.ValueOptions{})).Value) / 2
	testkit.Near(t, "over a lot", get(dr.GainOverLot(policy, uplift.ValueOptions{})).Value, 3.525-half, 1e-9)
}

// campaign are n customers, treated with a probability that the second column says, and that also
// raises the outcome: a difference of means is wrong.
func campaign(n int, seed uint64) (d uplift.Data, effect []float64) {
	r := rng.New(seed, 1, 0)
	for range n {
		x := []float64{r.Normal(), r.Normal(), float64(r.Intn(3))}
		e := .15 + .6/(1+math.Exp(-2*x[1]))
		arm := 0
		if r.Bool(e) {
			arm = 1
		}
		tau := .5 + x[0] - .4*x[2]
		d.Rows, d.Treatment = append(d.Rows, x), append(d.Treatment, arm)
		d.Outcome = append(d.Outcome, 2*x[1]+float64(arm)*tau+r.Normal())
		d.Propensities = append(d.Propensities, 1-e, e)
		effect = append(effect, tau)
	}
	return d, effect
}

// TestPermuted: rows in another order give the same bytes, with ids and without, whatever the fold of twins.
func TestPermuted(t *testing.T) {
	d, _ := campaign(400, 3)
	for i := range 40 { // twins
		d.Rows[i+40], d.Treatment[i+40], d.Outcome[i+40] = d.Rows[i], d.Treatment[i], d.Outcome[i]
		copy(d.Propensities[2*(i+40):2*(i+41)], d.Propensities[2*i:])
	}
	at := d.Rows[:20]
	perm := rng.New(1, 2, 3).Perm(len(d.Rows))
	for name, fit := range fits {
		for _, ids := range []bool{false, true} {
			a, b := d, uplift.Data{}
			if ids {
				for i := range d.Rows {
					a.IDs = append(a.IDs, uint64(i/2))
				}
			}
			for _, i := range perm {
				b.Rows, b.Treatment, b.Outcome = append(b.Rows, a.Rows[i]), append(b.Treatment, a.Treatment[i]), append(b.Outcome, a.Outcome[i])
				b.Propensities = append(b.Propensities, a.Propensities[2*i:2*i+2]...)
				if ids {
					b.IDs = append(b.IDs, a.IDs[i])
				}
			}
			one, two := get(fit(bg, a, cart(3, 5), uplift.Options{})), get(fit(bg, b, cart(3, 5), uplift.Options{}))
			x, y := get(one.Effects(bg, nil, at)), get(two.Effects(bg, nil, at))
			if !slices.Equal(x, y) || one.Averages[0] != two.Averages[0] {
				t.Errorf("%s, ids %v: %v and %v", name, ids, one.Averages, two.Averages)
			}
			if !ids {
				continue
			}
			for k, i := range perm {
				if one.OutOfFold[i] != two.OutOfFold[k] {
					t.Fatalf("%s: the effect of row %d out of fold moves", name, i)
				}
			}
		}
	}
}

// TestWeights: a row of weight 2 is two rows, one of weight 0 none, for learners that heed weights.
func TestWeights(t *testing.T) {
	d, _ := campaign(300, 4)
	twice := uplift.Data{}
	for i := range d.Rows {
		w := i % 3
		d.Weights, d.Folds = append(d.Weights, float64(w)), append(d.Folds, i%4)
		for range w {
			twice.Rows, twice.Treatment, twice.Outcome = append(twice.Rows, d.Rows[i]), append(twice.Treatment, d.Treatment[i]), append(twice.Outcome, d.Outcome[i])
			twice.Propensities, twice.Folds = append(twice.Propensities, d.Propensities[2*i:2*i+2]...), append(twice.Folds, i%4)
		}
	}
	for name, fit := range fits {
		a, b := get(fit(bg, d, ridge(.1, linear), uplift.Options{})), get(fit(bg, twice, ridge(.1, linear), uplift.Options{}))
		x, y := get(a.Effects(bg, nil, d.Rows)), get(b.Effects(bg, nil, d.Rows))
		for i := range x {
			if !testkit.Close(x[i], y[i], 1e-9, 1e-9) {
				t.Fatalf("%s: effect %d is %v with weights and %v with rows", name, i, x[i], y[i])
			}
		}
		testkit.Near(t, name, a.Averages[0].Value, b.Averages[0].Value, 1e-9)
		if !math.IsNaN(a.OutOfFold[0]) || math.IsNaN(a.OutOfFold[1]) || !math.IsNaN(a.Scores.Values[0]) {
			t.Errorf("%s: rows of weight 0 have effects", name)
		}
	}
}

// TestOutOfFold: what a row has had has no part in what is said of it. Learners that know each row by heart say nothing of rows they
// have not seen.
func TestOutOfFold(t *testing.T) {
	d, _ := campaign(200, 5)
	heart := func(ctx context.Context, rows [][]float64, y, _ []float64) (uplift.Predict, error) {
		seen := map[float64]float64{}
		for i, row := range rows {
			seen[row[0]] = 1 + y[i]
		}
		return each(func(row []float64) float64 { return seen[row[0]] }), nil
	}
	for name, fit := range fits {
		m := get(fit(bg, d, heart, uplift.Options{Folds: 4}))
		for i, x := range m.OutOfFold {
			if x != 0 {
				t.Fatalf("%s: effect %v of row %d out of fold", name, x, i)
			}
		}
	}
}

// TestAverages: with propensities that depend on what raises the outcome, averages cover the truth and the difference of
// means does not; intervals are about right over repetitions.
func TestAverages(t *testing.T) {
	const runs = 40
	covered, naive := map[string]int{}, 0
	for run := range runs {
		d, effect := campaign(600, uint64(100+run))
		truth := 0.0
		for _, x := range effect {
			truth += x / float64(len(effect))
		}
		var sum, n [2]float64
		for i, a := range d.Treatment {
			sum[a] += d.Outcome[i]
			n[a]++
		}
		if math.Abs(sum[1]/n[1]-sum[0]/n[0]-truth) < .4 {
			naive++
		}
		for name, fit := range fits {
			m := get(fit(bg, d, ridge(.01, linear), uplift.Options{}))
			if a := m.Averages[0]; a.Low <= truth && truth <= a.High {
				covered[name]++
			}
		}
	}
	for name := range fits {
		// Of 40 at 95 %, 34 or fewer have probability .5 %.
		if covered[name] < 34 {
			t.Errorf("%s: %d of %d intervals cover the average effect", name, covered[name], runs)
		}
	}
	if naive > 0 {
		t.Errorf("the difference of means is right %d times: nothing is shown", naive)
	}
}

// TestClusters: rows of one customer are no more to know than one.
func TestClusters(t *testing.T) {
	d, _ := campaign(300, 6)
	alone := get(uplift.ScoresIPW(d))
	var many uplift.Data
	for i := range d.Rows {
		for range 3 {
			many.Rows, many.Treatment, many.Outcome = append(many.Rows, d.Rows[i]), append(many.Treatment, d.Treatment[i]), append(many.Outcome, d.Outcome[i])
			many.Propensities, many.IDs = append(many.Propensities, d.Propensities[2*i:2*i+2]...), append(many.IDs, uint64(i))
		}
	}
	a, b := get(alone.Average(1, 0)), get(get(uplift.ScoresIPW(many)).Average(1, 0))
	testkit.Near(t, "standard error", b.StdErr, a.StdErr, 1e-9)
	testkit.Near(t, "bound", b.High, a.High, 1e-9)
}

// TestAssign against all assignments of small cases.
func TestAssign(t *testing.T) {
	r := rng.New(7, 1, 1)
	for round := range 300 {
		n, arms := 1+r.Intn(5), 2+r.Intn(2)
		effects, costs := make([]float64, n*(arms-1)), make([]float64, n*arms)
		for i := range effects {
			effects[i] = r.Normal()
		}
		for i := range costs {
			if i%arms > 0 || round%2 > 0 { // in each other round control costs something, too, and others may be cheaper
				costs[i] = math.Round(r.Float64()*4) / 8
			}
		}
		opt := uplift.AssignOptions{Worth: .5, Costs: costs}
		switch round % 3 {
		case 1:
			opt.Budget = r.Float64() * 1.5
		case 2:
			opt.Contacts = 1 + r.Intn(n)
		}
		got := get(uplift.Assign(effects, arms, opt))
		best, policy := 0.0, make([]int, n)
		for {
			cost, gain, contacts, helps := 0.0, 0.0, 0, true
			for i, a := range policy {
				if a > 0 {
					more := costs[i*arms+a] - costs[i*arms]
					one := .5*effects[i*(arms-1)+a-1] - more
					helps = helps && one > 0
					cost += more
					gain += one
					contacts++
				}
			}
			if helps && (opt.Budget == 0 || cost <= opt.Budget) && (opt.Contacts == 0 || contacts <= opt.Contacts) {
				best = math.Max(best, gain)
			}
			i := 0
			for ; i < n && policy[i] == arms-1; i++ {
				policy[i] = 0
			}
			if i == n {
				break
			}
			policy[i]++
		}
		if got.Gain > best+1e-12 || best > got.Bound+1e-12 || opt.Budget > 0 && got.Cost > opt.Budget+1e-12 || opt.Contacts > 0 && got.Contacts > opt.Contacts {
			t.Fatalf("round %d: gain %v, best %v, bound %v, cost %v of %v, %d contacts of %d", round, got.Gain, best, got.Bound, got.Cost, opt.Budget, got.Contacts, opt.Contacts)
		}
		if opt.Budget == 0 && got.Gain < best-1e-12 {
			t.Fatalf("round %d: gain %v, best %v", round, got.Gain, best)
		}
	}
}

// TestHarmed: a group that is harmed is found, and with no harm at all hardly ever one.
func TestHarmed(t *testing.T) {
	found := 0
	for run := range 200 {
		r := rng.New(uint64(run), 9, 9)
		var d uplift.Data
		var effects []float64
		for range 400 {
			x, arm := r.Float64(), r.Intn(2)
			tau := 0.0
			if run == 0 && x < .3 {
				tau = -2
			}
			d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{x}), append(d.Treatment, arm), append(d.Outcome, r.Normal()+tau*float64(arm))
			effects = append(effects, x-.4)
		}
		d.Propensities = []float64{.5, .5}
		h := get(get(uplift.ScoresIPW(d)).Harmed(1, effects, uplift.HarmOptions{}))
		switch {
		case run == 0:
			if h.Rows < 80 || h.Threshold > 0 || h.Effect.High >= 0 {
				t.Errorf("harmed are %d rows, up to %v, effect %+v", h.Rows, h.Threshold, h.Effect)
			}
		case h.Rows > 0:
			found++
		}
	}
	if found > 18 { // of 199 at 5 % at most: 19 or more have probability .5 %
		t.Errorf("%d of 199 campaigns without effects are said to harm somebody", found)
	}
}

// TestRefused are errors that the table of promises does not make.
func TestRefused(t *testing.T) {
	d, _ := campaign(50, 1)
	with := func(change func(d *uplift.Data)) uplift.Data {
		c := d
		c.Treatment, c.Outcome = slices.Clone(d.Treatment), slices.Clone(d.Outcome)
		change(&c)
		return c
	}
	never := errors.New("never")
	for name, c := range map[string]struct {
		d       uplift.Data
		learner uplift.Learner
		want    error
	}{
		"one arm":           {with(func(d *uplift.Data) { clear(d.Treatment) }), mean, uplift.ErrUndefined},
		"no control":        {with(func(d *uplift.Data) { d.Treatment = slices.Repeat([]int{1}, 50) }), mean, uplift.ErrUndefined},
		"an empty arm":      {with(func(d *uplift.Data) { d.Arms, d.Propensities = 3, nil }), mean, uplift.ErrUndefined},
		"a propensity of 0": {with(func(d *uplift.Data) { d.Propensities = []float64{1, 0} }), mean, uplift.ErrRange},
		"one fold":          {with(func(d *uplift.Data) { d.Folds = make([]int, 50) }), mean, uplift.ErrUndefined},
		"a learner of none": {d, func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) { return nil, nil }, uplift.ErrEmpty},
		"a learner's error": {d, func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) { return nil, never }, never},
		"a NaN": {d, func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) {
			return each(func([]float64) float64 { return math.NaN() }), nil
		}, uplift.ErrNotFinite},
		"too few answers": {d, func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) {
			return func(dst []float64, _ [][]float64) ([]float64, error) { return dst, nil }, nil
		}, uplift.ErrShape},
		"outcomes too large": {with(func(d *uplift.Data) { d.Outcome[0] = 1e200 }), mean, uplift.ErrRange},
	} {
		for kind, fit := range fits {
			if m, err := fit(bg, c.d, c.learner, uplift.Options{}); !errors.Is(err, c.want) || m != nil {
				t.Errorf("%s of %s: %v, want %v", kind, name, err, c.want)
			}
		}
	}
}

// TestMissing: missing values reach the learner, and nothing else looks at them.
func TestMissing(t *testing.T) {
	d, _ := campaign(200, 8)
	for i := range d.Rows {
		if i%5 == 0 {
			d.Rows[i][1] = math.NaN()
		}
	}
	zero := func(ctx context.Context, rows [][]float64, y, w []float64) (uplift.Predict, error) {
		p, err := ridge(.1, func(row []float64) []float64 {
			out := []float64{1}
			for _, x := range row {
				if x != x {
					x = 0
				}
				out = append(out, x)
			}
			return out
		})(ctx, rows, y, w)
		return p, err
	}
	for name, fit := range fits {
		if _, err := json.Marshal(get(fit(bg, d, zero, uplift.Options{})).OutOfFold); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package uplift_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

// TestTwoFolds: two folds that are given are two, whatever their numbers and Options.Folds.
func TestTwoFolds(t *testing.T) {
	d, _ := campaign(200, 9)
	given := func(numbers [2]int) uplift.Data {
		c := d
		for i := range d.Rows {
			c.Folds = append(c.Folds, numbers[i%2])
		}
		return c
	}
	for name, fit := range fits {
		want := get(fit(bg, given([2]int{0, 1}), ridge(.1, linear), uplift.Options{Folds: 2}))
		for _, numbers := range [][2]int{{0, 1}, {3, 999}} {
			got, err := fit(bg, given(numbers), ridge(.1, linear), uplift.Options{})
			if err != nil {
				t.Errorf("%s, folds %v: %v", name, numbers, err)
			} else if !slices.Equal(got.OutOfFold, want.OutOfFold) || got.Averages[0] != want.Averages[0] {
				t.Errorf("%s, folds %v: %v, want %v", name, numbers, got.Averages, want.Averages)
			}
		}
	}
}

// TestOverLot: what an arm costs everybody is no part of what knowing whom is worth, nor of its interval; and that covers where the
// treatment helps the few it is given to and harms the rest, whose share is not known beforehand.
func TestOverLot(t *testing.T) {
	d, _ := campaign(300, 10)
	scores := get(uplift.ScoresIPW(d))
	policy := make([]int, len(d.Rows))
	for i, row := range d.Rows {
		if row[0] > .3 {
			policy[i] = 1
		}
	}
	plain := get(scores.GainOverLot(policy, uplift.ValueOptions{}))
	costly := get(scores.GainOverLot(policy, uplift.ValueOptions{Costs: []float64{0, 50}}))
	testkit.Near(t, "value", costly.Value, plain.Value, 1e-9)
	testkit.Near(t, "standard error", costly.StdErr, plain.StdErr, 1e-9)

	const runs, share = 200, .1
	covered := 0
	for run := range runs {
		r := rng.New(uint64(run), 71, 0)
		d, policy := uplift.Data{Propensities: []float64{.5, .5}}, []int(nil)
		for range 400 {
			x, arm, effect := 0, r.Intn(2), -5.
			if r.Bool(share) {
				x, effect = 1, 1
			}
			d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{float64(x)}), append(d.Treatment, arm), append(d.Outcome, float64(arm)*effect)
			policy = append(policy, x)
		}
		e := get(get(uplift.ScoresDR(bg, d, mean, uplift.Options{Folds: -1})).GainOverLot(policy, uplift.ValueOptions{}))
		if truth := share * (1 - share) * 6; e.Low <= truth && truth <= e.High {
			covered++
		}
	}
	if covered < 180 || covered == runs {
		t.Errorf("%d of %d intervals cover", covered, runs)
	}
}

// TestPrice is what one more contact or unit of money gains, nothing where all that gain have theirs.
func TestPrice(t *testing.T) {
	effects := []float64{5, 8, -3, 2}
	for contacts, want := range []float64{0, 5, 2, 0, 0} {
		got := get(uplift.Assign(effects, 2, uplift.AssignOptions{Contacts: contacts})).Price
		testkit.Near(t, "one more contact", got, want, 0)
	}
	costs := []float64{0, 2, 0, 2, 0, 1, 0, 2}
	for budget, want := range []float64{0, 4, 3.5, 3.5, .5, .5, 0, 0} {
		got := get(uplift.Assign([]float64{10, 9, -3, 3}, 2, uplift.AssignOptions{Costs: costs, Budget: float64(budget)})).Price
		testkit.Near(t, "one more unit", got, want, 0)
	}
}

// TestAssignLine: steps of one row that gain alike, but for rounding, are taken in their order.
func TestAssignLine(t *testing.T) {
	r := rng.New(3, 72, 0)
	for range 2000 {
		const arms = 5
		unit, slope := r.Float64(), 1+r.Float64()
		costs, effects, want := make([]float64, arms), make([]float64, arms-1), 0.0
		for a := 1; a < arms; a++ {
			costs[a] = float64(a) * unit
			effects[a-1] = slope * costs[a]
			want = math.Max(want, effects[a-1]-costs[a])
		}
		got := get(uplift.Assign(effects, arms, uplift.AssignOptions{Costs: costs}))
		if !testkit.Close(got.Gain, want, 1e-12, 1e-12) {
			t.Fatalf("gain %v by arm %d, want %v: costs %v, effects %v", got.Gain, got.Policy[0], want, costs, effects)
		}
	}
}

// TestHarmedOutOfFold: effects out of fold are what Harmed takes, those of rows of weight 0 too, which are none.
func TestHarmedOutOfFold(t *testing.T) {
	d, _ := campaign(400, 11)
	for i := range d.Rows {
		d.Weights = append(d.Weights, float64(i%4))
	}
	m := get(uplift.FitT(bg, d, ridge(.1, linear), uplift.Options{}))
	h := get(m.Scores.Harmed(1, m.OutOfFold, uplift.HarmOptions{}))
	if h.Rows == 0 || h.Effect.High >= 0 {
		t.Errorf("harmed %+v", h)
	}
	effects := slices.Clone(m.OutOfFold)
	effects[1] = math.NaN()
	if _, err := m.Scores.Harmed(1, effects, uplift.HarmOptions{}); !errors.Is(err, uplift.ErrNotFinite) {
		t.Errorf("NaN of a row with weight: %v", err)
	}
}

// TestDeepFrame: trees deeper than any that is grown are refused, before text of them fills the memory.
func TestDeepFrame(t *testing.T) {
	for splits, want := range map[int]error{64: nil, 65: uplift.ErrCorrupt} {
		nodes := 2*splits + 1
		var w codec.Writer
		w.Int(2)
		w.Int(1)
		w.Strings(nil)
		w.Int(1)
		w.Int(nodes)
		for i := range nodes {
			inner := i == 0 || i%2 == 1 && i < nodes-2
			if !inner {
				w.Int(0)
				w.Float64(0)
				continue
			}
			w.Int(1)
			w.Float64(0)
			w.Int(i + 1 + i%2)
			w.Float64(1)
			w.Bool(false)
			w.Bool(false)
			w.Float64(float64(-i))
		}
		w.Int64s(make([]int64, 2*nodes))
		w.Float64s(make([]float64, 2*nodes))
		var f uplift.Forest
		if err := f.UnmarshalBinary(w.AppendFrame(nil, codec.KindUpliftForest, 1)); !errors.Is(err, want) {
			t.Errorf("%d splits: %v, want %v", splits, err, want)
		}
	}
}

// TestAllDrawn: rows that every tree has drawn have scores that do not know their outcomes, so that intervals cover as often as they say.
func TestAllDrawn(t *testing.T) {
	runs, covered := 60, 0
	if testkit.Race {
		runs = 10
	}
	opt := uplift.TreeOptions{MaxDepth: 20, MinLeaf: 2, MinArm: 1, Shrink: -1, Honest: -1}
	for run := range runs {
		r := rng.New(uint64(run), 73, 0)
		d := uplift.Data{Propensities: []float64{.5, .5}}
		for range 400 {
			d.Rows = append(d.Rows, []float64{r.Normal(), r.Normal(), r.Normal()})
			d.Treatment, d.Outcome = append(d.Treatment, r.Intn(2)), append(d.Outcome, r.Normal())
		}
		a := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 4, Sample: 1, Tree: opt})).Averages[0]
		if a.Low <= 0 && 0 <= a.High {
			covered++
		}
	}
	// Of 60 at 95 %, 52 or fewer have probability 1 %; by means that know the outcomes it is 49.
	if covered < runs-7 || covered == runs && runs == 60 {
		t.Errorf("%d of %d intervals cover", covered, runs)
	}
}

// TestMinPropensity: a bound above an equal share is refused, and by default there is room for many arms.
func TestMinPropensity(t *testing.T) {
	const arms = 120
	var d uplift.Data
	for i := range 8 * arms {
		d.Rows, d.Treatment, d.Outcome = append(d.Rows, []float64{float64(i % 3)}), append(d.Treatment, i%arms), append(d.Outcome, float64(i%7))
	}
	equal := func(context.Context, [][]float64, []float64, []float64) (uplift.Predict, error) {
		return each(func([]float64) float64 { return 1. / arms }), nil
	}
	m := get(uplift.FitT(bg, d, mean, uplift.Options{Folds: -1, Propensity: equal}))
	testkit.Near(t, "propensity", m.Propensities[0], 1./arms, 1e-12)
	if _, err := uplift.FitT(bg, few(60), mean, uplift.Options{MinPropensity: .34}); !errors.Is(err, uplift.ErrOption) {
		t.Errorf(".34 with three arms: %v", err)
	}
}

// TestTreeByRule: with propensities that differ from row to row and go with the outcome, a tree compares the arms as if by lot.
func TestTreeByRule(t *testing.T) {
	d, effect := campaign(4000, 12)
	truth := 0.0
	for _, x := range effect {
		truth += x / float64(len(effect))
	}
	root := uplift.TreeOptions{MinLeaf: 4000} // no split
	says := func(d uplift.Data) float64 { return get(get(uplift.FitTree(bg, d, root)).Effects(nil, d.Rows[:1]))[0] }
	if got := says(d); math.Abs(got-truth) > .2 {
		t.Errorf("effect %v, truth %v", got, truth)
	}
	f := get(uplift.FitForest(bg, d, uplift.ForestOptions{Trees: 40}))
	if c := correlation(effect, f.OutOfBag); c < .8 {
		t.Errorf("correlation %.3f out of bag", c)
	}
	d.Propensities = nil
	if got := says(d); math.Abs(got-truth) < .4 {
		t.Errorf("the difference of means is %v, truth %v: nothing is shown", got, truth)
	}
}

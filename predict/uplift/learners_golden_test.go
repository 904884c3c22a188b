package uplift_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict/uplift"
)

type fitting func(ctx context.Context, d uplift.Data, learner uplift.Learner, opt uplift.Options) (*uplift.Learned, error)

var fits = map[string]fitting{"S": uplift.FitS, "T": uplift.FitT, "X": uplift.FitX, "R": uplift.FitR, "DR": uplift.FitDR}

// TestLearnersGolden: effects of causalml and econml on unbalanced arms, with propensities by group, known and fitted, and folds
// that are given, of learners that are not linear.
func TestLearnersGolden(t *testing.T) {
	var g struct {
		Cases []struct {
			Learner   string
			Arms      int
			Rows      [][]float64
			Treatment []int
			Outcome   []float64
			Folds     []int
			Table     [][]float64
			Effects   map[string][]float64
		}
	}
	testkit.Golden(t, "learners.json", &g)
	for _, c := range g.Cases {
		learner, chance := cart(3, 5), cart(3, 5)
		if c.Learner == "ridge" {
			learner = ridge(1, squares)
		}
		var e []float64
		for _, row := range c.Rows {
			e = append(e, c.Table[int(row[2])]...)
		}
		got := map[string][]float64{}
		for name, want := range c.Effects {
			d := uplift.Data{Rows: c.Rows, Treatment: c.Treatment, Outcome: c.Outcome, Folds: c.Folds, Propensities: e}
			opt := uplift.Options{MaxIter: 200, Tol: 1e-12}
			if strings.Contains(name, "fitted") {
				d.Propensities, opt.Propensity = nil, chance
			}
			kind, _, _ := strings.Cut(name, " ")
			m := get(fits[kind](bg, d, learner, opt))
			var effects []float64
			if d.Propensities == nil {
				effects = get(m.Effects(bg, nil, c.Rows))
			} else {
				effects = get(m.EffectsGiven(bg, nil, c.Rows, e))
			}
			worst := 0.0
			for i := range want {
				worst = math.Max(worst, math.Abs(effects[i]-want[i])/math.Max(1, math.Abs(want[i])))
			}
			if !(worst <= 1e-8) || len(effects) != len(want) {
				t.Errorf("%s of %d arms by %s: off by %g", name, c.Arms, c.Learner, worst)
			}
			got[kind] = effects
		}
		for _, pair := range [][2]string{{"X", "T"}, {"S", "T"}, {"R", "DR"}} {
			worst := 0.0
			if got[pair[0]] == nil {
				continue // no peer has several treatments of these learners at once
			}
			for i, x := range got[pair[0]] {
				worst = math.Max(worst, math.Abs(x-got[pair[1]][i]))
			}
			if worst < .01 {
				t.Errorf("%s and %s of %d arms by %s are the same: nothing is shown", pair[0], pair[1], c.Arms, c.Learner)
			}
		}
	}
}

// TestLearnersByHand are the numbers of the group means: g0 treated 5 6, control 1 2 1.5, e .4; g1 treated 4,
// control 3 2 3.5 2.5, e .2.
func TestLearnersByHand(t *testing.T) {
	d := uplift.Data{
		Rows:      [][]float64{{0}, {0}, {0}, {0}, {0}, {1}, {1}, {1}, {1}, {1}},
		Treatment: []int{1, 1, 0, 0, 0, 1, 0, 0, 0, 0},
		Outcome:   []float64{5, 6, 1, 2, 1.5, 4, 3, 2, 3.5, 2.5},
	}
	for i := range d.Rows {
		e := []float64{.4, .2}[i/5]
		d.Propensities = append(d.Propensities, 1-e, e)
	}
	constant := func(ctx context.Context, rows [][]float64, y, w []float64) (uplift.Predict, error) {
		same := make([][]float64, len(rows))
		for i := range same {
			same[i] = []float64{0}
		}
		p, err := mean(ctx, same, y, w)
		return func(dst []float64, rows [][]float64) ([]float64, error) { return p(dst, make0(len(rows))) }, err
	}
	in := uplift.Options{Folds: -1}
	near := func(name string, got []float64, want ...float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d numbers, want %d", name, len(got), len(want))
		}
		for i := range want {
			testkit.Near(t, name, got[i], want[i], 5e-7)
		}
	}
	near("T", get(get(uplift.FitT(bg, d, mean, in)).Effects(bg, nil, [][]float64{{0}, {1}})), 4, 1.25)
	in.Effect = constant
	x := get(uplift.FitX(bg, d, mean, in))
	near("X", get(x.EffectsGiven(bg, nil, [][]float64{{0}, {1}}, []float64{.6, .4, .8, .2})), 2.8214286, 2.952381)
	r := get(uplift.FitR(bg, d, mean, in))
	near("R", get(r.Effects(bg, nil, [][]float64{{0}, {1}})), 2.9, 2.9)
	dr := get(uplift.FitDR(bg, d, mean, in))
	pseudo := get(dr.Scores.Effects(1))
	near("pseudo-outcomes", pseudo, 2.75, 5.25, 4.8333333, 3.1666667, 4, 1.25, .9375, 2.1875, .3125, 1.5625)
	near("mean", []float64{dr.Averages[0].Value}, 2.625)
	near("IPW", []float64{get(get(uplift.ScoresIPW(d)).Average(1, 0)).Value}, 2.625)
	// The interval is that of the mean of ten numbers.
	sum := 0.0
	for _, p := range pseudo {
		sum += (p - 2.625) * (p - 2.625)
	}
	se := math.Sqrt(sum / 9 / 10)
	near("standard error", []float64{dr.Averages[0].StdErr, dr.Averages[0].High}, se, 2.625+2.26215716*se)
}

func make0(n int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		out[i] = []float64{0}
	}
	return out
}

// lines are x = 0 … 7 twice, control first.
func lines() uplift.Data {
	d := uplift.Data{Outcome: []float64{1.1, 1.3, 2.3, 2.5, 2.9, 3.7, 3.7, 4.5, 3.2, 3.35, 3.4, 3.45, 4.3, 4.25, 4.3, 4.75}, Propensities: []float64{.5, .5}}
	for i := range 16 {
		d.Rows, d.Treatment = append(d.Rows, []float64{float64(i % 8)}), append(d.Treatment, i/8)
	}
	return d
}

func TestLinearLearners(t *testing.T) {
	at := [][]float64{{0}, {1}, {5}}
	for name, want := range map[string]func(x float64) float64{
		"T": func(x float64) float64 { return 2.0166667 - .2547619*x },
		"X": func(x float64) float64 { return 2.0166667 - .2547619*x },
		"S": func(float64) float64 { return 1.125 },
	} {
		m := get(fits[name](bg, lines(), ridge(0, linear), uplift.Options{Folds: -1}))
		for i, got := range get(m.Effects(bg, nil, at)) {
			testkit.Near(t, name, got, want(at[i][0]), 1e-6)
		}
	}
}

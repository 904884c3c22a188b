package predict_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

// TestConformalReference: nine scores, as DEFINITIONS has them.
func TestConformalReference(t *testing.T) {
	c := promised(predict.FitConformal([]float64{.5, .1, .9, .3, .7, .2, .8, .4, .6}, nil))
	for level, want := range map[float64]float64{.9: .9, .8: .8, .95: math.Inf(1)} {
		if got := promised(c.Quantile(level, 0)); got != want {
			t.Errorf("level %v: %v, want %v", level, got, want)
		}
	}
	if got := promised(c.Quantile(.5, 1)); !math.IsInf(got, 1) {
		t.Errorf("a group without rows: %v", got)
	}
	// Negative scores narrow; an interval that would be empty is its middle.
	narrow := promised(predict.FitConformal([]float64{-3, -3, -3}, nil))
	if lo, hi, err := narrow.Interval(0, 10, .5, 0); lo != 3 || hi != 7 || err != nil {
		t.Errorf("[%v, %v], %v", lo, hi, err)
	}
	if lo, hi, err := narrow.Interval(0, 4, .5, 0); lo != 2 || hi != 2 || err != nil {
		t.Errorf("[%v, %v], %v", lo, hi, err)
	}
}

// TestConformalProp: a naive sort by group gives the same quantiles, whatever the order.
func TestConformalProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		scores := rapid.SliceOfN(rapid.Float64Range(-5, 5), n, n).Draw(t, "scores")
		groups := rapid.SliceOfN(rapid.IntRange(-1, 2), n, n).Draw(t, "groups")
		level := rapid.Float64Range(.01, .99).Draw(t, "level")
		c := promised(predict.FitConformal(scores, groups))
		for g := -1; g <= 3; g++ {
			var own []float64
			for i, s := range scores {
				if groups[i] == g {
					own = append(own, s)
				}
			}
			slices.Sort(own)
			want := math.Inf(1)
			for k, s := range own { // the smallest that enough of n+1 do not exceed
				if float64(k+1) >= level*float64(len(own)+1)*(1-1e-9) {
					want = s
					break
				}
			}
			if got := promised(c.Quantile(level, g)); got != want {
				t.Fatalf("group %d of %v at %v: %v, want %v", g, own, level, got, want)
			}
		}
		perm := rapid.Permutation(indices(n)).Draw(t, "perm")
		again := promised(predict.FitConformal(predict.Pick(scores, perm), predict.Pick(groups, perm)))
		if !slices.Equal(promised(c.MarshalBinary()), promised(again.MarshalBinary())) {
			t.Fatal("permuted rows give other bytes")
		}
	})
}

// TestConformalCoverage: over 1,000 simulated splits of 99 rows to calibrate, 599 where there are classes, and 40 to test,
// what was promised holds within one point: split intervals, by group, of quantiles, sets, sets
// by class, and CV+.
func TestConformalCoverage(t *testing.T) {
	const splits, n, ofClasses, tests, level = 1000, 99, 599, 40, .9
	hit, all := map[string]float64{}, map[string]float64{}
	count := func(name string, ok bool) {
		all[name]++
		if ok {
			hit[name]++
		}
	}
	width := 0.0
	for split := range uint64(splits) {
		s := rng.New(11, 1, split)
		draw := func() (x, y float64, group int) { // the spread depends on the group and on x
			x, group = s.Float64(), s.Intn(2)
			return x, x + (.2+x+2*float64(group))*s.Normal(), group
		}
		var xs, ys, ls, hs []float64
		var groups, labels []int
		var probs [][]float64
		class := func() (p []float64, y int) { // of no two rows the same
			a, b := s.Float64(), s.Float64()
			p = []float64{.3 + a, .3 + b, .8 - a/2}
			sum := p[0] + p[1] + p[2]
			for k := range p {
				p[k] /= sum
			}
			if u := s.Float64(); u < p[0]*p[0]+.15 { // the model is not calibrated
				return p, 0
			} else if u < .65 {
				return p, 1
			}
			return p, 2
		}
		for range n {
			x, y, group := draw()
			xs, ys, groups = append(xs, x), append(ys, y), append(groups, group)
			ls, hs = append(ls, x-1-x), append(hs, x+1+x)
		}
		for range ofClasses {
			p, label := class()
			probs, labels = append(probs, p), append(labels, label)
		}
		residuals := promised(predict.IntervalScores(nil, xs, xs, ys))
		plain, byGroup := promised(predict.FitConformal(residuals, nil)), promised(predict.FitConformal(residuals, groups))
		quantiles := promised(predict.FitConformal(promised(predict.IntervalScores(nil, ls, hs, ys)), nil))
		alphas := promised(predict.ClassScores(nil, probs, labels))
		sets, byClass := promised(predict.FitConformal(alphas, nil)), promised(predict.FitConformal(alphas, labels))
		// CV+ of the mean of y by the sign of x-½, over three folds.
		folds := promised(predict.KFold(indices(n), 3, split))
		model := make([][2]float64, len(folds))
		predicted := make([]float64, n)
		half := func(x float64) int {
			if x < .5 {
				return 0
			}
			return 1
		}
		for f, fold := range folds {
			var count [2]float64
			for _, i := range fold.Train {
				count[half(xs[i])]++
				model[f][half(xs[i])] += ys[i]
			}
			for h := range count {
				model[f][h] /= math.Max(count[h], 1)
			}
			for _, i := range fold.Test {
				predicted[i] = model[f][half(xs[i])]
			}
		}
		cross := promised(predict.FitCrossConformal(folds, predicted, ys))
		for range tests {
			x, y, group := draw()
			inside := func(lo, hi float64, err error) bool { return err == nil && lo <= y && y <= hi }
			count("split", inside(plain.Interval(x, x, level, 0)))
			count([]string{"group 0", "group 1"}[group], inside(byGroup.Interval(x, x, level, group)))
			count("quantiles", inside(quantiles.Interval(x-1-x, x+1+x, level, 0)))
			byFold := make([]float64, len(model))
			for f := range model {
				byFold[f] = model[f][half(x)]
			}
			lo, hi, err := cross.Interval(byFold, level)
			count("CV+", inside(lo, hi, err))
			width += (hi - lo) / splits / tests
			p, label := class()
			count("sets", slices.Contains(promised(sets.Set(nil, p, level, 0)), label))
			count([]string{"class 0", "class 1", "class 2"}[label], slices.Contains(promised(byClass.SetByClass(nil, p, level)), label))
		}
	}
	for name := range all {
		rate := hit[name] / all[name]
		if low, high := level-.01, level+.01; rate < low || rate > high {
			t.Errorf("%s: covers %.4f of %.0f, want %.2f … %.2f", name, rate, all[name], low, high)
		}
	}
	if width < 4 || width > 8 {
		t.Errorf("intervals of CV+ are %.2f wide", width)
	}
}

// TestConformalTies: where scores are one of five, p-values with ties broken by chance cover what was promised within a point, by group
// too, and are the same when asked again; Set covers more.
func TestConformalTies(t *testing.T) {
	const splits, n, tests, level = 1000, 99, 40, .9
	sets, smooth, byGroup := 0.0, 0.0, 0.0
	for split := range uint64(splits) {
		s := rng.New(12, 1, split)
		draw := func() (score float64, group int) {
			group = s.Intn(2)
			return float64(s.Intn(3+2*group)) / 5, group
		}
		scores, groups := make([]float64, n), make([]int, n)
		for i := range scores {
			scores[i], groups[i] = draw()
		}
		all, parted := promised(predict.FitConformal(scores, nil)), promised(predict.FitConformal(scores, groups))
		for i := range uint64(tests) {
			score, group := draw()
			if score <= promised(all.Quantile(level, 0)) {
				sets++
			}
			p := promised(all.PValue(score, 0, 7, split*tests+i))
			if again := promised(all.PValue(score, 0, 7, split*tests+i)); again != p || !(p >= 0 && p < 1) {
				t.Fatalf("p-value %v, then %v", p, again)
			}
			if p > 1-level {
				smooth++
			}
			if promised(parted.PValue(score, group, 7, split*tests+i)) > 1-level {
				byGroup++
			}
		}
	}
	for _, v := range []struct {
		name string
		hits float64
	}{{"smoothed", smooth}, {"by group", byGroup}} {
		if rate := v.hits / splits / tests; math.Abs(rate-level) > .01 {
			t.Errorf("%s: covers %.4f, want %.2f … %.2f", v.name, rate, level-.01, level+.01)
		}
	}
	if rate := sets / splits / tests; rate < level+.02 {
		t.Errorf("quantiles of tied scores cover %.4f: not what this test is about", rate)
	}
	c := promised(predict.FitConformal([]float64{1, 2, 2, 3}, nil)) // by hand: (above + u·(tied+1))/5
	for score, want := range map[float64][2]float64{0: {4, 1}, 1: {3, 2}, 2: {1, 3}, 2.5: {1, 1}, 3: {0, 2}, 4: {0, 1}} {
		low := want[0] / 5
		if p, err := c.PValue(score, 0, 1, 1); err != nil || p < low || p >= low+want[1]/5 {
			t.Errorf("score %v: p-value %v, want in [%v, %v): %v", score, p, low, low+want[1]/5, err)
		}
	}
	if _, err := c.PValue(math.NaN(), 0, 1, 1); !errors.Is(err, predict.ErrNotFinite) {
		t.Errorf("score NaN: %v", err)
	}
	if _, err := new(predict.Conformal).PValue(1, 0, 1, 1); !errors.Is(err, predict.ErrEmpty) {
		t.Errorf("not fitted: %v", err)
	}
}

func TestConformalRefuses(t *testing.T) {
	c := promised(predict.FitConformal([]float64{1, 2}, nil))
	fold := []predict.Fold{{Test: []int{0}}, {Test: []int{1}}}
	x := promised(predict.FitCrossConformal(fold, []float64{1, 2}, []float64{2, 4}))
	for name, e := range map[string]struct {
		do func() error
		is error
	}{
		"no scores":            {func() error { _, err := predict.FitConformal(nil, nil); return err }, predict.ErrEmpty},
		"a score of NaN":       {func() error { _, err := predict.FitConformal([]float64{math.NaN()}, nil); return err }, predict.ErrNotFinite},
		"groups too few":       {func() error { _, err := predict.FitConformal([]float64{1, 2}, []int{1}); return err }, predict.ErrShape},
		"level 0":              {func() error { _, err := c.Quantile(0, 0); return err }, predict.ErrOption},
		"level 1":              {func() error { _, _, err := x.Interval([]float64{1, 2}, 1); return err }, predict.ErrOption},
		"a bound of NaN":       {func() error { _, _, err := c.Interval(math.NaN(), 1, .5, 0); return err }, predict.ErrNotFinite},
		"a probability of 2":   {func() error { _, err := c.Set(nil, []float64{2}, .5, 0); return err }, predict.ErrRange},
		"a class that is none": {func() error { _, err := predict.ClassScores(nil, [][]float64{{1}}, []int{1}); return err }, predict.ErrRange},
		"bounds too few":       {func() error { _, err := predict.IntervalScores(nil, nil, nil, []float64{1}); return err }, predict.ErrShape},
		"y of NaN": {func() error {
			_, err := predict.IntervalScores(nil, []float64{1}, []float64{1}, []float64{math.NaN()})
			return err
		}, predict.ErrNotFinite},
		"a row tested twice": {func() error {
			_, err := predict.FitCrossConformal([]predict.Fold{{Test: []int{0}}, {Test: []int{0}}}, []float64{1}, []float64{1})
			return err
		}, predict.ErrDuplicate},
		"a fold too few": {func() error { _, _, err := x.Interval([]float64{1}, .5); return err }, predict.ErrShape},
		"a fold of no row": {func() error {
			_, err := predict.FitCrossConformal([]predict.Fold{{}}, []float64{1}, []float64{1})
			return err
		}, predict.ErrEmpty},
	} {
		if err := e.do(); !errors.Is(err, e.is) {
			t.Errorf("%s: %v, want %v", name, err, e.is)
		}
	}
}

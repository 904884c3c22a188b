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

func TestBetaEdges(t *testing.T) {
	s := rng.New(3, 1, 0)
	p, y := make([]float64, 4000), make([]bool, 4000)
	for i := range p {
		p[i] = s.Float64()
		y[i] = s.Bool(p[i])
	}
	// Probabilities that are right stay as they are.
	c := promised(predict.FitBeta(p, y, nil))
	if math.Abs(c.A-1) > .15 || math.Abs(c.B-1) > .15 || math.Abs(c.C) > .15 {
		t.Errorf("calibrated probabilities get A %v, B %v, C %v", c.A, c.B, c.C)
	}
	// Weights are repeated rows, and the order of rows does not matter.
	weights := make([]float64, 60)
	var rp []float64
	var ry []bool
	for i := range weights {
		weights[i] = float64(i % 3)
		for range i % 3 {
			rp, ry = append(rp, p[i]), append(ry, y[i])
		}
	}
	a, b := promised(predict.FitBeta(p[:60], y[:60], weights)), promised(predict.FitBeta(rp, ry, nil))
	near(t, "weights", []float64{a.A, a.B, a.C}, []float64{b.A, b.B, b.C}, 1e-7)
	// Scores that mean the opposite are worth nothing to an ascending function.
	for i := range y {
		y[i] = s.Bool(1 - p[i])
	}
	if c = promised(predict.FitBeta(p, y, nil)); c.A != 0 || c.B != 0 || math.Abs(c.Prob(nil, []float64{.1})[0]-.5) > .05 {
		t.Errorf("opposite scores: %+v", c)
	}
	// Scores that separate the labels have no maximum; the ends stay finite.
	c = promised(predict.FitBeta([]float64{0, .1, .8, 1}, []bool{false, false, true, true}, nil))
	for _, v := range c.Prob(nil, []float64{0, .5, 1}) {
		if !(v >= 0 && v <= 1) {
			t.Errorf("separated: %v", v)
		}
	}
	for name, e := range map[string]struct {
		p  []float64
		y  []bool
		is error
	}{
		"one class":   {[]float64{.1, .2}, []bool{true, true}, predict.ErrUndefined},
		"outside":     {[]float64{.1, 1.2}, []bool{true, false}, predict.ErrRange},
		"NaN":         {[]float64{.1, math.NaN()}, []bool{true, false}, predict.ErrNotFinite},
		"none":        {nil, nil, predict.ErrEmpty},
		"labels lack": {[]float64{.1, .2}, []bool{true}, predict.ErrShape},
	} {
		if _, err := predict.FitBeta(e.p, e.y, nil); !errors.Is(err, e.is) {
			t.Errorf("%s: %v, want %v", name, err, e.is)
		}
	}
}

// TestReliability: of calibrated probabilities about 95 % of the intervals hold the mean
// probability; of others they do not.
func TestReliability(t *testing.T) {
	s := rng.New(5, 1, 0)
	inside, bins := 0, 0
	for range 100 {
		p, y, wrong := make([]float64, 500), make([]bool, 500), make([]float64, 500)
		for i := range p {
			p[i] = s.Float64()
			y[i] = s.Bool(p[i])
			wrong[i] = math.Sqrt(p[i])
		}
		rows := int64(0)
		for _, b := range promised(predict.Reliability(p, y, 10, 0)) {
			rows += b.Rows
			bins++
			if b.Low <= b.Predicted && b.Predicted <= b.High {
				inside++
			}
			if b.From > b.To || b.Predicted < b.From-1e-12 || b.Predicted > b.To+1e-12 || b.Observed != float64(b.True)/float64(b.Rows) || b.Rows != 50 {
				t.Fatalf("bin %+v", b)
			}
		}
		if rows != 500 {
			t.Fatalf("%d rows", rows)
		}
		out := 0
		for _, b := range promised(predict.Reliability(wrong, y, 10, .95)) {
			if b.Predicted > b.High {
				out++
			}
		}
		if out < 3 {
			t.Errorf("of wrong probabilities only %d bins are found", out)
		}
	}
	if rate := float64(inside) / float64(bins); rate < .93 || rate > .97 {
		t.Errorf("%.3f of %d intervals hold", rate, bins)
	}
	ties := promised(predict.Reliability([]float64{.5, .5, .5, .5, .1}, []bool{true, false, true, true, false}, 4, .9))
	if len(ties) != 2 || ties[0].Rows != 1 || ties[1].Rows != 4 || ties[1].True != 3 {
		t.Errorf("ties: %+v", ties)
	}
	if _, err := predict.Reliability([]float64{.5}, []bool{true}, 0, 2); !errors.Is(err, predict.ErrOption) {
		t.Errorf("%v", err)
	}
}

func TestPriors(t *testing.T) {
	// The published example: a third of the true rows kept is CorrectSampling the other way round.
	near(t, "kept negatives", promised(predict.CorrectClassSampling(nil, []float64{.3}, [2]float64{.1, 1})), []float64{0.0410958904109589}, 1e-15)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(.001, .999).Draw(t, "p")
		a, b := rapid.Float64Range(.01, .99).Draw(t, "a"), rapid.Float64Range(.01, .99).Draw(t, "b")
		there := promised(predict.CorrectPrior(nil, []float64{p}, a, b))
		if back := promised(predict.CorrectPrior(nil, there, b, a)); math.Abs(back[0]-p) > 1e-12 {
			t.Fatalf("%v becomes %v and %v", p, there, back)
		}
		// Bayes: rows of a population at rate b, thinned by class to rate a.
		keep := [2]float64{1, 1}
		if ratio := a / (1 - a) * (1 - b) / b; ratio < 1 {
			keep[1] = ratio
		} else {
			keep[0] = 1 / ratio
		}
		if got := promised(predict.CorrectClassSampling(nil, []float64{p}, keep)); math.Abs(got[0]-there[0]) > 1e-12 {
			t.Fatalf("thinned by %v: %v, want %v", keep, got, there)
		}
	})
	// A calibrated model meets another share of true rows: it is found without labels.
	s := rng.New(8, 1, 0)
	const trained, actual = .5, .12
	p := make([]float64, 20000)
	for i := range p {
		x := s.Normal()
		if s.Bool(actual) {
			x += 1.5
		} else {
			x -= 1.5
		}
		p[i] = predict.Sigmoid(3 * x)
	}
	if got := promised(predict.EstimatePrior(p, trained)); math.Abs(got-actual) > .01 {
		t.Errorf("estimated %v, planted %v", got, actual)
	}
	slices.Reverse(p)
	if a, b := promised(predict.EstimatePrior(p, trained)), promised(predict.EstimatePrior(p[:len(p):len(p)], trained)); a != b {
		t.Errorf("%v and %v", a, b)
	}
	for want, p := range map[float64][]float64{0: {.1, .05, .2}, 1: {.8, .9, 1}} {
		if got, err := predict.EstimatePrior(p, .5); err != nil || got != want {
			t.Errorf("EstimatePrior(%v) = %v, %v, want %v", p, got, err, want)
		}
	}
	for name, e := range map[string]struct {
		do func() error
		is error
	}{
		"rate 0":    {func() error { _, err := predict.CorrectPrior(nil, []float64{.5}, 0, .5); return err }, predict.ErrRange},
		"share 0":   {func() error { _, err := predict.CorrectClassSampling(nil, []float64{.5}, [2]float64{0, 1}); return err }, predict.ErrRange},
		"p outside": {func() error { _, err := predict.CorrectPrior(nil, []float64{1.5}, .5, .5); return err }, predict.ErrRange},
		"flat":      {func() error { _, err := predict.EstimatePrior([]float64{.5, .5}, .5); return err }, predict.ErrUndefined},
		"none":      {func() error { _, err := predict.EstimatePrior(nil, .5); return err }, predict.ErrEmpty},
	} {
		if err := e.do(); !errors.Is(err, e.is) {
			t.Errorf("%s: %v, want %v", name, err, e.is)
		}
	}
}

// TestChooseRowsProp: without a budget the rows are those of a sort, for any order of the
// input; with one, no more is spent, and what was passed over did not fit when its turn came.
func TestChooseRowsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		ids, scores := make([]int, n), make([]float64, n)
		for i := range ids {
			ids[i], scores[i] = i*7%31, float64(rapid.IntRange(0, 5).Draw(t, "score"))
		}
		rows := rapid.IntRange(1, 30).Draw(t, "rows")
		got := promised(predict.ChooseRows(ids, scores, predict.Capacity{Rows: rows}))
		order := indices(n)
		slices.SortFunc(order, func(a, b int) int {
			if scores[a] != scores[b] {
				return int(scores[b] - scores[a])
			}
			return ids[a] - ids[b]
		})
		want, sum, tied := order[:min(rows, n)], 0.0, 0
		for _, i := range want {
			sum += scores[i]
		}
		for _, i := range order[len(want):] {
			if scores[i] == got.Threshold {
				tied++
			}
		}
		if !slices.Equal(got.Rows, want) || got.Expected != sum || got.Cost != float64(len(want)) || got.Tied != tied || got.Threshold != scores[want[len(want)-1]] {
			t.Fatalf("%+v, want %v", got, want)
		}
		cost := make([]float64, n)
		for i := range cost {
			cost[i] = float64(rapid.IntRange(1, 9).Draw(t, "cost"))
		}
		budget := float64(rapid.IntRange(1, 60).Draw(t, "budget"))
		got = promised(predict.ChooseRows(ids, scores, predict.Capacity{Budget: budget, Cost: cost}))
		spent, chosen := 0.0, map[int]bool{}
		for _, i := range got.Rows {
			spent += cost[i]
			chosen[i] = true
		}
		if spent != got.Cost || spent > budget {
			t.Fatalf("spent %v, %v of %v", spent, got.Cost, budget)
		}
		for i := range ids {
			before := 0.0
			for _, j := range got.Rows {
				if r, q := scores[j]/cost[j], scores[i]/cost[i]; r > q || r == q && ids[j] < ids[i] {
					before += cost[j]
				}
			}
			if !chosen[i] && before+cost[i] <= budget {
				t.Fatalf("row %d was passed over with %v left", i, budget-before)
			}
		}
	})
}

func TestChooseRowsEdges(t *testing.T) {
	ids, scores := []string{"b", "a", "c"}, []float64{.5, .5, .9}
	got := promised(predict.ChooseRows(ids, scores, predict.Capacity{Rows: 2}))
	if !slices.Equal(got.Rows, []int{2, 1}) || got.Tied != 1 || got.Threshold != .5 {
		t.Errorf("%+v", got)
	}
	got = promised(predict.ChooseRows(ids, scores, predict.Capacity{UseLeast: true, Least: 1}))
	if len(got.Rows) != 0 || !math.IsNaN(got.Threshold) || got.Cost != 0 {
		t.Errorf("nobody: %+v", got)
	}
	got = promised(predict.ChooseRows(ids, scores, predict.Capacity{Rows: 1, Value: []float64{10, 1, 1}}))
	if !slices.Equal(got.Rows, []int{0}) || got.Expected != 5 {
		t.Errorf("by value: %+v", got)
	}
	for name, e := range map[string]struct {
		ids []string
		c   predict.Capacity
		is  error
	}{
		"none":           {nil, predict.Capacity{}, predict.ErrEmpty},
		"an id twice":    {[]string{"a", "a", "b"}, predict.Capacity{}, predict.ErrDuplicate},
		"negative rows":  {ids, predict.Capacity{Rows: -1}, predict.ErrOption},
		"a cost of 0":    {ids, predict.Capacity{Cost: []float64{1, 0, 1}}, predict.ErrRange},
		"costs lack":     {ids, predict.Capacity{Cost: []float64{1}}, predict.ErrShape},
		"a value of NaN": {ids, predict.Capacity{Value: []float64{1, math.NaN(), 1}}, predict.ErrNotFinite},
		"too large":      {ids, predict.Capacity{Cost: []float64{math.MaxFloat64, math.MaxFloat64, 1}}, predict.ErrOverflow},
	} {
		if _, err := predict.ChooseRows(e.ids, scores[:len(e.ids)], e.c); !errors.Is(err, e.is) {
			t.Errorf("%s: %v, want %v", name, err, e.is)
		}
	}
}

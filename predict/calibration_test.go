package predict_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/predict"
	"pgregory.net/rapid"
)

type linearCase struct {
	Coef      []float64 `json:"coef"`
	Intercept float64   `json:"intercept"`
	StdErr    []float64 `json:"stderr"`
	R2        float64   `json:"r2"`
}

type calibrationGolden struct {
	Scores        []float64   `json:"scores"`
	Y             []int       `json:"y"`
	Weights       []float64   `json:"weights"`
	Platt         []float64   `json:"platt"`
	PlattWeighted []float64   `json:"platt_weighted"`
	Sklearn       []float64   `json:"sklearn"`
	Grid          []float64   `json:"grid"`
	Isotonic      []float64   `json:"isotonic"`
	Rows          [][]float64 `json:"rows"`
	Target        []float64   `json:"target"`
	RowWeights    []float64   `json:"row_weights"`
	OLS           linearCase  `json:"ols"`
	WLS           linearCase  `json:"wls"`
	NoIntercept   linearCase  `json:"no_intercept"`
	Ridge         linearCase  `json:"ridge"`
}

// TestSigmoidGolden: the direct minimisation by scipy agrees to 1e-7,
// scikit-learn stops its own search earlier.
func TestSigmoidGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	c, err := predict.FitSigmoid(g.Scores, bools(g.Y), nil)
	if err != nil || !c.Converged {
		t.Fatal(err)
	}
	near(t, "A, B", []float64{c.A, c.B}, g.Platt, 1e-7)
	near(t, "scikit-learn", []float64{c.A, c.B}, g.Sklearn, 1e-3)
	c, err = predict.FitSigmoid(g.Scores, bools(g.Y), g.Weights)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted A, B", []float64{c.A, c.B}, g.PlattWeighted, 1e-7)
}

func TestSigmoidEdge(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores []float64
		y      []bool
		at     []float64
		want   []float64
	}{
		{"one class", []float64{1, 2, 3}, []bool{true, true, true}, []float64{0, 9}, []float64{0.8, 0.8}},
		{"one score", []float64{2, 2, 2, 2}, []bool{true, false, false, true}, []float64{2, 5}, []float64{0.5, 0.5}},
		{"one row", []float64{2}, []bool{false}, []float64{2}, []float64{1.0 / 3}},
		// Separable: Platt's targets 3/4 and 1/4 are met exactly.
		{"separable", []float64{-1, -1, 1, 1}, []bool{false, false, true, true}, []float64{-1, 0, 1}, []float64{0.25, 0.5, 0.75}},
		{"far away", []float64{1e9 - 1, 1e9 - 1, 1e9 + 1, 1e9 + 1}, []bool{false, false, true, true}, []float64{1e9 - 1, 1e9, 1e9 + 1}, []float64{0.25, 0.5, 0.75}},
	} {
		m, err := predict.FitSigmoid(c.scores, c.y, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		near(t, c.name, m.Prob(nil, c.at), c.want, 1e-6)
	}
	m := predict.SigmoidCalibrator{A: -1}
	near(t, "limits", m.Prob(nil, []float64{math.Inf(-1), 0, math.Inf(1)}), []float64{0, 0.5, 1}, 0)
}

func TestIsotonicGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	f, err := predict.FitIsotonic(g.Scores, bools(g.Y), g.Weights)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "isotonic", f.Prob(nil, g.Grid), g.Isotonic, 1e-12)
	// Published example of the algorithm.
	f, err = predict.FitIsotonicValues([]float64{1, 2, 3, 4, 5, 6}, []float64{1, 3, 2, 4, 3.5, 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "pools", f.Prob(nil, []float64{1, 2, 3, 4, 5, 6}), []float64{1, 2.5, 2.5, 3.75, 3.75, 5}, 1e-15)
	near(t, "between and beyond", f.Prob(nil, []float64{0, 1.5, 99}), []float64{1, 1.75, 5}, 1e-15)
	if !math.IsNaN(f.At(math.NaN())) {
		t.Error("NaN")
	}
	f, err = predict.FitIsotonic([]float64{4, 4, 4}, []bool{true, false, false}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one score", f.Prob(nil, []float64{-9, 4, 9}), []float64{1. / 3, 1. / 3, 1. / 3}, 1e-15)
}

// TestIsotonicProp: the least squares monotone fit is characterised by the
// min-max formula f(i) = max over a<=i of min over b>=i of the mean of [a, b].
func TestIsotonicProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		x, y, w := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			x[i] = float64(i)
			y[i] = float64(rapid.IntRange(-5, 5).Draw(t, "y"))
			w[i] = float64(rapid.IntRange(1, 4).Draw(t, "w"))
		}
		perm := rapid.Permutation(seq(n)).Draw(t, "order")
		f, err := predict.FitIsotonicValues(predict.Pick(x, perm), predict.Pick(y, perm), predict.Pick(w, perm))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			best := math.Inf(-1)
			for a := 0; a <= i; a++ {
				low := math.Inf(1)
				for b := i; b < n; b++ {
					s, v := 0.0, 0.0
					for k := a; k <= b; k++ {
						s, v = s+w[k]*y[k], v+w[k]
					}
					low = math.Min(low, s/v)
				}
				best = math.Max(best, low)
			}
			if math.Abs(f.At(x[i])-best) > 1e-9 {
				t.Fatalf("f(%d) = %v, want %v", i, f.At(x[i]), best)
			}
		}
	})
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestIsotonicBucketsProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 16
		shards := make([]*predict.IsotonicBuckets, 3)
		for i := range shards {
			shards[i], _ = predict.NewIsotonicBuckets(0, 1, n)
		}
		whole, _ := predict.NewIsotonicBuckets(0, 1, n)
		var scores []float64
		var y []bool
		for range rapid.IntRange(1, 60).Draw(t, "rows") {
			// Scores at midpoints: bucketing then loses nothing.
			b := rapid.IntRange(0, n-1).Draw(t, "bucket")
			s, v := (float64(b)+0.5)/n, rapid.Bool().Draw(t, "label")
			scores, y = append(scores, s), append(y, v)
			for _, a := range []*predict.IsotonicBuckets{whole, shards[rapid.IntRange(0, 2).Draw(t, "shard")]} {
				if err := a.Add(s, v); err != nil {
					t.Fatal(err)
				}
			}
		}
		order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")
		sum, _ := predict.NewIsotonicBuckets(0, 1, n)
		for _, i := range order {
			if err := sum.Merge(shards[i]); err != nil {
				t.Fatal(err)
			}
		}
		a, _ := sum.MarshalBinary()
		b, _ := whole.MarshalBinary()
		if !bytes.Equal(a, b) {
			t.Fatal("merge differs from one pass")
		}
		var back predict.IsotonicBuckets
		if err := back.UnmarshalBinary(a); err != nil {
			t.Fatal(err)
		}
		f, err1 := back.Result()
		exact, err2 := predict.FitIsotonic(scores, y, nil)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, s := range scores {
			if math.Abs(f.At(s)-exact.At(s)) > 1e-12 {
				t.Fatalf("bucketed %v, exact %v", f.At(s), exact.At(s))
			}
		}
	})
	a, _ := predict.NewIsotonicBuckets(0, 1, 4)
	b, _ := predict.NewIsotonicBuckets(0, 1, 5)
	for name, err := range map[string]error{"itself": a.Merge(a), "other": a.Merge(b), "nil": a.Merge(nil)} {
		if !errors.Is(err, predict.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.Result(); !errors.Is(err, predict.ErrEmpty) {
		t.Error(err)
	}
	if err := a.Add(math.NaN(), true); !errors.Is(err, predict.ErrNotFinite) {
		t.Error(err)
	}
	for _, s := range []float64{math.Inf(-1), -5, 1, 7, math.Inf(1)} {
		if err := a.Add(s, true); err != nil {
			t.Error(err)
		}
	}
	if _, err := predict.NewIsotonicBuckets(1, 0, 0); !errors.Is(err, predict.ErrOption) {
		t.Error(err)
	}
}

func TestCorrectSampling(t *testing.T) {
	got, err := predict.CorrectSampling(nil, []float64{0.3, 0, 1}, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "q", got, []float64{0.0410959, 0, 1}, 1e-7)
	for _, c := range []struct{ p, keep float64 }{{0.5, 0}, {0.5, -1}, {0.5, 2}, {0.5, math.NaN()}, {1.5, 0.5}, {math.NaN(), 0.5}} {
		if _, err := predict.CorrectSampling(nil, []float64{c.p}, c.keep); !errors.Is(err, predict.ErrRange) {
			t.Errorf("%v: %v", c, err)
		}
	}
	// Fitting on all positives and a tenth of the negatives, then correcting,
	// recovers the rate of the whole.
	rows, y := planted(40000, 2, 7)
	var kept []int
	positive := 0
	for i := range rows {
		if y[i] {
			positive++
		}
		if y[i] || rng.Mix(uint64(i))%10 == 0 {
			kept = append(kept, i)
		}
	}
	m, err := predict.FitLogistic(context.Background(), predict.Pick(rows, kept), predict.Pick(y, kept), predict.LogisticOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := m.Prob(nil, rows)
	q, _ := predict.CorrectSampling(nil, p, 0.1)
	sum := 0.0
	for _, v := range q {
		sum += v
	}
	testkit.Near(t, "rate", sum/float64(len(q)), float64(positive)/float64(len(y)), 0.01)
}

func TestCalibrationBadInput(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		scores []float64
		y      []bool
		w      []float64
		want   error
		text   string
	}{
		{"empty", nil, nil, nil, predict.ErrEmpty, "scores"},
		{"length", []float64{1}, []bool{true, false}, nil, predict.ErrShape, "1 scores"},
		{"NaN", []float64{1, nan}, []bool{true, false}, nil, predict.ErrNotFinite, "scores[1]"},
		{"huge", []float64{1e300, 1}, []bool{true, false}, nil, predict.ErrRange, "scores[0]"},
		{"weights", []float64{1, 2}, []bool{true, false}, []float64{1}, predict.ErrShape, "weights"},
		{"negative weight", []float64{1, 2}, []bool{true, false}, []float64{1, -1}, nil, "weights[1]"},
		{"zero weights", []float64{1, 2}, []bool{true, false}, []float64{0, 0}, nil, "weights"},
	} {
		_, err1 := predict.FitSigmoid(c.scores, c.y, c.w)
		_, err2 := predict.FitIsotonic(c.scores, c.y, c.w)
		_, err3 := predict.BestThreshold(c.scores, c.y, c.w, predict.Costs{FalsePositive: 1, FalseNegative: 1})
		for i, err := range []error{err1, err2, err3} {
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s, %d: %v", c.name, i, err)
			}
		}
	}
	if _, err := predict.FitIsotonicValues([]float64{1}, []float64{nan}, nil); !errors.Is(err, predict.ErrNotFinite) {
		t.Error(err)
	}
}

func TestLinearGolden(t *testing.T) {
	var g calibrationGolden
	testkit.Golden(t, "calibration.json", &g)
	for _, c := range []struct {
		name string
		o    predict.LinearOptions
		want linearCase
	}{
		{"ols", predict.LinearOptions{}, g.OLS},
		{"wls", predict.LinearOptions{Weights: g.RowWeights}, g.WLS},
		{"no intercept", predict.LinearOptions{NoIntercept: true}, g.NoIntercept},
		{"ridge", predict.LinearOptions{L2: 50}, g.Ridge},
	} {
		m, err := predict.FitLinear(context.Background(), g.Rows, g.Target, c.o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name, values(m.Coefficients()), c.want.Coef, 1e-8)
		testkit.Near(t, c.name+" intercept", m.Intercept().Value, c.want.Intercept, 1e-6)
		for j, s := range c.want.StdErr {
			got := m.Intercept().StdErr
			if j < m.Columns() {
				got = m.Coefficients()[j].StdErr
			}
			if !testkit.Close(got, s, 0, 1e-7) {
				t.Errorf("%s: stderr[%d] = %v, want %v", c.name, j, got, s)
			}
		}
		if c.want.R2 != 0 {
			testkit.Near(t, c.name+" R²", m.RSquared(), c.want.R2, 1e-10)
		}
		var gram predict.Gram
		for i, row := range g.Rows {
			w := 1.0
			if c.o.Weights != nil {
				w = c.o.Weights[i]
			}
			if err := gram.Add(row, g.Target[i], w); err != nil {
				t.Fatal(err)
			}
		}
		n, err := gram.Fit(c.o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, c.name+" by Gram", values(n.Coefficients()), c.want.Coef, 1e-7)
	}
}

// TestLinearHard: a polynomial of degree 5 on [4, 6], whose normal equations
// are close to singular: without refinement about 5 digits are lost.
func TestLinearHard(t *testing.T) {
	var rows [][]float64
	var y []float64
	for i := range 21 {
		v := float64(i)/10 + 4
		row := make([]float64, 5)
		target, p := 1.0, 1.0
		for j := range row {
			p *= v
			row[j] = p
			target += p
		}
		rows, y = append(rows, row), append(y, target)
	}
	m, err := predict.FitLinear(context.Background(), rows, y, predict.LinearOptions{})
	if err != nil || len(m.Warnings()) > 0 {
		t.Fatalf("%v %v", err, m.Warnings())
	}
	near(t, "coef", values(m.Coefficients()), []float64{1, 1, 1, 1, 1}, 1e-5)
}

func TestLinearDegenerate(t *testing.T) {
	rows := [][]float64{{1, 2, 5, 3}, {2, 4, 5, 1}, {3, 6, 5, 1}, {4, 8, 5, 0}}
	m, err := predict.FitLinear(context.Background(), rows, []float64{3, 5, 7, 9}, predict.LinearOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "coef", values(m.Coefficients()), []float64{2, 0, 0, 0}, 1e-10)
	testkit.Near(t, "intercept", m.Intercept().Value, 1, 1e-10)
	if w := strings.Join(m.Warnings(), ""); !strings.Contains(w, "x1, x2") {
		t.Errorf("warnings %q", w)
	}
	m, err = predict.FitLinear(context.Background(), [][]float64{{1, 2, 3}}, []float64{4}, predict.LinearOptions{L2: 1})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one row", values(m.Coefficients()), []float64{0, 0, 0}, 0)
	if !math.IsNaN(m.RSquared()) {
		t.Error("R² of a constant target")
	}
	if _, err := m.Predict(nil, [][]float64{{1}}); !errors.Is(err, predict.ErrShape) {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		rows [][]float64
		y    []float64
		o    predict.LinearOptions
		want error
	}{
		"empty":  {nil, nil, predict.LinearOptions{}, predict.ErrEmpty},
		"length": {rows, []float64{1}, predict.LinearOptions{}, predict.ErrShape},
		"NaN":    {rows, []float64{1, 2, math.NaN(), 3}, predict.LinearOptions{}, predict.ErrNotFinite},
		"L2":     {rows, []float64{1, 2, 3, 3}, predict.LinearOptions{L2: -1}, predict.ErrOption},
	} {
		if _, err := predict.FitLinear(context.Background(), c.rows, c.y, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("why")
	cancel(why)
	if _, err := predict.FitLinear(ctx, rows, []float64{3, 5, 7, 9}, predict.LinearOptions{}); !errors.Is(err, why) {
		t.Error(err)
	}
}

func TestLinearBytes(t *testing.T) {
	rows, labels := planted(5000, 6, 3)
	y := make([]float64, len(rows))
	for i, row := range rows {
		y[i] = row[0] - 2*row[3]
		if labels[i] {
			y[i]++
		}
	}
	fit := func(perm []int) []byte {
		m, err := predict.FitLinear(context.Background(), predict.Pick(rows, perm), predict.Pick(y, perm), predict.LinearOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := m.MarshalBinary()
		return b
	}
	testkit.AtGOMAXPROCS(t, func() []byte { return fit(seq(len(rows))) })
	if !bytes.Equal(fit(seq(len(rows))), fit(shuffled(1, len(rows)))) {
		t.Error("permuted rows give other bytes")
	}
}

// TestGramProp: merging any split in any order equals one pass up to rounding,
// also far from 0, where sums of squares would lose everything.
func TestGramProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const d = 3
		var whole predict.Gram
		var shards [3]predict.Gram
		for range rapid.IntRange(8, 40).Draw(t, "rows") {
			row := make([]float64, d)
			for j := range row {
				row[j] = 1e8 + float64(rapid.IntRange(-9, 9).Draw(t, "x"))
			}
			y, w := float64(rapid.IntRange(-9, 9).Draw(t, "y")), float64(rapid.IntRange(0, 3).Draw(t, "w"))
			if whole.Add(row, y, w) != nil || shards[rapid.IntRange(0, 2).Draw(t, "shard")].Add(row, y, w) != nil {
				t.Fatal("Add")
			}
		}
		if whole.Len() == 0 {
			return
		}
		var sum predict.Gram
		for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(t, "order") {
			b, _ := shards[i].MarshalBinary()
			var back predict.Gram
			if err := back.UnmarshalBinary(b); err != nil {
				t.Fatal(err)
			}
			if err := sum.Merge(&back); err != nil {
				t.Fatal(err)
			}
		}
		a, err1 := whole.Fit(predict.LinearOptions{L2: 1})
		b, err2 := sum.Fit(predict.LinearOptions{L2: 1})
		if err1 != nil || err2 != nil || whole.Len() != sum.Len() {
			t.Fatal(err1, err2)
		}
		for j, c := range a.Coefficients() {
			if d := b.Coefficients()[j].Value - c.Value; math.Abs(d) > 1e-6 {
				t.Fatalf("coefficient %d: %v against %v", j, b.Coefficients()[j].Value, c.Value)
			}
		}
	})
	var a, b predict.Gram
	if a.Add([]float64{1}, 1, 1) != nil || b.Add([]float64{1, 2}, 1, 1) != nil {
		t.Fatal("Add")
	}
	before, _ := a.MarshalBinary()
	for name, err := range map[string]error{"itself": a.Merge(&a), "shape": a.Merge(&b)} {
		if !errors.Is(err, predict.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		row  []float64
		y, w float64
	}{"empty": {nil, 1, 1}, "shape": {[]float64{1, 2}, 1, 1}, "NaN": {[]float64{math.NaN()}, 1, 1}, "y": {[]float64{1}, math.Inf(1), 1}, "w": {[]float64{1}, 1, -1}} {
		if err := a.Add(c.row, c.y, c.w); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if after, _ := a.MarshalBinary(); !bytes.Equal(before, after) {
		t.Error("an error changed the state")
	}
	var none predict.Gram
	if _, err := none.Fit(predict.LinearOptions{}); !errors.Is(err, predict.ErrEmpty) {
		t.Error(err)
	}
	if err := a.Merge(&none); err != nil {
		t.Error(err)
	}
}

func TestThreshold(t *testing.T) {
	c := predict.Costs{TruePositive: -4, FalsePositive: 1}
	v, err := c.Threshold()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "threshold", v, 0.2, 1e-15)
	for _, bad := range []predict.Costs{{}, {FalsePositive: 1}, {FalseNegative: 1}, {FalsePositive: math.NaN(), FalseNegative: 1}} {
		if _, err := bad.Threshold(); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
	r, err := predict.BestThreshold([]float64{0.1, 0.2, 0.9, 0.2}, []bool{false, false, false, false}, nil, c)
	if err != nil || !math.IsInf(r.Threshold, 1) || r.Cost != 0 {
		t.Errorf("all false: %+v, %v", r, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		s, y, w := make([]float64, n), make([]bool, n), make([]float64, n)
		for i := range n {
			s[i], y[i], w[i] = float64(rapid.IntRange(0, 5).Draw(t, "s"))/5, rapid.Bool().Draw(t, "y"), float64(rapid.IntRange(1, 3).Draw(t, "w"))
		}
		cost := func(at float64) float64 {
			sum := 0.0
			for i := range n {
				switch {
				case s[i] >= at && y[i]:
					sum += w[i] * c.TruePositive
				case s[i] >= at:
					sum += w[i] * c.FalsePositive
				}
			}
			return sum
		}
		got, err := predict.BestThreshold(s, y, w, c)
		if err != nil {
			t.Fatal(err)
		}
		if cost(got.Threshold) != got.Cost || cost(-1) != got.ActAll || got.ActNone != 0 {
			t.Fatalf("cost %v, recomputed %v: %+v", got.Cost, cost(got.Threshold), got)
		}
		for _, at := range append(slices.Clone(s), math.Inf(1)) {
			if cost(at) < got.Cost || cost(at) == got.Cost && at > got.Threshold {
				t.Fatalf("%v costs %v, chosen %+v", at, cost(at), got)
			}
		}
	})
}

package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

type selectGolden struct {
	Columns []struct {
		Column                                         string
		Pearson, Spearman, AUC, F, FP, Gain, Chi, ChiP float64
	}
	Shares, Row, StandardShares []float64
	Weights                     [][]float64
}

// shopRows returns the golden's columns of online-shoppers and who bought.
func shopRows(t testing.TB, g *selectGolden) (rows [][]float64, y []float64, names []string) {
	data := shoppers(t)
	for _, c := range g.Columns {
		names = append(names, c.Column)
		for i, x := range columnOf(data[c.Column]) {
			if i == len(rows) {
				rows = append(rows, nil)
			}
			rows[i] = append(rows[i], x[0])
		}
	}
	y = make([]float64, len(rows))
	for i, bought := range is(data["Revenue"], "TRUE") {
		if bought {
			y[i] = 1
		}
	}
	return rows, y, names
}

func TestRelevancesGolden(t *testing.T) {
	var g selectGolden
	testkit.Golden(t, "select.json", &g)
	rows, y, names := shopRows(t, &g)
	got, err := feature.Relevances(context.Background(), rows, y, feature.SelectorOptions{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range g.Columns {
		r := got[j]
		for what, v := range map[string][2]float64{
			"Pearson": {r.Pearson, want.Pearson}, "Spearman": {r.Spearman, want.Spearman}, "AUC": {r.AUC, want.AUC}, "F": {r.F, want.F}, "F p": {r.FP, want.FP},
			"gain": {r.Gain, want.Gain}, "chi-square": {r.ChiSquare, want.Chi}, "chi-square p": {r.ChiSquareP, want.ChiP},
		} {
			if !testkit.Close(v[0], v[1], 1e-12, 1e-9) {
				t.Errorf("%s %s: %v, want %v", r.Column, what, v[0], v[1])
			}
		}
		if r.Leak || r.Column != want.Column {
			t.Errorf("%+v", r)
		}
	}
}

func TestPCAGolden(t *testing.T) {
	var g selectGolden
	testkit.Golden(t, "select.json", &g)
	rows, _, names := shopRows(t, &g)
	ctx := context.Background()
	p, err := feature.FitPCA(ctx, rows, feature.PCAOptions{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "shares", [][]float64{p.Shares()}, [][]float64{g.Shares}, 1e-9)
	near(t, "weights", [][]float64{p.Weights(0), p.Weights(1), p.Weights(2)}, g.Weights, 1e-7)
	out, err := p.Transform(nil, rows[100:101])
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range g.Row {
		if !testkit.Close(out[0][k], want, 1e-6, 1e-7) {
			t.Errorf("component %d of row 100: %v, want %v", k, out[0][k], want)
		}
	}
	s, err := feature.FitPCA(ctx, rows, feature.PCAOptions{Names: names, Standardize: true, Share: .6})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "standard", [][]float64{s.Shares()}, [][]float64{g.StandardShares[:len(s.Shares())]}, 1e-9)
	sum := 0.
	for _, x := range s.Shares() {
		sum += x
	}
	if last := s.Shares()[len(s.Shares())-1]; sum < .6 || sum-last >= .6 {
		t.Errorf("share .6 keeps %v", s.Shares())
	}
}

// TestSelector: a planted column, its copy, its noisy twin, noise, a constant, and leaks.
func TestSelector(t *testing.T) {
	ctx := context.Background()
	var rows [][]float64
	var y []float64
	for i := range 2000 {
		a, b, noise := math.Sin(float64(i)), math.Sin(float64(i)*1.7+1), math.Sin(float64(i)*2.9)
		target := 0.
		if a+.8*b+noise > .3 {
			target = 1
		}
		missing := noise
		if i%5 == 0 {
			missing = math.NaN()
		}
		rows = append(rows, []float64{a, 2*a + 1, b, missing, 7, target, -3 * target})
		y = append(y, target)
	}
	names := []string{"a", "copy", "b", "part", "flat", "leak", "mirror"}
	all, err := feature.Relevances(ctx, rows, y, feature.SelectorOptions{Names: names})
	if err != nil {
		t.Fatal(err)
	}
	for j, r := range all {
		if r.Leak != (j >= 5) {
			t.Errorf("%s: leak %v at AUC %v", r.Column, r.Leak, r.AUC)
		}
	}
	if !math.IsNaN(all[4].Pearson) || all[4].Gain != 0 || all[3].Missing != 400 {
		t.Errorf("%+v", all[3:5])
	}
	for name, c := range map[string]struct {
		opt  feature.SelectorOptions
		want []int
	}{
		"all":       {feature.SelectorOptions{}, []int{0, 1, 2, 3}},
		"redundant": {feature.SelectorOptions{MaxCorrelation: .95}, []int{0, 2, 3}},
		"two":       {feature.SelectorOptions{Keep: 2}, []int{0, 1}},
		"mRMR":      {feature.SelectorOptions{Keep: 2, MRMR: true}, []int{0, 3}},
		"leaks":     {feature.SelectorOptions{Keep: 2, KeepLeaks: true}, []int{5, 6}},
		"Pearson":   {feature.SelectorOptions{By: feature.ByPearson, Keep: 2}, []int{0, 1}},
		"no alarm":  {feature.SelectorOptions{LeakAUC: 1, Keep: 1}, []int{5}},
	} {
		s, err := feature.FitSelector(ctx, rows, y, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Kept(), c.want) {
			t.Errorf("%s: kept %v, want %v", name, s.Kept(), c.want)
		}
	}
	for m := feature.ByGain; m <= feature.ByInformationValue; m++ {
		s, err := feature.FitSelector(ctx, rows, y, feature.SelectorOptions{By: m, Keep: 3, MaxCorrelation: .9})
		if err != nil || slices.Contains(s.Kept(), 4) || !slices.Contains(s.Kept(), 2) {
			t.Errorf("measure %d: %v %v", m, s.Kept(), err)
		}
	}
	if _, err := feature.FitSelector(ctx, [][]float64{{1}, {1}}, []float64{0, 1}, feature.SelectorOptions{}); !errors.Is(err, feature.ErrUndefined) {
		t.Errorf("a constant: %v", err)
	}
}

// TestLeakNeedsRows: a predictor that has the one row of the largest class in front is no
// leak, nor is one of few values; what does order the rows is one.
func TestLeakNeedsRows(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows, y := make([][]float64, 1000), make([]float64, 1000)
		for i := range rows {
			x := r.NormFloat64()
			rows[i], y[i] = []float64{x, r.NormFloat64()}, min(math.Floor(math.Exp(.8*x+.5*r.NormFloat64())), 25)
		}
		s, err := feature.FitSelector(ctx, rows, y, feature.SelectorOptions{Keep: 1})
		if err != nil || !slices.Equal(s.Kept(), []int{0}) {
			t.Errorf("seed %d: kept %v, want the predictor: %v", seed, s.Kept(), err)
		}
	}
	// n rows have the value of their target, of which the last k are of class 1.
	leak := func(n, k int, count bool) bool {
		rows, y := make([][]float64, 2000), make([]float64, 2000)
		for i := range rows {
			if rows[i], y[i] = []float64{math.NaN()}, float64(i%2); i < n {
				y[i] = 0
				if i >= n-k {
					y[i] = 1
				}
				rows[i][0] = y[i] + float64(i)/1e4
			}
			if count {
				y[i] = float64(i)
			}
		}
		out, err := feature.Relevances(ctx, rows, y, feature.SelectorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Leak
	}
	for name, c := range map[string]struct {
		n, k        int
		count, want bool
	}{
		"two rows":          {2, 1, false, false},
		"two rows, counts":  {2, 1, true, false},
		"nine, counts":      {9, 1, true, false},
		"ten, counts":       {10, 1, true, true},
		"few of class":      {1000, 9, false, false},
		"few of the others": {1000, 991, false, false},
		"ten of class":      {1000, 10, false, true},
		"under one percent": {2000, 19, false, true},
		"one percent":       {2000, 20, false, true},
	} {
		if got := leak(c.n, c.k, c.count); got != c.want {
			t.Errorf("%s: leak %v", name, got)
		}
	}
}

// TestRelevancesProp: any order of rows gives the same bits.
func TestRelevancesProp(t *testing.T) {
	cell := rapid.OneOf(rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, 1, math.NaN()}))
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 2, 50).Draw(r, "rows")
		for _, row := range rows {
			if math.IsNaN(row[2]) {
				row[2] = 0
			}
		}
		of := func(rows [][]float64) string {
			x, y := make([][]float64, len(rows)), make([]float64, len(rows))
			for i, row := range rows {
				x[i], y[i] = row[:2], row[2]
			}
			got, err := feature.Relevances(context.Background(), x, y, feature.SelectorOptions{})
			if err != nil {
				r.Fatal(err)
			}
			return fmt.Sprint(testkit.Plain(got))
		}
		if a, b := of(rows), of(rapid.Permutation(rows).Draw(r, "perm")); a != b {
			r.Fatalf("%s\n%s", a, b)
		}
	})
}

// TestCovarianceLaws: merged shards are one pass.
func TestCovarianceLaws(t *testing.T) {
	of := func(names ...string) func() *feature.Covariance {
		return func() *feature.Covariance {
			c, _ := feature.NewCovariance(names)
			return c
		}
	}
	testkit.Laws[*feature.Covariance]{
		Empty: of("a", "b", "c"), Other: of("a", "b"), Tol: 1e-9,
		Add: func(t *rapid.T) func(*feature.Covariance) {
			row := rapid.SliceOfN(rapid.Float64Range(-100, 100), 3, 3).Draw(t, "row")
			return func(c *feature.Covariance) {
				if err := c.Add(row); err != nil {
					t.Fatal(err)
				}
			}
		},
		Merge: (*feature.Covariance).Merge,
		Result: func(c *feature.Covariance) []float64 {
			r := c.Result()
			return testkit.Numbers(r.Count, r.Mean, slices.Concat(r.Covariance...))
		},
	}.Check(t)
}

// TestPCABack: components are orthonormal, and all of them give the rows back.
func TestPCABack(t *testing.T) {
	rows := benchRows(60, 4)
	for _, r := range rows {
		for j := range r {
			if math.IsNaN(r[j]) {
				r[j] = 0
			}
		}
		r[3] += 2 * r[0]
	}
	p, err := feature.FitPCA(context.Background(), rows, feature.PCAOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := p.Transform(nil, rows)
	for a := range 4 {
		for b := range 4 {
			dot := 0.
			for j := range 4 {
				dot += p.Weights(a)[j] * p.Weights(b)[j]
			}
			want := 0.
			if a == b {
				want = 1
			}
			testkit.Near(t, "orthonormal", dot, want, 1e-12)
		}
	}
	for j := range 4 {
		diff := 0.
		for k := range 4 {
			diff += (out[0][k] - out[1][k]) * p.Weights(k)[j]
		}
		testkit.Near(t, "back", diff, rows[0][j]-rows[1][j], 1e-12)
	}
	if _, err := p.Transform(nil, [][]float64{{math.NaN(), 0, 0, 0}}); !errors.Is(err, feature.ErrNotFinite) {
		t.Error(err)
	}
	if _, err := feature.FitPCA(context.Background(), [][]float64{{1, 1}, {1, 1}}, feature.PCAOptions{}); !errors.Is(err, feature.ErrUndefined) {
		t.Error(err)
	}
}

// TestRandomProjection: squared lengths are kept on average, within five standard errors.
func TestRandomProjection(t *testing.T) {
	p, err := feature.NewRandomProjection(50, 400, 3)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float64, 50)
	for j := range row {
		row[j] = float64(j%7) - 3
	}
	out, _ := p.Transform(nil, [][]float64{row})
	length := func(xs []float64) (s float64) {
		for _, x := range xs {
			s += x * x
		}
		return s
	}
	if ratio := length(out[0]) / length(row); math.Abs(ratio-1) > 5*math.Sqrt(2./400) {
		t.Errorf("lengths change by %v", ratio)
	}
	if p.Shares() != nil {
		t.Error(p.Shares())
	}
	if _, err := feature.NewRandomProjection(0, 1, 0); !errors.Is(err, feature.ErrRange) {
		t.Error(err)
	}
}

func TestCrosses(t *testing.T) {
	nan := math.NaN()
	c, err := feature.NewCrosses([]string{"a", "b"}, []feature.Cross{
		{Kind: feature.Product, A: "a", B: "b"},
		{Kind: feature.Quotient, A: "a", B: "b"},
		{Kind: feature.BucketCross, A: "a", B: "b", EdgesA: []float64{0, 10}, EdgesB: []float64{5}},
		{Kind: feature.HashedCross, A: "a", B: "b", Buckets: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Transform(nil, [][]float64{{2, 4}, {-1, 0}, {10, 5}, {nan, nan}, {2, 4}, {4, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{2, 4, 8, .5, 3}, {-1, 0, 0, nan, 0}, {10, 5, 50, 2, 7}, {nan, nan, nan, nan, 11}} {
		near(t, fmt.Sprint("row ", i), [][]float64{out[i][:5]}, [][]float64{want}, 0)
	}
	if out[0][5] != out[4][5] || out[0][5] == out[5][5] || out[0][5] < 0 || out[0][5] >= 1000 {
		t.Errorf("hashed: %v %v %v", out[0][5], out[4][5], out[5][5])
	}
	if !slices.Equal(c.Names(), []string{"a", "b", "a*b", "a/b", "a|b", "a#b"}) {
		t.Error(c.Names())
	}
	if _, err := c.Transform(nil, [][]float64{{1e200, 1e200}}); !errors.Is(err, feature.ErrOverflow) {
		t.Error(err)
	}
	for name, x := range map[string]feature.Cross{
		"kind": {Kind: 9, A: "a", B: "a"}, "column": {A: "a", B: "z"}, "edges": {A: "a", B: "b", EdgesA: []float64{1, 1}}, "buckets": {Kind: feature.HashedCross, A: "a", B: "b"},
	} {
		if _, err := feature.NewCrosses([]string{"a", "b"}, []feature.Cross{x}); !errors.Is(err, feature.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSelectorOpposites: a column that mirrors a better one says nothing beside it.
func TestSelectorOpposites(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var rows [][]float64
	var y []float64
	for i := range 400 {
		x, other := r.NormFloat64()+float64(i%2), r.NormFloat64()+float64(i%2)/2
		rows, y = append(rows, []float64{x, .01*r.NormFloat64() - x, other}), append(y, float64(i%2))
	}
	s, err := feature.FitSelector(context.Background(), rows, y, feature.SelectorOptions{MaxCorrelation: .9, By: feature.BySpearman})
	if err != nil || len(s.Kept()) != 2 || s.Kept()[1] != 2 {
		t.Errorf("%v, %v", s.Kept(), err)
	}
}

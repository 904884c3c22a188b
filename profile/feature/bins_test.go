package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

// TestEvidence: the numbers of the textbook, and the half row of an empty cell.
func TestEvidence(t *testing.T) {
	woe, iv, err := feature.Evidence([]int64{90, 60, 50}, []int64{10, 20, 70})
	if err != nil {
		t.Fatal(err)
	}
	for b, want := range []float64{1.504077, .405465, -1.029619} {
		testkit.Near(t, fmt.Sprint("WOE of bin ", b), woe[b], want, 5e-7)
	}
	testkit.Near(t, "IV", iv, 1.030302, 5e-7)
	woe, iv, err = feature.Evidence([]int64{4, 0, 0}, []int64{6, 2, 0})
	if err != nil || woe[2] != 0 {
		t.Fatal(woe, err)
	}
	testkit.Near(t, "empty cell", woe[1], math.Log(.5/4/(2.5/8)), 1e-15)
	testkit.Near(t, "IV", iv, .25*math.Log(1/.75)+(.125-.3125)*woe[1], 1e-15)
}

// TestAssociation: play tennis (Quinlan 1986), bits.
func TestAssociation(t *testing.T) {
	for name, c := range map[string]struct {
		table [][]int64 // level by no, yes
		gain  float64
	}{
		"outlook":     {[][]int64{{3, 2}, {0, 4}, {2, 3}}, .246750},
		"humidity":    {[][]int64{{4, 3}, {1, 6}}, .151836},
		"wind":        {[][]int64{{2, 6}, {3, 3}}, .048127},
		"temperature": {[][]int64{{2, 2}, {2, 4}, {1, 3}}, .029223},
	} {
		a, err := feature.Association(c.table)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, name, a.Gain, c.gain, 5e-7)
		testkit.Near(t, "entropy", a.Entropy, .940286, 5e-7)
		testkit.Near(t, "Gini", a.Gini, .459184, 5e-7)
	}
	a, _ := feature.Association([][]int64{{3, 2}, {0, 4}, {2, 3}})
	// scipy 1.17.1, chi2_contingency([[3,2],[0,4],[2,3]], correction=False)
	testkit.Near(t, "chi-square", a.ChiSquare, 3.546666666666667, 1e-12)
	testkit.Near(t, "p", a.P, 0.16976615743981122, 1e-12)
	testkit.Near(t, "gain ratio", a.GainRatio, .15642756242117528, 1e-12)
	testkit.Near(t, "Gini gain", a.GiniGain, .1163265306122449, 1e-12)
	if a.Freedom != 2 || a.Sparse != 6 || a.Rows != 14 {
		t.Error(a)
	}
}

func TestAssociationRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		table [][]int64
		want  error
	}{
		"none": {nil, feature.ErrEmpty}, "ragged": {[][]int64{{1, 2}, {3}}, feature.ErrShape},
		"negative": {[][]int64{{-1}}, feature.ErrRange}, "no rows": {[][]int64{{0, 0}}, feature.ErrUndefined},
		"huge": {[][]int64{{math.MaxInt64}}, feature.ErrOverflow},
	} {
		if _, err := feature.Association(c.table); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		good, bad []int64
		want      error
	}{
		"none": {nil, nil, feature.ErrEmpty}, "lengths": {[]int64{1}, nil, feature.ErrShape},
		"negative": {[]int64{1}, []int64{-1}, feature.ErrRange}, "one class": {[]int64{1}, []int64{0}, feature.ErrUndefined},
	} {
		if _, _, err := feature.Evidence(c.good, c.bad); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMonotoneProp: the dynamic programme equals a search of all ways to join.
func TestMonotoneProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(4, 60).Draw(r, "n")
		rows, y := make([][]float64, n), make([]bool, n)
		for i := range rows {
			rows[i] = []float64{float64(rapid.IntRange(0, 11).Draw(r, "x"))}
			y[i] = rapid.Bool().Draw(r, "y")
		}
		y[0], y[1] = true, false
		most := rapid.IntRange(2, 8).Draw(r, "bins")
		opt := feature.BinOptions{Method: feature.Monotone, Bins: most, Start: 9, MinShare: -1, Trend: rapid.IntRange(-1, 1).Draw(r, "trend")}
		got, err := feature.FitBins(context.Background(), rows, y, opt)
		if err != nil {
			r.Fatal(err)
		}
		start, err := feature.FitBins(context.Background(), rows, y, feature.BinOptions{Method: feature.TreeBins, Bins: 9, MinShare: -1})
		if err != nil {
			r.Fatal(err)
		}
		want := bestJoin(start.Result()[0].Bins, most, opt.Trend)
		if iv := got.Result()[0].InformationValue; !testkit.Close(iv, want, 1e-12, 1e-12) {
			r.Fatalf("information value %v, the best is %v", iv, want)
		}
		perm := rapid.Permutation([]int{0, 1, 2, 3}).Draw(r, "perm")
		rows2, y2 := slices.Clone(rows), slices.Clone(y)
		for i, k := range perm {
			rows2[i], y2[i] = rows[k], y[k]
		}
		again, err := feature.FitBins(context.Background(), rows2, y2, opt)
		a, _ := got.MarshalBinary()
		b, _ := again.MarshalBinary()
		if err != nil || !slices.Equal(a, b) {
			r.Fatal("the order of rows shows", err)
		}
	})
}

// bestJoin tries every subset of the cuts between bins.
func bestJoin(bins []feature.Bin, most, trend int) float64 {
	bins = bins[:len(bins)-1] // without missing
	best := math.Inf(-1)
	for mask := range 1 << (len(bins) - 1) {
		var good, bad []int64
		for k, b := range bins {
			if k == 0 || mask>>(k-1)&1 == 1 {
				good, bad = append(good, 0), append(bad, 0)
			}
			good[len(good)-1] += b.Good
			bad[len(bad)-1] += b.Bad
		}
		up, down, filled := true, true, true
		for k := range good {
			filled = filled && good[k] > 0 && bad[k] > 0
			if k > 0 {
				d := good[k]*bad[k-1] - good[k-1]*bad[k]
				up, down = up && d >= 0, down && d <= 0
			}
		}
		if len(good) > most || !filled || !(up && trend >= 0 || down && trend <= 0) {
			continue
		}
		if _, iv, err := feature.Evidence(good, bad); err == nil {
			best = max(best, iv)
		}
	}
	return best
}

func TestBinsEdges(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{0}, {1}, {2}, {3}, {nan}, {4}, {8}}
	y := []bool{false, false, true, false, true, true, true}
	for name, c := range map[string]struct {
		opt  feature.BinOptions
		want []float64 // of -100, 1, 2.5, 4, 100, NaN
	}{
		"width": {feature.BinOptions{Bins: 4}, []float64{0, 0, 1, 2, 3, 4}},
		"count": {feature.BinOptions{Method: feature.EqualCount, Bins: 2}, []float64{0, 0, 1, 1, 1, 2}},
		"tree":  {feature.BinOptions{Method: feature.TreeBins, Bins: 2, MinShare: -1}, []float64{0, 0, 1, 1, 1, 2}},
		"woe":   {feature.BinOptions{Method: feature.Monotone, WOE: true, MinShare: -1}, nil},
	} {
		b, err := feature.FitBins(context.Background(), rows, y, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.Transform(nil, [][]float64{{-100}, {1}, {2.5}, {4}, {100}, {nan}})
		if err != nil {
			t.Fatal(err)
		}
		if c.opt.WOE {
			testkit.Near(t, "missing", out[5][0], math.Log(1.5/4/(.5/3)), 1e-15)
			continue
		}
		for i, want := range c.want {
			if out[i][0] != want {
				t.Errorf("%s: row %d in bin %v, want %v", name, i, out[i][0], want)
			}
		}
	}
	one, err := feature.FitBins(context.Background(), [][]float64{{7, nan}, {7, nan}}, nil, feature.BinOptions{Method: feature.EqualCount})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range one.Result() {
		if len(c.Bins) != 2 || !math.IsNaN(c.InformationValue) {
			t.Errorf("constant or empty column: %+v", c)
		}
	}
}

func TestBinsRefuse(t *testing.T) {
	ctx, rows := context.Background(), [][]float64{{1}, {2}}
	for name, c := range map[string]struct {
		rows [][]float64
		y    []bool
		opt  feature.BinOptions
		want error
	}{
		"empty":     {nil, nil, feature.BinOptions{}, feature.ErrEmpty},
		"ragged":    {[][]float64{{1}, {1, 2}}, nil, feature.BinOptions{}, feature.ErrShape},
		"infinite":  {[][]float64{{math.Inf(1)}}, nil, feature.BinOptions{}, feature.ErrNotFinite},
		"y":         {rows, []bool{true}, feature.BinOptions{}, feature.ErrShape},
		"one class": {rows, []bool{true, true}, feature.BinOptions{WOE: true}, feature.ErrUndefined},
		"no y":      {rows, nil, feature.BinOptions{Method: feature.TreeBins}, feature.ErrUndefined},
		"options":   {rows, nil, feature.BinOptions{Bins: 1, MinShare: .5, Trend: 2, Method: 9}, feature.ErrOption},
		"name":      {rows, nil, feature.BinOptions{Names: []string{"a"}, Methods: map[string]feature.BinMethod{"b": 0}}, feature.ErrOption},
		"twice":     {[][]float64{{1, 2}}, nil, feature.BinOptions{Names: []string{"a", "a"}}, feature.ErrDuplicate},
	} {
		if b, err := feature.FitBins(ctx, c.rows, c.y, c.opt); b != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type binsGolden struct {
	Columns []struct {
		Column                string
		Rows                  int
		Ascending, Descending struct {
			Splits    []float64
			IV        float64
			Good, Bad []int64
		}
		Tree, Width, Count []float64
	}
}

// TestBinsGolden: optbinning and scikit-learn on two data sets. The peers round values to
// float32 where they look for splits, hence the tolerance of edges; counts and information
// values agree.
func TestBinsGolden(t *testing.T) {
	var g binsGolden
	testkit.Golden(t, "bins.json", &g)
	shop, deposits := shoppers(t), bank(t)
	for _, c := range g.Columns {
		var rows [][]float64
		var y []bool
		if name, ok := strings.CutPrefix(c.Column, "online-shoppers/"); ok {
			rows, y = columnOf(shop[name]), is(shop["Revenue"], "TRUE")
		} else {
			name, _ = strings.CutPrefix(c.Column, "bank-marketing/")
			rows, y = columnOf(deposits[name]), is(deposits["y"], "yes")
		}
		edges := func(opt feature.BinOptions) ([]float64, feature.BinResult) {
			b, err := feature.FitBins(context.Background(), rows, y, opt)
			if err != nil {
				t.Fatal(err)
			}
			r := b.Result()[0]
			var out []float64
			for _, b := range r.Bins[1 : len(r.Bins)-1] {
				out = append(out, b.Lo)
			}
			return out, r
		}
		same := func(what string, got, want []float64) {
			t.Helper()
			if len(got) != len(want) {
				t.Errorf("%s %s: %v, want %v", c.Column, what, got, want)
				return
			}
			for i := range want {
				if !testkit.Close(got[i], want[i], 1e-9, 2e-7) {
					t.Errorf("%s %s: %v, want %v", c.Column, what, got, want)
				}
			}
		}
		for trend, want := range map[int]struct {
			Splits    []float64
			IV        float64
			Good, Bad []int64
		}{1: c.Ascending, -1: c.Descending} {
			got, r := edges(feature.BinOptions{Method: feature.Monotone, Bins: 20, Trend: trend})
			testkit.Near(t, fmt.Sprintf("%s trend %d IV", c.Column, trend), r.InformationValue, want.IV, 1e-9)
			same(fmt.Sprint("trend ", trend), got, want.Splits)
			for k := range got {
				if r.Bins[k].Good != want.Good[k] || r.Bins[k].Bad != want.Bad[k] {
					t.Errorf("%s trend %d: bin %d %+v, want %d and %d", c.Column, trend, k, r.Bins[k], want.Good[k], want.Bad[k])
				}
			}
		}
		got, _ := edges(feature.BinOptions{Method: feature.TreeBins, Bins: 8})
		same("tree", got, c.Tree)
		got, _ = edges(feature.BinOptions{Bins: 7})
		same("width", got, c.Width)
		got, _ = edges(feature.BinOptions{Method: feature.EqualCount, Bins: 7})
		same("count", got, c.Count)
	}
}

package profile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile"
)

// matrix reads null as NaN.
type matrix [][]float64

func (m *matrix) UnmarshalJSON(raw []byte) error {
	var rows [][]*float64
	if err := json.Unmarshal(raw, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		out := make([]float64, len(r))
		for j, x := range r {
			if out[j] = math.NaN(); x != nil {
				out[j] = *x
			}
		}
		*m = append(*m, out)
	}
	return nil
}

type columnsGolden struct {
	Rows, Z, MinMax, Robust, MaxAbs, Log1p, Mean, Median, Mode matrix

	Sample []float64
	Bounds map[string][2]float64
}

func near(t *testing.T, name string, got, want [][]float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", name, len(got), len(want))
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("%s: row %d has %d columns, want %d", name, i, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			testkit.Near(t, fmt.Sprintf("%s[%d][%d]", name, i, j), got[i][j], want[i][j], tol)
		}
	}
}

func TestScalerGolden(t *testing.T) {
	var g columnsGolden
	testkit.Golden(t, "columns.json", &g)
	for name, c := range map[string]struct {
		opt  profile.ScalerOptions
		want matrix
	}{
		"z":      {profile.ScalerOptions{Method: profile.ZScale}, g.Z},
		"minmax": {profile.ScalerOptions{Method: profile.MinMax, Lo: -1, Hi: 1}, g.MinMax},
		"robust": {profile.ScalerOptions{Method: profile.Robust}, g.Robust},
		"maxabs": {profile.ScalerOptions{Method: profile.MaxAbs}, g.MaxAbs},
		"log1p":  {profile.ScalerOptions{Method: profile.Log1p}, g.Log1p},
	} {
		s, err := profile.FitScaler(context.Background(), g.Rows, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Transform(nil, g.Rows)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want, 1e-12)
		back, err := s.Inverse(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" inverse", back, g.Rows, 1e-9)
	}
}

func TestImputerGolden(t *testing.T) {
	var g columnsGolden
	testkit.Golden(t, "columns.json", &g)
	for name, c := range map[string]struct {
		opt  profile.ImputerOptions
		want matrix
	}{
		"mean":   {profile.ImputerOptions{Indicators: true}, g.Mean},
		"median": {profile.ImputerOptions{Method: profile.Median}, g.Median},
		"mode":   {profile.ImputerOptions{Method: profile.Mode}, g.Mode},
	} {
		p, err := profile.FitImputer(context.Background(), g.Rows, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Transform(nil, g.Rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, c.want, 1e-12)
	}
}

func TestImputerGroups(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{1, nan}, {nan, 2}, {3, nan}, {nan, nan}, {nan, 8}}
	groups := []string{"a", "b", "a", "a", "c"}
	p, err := profile.FitImputer(context.Background(), rows, profile.ImputerOptions{
		Names: []string{"x", "y"}, Groups: groups, Value: -1,
		Methods: map[string]profile.ImputeMethod{"x": profile.GroupMean, "y": profile.LastObservation},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Transform(nil, append(rows, []float64{nan, nan}), append(groups, "c"))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "groups", got, [][]float64{{1, -1}, {2, 2}, {3, -1}, {2, -1}, {2, 8}, {2, 8}}, 0)
	if _, err := p.Transform(nil, rows, nil); !errors.Is(err, profile.ErrShape) {
		t.Errorf("no groups: %v", err)
	}
}

func TestScalerConstant(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{7, nan, 1}, {7, nan, 2}}
	for m, want := range map[profile.ScaleMethod]float64{profile.ZScale: 0, profile.MinMax: -2, profile.Robust: 0} {
		s, err := profile.FitScaler(context.Background(), rows, profile.ScalerOptions{Method: m, Lo: -2, Hi: 5})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.Constant(), []int{0, 1}) {
			t.Errorf("method %d: Constant() = %v", m, s.Constant())
		}
		got, _ := s.Transform(nil, [][]float64{{9, 3, 1}})
		if got[0][0] != want || got[0][1] != want {
			t.Errorf("method %d: constant columns become %v, want %v", m, got[0], want)
		}
		if back, _ := s.Inverse(nil, got); back[0][0] != 7 {
			t.Errorf("method %d: inverse gives %v", m, back[0])
		}
	}
}

func TestOutliersGolden(t *testing.T) {
	var g columnsGolden
	testkit.Golden(t, "columns.json", &g)
	for name, opt := range map[string]profile.OutlierOptions{
		"iqr": {}, "z": {Method: profile.ZScore}, "mad": {Method: profile.MAD}, "quantile": {Method: profile.Quantile, Tail: 0.05},
	} {
		o, err := profile.FitOutliers(g.Sample, opt)
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := o.Bounds()
		testkit.Near(t, name+" low", lo, g.Bounds[name][0], 1e-10)
		testkit.Near(t, name+" high", hi, g.Bounds[name][1], 1e-10)
	}
}

func TestOutliersActions(t *testing.T) {
	o, err := profile.NewBounds(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	xs := []float64{-1, 0, 5, math.NaN(), 10, 11}
	if got := o.Flag(nil, xs); !slices.Equal(got, []bool{true, false, false, false, false, true}) {
		t.Errorf("Flag %v", got)
	}
	if got := o.Drop(nil, xs); len(got) != 4 {
		t.Errorf("Drop %v", got)
	}
	if n := o.Clip(xs); n != 2 || xs[0] != 0 || xs[5] != 10 || !math.IsNaN(xs[3]) {
		t.Errorf("Clip %d %v", n, xs)
	}
	flat, err := profile.FitOutliers([]float64{3, 3, 3, 3, 900}, profile.OutlierOptions{})
	if err != nil || !flat.Degenerate() || flat.Is(900) {
		t.Errorf("no spread: %+v %v", flat, err)
	}
}

func TestColumnsBadInput(t *testing.T) {
	ctx := context.Background()
	inf := math.Inf(1)
	type fit func([][]float64) error
	scale := func(rows [][]float64) error {
		_, err := profile.FitScaler(ctx, rows, profile.ScalerOptions{})
		return err
	}
	impute := func(rows [][]float64) error {
		_, err := profile.FitImputer(ctx, rows, profile.ImputerOptions{})
		return err
	}
	for name, f := range map[string]fit{"scaler": scale, "imputer": impute} {
		for what, c := range map[string]struct {
			rows [][]float64
			want error
		}{
			"empty":   {nil, profile.ErrEmpty},
			"no cols": {[][]float64{{}}, profile.ErrEmpty},
			"ragged":  {[][]float64{{1, 2}, {1}}, profile.ErrShape},
			"inf":     {[][]float64{{1}, {inf}}, profile.ErrNotFinite},
		} {
			if err := f(c.rows); !errors.Is(err, c.want) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
	if err := impute([][]float64{{1, math.NaN()}}); !errors.Is(err, profile.ErrUndefined) {
		t.Errorf("all missing: %v", err)
	}
	stop, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if s, err := profile.FitScaler(stop, [][]float64{{1}}, profile.ScalerOptions{}); s != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v %v", s, err)
	}
	if p, err := profile.FitImputer(stop, [][]float64{{1}}, profile.ImputerOptions{}); p != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v %v", p, err)
	}
	for name, opt := range map[string]profile.ScalerOptions{
		"method": {Method: 77}, "range": {Method: profile.MinMax, Lo: 1, Hi: 1},
		"unknown column": {Names: []string{"a"}, Methods: map[string]profile.ScaleMethod{"b": profile.MinMax}},
	} {
		if _, err := profile.FitScaler(ctx, [][]float64{{1}}, opt); !errors.Is(err, profile.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := profile.NewColumns([]string{"a", "a"}); !errors.Is(err, profile.ErrDuplicate) {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		xs   []float64
		opt  profile.OutlierOptions
		want error
	}{
		"one":     {[]float64{1}, profile.OutlierOptions{}, profile.ErrEmpty},
		"missing": {[]float64{1, math.NaN()}, profile.OutlierOptions{}, profile.ErrEmpty},
		"inf":     {[]float64{1, inf, 2}, profile.OutlierOptions{}, profile.ErrNotFinite},
		"tail":    {[]float64{1, 2}, profile.OutlierOptions{Tail: 0.7}, profile.ErrOption},
		"k":       {[]float64{1, 2}, profile.OutlierOptions{K: -1}, profile.ErrOption},
		"method":  {[]float64{1, 2}, profile.OutlierOptions{Method: 9}, profile.ErrOption},
	} {
		if _, err := profile.FitOutliers(c.xs, c.opt); !errors.Is(err, c.want) {
			t.Errorf("outliers %s: %v", name, err)
		}
	}
	if _, err := profile.NewBounds(2, 1); !errors.Is(err, profile.ErrOption) {
		t.Error(err)
	}
}

// TestColumnsMergeProp: permuted rows in merged shards give the same bits.
func TestColumnsMergeProp(t *testing.T) {
	cell := rapid.OneOf(rapid.Float64Range(-1e9, 1e9), rapid.Just(math.NaN()), rapid.SampledFrom([]float64{0, 1, 2}))
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 2), 1, 40).Draw(r, "rows")
		names := []string{"a", "b"}
		one, _ := profile.NewColumns(names)
		sum, _ := profile.NewColumns(names)
		part, _ := profile.NewColumns(names)
		at := rapid.IntRange(0, len(rows)).Draw(r, "split")
		for i, row := range rows {
			if err := one.Add(row); err != nil {
				r.Fatal(err)
			}
			to := sum
			if i < at {
				to = part
			}
			if err := to.Add(row); err != nil {
				r.Fatal(err)
			}
		}
		if err := sum.Merge(part); err != nil {
			r.Fatal(err)
		}
		a, b := fmt.Sprintf("%x", one.Result()), fmt.Sprintf("%x", sum.Result())
		if a != b {
			r.Fatalf("%s\n%s", a, b)
		}
		perm := rapid.Permutation(rows).Draw(r, "perm")
		x, err := profile.FitScaler(context.Background(), rows, profile.ScalerOptions{})
		y, err2 := profile.FitScaler(context.Background(), perm, profile.ScalerOptions{})
		if err != nil || err2 != nil || fmt.Sprint(*x) != fmt.Sprint(*y) {
			r.Fatalf("scaler depends on the order of rows: %v %v", err, err2)
		}
	})
}

func TestMoments(t *testing.T) {
	var a, b profile.Moments
	for i, x := range []float64{4, 7, 13, 16} {
		m := &a
		if i > 1 {
			m = &b
		}
		if err := m.Add(1e9 + x); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Merge(&b); err != nil || a.Variance() != 30 || a.Mean() != 1e9+10 || a.Count() != 4 {
		t.Errorf("variance %v, mean %v, %v", a.Variance(), a.Mean(), err)
	}
	if err := a.Merge(&a); !errors.Is(err, profile.ErrMismatch) {
		t.Error(err)
	}
	if err := a.Add(math.Inf(-1)); !errors.Is(err, profile.ErrNotFinite) || a.Count() != 4 {
		t.Error(err)
	}
	var empty profile.Moments
	if !math.IsNaN(empty.Mean()) || !math.IsNaN(empty.Variance()) || !math.IsNaN(empty.Min()) {
		t.Error("an empty state has a mean")
	}
}

func TestMomentsMergeProp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 0, 20), 1, 5).Draw(r, "parts")
		var sum profile.Moments
		var all []float64
		for _, p := range parts {
			var m profile.Moments
			for _, x := range p {
				_ = m.Add(x)
			}
			if err := sum.Merge(&m); err != nil {
				r.Fatal(err)
			}
			all = append(all, p...)
		}
		if sum.Count() != int64(len(all)) {
			r.Fatalf("count %d", sum.Count())
		}
		if len(all) < 2 {
			return
		}
		mean, ss := 0.0, 0.0
		for _, x := range all {
			mean += x / float64(len(all))
		}
		for _, x := range all {
			ss += (x - mean) * (x - mean)
		}
		if !testkit.Close(sum.Mean(), mean, 1e-6, 1e-12) || !testkit.Close(sum.Variance(), ss/float64(len(all)-1), 1e-4, 1e-9) || sum.Min() != slices.Min(all) || sum.Max() != slices.Max(all) {
			r.Fatalf("mean %v want %v, variance %v want %v", sum.Mean(), mean, sum.Variance(), ss/float64(len(all)-1))
		}
	})
}

package feature_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/profile/feature"
)

func TestColumnsBadInput(t *testing.T) {
	ctx := context.Background()
	inf := math.Inf(1)
	type fit func([][]float64) error
	scale := func(rows [][]float64) error {
		_, err := feature.FitScaler(ctx, rows, feature.ScalerOptions{})
		return err
	}
	impute := func(rows [][]float64) error {
		_, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{})
		return err
	}
	for name, f := range map[string]fit{"scaler": scale, "imputer": impute} {
		for what, c := range map[string]struct {
			rows [][]float64
			want error
		}{
			"empty":   {nil, feature.ErrEmpty},
			"no cols": {[][]float64{{}}, feature.ErrEmpty},
			"ragged":  {[][]float64{{1, 2}, {1}}, feature.ErrShape},
			"inf":     {[][]float64{{1}, {inf}}, feature.ErrNotFinite},
		} {
			if err := f(c.rows); !errors.Is(err, c.want) {
				t.Errorf("%s %s: %v", name, what, err)
			}
		}
	}
	if err := impute([][]float64{{1, math.NaN()}}); !errors.Is(err, feature.ErrUndefined) {
		t.Errorf("all missing: %v", err)
	}
	stop, cancel := context.WithCancelCause(ctx)
	why := errors.New("enough")
	cancel(why)
	if s, err := feature.FitScaler(stop, [][]float64{{1}}, feature.ScalerOptions{}); s != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v %v", s, err)
	}
	if p, err := feature.FitImputer(stop, [][]float64{{1}}, feature.ImputerOptions{}); p != nil || !errors.Is(err, why) {
		t.Errorf("cancelled: %v %v", p, err)
	}
	for name, opt := range map[string]feature.ScalerOptions{
		"method": {Method: 77}, "range": {Method: feature.MinMax, Lo: 1, Hi: 1},
		"unknown column": {Names: []string{"a"}, Methods: map[string]feature.ScaleMethod{"b": feature.MinMax}},
	} {
		if _, err := feature.FitScaler(ctx, [][]float64{{1}}, opt); !errors.Is(err, feature.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := feature.NewColumns([]string{"a", "a"}); !errors.Is(err, feature.ErrDuplicate) {
		t.Error(err)
	}
}

// TestColumnsMergeProp: permuted rows in merged shards give the same bits.
func TestColumnsMergeProp(t *testing.T) {
	cell := rapid.OneOf(rapid.Float64Range(-1e9, 1e9), rapid.Just(math.NaN()), rapid.SampledFrom([]float64{0, 1, 2}))
	rapid.Check(t, func(r *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 2), 1, 40).Draw(r, "rows")
		names := []string{"a", "b"}
		one, _ := feature.NewColumns(names)
		sum, _ := feature.NewColumns(names)
		part, _ := feature.NewColumns(names)
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
		x, err := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{})
		y, err2 := feature.FitScaler(context.Background(), perm, feature.ScalerOptions{})
		if errors.Is(err, feature.ErrOverflow) && errors.Is(err2, feature.ErrOverflow) {
			return // values that differ by less than a float64 can square
		}
		if err != nil || err2 != nil || fmt.Sprint(*x) != fmt.Sprint(*y) {
			r.Fatalf("scaler depends on the order of rows: %v %v", err, err2)
		}
	})
}

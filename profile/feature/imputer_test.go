package feature_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/profile/feature"
)

func TestImputerGroups(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{1, nan}, {nan, 2}, {3, nan}, {nan, nan}, {nan, 8}}
	groups := []string{"a", "b", "a", "a", "c"}
	p, err := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{
		Names: []string{"x", "y"}, Groups: groups, Value: -1,
		Methods: map[string]feature.ImputeMethod{"x": feature.GroupMean, "y": feature.LastObservation},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Transform(nil, append(rows, []float64{nan, nan}), append(groups, "c"))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "groups", got, [][]float64{{1, -1}, {2, 2}, {3, -1}, {2, -1}, {2, 8}, {2, 8}}, 0)
	if _, err := p.Transform(nil, rows, nil); !errors.Is(err, feature.ErrShape) {
		t.Errorf("no groups: %v", err)
	}
}

// TestImputerGroupMethods: the median and the mode of the group, those of the column where the
// group has none, for rows in any order; a store that knows the group keeps it.
func TestImputerGroupMethods(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{1, 5}, {9, 5}, {2, 7}, {nan, nan}, {10, 1}, {20, 2}, {nan, nan}, {nan, 2}, {4, 1}, {nan, nan}}
	groups := []string{"a", "a", "a", "a", "b", "b", "b", "b", "b", "c"}
	fit := func() *feature.Imputer {
		p, err := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{
			Names: []string{"x", "y"}, Groups: groups,
			Methods: map[string]feature.ImputeMethod{"x": feature.GroupMedian, "y": feature.GroupMode},
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := fit()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	// By hand: medians of a 1 2 9, of b 4 10 20, of all 6.5; modes 5, 1 (of 1 1 2 2) and 1 of all.
	in, of := [][]float64{{nan, nan}, {nan, nan}, {nan, nan}, {nan, nan}, {3, 3}}, []string{"a", "b", "c", "unseen", "a"}
	want := [][]float64{{2, 5}, {10, 1}, {6.5, 1}, {6.5, 1}, {3, 3}}
	back := new(feature.Imputer)
	if err := back.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*feature.Imputer{"fitted": p, "decoded": back} {
		got, err := p.Transform(nil, in, of)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, got, want, 0)
	}
	slices.Reverse(rows)
	slices.Reverse(groups)
	if again, _ := fit().MarshalBinary(); !bytes.Equal(data, again) {
		t.Error("another order of rows gives other bytes")
	}
	if _, err := p.Transform(nil, in, nil); !errors.Is(err, feature.ErrShape) {
		t.Errorf("no groups: %v", err)
	}
}

// TestColumnsImputer: an imputer of merged shards is that of all rows, to the byte.
func TestColumnsImputer(t *testing.T) {
	rows := benchRows(300, 3)
	opt := feature.ImputerOptions{Names: []string{"a", "b", "c"}, Indicators: true, Methods: map[string]feature.ImputeMethod{"b": feature.Median, "c": feature.Mode}}
	all, err := feature.FitImputer(context.Background(), rows, opt)
	if err != nil {
		t.Fatal(err)
	}
	var shards [2]*feature.Columns
	for k := range shards {
		if shards[k], err = feature.NewColumns(opt.Names); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range rows {
		if err := shards[i%2].Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := shards[1].Merge(shards[0]); err != nil {
		t.Fatal(err)
	}
	merged, err := shards[1].Imputer(opt)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := all.MarshalBinary()
	b, _ := merged.MarshalBinary()
	if !bytes.Equal(a, b) {
		t.Error("merged shards give another imputer")
	}
	for _, m := range []feature.ImputeMethod{feature.GroupMean, feature.GroupMedian, feature.GroupMode, 99} {
		if p, err := shards[1].Imputer(feature.ImputerOptions{Method: m}); !errors.Is(err, feature.ErrOption) || p != nil {
			t.Errorf("method %d: %v", m, err)
		}
	}
	empty, err := feature.NewColumns(opt.Names)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := empty.Imputer(opt); !errors.Is(err, feature.ErrEmpty) || p != nil {
		t.Errorf("no rows: %v", err)
	}
}

// TestImputerOverflow: what a mean cannot be is an error, never NaN in a row that
// promises to have none.
func TestImputerOverflow(t *testing.T) {
	rows := [][]float64{{1e308}, {1e308}, {-1e308}, {-1e308}, {math.NaN()}}
	for name, opt := range map[string]feature.ImputerOptions{
		"mean":       {},
		"group mean": {Method: feature.GroupMean, Groups: []string{"a", "a", "a", "b", "b"}},
	} {
		if p, err := feature.FitImputer(context.Background(), rows, opt); p != nil || !errors.Is(err, feature.ErrOverflow) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	p, err := feature.FitImputer(context.Background(), rows, feature.ImputerOptions{Method: feature.Median})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := p.Transform(nil, rows[4:], nil); err != nil || out[0][0] != 0 {
		t.Errorf("median %v, %v", out, err)
	}
}

func TestImputerBadInput(t *testing.T) {
	ctx := context.Background()
	rows := [][]float64{{1, 2}, {math.NaN(), 4}}
	for name, c := range map[string]struct {
		opt  feature.ImputerOptions
		want error
	}{
		"method":         {feature.ImputerOptions{Method: 9}, feature.ErrOption},
		"value":          {feature.ImputerOptions{Value: math.Inf(1)}, feature.ErrOption},
		"unknown column": {feature.ImputerOptions{Names: []string{"a", "b"}, Methods: map[string]feature.ImputeMethod{"c": feature.Mode}}, feature.ErrOption},
		"names":          {feature.ImputerOptions{Names: []string{"a"}}, feature.ErrShape},
		"no groups":      {feature.ImputerOptions{Method: feature.GroupMode}, feature.ErrShape},
		"groups":         {feature.ImputerOptions{Method: feature.GroupMean, Groups: []string{"g"}}, feature.ErrShape},
	} {
		if _, err := feature.FitImputer(ctx, rows, c.opt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	p, err := feature.FitImputer(ctx, rows, feature.ImputerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dst := [][]float64{{7}}
	for name, c := range map[string]struct {
		rows [][]float64
		want error
	}{"short": {[][]float64{{1}}, feature.ErrShape}, "infinite": {[][]float64{{1, math.Inf(-1)}}, feature.ErrNotFinite}} {
		if out, err := p.Transform(dst, c.rows, nil); !errors.Is(err, c.want) || len(out) != 1 {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	all, err := feature.FitImputer(ctx, [][]float64{{math.NaN()}}, feature.ImputerOptions{AllMissing: true, Value: -3})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := all.Transform(nil, [][]float64{{math.NaN()}}, nil); err != nil || out[0][0] != -3 {
		t.Errorf("all missing: %v, %v", out, err)
	}
}

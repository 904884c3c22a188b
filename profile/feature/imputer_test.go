package feature_test

import (
	"context"
	"errors"
	"math"
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

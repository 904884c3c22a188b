package feature_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/profile/feature"
)

type neighborsGolden struct {
	Rows, Filled matrix
}

// TestNeighborsGolden: KNNImputer of scikit-learn.
func TestNeighborsGolden(t *testing.T) {
	var g neighborsGolden
	testkit.Golden(t, "neighbors.json", &g)
	m, err := feature.FitNeighbors(context.Background(), g.Rows, 3)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Transform(context.Background(), nil, g.Rows)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "filled", got, g.Filled, 1e-12)
	back := slices.Clone(g.Rows)
	slices.Reverse(back)
	again, _ := feature.FitNeighbors(context.Background(), back, 3)
	a, _ := m.MarshalBinary()
	b, _ := again.MarshalBinary()
	if !slices.Equal(a, b) {
		t.Error("the order of rows shows")
	}
	if out, _ := m.Transform(context.Background(), nil, [][]float64{slices.Repeat([]float64{math.NaN()}, len(g.Rows[0]))}); math.IsNaN(out[0][0]) {
		t.Error("a row without any value keeps its gaps")
	}
}

func TestNeighborsRefuses(t *testing.T) {
	ctx, nan := context.Background(), math.NaN()
	for name, c := range map[string]struct {
		rows [][]float64
		k    int
		want error
	}{
		"k": {[][]float64{{1}}, 0, feature.ErrRange}, "empty": {nil, 1, feature.ErrEmpty}, "ragged": {[][]float64{{1}, {1, 2}}, 1, feature.ErrShape},
		"all missing": {[][]float64{{1, nan}}, 1, feature.ErrUndefined}, "infinite": {[][]float64{{math.Inf(1)}}, 1, feature.ErrNotFinite},
	} {
		if m, err := feature.FitNeighbors(ctx, c.rows, c.k); m != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := feature.FitNeighbors(ctx, [][]float64{{1e153, 1}, {-1e153, 2}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Transform(ctx, nil, [][]float64{{9e153, nan}}); !errors.Is(err, feature.ErrOverflow) {
		t.Error(err)
	}
}

// doubled is the least model: y is a multiple of the first column.
func doubled(_ context.Context, rows [][]float64, y []float64) (func([]float64, [][]float64) ([]float64, error), error) {
	xy, xx := 0., 0.
	for i, r := range rows {
		xy, xx = xy+r[0]*y[i], xx+r[0]*r[0]
	}
	return func(dst []float64, rows [][]float64) ([]float64, error) {
		for _, r := range rows {
			dst = append(dst, r[0]*xy/xx)
		}
		return dst, nil
	}, nil
}

// TestModelImputer: the plugged model fills what follows from the other column.
func TestModelImputer(t *testing.T) {
	ctx, nan := context.Background(), math.NaN()
	rows := [][]float64{{1, 2}, {2, 4}, {3, nan}, {5, 10}, {6, 12}}
	m, err := feature.FitModelImputer(ctx, rows, doubled)
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Transform(nil, append(rows, []float64{nan, 4}))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "filled", out, [][]float64{{1, 2}, {2, 4}, {3, 6}, {5, 10}, {6, 12}, {3, 4}}, 1e-12)
	if !math.IsNaN(rows[2][1]) {
		t.Error("the caller's rows changed")
	}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		fit  feature.Regressor
		want error
	}{
		"none": {nil, feature.ErrOption},
		"fails": {func(context.Context, [][]float64, []float64) (func([]float64, [][]float64) ([]float64, error), error) {
			return nil, broken
		}, broken},
		"nothing": {func(context.Context, [][]float64, []float64) (func([]float64, [][]float64) ([]float64, error), error) {
			return nil, nil
		}, feature.ErrOption},
	} {
		if m, err := feature.FitModelImputer(ctx, rows, c.fit); m != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short, err := feature.FitModelImputer(ctx, rows, func(context.Context, [][]float64, []float64) (func([]float64, [][]float64) ([]float64, error), error) {
		return func(dst []float64, _ [][]float64) ([]float64, error) { return dst, nil }, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := short.Transform(nil, rows); !errors.Is(err, feature.ErrShape) {
		t.Error(err)
	}
}

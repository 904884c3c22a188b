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

func TestScalerConstant(t *testing.T) {
	nan := math.NaN()
	rows := [][]float64{{7, nan, 1}, {7, nan, 2}}
	for m, want := range map[feature.ScaleMethod]float64{feature.ZScale: 0, feature.MinMax: -2, feature.Robust: 0} {
		s, err := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{Method: m, Lo: -2, Hi: 5})
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

func TestScalerOptions(t *testing.T) {
	ctx := context.Background()
	rows := [][]float64{{1}, {3}, {8}}
	for name, c := range map[string]struct {
		opt  feature.ScalerOptions
		x    float64
		want float64
	}{
		"population deviation": {feature.ScalerOptions{}, 10, 6 / math.Sqrt(26./3)},
		"sample deviation":     {feature.ScalerOptions{SampleDeviation: true}, 10, 6 / math.Sqrt(13)},
		"beyond the range":     {feature.ScalerOptions{Method: feature.MinMax}, 15, 2},
		"below, clipped":       {feature.ScalerOptions{Method: feature.MinMax, ClipToRange: true}, -6, 0},
		"above, clipped":       {feature.ScalerOptions{Method: feature.MinMax, ClipToRange: true, Lo: -1, Hi: 3}, 15, 3},
		"within, not clipped":  {feature.ScalerOptions{Method: feature.MinMax, ClipToRange: true}, 8, 1},
		"largest size":         {feature.ScalerOptions{Method: feature.MaxAbs}, -4, -.5},
		"middle half":          {feature.ScalerOptions{Method: feature.Robust}, 10, 2},
	} {
		s, err := feature.FitScaler(ctx, rows, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Transform(nil, [][]float64{{c.x}})
		if err != nil || !testkit.Close(got[0][0], c.want, 0, 1e-15) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
		if s.Constant() != nil {
			t.Errorf("%s: constant columns %v", name, s.Constant())
		}
	}
}

// TestScalerMostlyZero: money spent is 0 for most users. As with scikit-learn 1.9.1,
// RobustScaler().fit_transform, the others keep their distance from the median.
func TestScalerMostlyZero(t *testing.T) {
	rows := [][]float64{{0}, {0}, {0}, {0}, {0}, {0}, {0}, {5}, {90}}
	s, err := feature.FitScaler(context.Background(), rows, feature.ScalerOptions{Method: feature.Robust})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Transform(nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "scaled", out, rows, 0)
	back, err := s.Inverse(nil, out)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "back", back, rows, 0)
	if s.Constant() != nil {
		t.Errorf("constant columns %v", s.Constant())
	}
}

func TestScalerOverflow(t *testing.T) {
	for name, c := range map[string]struct {
		method feature.ScaleMethod
		rows   [][]float64
	}{
		"squares":   {feature.ZScale, [][]float64{{1e200}, {-1e200}}},
		"underflow": {feature.ZScale, [][]float64{{1e-200}, {2e-200}}},
		"range":     {feature.MinMax, [][]float64{{1e308}, {-1e308}}},
	} {
		if s, err := feature.FitScaler(context.Background(), c.rows, feature.ScalerOptions{Method: c.method}); s != nil || !errors.Is(err, feature.ErrOverflow) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

package feature_test

import (
	"context"
	"math"
	"slices"
	"testing"

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

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

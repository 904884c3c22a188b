package recommend_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
	"github.com/aislekit/aisle/recommend/modeltest"
	"github.com/aislekit/aisle/recommend/split"
)

// The folds of split are those that hybrid.StackFeatures fits its sources on.
func TestFoldsAreThoseOfStackFeatures(t *testing.T) {
	x := modeltest.Groups(30, 40, 12, 2)
	folds, err := split.Folds(x, 3, 11)
	if err != nil {
		t.Fatal(err)
	}
	f := 0
	fit := func(ctx context.Context, train *recommend.Interactions) ([]recommend.Source, error) {
		if err := split.CheckDisjoint(train, folds[f].Test); err != nil || train.Len() != folds[f].Train.Len() {
			t.Errorf("fold %d: %d entries, want %d: %v", f, train.Len(), folds[f].Train.Len(), err)
		}
		f++
		m, err := recommend.FitPopular(ctx, train, recommend.PopularOptions{})
		return []recommend.Source{{Name: "popular", Model: m}}, err
	}
	if _, err := hybrid.StackFeatures(context.Background(), x, 3, 11, fit, hybrid.StackOptions{}); err != nil || f != 3 {
		t.Errorf("%d folds: %v", f, err)
	}
}

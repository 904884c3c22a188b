package recommend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/recommend"
)

// Zero values of what people write by hand are empty, and indices out of range find
// nothing.
func TestZeroAndOutOfRange(t *testing.T) {
	for _, m := range models {
		if m.Skip["bad input"] != "" {
			continue
		}
		if _, err := m.Fit(context.Background(), &recommend.Interactions{}); !errors.Is(err, recommend.ErrEmpty) {
			t.Errorf("%s of zero interactions: %v", m.name, err)
		}
	}
	x := must(must(recommend.InteractionsFromRows(3, [][]int32{{0, 2}, {1}}))(t).WithTimes([]int64{5, 6, 7}))(t)
	for _, x := range []*recommend.Interactions{x, new(recommend.Interactions)} {
		for _, u := range []int{-1, 2, math.MaxInt} {
			if x.Has(u, 0) || x.Times(u) != nil {
				t.Errorf("user %d has entries", u)
			}
			if q := x.Query(u); q.User != recommend.Stranger || len(q.Items) != 0 {
				t.Errorf("query of user %d: %+v", u, q)
			}
		}
		if x.Has(0, -1) || x.Has(0, 3) {
			t.Error("an item out of range was taken")
		}
	}
	var zero recommend.Interactions
	if zero.Users()+zero.Items()+zero.Len()+len(zero.ItemCounts()) != 0 || zero.HasTimes() {
		t.Error("zero interactions hold something")
	}
	if _, err := x.Without(&zero); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("without zero interactions: %v", err)
	}
	q := recommend.Query{Items: []int32{1, 2}, Weights: []float32{3}}
	if w := []float32{q.Weight(-1), q.Weight(0), q.Weight(1), q.Weight(2)}; !slices.Equal(w, []float32{0, 3, 0, 0}) {
		t.Errorf("weights %v", w)
	}
	bare := recommend.Query{Items: []int32{1}}
	if bare.Weight(0) != 1 || bare.Weight(1) != 0 {
		t.Error("weights of a bare history")
	}
	v := recommend.RowVectors{Rows: []float32{1, 2, 3, 4}, N: 2}
	for _, i := range []int{-1, 2} {
		if v.ItemVector(i) != nil || (recommend.RowVectors{}).ItemVector(i) != nil {
			t.Errorf("vector %d", i)
		}
	}
	if row := append(v.ItemVector(0), 9); v.Rows[2] != 3 || len(row) != 3 {
		t.Error("appending to a vector changed the next")
	}
	var d recommend.Dataset[string, string]
	if set, unknown := d.ItemSet("a"); set.Size() != 0 || len(unknown) != 1 {
		t.Errorf("set of a zero dataset: %d, %v", set.Size(), unknown)
	}
	if _, err := d.Grow(); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("grow a zero dataset: %v", err)
	}
	if _, err := recommend.NewEngine(&d, recommend.EngineOptions{}); !errors.Is(err, recommend.ErrEmpty) {
		t.Errorf("engine of a zero dataset: %v", err)
	}
	var c recommend.Categories
	if c.Items() != 0 || c.Of(0) != nil || c.Of(-1) != nil {
		t.Error("zero categories hold something")
	}
	var s recommend.ItemSet
	if s.Count() != 0 || s.Has(0) || len(s.Bits()) != 0 || s.Not().Size() != 0 || len(slices.Collect(s.All())) != 0 {
		t.Error("the zero set holds something")
	}
}

package hybrid_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// TestStackSets: a set of another catalogue of the same size is refused, and so is the
// zero set.
func TestStackSets(t *testing.T) {
	build := func(items ...string) *recommend.Dataset[int, string] {
		b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for u := range 6 {
			for k, item := range items {
				if (u+k)%3 != 0 {
					if err := b.Add(u, item, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		d, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d, other := build("bread", "butter", "jam"), build("bread", "butter", "tea")
	m, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := hybrid.NewStack([]recommend.Source{{Name: "knn", Model: m}}, hybrid.StackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	q := d.Interactions.Query(1)
	own, _ := d.ItemSet("jam")
	if _, err := s.Candidates(q, recommend.Filter{Allow: own}); err != nil {
		t.Errorf("its own set: %v", err)
	}
	foreign, _ := other.ItemSet("tea")
	for name, f := range map[string]recommend.Filter{
		"allow": {Allow: foreign}, "deny": {Deny: foreign}, "zero": {Allow: &recommend.ItemSet{}}, "zero deny": {Deny: &recommend.ItemSet{}},
	} {
		if _, err := s.Candidates(q, f); !errors.Is(err, recommend.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

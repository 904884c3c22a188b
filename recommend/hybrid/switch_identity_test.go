package hybrid_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/hybrid"
)

// A Switch of another catalogue of as many items would name wrong products; one of a
// catalogue that has grown since names the same ones.
func TestSwitchKnowsItsCatalogue(t *testing.T) {
	of := func(items ...string) *recommend.Dataset[int, string] {
		b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
		for u := range 20 {
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
	old, other := of("bread", "butter", "jam", "nail"), of("bread", "butter", "nail", "zinc")
	knn, err := recommend.FitItemKNN(context.Background(), old.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := hybrid.NewSwitch(func(recommend.Query) int { return 0 }, knn)
	if err != nil {
		t.Fatal(err)
	}
	opt := recommend.EngineOptions{Sources: []recommend.Source{{Name: "switch", Model: m}}}
	if _, err := recommend.NewEngine(other, opt); !errors.Is(err, recommend.ErrMismatch) || !strings.Contains(err.Error(), "nail") {
		t.Errorf("another catalogue: %v, want ErrMismatch that names nail", err)
	}
	set, _ := other.ItemSet("bread")
	if _, err := recommend.NewRanker(m).AppendTop(nil, old.Interactions.Query(0), 2, recommend.Filter{Deny: set}); !errors.Is(err, recommend.ErrMismatch) {
		t.Errorf("an item set of another catalogue: %v, want ErrMismatch", err)
	}
	g, err := old.Grow()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Add(0, "apple", 1); err != nil {
		t.Fatal(err)
	}
	grown, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(d *recommend.Dataset[int, string]) recommend.Recommendation[string] {
		e, err := recommend.NewEngine(d, opt)
		if err != nil {
			t.Fatal(err)
		}
		list, err := e.Recommend(nil, recommend.Request[int, string]{Anonymous: true, History: []recommend.Event[string]{{Item: "jam"}}, K: 1})
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	if a, b := ask(old), ask(grown); a.Item != b.Item || a.Score != b.Score || a.Source != "switch" || b.Source != "switch" {
		t.Errorf("before the catalogue grew %+v, after it %+v", a, b)
	}
}

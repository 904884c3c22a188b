package recommend_test

import (
	"fmt"
	"slices"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/bandit"
)

// potShop is a shop of five teas and two pots, most popular first.
func potShop() (*recommend.Dataset[int, string], *recommend.Catalogue) {
	b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	var facts []recommend.Fact[string]
	for n, item := range []string{"assam", "ceylon", "darjeeling", "earl grey", "jasmine", "pot", "cup"} {
		for user := range 9 - n {
			_ = b.Add(user, item, 1)
		}
		kind := "tea"
		if n > 4 {
			kind = "ware"
		}
		facts = append(facts, recommend.Fact[string]{Item: item, Attribute: "kind", Value: kind})
	}
	data, _ := b.Build()
	catalogue, _ := recommend.NewCatalogue(data.Items, slices.Values(facts), recommend.CatalogueOptions{})
	return data, catalogue
}

// Not ten times the same thing: places go to the other kind, too.
func ExampleRerank() {
	data, catalogue := potShop()
	kind := make([][]int32, data.Items.Len())
	ware, _ := catalogue.Select(recommend.Is("kind", "ware"))
	for i := range kind {
		kind[i] = []int32{0}
		if ware.Has(int32(i)) {
			kind[i] = []int32{1}
		}
	}
	kinds, _ := recommend.NewCategories(2, kind)
	engine, _ := recommend.NewEngine(data, recommend.EngineOptions{
		Catalogue: catalogue,
		Rerank:    &recommend.Rerank{Method: recommend.MMR, Likeness: kinds, Lambda: .5},
	})
	list, _ := engine.Recommend(nil, recommend.Request[int, string]{User: 99, K: 4})
	for _, r := range list {
		fmt.Println(r.Rank, r.Item, r.Score)
	}
	// A request may want it otherwise, and caps hold anyway.
	list, _ = engine.Recommend(nil, recommend.Request[int, string]{
		User: 99, K: 4, Rerank: &recommend.Rerank{}, Caps: []recommend.Cap{{Attribute: "kind", Max: 1}},
	})
	for _, r := range list {
		fmt.Println(r.Rank, r.Item, r.Score)
	}
	// Output:
	// 1 assam 9
	// 2 pot 4
	// 3 ceylon 8
	// 4 darjeeling 7
	// 1 assam 9
	// 2 pot 4
}

// One place in ten is given to chance, and every result says how probable it was.
func ExampleExplore() {
	data, _ := potShop()
	engine, _ := recommend.NewEngine(data, recommend.EngineOptions{})
	policy, _ := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: .1, Seed: 1})
	for id := range uint64(100) {
		list, _ := engine.Recommend(nil, recommend.Request[int, string]{
			User: 99, K: 2, Explore: &recommend.Explore{Policy: policy, ID: id},
		})
		if list[0].Item != "assam" { // log (id, item, propensity) with what comes of it
			fmt.Printf("request %d: %s with probability %.4f\n", id, list[0].Item, list[0].Propensity)
			break
		}
	}
	// Output:
	// request 9: darjeeling with probability 0.0143
}

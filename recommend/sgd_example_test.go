package recommend_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

func ExampleFitBPR() {
	d := purchases()
	m, err := recommend.FitBPR(context.Background(), d.Interactions, recommend.BPROptions{Factors: 4, Seed: 1})
	if err != nil {
		panic(err)
	}
	// Somebody the model has never seen, with one purchase.
	q := recommend.Query{User: recommend.Stranger, Items: []int32{d.Items.Of("nails")}}
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Items.ID(top[0].Item))
	// Output: hammer
}

func ExampleFitWARP() {
	d := purchases()
	m, err := recommend.FitWARP(context.Background(), d.Interactions, recommend.WARPOptions{Factors: 4, Seed: 1})
	if err != nil {
		panic(err)
	}
	near, err := m.AppendSimilar(nil, d.Items.Of("tea"), 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Items.ID(near[0].Item))
	// Output: milk
}

func ExampleFitLMF() {
	d := purchases()
	m, err := recommend.FitLMF(context.Background(), d.Interactions, recommend.LMFOptions{Factors: 4, Rate: 0.1, Seed: 1})
	if err != nil {
		panic(err)
	}
	q := d.Interactions.Query(int(d.Users.Of(4)))
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Items.ID(top[0].Item))
	// Output: saw
}

// stars are a few ratings.
func stars() *recommend.Dataset[string, string] {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for _, e := range []struct {
		user, item string
		stars      float32
	}{
		{"ann", "opera", 5},
		{"ann", "ballet", 5},
		{"ann", "boxing", 1},
		{"bob", "opera", 1},
		{"bob", "ballet", 2},
		{"bob", "boxing", 5},
		{"cem", "opera", 5},
		{"cem", "boxing", 1},
		{"dee", "ballet", 1},
		{"dee", "boxing", 4},
	} {
		if err := b.Add(e.user, e.item, e.stars); err != nil {
			panic(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	return d
}

func ExampleFitMF() {
	d := stars()
	m, err := recommend.FitMF(context.Background(), d.Interactions, recommend.MFOptions{Factors: 2, Alternating: true, Seed: 1})
	if err != nil {
		panic(err)
	}
	cem, err := m.Predict(d.Users.Of("cem"), d.Items.Of("ballet"))
	if err != nil {
		panic(err)
	}
	dee, err := m.Predict(d.Users.Of("dee"), d.Items.Of("opera"))
	if err != nil {
		panic(err)
	}
	fmt.Println(cem > 4, dee < 2)
	// Output: true true
}

func ExampleFitSVDPP() {
	d := stars()
	m, err := recommend.FitSVDPP(context.Background(), d.Interactions, recommend.SVDPPOptions{Factors: 2, Epochs: 300, Rate: 0.03, Seed: 1})
	if err != nil {
		panic(err)
	}
	cem, err := m.Predict(d.Users.Of("cem"), d.Items.Of("ballet"))
	if err != nil {
		panic(err)
	}
	fmt.Println(cem > 4)
	// Output: true
}

func ExampleFitFM() {
	d := purchases()
	// Each item has one feature, its aisle: food or tools.
	aisles := make([][]int32, d.Interactions.Items())
	for i := range aisles {
		aisles[i] = []int32{0}
	}
	for _, tool := range []SKU{"nails", "hammer", "saw"} {
		aisles[d.Items.Of(tool)] = []int32{1}
	}
	features, err := recommend.InteractionsFromRows(2, aisles)
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitFM(context.Background(), d.Interactions, recommend.FMOptions{Factors: 4, Epochs: 200, ItemFeatures: features, Seed: 1})
	if err != nil {
		panic(err)
	}
	q := d.Interactions.Query(int(d.Users.Of(4)))
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Items.ID(top[0].Item))
	// Output: saw
}

// Items and users that come after the fit are ranked by their features.
func ExampleFM_ItemByFeatures() {
	d := purchases()
	const food, tools = 0, 1
	aisles := make([][]int32, d.Interactions.Items())
	for i := range aisles {
		aisles[i] = []int32{food}
	}
	for _, tool := range []SKU{"nails", "hammer", "saw"} {
		aisles[d.Items.Of(tool)] = []int32{tools}
	}
	features, err := recommend.InteractionsFromRows(2, aisles)
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitFM(context.Background(), d.Interactions, recommend.FMOptions{Factors: 4, Epochs: 200, ItemFeatures: features, Seed: 1})
	if err != nil {
		panic(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "fm", Model: m}}})
	if err != nil {
		panic(err)
	}
	vector := make([]float32, m.Factors()+1) // and what the item adds to every score
	if err := m.ItemByFeatures(vector, []int32{tools}, nil); err != nil {
		panic(err)
	}
	if err := e.AddItems(recommend.Arrival[SKU]{Item: "drill", Vectors: map[string][]float32{"fm": vector}}); err != nil {
		panic(err)
	}
	top, err := e.Recommend(nil, recommend.Request[int, SKU]{User: 4, K: 2})
	if err != nil {
		panic(err)
	}
	fmt.Println(top[0].Item, top[1].Item)
	// Output: saw drill
}

package recommend_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// SKU shows that named id types work everywhere.
type SKU string

func purchases() *recommend.Dataset[int, SKU] {
	b, err := recommend.NewBuilder[int, SKU](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for _, e := range []struct {
		user int
		item SKU
	}{
		{1, "tea"},
		{1, "milk"},
		{1, "honey"},
		{2, "tea"},
		{2, "honey"},
		{3, "tea"},
		{3, "milk"},
		{4, "nails"},
		{4, "hammer"},
		{5, "nails"},
		{5, "hammer"},
		{5, "saw"},
		{6, "saw"},
		{6, "hammer"},
	} {
		if err := b.Add(e.user, e.item, 1); err != nil {
			panic(err)
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	return d
}

func ExampleBuilder() {
	b, err := recommend.NewBuilder[string, int](recommend.BuilderOptions{Duplicates: recommend.Sum, HalfLife: 30 * 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	_ = b.AddAt("ann", 10, 1, at.AddDate(0, 0, -30))
	_ = b.AddAt("ann", 10, 1, at)
	_ = b.AddAt("bob", 20, 2, at)
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	items, weights := d.Interactions.Row(int(d.Users.Of("ann")))
	fmt.Println(d.Items.ID(items[0]), weights[0], d.Report.Merged)
	// Output: 10 1.5 1
}

func ExampleFitItemKNN() {
	d := purchases()
	m, err := recommend.FitItemKNN(context.Background(), d.Interactions, recommend.ItemKNNOptions{Neighbors: 10})
	if err != nil {
		panic(err)
	}
	q := d.Interactions.Query(int(d.Users.Of(2)))
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 1, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	reasons, err := m.AppendReasons(nil, q, top[0].Item, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %.2f because of %s\n", d.Items.ID(top[0].Item), top[0].Score, d.Items.ID(reasons[0].Item))
	// Output: milk 0.05 because of tea
}

func ExampleFitALS() {
	d := purchases()
	m, err := recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 2, Iterations: 10, Seed: 1})
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

func ExampleFitPopular() {
	d := purchases()
	m, err := recommend.FitPopular(context.Background(), d.Interactions, recommend.PopularOptions{})
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger}, 2, recommend.Filter{})
	if err != nil {
		panic(err)
	}
	for _, s := range top {
		fmt.Println(d.Items.ID(s.Item), s.Score)
	}
	// Output:
	// hammer 3
	// tea 3
}

func ExampleItemSet() {
	d := purchases()
	stock, unknown := d.ItemSet("milk", "saw", "piano")
	food, _ := d.ItemSet("milk", "tea", "honey")
	both, err := stock.And(food)
	if err != nil {
		panic(err)
	}
	for i := range both.All() {
		fmt.Println(d.Items.ID(i))
	}
	fmt.Println(unknown)
	// Output:
	// milk
	// [piano]
}

func ExampleWriteModel() {
	d := purchases()
	m, err := recommend.FitALS(context.Background(), d.Interactions, recommend.ALSOptions{Factors: 2})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if _, err := recommend.WriteModel(&file, m); err != nil {
		panic(err)
	}
	back, err := recommend.ReadModel(&file)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%T %d items\n", back, back.Items())
	// Output: *recommend.ALS 6 items
}

func ExampleCooccurrence() {
	monday, _ := recommend.NewCooccurrence(3, recommend.CooccurrenceOptions{})
	tuesday, _ := recommend.NewCooccurrence(3, recommend.CooccurrenceOptions{})
	_ = monday.Add(1, []int32{0, 1})
	_ = tuesday.Add(2, []int32{0, 1, 2})
	if err := monday.Merge(tuesday); err != nil {
		panic(err)
	}
	m, err := monday.ItemKNN(recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	like, err := m.AppendSimilar(nil, 0, 1)
	fmt.Println(monday.Count(0, 1), like[0].Item, err)
	// Output: 2 1 <nil>
}

func ExampleGramian() {
	// One iteration of ALS from pieces, as an engine of your own would run it.
	d := purchases()
	x, opt := d.Interactions, recommend.ALSOptions{Factors: 2, Unobserved: 0.2, Regularization: 0.4}
	items := make([]float32, x.Items()*2)
	for i := range x.Items() {
		recommend.StartVector(items[2*i:2*i+2], 1, uint64(i))
	}
	gram, err := recommend.Gram(context.Background(), items, 2, 0)
	if err != nil {
		panic(err)
	}
	users := make([]float32, x.Users()*2)
	err = recommend.SolveALS(context.Background(), users, x, items, gram.Result(), opt)
	fmt.Println(gram.Len(), len(users), err)
	// Output: 6 12 <nil>
}

func ExampleFitColdStart() {
	d := purchases()
	names := map[SKU]string{"tea": "green tea drink", "milk": "milk drink food", "honey": "honey food", "nails": "steel nails tool", "hammer": "steel hammer tool", "saw": "steel saw tool"}
	var texts []string
	for _, id := range d.Items.IDs() {
		texts = append(texts, names[id])
	}
	ctx := context.Background()
	content, err := recommend.FitTFIDF(ctx, texts, recommend.TFIDFOptions{})
	if err != nil {
		panic(err)
	}
	als, err := recommend.FitALS(ctx, d.Interactions, recommend.ALSOptions{Factors: 2, Seed: 1})
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitColdStart(ctx, content, als, recommend.ColdStartOptions{L2: 0.1})
	if err != nil {
		panic(err)
	}
	drill := make([]float32, m.Factors()) // an item nobody has bought yet
	if err := m.ItemVector(drill, "steel drill tool"); err != nil {
		panic(err)
	}
	score := func(user int) (s float32) {
		for k, x := range als.UserVector(int(d.Users.Of(user))) {
			s += x * drill[k]
		}
		return s
	}
	fmt.Println(score(4) > score(1))
	// Output: true
}

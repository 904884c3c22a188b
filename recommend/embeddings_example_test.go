package recommend_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// Vectors of an encoder of one's own put behind an Engine, and an item that joins with its
// vector before anybody bought it.
func ExampleFitEmbeddings() {
	ctx := context.Background()
	d := purchases()
	encode := map[SKU][]float32{
		"tea": {.9, .1}, "milk": {.8, .3}, "honey": {.7, .2}, "saw": {.1, .9}, "nails": {0, .8}, "hammer": {.2, .9},
	}
	rows := recommend.RowVectors{N: 2}
	for _, id := range d.Items.IDs() {
		v := encode[id]
		if v == nil {
			v = make([]float32, 2) // none: it scores 0
		}
		rows.Rows = append(rows.Rows, v...)
	}
	m, err := recommend.FitEmbeddings(ctx, rows, recommend.EmbeddingsOptions{}) // cosines; InnerProduct: true takes lengths too
	if err != nil {
		panic(err)
	}
	if m, err = m.Over(d.Interactions); err != nil { // vector k is that of item k
		panic(err)
	}
	e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: "texts", Model: m}}})
	if err != nil {
		panic(err)
	}
	if err := e.AddItems(recommend.Arrival[SKU]{Item: "sugar", Vectors: map[string][]float32{"texts": {9, 2}}}); err != nil {
		panic(err)
	}
	out, err := e.Recommend(nil, recommend.Request[int, SKU]{Anonymous: true, History: []recommend.Event[SKU]{{Item: "tea"}}, K: 1})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s %.3f, the %s\n", out[0].Item, out[0].Score, m.Meaning())
	// Output: sugar 0.994, the cosine of the item's embedding with the mean one of the history
}

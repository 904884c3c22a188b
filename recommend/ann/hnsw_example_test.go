package ann_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// The index answers like a scan over all vectors, and changes while it is used.
func ExampleFitHNSW() {
	vectors := recommend.RowVectors{N: 2, Rows: []float32{
		1, 0,
		0.9, 0.1,
		0, 1,
		-1, 0,
	}}
	x, err := ann.FitHNSW(context.Background(), vectors, ann.HNSWOptions{})
	if err != nil {
		panic(err)
	}
	user := []float32{1, 0.5}
	top, _ := x.AppendTop(nil, user, 2, 0, recommend.Filter{})
	fmt.Println(top)

	_ = x.Remove(0)
	_ = x.Add(4, []float32{2, 2})
	top, _ = x.AppendTop(top[:0], user, 2, 0, recommend.Filter{Items: []int32{2}})
	fmt.Println(top)
	// Output:
	// [{0 1} {1 0.95}]
	// [{4 3} {1 0.95}]
}

// The same vectors by three metrics: the longest that points there, the best
// direction, the nearest.
func ExampleMetric() {
	vectors := recommend.RowVectors{N: 2, Rows: []float32{
		9, 5,
		3, 3,
		1, 2,
	}}
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		x, err := ann.FitHNSW(context.Background(), vectors, ann.HNSWOptions{Metric: m})
		if err != nil {
			panic(err)
		}
		top, _ := x.AppendTop(nil, []float32{1, 1}, 1, 0, recommend.Filter{})
		fmt.Printf("item %d: %.2f\n", top[0].Item, top[0].Score)
	}
	// Output:
	// item 0: 14.00
	// item 1: 1.00
	// item 2: -1.00
}

// A build that says how far it is, and the index in bytes.
func ExampleHNSWOptions() {
	vectors := recommend.RowVectors{N: 2, Rows: []float32{1, 0, 0, 1, 1, 1, 2, 1}}
	x, err := ann.FitHNSW(context.Background(), vectors, ann.HNSWOptions{
		Metric: ann.Euclidean, Links: 8, Build: 32,
		Progress: func(p ann.Progress) { fmt.Printf("%d of %d\n", p.Done, p.Of) },
	})
	if err != nil {
		panic(err)
	}
	data, err := x.MarshalBinary()
	if err != nil {
		panic(err)
	}
	var y ann.HNSW
	if err := y.UnmarshalBinary(data); err != nil {
		panic(err)
	}
	fmt.Println(y.Len(), "items of", y.Factors(), "factors")
	// Output:
	// 4 of 4
	// 4 items of 2 factors
}

// Items like those a customer bought, from the factors of a model, as far as they are
// in stock.
func Example() {
	ctx := context.Background()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for user, items := range map[string][]string{
		"ann": {"tea", "milk"}, "bea": {"tea", "milk", "honey"}, "cem": {"saw", "nails"}, "dan": {"saw", "nails", "hammer"},
	} {
		for _, item := range items {
			if err := b.Add(user, item, 1); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	als, err := recommend.FitALS(ctx, d.Interactions, recommend.ALSOptions{Factors: 4})
	if err != nil {
		panic(err)
	}
	inStock, _ := d.ItemSet("honey", "hammer", "nails")
	user := int(d.Users.Of("ann"))

	x, err := ann.FitHNSW(ctx, als, ann.HNSWOptions{})
	if err != nil {
		panic(err)
	}
	top, err := x.AppendTop(nil, als.UserVector(user), 1, 0, recommend.Filter{Allow: inStock})
	if err != nil {
		panic(err)
	}
	for _, t := range top {
		fmt.Println(d.Items.ID(t.Item))
	}
	// Output: honey
}

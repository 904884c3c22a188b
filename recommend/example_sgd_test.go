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

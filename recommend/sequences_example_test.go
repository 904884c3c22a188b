package recommend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// visits are the clicks of a few sessions in the order they happened.
func visits() (*recommend.Dataset[int, string], *recommend.Sequences) {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	at := time.Date(2024, 5, 1, 9, 0, 0, 0, time.UTC)
	for session, clicks := range [][]string{
		{"tent", "mat", "lamp"},
		{"tent", "mat", "stove"},
		{"racket", "balls"},
		{"tent", "lamp", "mat", "stove"},
		{"racket", "grip", "balls"},
	} {
		for _, item := range clicks {
			at = at.Add(time.Minute)
			if err := b.AddAt(session, item, 1, at); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	s, err := b.Sequences(d)
	if err != nil {
		panic(err)
	}
	return d, s
}

func ExampleSequences() {
	d, s := visits()
	for _, i := range s.Sequence(1) {
		fmt.Print(d.Items.ID(i), " ")
	}
	fmt.Println(s.Len(), s.Events())
	// Output: tent mat stove 5 15
}

func ExampleFitSessionKNN() {
	d, s := visits()
	m, err := recommend.FitSessionKNN(context.Background(), s, recommend.SessionKNNOptions{})
	if err != nil {
		panic(err)
	}
	// Somebody looked at a tent and then at a mat.
	q := recommend.Query{User: recommend.Stranger, Items: []int32{d.Items.Of("tent"), d.Items.Of("mat")}}
	top, err := recommend.NewRanker(m).AppendTop(nil, q, 2, recommend.Filter{Items: q.Items})
	if err != nil {
		panic(err)
	}
	why, err := m.AppendReasons(nil, q, top[0].Item, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Items.ID(top[0].Item), "because of", d.Items.ID(why[0].Item))
	fmt.Println(d.Items.ID(top[1].Item))
	// Output:
	// stove because of mat
	// lamp
}

func ExampleFitMarkov() {
	d, s := visits()
	m, err := recommend.FitMarkov(context.Background(), s, recommend.MarkovOptions{})
	if err != nil {
		panic(err)
	}
	next, err := m.AppendSimilar(nil, d.Items.Of("racket"), 2)
	if err != nil {
		panic(err)
	}
	for _, n := range next {
		fmt.Printf("%s %.2f\n", d.Items.ID(n.Item), n.Score)
	}
	// Output:
	// balls 0.60
	// grip 0.40
}

func ExampleFitItem2Vec() {
	// A shop sells camping and tennis things, and people buy within one of them.
	rows := [][]int32{}
	for k := range int32(40) {
		side := k % 2 * 4
		rows = append(rows, []int32{side + k/2%4, side + (k/2+1)%4, side + (k/2+2)%4})
	}
	s, err := recommend.SequencesFromRows(8, rows)
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitItem2Vec(context.Background(), s, recommend.Item2VecOptions{Factors: 4, Epochs: 100, Subsample: -1})
	if err != nil {
		panic(err)
	}
	near, err := m.AppendSimilar(nil, 5, 3)
	if err != nil {
		panic(err)
	}
	for _, n := range near {
		fmt.Println(n.Item > 3)
	}
	// Output:
	// true
	// true
	// true
}

func ExampleFitNextBasket() {
	const milk, bread, eggs, wine = 0, 1, 2, 3
	baskets, err := recommend.SequencesFromRows(4, [][]int32{
		{milk, bread}, {milk, eggs}, {milk}, // the first customer
		{wine}, {wine, bread}, // the second
	})
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitNextBasket(context.Background(), baskets, []int32{0, 0, 0, 1, 1}, recommend.NextBasketOptions{Own: 0.7})
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: 0}, 2, recommend.Filter{})
	if err != nil {
		panic(err)
	}
	fmt.Println(top[0].Item == milk, top[1].Item == bread || top[1].Item == eggs)
	// Output: true true
}

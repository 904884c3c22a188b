package recommend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// A customer of years looks for something: the session decides what a Markov chain
// says, the whole history what the next basket holds.
func ExampleHistoryReader() {
	day := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	b, _ := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	for _, user := range []string{"ann", "bob", "eve"} {
		for k, item := range []string{"tent", "stove", "gas", "tea", "milk", "tea", "milk"} {
			if err := b.AddAt(user, item, 1, day.Add(time.Duration(k)*time.Hour)); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	seqs, err := d.Interactions.Sequences()
	if err != nil {
		panic(err)
	}
	markov, err := recommend.FitMarkov(context.Background(), seqs, recommend.MarkovOptions{})
	if err != nil {
		panic(err)
	}
	basket, err := recommend.FitNextBasket(context.Background(), seqs, nil, recommend.NextBasketOptions{})
	if err != nil {
		panic(err)
	}
	for name, m := range map[string]recommend.Model{"markov": markov, "basket": basket} {
		_, whole := m.(recommend.HistoryReader)
		e, err := recommend.NewEngine(d, recommend.EngineOptions{Sources: []recommend.Source{{Name: name, Model: m}}})
		if err != nil {
			panic(err)
		}
		now := day.AddDate(1, 0, 0)
		got, err := e.Recommend(nil, recommend.Request[string, string]{
			User:    "ann",
			History: []recommend.Event[string]{{Item: "tent", At: now}}, SessionStart: now.Add(-time.Minute),
			Seen: recommend.KeepSeen, K: 1,
		})
		if err != nil {
			panic(err)
		}
		fmt.Println(name, "reads the whole history:", whole, "and says", got[0].Item)
	}
	// Unordered output:
	// markov reads the whole history: false and says stove
	// basket reads the whole history: true and says milk
}

package split_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/split"
)

// log returns events of twelve days: each user takes an item a day.
func log() *recommend.Dataset[string, string] {
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	items := []string{"tea", "milk", "bread", "jam", "honey", "cake", "rice", "salt", "oil", "eggs", "figs", "nuts", "peas", "corn"}
	for d := range 12 {
		for u, user := range []string{"ann", "bob", "eve", "joe"} {
			if err := b.AddAt(user, items[d+u%3], 1, time.Date(2024, 3, 1+d, 0, 0, 0, 0, time.UTC)); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	return d
}

// The program of the package comment: how many of what was taken after the cut
// stood in lists made from what came before.
func Example() {
	dataset, ctx := log(), context.Background()
	s, err := split.Time(dataset.Interactions, time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	model, err := recommend.FitItemKNN(ctx, s.Train, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	ranker := recommend.NewRanker(model)
	hits := 0
	for u := range s.Test.Users() {
		q := s.Train.Query(u)
		top, err := ranker.AppendTop(nil, q, 3, recommend.Filter{Items: q.Items})
		if err != nil {
			continue // nothing is known of the user
		}
		for _, t := range top {
			if s.Test.Has(u, t.Item) {
				hits++
			}
		}
	}
	fmt.Println(s.Train.Len(), "to learn from,", s.Test.Len(), "to judge on,", hits, "found")
	// Output: 32 to learn from, 16 to judge on, 6 found
}

// Four ways to set entries aside. Every entry stays in one of the parts.
func ExampleParts() {
	x := log().Interactions
	show := func(name string, p split.Parts, err error) {
		if err != nil {
			panic(err)
		}
		fmt.Println(name, p.Train.Len(), p.Test.Len(), split.CheckDisjoint(p.Train, p.Test))
	}
	random, err := split.Random(x, 0.3, 1)
	show("random", random, err)
	last, err := split.Last(x, 1)
	show("last", last, err)
	cold, err := split.Items(x, 0.3, 1)
	show("cold items", cold, err)
	folds, err := split.Folds(x, 3, 1)
	for _, f := range folds {
		show("fold", f, err)
	}
	// Output:
	// random 33 15 <nil>
	// last 44 4 <nil>
	// cold items 32 16 <nil>
	// fold 32 16 <nil>
	// fold 32 16 <nil>
	// fold 32 16 <nil>
}

// People the model was not fitted on: it gets to see what is known of them.
func ExampleUsers() {
	d := log()
	var s split.HeldOut
	s, err := split.Users(d.Interactions, 0.4, 0.5, 3)
	if err != nil {
		panic(err)
	}
	for u := range s.Known.Users() {
		known, _ := s.Known.Row(u)
		hidden, _ := s.Hidden.Row(u)
		if len(known) > 0 {
			fmt.Println(d.Users.ID(int32(u)), "is held out:", len(known), "known,", len(hidden), "hidden")
		}
	}
	fmt.Println(s.Train.Len(), "entries of the others")
	// Output:
	// eve is held out: 5 known, 7 hidden
	// 36 entries of the others
}

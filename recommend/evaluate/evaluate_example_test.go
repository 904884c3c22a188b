package evaluate_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/evaluate"
)

// orders are those of twelve days: four customers take an item a day.
func orders() *recommend.Dataset[string, string] {
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

// The program of the package comment, with a judge of one's own in place of a tally: how
// many lists hold something that was taken later.
func Example() {
	ctx, x := context.Background(), orders().Interactions
	cut := time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC).UnixNano()
	train := x.Select(func(u, k int) bool { return x.Times(u)[k] < cut }) // split.Time
	test := x.Select(func(u, k int) bool { return x.Times(u)[k] >= cut })
	model, err := recommend.FitItemKNN(ctx, train, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	hits := 0
	asked, err := evaluate.Lists(ctx, model, train, test, func(recommended, relevant []int32) error {
		if slices.ContainsFunc(recommended, func(i int32) bool { return slices.Contains(relevant, i) }) {
			hits++
		}
		return nil
	}, evaluate.Options{K: 3})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d of %d lists hit\n", hits, asked.Users)
	fmt.Printf("%d of the purchases are of %d products that training has never seen\n", asked.Cold, asked.ColdItems)
	// Output:
	// 4 of 4 lists hit
	// 11 of the purchases are of 4 products that training has never seen
}

// Any function judges: here one that prints. Held-out users are asked with the part of
// their history that is known.
func ExampleLists() {
	ctx := context.Background()
	x := orders().Interactions
	train := x.Select(func(u, _ int) bool { return u < 2 }) // split.Users draws them
	known := x.Select(func(u, k int) bool { return u >= 2 && k%2 == 0 })
	hidden := x.Select(func(u, k int) bool { return u >= 2 && k%2 == 1 })
	model, err := recommend.FitEASE(ctx, train, recommend.EASEOptions{})
	if err != nil {
		panic(err)
	}
	result, err := evaluate.Lists(ctx, model, train, hidden, func(recommended, relevant []int32) error {
		fmt.Println(len(recommended), "recommended,", len(relevant), "hidden")
		return nil
	}, evaluate.Options{
		K: 3, Known: known,
		Progress: func(p evaluate.Progress) { fmt.Println(p.Users, "of", p.Of) },
	})
	fmt.Println(result.Users, result.Unanswered, err)
	// Output:
	// 3 recommended, 6 hidden
	// 3 recommended, 6 hidden
	// 2 of 2
	// 2 0 <nil>
}

// A question of one's own: candidates from a file, of which the last is the right one.
func ExampleQuestions() {
	model, err := recommend.NewFunc(0, 6, func(dst []float32, q recommend.Query) error {
		for i := range dst {
			dst[i] = float32(i % 4)
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	var result evaluate.Result
	result, err = evaluate.Questions(context.Background(), model, 1, func(int) evaluate.Question {
		return evaluate.Question{
			Query:    recommend.Query{User: recommend.Stranger, Items: []int32{2}},
			Among:    []int32{1, 3, 4},
			Relevant: []int32{5},
		}
	}, func(recommended, relevant []int32) error {
		fmt.Println(recommended, relevant) // 5 scores as 1 does, and comes behind it
		return nil
	}, evaluate.Options{K: 10})
	fmt.Println(result.Users, err)
	// Output:
	// [3 1 5 4] [5]
	// 1 <nil>
}

// What customers would have been shown, by id; zoe has never been seen before.
func ExampleServed() {
	ctx := context.Background()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	for _, p := range [][2]string{{"ann", "peas"}, {"zoe", "rice"}, {"zoe", "wine"}} {
		if err := b.Add(p[0], p[1], 1); err != nil {
			panic(err)
		}
	}
	later, err := b.Build()
	if err != nil {
		panic(err)
	}
	train := orders()
	model, err := recommend.FitItemKNN(ctx, train.Interactions, recommend.ItemKNNOptions{})
	if err != nil {
		panic(err)
	}
	engine, err := recommend.NewEngine(train, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: model}}})
	if err != nil {
		panic(err)
	}
	result, err := evaluate.Served(ctx, engine, later, func(recommended, relevant []string) error {
		fmt.Println(len(recommended), "shown, then taken:", relevant)
		return nil
	}, recommend.Request[string, string]{K: 14, Seen: recommend.Repurchase, AsOf: time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)}, 0)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d customers, %d of them new, %d new product\n", result.Users, result.ColdUsers, result.ColdItems)
	// Output:
	// 14 shown, then taken: [peas]
	// 14 shown, then taken: [rice wine]
	// 2 customers, 1 of them new, 1 new product
}

package recommend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

func ExampleFitRising() {
	b, err := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
	if err != nil {
		panic(err)
	}
	start := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	user := 0
	for day := range 30 {
		items := []string{"soap", "soap", "soap"}
		if day >= 27 {
			items = append(items, "fan", "fan", "fan", "fan")
		}
		for _, item := range items {
			user++
			if err := b.AddAt(user, item, 1, start.AddDate(0, 0, day)); err != nil {
				panic(err)
			}
		}
	}
	d, err := b.Build()
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitRising(context.Background(), d.Interactions, recommend.RisingOptions{})
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger}, 2, recommend.Filter{})
	if err != nil {
		panic(err)
	}
	for _, s := range top {
		fmt.Printf("%s %.1f\n", d.Items.ID(s.Item), s.Score)
	}
	// Output:
	// fan 1.7
	// soap 0.7
}

func ExampleNewRated() {
	// Orders and visits of three products.
	m, err := recommend.NewRated([]float64{1, 40, 5}, []float64{1, 100, 50}, 0.95)
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger}, 3, recommend.Filter{})
	if err != nil {
		panic(err)
	}
	for _, s := range top {
		fmt.Printf("product %d: at least %.2f\n", s.Item, s.Score)
	}
	// Output:
	// product 1: at least 0.31
	// product 0: at least 0.21
	// product 2: at least 0.04
}

func ExampleFitCategoryPopular() {
	const garden, kitchen = 0, 1
	x, err := recommend.InteractionsFromRows(4, [][]int32{{0, 2}, {0, 3}, {1, 2}, {0, 2}})
	if err != nil {
		panic(err)
	}
	cats, err := recommend.NewCategories(2, [][]int32{{garden}, {garden}, {kitchen}, {kitchen}})
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitCategoryPopular(context.Background(), x, cats, recommend.PopularOptions{})
	if err != nil {
		panic(err)
	}
	top, err := m.AppendCategory(nil, kitchen, 2)
	if err != nil {
		panic(err)
	}
	fmt.Println(top)
	// Output: [{2 3} {3 1}]
}

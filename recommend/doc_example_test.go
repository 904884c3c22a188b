package recommend_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/recommend"
)

// The program of the package's guide: orders in, a list with reasons out.
func Example() {
	type order struct {
		Customer int
		Product  string
		At       time.Time
	}
	var orders []order
	for customer, products := range [][]string{
		{"tea", "pot", "cup"}, {"tea", "pot"}, {"tea", "cup"}, {"pot", "cup"}, {"beans", "mill"}, {"beans", "mill"}, {"beans"}, {"tea"},
	} {
		for k, product := range products {
			orders = append(orders, order{customer, product, time.Date(2026, 5, 1+k, 0, 0, 0, 0, time.UTC)})
		}
	}
	run := func(ctx context.Context) error {
		b, _ := recommend.NewBuilder[int, string](recommend.BuilderOptions{})
		for _, order := range orders { // the caller's loop over events
			if err := b.AddAt(order.Customer, order.Product, 1, order.At); err != nil {
				return err
			}
		}
		data, err := b.Build()
		if err != nil {
			return err
		}
		knn, err := recommend.FitItemKNN(ctx, data.Interactions, recommend.ItemKNNOptions{})
		if err != nil {
			return err
		}
		engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "knn", Model: knn}}})
		if err != nil {
			return err
		}
		list, err := engine.Recommend(nil, recommend.Request[int, string]{User: 7, K: 10, Reasons: 2})
		if err != nil {
			return err
		}
		for _, r := range list {
			fmt.Print(r.Rank, " ", r.Item, " (", r.Source, ")")
			for _, why := range r.Reasons {
				fmt.Print(" because of ", why.Item)
			}
			fmt.Println()
		}
		return nil
	}
	if err := run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 cup (knn) because of tea
	// 2 pot (knn) because of tea
	// 3 beans (popular)
	// 4 mill (popular)
}

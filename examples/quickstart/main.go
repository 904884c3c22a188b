// Quickstart turns a list of events into ten recommendations with reasons.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/aislekit/aisle/recommend"
)

// Each line of a shop's log: who bought which sort of product, how often.
var tastes = map[string][]string{
	"coffee": {"espresso beans", "grinder", "milk frother", "filter paper", "cups", "biscuits", "descaler"},
	"garden": {"tomato seeds", "trowel", "gloves", "watering can", "compost", "seed trays", "twine"},
	"baking": {"flour", "yeast", "proofing basket", "dough scraper", "scales", "baking paper", "biscuits"},
}

// main goes from a handful of purchases to a list for one customer.
func main() {
	ctx := context.Background()
	b, err := recommend.NewBuilder[string, string](recommend.BuilderOptions{})
	check(err)
	for taste, products := range tastes {
		for c := range 40 { // 40 customers a taste, each with some of its products and one of another
			for p, product := range products {
				if (c*7+p*5)%11 < 6 {
					check(b.Add(fmt.Sprintf("%s fan %d", taste, c), product, 1))
				}
			}
			check(b.Add(fmt.Sprintf("%s fan %d", taste, c), tastes["coffee"][c%7], 1))
		}
	}
	data, err := b.Build()
	check(err)
	knn, err := recommend.FitItemKNN(ctx, data.Interactions, recommend.ItemKNNOptions{})
	check(err)
	engine, err := recommend.NewEngine(data, recommend.EngineOptions{Sources: []recommend.Source{{Name: "item-knn", Model: knn}}})
	check(err)
	recs, err := engine.Recommend(nil, recommend.Request[string, string]{User: "baking fan 3", K: 10, Reasons: 2})
	check(err)
	for _, r := range recs {
		fmt.Printf("%2d. %-16s %5.2f  by %s", r.Rank, r.Item, r.Score, r.Source)
		for _, because := range r.Reasons {
			fmt.Printf(", because of %s", because.Item)
		}
		fmt.Println()
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

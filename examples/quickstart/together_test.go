package main

import (
	"context"
	"fmt"
	"log"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/segment/basket"
)

// Rules mined from baskets become a model like any other: the two packages meet in these
// lines, by plain values. An engine or a blend takes it from here.
func Example_boughtTogether() {
	orders := [][]int32{{0, 1}, {0, 1, 2}, {0, 2}, {0, 1}, {3}} // items as a data set numbers them
	var b basket.Baskets[int32]
	for _, o := range orders {
		if err := b.Add(o); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	sets, err := basket.Mine(ctx, &b, basket.MineOptions{MinCount: 2})
	if err != nil {
		log.Fatal(err)
	}
	rules, err := sets.Rules(ctx, basket.RuleOptions{MinLift: 1.01})
	if err != nil {
		log.Fatal(err)
	}
	const users, items = 1, 4
	together, err := recommend.NewFunc(users, items, func(dst []float32, q recommend.Query) error {
		clear(dst)
		for _, s := range rules.Suggest(nil, q.Items, items) {
			dst[s.Item] = float32(s.Score)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	top, err := recommend.NewRanker(together).AppendTop(nil, recommend.Query{User: recommend.Stranger, Items: []int32{0}}, 2, recommend.Filter{})
	if err != nil {
		log.Fatal(err)
	}
	for _, x := range top {
		fmt.Printf("item %d: %.2f\n", x.Item, x.Score)
	}
	// Output:
	// item 1: 0.75
	// item 2: 0.50
}

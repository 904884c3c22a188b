package recommend_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// A matrix that is there already needs no Builder: three users, four items. Lists for
// everybody, of what is in stock and not theirs.
func ExampleTopLists() {
	x, err := recommend.NewInteractions(3, 4, []int64{0, 2, 4, 5}, []int32{0, 1, 1, 2, 0}, nil)
	if err != nil {
		panic(err)
	}
	m, err := recommend.FitItemKNN(context.Background(), x, recommend.ItemKNNOptions{
		Progress: func(p recommend.Progress) { fmt.Println("pass", p.Iteration, "of", p.Iterations) },
	})
	if err != nil {
		panic(err)
	}
	stock, err := recommend.NewItemSet(4, 0, 1, 2)
	if err != nil {
		panic(err)
	}
	even := recommend.ItemSetFunc(4, func(i int32) bool { return i%2 == 0 })
	fmt.Println(stock.Count(), "in stock,", even.Count(), "even")
	lists, failed := recommend.TopLists(context.Background(), m, x.Users(), 2, func(u int) (recommend.Query, recommend.Filter) {
		q := x.Query(u)
		return q, recommend.Filter{Allow: stock, Items: q.Items}
	}, 0)
	for u, list := range lists {
		for _, o := range list {
			fmt.Printf("user %d: item %d, %.2f\n", u, o.Item, o.Score)
		}
	}
	fmt.Println(failed())
	// Output:
	// pass 1 of 1
	// 3 in stock, 2 even
	// user 0: item 2, 0.02
	// user 1: item 0, 0.02
	// user 2: item 1, 0.02
	// user 2: item 2, 0.00
	// <nil>
}

// The entries of weight 2 and more: a part cut in a way of one's own.
func ExampleInteractions_Select() {
	x, err := recommend.NewInteractions(2, 3, []int64{0, 2, 4}, []int32{0, 1, 1, 2}, []float32{1, 2, 3, 1})
	if err != nil {
		panic(err)
	}
	strong := x.Select(func(u, k int) bool {
		_, weights := x.Row(u)
		return weights[k] >= 2
	})
	for u := range strong.Users() {
		items, weights := strong.Row(u)
		fmt.Println(u, items, weights)
	}
	// Output:
	// 0 [1] [2]
	// 1 [1] [3]
}

// Two machines hold a part of the users each; the sums of their vectors add up to
// those of one machine, whatever is where.
func ExampleNewGramian() {
	vectors := map[string][]float32{"ann": {1, 2}, "bob": {0, 1}, "eve": {3, -1}, "joe": {1, 1}}
	var machines [2]*recommend.Gramian
	for k := range machines {
		g, err := recommend.NewGramian(2)
		if err != nil {
			panic(err)
		}
		machines[k] = g
	}
	for user, v := range vectors {
		if err := machines[recommend.Partition(user, 2)].Add(v); err != nil {
			panic(err)
		}
	}
	if err := machines[0].Merge(machines[1]); err != nil {
		panic(err)
	}
	fmt.Println(machines[0].Len(), machines[0].Result())
	// Output: 4 [11 0 0 7]
}

// Sessions as one list of events, the oldest first, with where each begins. A
// transition over two events counts half as much here.
func ExampleNewSequences() {
	s, err := recommend.NewSequences(4, []int64{0, 3, 5, 8}, []int32{0, 1, 2, 0, 1, 3, 0, 1}, nil)
	if err != nil {
		panic(err)
	}
	var weighting recommend.StepWeighting = recommend.HarmonicSteps // the default
	m, err := recommend.FitMarkov(context.Background(), s, recommend.MarkovOptions{Steps: 2, Weighting: weighting})
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger, Items: []int32{0}}, 1, recommend.Filter{})
	fmt.Println(top[0].Item, err)
	// Output: 1 <nil>
}

package tree_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict/tree"
)

// Two shops of a group boost one model of who buys again. Rows stay where they are: what travels, as bytes, are questions and sums.
func ExampleFitBoostParties() {
	visits := [][]float64{{1, 2, 3, 5, 6, 8}, {2, 4, 6, 1, 7, 9}}
	again := [][]float64{{0, 0, 0, 1, 1, 1}, {0, 0, 1, 0, 1, 1}}
	var shops []*tree.BoostParty
	for k := range visits {
		var rows [][]float64
		for _, v := range visits[k] {
			rows = append(rows, []float64{v})
		}
		p, err := tree.NewBoostParty(rows, again[k], tree.PartyOptions{})
		if err != nil {
			panic(err)
		}
		shops = append(shops, p)
	}
	// answer is what a shop does with the bytes of a question.
	answer := func(ctx context.Context, shop *tree.BoostParty, question []byte) ([]byte, error) {
		var r tree.BoostRound
		if err := r.UnmarshalBinary(question); err != nil {
			return nil, err
		}
		if err := r.Add(ctx, shop); err != nil {
			return nil, err
		}
		return r.MarshalBinary()
	}
	var ask tree.BoostAsk = func(ctx context.Context, at *tree.BoostRound) (*tree.BoostRound, error) {
		question, err := at.MarshalBinary()
		if err != nil {
			return nil, err
		}
		for _, shop := range shops {
			reply, err := answer(ctx, shop, question)
			if err != nil {
				return nil, err // or go on without it
			}
			var r tree.BoostRound
			if err := r.UnmarshalBinary(reply); err != nil {
				return nil, err
			}
			if err := at.Merge(&r); err != nil {
				return nil, err
			}
		}
		return at, nil
	}
	m, err := tree.FitBoostParties(context.Background(), []string{"visits"}, ask, tree.BoostOptions{Iterations: 20, MinRows: 2})
	if err != nil {
		panic(err)
	}
	p, err := m.Predict(nil, [][]float64{{1}, {9}})
	fmt.Printf("%.2f %v\n", p, err)
	// Output:
	// [0.17 0.83] <nil>
}

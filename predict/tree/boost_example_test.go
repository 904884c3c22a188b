package tree_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/predict/tree"
)

func ExampleFitBoost() {
	// Customers buy again soon after an order, in the channels 1 and 4; the time of the
	// last order is not always known.
	r := rng.New(1, 0, 0)
	var rows [][]float64
	var y []float64
	for range 4000 {
		days, channel := 60*r.Float64(), r.Intn(6)
		m := 1 - days/15
		if channel == 1 || channel == 4 {
			m += 2
		}
		bought := 0.0
		if r.Bool(1 / (1 + math.Exp(-m))) {
			bought = 1
		}
		if r.Bool(.1) {
			days = math.NaN()
		}
		rows, y = append(rows, []float64{days, float64(channel)}), append(y, bought)
	}
	m, err := tree.FitBoost(context.Background(), rows, y, tree.BoostOptions{
		Iterations:  40,
		Names:       []string{"days", "channel"},
		Categorical: []int{1},
		Monotone:    []int{-1, 0}, // the later, the less
	})
	if err != nil {
		panic(err)
	}
	p, err := m.Predict(nil, [][]float64{{5, 4}, {5, 0}, {50, 0}, {math.NaN(), 4}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f\n", p)
	// Output: [0.9 0.7 0.1 0.6]
}

func ExampleEnsemble_Refit() {
	// A model of last year learns this month's level.
	var rows [][]float64
	var before, now []float64
	for i := range 200 {
		x := float64(i % 10)
		rows, before, now = append(rows, []float64{x}), append(before, x), append(now, x+4)
	}
	squared := tree.BoostOptions{Loss: tree.LossSquared, L2: -1, LearningRate: .5}
	m, err := tree.FitBoost(context.Background(), rows, before, squared)
	if err != nil {
		panic(err)
	}
	next, err := m.Refit(context.Background(), rows, now, tree.RefitOptions{Decay: .5, Boost: squared})
	if err != nil {
		panic(err)
	}
	old, err := m.Predict(nil, [][]float64{{3}})
	if err != nil {
		panic(err)
	}
	fresh, err := next.Predict(nil, [][]float64{{3}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f %.1f\n", old, fresh)
	// Output: [3.0] [7.0]
}

func ExampleProgress() {
	// Every third row judges; three iterations without a lower loss end the fit.
	var rows [][]float64
	var amount []float64
	var held []int
	for i := range 300 {
		rows, amount = append(rows, []float64{float64(i % 10)}), append(amount, float64(i%10/5))
		if i%3 == 0 {
			held = append(held, i)
		}
	}
	last := 0
	m, err := tree.FitBoost(context.Background(), rows, amount, tree.BoostOptions{
		Loss: tree.LossSquared, L2: -1, LearningRate: 1, Validation: held, Patience: 3,
		Progress: func(p tree.Progress) { last = p.Iteration },
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Trees(), "trees after", last, "iterations")
	// Output: 1 trees after 4 iterations
}

package recommend_test

import (
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// One place in ten goes to any candidate. The log keeps who was shown with which
// probability.
func ExampleEpsilonGreedy() {
	p, err := recommend.NewEpsilonGreedy(recommend.EpsilonGreedyOptions{Epsilon: 0.1, Seed: 1})
	if err != nil {
		panic(err)
	}
	list := []recommend.Scored{{Item: 7, Score: 3}, {Item: 4, Score: 2}, {Item: 9, Score: 1}}
	choices, err := p.AppendChoices(nil, list, 2, 1001)
	if err != nil {
		panic(err)
	}
	for _, c := range choices {
		fmt.Printf("item %d with probability %.3f\n", c.Item, c.Propensity)
	}
	// Output:
	// item 7 with probability 0.933
	// item 4 with probability 0.950
}

// Three banners, one of which does better.
func ExampleThompson() {
	arms, err := recommend.NewClickArms(3)
	if err != nil {
		panic(err)
	}
	_ = arms.AddCounts(0, 1000, 20)
	_ = arms.AddCounts(1, 1000, 60)
	_ = arms.AddCounts(2, 1000, 25)
	p, err := recommend.NewThompson(arms, recommend.ThompsonOptions{Epsilon: 0.03})
	if err != nil {
		panic(err)
	}
	c, err := p.AppendChoices(nil, []int32{0, 1, 2}, 1, 42)
	fmt.Printf("%d %.2f %v\n", c[0].Item, c[0].Propensity, err)
	// Output: 1 0.98 <nil>
}

// A discount works for new customers only: the context says who is one.
func ExampleLinUCB() {
	const discount, plain = 0, 1
	arms, err := recommend.NewLinearArms(2, 2)
	if err != nil {
		panic(err)
	}
	for range 50 {
		_ = arms.Add(discount, []float64{1, 1}, 1)
		_ = arms.Add(discount, []float64{1, 0}, 0)
		_ = arms.Add(plain, []float64{1, 1}, 0.2)
		_ = arms.Add(plain, []float64{1, 0}, 0.5)
	}
	p, err := recommend.NewLinUCB(arms, recommend.LinUCBOptions{Epsilon: -1})
	if err != nil {
		panic(err)
	}
	fresh, _ := p.AppendChoices(nil, []float64{1, 1}, []int32{discount, plain}, 1, 1)
	old, _ := p.AppendChoices(nil, []float64{1, 0}, []int32{discount, plain}, 1, 2)
	fmt.Println(fresh[0].Item, old[0].Item)
	// Output: 0 1
}

func ExampleLinearThompson() {
	arms, err := recommend.NewLinearArms(2, 1)
	if err != nil {
		panic(err)
	}
	for range 1000 {
		_ = arms.Add(0, []float64{1}, 0.2)
		_ = arms.Add(1, []float64{1}, 0.8)
	}
	p, err := recommend.NewLinearThompson(arms, recommend.ThompsonOptions{Epsilon: -1, Spread: 0.5})
	if err != nil {
		panic(err)
	}
	c, _ := p.AppendChoices(nil, []float64{1}, []int32{0, 1}, 1, 1)
	fmt.Printf("%d %.3f\n", c[0].Item, c[0].Propensity)
	// Output: 1 1.000
}

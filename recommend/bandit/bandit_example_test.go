package bandit_test

import (
	"fmt"

	"github.com/aislekit/aisle/recommend/bandit"
)

// The program of the package comment: three banners, learning from what is clicked.
func Example() {
	arms, err := bandit.NewClickArms(3)
	if err != nil {
		panic(err)
	}
	for _, answer := range []struct {
		banner  int32
		clicked bool
	}{{0, false}, {1, true}, {2, false}, {1, true}, {0, false}} {
		if err := arms.Add(answer.banner, answer.clicked); err != nil {
			panic(err)
		}
	}
	policy, err := bandit.NewThompson(arms, bandit.ThompsonOptions{})
	if err != nil {
		panic(err)
	}
	choices, err := policy.AppendChoices(nil, bandit.Ask{From: []int32{0, 1, 2}, K: 1, Request: 4711})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d %.2f\n", choices[0].Item, choices[0].Propensity)
	// Output: 1 0.88
}

// One place in ten goes to any candidate. The log keeps who was shown with which
// probability.
func ExampleEpsilonGreedy() {
	p, err := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: 0.1, Seed: 1})
	if err != nil {
		panic(err)
	}
	bestFirst := []int32{7, 4, 9}
	choices, err := p.AppendChoices(nil, bandit.Ask{From: bestFirst, K: 2, Request: 1001})
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
	arms, err := bandit.NewClickArms(3)
	if err != nil {
		panic(err)
	}
	_ = arms.AddCounts(0, 1000, 20)
	_ = arms.AddCounts(1, 1000, 60)
	_ = arms.AddCounts(2, 1000, 25)
	p, err := bandit.NewThompson(arms, bandit.ThompsonOptions{Epsilon: 0.03})
	if err != nil {
		panic(err)
	}
	c, err := p.AppendChoices(nil, bandit.Ask{From: []int32{0, 1, 2}, K: 1, Request: 42})
	fmt.Printf("%d %.2f %v\n", c[0].Item, c[0].Propensity, err)
	// Output: 1 0.98 <nil>
}

// A discount works for new customers only: the context says who is one.
func ExampleLinUCB() {
	const discount, plain = 0, 1
	arms, err := bandit.NewLinearArms(2, 2, bandit.LinearArmsOptions{})
	if err != nil {
		panic(err)
	}
	for range 50 {
		_ = arms.Add(discount, []float64{1, 1}, 1)
		_ = arms.Add(discount, []float64{1, 0}, 0)
		_ = arms.Add(plain, []float64{1, 1}, 0.2)
		_ = arms.Add(plain, []float64{1, 0}, 0.5)
	}
	p, err := bandit.NewLinUCB(arms, bandit.LinUCBOptions{Epsilon: -1})
	if err != nil {
		panic(err)
	}
	arm := []int32{discount, plain}
	fresh, _ := p.AppendChoices(nil, bandit.Ask{From: arm, K: 1, Request: 1, Context: []float64{1, 1}})
	old, _ := p.AppendChoices(nil, bandit.Ask{From: arm, K: 1, Request: 2, Context: []float64{1, 0}})
	fmt.Println(fresh[0].Item, old[0].Item)
	// Output: 0 1
}

func ExampleLinearThompson() {
	arms, err := bandit.NewLinearArms(2, 1, bandit.LinearArmsOptions{})
	if err != nil {
		panic(err)
	}
	for range 1000 {
		_ = arms.Add(0, []float64{1}, 0.2)
		_ = arms.Add(1, []float64{1}, 0.8)
	}
	p, err := bandit.NewLinearThompson(arms, bandit.ThompsonOptions{Epsilon: -1, Spread: 0.5})
	if err != nil {
		panic(err)
	}
	c, _ := p.AppendChoices(nil, bandit.Ask{From: []int32{0, 1}, K: 1, Request: 1, Context: []float64{1}})
	fmt.Printf("%d %.3f\n", c[0].Item, c[0].Propensity)
	// Output: 1 1.000
}

// Two servers count clicks; their counts add up.
func ExampleClickArms() {
	a, _ := bandit.NewClickArms(2)
	b, _ := bandit.NewClickArms(2)
	_ = a.Add(0, true)
	_ = a.Add(0, false)
	_ = b.Add(0, true)
	if err := a.Merge(b); err != nil {
		panic(err)
	}
	fmt.Println(a.Counts(0))
	// Output: 3 2
}

func ExampleLinearArms() {
	arms, err := bandit.NewLinearArms(2, 2, bandit.LinearArmsOptions{})
	if err != nil {
		panic(err)
	}
	_ = arms.Add(1, []float64{1, 0.5}, 1)
	data, _ := arms.MarshalBinary()
	var back bandit.LinearArms
	fmt.Println(back.UnmarshalBinary(data), back.Len(), back.Features(), back.Count(1))
	// Output: <nil> 2 2 1
}

// One item of a brand at most: what a choice rules out is no candidate for the
// next place, and the propensities know.
func ExampleAsk() {
	brand := map[int32]string{7: "oak", 4: "oak", 9: "elm"}
	p, err := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: 0.3, Seed: 1})
	if err != nil {
		panic(err)
	}
	shown := map[string]bool{}
	choices, err := p.AppendChoices(nil, bandit.Ask{
		From: []int32{7, 4, 9}, K: 2, Request: 6,
		Took: func(item int32) { shown[brand[item]] = true },
		Free: func(item int32) bool { return !shown[brand[item]] },
	})
	if err != nil {
		panic(err)
	}
	for _, c := range choices {
		fmt.Printf("item %d with probability %.2f\n", c.Item, c.Propensity)
	}
	// Output:
	// item 7 with probability 0.80
	// item 9 with probability 1.00
}

// Which policy decides is a setting: all are asked alike.
func ExamplePolicy() {
	clicks, _ := bandit.NewClickArms(2)
	_ = clicks.AddCounts(0, 5000, 50)
	_ = clicks.AddCounts(1, 5000, 500)
	greedy, _ := bandit.NewEpsilonGreedy(bandit.EpsilonGreedyOptions{Epsilon: -1})
	thompson, _ := bandit.NewThompson(clicks, bandit.ThompsonOptions{Epsilon: -1})
	for _, p := range []bandit.Policy{greedy, thompson} {
		c, err := p.AppendChoices(nil, bandit.Ask{From: []int32{0, 1}, K: 1, Request: 1})
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Arms(), c[0].Item)
	}
	// Output:
	// 0 0
	// 2 1
}

// UCB1 shows what was shown least among arms that are alike.
func ExampleUCB() {
	arms, err := bandit.NewClickArms(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = arms.AddCounts(0, 100, 30)
	_ = arms.AddCounts(1, 20, 5)
	_ = arms.AddCounts(2, 100, 10)
	policy, err := bandit.NewUCB(arms, bandit.UCBOptions{Epsilon: 0.06})
	if err != nil {
		fmt.Println(err)
		return
	}
	choices, err := policy.AppendChoices(nil, bandit.Ask{From: []int32{0, 1, 2}, K: 1, Request: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d %.2f\n", choices[0].Item, choices[0].Propensity)
	// Output: 1 0.96
}

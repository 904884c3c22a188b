package allocate_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend/allocate"
)

// Two coupons for three people. There is one big coupon, and the budget of 8
// pays for it and a small one.
func ExampleSolve() {
	const big, small = 0, 1
	offers := []allocate.Offer{
		big:   {Stock: 1, Uses: []allocate.Use{{Limit: 0, Amount: 5}}},
		small: {Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: 3}}},
	}
	plan, err := allocate.Solve(context.Background(), []allocate.Proposal{
		{User: 0, Offer: big, Value: 10},
		{User: 0, Offer: small, Value: 8},
		{User: 1, Offer: big, Value: 9},
		{User: 1, Offer: small, Value: 2},
		{User: 2, Offer: small, Value: 1},
	}, offers, allocate.Options{Limits: []int64{8}})
	if err != nil {
		panic(err)
	}
	for _, c := range plan.Chosen {
		fmt.Println("user", c.User, "offer", c.Offer)
	}
	fmt.Println(plan.Value, plan.Optimal, plan.Used)
	// Output:
	// user 0 offer 1
	// user 1 offer 0
	// 17 true [8]
}

// Three proposals, two coupons and a budget of 20.00.
func Example() {
	ctx := context.Background()
	proposals := []allocate.Proposal{{User: 0, Offer: 0, Value: 12}, {User: 0, Offer: 1, Value: 9}, {User: 1, Offer: 0, Value: 8}}
	offers := []allocate.Offer{
		{Stock: 1, Uses: []allocate.Use{{Limit: 0, Amount: 1000}}}, // 10.00 off
		{Stock: -1, Uses: []allocate.Use{{Limit: 0, Amount: 300}}}, // 3.00 off
	}
	var plan *allocate.Plan
	plan, err := allocate.Solve(ctx, proposals, offers, allocate.Options{Limits: []int64{2000}})
	if err != nil {
		panic(err)
	}
	for _, c := range plan.Chosen {
		fmt.Println("user", c.User, "gets offer", c.Offer)
	}
	fmt.Println("gap", plan.Gap())
	// Output:
	// user 0 gets offer 1
	// user 1 gets offer 0
	// gap 0
}

// A hundred coupons, and a thousand people who come one by one: a tenth of them are worth 10, others
// less. First come, first served would earn 550.
func ExampleStream() {
	s, err := allocate.NewStream([]allocate.Offer{{Stock: 100}}, allocate.StreamOptions{Requests: 1000})
	if err != nil {
		panic(err)
	}
	value := 0.0
	var chosen []allocate.Proposal
	for user := range 1000 {
		worth := float64(1 + user*7%10)
		if chosen, err = s.Assign(chosen[:0], []allocate.Proposal{{User: int32(user), Offer: 0, Value: worth}}); err != nil {
			panic(err)
		}
		for _, c := range chosen {
			value += c.Value
		}
	}
	fmt.Println("earned more than 950:", value > 950)
	fmt.Println("left", s.AppendLeft(nil), "after", s.Requests(), "requests")
	// Output:
	// earned more than 950: true
	// left [0] after 1000 requests
}

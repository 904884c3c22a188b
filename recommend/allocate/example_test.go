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

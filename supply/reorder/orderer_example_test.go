package reorder_test

import (
	"fmt"

	"github.com/aislekit/aisle/supply/reorder"
)

// Anything that turns a state into an order is a policy: here, up to 20 on Mondays alone.
func ExampleOrderFunc() {
	var weekly reorder.Orderer = reorder.OrderFunc(func(s reorder.State) float64 {
		if s.Period%7 != 0 {
			return 0
		}
		return max(20-s.Position(), 0)
	})
	s := reorder.State{Period: 14, OnHand: 6, OnOrder: 5, Owed: 1}
	fmt.Println(s.Position(), weekly.Order(s))
	// Output: 10 10
}

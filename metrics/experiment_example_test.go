package metrics_test

import (
	"fmt"

	"github.com/aislekit/aisle/metrics"
)

func ExampleFairness() {
	var f metrics.Fairness[string]
	for i := range 100 {
		f.Add("north", i%2 == 0, i%4 == 0)
		f.Add("south", i%2 == 0, i%5 == 0)
	}
	f.Add("isles", true, false)
	r, err := f.Result(30)
	fmt.Printf("selection %.2f against %.2f, ratio %.2f, unknown %v, %v\n", r.Groups[1].SelectionRate, r.Groups[2].SelectionRate, r.ParityRatio, r.Unknown, err)
	// Output: selection 0.25 against 0.20, ratio 0.80, unknown [isles], <nil>
}

func ExampleExposure() {
	// Items 0 and 1 are best sellers, 2 to 4 the tail.
	e, err := metrics.NewExposure([]int32{0, 0, 1, 1, 1})
	if err != nil {
		panic(err)
	}
	_ = e.Add([]int32{0, 1}, []int32{1}, nil)
	_ = e.Add([]int32{1, 3}, []int32{4}, []int32{0})
	r, _ := e.Result()
	fmt.Printf("chance to be shown %.2f and %.2f, PopRSP %.2f\n", r.Groups[0].RSP, r.Groups[1].RSP, r.PopRSP)
	// Output: chance to be shown 1.00 and 0.17, PopRSP 0.71
}

func ExampleDecompose() {
	// Orders fell from 1200 to 1100, order value rose from 50 to 60.
	parts, err := metrics.Decompose([]float64{1200, 50}, []float64{1100, 60}, metrics.DecomposeShapley)
	fmt.Printf("orders %+.0f, order value %+.0f, revenue %+.0f %v\n", parts[0], parts[1], parts[0]+parts[1], err)
	// Output:
	// orders -5500, order value +11500, revenue +6000 <nil>
}

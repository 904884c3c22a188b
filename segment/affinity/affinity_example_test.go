package affinity_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/segment/affinity"
)

// Which segments buy less of what than was to be expected, and what that is worth.
func ExampleLifts() {
	var a affinity.Lifts
	for i := range 900 {
		segment, spent := []string{"students", "families", "elderly"}[i%3], map[string]int64{}
		if i%2 == 0 {
			spent["tea"] = 400
		}
		if segment != "students" && i%7 < 3 || i%60 == 0 {
			spent["wine"] = 1500 // cents
		}
		if err := a.Add(segment, spent); err != nil {
			panic(err)
		}
	}
	var table affinity.Result
	table, err := a.Result(context.Background(), affinity.Options{MinAudience: -1})
	if err != nil {
		panic(err)
	}
	var cell affinity.Cell
	for _, cell = range table.Cells {
		fmt.Printf("%s, %s: lift %.2f (%.2f to %.2f), q %.3f\n", cell.Segment, cell.Category, cell.Lift, cell.Low, cell.High, cell.Q)
	}
	for _, w := range table.WhiteSpots() {
		fmt.Printf("%s buy little %s: %.0f at stake\n", w.Segment, w.Category, w.AtStake)
	}
	// Output:
	// elderly, tea: lift 1.00 (0.88 to 1.12), q 1.000
	// elderly, wine: lift 1.42 (1.22 to 1.61), q 0.000
	// families, tea: lift 1.00 (0.88 to 1.12), q 1.000
	// families, wine: lift 1.42 (1.22 to 1.61), q 0.000
	// students, tea: lift 1.00 (0.88 to 1.12), q 1.000
	// students, wine: lift 0.16 (0.09 to 0.30), q 0.000
	// students buy little wine: 114000 at stake
}

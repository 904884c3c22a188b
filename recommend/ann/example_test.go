package ann_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/ann"
)

// The index answers like a scan over all vectors, and changes while it is used.
func ExampleFitHNSW() {
	vectors := recommend.RowVectors{N: 2, Rows: []float32{
		1, 0,
		0.9, 0.1,
		0, 1,
		-1, 0,
	}}
	x, err := ann.FitHNSW(context.Background(), vectors, ann.HNSWOptions{})
	if err != nil {
		panic(err)
	}
	user := []float32{1, 0.5}
	top, _ := x.AppendTop(nil, user, 2, 0, recommend.Filter{})
	fmt.Println(top)

	_ = x.Remove(0)
	_ = x.Add(4, []float32{2, 2})
	top, _ = x.AppendTop(top[:0], user, 2, 0, recommend.Filter{Items: []int32{2}})
	fmt.Println(top)
	// Output:
	// [{0 1} {1 0.95}]
	// [{4 3} {1 0.95}]
}

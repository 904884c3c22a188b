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

// The same vectors by three metrics: the longest that points there, the best
// direction, the nearest.
func ExampleMetric() {
	vectors := recommend.RowVectors{N: 2, Rows: []float32{
		9, 5,
		3, 3,
		1, 2,
	}}
	for _, m := range []ann.Metric{ann.InnerProduct, ann.Cosine, ann.Euclidean} {
		x, err := ann.FitHNSW(context.Background(), vectors, ann.HNSWOptions{Metric: m})
		if err != nil {
			panic(err)
		}
		top, _ := x.AppendTop(nil, []float32{1, 1}, 1, 0, recommend.Filter{})
		fmt.Printf("item %d: %.2f\n", top[0].Item, top[0].Score)
	}
	// Output:
	// item 0: 14.00
	// item 1: 1.00
	// item 2: -1.00
}

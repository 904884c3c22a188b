package recommend_test

import (
	"fmt"

	"github.com/aislekit/aisle/recommend"
)

// Two teapots lead the list. MMR keeps one of them and looks further.
func ExampleReranker_MMR() {
	list := []recommend.Scored{{Item: 0, Score: 0.9}, {Item: 1, Score: 0.8}, {Item: 2, Score: 0.6}, {Item: 3, Score: 0.1}}
	like, err := recommend.NewVectorLikeness(recommend.RowVectors{N: 2, Rows: []float32{
		1, 0, // a teapot
		1, 0.1, // another teapot
		0, 1, // a kettle
		0.1, 1, // another kettle
	}})
	if err != nil {
		panic(err)
	}
	var r recommend.Reranker
	list, err = r.MMR(nil, list, 2, 0.5, like)
	fmt.Println(list, err)
	// Output: [{0 0.9} {2 0.6}] <nil>
}

func ExampleReranker_DPP() {
	list := []recommend.Scored{{Item: 0, Score: 0.9}, {Item: 1, Score: 0.8}, {Item: 2, Score: 0.6}}
	like := recommend.LikenessFunc(func(a, b int32) float32 {
		if a == b {
			return 1
		}
		return 1 / float32(1+max(a-b, b-a))
	})
	var r recommend.Reranker
	list, err := r.DPP(nil, list, 2, 0.9, like)
	fmt.Println(list, err)
	// Output: [{0 0.9} {2 0.6}] <nil>
}

// Half of what this person bought is for the garden; so should be half of the
// list.
func ExampleReranker_Calibrate() {
	const kitchen, garden = 0, 1
	c, err := recommend.NewCategories(2, [][]int32{{kitchen}, {kitchen}, {kitchen}, {kitchen}, {garden}, {garden}})
	if err != nil {
		panic(err)
	}
	taste := make([]float64, c.Len())
	if err := c.Taste(taste, []int32{0, 5}, nil); err != nil {
		panic(err)
	}
	list := []recommend.Scored{{Item: 1, Score: 0.9}, {Item: 2, Score: 0.8}, {Item: 3, Score: 0.7}, {Item: 4, Score: 0.2}}
	var r recommend.Reranker
	list, err = r.Calibrate(nil, list, 2, 0.9, c, taste)
	fmt.Println(list, err)
	// Output: [{1 0.9} {4 0.2}] <nil>
}

func ExampleReranker_XQuAD() {
	c, err := recommend.NewCategories(2, [][]int32{{0}, {0}, {1}, {0, 1}})
	if err != nil {
		panic(err)
	}
	list := []recommend.Scored{{Item: 0, Score: 0.9}, {Item: 1, Score: 0.8}, {Item: 2, Score: 0.7}, {Item: 3, Score: 0.1}}
	var r recommend.Reranker
	list, err = r.XQuAD(nil, list, 2, 0.5, c, []float64{0.6, 0.4}, 1)
	fmt.Println(list, err)
	// Output: [{0 0.9} {2 0.7}] <nil>
}

// Items 3 and 4 come from small suppliers, who are promised a third of the list.
func ExampleReranker_Floors() {
	list := []recommend.Scored{{Item: 0, Score: 5}, {Item: 1, Score: 4}, {Item: 2, Score: 3}, {Item: 3, Score: 2}, {Item: 4, Score: 1}}
	group := []int32{-1, -1, -1, 0, 0}
	var r recommend.Reranker
	list, err := r.Floors(nil, list, 3, group, []float64{1.0 / 3})
	fmt.Println(list, err)
	// Output: [{0 5} {1 4} {3 2}] <nil>
}

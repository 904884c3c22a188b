package modeltest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aislekit/aisle/recommend"
	"github.com/aislekit/aisle/recommend/modeltest"
)

// fitRare is a model of somebody's own: what few have taken comes first.
func fitRare(ctx context.Context, x *recommend.Interactions) (*recommend.Func, error) {
	popular, err := recommend.FitPopular(ctx, x, recommend.PopularOptions{})
	if err != nil {
		return nil, err
	}
	return recommend.NewFunc(x.Users(), x.Items(), func(dst []float32, q recommend.Query) error {
		err := popular.Score(dst, q)
		for i, n := range dst {
			dst[i] = 1 / (1 + n)
		}
		return err
	})
}

var rare = modeltest.Case{
	Fit: func(ctx context.Context, x *recommend.Interactions) (recommend.Model, error) {
		m, err := fitRare(ctx, x)
		if err != nil {
			return nil, err
		}
		return m, nil
	},
	Everybody: true, // strangers get the same list as anybody
	Skip: map[string]string{
		"order":     "a recommend.Func may read order, and this one does not",
		"new items": "what nobody has taken comes first",
	},
}

// The program of the package comment. In a test file of your own this is all there
// is to write.
func Example() {
	TestRareConformance := func(t *testing.T) { modeltest.Run(t, rare) }
	_ = TestRareConformance

	m, err := rare.Fit(context.Background(), modeltest.Groups(60, 48, 8, 3))
	if err != nil {
		panic(err)
	}
	top, err := recommend.NewRanker(m).AppendTop(nil, recommend.Query{User: recommend.Stranger}, 1, recommend.Filter{})
	fmt.Println(top[0].Item, err) // nobody takes the last item
	// Output: 47 <nil>
}

// Every check says what it wants, and runs alone, on any testing.TB.
func ExampleCheck() {
	for _, k := range modeltest.Checks() {
		if k.Name == "strangers" {
			fmt.Println(k.Says)
			check := func(t testing.TB) { k.Run(t, rare) }
			_ = check
		}
	}
	// Output: people without evidence are ErrEmpty, or answered as everybody; known histories are answered
}

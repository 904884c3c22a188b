package predict_test

import (
	"fmt"

	"github.com/aislekit/aisle/predict"
)

func ExampleFitSigmoid() {
	scores := []float64{-2, -1, -1, 0, 0, 1, 1, 2}
	c, err := predict.FitSigmoid(scores, []bool{false, false, false, true, false, true, false, true}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", c.Prob(nil, []float64{-2, 0, 2}))
	// Output: [0.106 0.366 0.738]
}

func ExampleFitIsotonic() {
	f, err := predict.FitIsotonic([]float64{1, 2, 3, 4, 5}, []bool{false, true, false, true, true}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Prob(nil, []float64{0, 2, 3.5, 9}))
	// Output: [0 0.5 0.75 1]
}

func ExampleIsotonicBuckets() {
	a, _ := predict.NewIsotonicBuckets(0, 1, 10)
	b, _ := predict.NewIsotonicBuckets(0, 1, 10)
	_ = a.Add(0.12, false)
	_ = a.Add(0.55, true)
	_ = b.Add(0.58, false)
	_ = b.Add(0.93, true)
	_ = a.Merge(b)
	f, err := a.Result()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.At(0.55), f.At(0.95))
	// Output: 0.5 1
}

func ExampleCorrectSampling() {
	p, err := predict.CorrectSampling(nil, []float64{0.3}, 0.1)
	fmt.Printf("%.4f %v\n", p, err)
	// Output: [0.0411] <nil>
}

// What a customer of a discount level spends never falls with the level: noise that
// says otherwise is averaged.
func ExampleFitIsotonicValues() {
	f, err := predict.FitIsotonicValues([]float64{0, 5, 10, 15}, []float64{20, 24, 22, 31}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y := f.Knots()
	fmt.Println(x, y, f.At(12.5))
	// Output: [0 5 10 15] [20 23 23 31] 27
}

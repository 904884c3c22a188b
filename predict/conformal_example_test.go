package predict_test

import (
	"fmt"

	"github.com/aislekit/aisle/predict"
)

// Amounts with an interval that holds for four customers in five.
func ExampleFitConformal() {
	predicted := []float64{10, 12, 9, 20, 15, 11, 8, 14, 13}
	y := []float64{11, 12, 7, 23, 14, 11.5, 8, 18, 12}
	scores, err := predict.IntervalScores(nil, predicted, predicted, y)
	if err != nil {
		panic(err)
	}
	var c *predict.Conformal
	if c, err = predict.FitConformal(scores, nil); err != nil {
		panic(err)
	}
	low, high, err := c.Interval(16, 16, .8, 0)
	fmt.Println(low, high, err)
	// Output:
	// 13 19 <nil>
}

// Sets of classes, with a promise for each class.
func ExampleClassScores() {
	p := [][]float64{{.7, .2, .1}, {.5, .4, .1}, {.2, .6, .2}, {.3, .6, .1}, {.8, .1, .1}, {.4, .5, .1}}
	y := []int{0, 0, 1, 1, 0, 1}
	scores, err := predict.ClassScores(nil, p, y)
	if err != nil {
		panic(err)
	}
	c, err := predict.FitConformal(scores, y)
	if err != nil {
		panic(err)
	}
	set, err := c.SetByClass(nil, []float64{.45, .52, .03}, .7)
	fmt.Println(set, err) // nobody was of class 2, which cannot be ruled out
	// Output:
	// [1 2] <nil>
}

func ExampleFitCrossConformal() {
	folds := []predict.Fold{{Train: []int{2, 3}, Test: []int{0, 1}}, {Train: []int{0, 1}, Test: []int{2, 3}}}
	outOfFold, y := []float64{10, 12, 9, 20}, []float64{11, 12, 7, 19.5}
	var c *predict.CrossConformal
	c, err := predict.FitCrossConformal(folds, outOfFold, y)
	if err != nil {
		panic(err)
	}
	low, high, err := c.Interval([]float64{14, 15}, .6) // what both models predict
	fmt.Println(low, high, err)
	// Output:
	// 13 15.5 <nil>
}

func ExampleFitBeta() {
	p := []float64{.9, .8, .9, .7, .6, .3, .2, .1, .2, .1}
	y := []bool{true, true, false, true, false, true, false, false, true, false}
	var c *predict.BetaCalibrator
	c, err := predict.FitBeta(p, y, nil)
	if err != nil {
		panic(err)
	}
	for i, q := range c.Prob(nil, []float64{.1, .9}) {
		fmt.Printf("%v %.2f\n", []float64{.1, .9}[i], q)
	}
	// Output:
	// 0.1 0.21
	// 0.9 0.72
}

func ExampleReliability() {
	p := []float64{.1, .1, .2, .2, .7, .8, .8, .9}
	y := []bool{false, false, true, false, true, true, false, true}
	var b predict.ReliabilityBin
	bins, err := predict.Reliability(p, y, 2, .9)
	if err != nil {
		panic(err)
	}
	for _, b = range bins {
		fmt.Printf("%.2f said, %.2f seen, %.2f to %.2f\n", b.Predicted, b.Observed, b.Low, b.High)
	}
	// Output:
	// 0.15 said, 0.25 seen, 0.06 to 0.64
	// 0.80 said, 0.75 seen, 0.36 to 0.94
}

// A model that was trained on half true, half false rows meets a season with fewer buyers.
func ExampleEstimatePrior() {
	p := []float64{.1, .2, .9, .1, .3, .2, .8, .1}
	rate, err := predict.EstimatePrior(p, .5)
	if err != nil {
		panic(err)
	}
	q, err := predict.CorrectPrior(nil, p[:2], .5, rate)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f %.3f\n", rate, q)

	kept, err := predict.CorrectClassSampling(nil, p[:2], [2]float64{.1, .5}) // a tenth of the false rows, half of the true
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", kept)
	// Output:
	// 0.16 [0.021 0.047]
	// [0.022 0.048]
}

// We can call two.
func ExampleChooseRows() {
	var chosen predict.Chosen
	users := []string{"dora", "bob", "cy", "ann"}
	chosen, err := predict.ChooseRows(users, []float64{.4, .2, .9, .4}, predict.Capacity{Rows: 2})
	if err != nil {
		panic(err)
	}
	for _, i := range chosen.Rows {
		fmt.Println(users[i])
	}
	fmt.Printf("%.1f buyers expected, %d as good left out\n", chosen.Expected, chosen.Tied)
	// Output:
	// cy
	// ann
	// 1.3 buyers expected, 1 as good left out
}

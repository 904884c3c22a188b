package predict_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict"
)

func ExampleFitLinear() {
	rows := [][]float64{{1, 2}, {2, 1}, {3, 5}, {4, 2}, {5, 5}}
	m, err := predict.FitLinear(context.Background(), rows, []float64{9, 8, 22, 15, 26}, predict.LinearOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range m.Coefficients() {
		fmt.Printf("%s %.3f\n", c.Name, c.Value)
	}
	fmt.Printf("R² %.3f\n", m.RSquared())
	// Output:
	// x0 2.000
	// x1 3.000
	// R² 1.000
}

func ExampleGram() {
	var monday, tuesday predict.Gram
	_ = monday.Add([]float64{1}, 3, 1)
	_ = monday.Add([]float64{2}, 5, 1)
	_ = tuesday.Add([]float64{5}, 11, 1)
	_ = monday.Merge(&tuesday)
	m, err := monday.Fit(predict.LinearOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f + %.2f·x\n", m.Intercept().Value, m.Coefficients()[0].Value)
	// Output: 1.00 + 2.00·x
}

package predict_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict"
)

// Which of three offers a customer takes, by age and by visits.
func ExampleFitMultinomial() {
	rows := [][]float64{{20, 1}, {25, 2}, {31, 1}, {35, 6}, {38, 7}, {41, 5}, {60, 1}, {62, 2}, {71, 1}}
	took := []int{0, 0, 1, 1, 1, 0, 2, 2, 2}
	var m *predict.Multinomial
	m, err := predict.FitMultinomial(context.Background(), rows, took, predict.MultinomialOptions{Names: []string{"age", "visits"}, Standardize: true})
	if err != nil {
		panic(err)
	}
	p, err := m.Prob(nil, [][]float64{{65, 1}})
	if err != nil {
		panic(err)
	}
	class, err := m.Predict(nil, [][]float64{{65, 1}, {22, 1}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f %v\n", p, class)
	// Output:
	// [0.08 0.08 0.84] [2 0]
}

// Two shops add up their own rows and share sums alone.
func ExampleNaiveBayes() {
	columns := append(predict.Numbers("age", "orders"), predict.Column{Name: "city", Kind: predict.Categorical, Levels: []string{"north", "south"}})
	opt := predict.NaiveBayesOptions{Classes: 2, Columns: columns}
	var shops [2]*predict.NaiveBayes
	for k := range shops {
		var err error
		if shops[k], err = predict.NewNaiveBayes(opt); err != nil {
			panic(err)
		}
	}
	rows := [][]float64{{20, 1, 0}, {24, 2, 0}, {50, 6, 1}, {55, 5, 1}, {22, 1, 1}, {61, 7, 0}}
	bought := []int{0, 0, 1, 1, 0, 1}
	for i, row := range rows {
		if err := shops[i%2].Add(row, bought[i], 1); err != nil {
			panic(err)
		}
	}
	if err := shops[0].Merge(shops[1]); err != nil {
		panic(err)
	}
	var m *predict.BayesModel
	m, err := shops[0].Result()
	if err != nil {
		panic(err)
	}
	bound, err := m.Bind([]predict.Column{{Name: "city", Kind: predict.Categorical, Levels: []string{"south", "north"}}, {Name: "orders"}, {Name: "age"}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", bound.Append(nil, []float64{0, 6, 58}))
	// Output:
	// [0.000 1.000]
}

func ExampleFitNaiveBayes() {
	rows := [][]float64{{3, 0, 1}, {2, 1, 0}, {0, 4, 1}, {1, 3, 2}} // words of each review
	m, err := predict.FitNaiveBayes(context.Background(), rows, []int{1, 1, 0, 0}, predict.NaiveBayesOptions{Counts: []int{0, 1, 2}})
	if err != nil {
		panic(err)
	}
	p, err := m.Prob(nil, [][]float64{{2, 0, 0}})
	fmt.Printf("%.2f %v\n", p, err)
	// Output:
	// [0.05 0.95] <nil>
}

// Amounts of which one in ten is a mistake of a thousand.
func ExampleLinearOptions_huber() {
	var rows [][]float64
	var paid []float64
	for i := range 40 {
		x := float64(i % 10)
		noise := float64(i%4) - 1.5
		if i%10 == 9 {
			noise = 1000
		}
		rows, paid = append(rows, []float64{x}), append(paid, 20+5*x+noise)
	}
	plain, err := predict.FitLinear(context.Background(), rows, paid, predict.LinearOptions{})
	if err != nil {
		panic(err)
	}
	robust, err := predict.FitLinear(context.Background(), rows, paid, predict.LinearOptions{Huber: 1.35})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f %.1f\n", plain.Coefficients()[0].Value, robust.Coefficients()[0].Value)
	// Output:
	// 59.5 5.2
}

// Scores of a model that calls everybody certain, as probabilities with what is not known beside them.
func ExampleFitVennAbers() {
	scores := []float64{.91, .93, .94, .96, .97, .98, .99, .995}
	bought := []bool{false, false, true, false, true, false, true, true}
	var v *predict.VennAbers
	v, err := predict.FitVennAbers(scores, bought, nil)
	if err != nil {
		panic(err)
	}
	for _, s := range []float64{.92, .965, .999} {
		p0, p1 := v.Interval(s)
		fmt.Printf("%.3f: %.2f … %.2f, %.2f\n", s, p0, p1, v.At(s))
	}
	// Output:
	// 0.920: 0.00 … 0.50, 0.33
	// 0.965: 0.33 … 0.67, 0.50
	// 0.999: 0.67 … 1.00, 0.75
}

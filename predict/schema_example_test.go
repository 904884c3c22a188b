package predict_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/predict"
)

// A model is served by another program, whose rows have more columns and another order.
// They are found by name, once; scoring a row then costs no check.
func ExampleSchema() {
	rows := [][]float64{{1, 0}, {2, 1}, {3, 0}, {4, 1}, {5, 0}, {6, 1}}
	bought := []bool{false, false, true, false, true, true}
	m, err := predict.FitLogistic(context.Background(), rows, bought, predict.LogisticOptions{Names: []string{"visits", "newsletter"}})
	if err != nil {
		panic(err)
	}
	var s *predict.Schema = m.Schema()
	fmt.Println(s.Len(), "columns, first", s.Column(0).Name)

	var bound *predict.Bound
	if bound, err = m.Bind(predict.Numbers("user_age", "newsletter", "visits")); err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", bound.Predict([]float64{44, 1, 5}))

	_, err = m.Bind(predict.Numbers("newsletter", "Visits"))
	fmt.Println(err)
	// Output:
	// 2 columns, first visits
	// 0.714
	// predict: Logistic.Bind: column "visits" is missing ("Visits" is unknown): states do not match
}

// Codes of categories are translated by the names of their levels.
func ExampleNewSchema() {
	s, err := predict.NewSchema([]predict.Column{
		{Name: "visits", Kind: predict.Numeric},
		{Name: "city", Kind: predict.Categorical, Levels: []string{"Graz", "Wien"}},
	})
	if err != nil {
		panic(err)
	}
	var b *predict.Binding
	if b, err = s.Bind([]predict.Column{
		{Name: "city", Kind: predict.Categorical, Levels: []string{"Bern", "Wien", "Graz"}},
		{Name: "visits"},
	}); err != nil {
		panic(err)
	}
	fmt.Println(b.Row(nil, []float64{1, 7}), b.Row(nil, []float64{0, 7}))
	// Output:
	// [7 1] [7 NaN]
}

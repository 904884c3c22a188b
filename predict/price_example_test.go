package predict_test

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/predict"
)

// Three teas over eight weeks, of which one was sold out once. Who knows what they cost each week gives
// Cost, too: then prices that followed demand do no harm.
func ExamplePriceElasticity() {
	var rows []predict.PriceRow[string]
	for i, tea := range []string{"assam", "ceylon", "darjeeling"} {
		for week := range 8 {
			price := []float64{5, 6, 8}[i] * (1 - .1*float64((week+i)%3)) // a promotion now and then
			demand := 40 * (1 + .3*float64(week%4)) * math.Pow(price/5, -2.2+.2*float64(i)) * (1 + .02*float64((week*7+i)%5))
			rows = append(rows, predict.PriceRow[string]{Product: tea, Period: week, Price: price, Quantity: math.Round(demand), StockOut: i == 1 && week == 6})
		}
	}
	m, err := predict.PriceElasticity(context.Background(), rows, predict.PriceOptions[string]{})
	if err != nil {
		fmt.Println(err)
		return
	}
	all, _ := m.Elasticity("")
	fmt.Printf("one percent dearer, %.1f %% less is sold, of %d rows\n", -all.Value, all.Rows)
	for _, tea := range m.Products() {
		e, _ := m.Product(tea)
		price, err := e.Price(3, .25, 0, 10) // costs 3, leave a quarter at least, never above 10
		fmt.Printf("%s: %.1f, best price %.2f %v\n", tea, e.Value, price.Value, err)
	}
	// Output:
	// one percent dearer, 2.1 % less is sold, of 23 rows
	// assam: -2.1, best price 5.67 <nil>
	// ceylon: -2.1, best price 5.67 <nil>
	// darjeeling: -2.1, best price 5.67 <nil>
}

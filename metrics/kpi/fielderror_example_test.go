package kpi_test

import (
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/metrics/kpi"
)

// What an error says goes to logs; whom it is about is a field.
func ExampleFieldError() {
	var c kpi.Customers[string]
	err := errors.Join(c.Add("ann", math.MaxInt64), c.Add("ann", 1))
	var at *kpi.FieldError
	fmt.Println(errors.As(err, &at), at.ID, at.Value, "|", err)
	// Output:
	// true ann 1 | kpi: Customers.Add: revenue of all with customer: arithmetic overflow
}

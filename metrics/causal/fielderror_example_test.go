package causal_test

import (
	"errors"
	"fmt"
	"math"

	"github.com/aislekit/aisle/metrics/causal"
)

// What an error says goes to logs; whom it is about is a field.
func ExampleFieldError() {
	var d causal.DiffInDiff[string]
	err := d.Add("shop 7", true, false, math.NaN())
	var at *causal.FieldError
	fmt.Println(errors.As(err, &at), at.ID, at.Value, "|", err)
	// Output:
	// true shop 7 NaN | causal: DiffInDiff.Add: value or sum of unit: value is NaN or infinite
}

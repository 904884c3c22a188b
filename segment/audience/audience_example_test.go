package audience_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

// The program of the package's documentation.
func Example() {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	may, june := now.AddDate(0, -2, 3), now.AddDate(0, -1, 9)
	ids := []string{"ann", "bob", "cai", "dan"}

	table, err := audience.NewAttributes(4)
	must(err)
	must(table.AddTexts("region", []string{"north", "south", "north", ""}))
	must(table.AddEvents("purchases", [][]time.Time{{may, june}, {may}, {}, {june}}))

	rule := audience.And(audience.In("region", "north"), audience.Frequency("purchases", 90*24*time.Hour, 1, -1))
	program, err := audience.Compile(rule, table, audience.Options{AsOf: now})
	must(err)
	chosen, err := program.Select(context.Background())
	must(err)
	target, control, err := audience.HoldOut(chosen, ids, 0.1, 1)
	must(err)
	fmt.Println(rule, target.IDs(nil), control.IDs(nil))
	// Output:
	// region = "north" and purchases(within=90d) [0] []
}

func ExampleFieldError() {
	table, _ := audience.NewAttributes(2)
	err := table.AddNumbers("age", []float64{31, math.Inf(1)})
	var field *audience.FieldError
	if errors.As(err, &field) {
		fmt.Println(field.Field, field.Row, field.Value)
	}
	// Output: "age" 1 +Inf
}

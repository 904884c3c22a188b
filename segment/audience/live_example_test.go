package audience_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aislekit/aisle/segment/audience"
)

// Who has looked twice within two days and not bought since, as it happens.
func ExampleLive() {
	ctx := context.Background()
	table, err := audience.NewAttributes(2)
	must(err)
	must(table.AddEventRows("viewed", audience.Events{Texts: map[string][]string{"category": {}}}))
	must(table.AddEvents("bought", [][]time.Time{{}, {}}))
	rule, err := audience.ParseText(`viewed(category="tea", within=2d) >= 2 then not bought()`)
	must(err)
	p, err := audience.Compile(rule, table, audience.Options{AsOf: at(0)})
	must(err)
	live, err := p.Live(ctx)
	must(err)

	var changes []audience.Change
	tea := map[string][]string{"category": {"tea", "tea", "tea", "cups"}}
	changes, err = live.Add(changes, "viewed", audience.Events{Users: []int32{0, 0, 1, 1}, At: []time.Time{at(-1), at(0), at(0), at(0)}, Texts: tea})
	must(err)
	changes, err = live.Advance(ctx, changes, at(3))
	must(err)
	for _, c := range changes {
		fmt.Println(c.User, c.At.Format(time.DateOnly), c.In)
	}
	now, err := live.Set()
	must(err)
	fmt.Println(now.IDs(nil), live.Has(0), live.AsOf().Format(time.DateOnly))
	// Output:
	// 0 2026-06-01 true
	// 0 2026-06-02 false
	// [] false 2026-06-04
}

package split_test

import (
	"fmt"
	"maps"

	"github.com/aislekit/aisle/recommend/split"
)

// What customers took in the week after the log, by id: eve's wine is no product that
// training has seen, and zoe no customer.
func ExampleAlignedRows() {
	train := log()
	a, err := split.AlignedRows(train, maps.All(map[string][]string{"ann": {"corn"}, "eve": {"wine", "tea"}, "zoe": {"milk"}}))
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Test.Users(), "users,", a.Test.Items(), "items,", a.Test.Len(), "entries")
	fmt.Println("cold:", a.ColdUsers, a.ColdItems)
	// Output:
	// 5 users, 15 items, 4 entries
	// cold: [zoe] [wine]
}

// A test dataset numbers its ids on its own; aligned, it fits the models of another.
func ExampleAligned() {
	train, later := log(), log()
	var a *split.Alignment[string, string]
	a, err := split.Aligned(train, later)
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Test.Len(), "entries,", a.Repeats, "of them in training too")
	// Output:
	// 48 entries, 48 of them in training too
}

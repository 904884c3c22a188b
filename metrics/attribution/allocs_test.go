package attribution_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/attribution"
)

// A path seen before allocates nothing.
func TestAllocations(t *testing.T) {
	paths, err := attribution.New(attribution.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := []string{"mail", "ads", "mail"}
	add := func() {
		if err := paths.AddPath(path, 1, 2, 100); err != nil {
			t.Fatal(err)
		}
	}
	add()
	if n := testing.AllocsPerRun(1000, add); n != 0 {
		t.Errorf("%v allocations a path", n)
	}
}

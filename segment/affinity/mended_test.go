package affinity_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aislekit/aisle/segment/affinity"
)

// Of several errors it is always the same that is told.
func TestErrorsDoNotDependOnOrder(t *testing.T) {
	full, other := map[string]int64{}, affinity.Lifts{}
	var l affinity.Lifts
	for i := range 9 {
		full[fmt.Sprint("c", i)] = math.MaxInt64
	}
	must(l.Add("s", full))
	must(other.Add("s", full))
	for range 20 {
		for name, err := range map[string]error{"Add": l.Add("s", full), "Merge": l.Merge(&other)} {
			if want := "affinity: Lifts." + name + `: money of "s" and "c0": `; err == nil || err.Error()[:len(want)] != want || name == "Add" && strings.Contains(err.Error(), "807") {
				t.Fatalf("%v", err)
			}
		}
	}
}

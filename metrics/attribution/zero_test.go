package attribution_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/attribution"
)

// The zero value says that it needs a constructor and does not panic.
func TestZeroValue(t *testing.T) {
	var a, other attribution.Paths
	_, credit := a.Credit(attribution.First)
	_, channels := a.Channels()
	for name, err := range map[string]error{
		"add":      a.AddPath([]string{"x"}, 1, 0, 0),
		"merge":    a.Merge(&other),
		"credit":   credit,
		"channels": channels,
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

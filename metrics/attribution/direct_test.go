package attribution_test

import (
	"testing"

	"github.com/aislekit/aisle/metrics/attribution"
)

// Exports write "Direct" and "(direct)".
func TestDirectInAnyCase(t *testing.T) {
	for _, name := range []string{"direct", "Direct", "DIRECT", "(direct)", " (Direct) "} {
		a, err := attribution.New(attribution.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add([]attribution.Touch{{Channel: "mail"}, {Channel: name}, {Channel: "direct"}}, true, 100); err != nil {
			t.Fatal(err)
		}
		got, err := a.Credit(attribution.LastNonDirect)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if (c.Channel == "mail") != (c.Conversions == 1) {
				t.Errorf("%q: %+v", name, got)
			}
		}
	}
}

package check_test

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/check"
)

func TestDecimal(t *testing.T) {
	for s, want := range map[string]bool{
		"0": true, "-0": true, "+5": true, "007": true, "1.5": true, ".5": true, "5.": true, "1e5": true, "1E-5": true, "1.e+05": true, "-.5e5": true,
		"": false, ".": false, "-": false, "+-5": false, "e5": false, "1e": false, "1e+": false, "1e5.5": false, "1.2.3": false, " 1": false, "1 ": false,
		"0x1p3": false, "0X10": false, "0b11": false, "1_000": false, "1e1_0": false, "inf": false, "-Infinity": false, "NaN": false, "1d3": false, "１": false, "1,5": false,
	} {
		if got := check.Decimal(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	// Whatever is Decimal is a number to strconv too, but for those beyond its range.
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789+-.eEx_pinfa")), 0, 8, -1).Draw(r, "text")
		_, err := strconv.ParseFloat(s, 64)
		if check.Decimal(s) && err != nil && err.(*strconv.NumError).Err != strconv.ErrRange {
			r.Fatalf("%q: %v", s, err)
		}
	})
}

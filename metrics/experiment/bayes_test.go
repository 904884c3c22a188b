package experiment

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The closed sum and the integral agree whichever parameter is whole.
func TestBetaBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := betaDist{rapid.Float64Range(.5, 300).Draw(t, "a"), rapid.Float64Range(.5, 300).Draw(t, "b")}
		y := betaDist{rapid.Float64Range(.5, 300).Draw(t, "c"), rapid.Float64Range(.5, 300).Draw(t, "d")}
		q := [4]*float64{&x.a, &x.b, &y.a, &y.b}[rapid.IntRange(0, 3).Draw(t, "whole")]
		*q = math.Ceil(*q)
		if p, i := x.below(y), 1-x.differenceCDF(y, 0); math.Abs(p-i) > 1e-9 {
			t.Fatalf("sum %v, integral %v", p, i)
		}
	})
}

package reorder_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/supply/reorder"
)

// A newsvendor against brute force over whole quantities.
func TestNewsvendorProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 25).Draw(t, "samples")
		over, under := rapid.Float64Range(.1, 10).Draw(t, "over"), rapid.Float64Range(.1, 10).Draw(t, "under")
		xs := make([]float64, len(samples))
		for i, s := range samples {
			xs[i] = float64(s)
		}
		d, err := reorder.EmpiricalDemand(xs)
		if err != nil {
			t.Fatal(err)
		}
		s, err := reorder.Newsvendor(d, over, under)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		for q := range 42 {
			cost := 0.0
			for _, x := range xs {
				cost += over*max(float64(q)-x, 0) + under*max(x-float64(q), 0)
			}
			best = min(best, cost/float64(len(xs)))
		}
		if math.Abs(s.Cost-best) > 1e-6*(1+best) {
			t.Fatalf("cost %v at %v, brute force %v", s.Cost, s.Quantity, best)
		}
	})
}

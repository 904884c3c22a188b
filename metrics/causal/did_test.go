package causal_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/metrics"
	"github.com/aislekit/aisle/metrics/causal"
	"pgregory.net/rapid"
)

// With one value before and one after, differences in differences are Welch's
// test on the changes.
func TestDiffInDiffIsWelch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d causal.DiffInDiff[int]
		var m [2]metrics.Moments
		for u := range rapid.IntRange(6, 30).Draw(t, "units") {
			a, b := rapid.Float64Range(-9, 9).Draw(t, "before"), rapid.Float64Range(-9, 9).Draw(t, "after")
			if err := errors.Join(d.Add(u, u%2 == 1, false, a), d.Add(u, u%2 == 1, true, b), m[u%2].Add(b-a)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := metrics.CompareMeans(m[0], m[1], metrics.CompareOptions{})
		if err != nil || want.SE < 1e-6 {
			return
		}
		got, err := d.Result(metrics.CompareOptions{})
		if err != nil || !testkit.Close(got.Estimate, want.Estimate, 1e-9, 1e-9) || !testkit.Close(got.SE, want.SE, 0, 1e-7) || !testkit.Close(got.DF, want.DF, 0, 1e-6) {
			t.Fatalf("%+v, want %+v, %v", got, want, err)
		}
	})
}

// The gradient of the relative effect, checked by leaving units out one by one
// (jackknife), which needs no formula.
func TestDiffInDiffRelative(t *testing.T) {
	for _, shift := range []float64{40, -40} {
		type obs struct {
			u       int
			t, post bool
			y       float64
		}
		var all []obs
		for u := range 60 {
			for p := range 4 {
				y := shift + float64((u*u*7+p*5)%11) + float64((u*13)%17)/3
				if u%2 == 1 && p >= 2 {
					y += 6
				}
				all = append(all, obs{u, u%2 == 1, p >= 2, y})
			}
		}
		run := func(skip int) float64 {
			var d causal.DiffInDiff[int]
			for _, o := range all {
				if o.u != skip {
					if err := d.Add(o.u, o.t, o.post, o.y); err != nil {
						t.Fatal(err)
					}
				}
			}
			e := ok[metrics.Effect](t)(d.Result(metrics.CompareOptions{Scale: metrics.ScaleRelative}))
			if skip < 0 {
				return e.SE
			}
			return e.Estimate
		}
		var m metrics.Moments
		for u := range 60 {
			if err := m.Add(run(u)); err != nil {
				t.Fatal(err)
			}
		}
		v, _ := m.Variance()
		relNear(t, "jackknife SE", run(-1), math.Sqrt(v*59*59/60), .03)
	}
}

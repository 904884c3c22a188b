package reorder_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/supply/reorder"
)

// Every law agrees with itself: Quantile inverts CDF, Loss is the integral of
// 1-CDF, convex and never below max(mean-x, 0).
func TestDistributionProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mean := rapid.Float64Range(.05, 300).Draw(t, "mean")
		var d reorder.Distribution
		var err error
		switch rapid.IntRange(0, 2).Draw(t, "law") {
		case 0:
			d, err = reorder.NormalDemand(mean, rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(.01, 100)).Draw(t, "sd"))
		case 1:
			d, err = reorder.PoissonDemand(mean)
		default:
			d, err = reorder.EmpiricalDemand(rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 30).Draw(t, "samples"))
		}
		if err != nil {
			t.Fatal(err)
		}
		p := rapid.Float64Range(.001, .999).Draw(t, "p")
		q := d.Quantile(p)
		if d.CDF(q) < p-1e-8 {
			t.Fatalf("CDF(Quantile(%v)) = %v", p, d.CDF(q))
		}
		if below := q - 1e-6*(1+math.Abs(q)); d.SD() > 0 && d.CDF(below) > p+1e-4 {
			t.Fatalf("CDF below the quantile of %v is %v", p, d.CDF(below))
		}
		x := rapid.Float64Range(-10, 400).Draw(t, "x")
		h := rapid.Float64Range(.01, 5).Draw(t, "h")
		a, b, c := d.Loss(x), d.Loss(x+h), d.Loss(x+2*h)
		tol := 1e-9 * (1 + d.Mean())
		if a < b-tol || b > (a+c)/2+tol || a < max(d.Mean()-x, 0)-tol {
			t.Fatalf("Loss(%v, +%v, +2h) = %v, %v, %v at mean %v", x, h, a, b, c, d.Mean())
		}
		// (Loss(x)-Loss(x+h))/h is the mean of 1-CDF over [x, x+h].
		s := (a - b) / h
		if s < 1-d.CDF(x+h)-1e-7 || s > 1-d.CDF(x-1e-9)+1e-7 {
			t.Fatalf("slope %v of Loss is not between 1-CDF %v and %v", s, 1-d.CDF(x+h), 1-d.CDF(x))
		}
		for _, bad := range []float64{-.1, 1.1, math.NaN()} {
			if !math.IsNaN(d.Quantile(bad)) && d.SD() > 0 {
				t.Fatalf("Quantile(%v) = %v", bad, d.Quantile(bad))
			}
		}
	})
}

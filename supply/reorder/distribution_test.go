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

// The ends of each law.
func TestDistributionEdges(t *testing.T) {
	certain := must(reorder.NormalDemand(5, 0))
	poisson := must(reorder.PoissonDemand(2))
	one := must(reorder.EmpiricalDemand([]float64{7}))
	twenty := make([]float64, 20)
	for i := range twenty {
		twenty[i] = float64(20 - i) // 1 … 20, from above
	}
	ranks := must(reorder.EmpiricalDemand(twenty))
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	inf := math.Inf(1)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"certain below", certain.CDF(4.999), 0},
		{"certain at", certain.CDF(5), 1},
		{"certain quantile", certain.Quantile(.01), 5},
		{"certain loss", certain.Loss(3), 2},
		{"certain loss above", certain.Loss(6), 0},
		{"Poisson below 0", poisson.CDF(-.5), 0},
		{"Poisson at infinity", poisson.CDF(inf), 1},
		{"Poisson between", poisson.CDF(1.9), 3 * math.Exp(-2)},
		{"Poisson loss of no stock", poisson.Loss(0), 2},
		{"Poisson loss of a debt", poisson.Loss(-3), 5},
		{"Poisson loss of one", poisson.Loss(1), 1 + math.Exp(-2)},
		{"Poisson loss between", poisson.Loss(.5), 1.5 + math.Exp(-2)/2},
		{"Poisson of rare demand", must(reorder.PoissonDemand(1e-9)).Quantile(.5), 0},
		{"one sample", one.Quantile(.999), 7},
		{"one sample's SD", one.SD(), 0},
		{"one sample's loss", one.Loss(3), 4},
		{"rank 19 of 20", ranks.Quantile(.95), 19},
		{"rank 7 of 100, whatever .07·100 rounds to", must(reorder.EmpiricalDemand(hundred)).Quantile(.07), 7},
		{"just above", ranks.Quantile(.951), 20},
		{"the least", ranks.Quantile(1e-12), 1},
		{"empirical CDF between", ranks.CDF(10.5), .5},
		{"empirical SD", ranks.SD(), math.Sqrt(35)},
		{"empirical loss", ranks.Loss(18), .15},
	} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	// Far out both losses are next to nothing, and never negative.
	for z := 5.0; z < 60; z++ {
		if a, b := reorder.UnitNormalLoss(z); a < 0 || b < 0 || a > 1e-6 || b > 1e-7 {
			t.Errorf("losses at %v: %v, %v", z, a, b)
		}
		if a, b := reorder.UnitNormalLoss(-z); math.Abs(a-z) > 1e-6 || math.Abs(b-(z*z+1)/2) > 1e-6*z*z {
			t.Errorf("losses at -%v: %v, %v", z, a, b)
		}
	}
}

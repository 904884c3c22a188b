package reorder_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// edgeLaws is every law, usual and at the ends of its parameters.
func edgeLaws(t *testing.T) map[string]reorder.Distribution {
	must := law(t)
	whole := must(reorder.DiscreteDemand([]float64{0, 0, 1}))
	return map[string]reorder.Distribution{
		"normal":                       must(reorder.NormalDemand(5, 2)),
		"certain":                      must(reorder.NormalDemand(5, 0)),
		"none":                         must(reorder.NormalDemand(0, 0)),
		"normal, huge":                 must(reorder.NormalDemand(1e15, 1e15)),
		"normal, tiny":                 must(reorder.NormalDemand(5e-324, 5e-324)),
		"Poisson":                      must(reorder.PoissonDemand(5)),
		"Poisson, huge":                must(reorder.PoissonDemand(1e9)),
		"Poisson, tiny":                must(reorder.PoissonDemand(5e-324)),
		"negative binomial":            must(reorder.NegativeBinomialDemand(5, 4)),
		"negative binomial, huge":      must(reorder.NegativeBinomialDemand(1e9, 1e13)),
		"negative binomial, rare":      must(reorder.NegativeBinomialDemand(1e-6, 2e-3)),
		"negative binomial, Poisson's": must(reorder.NegativeBinomialDemand(100, 10*(1+1e-8))),
		"gamma":                        must(reorder.GammaDemand(5, 2)),
		"gamma, huge":                  must(reorder.GammaDemand(1e15, 1e15)),
		"gamma, tiny":                  must(reorder.GammaDemand(1e-300, 1e-300)),
		"gamma, skewed":                must(reorder.GammaDemand(1, 1e3)),
		"gamma, narrow":                must(reorder.GammaDemand(1, 1.0001e-4)),
		"samples":                      must(reorder.EmpiricalDemand([]float64{0, 3, 3, 1e15})),
		"one sample":                   must(reorder.EmpiricalDemand([]float64{7})),
		"probabilities":                must(reorder.DiscreteDemand([]float64{.25, .5, .25})),
		"one probability":              must(reorder.DiscreteDemand([]float64{1})),
		"quantiles":                    must(reorder.QuantileDemand([]float64{.1, .5, .9}, []float64{2, 5, 9})),
		"quantiles of one value":       must(reorder.QuantileDemand([]float64{.1, .5, .9}, []float64{2, 2, 2})),
		"quantiles, steep":             must(reorder.QuantileDemand([]float64{.1, .1 + 1e-12, .9}, []float64{0, 1e15, 1e15})),
		"quantiles, low levels":        must(reorder.QuantileDemand([]float64{1e-300, .5}, []float64{0, 10})),
		"mixture":                      must(reorder.MixtureDemand([]reorder.Distribution{whole, must(reorder.GammaDemand(4, 2))}, []float64{.3, .7})),
		"mixture of whole units":       must(reorder.MixtureDemand([]reorder.Distribution{whole, must(reorder.PoissonDemand(9))}, []float64{.3, .7})),
		"compound":                     must(reorder.CompoundPoissonDemand(3, must(reorder.DiscreteDemand([]float64{0, .5, .5})))),
		"sum":                          must(reorder.DemandOver([]reorder.Distribution{must(reorder.GammaDemand(3, 1)), whole}, must(reorder.NormalDemand(2, 0)))),
	}
}

// What is no number has no answer, and what lies beyond every float has that of the limit; in between the answers of a law are in order.
func TestLawsEdges(t *testing.T) {
	inf := math.Inf(1)
	laws := edgeLaws(t)
	if !testkit.Race { // which a long recursion makes
		laws["compound, rare"] = law(t)(reorder.CompoundPoissonDemand(1e-9, law(t)(reorder.GammaDemand(3, 1))))
	}
	for name, d := range laws {
		for _, p := range []float64{math.NaN(), -inf, -1, math.Copysign(0, -1), 0, 1, 2, inf} {
			if q := d.Quantile(p); !math.IsNaN(q) {
				t.Errorf("%s: quantile %v is %v, want NaN", name, p, q)
			}
		}
		last := -inf
		for _, p := range []float64{5e-324, 1e-300, 1e-17, 1e-9, .01, .5, .99, 1 - 1e-9, 1 - 0x1p-53} {
			q := d.Quantile(p)
			if !(q >= last) || math.IsInf(q, 0) {
				t.Errorf("%s: quantile %v is %v after %v", name, p, q, last)
			}
			last = q
		}
		if f, l := d.CDF(math.NaN()), d.Loss(math.NaN()); !math.IsNaN(f) || !math.IsNaN(l) {
			t.Errorf("%s: CDF and loss of NaN are %v, %v", name, f, l)
		}
		if d.CDF(-inf) != 0 || d.CDF(inf) != 1 || d.Loss(inf) != 0 || !math.IsInf(d.Loss(-inf), 1) {
			t.Errorf("%s: CDF %v, %v, loss %v, %v at the ends", name, d.CDF(-inf), d.CDF(inf), d.Loss(-inf), d.Loss(inf))
		}
		mean, sd := d.Mean(), d.SD()
		if !(mean >= 0 && mean < 1e35) || !(sd >= 0 && sd < 1e35) {
			t.Errorf("%s: mean %v, deviation %v", name, mean, sd)
		}
		f, l := 0.0, inf
		for _, x := range []float64{
			-math.MaxFloat64, -1e300, -1e15, -1, -5e-324, 0, 5e-324, 1e-300, 1e-9, .5, 1, 2, 2.5, 3, 7, 8, 100, 1e6, 1e9, 1e9 + 1, 1e12, 1e15, 2e15, 1e18, 1e30, 1e100, 1e300, math.MaxFloat64,
		} {
			g, m := d.CDF(x), d.Loss(x)
			if !(g >= f-1e-12 && g <= 1) {
				t.Errorf("%s: CDF(%v) is %v after %v", name, x, g, f)
			}
			if !(m <= l*(1+1e-12)+1e-9*mean && m >= max(mean-x, 0)*(1-1e-9)-1e-9*mean) {
				t.Errorf("%s: loss of %v is %v after %v, mean %v", name, x, m, l, mean)
			}
			f, l = g, m
		}
	}
}

// Between the levels of a forecast a slope may be beyond float64; a law without moments is refused.
func TestQuantileDemandOverflow(t *testing.T) {
	d, err := reorder.QuantileDemand([]float64{5e-324, 1e-323}, []float64{0, 1e15})
	if d != nil || !errors.Is(err, reorder.ErrOverflow) {
		t.Error(d, err)
	}
}

// A law that jumps beside one that does not: the quantile is the jump itself.
func TestMixtureJump(t *testing.T) {
	must := law(t)
	for _, at := range []int{1, 2, 7, 1000} {
		p := make([]float64, at+1)
		p[at] = 1
		d := must(reorder.MixtureDemand([]reorder.Distribution{must(reorder.DiscreteDemand(p)), must(reorder.GammaDemand(float64(at), float64(at)/4))}, []float64{.5, .5}))
		if q := d.Quantile(.5); q != float64(at) {
			t.Errorf("quantile is %v, want %d", q, at)
		}
	}
}

package reorder_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// law is the law of a call, or the end of the test.
func law(t testing.TB) func(d reorder.Distribution, err error) reorder.Distribution {
	return func(d reorder.Distribution, err error) reorder.Distribution {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

// pmf is the chance of k units by the CDF.
func pmf(d reorder.Distribution, k int) float64 { return d.CDF(float64(k)) - d.CDF(float64(k)-1) }

func TestLawsGolden(t *testing.T) {
	type case_ struct {
		Mean, SD, P, Quantile, X, CDF, Loss float64
	}
	var g struct {
		NegativeBinomial []case_ `json:"negative_binomial"`
		Gamma            []case_
		Compound         []struct {
			Rate      float64
			Size, PMF []float64
		}
		Over struct {
			Path      [][]float64
			Lead, PMF []float64
		}
	}
	testkit.Golden(t, "laws.json", &g)
	must := law(t)
	check := func(name string, d reorder.Distribution, c case_, whole bool) {
		name = fmt.Sprintf("%s(%v, %v)", name, c.Mean, c.SD)
		close(t, name+" mean", d.Mean(), c.Mean, 1e-9)
		close(t, name+" sd", d.SD(), c.SD, 1e-9)
		close(t, name+" CDF", d.CDF(c.X), c.CDF, 1e-9)
		if !testkit.Close(d.Loss(c.X), c.Loss, 1e-9*c.Mean, 1e-7) {
			t.Errorf("%s loss at %v is %v, want %v", name, c.X, d.Loss(c.X), c.Loss)
		}
		if q := d.Quantile(c.P); !testkit.Close(q, c.Quantile, 1e-9*c.Mean, 1e-8) || whole && q != c.Quantile {
			t.Errorf("%s quantile %v is %v, want %v", name, c.P, q, c.Quantile)
		}
	}
	for _, c := range g.NegativeBinomial {
		check("negative binomial", must(reorder.NegativeBinomialDemand(c.Mean, c.SD)), c, true)
	}
	for _, c := range g.Gamma {
		check("gamma", must(reorder.GammaDemand(c.Mean, c.SD)), c, false)
	}
	for _, c := range g.Compound {
		d := must(reorder.CompoundPoissonDemand(c.Rate, must(reorder.DiscreteDemand(c.Size))))
		for k, p := range c.PMF {
			if math.Abs(pmf(d, k)-p) > 1e-13 {
				t.Errorf("compound Poisson of rate %v: P(%d) is %v, want %v", c.Rate, k, pmf(d, k), p)
			}
		}
	}
	var path []reorder.Distribution
	for _, p := range g.Over.Path {
		path = append(path, must(reorder.DiscreteDemand(p)))
	}
	d := must(reorder.DemandOver(path, must(reorder.DiscreteDemand(g.Over.Lead))))
	for k, p := range g.Over.PMF {
		if math.Abs(pmf(d, k)-p) > 1e-14 {
			t.Errorf("over a random lead time: P(%d) is %v, want %v", k, pmf(d, k), p)
		}
	}
}

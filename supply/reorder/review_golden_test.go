package reorder_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestReviewGolden(t *testing.T) {
	var g struct {
		Poisson []struct {
			H, P, K, Mean, Cost float64
			Point               float64 `json:"s"`
			Level               float64 `json:"S"`
		}
		PMF []struct {
			H, P, K, Cost float64
			PMF           []float64
			At            [][3]float64
		}
		Power []struct {
			H, P, K, Mean, SD float64
			Point             float64 `json:"s"`
			Level             float64 `json:"S"`
		}
		BaseStock []struct {
			H, P, Mean, SD, S float64
			Review, Lead      int
		} `json:"base_stock"`
		Ready []struct{ Mean, Span, Rate, S float64 }
	}
	testkit.Golden(t, "review.json", &g)
	must := law(t)
	for _, c := range g.Poisson {
		opt := reorder.ReviewOptions{Demand: must(reorder.PoissonDemand(c.Mean)), OrderCost: c.K, HoldingCost: c.H, BackorderCost: c.P}
		p, err := reorder.MinMax(opt)
		if err != nil {
			t.Fatal(err)
		}
		if p.Point != c.Point || p.Level != c.Level {
			t.Errorf("Poisson %v: (%v, %v), want (%v, %v)", c.Mean, p.Point, p.Level, c.Point, c.Level)
		}
		close(t, "cost", p.Cost, c.Cost, 1e-9)
	}
	for _, c := range g.PMF {
		opt := reorder.ReviewOptions{Demand: must(reorder.DiscreteDemand(c.PMF)), OrderCost: c.K, HoldingCost: c.H, BackorderCost: c.P}
		p, err := reorder.MinMax(opt)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "least cost", p.Cost, c.Cost, 1e-12)
		for _, at := range c.At {
			p, err := reorder.ReviewCost(opt, reorder.ReviewPolicy{Point: at[0], Level: at[1]})
			if err != nil {
				t.Fatal(err)
			}
			close(t, "cost of another", p.Cost, at[2], 1e-12)
		}
	}
	for _, c := range g.Power {
		p, err := reorder.PowerMinMax(reorder.ReviewOptions{Demand: must(reorder.NormalDemand(c.Mean, c.SD)), OrderCost: c.K, HoldingCost: c.H, BackorderCost: c.P, Unit: .1})
		if c.SD > c.Mean/5 { // the law reaches below 0: gamma demand of the same moments has the same approximation
			p, err = reorder.PowerMinMax(reorder.ReviewOptions{Demand: must(reorder.GammaDemand(c.Mean, c.SD)), OrderCost: c.K, HoldingCost: c.H, BackorderCost: c.P, Unit: .1})
		}
		if err != nil {
			t.Fatal(err)
		}
		close(t, "power point", p.Point, c.Point, 1e-9)
		close(t, "power level", p.Level, c.Level, 1e-9)
	}
	for _, c := range g.BaseStock {
		opt := reorder.ReviewOptions{Demand: must(reorder.NormalDemand(c.Mean, c.SD)), Lead: c.Lead, Review: c.Review, HoldingCost: c.H, BackorderCost: c.P, CycleService: c.P / (c.P + c.H)}
		p, err := reorder.BaseStock(opt)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "base stock", p.Level, c.S, 1e-9)
		// At one period a review the ratio is also the cheapest service.
		opt.Review, opt.Lead, opt.CycleService = 1, c.Lead+c.Review-1, 0
		if p, err = reorder.BaseStock(opt); err != nil {
			t.Fatal(err)
		}
		close(t, "cheapest base stock", p.Level, c.S, 1e-9)
	}
	for _, c := range g.Ready {
		p, err := reorder.BaseStock(reorder.ReviewOptions{Demand: must(reorder.PoissonDemand(c.Mean)), Lead: int(c.Span) - 1, HoldingCost: 1, BackorderCost: 1, ReadyRate: c.Rate})
		if err != nil || p.Level != c.S {
			t.Errorf("ready rate %v over %v: level %v, want %v (%v)", c.Rate, c.Span, p.Level, c.S, err)
		}
	}
}

// The published numbers by name.
func TestReviewPublished(t *testing.T) {
	must := law(t)
	poisson := must(reorder.PoissonDemand(6))
	p, err := reorder.MinMax(reorder.ReviewOptions{Demand: poisson, OrderCost: 5, HoldingCost: 1, BackorderCost: 4})
	if err != nil || p.Point != 4 || p.Level != 10 {
		t.Errorf("(s, S) is (%v, %v), want (4, 10): %v", p.Point, p.Level, err)
	}
	testkit.Near(t, "its cost", p.Cost, 8.034112, 5e-7)
	n := must(reorder.NormalDemand(50, 8))
	p, err = reorder.PowerMinMax(reorder.ReviewOptions{Demand: n, OrderCost: 2.5, HoldingCost: .18, BackorderCost: .7})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "power s", p.Point, 40.19, 5e-3)
	testkit.Near(t, "power S", p.Level, 74.29, 5e-3)
	for _, c := range []struct {
		lead, review int
		level        float64
	}{{0, 1, 56.603956}, {2, 4, 316.176322}} {
		p, err := reorder.BaseStock(reorder.ReviewOptions{Demand: n, Lead: c.lead, Review: c.review, HoldingCost: .18, BackorderCost: .7, CycleService: .7 / .88})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, "base stock", p.Level, c.level, 5e-7)
	}
}

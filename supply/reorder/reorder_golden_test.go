package reorder_test

import (
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

type golden struct {
	EOQ []struct {
		Order, Holding, Demand, Backorder, Production, Quantity, Cost, Owed float64
	}
	Discount []struct {
		Order, Holding, Demand float64
		Breaks, Prices         []float64
		Incremental            bool
		Quantity, Cost         float64
	}
	Newsvendor []struct{ Over, Under, Mean, SD, Quantity, Cost float64 }
	UnitLoss   []struct{ Z, First, Second float64 } `json:"unit_loss"`
	NormalLoss struct{ X, Mean, SD, Loss float64 }  `json:"normal_loss"`
	Poisson    []struct{ Mean, X, CDF, Loss float64 }
	Quantile   []struct{ Mean, P, X float64 } `json:"poisson_quantile"`
	Policy     []struct {
		Holding, Backorder, Order, Demand, Lead, Point, Quantity, Cost float64
	} `json:"policy_poisson"`
	PolicyCost []struct {
		Holding, Backorder, Order, Demand, SD, Lead, Point, Quantity, Cost float64
	} `json:"policy_cost"`
	PolicyNormal struct {
		Holding, Backorder, Order, Demand, SD, Lead, Point, Quantity float64
	} `json:"policy_normal"`
	PolicyEOQSS struct{ Point, Quantity float64 } `json:"policy_eoqss"`
}

func close(t *testing.T, name string, got, want, rel float64) {
	t.Helper()
	if !testkit.Close(got, want, 1e-12, rel) {
		t.Errorf("%s = %.12g, want %.12g", name, got, want)
	}
}

// Closed forms agree to rounding; searched optima to what the peer's own search
// leaves open.
func TestModelsGolden(t *testing.T) {
	var g golden
	testkit.Golden(t, "models.json", &g)
	for _, c := range g.EOQ {
		l, err := reorder.EOQ(reorder.LotOptions{Demand: c.Demand, OrderCost: c.Order, HoldingCost: c.Holding, BackorderCost: c.Backorder, Production: c.Production})
		if err != nil {
			t.Fatal(err)
		}
		close(t, "EOQ quantity", l.Quantity, c.Quantity, 1e-12)
		close(t, "EOQ cost", l.Cost, c.Cost, 1e-12)
		close(t, "EOQ owed", l.Owed, c.Owed, 1e-12)
		close(t, "EOQ interval", l.Interval*c.Demand, c.Quantity, 1e-12)
	}
	for _, c := range g.Discount {
		o := reorder.DiscountOptions{Demand: c.Demand, OrderCost: c.Order, HoldingRate: c.Holding, Incremental: c.Incremental}
		for i := range c.Breaks {
			o.Breaks = append(o.Breaks, reorder.Break{From: c.Breaks[i], Price: c.Prices[i]})
		}
		l, err := reorder.EOQDiscount(o)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "discount quantity", l.Quantity, c.Quantity, 1e-12)
		close(t, "discount cost", l.Cost, c.Cost, 1e-12)
	}
	for _, c := range g.Newsvendor {
		d, err := reorder.PoissonDemand(c.Mean)
		if c.SD > 0 {
			d, err = reorder.NormalDemand(c.Mean, c.SD)
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := reorder.Newsvendor(d, c.Over, c.Under)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "newsvendor quantity", s.Quantity, c.Quantity, 1e-10)
		close(t, "newsvendor cost", s.Cost, c.Cost, 1e-9)
		close(t, "newsvendor ratio", s.Ratio, c.Under/(c.Over+c.Under), 1e-15)
	}
	for _, c := range g.UnitLoss {
		a, b := reorder.UnitNormalLoss(c.Z)
		close(t, "first loss", a, c.First, 1e-9)
		close(t, "second loss", b, c.Second, 1e-8)
	}
	n, err := reorder.NormalDemand(g.NormalLoss.Mean, g.NormalLoss.SD)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "normal loss", n.Loss(g.NormalLoss.X), g.NormalLoss.Loss, 1e-10)
	for _, c := range g.Poisson {
		d, err := reorder.PoissonDemand(c.Mean)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "Poisson CDF", d.CDF(c.X), c.CDF, 1e-10)
		close(t, "Poisson loss", d.Loss(c.X), c.Loss, 1e-6)
	}
	for _, c := range g.Quantile {
		d, err := reorder.PoissonDemand(c.Mean)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Quantile(c.P); got != c.X {
			t.Errorf("Poisson(%v) quantile %v = %v, want %v", c.Mean, c.P, got, c.X)
		}
	}
	for _, c := range g.Policy {
		o := reorder.PolicyOptions{Demand: c.Demand, Lead: c.Lead, OrderCost: c.Order, HoldingCost: c.Holding, BackorderCost: c.Backorder, Law: reorder.Poisson}
		p, err := reorder.BestPolicy(o)
		if err != nil {
			t.Fatal(err)
		}
		if p.Point != c.Point || p.Quantity != c.Quantity {
			t.Errorf("Poisson policy (%v, %v), want (%v, %v)", p.Point, p.Quantity, c.Point, c.Quantity)
		}
		close(t, "Poisson policy cost", p.Cost, c.Cost, 1e-9)
		cost, err := reorder.PolicyCost(o, p)
		if err != nil {
			t.Fatal(err)
		}
		close(t, "PolicyCost of it", cost, c.Cost, 1e-9)
	}
	for _, c := range g.PolicyCost {
		cost, err := reorder.PolicyCost(reorder.PolicyOptions{Demand: c.Demand, SD: c.SD, Lead: c.Lead, OrderCost: c.Order, HoldingCost: c.Holding, BackorderCost: c.Backorder},
			reorder.Policy{Point: c.Point, Quantity: c.Quantity})
		if err != nil {
			t.Fatal(err)
		}
		close(t, "policy cost", cost, c.Cost, 1e-9)
	}
	c := g.PolicyNormal
	o := reorder.PolicyOptions{Demand: c.Demand, SD: c.SD, Lead: c.Lead, OrderCost: c.Order, HoldingCost: c.Holding, BackorderCost: c.Backorder}
	p, err := reorder.BestPolicy(o)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "normal policy point", p.Point, c.Point, 1e-6) // the peer leaves out a term of 1e-10
	close(t, "normal policy quantity", p.Quantity, c.Quantity, 1e-6)
	// The textbook short cut: EOQ, and a point from the newsvendor ratio.
	lot, err := reorder.EOQ(reorder.LotOptions{Demand: c.Demand, OrderCost: c.Order, HoldingCost: c.Holding})
	if err != nil {
		t.Fatal(err)
	}
	lead, err := reorder.NormalDemand(c.Demand*c.Lead, c.SD*math.Sqrt(c.Lead))
	if err != nil {
		t.Fatal(err)
	}
	s, err := reorder.Newsvendor(lead, c.Holding, c.Backorder)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "EOQ+SS quantity", lot.Quantity, g.PolicyEOQSS.Quantity, 1e-12)
	close(t, "EOQ+SS point", s.Quantity, g.PolicyEOQSS.Point, 1e-9)
	short, err := reorder.PolicyCost(o, reorder.Policy{Point: s.Quantity, Quantity: lot.Quantity})
	if err != nil || short < p.Cost {
		t.Errorf("the short cut costs %v, the optimum %v (%v)", short, p.Cost, err)
	}
}

func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// Printed numbers of the definitions; see models.json for their recomputation.
func TestReferenceNumbers(t *testing.T) {
	ss, err := reorder.SafetyStock(reorder.PointOptions{Mean: 100, SD: 20, Lead: 4, LeadSD: 1, CycleService: phi(1.645)})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "safety stock", ss, 177.172, 5e-4)

	// A year of monthly sales. A widely used package prints 4069 here, because
	// it multiplies mean demand by the root of the lead time.
	months := []float64{1509, 1855, 2665, 1841, 1231, 2598, 1988, 1988, 2927, 2707, 731, 2598}
	mean, m2 := 0.0, 0.0
	for _, x := range months {
		mean += x / 12
	}
	for _, x := range months {
		m2 += (x - mean) * (x - mean)
	}
	testkit.Near(t, "mean", mean, 2053.1667, 5e-5)
	sd := math.Sqrt(m2 / 12)
	testkit.Near(t, "population SD", sd, 643.693, 5e-3)
	r, err := reorder.Point(reorder.PointOptions{Mean: mean, SD: 643.693, Lead: 2, CycleService: phi(1.28)})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "SafetyStock", r.SafetyStock, 1165.21, 5e-3)
	testkit.Near(t, "Point", r.Point, 5271.54, 5e-3)
	if math.Abs(r.Point-4069) < 1000 {
		t.Error("mean demand grows with the root of the lead time")
	}
}

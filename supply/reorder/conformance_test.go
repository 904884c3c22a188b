package reorder_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// Every policy of the package costs in the long run what its formula says, within the
// interval of the simulation.
func TestPolicyConformance(t *testing.T) {
	law := func(mean float64) reorder.Distribution { return must(reorder.PoissonDemand(mean)) }
	type row struct {
		name  string
		s     reorder.Simulated[string]
		cost  float64 // by formula
		fill  float64 // by formula, 0 where it has none
		slack float64 // share of the cost that the formula's model differs by
	}
	var rows []row
	for _, o := range []reorder.ReviewOptions{
		{Demand: law(4), Lead: 2, HoldingCost: 1, BackorderCost: 9},
		{Demand: law(4), Lead: 0, Review: 5, HoldingCost: 1, BackorderCost: 9},
		{Demand: law(.7), Lead: 6, Review: 3, OrderCost: 12, HoldingCost: .5, BackorderCost: 4},
		{Demand: must(reorder.NegativeBinomialDemand(5, 3)), Lead: 1, OrderCost: 40, HoldingCost: 1, BackorderCost: 15},
	} {
		policies := map[string]reorder.ReviewPolicy{}
		if o.OrderCost == 0 {
			policies["base stock"] = must(reorder.BaseStock(o))
		} else {
			policies["exact (s, S)"] = must(reorder.MinMax(o))
			policies["power (s, S)"] = must(reorder.PowerMinMax(o))
		}
		for _, name := range []string{"base stock", "exact (s, S)", "power (s, S)"} {
			p, ok := policies[name]
			if !ok {
				continue
			}
			p.Point, p.Level = math.Round(p.Point), math.Round(p.Level)
			p = must(reorder.ReviewCost(o, p))
			rows = append(rows, row{name, reorder.Simulated[string]{
				Law: o.Demand, Lead: o.Lead, Review: max(o.Review, 1), Policy: p, OnHand: max(p.Level, 0), Backorder: 1,
				OrderCost: o.OrderCost, HoldingCost: o.HoldingCost, BackorderCost: o.BackorderCost,
			}, p.Cost, p.FillRate, 0})
		}
	}
	// (r, Q) is watched all the time: a hundred periods stand for one, and a lead one shorter
	// ends with the demand of the lead. Two demands in one of them undershoot the point.
	q := must(reorder.BestPolicy(reorder.PolicyOptions{Demand: 8, Lead: 2, OrderCost: 30, HoldingCost: 1, BackorderCost: 12, Law: reorder.Poisson}))
	rows = append(rows, row{"(r, Q)", reorder.Simulated[string]{
		Law: law(.08), Lead: 199, Policy: q, OnHand: q.Point + q.Quantity, Backorder: 1, OrderCost: 30 * 100, HoldingCost: 1, BackorderCost: 12,
	}, q.Cost, 0, .02})
	for life := 1; life <= 3; life++ {
		o := reorder.PerishableOptions{Demand: law(5), Life: life, HoldingCost: .1, ShortageCost: 4, OutdateCost: 2}
		p := must(reorder.Perishable(o))
		if !p.Exact {
			t.Fatalf("life %d: %+v", life, p)
		}
		rows = append(rows, row{"perishable", reorder.Simulated[string]{
			Law: o.Demand, ShelfLife: life, Policy: p, HoldingCost: o.HoldingCost, LostCost: o.ShortageCost, WasteCost: o.OutdateCost,
		}, p.Cost, p.FillRate, 0})
	}
	periods := 200_000
	if testkit.Race {
		periods = 20_000
	}
	for i, r := range rows {
		r.s.ID = r.name + string(rune('a'+i))
		got := must(must(reorder.Simulate(context.Background(), []reorder.Simulated[string]{r.s}, reorder.SimulateOptions{Periods: periods, Warmup: 1000, Seed: 1, Level: .9999})).Total())
		if d := r.slack * r.cost; !(got.Cost.Low-d <= r.cost && r.cost <= got.Cost.High+d) || got.Cost.High-got.Cost.Low > .3*r.cost {
			t.Errorf("%s: cost %+v, formula %v", r.s.ID, got.Cost, r.cost)
		}
		if f := got.FillRate; r.fill > 0 && (r.fill < f.Low || r.fill > f.High || math.IsNaN(f.Low)) {
			t.Errorf("%s: fill rate %+v, formula %v", r.s.ID, f, r.fill)
		}
	}
}

// What is drawn of each law has its mean and its spread. SD of an empirical law is that of a sample, of four here.
func TestSimulatedDraws(t *testing.T) {
	runs := 20_000
	if testkit.Race {
		runs = 5000
	}
	for name, d := range map[string]reorder.Distribution{
		"normal": must(reorder.NormalDemand(40, 6)), "Poisson": must(reorder.PoissonDemand(7)), "empirical": must(reorder.EmpiricalDemand([]float64{1, 2, 9, 4})),
		"gamma": must(reorder.GammaDemand(5, 3)), "negative binomial": must(reorder.NegativeBinomialDemand(5, 3)),
		"by its quantile": must(reorder.DiscreteDemand([]float64{.5, .3, .2})),
	} {
		s := reorder.Simulated[string]{ID: name, Law: d, Policy: reorder.OrderFunc(nil), Backorder: 1}
		p := must(must(reorder.Simulate(context.Background(), []reorder.Simulated[string]{s}, reorder.SimulateOptions{Periods: 1, Replications: runs, Level: .6826894921370859})).Total())
		n := math.Sqrt(float64(runs))
		if se := d.SD() / n; math.Abs(p.Demand.Value-d.Mean()) > 5*se {
			t.Errorf("%s: mean %v, want %v", name, p.Demand.Value, d.Mean())
		}
		// Half an interval of one standard error times √n is the standard deviation.
		if sd := (p.Demand.High - p.Demand.Low) / 2 * n; math.Abs(sd-d.SD()) > .06*d.SD() && name != "empirical" {
			t.Errorf("%s: standard deviation %v, want %v", name, sd, d.SD())
		}
	}
}

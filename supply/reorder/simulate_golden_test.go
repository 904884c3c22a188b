package reorder_test

import (
	"context"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// stockpylRuns are simulations and exact costs by stockpyl on the same demand.
type stockpylRuns struct {
	Single []struct {
		Policy              string
		Parameters          []float64
		Lead                int
		Holding, Backorder  float64
		OnHand              float64 `json:"on_hand"`
		Demand, Level, Cost []float64
		Orders              []float64
	}
	Network struct {
		Demand [][]float64
		Lead   []int
		Level  []float64
		Nodes  []struct{ Level []float64 }
	}
	Example65 struct{ Cost float64 } `json:"example_6_5"`
	Trees     []struct {
		Arcs                    [][2]int
		Time, Inbound, Outbound []int
		Hold, Bound             []float64
		Cost                    float64
	}
	Serial []struct {
		Mean                                          float64
		Lead                                          []int
		HoldC, HoldS, Backorder, StockC, StockS, Cost float64
	}
}

// stockpyl orders after the demand of a period and receives L periods later, before demand:
// here that is a review at the start of the next period and a lead of L-1. Its state after
// every period is compared, by runs of every length.
func TestSimulateGolden(t *testing.T) {
	var g stockpylRuns
	testkit.Golden(t, "simulation.json", &g)
	for _, c := range g.Single {
		a, b := c.Parameters[0], c.Parameters[len(c.Parameters)-1]
		policy := map[string]reorder.Orderer{
			"sS": upTo{a, b}, "BS": upTo{a, a}, "rQ": reorder.OrderFunc(func(s reorder.State) float64 {
				if s.Position() <= a {
					return b
				}
				return 0
			}),
		}[c.Policy]
		s := reorder.Simulated[int]{
			Policy: policy, Demand: c.Demand, OnHand: c.OnHand, Backorder: 1, Lead: c.Lead - 1, HoldingCost: c.Holding, BackorderCost: c.Backorder,
		}
		level, cost, orders := 0.0, 0.0, 0.0
		for i := range c.Demand {
			level += c.Level[i]
			cost += c.Cost[i]
			n := float64(i + 1)
			p := must(must(reorder.Simulate(context.Background(), []reorder.Simulated[int]{s}, reorder.SimulateOptions{Periods: i + 1, Batches: 1})).Total())
			if got := n * (p.Stock.Value - p.Owed.Value); math.Abs(got-level) > 1e-9*n || math.Abs(n*p.Cost.Value-cost) > 1e-9*n || math.Abs(n*p.Orders.Value-orders) > 1e-9*n {
				t.Fatalf("%s, %d periods: levels %v, cost %v, orders %v, stockpyl %v, %v, %v", c.Policy, i+1, got, n*p.Cost.Value, n*p.Orders.Value, level, cost, orders)
			}
			if c.Orders[i] > 0 { // goes out at the start of the next period
				orders++
			}
		}
	}
}

// The centre's net stock, and that of all stores together, which have one lead, do not hang on
// the rationing (stockpyl serves by the index of the store).
func TestNetworkGolden(t *testing.T) {
	var g stockpylRuns
	testkit.Golden(t, "simulation.json", &g)
	for _, rationing := range []reorder.Rationing{reorder.FirstCome, reorder.Proportional} {
		n := g.Network
		net := reorder.Network[int]{Central: reorder.Simulated[int]{ID: 0, Policy: base(n.Level[0]), OnHand: n.Level[0], Lead: n.Lead[0]}, Rationing: rationing}
		for i, d := range n.Demand {
			net.Stores = append(net.Stores, reorder.Simulated[int]{
				ID: i + 1, Policy: base(n.Level[i+1]), OnHand: n.Level[i+1], Lead: n.Lead[i+1] - 1, Backorder: 1, Demand: d,
			})
		}
		central, stores := n.Level[0], 0.0 // the centre's first period is before all demand
		for i := range n.Demand[0] {
			for k := 1; k <= 3; k++ {
				stores += n.Nodes[k].Level[i]
			}
			r := must(reorder.SimulateNetwork(context.Background(), net, reorder.SimulateOptions{Periods: i + 1, Batches: 1}))
			got := [2]float64{}
			for id := range 4 {
				p := must(r.Product(id))
				got[min(id, 1)] += float64(i+1) * (p.Stock.Value - p.Owed.Value)
			}
			if math.Abs(got[0]-central) > 1e-6 || math.Abs(got[1]-stores) > 1e-6 {
				t.Fatalf("%d periods: centre %v, stores %v, stockpyl %v, %v", i+1, got[0], got[1], central, stores)
			}
			central += n.Nodes[0].Level[i]
		}
	}
}

// The exact cost that TestNetworkSerial holds simulations against, beside stockpyl's Clark–Scarf
// recursion, which adds the holding cost of what is on its way to the store. It cuts laws off at .001.
func TestSerialGolden(t *testing.T) {
	var g stockpylRuns
	testkit.Golden(t, "simulation.json", &g)
	for _, c := range g.Serial {
		cost, _ := serialCost(c.Mean, c.Lead[1], c.Lead[0]-1, c.StockC, c.StockS, c.HoldC, c.HoldS, c.Backorder)
		testkit.Near(t, "cost", cost+c.HoldC*c.Mean*float64(c.Lead[0]), c.Cost, 3e-3)
	}
}

func TestGuaranteedServiceTrees(t *testing.T) {
	var g stockpylRuns
	testkit.Golden(t, "simulation.json", &g)
	stages, arcs := example65()
	testkit.Near(t, "example 6.5", totalCost(must(reorder.GuaranteedService(context.Background(), stages, arcs))), g.Example65.Cost, 1e-9)
	for _, c := range g.Trees {
		stages, arcs = nil, nil
		for i := range c.Time {
			stages = append(stages, reorder.Stage[int]{ID: i, Time: c.Time[i], HoldingCost: c.Hold[i], Bound: c.Bound[i], Inbound: c.Inbound[i], Outbound: c.Outbound[i]})
		}
		for _, a := range c.Arcs {
			arcs = append(arcs, reorder.Arc[int]{From: a[0], To: a[1]})
		}
		testkit.Near(t, "cost", totalCost(must(reorder.GuaranteedService(context.Background(), stages, arcs))), c.Cost, 1e-8)
	}
}

package reorder_test

import (
	"context"
	"fmt"

	"github.com/aislekit/aisle/supply/reorder"
)

// What does a policy cost where no formula holds? Sales are lost, the supplier takes two or
// three days and delivers packs of six.
func ExampleSimulate() {
	demand, _ := reorder.PoissonDemand(4)
	lead, _ := reorder.EmpiricalDemand([]float64{2, 2, 3})
	tea := reorder.Simulated[string]{
		ID: "tea", Law: demand, LeadLaw: lead, OnHand: 20, Multiple: 6,
		OrderCost: 8, HoldingCost: .1, LostCost: 3,
		Policy: reorder.OrderFunc(func(s reorder.State) float64 {
			if s.Position() > 14 {
				return 0
			}
			return 30 - s.Position()
		}),
	}
	opt := reorder.SimulateOptions{Periods: 365, Warmup: 30, Replications: 50, Seed: 1}
	runs, err := reorder.Simulate(context.Background(), []reorder.Simulated[string]{tea}, opt)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := runs.Total()
	fmt.Printf("cost %.2f a day (%.2f to %.2f), of it for lost sales %.2f\n", p.Cost.Value, p.Cost.Low, p.Cost.High, p.ShortageCost.Value)
	fmt.Printf("%.1f%% of demand served, stock %.1f\n", 100*p.FillRate.Value, p.Stock.Value)
	// Output:
	// cost 3.12 a day (3.09 to 3.16), of it for lost sales 0.42
	// 96.5% of demand served, stock 11.4
}

// Two policies are compared on the same demand: the difference is known far better than either cost.
func ExampleSimulation_Against() {
	demand, _ := reorder.PoissonDemand(4)
	run := func(level float64) *reorder.Simulation[string] {
		upTo := reorder.OrderFunc(func(s reorder.State) float64 { return max(level-s.Position(), 0) })
		tea := reorder.Simulated[string]{ID: "tea", Law: demand, Lead: 2, OnHand: level, HoldingCost: .1, LostCost: 3, Policy: upTo}
		s, err := reorder.Simulate(context.Background(), []reorder.Simulated[string]{tea}, reorder.SimulateOptions{Periods: 200, Warmup: 20, Replications: 20})
		if err != nil {
			panic(err)
		}
		return s
	}
	low, high := run(15), run(17)
	d, err := low.Against(high)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := low.Total()
	fmt.Printf("15: %.2f to %.2f a day\n", a.Cost.Low, a.Cost.High)
	fmt.Printf("15 less 17: %.2f to %.2f\n", d.Cost.Low, d.Cost.High)
	// Output:
	// 15: 0.97 to 1.19 a day
	// 15 less 17: 0.18 to 0.30
}

// A warehouse and two shops, all by base stock: is a unit better kept in the warehouse?
func ExampleSimulateNetwork() {
	demand, _ := reorder.PoissonDemand(3)
	to := func(level float64) reorder.Orderer {
		return reorder.OrderFunc(func(s reorder.State) float64 { return max(level-s.Position(), 0) })
	}
	net := reorder.Network[string]{
		Central:   reorder.Simulated[string]{ID: "warehouse", Policy: to(30), OnHand: 30, Lead: 4, HoldingCost: .05},
		Rationing: reorder.FirstCome,
	}
	for _, id := range []string{"harbour", "market"} {
		net.Stores = append(net.Stores, reorder.Simulated[string]{
			ID: id, Policy: to(10), OnHand: 10, Lead: 1, Law: demand, Backorder: 1, HoldingCost: .1, BackorderCost: 2,
		})
	}
	runs, err := reorder.SimulateNetwork(context.Background(), net, reorder.SimulateOptions{Periods: 20_000, Warmup: 50})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range runs.IDs() {
		p, _ := runs.Product(id)
		fmt.Printf("%s: %.1f%% served at once, stock %.1f\n", id, 100*p.FillRate.Value, p.Stock.Value)
	}
	// Output:
	// harbour: 96.5% served at once, stock 3.9
	// market: 96.3% served at once, stock 3.9
	// warehouse: 95.0% served at once, stock 6.2
}

package reorder_test

import (
	"context"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	law := func() reorder.Distribution {
		d, err := reorder.NormalDemand(100, 20)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	whole := func() reorder.Distribution {
		d, err := reorder.DiscreteDemand([]float64{0, .5, .5})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	review := func(ready float64) reorder.ReviewOptions {
		return reorder.ReviewOptions{Demand: whole(), Lead: 1, Review: 2, OrderCost: 3, HoldingCost: 1, BackorderCost: 4, ReadyRate: ready, Unit: 1}
	}
	stocks := func() []any {
		return []any{
			[]reorder.Stock[string]{{
				ID: "a", Forecast: []float64{3, 4}, SD: 1, OnHand: 5, OnOrder: 2, Owed: 1, Lead: 2, LeadSD: .5, Lot: 6, Multiple: 2, Minimum: 2, CycleService: .9,
				Correlation: .2, Reserved: 1, Due: []reorder.Receipt{{At: 1, Units: 2}}, UnitCost: 5, Price: 9, Prices: []int64{8, 9}, Elasticity: -2, ElasticitySD: .1,
				Promotions: []reorder.Promotion{{From: 1, Until: 2, Lift: .5, Low: .4, High: .6, Reach: .5, ReachSD: .1}},
			}},
			reorder.PlanOptions{CycleService: .95, Review: 1, Horizon: 2, Periods: 3, Level: .9, HoldingRate: .01, Budget: 1000, MaxRisk: .1, Probs: []float64{.1, .9}},
		}
	}
	pools := func() []any {
		region := reorder.Region{Demand: []float64{3}, SD: []float64{1}, Reserved: []float64{1}, OnHand: 2, Due: []reorder.Receipt{{At: 1, Units: 2}}, Share: 1, Delay: 1}
		return []any{
			[]reorder.Pool[string]{{ID: "a", OnHand: 30, Due: []reorder.Receipt{{At: 2, Units: 5}}, Regions: []reorder.Region{region, region}}},
			reorder.PromiseOptions{Periods: 3, Risk: .1},
		}
	}
	markdown := reorder.MarkdownOptions{
		Units: 5, Demand: []float64{1, 2}, Price: 100, Prices: []int64{50}, Elasticity: -2, Reaches: []float64{.5, 1}, Salvage: 10, HoldingCost: 1,
	}
	policy := reorder.PolicyOptions{Demand: 10, SD: 3, Lead: 2, OrderCost: 20, HoldingCost: 1, BackorderCost: 9}
	point := reorder.PointOptions{Mean: 10, SD: 3, Lead: 2, LeadSD: .5, Review: 1, Quantity: 5, CycleService: .9}
	simulated := func(id string) reorder.Simulated[string] {
		return reorder.Simulated[string]{
			ID: id, Policy: upTo{9, 14}, Law: must(reorder.PoissonDemand(3)), OnHand: 9, Backorder: .5, ShelfLife: 9, Review: 2, Lead: 2, Minimum: 2, Multiple: 2,
			Fill: .5, Rest: 1, OrderCost: 3, UnitCost: 2, HoldingCost: .5, BackorderCost: 2, LostCost: 4, WasteCost: 1,
		}
	}
	runs := reorder.SimulateOptions{Periods: 30, Warmup: 5, Replications: 3, First: 1, Batches: 2, Seed: 3, Level: .9, Workers: 2}
	testkit.Promises{
		Funcs: map[string]any{
			"BestPolicy": reorder.BestPolicy, "CycleService": reorder.CycleService, "EOQ": reorder.EOQ, "EOQDiscount": reorder.EOQDiscount,
			"EmpiricalDemand": reorder.EmpiricalDemand, "FillRate": reorder.FillRate, "Newsvendor": reorder.Newsvendor, "NormalDemand": reorder.NormalDemand,
			"CompoundPoissonDemand": reorder.CompoundPoissonDemand, "DemandOver": reorder.DemandOver, "DiscreteDemand": reorder.DiscreteDemand,
			"GammaDemand": reorder.GammaDemand, "MixtureDemand": reorder.MixtureDemand, "NegativeBinomialDemand": reorder.NegativeBinomialDemand,
			"QuantileDemand": reorder.QuantileDemand, "BaseStock": reorder.BaseStock, "MinMax": reorder.MinMax, "NormalMinMax": reorder.NormalMinMax,
			"PowerMinMax": reorder.PowerMinMax, "ReviewCost": reorder.ReviewCost, "Joint": reorder.Joint[string], "LimitLots": reorder.LimitLots[string],
			"LimitSeasons": reorder.LimitSeasons[string], "Perishable": reorder.Perishable, "FitLead": reorder.FitLead, "CriticalRatio": reorder.CriticalRatio,
			"SeasonProfit": reorder.SeasonProfit,
			"Plan":         reorder.Plan[string], "PlanMarkdown": reorder.PlanMarkdown, "Promise": reorder.Promise[string], "Point": reorder.Point, "PoissonDemand": reorder.PoissonDemand, "PolicyCost": reorder.PolicyCost,
			"SafetyStock": reorder.SafetyStock, "StockOutRisk": reorder.StockOutRisk, "UnitNormalLoss": reorder.UnitNormalLoss,
			"GuaranteedService": reorder.GuaranteedService[string],
			"Simulate":          reorder.Simulate[string], "SimulateNetwork": reorder.SimulateNetwork[string],
		},
		Types: []func() any{func() any { return &reorder.ReviewPolicy{Review: 2, Point: 3, Level: 6} }, func() any {
			return &reorder.PerishablePolicy{Level: 6}
		}, func() any { return &reorder.Policy{Point: 5, Quantity: 4} }, func() any { return &reorder.ServiceTable{{.99}} }, func() any {
			in := stocks()
			p, err := reorder.Plan(in[0].([]reorder.Stock[string]), in[1].(reorder.PlanOptions))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}, func() any {
			p, err := reorder.Promise(pools()[0].([]reorder.Pool[string]), pools()[1].(reorder.PromiseOptions))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}, func() any {
			m, err := reorder.PlanMarkdown(context.Background(), markdown)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}, func() any { return &reorder.State{Period: 3, OnHand: 5, OnOrder: 4, Owed: 1} }, func() any {
			f := reorder.OrderFunc(func(s reorder.State) float64 { return s.Owed })
			return &f
		}, func() any { return filled() }},
		Zero: []string{"State", "OrderFunc", "ReviewPolicy", "PerishablePolicy", "Policy", "ServiceTable"},
		Args: map[string]func() []any{
			"BestPolicy":            func() []any { return []any{policy} },
			"CompoundPoissonDemand": func() []any { return []any{2., whole()} },
			"DemandOver":            func() []any { return []any{[]reorder.Distribution{law(), whole()}, whole()} },
			"DiscreteDemand":        func() []any { return []any{[]float64{.5, .3, .2}} },
			"GammaDemand":           func() []any { return []any{9., 4.} },
			"MixtureDemand": func() []any {
				return []any{[]reorder.Distribution{law(), whole()}, []float64{.75, .25}}
			},
			"NegativeBinomialDemand": func() []any { return []any{9., 4.} },
			"BaseStock":              func() []any { return []any{review(.9)} },
			"Joint": func() []any {
				return []any{[]reorder.JointItem[string]{{ID: "a", Demand: 10, OrderCost: 2, HoldingCost: 1}}, reorder.JointOptions{OrderCost: 5}}
			},
			"LimitLots": func() []any {
				return []any{[]reorder.LotItem[string]{{ID: "a", Demand: 10, OrderCost: 2, HoldingCost: 1, Uses: []float64{2}}}, []float64{5}}
			},
			"LimitSeasons": func() []any {
				return []any{[]reorder.SeasonItem[string]{{ID: "a", Demand: law(), Over: 2, Under: 3, Uses: []float64{2}}}, []float64{50}}
			},
			"Perishable": func() []any {
				return []any{reorder.PerishableOptions{Demand: whole(), Life: 2, HoldingCost: 1, ShortageCost: 5, OutdateCost: 3}}
			},
			"FitLead": func() []any {
				return []any{[]reorder.PurchaseOrder{{Ordered: 1, Quantity: 5, Arrivals: []reorder.Consignment{{At: 4, Quantity: 5}}}}, reorder.LeadOptions{AsOf: 9, Share: .5}}
			},
			"CriticalRatio": func() []any { return []any{1., 3.} },
			"SeasonProfit": func() []any {
				return []any{law(), reorder.SeasonPrices{Price: 9, Cost: 5, Salvage: 2, Goodwill: 1}}
			},
			"Policy.Order":           func() []any { return []any{reorder.State{Period: 2, OnHand: 1, OnOrder: 1, Owed: 1}} },
			"PerishablePolicy.Order": func() []any { return []any{reorder.State{Period: 2, OnHand: 1, OnOrder: 1, Owed: 1}} },
			"ServiceTable.Of":        func() []any { return []any{byte('A'), byte('X')} },
			"MinMax":                 func() []any { return []any{review(0)} },
			"NormalMinMax":           func() []any { return []any{review(0)} },
			"PowerMinMax":            func() []any { return []any{review(0)} },
			"ReviewCost":             func() []any { return []any{review(0), reorder.ReviewPolicy{Point: 2, Level: 5}} },
			"ReviewPolicy.Order":     func() []any { return []any{reorder.State{Period: 2, OnHand: 1, OnOrder: 1, Owed: 1}} },
			"QuantileDemand":         func() []any { return []any{[]float64{.1, .5, .9}, []float64{2, 3, 5}} },
			"CycleService":           func() []any { return []any{law(), 110.} },
			"EOQ": func() []any {
				return []any{reorder.LotOptions{Demand: 100, OrderCost: 20, HoldingCost: 2, BackorderCost: 9, Production: 500}}
			},
			"EOQDiscount": func() []any {
				return []any{reorder.DiscountOptions{Demand: 100, OrderCost: 20, HoldingRate: .2, Breaks: []reorder.Break{{From: 0, Price: 5}, {From: 50, Price: 4}}}}
			},
			"FillRate":             func() []any { return []any{law(), 110., 40.} },
			"Newsvendor":           func() []any { return []any{law(), 1., 3.} },
			"Plan":                 stocks,
			"PlanMarkdown":         func() []any { return []any{context.Background(), markdown} },
			"Promise":              pools,
			"Promises.Available":   func() []any { return []any{1, 2, int64(3)} },
			"Promises.Stocks":      func() []any { return []any{[]int64{4}, []string{"a"}, 1, 2} },
			"Promises.Units":       func() []any { return []any{"a", 1, 2} },
			"Markdown.At":          func() []any { return []any{1, 3, int64(100)} },
			"Point":                func() []any { return []any{point} },
			"PolicyCost":           func() []any { return []any{policy, reorder.Policy{Point: 20, Quantity: 10}} },
			"SafetyStock":          func() []any { return []any{point} },
			"StockOutRisk":         func() []any { return []any{law(), 110.} },
			"Replenishment.Line":   func() []any { return []any{"a"} },
			"Replenishment.AtRisk": func() []any { return []any{.1} },
			"Simulate": func() []any {
				return []any{context.Background(), []reorder.Simulated[string]{simulated("a"), simulated("b")}, runs}
			},
			"GuaranteedService": func() []any {
				return []any{
					context.Background(),
					[]reorder.Stage[string]{{ID: "a", Time: 2, HoldingCost: 1, Bound: 1, Inbound: 1, Outbound: 2}, {ID: "b", Time: 1, HoldingCost: 2, Bound: 2, Inbound: 1, Outbound: 1}},
					[]reorder.Arc[string]{{From: "a", To: "b", Units: 2}},
				}
			},
			"SimulateNetwork": func() []any {
				n := reorder.Network[string]{Central: simulated("dc"), Stores: []reorder.Simulated[string]{simulated("a")}, Rationing: reorder.Proportional}
				n.Central.Law, n.Central.Backorder, n.Central.ShelfLife = nil, 0, 0
				n.Stores[0].ShelfLife, n.Stores[0].Fill, n.Stores[0].Rest = 0, 0, 0
				return []any{context.Background(), n, runs}
			},
			"Simulation.Product":         func() []any { return []any{"a"} },
			"Simulation.Against":         func() []any { return []any{filled()} },
			"Simulation.ProductAgainst":  func() []any { return []any{filled(), "a"} },
			"Simulation.Merge":           func() []any { return []any{others()} },
			"Simulation.UnmarshalBinary": func() []any { return []any{must(filled().MarshalBinary())} },
		},
		NaN: map[string]string{
			"UnitNormalLoss":  "NaN of NaN, and the limits far below 0",
			"CycleService":    "of a nil law and a NaN point",
			"FillRate":        "of a nil law, a NaN point and a quantity that is not above 0",
			"StockOutRisk":    "of a nil law and a NaN stock",
			"State.Position":  "of fields that are no numbers",
			"OrderFunc.Order": "whatever the function returns",
		},
	}.Check(t)
}

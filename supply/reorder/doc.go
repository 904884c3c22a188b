// Package reorder plans what a shop must order, when, and how much. It is for those who
// replenish stock, and for recommenders that should show only what can be delivered.
//
// Three names are enough to start: [Stock] says what is known of one product, [Plan]
// makes a [Replenishment] of all of them.
//
//	plan, err := reorder.Plan([]reorder.Stock[string]{
//		{ID: "tea", Forecast: []float64{20, 20, 60}, SD: 5, OnHand: 45, Lead: 2, Multiple: 12},
//		{ID: "mug", Forecast: []float64{6}, SD: 2, OnHand: 40, Lead: 2},
//	}, reorder.PlanOptions{CycleService: 0.98, Review: 1})
//	if err != nil {
//		return err
//	}
//	for _, line := range plan.Orders() {
//		fmt.Printf("order %.0f %s\n", line.Quantity, line.ID)
//	}
//	fmt.Println("recommend", plan.Deliverable(0.05), "but do not push", plan.AtRisk(0.2))
//
// # Which function when
//
//   - [Plan]: from forecast, stock and lead time of every product whether to reorder, how
//     much, and how likely a stock-out is; [Replenishment.Deliverable] is an allow list for
//     a recommender, [Replenishment.AtRisk] names products whose campaigns should wait.
//     With promotions, prices and suppliers: [Replenishment.Schedule] of orders by date,
//     and [Replenishment.HoldBacks], what of a campaign has to wait
//   - [Promise]: what a campaign may promise, by region and day
//   - [PlanMarkdown]: at which price, and to whom, dead stock goes
//   - [Point], [SafetyStock]: when to order one product again
//   - [EOQ], [EOQDiscount]: how much to order at steady demand, also under a price list
//   - [BestPolicy], [PolicyCost]: both together, the (r, Q) policy
//   - [BaseStock], [MinMax]: stock that is reviewed now and then, (R, S) and (R, s, S);
//     [PowerMinMax], [NormalMinMax] from two moments, [ReviewCost] of a policy of one's own
//   - [Newsvendor], [SeasonProfit]: how much to stock for one season; [Perishable]: of what has
//     a fixed life
//   - [Joint]: orders of several products from one supplier; [LimitSeasons], [LimitLots]: several
//     products under a budget or in a space, with the price of one unit more of it
//   - [FitLead]: the law of a supplier's lead times from his deliveries; [CriticalRatio],
//     [ServiceTable]: the service to ask for, by margin or by class
//   - [Simulate]: what any policy ([Orderer]) costs and how it serves, with intervals, where no formula
//     holds; [Simulation.Against] compares two on the same demand; [SimulateNetwork] a
//     central stock and its stores
//   - [GuaranteedService]: where a supply chain keeps its safety stock
//   - [NormalDemand], [PoissonDemand], [NegativeBinomialDemand], [GammaDemand],
//     [CompoundPoissonDemand], [DiscreteDemand], [EmpiricalDemand], [QuantileDemand] of a
//     forecast, [MixtureDemand] of a promotion that may come: laws of demand for all of these;
//     [DemandOver] sums them over a lead time
//   - [CycleService], [FillRate], [StockOutRisk], [UnitNormalLoss]: what a stock does
//     against a law of demand
//
// Time is counted in periods of the caller's choice, the same in every field of a call.
//
// # Guarantees
//
//   - The cycle service level ([CycleService], the chance that a cycle passes without
//     stock-out) and the fill rate ([FillRate], the share of demand served) are different
//     numbers and never share a name.
//   - Review left out means everywhere that stock is watched all the time.
//   - Data never panics; every error is one of the sentinels of this package, wrapped with
//     the function and the product or field.
//   - Results do not depend on the order of products, and are immutable.
//
// # References
//
// F. W. Harris, How Many Parts to Make at Once, 1913. G. Hadley and T. M. Whitin, Analysis
// of Inventory Systems, 1963. Y.-S. Zheng, On Properties of Stochastic Inventory Systems,
// Management Science 38, 1992. A. Federgruen and Y.-S. Zheng, An Efficient Algorithm for
// Computing an Optimal (r, Q) Policy, Operations Research 40, 1992. The same, Finding Optimal (s, S)
// Policies Is About As Simple As Evaluating a Single Policy, Operations Research 39, 1991. L. V. Snyder and Z.-J. M.
// Shen, Fundamentals of Supply Chain Theory, 2nd ed., 2019.
// A. J. Clark and H. Scarf, Optimal Policies for a Multi-Echelon Inventory Problem, 1960.
// C. C. Sherbrooke, METRIC, 1968. S. C. Graves and S. P. Willems, Optimizing Strategic
// Safety Stock Placement in Supply Chains, 2000.
package reorder

package reorder_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/supply/reorder"
)

// A campaign moves the forecast, the order and the audience: two suppliers, a delivery under
// way, and a promotion that comes before more can.
func ExamplePlan_campaign() {
	tea := reorder.Stock[string]{
		ID: "tea", Forecast: []float64{100, 100, 110, 110}, SDs: []float64{12, 15, 18, 20}, Correlation: .3,
		OnHand: 210, Due: []reorder.Receipt{{At: 2, Units: 100}}, Price: 900,
		Suppliers: []reorder.Supplier{{Price: 400, Lead: 3, Multiple: 10}, {Price: 460, Lead: 1, Multiple: 10}},
		// An experiment measured +60 % (40 to 80) for those who see it: half of the demand.
		Promotions:  []reorder.Promotion{{From: 0, Until: 3, Lift: .6, Low: .4, High: .8, Reach: .5}},
		Substitutes: []reorder.Substitute[string]{{ID: "herbal", Share: .4}},
	}
	herbal := reorder.Stock[string]{ID: "herbal", Forecast: []float64{30}, SD: 6, OnHand: 140, Lead: 2, Price: 850, UnitCost: 390}
	plan, err := reorder.Plan([]reorder.Stock[string]{tea, herbal}, reorder.PlanOptions{Review: 1, Periods: 3, LostSales: true})
	check(err)
	for _, o := range plan.Schedule() {
		fmt.Printf("in week %.0f: %3.0f %s from supplier %d, there in week %.0f, %.2f\n", o.At, o.Quantity, o.ID, o.Supplier, o.Arrival, float64(o.Value)/100)
	}
	for _, h := range plan.HoldBacks() {
		fmt.Printf("hold back promotion %d of %s: risk %.2f, %d units to promise before week %d, or reach %.2f\n", h.Promotion, h.ID, h.Risk, h.Units, h.Wait, h.Reach)
	}
	l, err := plan.Line("tea")
	check(err)
	fmt.Printf("at risk before week %.0f: %.1f units, %.2f; one more unit is worth %.2f\n", l.NextArrival, l.AtRisk, float64(l.AtRiskValue)/100, l.Worth/100)
	// Money for one order only: what one more would earn.
	plan, err = reorder.Plan([]reorder.Stock[string]{tea, herbal}, reorder.PlanOptions{Review: 1, Budget: 500_00})
	check(err)
	fmt.Printf("a budget of 500: one more would earn %.2f\n", plan.BudgetPrice())
	// Output:
	// in week 0: 150 tea from supplier 1, there in week 1, 690.00
	// in week 0: 140 tea from supplier 0, there in week 3, 560.00
	// in week 1: 110 tea from supplier 0, there in week 4, 440.00
	// in week 2:  27 herbal from supplier 0, there in week 4, 105.56
	// in week 2: 100 tea from supplier 0, there in week 5, 400.00
	// hold back promotion 0 of tea: risk 0.10, 90 units to promise before week 4, or reach 0.43
	// at risk before week 1: 0.0 units, 0.00; one more unit is worth 0.00
	// a budget of 500: one more would earn 1.04
}

// What a campaign may promise, by region and day, becomes what a recommender may show and
// the stock that an allocation shares out: plain ids and units.
func ExamplePromise() {
	// A warehouse serves north, and south a day later; south has a few of its own. What is
	// ordered comes on day 3.
	due := []reorder.Receipt{{At: 3, Units: 60}}
	south := reorder.Region{Demand: []float64{4}, SD: []float64{2}, OnHand: 15, Share: 1, Delay: 1}
	north := reorder.Region{Demand: []float64{9}, SD: []float64{3}, Reserved: []float64{6, 2}, Share: 2}
	p, err := reorder.Promise([]reorder.Pool[string]{
		{ID: "tea", OnHand: 80, Due: due, Regions: []reorder.Region{north, south}},
		{ID: "mug", OnHand: 100, Regions: []reorder.Region{north, south}},
	}, reorder.PromiseOptions{Periods: 5, Risk: .05})
	check(err)
	for day := range 5 {
		n, err := p.Units("tea", 0, day)
		check(err)
		s, err := p.Units("tea", 1, day)
		check(err)
		fmt.Printf("by the end of day %d: %d in the north, %d in the south\n", day, n, s)
	}
	ids := []string{"mug", "tea"}
	stocks, err := p.Stocks(nil, ids, 0, 2) // allocate.Offer{Stock: stocks[i]}
	check(err)
	fmt.Println("stocks of the offers", ids, "in the north:", stocks)
	show := slices.Values(p.Available(0, 2, 1)) // engine.SetStock(show)
	fmt.Println("may be shown there:", slices.Collect(show))
	// Output:
	// by the end of day 0: 19 in the north, 0 in the south
	// by the end of day 1: 19 in the north, 9 in the south
	// by the end of day 2: 19 in the north, 9 in the south
	// by the end of day 3: 42 in the north, 9 in the south
	// by the end of day 4: 42 in the north, 21 in the south
	// stocks of the offers [mug tea] in the north: [16 19]
	// may be shown there: [mug tea]
}

// Winter coats: eight weeks to go, and more of them than will be asked for.
func ExamplePlanMarkdown() {
	m, err := reorder.PlanMarkdown(context.Background(), reorder.MarkdownOptions{
		Units: 110, Demand: []float64{10, 9, 8, 7, 6, 5, 4, 3}, Price: 8900, Prices: []int64{7900, 6900, 5900, 4900},
		Elasticity: -2.5, Reaches: []float64{.5, 1}, Salvage: 1000, HoldingCost: 20,
	})
	check(err)
	fmt.Printf("%.0f with the mark-down, %.0f without; %.1f left; one coat more would add %.2f\n", m.Value/100, m.Uncut/100, m.Left, m.Worth/100)
	for week, price := range m.Prices {
		fmt.Printf("week %d: %.2f to %.0f %% of customers, %.1f sold\n", week, float64(price)/100, 100*m.Reaches[week], m.Sold[week])
	}
	price, reach, err := m.At(3, 80, 6900) // sold less than that
	check(err)
	fmt.Printf("with 80 left in week 3: %.2f to %.0f %%\n", float64(price)/100, 100*reach)
	// Output:
	// 7066 with the mark-down, 5099 without; 1.1 left; one coat more would add 36.72
	// week 0: 69.00 to 100 % of customers, 18.9 sold
	// week 1: 69.00 to 100 % of customers, 17.0 sold
	// week 2: 69.00 to 100 % of customers, 15.3 sold
	// week 3: 69.00 to 100 % of customers, 14.6 sold
	// week 4: 69.00 to 100 % of customers, 13.7 sold
	// week 5: 59.00 to 100 % of customers, 11.9 sold
	// week 6: 59.00 to 100 % of customers, 10.1 sold
	// week 7: 59.00 to 100 % of customers, 7.5 sold
	// with 80 left in week 3: 59.00 to 100 %
}

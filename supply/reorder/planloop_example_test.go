package reorder_test

import (
	"fmt"

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

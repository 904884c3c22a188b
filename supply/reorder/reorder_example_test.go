package reorder_test

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/supply"
	"github.com/aislekit/aisle/supply/reorder"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func date(month time.Month, day int) time.Time {
	return time.Date(2025, month, day, 0, 0, 0, 0, time.UTC)
}

// From sales to a list of what may be recommended.
func Example_fromSales() {
	demand, err := supply.NewDemand[string](supply.DemandOptions{Start: date(1, 1), Period: 7 * 24 * time.Hour})
	check(err)
	for week := range 8 { // the caller's loop over orders
		at := date(1, 3).AddDate(0, 0, 7*week)
		for id, units := range map[string]float64{"tea": 20, "mug": 6} {
			check(demand.Add(id, at, units+float64(week%3)))
		}
	}
	onHand := map[string]float64{"tea": 15, "mug": 40}
	var stocks []reorder.Stock[string]
	for _, id := range demand.IDs() {
		series, err := demand.Series(id, supply.Scale)
		check(err)
		mean, sd, _, err := series.Moments()
		check(err)
		stocks = append(stocks, reorder.Stock[string]{ID: id, Forecast: []float64{mean}, SD: sd, OnHand: onHand[id], Lead: 2})
	}
	plan, err := reorder.Plan(stocks, reorder.PlanOptions{Review: 1})
	check(err)
	for _, l := range plan.Lines() {
		fmt.Printf("%s: %.0f left, reorder at %.0f: order %.0f, risk %.2f\n", l.ID, l.OnHand, l.Point, l.Quantity, l.Risk)
	}
	fmt.Println("may be recommended:", plan.Deliverable(0.05))
	// Output:
	// mug: 40 left, reorder at 23: order 0, risk 0.00
	// tea: 15 left, reorder at 65: order 50, risk 1.00
	// may be recommended: [mug]
}

func ExamplePoint() {
	r, err := reorder.Point(reorder.PointOptions{Mean: 100, SD: 20, Lead: 4, LeadSD: 1})
	check(err)
	fmt.Printf("order at %.0f: %.0f for the lead time and %.0f in reserve\n", r.Point, r.LeadDemand, r.SafetyStock)
	// Output: order at 577: 400 for the lead time and 177 in reserve
}

func ExampleEOQ() {
	l, err := reorder.EOQ(reorder.LotOptions{Demand: 1300, OrderCost: 8, HoldingCost: 0.225})
	check(err)
	fmt.Printf("%.0f units for %.2f a year\n", l.Quantity, l.Cost)
	// Output: 304 units for 68.41 a year
}

func ExampleEOQDiscount() {
	l, err := reorder.EOQDiscount(reorder.DiscountOptions{
		Demand: 1000, OrderCost: 200, HoldingRate: 0.2,
		Breaks: []reorder.Break{{From: 0, Price: 500}, {From: 200, Price: 475}, {From: 500, Price: 450}},
	})
	check(err)
	fmt.Printf("%.0f units at %.0f\n", l.Quantity, l.Price)
	// Output: 500 units at 450
}

func ExampleNewsvendor() {
	demand, err := reorder.NormalDemand(50, 8)
	check(err)
	s, err := reorder.Newsvendor(demand, 0.18, 0.70)
	check(err)
	fmt.Printf("stock %.1f, expected cost %.2f\n", s.Quantity, s.Cost)
	// Output: stock 56.6, expected cost 2.00
}

func ExampleBestPolicy() {
	p, err := reorder.BestPolicy(reorder.PolicyOptions{Demand: 1.5, Lead: 2, OrderCost: 100, HoldingCost: 20, BackorderCost: 150, Law: reorder.Poisson})
	check(err)
	fmt.Printf("at %.0f order %.0f, cost %.2f; cycle service %.2f, fill rate %.2f\n", p.Point, p.Quantity, p.Cost, p.CycleService, p.FillRate)
	// Output: at 3 order 5, cost 107.92; cycle service 0.65, fill rate 0.87
}

// The program of the package's documentation.
func Example() {
	plan, err := reorder.Plan([]reorder.Stock[string]{
		{ID: "tea", Forecast: []float64{20, 20, 60}, SD: 5, OnHand: 45, Lead: 2, Multiple: 12},
		{ID: "mug", Forecast: []float64{6}, SD: 2, OnHand: 40, Lead: 2},
	}, reorder.PlanOptions{CycleService: 0.98, Review: 1})
	check(err)
	for _, l := range plan.Orders() {
		fmt.Printf("order %.0f %s\n", l.Quantity, l.ID)
	}
	fmt.Println("recommend", plan.Deliverable(0.05), "but do not push", plan.AtRisk(0.2))
	// Output:
	// order 84 tea
	// recommend [mug tea] but do not push [tea]
}

// Two service levels of one stock: most cycles pass without a stock-out, and nearly
// all demand is served.
func ExampleCycleService() {
	lead, err := reorder.PoissonDemand(6) // slow mover: units over the lead time
	check(err)
	const point, lot = 9, 12
	fmt.Printf("cycle service %.3f, fill rate %.3f, risk with 4 on hand %.3f\n",
		reorder.CycleService(lead, point), reorder.FillRate(lead, point, lot), reorder.StockOutRisk(lead, 4))
	// Output: cycle service 0.916, fill rate 0.987, risk with 4 on hand 0.715
}

// What was seen, instead of a law: demand over ten past lead times.
func ExampleEmpiricalDemand() {
	seen, err := reorder.EmpiricalDemand([]float64{4, 0, 9, 5, 5, 2, 7, 3, 6, 20})
	check(err)
	p, err := reorder.Point(reorder.PointOptions{LeadDemand: seen, CycleService: 0.9})
	check(err)
	ss, err := reorder.SafetyStock(reorder.PointOptions{LeadDemand: seen, CycleService: 0.9})
	check(err)
	fmt.Printf("order at %.0f, %.1f of it in reserve\n", p.Point, ss)
	// Output: order at 9, 2.9 of it in reserve
}

// What it costs to order by rule of thumb instead of the best policy.
func ExamplePolicyCost() {
	opt := reorder.PolicyOptions{Demand: 1300, SD: 150, Lead: 1. / 12, OrderCost: 8, HoldingCost: 0.225, BackorderCost: 7.5}
	best, err := reorder.BestPolicy(opt)
	check(err)
	thumb, err := reorder.PolicyCost(opt, reorder.Policy{Point: 150, Quantity: 500})
	check(err)
	fmt.Printf("best %.2f at (%.0f, %.0f), by thumb %.2f\n", best.Cost, best.Point, best.Quantity, thumb)
	// Output: best 78.07 at (127, 328), by thumb 87.61
}

// The loss functions that other models of stock are built from.
func ExampleUnitNormalLoss() {
	first, second := reorder.UnitNormalLoss(1)
	fmt.Printf("%.5f %.5f\n", first, second)
	// Output: 0.08332 0.03767
}

// A week that may have a promotion, over a lead time that is two weeks, or four.
func ExampleDemandOver() {
	usual, err := reorder.NegativeBinomialDemand(20, 7)
	check(err)
	promoted, err := reorder.NegativeBinomialDemand(50, 15)
	check(err)
	next, err := reorder.MixtureDemand([]reorder.Distribution{usual, promoted}, []float64{.4, .6})
	check(err)
	lead, err := reorder.EmpiricalDemand([]float64{2, 2, 2, 4})
	check(err)
	d, err := reorder.DemandOver([]reorder.Distribution{usual, next, usual}, lead)
	check(err)
	r, err := reorder.Point(reorder.PointOptions{LeadDemand: d, CycleService: .95})
	check(err)
	fmt.Printf("expect %.0f, order at %.0f\n", d.Mean(), r.Point)
	// Output: expect 68, order at 119
}

// Most days sell nothing, some a case of twelve.
func ExampleCompoundPoissonDemand() {
	size, err := reorder.DiscreteDemand([]float64{0, .5, .2, 0, 0, 0, 0, 0, 0, 0, 0, 0, .3})
	check(err)
	d, err := reorder.CompoundPoissonDemand(.8, size)
	check(err)
	fmt.Printf("mean %.1f, none with chance %.2f, 99 %% need %.0f\n", d.Mean(), d.CDF(0), d.Quantile(.99))
	// Output: mean 3.6, none with chance 0.45, 99 % need 25
}

// A forecast that came as quantiles.
func ExampleQuantileDemand() {
	d, err := reorder.QuantileDemand([]float64{.1, .5, .9, .95}, []float64{80, 100, 130, 142})
	check(err)
	s, err := reorder.Newsvendor(d, 1, 9)
	check(err)
	fmt.Printf("stock %.0f\n", s.Quantity)
	// Output: stock 130
}

// A skewed law keeps more in reserve than the normal law of the same mean and deviation.
func ExampleGammaDemand() {
	d, err := reorder.GammaDemand(20, 16)
	check(err)
	r, err := reorder.Point(reorder.PointOptions{LeadDemand: d, CycleService: .99})
	check(err)
	n, err := reorder.Point(reorder.PointOptions{Mean: 20, SD: 16, Lead: 1, CycleService: .99})
	check(err)
	fmt.Printf("%.0f, normal %.0f\n", r.Point, n.Point)
	// Output: 74, normal 57
}

// A shelf that is looked at once a week: how high, for nineteen of twenty orders to find nothing owed.
func ExampleBaseStock() {
	day, err := reorder.PoissonDemand(3)
	check(err)
	p, err := reorder.BaseStock(reorder.ReviewOptions{Demand: day, Lead: 2, Review: 7, HoldingCost: .02, BackorderCost: .5, CycleService: .95})
	check(err)
	fmt.Printf("up to %.0f: %.4f of demand from stock, %.4f of days with nothing owed\n", p.Level, p.FillRate, p.ReadyRate)
	fmt.Println("today order", p.Order(reorder.State{Period: 14, OnHand: 9, OnOrder: 5}))
	// Output:
	// up to 36: 0.9947 of demand from stock, 0.9931 of days with nothing owed
	// today order 22
}

// The best (s, S) policy, and two that need only the moments of demand.
func ExampleMinMax() {
	day, err := reorder.PoissonDemand(6)
	check(err)
	opt := reorder.ReviewOptions{Demand: day, OrderCost: 5, HoldingCost: 1, BackorderCost: 4}
	best, err := reorder.MinMax(opt)
	check(err)
	power, err := reorder.PowerMinMax(opt)
	check(err)
	normal, err := reorder.NormalMinMax(opt)
	check(err)
	fmt.Printf("at %.0f up to %.0f: %.6f a day\n", best.Point, best.Level, best.Cost)
	fmt.Printf("power %.1f, %.1f: %.2f; normal %.1f, %.1f: %.2f\n", power.Point, power.Level, power.Cost, normal.Point, normal.Level, normal.Cost)
	mine, err := reorder.ReviewCost(opt, reorder.ReviewPolicy{Point: 5, Level: 12})
	check(err)
	fmt.Printf("mine: %.2f, an order in %.2f days\n", mine.Cost, mine.Interval)
	// Output:
	// at 4 up to 10: 8.034112 a day
	// power 4.3, 11.6: 8.16; normal 4.4, 14.3: 8.48
	// mine: 8.33, an order in 1.65 days
}

// Three products from one supplier: what to put in every order, and what in every second or third.
func ExampleJoint() {
	items := []reorder.JointItem[string]{
		{ID: "cable", Demand: 20, OrderCost: 15, HoldingCost: .4},
		{ID: "lamp", Demand: 90, OrderCost: 5, HoldingCost: 2},
		{ID: "phone", Demand: 60, OrderCost: 5, HoldingCost: 9},
	}
	p, err := reorder.Joint(items, reorder.JointOptions{OrderCost: 40})
	check(err)
	fmt.Printf("an order every %.2f weeks, %.0f a week\n", p.Interval, p.Cost)
	for _, l := range p.Lines {
		fmt.Printf("%s in every %d: %.0f\n", l.ID, l.Every, l.Quantity)
	}
	// Output:
	// an order every 0.37 weeks, 284 a week
	// cable in every 5: 37
	// lamp in every 1: 34
	// phone in every 1: 22
}

// Money for 1,000 in stock: what each product gets, and what one more would save.
func ExampleLimitSeasons() {
	var items []reorder.SeasonItem[string]
	for id, x := range map[string][4]float64{"coat": {30, 60, 90, 20}, "glove": {50, 10, 14, 5}, "scarf": {40, 12, 30, 8}} {
		d, err := reorder.PoissonDemand(x[0])
		check(err)
		items = append(items, reorder.SeasonItem[string]{ID: id, Demand: d, Over: x[1] - x[3], Under: x[2] - x[1], Uses: []float64{x[1]}})
	}
	s, err := reorder.LimitSeasons(items, []float64{1000})
	check(err)
	for _, l := range s.Lines {
		fmt.Printf("%s %.0f\n", l.ID, l.Quantity)
	}
	fmt.Printf("used %.0f, one more saves %.2f, proven %v\n", s.Used[0], s.Prices[0], s.Exact)
	// Output:
	// coat 8
	// glove 4
	// scarf 40
	// used 1000, one more saves 0.50, proven true
}

// Lots that must find room in 150 m³.
func ExampleLimitLots() {
	s, err := reorder.LimitLots([]reorder.LotItem[string]{
		{ID: "a", Demand: 400, OrderCost: 20, HoldingCost: 1, Uses: []float64{.5}},
		{ID: "b", Demand: 100, OrderCost: 20, HoldingCost: 2, Uses: []float64{2}},
	}, []float64{150})
	check(err)
	fmt.Printf("%.0f and %.0f, a cubic metre saves %.3f\n", s.Lines[0].Quantity, s.Lines[1].Quantity, s.Prices[0])
	// Output: 125 and 44, a cubic metre saves 0.023
}

func ExamplePerishable() {
	day, err := reorder.PoissonDemand(4)
	check(err)
	p, err := reorder.Perishable(reorder.PerishableOptions{Demand: day, Life: 3, HoldingCost: .02, ShortageCost: 2, OutdateCost: 1.5})
	check(err)
	fmt.Printf("fill up to %.0f: %.2f thrown away a day, %.2f of demand served\n", p.Level, p.Outdated, p.FillRate)
	fmt.Println("with 5 left order", p.Order(reorder.State{OnHand: 5}))
	// Output:
	// fill up to 8: 0.11 thrown away a day, 0.99 of demand served
	// with 5 left order 3
}

// What a supplier's orders say of the next one, the late ones included.
func ExampleFitLead() {
	r, err := reorder.FitLead([]reorder.PurchaseOrder{
		{Ordered: 1, Quantity: 40, Arrivals: []reorder.Consignment{{At: 6, Quantity: 40}}},
		{Ordered: 8, Quantity: 40, Arrivals: []reorder.Consignment{{At: 12, Quantity: 25}, {At: 15, Quantity: 15}}},
		{Ordered: 15, Quantity: 60, Arrivals: []reorder.Consignment{{At: 20, Quantity: 60}}},
		{Ordered: 22, Quantity: 60}, // not here yet
	}, reorder.LeadOptions{AsOf: 30})
	check(err)
	fmt.Printf("mean %.2f days, %d open, %d split; longer than seen with chance %.2f\n", r.Law.Mean(), r.Open, r.Split, r.Beyond)
	day, err := reorder.PoissonDemand(6)
	check(err)
	p, err := reorder.BaseStock(reorder.ReviewOptions{Demand: day, LeadLaw: r.Law, HoldingCost: 1, BackorderCost: 9})
	check(err)
	fmt.Printf("keep %.0f in the pipeline\n", p.Level)
	// Output:
	// mean 6.00 days, 1 open, 1 split; longer than seen with chance 0.25
	// keep 54 in the pipeline
}

// Service by class, and by margin.
func ExampleServiceTable() {
	var usual reorder.ServiceTable
	s, err := usual.Of('A', 'Z')
	check(err)
	byMargin, err := reorder.CriticalRatio(.3, 12) // holding it to the next delivery costs .3, a lost sale 12
	check(err)
	fmt.Printf("%.2f by class, %.3f by margin\n", s, byMargin)
	// Output: 0.95 by class, 0.976 by margin
}

// A winter coat: what is left over is sold in the sale.
func ExampleSeasonProfit() {
	d, err := reorder.NegativeBinomialDemand(120, 40)
	check(err)
	s, profit, err := reorder.SeasonProfit(d, reorder.SeasonPrices{Price: 90, Cost: 50, Salvage: 25})
	check(err)
	fmt.Printf("buy %.0f, expect to earn %.0f\n", s.Quantity, profit)
	// Output: buy 128, expect to earn 3789
}

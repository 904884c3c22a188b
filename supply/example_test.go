package supply_test

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/supply"
)

func date(month time.Month, day int) time.Time {
	return time.Date(2025, month, day, 0, 0, 0, 0, time.UTC)
}

// From sales to a list of what may be recommended.
func Example() {
	demand, err := supply.NewDemand[string](supply.DemandOptions{Start: date(1, 1), Period: 7 * 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	for week := range 8 { // the caller's loop over orders
		at := date(1, 3).AddDate(0, 0, 7*week)
		for id, units := range map[string]float64{"tea": 20, "mug": 6} {
			if err := demand.Add(id, at, units+float64(week%3)); err != nil {
				panic(err)
			}
		}
	}
	onHand := map[string]float64{"tea": 15, "mug": 40}
	var stocks []supply.Stock[string]
	for _, id := range demand.IDs() {
		series, err := demand.Series(id, supply.Scale)
		if err != nil {
			panic(err)
		}
		mean, sd, _, err := series.Moments()
		if err != nil {
			panic(err)
		}
		stocks = append(stocks, supply.Stock[string]{ID: id, Forecast: []float64{mean}, SD: sd, OnHand: onHand[id], Lead: 2})
	}
	plan, err := supply.Plan(stocks, supply.PlanOptions{})
	if err != nil {
		panic(err)
	}
	for _, l := range plan.Lines() {
		fmt.Printf("%s: %.0f left, reorder at %.0f: order %.0f, risk %.2f\n", l.ID, l.OnHand, l.Point, l.Quantity, l.Risk)
	}
	fmt.Println("may be recommended:", plan.Deliverable(0.05))
	// Output:
	// mug: 40 left, reorder at 23: order 0, risk 0.00
	// tea: 15 left, reorder at 65: order 50, risk 1.00
	// may be recommended: [mug]
}

func ExampleAssortment() {
	var a supply.Assortment[string]
	for _, p := range []struct {
		id    string
		sales float64
		out   int // days of March out of stock
	}{{"green tea", 60, 0}, {"black tea", 30, 3}, {"mug", 10, 15}} {
		listed := date(3, 1)
		if err := a.AddProduct(p.id, "kitchen", listed); err != nil {
			panic(err)
		}
		back := listed.AddDate(0, 0, p.out)
		if err := a.AddStock(p.id, listed, back, false); err != nil {
			panic(err)
		}
		if err := a.AddStock(p.id, back, date(3, 31), true); err != nil {
			panic(err)
		}
		if err := a.AddSales(p.id, p.sales); err != nil {
			panic(err)
		}
	}
	r, err := a.Result(date(3, 31))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d products sell like %.2f equal ones, in stock %.0f %% of the time\n", r.Products, r.Effective, 100*r.InStockRate.OrNaN())
	// Output: 3 products sell like 2.45 equal ones, in stock 80 % of the time
}

func ExampleFulfilment() {
	f, err := supply.NewFulfilment(supply.FulfilmentOptions{AsOf: date(3, 31), Perfect: supply.OnTime | supply.InFull})
	if err != nil {
		panic(err)
	}
	for _, d := range []supply.Delivery{
		{Placed: date(3, 1), Shipped: date(3, 2), Delivered: date(3, 4), Promised: date(3, 5), Ordered: 3, Received: 3},
		{Placed: date(3, 2), Shipped: date(3, 3), Delivered: date(3, 8), Promised: date(3, 6), Ordered: 1, Received: 1},
		{Placed: date(3, 9), Shipped: date(3, 10), Promised: date(3, 13), Ordered: 2}, // lost
		{Placed: date(3, 30), Promised: date(4, 3), Ordered: 2},                       // on its way
	} {
		if err := f.Add(d); err != nil {
			panic(err)
		}
	}
	r, err := f.Result()
	if err != nil {
		panic(err)
	}
	fmt.Printf("on time %v of %v, perfect %v of %v, median of delivery %.0f days\n",
		r.OnTime.Num, r.OnTime.Den, r.Perfect.Num, r.Perfect.Den, r.OrderToDelivery.P50.Hours()/24)
	// Output: on time 1 of 3, perfect 1 of 3, median of delivery 6 days
}

func ExampleService() {
	s, err := supply.NewService(supply.ServiceOptions{AsOf: date(3, 31)})
	if err != nil {
		panic(err)
	}
	opened := date(3, 1)
	if err := s.AddTicket(supply.Ticket{Opened: opened, Replied: opened.Add(2 * time.Hour), Resolved: opened.Add(5 * time.Hour), Contacts: 1}); err != nil {
		panic(err)
	}
	for _, score := range []int{10, 9, 9, 8, 3} {
		if err := s.AddSurvey(supply.NPS, score); err != nil {
			panic(err)
		}
	}
	r, err := s.Result()
	if err != nil {
		panic(err)
	}
	fmt.Printf("NPS %.0f ± %.0f, first contact %v of %v\n", r.NPS.Value, r.NPS.SE, r.FirstContact.Num, r.FirstContact.Den)
	// Output: NPS 40 ± 36, first contact 1 of 1
}

func ExampleInventory() {
	v, err := supply.NewInventory[string](supply.InventoryOptions{From: date(1, 1), To: date(1, 1).AddDate(0, 0, 365), Currency: "EUR"})
	if err != nil {
		panic(err)
	}
	if err := v.AddLevel("tea", date(1, 1), date(12, 31).AddDate(0, 0, 1), 200, 100_000); err != nil {
		panic(err)
	}
	if err := v.AddSale("tea", date(6, 1), 1200, 900_000, 600_000); err != nil {
		panic(err)
	}
	r, err := v.Result()
	if err != nil {
		panic(err)
	}
	fmt.Printf("turns %.1f times a year, %.0f days of supply, GMROI %.1f\n", r.Total.Turnover.OrNaN(), r.Total.DaysOfSupply.OrNaN(), r.Total.GMROI.OrNaN())
	// Output: turns 6.0 times a year, 61 days of supply, GMROI 3.0
}

func ExampleDemand() {
	d, err := supply.NewDemand[string](supply.DemandOptions{Start: date(1, 6), Period: 24 * time.Hour})
	if err != nil {
		panic(err)
	}
	for i, units := range []float64{8, 9, 4, 0, 9} {
		if err := d.Add("tea", date(1, 6+i), units); err != nil {
			panic(err)
		}
	}
	// Sold out from noon of the third day to the end of the fourth.
	if err := d.AddStockOut("tea", date(1, 8).Add(12*time.Hour), date(1, 10)); err != nil {
		panic(err)
	}
	s, err := d.Series("tea", supply.Scale)
	if err != nil {
		panic(err)
	}
	fmt.Printf("sold %v, wanted %.1f\n", s.Sold, s.Units)
	// Output: sold [8 9 4 0 9], wanted [8.0 9.0 8.0 8.6 9.0]
}

func ExampleRatio() {
	r := supply.Ratio{Num: 19, Den: 38}
	lo, hi, err := r.Interval(0.95)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f, 95 %% interval %.3f to %.3f\n", r.OrNaN(), lo, hi)
	// Output: 0.50, 95 % interval 0.348 to 0.652
}

func ExampleReorderPoint() {
	r, err := supply.ReorderPoint(supply.ReorderOptions{Mean: 100, SD: 20, Lead: 4, LeadSD: 1})
	if err != nil {
		panic(err)
	}
	fmt.Printf("order at %.0f: %.0f for the lead time and %.0f in reserve\n", r.Point, r.LeadDemand, r.SafetyStock)
	// Output: order at 577: 400 for the lead time and 177 in reserve
}

func ExampleEOQ() {
	l, err := supply.EOQ(supply.LotOptions{Demand: 1300, Order: 8, Holding: 0.225})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.0f units for %.2f a year\n", l.Quantity, l.Cost)
	// Output: 304 units for 68.41 a year
}

func ExampleEOQDiscount() {
	l, err := supply.EOQDiscount(supply.DiscountOptions{
		Demand: 1000, Order: 200, Holding: 0.2,
		Breaks: []supply.Break{{From: 0, Price: 500}, {From: 200, Price: 475}, {From: 500, Price: 450}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.0f units at %.0f\n", l.Quantity, l.Price)
	// Output: 500 units at 450
}

func ExampleNewsvendor() {
	demand, err := supply.NormalDemand(50, 8)
	if err != nil {
		panic(err)
	}
	s, err := supply.Newsvendor(demand, 0.18, 0.70)
	if err != nil {
		panic(err)
	}
	fmt.Printf("stock %.1f, expected cost %.2f\n", s.Quantity, s.Cost)
	// Output: stock 56.6, expected cost 2.00
}

func ExampleOrderPolicy() {
	p, err := supply.OrderPolicy(supply.PolicyOptions{Demand: 1.5, Lead: 2, Order: 100, Holding: 20, Backorder: 150, Model: supply.Poisson})
	if err != nil {
		panic(err)
	}
	fmt.Printf("at %.0f order %.0f, cost %.2f; cycle service %.2f, fill rate %.2f\n", p.Point, p.Quantity, p.Cost, p.CycleService, p.FillRate)
	// Output: at 3 order 5, cost 107.92; cycle service 0.65, fill rate 0.87
}

func ExampleABC() {
	items, err := supply.ABC([]string{"mug", "tea", "jam"}, []float64{15, 80, 5}, supply.ABCOptions{})
	if err != nil {
		panic(err)
	}
	for _, it := range items {
		fmt.Printf("%s %c ", it.ID, it.Class)
	}
	fmt.Println()
	// Output: tea A mug B jam C
}

func ExampleXYZ() {
	class, cv, err := supply.XYZ([]float64{10, 11, 9, 10}, supply.XYZOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%c %.2f\n", class, cv)
	// Output: X 0.08
}

func ExamplePlan() {
	plan, err := supply.Plan([]supply.Stock[string]{
		{ID: "tea", Forecast: []float64{20, 20, 60}, SD: 5, OnHand: 45, Lead: 2, Multiple: 12},
		{ID: "mug", Forecast: []float64{6}, SD: 2, OnHand: 40, Lead: 2},
	}, supply.PlanOptions{CycleService: 0.98})
	if err != nil {
		panic(err)
	}
	for _, l := range plan.Orders() {
		fmt.Printf("order %.0f %s\n", l.Quantity, l.ID)
	}
	fmt.Println("recommend", plan.Deliverable(0.05), "but do not push", plan.AtRisk(0.2))
	// Output:
	// order 84 tea
	// recommend [mug tea] but do not push [tea]
}

package supply_test

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/supply"
)

// A service desk that is open from nine to five on days of business.
func ExampleNewHours() {
	var days *supply.Business // immutable: share one
	var open *supply.Hours
	days, err := supply.NewBusiness(supply.BusinessOptions{Holidays: map[string][]supply.Date{"New Year": {{Year: 2025, Month: 1, Day: 1}}}})
	check(err)
	open, err = supply.NewHours(supply.HoursOptions{Business: days, Shifts: []supply.Shift{{From: 9 * time.Hour, To: 17 * time.Hour}}})
	check(err)
	desk, err := supply.NewService(supply.ServiceOptions{AsOf: date(2, 1), Hours: open})
	check(err)
	opened := time.Date(2024, 12, 31, 16, 0, 0, 0, time.UTC)
	check(desk.AddTicket(supply.Ticket{Opened: opened, Replied: date(1, 2).Add(10 * time.Hour)}))
	r, err := desk.Result()
	check(err)
	fmt.Println(r.FirstResponse.Max, "of", date(1, 2).Add(10*time.Hour).Sub(opened))
	// Output: 2h0m0s of 42h0m0s
}

// How fast a range is renewed, month by month.
func ExampleAssortment_Renewal() {
	var offered supply.Assortment[string]
	for sku, listed := range map[string]time.Time{"tea": date(1, 5), "mug": date(1, 5), "jam": date(2, 1), "pot": date(2, 15)} {
		check(offered.AddProduct(sku, "kitchen", listed))
	}
	check(offered.Delist("mug", date(2, 20)))
	months, err := offered.Renewal([]time.Time{date(1, 1), date(2, 1), date(3, 1)})
	check(err)
	for _, m := range months {
		fmt.Printf("%s: %d new, %d gone, %.0f %% of %d, something new every %.0f days\n", m.Start.Format("January"), m.New, m.Gone, 100*m.Share.OrNaN(), m.Products, m.Interval.Hours()/24)
	}
	// Output:
	// January: 2 new, 0 gone, 100 % of 2, something new every 31 days
	// February: 2 new, 1 gone, 67 % of 3, something new every 14 days
}

// What stock costs to keep: interest, risk and a shelf.
func ExampleCarryingCost() {
	v, err := supply.NewInventory[string](supply.InventoryOptions{From: date(1, 1), To: date(1, 1).AddDate(0, 0, 73), CapitalRate: .08, RiskRate: .05, SpaceRate: 500})
	check(err)
	check(v.AddLevel("sofa", date(1, 1), date(4, 1), 10, 400_000))
	check(v.AddSpace("sofa", 2)) // square metres
	r, err := v.Result()
	check(err)
	var c supply.CarryingCost = r.Total.Carrying
	fmt.Printf("%.0f + %.0f + %.0f = %.0f, %.1f %% a year\n", c.Capital, c.Space, c.Risk, c.Total, 100*c.Rate.OrNaN())
	// Output: 6400 + 2000 + 4000 = 12400, 15.5 % a year
}

// Milk that expires before it is sold, and which carton leaves first.
func ExampleExpiry() {
	e, err := supply.NewExpiry[string](supply.ExpiryOptions{AsOf: date(3, 1), Soon: []time.Duration{7 * 24 * time.Hour}})
	check(err)
	check(e.Add("milk", supply.Lot{Expires: date(3, 5), Units: 20, Value: 1800}))
	check(e.Add("milk", supply.Lot{Expires: date(3, 20), Units: 30, Value: 2700}))
	check(e.Add("milk", supply.Lot{Expires: date(2, 27), Units: 2, Value: 180}))
	check(e.AddDemand("milk", 3))
	var r supply.ExpiryResult[string]
	r, err = e.Result()
	check(err)
	var f supply.ExpiryFigures = r.Total
	fmt.Printf("expired %d (%d), within a week %d, at risk %.0f (%.0f)\n", f.Expired, f.ExpiredValue, f.Soon[0], f.AtRisk, f.AtRiskValue)
	lots, _, err := e.Pick(nil, "milk", 25)
	check(err)
	for _, l := range lots {
		fmt.Println("pick", l.Units, "of", l.Expires.Format("2 January"))
	}
	// Output:
	// expired 2 (180), within a week 20, at risk 8 (720)
	// pick 20 of 5 March
	// pick 5 of 20 March
}

// What an order costs beyond its goods, and what its way emits.
func ExampleCostToServe() {
	c, err := supply.NewCostToServe(supply.CostToServeOptions{Currency: "EUR", Factors: map[string]float64{"truck": 95, "van": 800}})
	check(err)
	check(c.AddOrders(2, 8000))
	check(c.AddCost("freight", 900))
	check(c.AddCost("picking", 300))
	check(c.AddParcel([]supply.Leg{{Mode: "truck", Meters: 400_000, Grams: 2_000}, {Mode: "van", Meters: 20_000, Grams: 2_000}}))
	var r supply.CostToServeResult
	r, err = c.Result()
	check(err)
	var dearest supply.CostPart = r.Costs[0]
	var first supply.ModeEmissions = r.Modes[0]
	fmt.Printf("%.0f an order, %s %.0f; %.0f g CO2 a parcel, %.0f of them by %s\n", r.PerOrder.OrNaN(), dearest.Name, dearest.PerOrder.OrNaN(), r.EmissionPerParcel.OrNaN(), first.Grams, first.Mode)
	// Output: 600 an order, freight 450; 108 g CO2 a parcel, 76 of them by truck
}

// What buyers of a coat complain about: a word that good reviews have as well is no complaint.
func ExampleComplaints() {
	var c supply.Complaints[string]
	for range 20 {
		check(c.Add("coat", true, []string{"coat", "seam", "torn"}))
		check(c.Add("coat", true, []string{"coat", "late"}))
		check(c.Add("coat", false, []string{"coat", "warm"}))
		check(c.Add("coat", false, []string{"coat", "late"}))
		check(c.Add("coat", false, []string{"coat", "soft", "seam"}))
	}
	var terms []supply.ComplaintTerm
	terms, err := c.Terms("coat", supply.ComplaintOptions{})
	check(err)
	for _, t := range terms {
		if t.Adjusted <= .05 {
			fmt.Printf("%s: in %.0f of %.0f complaints, lift at least %.1f\n", t.Term, t.Complaints.Num, t.Complaints.Den, t.Low)
		}
	}
	// Output: torn: in 20 of 40 complaints, lift at least 9.3
}

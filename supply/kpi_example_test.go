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

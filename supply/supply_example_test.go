package supply_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aislekit/aisle/supply"
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

// The program of the package's documentation.
func Example() {
	january := date(1, 1)
	from, to := date(1, 17), date(1, 20)
	sales := []struct {
		Product string
		At      time.Time
		Units   float64
	}{{"tea", date(1, 3), 20}, {"mug", date(1, 4), 6}, {"tea", date(1, 9), 22}, {"tea", date(1, 16), 12}, {"mug", date(1, 18), 9}}

	demand, err := supply.NewDemand[string](supply.DemandOptions{Start: january, Period: 7 * 24 * time.Hour})
	check(err)
	for _, s := range sales { // the caller's loop over orders
		check(demand.Add(s.Product, s.At, s.Units))
	}
	check(demand.AddStockOut("tea", from, to)) // nobody could buy it then
	for _, id := range demand.IDs() {
		series, err := demand.Series(id, supply.Scale)
		check(err)
		mean, sd, n, err := series.Moments()
		check(err)
		fmt.Printf("%s %.1f ± %.1f a week over %d weeks\n", id, mean, sd, n)
	}
	// Output:
	// mug 5.0 ± 4.6 a week over 3 weeks
	// tea 21.0 ± 1.0 a week over 3 weeks
}

// Days, weeks and months of a business zone, whatever its clocks do.
func ExampleStep() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	check(err)
	d, err := supply.NewDemand[string](supply.DemandOptions{Start: time.Date(2025, 2, 10, 0, 0, 0, 0, berlin), Step: supply.StepMonth, Location: berlin})
	check(err)
	check(d.Add("tea", time.Date(2025, 2, 28, 23, 59, 0, 0, berlin), 5))
	check(d.Add("tea", time.Date(2025, 3, 31, 23, 59, 0, 0, berlin), 7)) // in UTC another hour than a month before
	s, err := d.Series("tea", supply.Scale)
	check(err)
	for i, units := range s.Units {
		fmt.Println(d.PeriodStart(s.First+i).In(berlin).Format("January"), units)
	}
	fmt.Println("the last:", s.Tail(1).Units)
	// Output:
	// February 5
	// March 7
	// the last: [7]
}

// What goes to the log names the field; the value is there for those who may see it.
func ExampleFieldError() {
	s, err := supply.NewService(supply.ServiceOptions{AsOf: date(3, 31)})
	check(err)
	err = s.AddTicket(supply.Ticket{Opened: date(4, 2)})
	fmt.Println(err)
	var f *supply.FieldError
	if errors.As(err, &f) {
		fmt.Println(f.Field, f.Value)
	}
	// Output:
	// supply: Service.AddTicket: Opened: after AsOf (2025-03-31T00:00:00Z): value out of range
	// Opened 2025-04-02T00:00:00Z
}

func ExampleAssortment() {
	a, err := supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"kitchen", "garden"}})
	check(err)
	for _, p := range []struct {
		id    string
		sales float64
		out   int // days of March out of stock
	}{{"green tea", 60, 0}, {"black tea", 30, 3}, {"mug", 10, 15}} {
		listed := date(3, 1)
		check(a.AddProduct(p.id, "kitchen", listed))
		back := listed.AddDate(0, 0, p.out)
		check(a.AddStock(p.id, listed, back, false))
		check(a.AddStock(p.id, back, date(3, 31), true))
		check(a.AddSales(p.id, p.sales))
	}
	r, err := a.Result(date(3, 31))
	check(err)
	fmt.Printf("%v of %v planned categories can be bought\n", r.CategoryCoverage.Num, r.CategoryCoverage.Den)
	fmt.Printf("%d products sell like %.2f equal ones, in stock %.0f %% of the time\n", r.Products, r.Effective, 100*r.InStockRate.OrNaN())
	// Output:
	// 1 of 2 planned categories can be bought
	// 3 products sell like 2.45 equal ones, in stock 80 % of the time
}

func ExampleFulfilment() {
	f, err := supply.NewFulfilment(supply.FulfilmentOptions{AsOf: date(3, 31), Perfect: supply.OnTime | supply.InFull})
	check(err)
	for _, d := range []supply.Delivery{
		{Placed: date(3, 1), Shipped: date(3, 2), Delivered: date(3, 4), Promised: date(3, 5), Ordered: 3, Received: 3, Undamaged: supply.Pass},
		{Placed: date(3, 2), Shipped: date(3, 3), Delivered: date(3, 8), Promised: date(3, 6), Ordered: 1, Received: 1},
		{Placed: date(3, 9), Shipped: date(3, 10), Promised: date(3, 13), Ordered: 2}, // lost
		{Placed: date(3, 30), Promised: date(4, 3), Ordered: 2},                       // on its way
	} {
		check(f.Add(d))
	}
	r, err := f.Result()
	check(err)
	fmt.Printf("on time %v of %v, perfect %v of %v, median of delivery %.0f days\n",
		r.OnTime.Num, r.OnTime.Den, r.Perfect.Num, r.Perfect.Den, r.OrderToDelivery.P50.Hours()/24)
	// Output: on time 1 of 3, perfect 1 of 3, median of delivery 6 days
}

func ExampleService() {
	s, err := supply.NewService(supply.ServiceOptions{AsOf: date(3, 31)})
	check(err)
	opened := date(3, 1)
	check(s.AddTicket(supply.Ticket{Opened: opened, Replied: opened.Add(2 * time.Hour), Resolved: opened.Add(5 * time.Hour), Contacts: 1}))
	for _, score := range []int{10, 9, 9, 8, 3} {
		check(s.AddSurvey(supply.NPS, score))
	}
	check(s.AddSold(40, 75, 123_400)) // orders, units, cents
	check(s.AddReturn(supply.Return{Orders: 1, Units: 2, Value: 4_990, Reason: "too small"}))
	check(s.AddReturn(supply.Return{Orders: 1, Units: 1, Value: 1_500, Reason: "broken"}))
	r, err := s.Result()
	check(err)
	fmt.Printf("NPS %.0f ± %.0f, first contact %v of %v\n", r.NPS.Value, r.NPS.SE, r.FirstContact.Num, r.FirstContact.Den)
	for _, reason := range r.Reasons {
		fmt.Println(reason.Units, "came back:", reason.Name)
	}
	// Output:
	// NPS 40 ± 36, first contact 1 of 1
	// 2 came back: too small
	// 1 came back: broken
}

func ExampleInventory() {
	v, err := supply.NewInventory[string](supply.InventoryOptions{From: date(1, 1), To: date(1, 1).AddDate(0, 0, 365), Currency: "EUR"})
	check(err)
	check(v.AddLevel("tea", date(1, 1), date(12, 31).AddDate(0, 0, 1), 200, 100_000))
	check(v.AddSale("tea", date(6, 1), 1200, 900_000, 600_000))
	r, err := v.Result()
	check(err)
	fmt.Printf("turns %.1f times a year, %.0f days of supply, GMROI %.1f\n", r.Total.Turnover.OrNaN(), r.Total.DaysOfSupply.OrNaN(), r.Total.GMROI.OrNaN())
	// Output: turns 6.0 times a year, 61 days of supply, GMROI 3.0
}

func ExampleDemand() {
	d, err := supply.NewDemand[string](supply.DemandOptions{Start: date(1, 6), Period: 24 * time.Hour})
	check(err)
	for i, units := range []float64{8, 9, 4, 0, 9} {
		check(d.Add("tea", date(1, 6+i), units))
	}
	// Sold out from noon of the third day to the end of the fourth.
	check(d.AddStockOut("tea", date(1, 8).Add(12*time.Hour), date(1, 10)))
	s, err := d.Series("tea", supply.Scale)
	check(err)
	fmt.Printf("sold %v, wanted %.1f\n", s.Sold, s.Units)
	// Output: sold [8 9 4 0 9], wanted [8.0 9.0 8.0 8.6 9.0]
}

func ExampleRatio() {
	r := supply.Ratio{Num: 19, Den: 38}
	lo, hi, err := r.Interval(0.95)
	check(err)
	fmt.Printf("%.2f, 95 %% interval %.3f to %.3f\n", r.OrNaN(), lo, hi)
	// Output: 0.50, 95 % interval 0.348 to 0.652
}

func ExampleABC() {
	items, err := supply.ABC([]string{"mug", "tea", "jam"}, []float64{15, 80, 5}, supply.ABCOptions{})
	check(err)
	for _, it := range items {
		fmt.Printf("%s %c ", it.ID, it.Class)
	}
	fmt.Println()
	// Output: tea A mug B jam C
}

func ExampleXYZ() {
	class, cv, err := supply.XYZ([]float64{10, 11, 9, 10}, supply.XYZOptions{})
	check(err)
	fmt.Printf("%c %.2f\n", class, cv)
	// Output: X 0.08
}

// Sales that the shelf has cut short say less than what was wanted.
func ExampleUnconstrain() {
	// A week each of tea and jam; tea was gone on Saturday at noon, and all of Sunday.
	series := []supply.Series{
		{Sold: []float64{4, 5, 3, 6, 9, 7, 0}, Available: []float64{1, 1, 1, 1, 1, .5, 0}},
		{Sold: []float64{2, 3, 2, 3, 4, 6, 4}},
	}
	got, err := supply.Unconstrain(context.Background(), series, supply.UnconstrainOptions{})
	check(err)
	tea := got.Series[0]
	fmt.Printf("sold %.0f, wanted %.1f; a day %.1f (%.1f to %.1f)\n", 34., sum(tea.Units), tea.Mean, tea.Low, tea.High)
	// Output: sold 34, wanted 43.8; a day 6.3 (4.2 to 9.3)
}

func sum(xs []float64) float64 {
	total := 0.
	for _, x := range xs {
		total += x
	}
	return total
}

package supply_test

import (
	"testing"
	"time"

	"github.com/aislekit/aisle/supply"
)

// One record into each accumulator in steady state, the record made beforehand.
func BenchmarkAddOne(b *testing.B) {
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(30)}))
	cost := must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"van": 800, "truck": 95}}))
	plain := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	desk := must(supply.NewService(supply.ServiceOptions{AsOf: at(30), Hours: office(b)}))
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30)}))
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(30)}))
	var a supply.Assortment[string]
	var words supply.Complaints[string]
	legs, terms := []supply.Leg{{Mode: "van", Meters: 1000, Grams: 500}}, []string{"seam", "zip", "torn", "late"}
	ticket := supply.Ticket{Opened: at(1), Replied: at(2), Resolved: at(3), Contacts: 1}
	back := supply.Return{Sold: at(3), At: at(5), Units: 1, Reason: "size"}
	order := supply.Delivery{Placed: at(1), Shipped: at(2), Delivered: at(3), Promised: at(4), Region: "north", Ordered: 2, Received: 2, Undamaged: supply.Pass}
	lot := supply.Lot{Expires: at(40), Units: 1, Value: 2}
	for _, c := range []struct {
		name   string
		events int
		add    func() error
	}{
		{"Expiry.Add", 1, func() error { return e.Add("a", lot) }},
		{"CostToServe.AddCost", 1, func() error { return cost.AddCost("freight", 5) }},
		{"CostToServe.AddParcel", 1, func() error { return cost.AddParcel(legs) }},
		{"Complaints.Add/terms=4", 4, func() error { return words.Add("a", true, terms) }},
		{"Service.AddSoldAt", 1, func() error { return plain.AddSoldAt(t0, 1, 2, 300) }},
		{"Service.AddReturn", 1, func() error { return plain.AddReturn(back) }},
		{"Service.AddTicket", 1, func() error { return plain.AddTicket(ticket) }},
		{"Service.AddTicket/hours=office", 1, func() error { return desk.AddTicket(ticket) }},
		{"Fulfilment.Add", 1, func() error { return f.Add(order) }},
		{"Inventory.AddSale", 1, func() error { return v.AddSale("a", t0.Add(time.Hour), 1, 20, 10) }},
		{"Assortment.AddSales", 1, func() error { return a.AddSales("a", 2) }},
	} {
		b.Run("record="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.add(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.events)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
}

package supply_test

import (
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// Adding a record of a product that is known allocates nothing.
func TestAddAllocations(t *testing.T) {
	if testkit.Race {
		t.Skip("counts mean nothing under the race detector")
	}
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{}))
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{AsOf: at(30)}))
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(30)}))
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(30)}))
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: t0, Period: day}))
	ok(t, d.Add("a", at(29), 1), d.AddStockOut("a", at(28), at(29)))
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(30)}))
	cost := must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"van": 800}}))
	desk := must(supply.NewService(supply.ServiceOptions{AsOf: at(30), Hours: office(t)}))
	var words supply.Complaints[string]
	legs, terms := []supply.Leg{{Mode: "van", Meters: 1000, Grams: 500}}, []string{"seam", "zip"}
	order := supply.Delivery{Placed: at(1), Shipped: at(2), Delivered: at(3), Promised: at(4), Region: "north", Ordered: 2, Received: 2, Undamaged: supply.Pass}
	for _, c := range []struct {
		name string
		add  func() error
	}{
		{"Assortment.AddProduct", func() error { return a.AddProduct("a", "tea", at(1)) }},
		{"Assortment.AddStock", func() error { return a.AddStock("a", at(1), at(2), true) }},
		{"Assortment.AddSales", func() error { return a.AddSales("a", 2) }},
		{"Fulfilment.Add", func() error { return f.Add(order) }},
		{"Expiry.Add", func() error { return e.Add("a", supply.Lot{Expires: at(40), Units: 1, Value: 2}) }},
		{"Expiry.AddDemand", func() error { return e.AddDemand("a", 1) }},
		{"CostToServe.AddOrders", func() error { return cost.AddOrders(1, 500) }},
		{"CostToServe.AddCost", func() error { return cost.AddCost("freight", 5) }},
		{"CostToServe.AddParcel", func() error { return cost.AddParcel(legs) }},
		{"Complaints.Add", func() error { return words.Add("a", true, terms) }},
		{"Service.AddSoldAt", func() error { return s.AddSoldAt(at(3), 1, 2, 300) }},
		{"Service.AddReturn of a sale", func() error { return s.AddReturn(supply.Return{Sold: at(3), At: at(5), Units: 1, Reason: "size"}) }},
		{"Service.AddTicket by hours", func() error { return desk.AddTicket(supply.Ticket{Opened: at(1), Replied: at(2)}) }},
		{"Service.AddTicket", func() error {
			return s.AddTicket(supply.Ticket{Opened: at(1), Replied: at(2), Resolved: at(3), Contacts: 1})
		}},
		{"Service.AddSurvey", func() error { return s.AddSurvey(supply.NPS, 9) }},
		{"Service.AddReturn", func() error { return s.AddReturn(supply.Return{Units: 1, Reason: "size"}) }},
		{"Inventory.AddLevel", func() error { return v.AddLevel("a", at(1), at(2), 3, 30) }},
		{"Inventory.AddSale", func() error { return v.AddSale("a", at(1), 1, 20, 10) }},
		{"Inventory.AddReceipt", func() error { return v.AddReceipt("a", at(1), 1) }},
		{"Demand.Add", func() error { return d.Add("a", at(5), 1) }},
		{"Demand.AddStockOut", func() error { return d.AddStockOut("a", at(3), at(5)) }},
	} {
		ok(t, c.add())
		if n := testing.AllocsPerRun(100, func() { ok(t, c.add()) }); n != 0 {
			t.Errorf("%s allocates %v times", c.name, n)
		}
	}
}

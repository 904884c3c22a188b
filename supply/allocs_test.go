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
	order := supply.Delivery{Placed: at(1), Shipped: at(2), Delivered: at(3), Promised: at(4), Region: "north", Ordered: 2, Received: 2, Undamaged: supply.Pass}
	for _, c := range []struct {
		name string
		add  func() error
	}{
		{"Assortment.AddProduct", func() error { return a.AddProduct("a", "tea", at(1)) }},
		{"Assortment.AddStock", func() error { return a.AddStock("a", at(1), at(2), true) }},
		{"Assortment.AddSales", func() error { return a.AddSales("a", 2) }},
		{"Fulfilment.Add", func() error { return f.Add(order) }},
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

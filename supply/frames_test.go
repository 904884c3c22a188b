package supply_test

import (
	"encoding"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// The golden frame of each accumulator, with every field in use.
func TestFrames(t *testing.T) {
	testkit.Frames(t, "supply", []testkit.Frame{
		{Kind: codec.KindAssortment, Fill: filledAssortment, Values: func(t testing.TB, s any) any {
			r := must(s.(*supply.Assortment[string]).Result(at(60)))
			var values map[string]any
			ok(t, json.Unmarshal(must(json.Marshal(r)), &values))
			if r.Delisted == 0 { // version 1 does not know of them
				delete(values, "Delisted")
				delete(values, "StockUnknown")
			}
			return values
		}, Zero: []string{".skus[value].hasUntil: version 1 has no delisting", ".skus[value].until: nor its time"}},
		{Kind: codec.KindFulfilment, Fill: filledFulfilment, Values: func(t testing.TB, s any) any {
			return must(s.(*supply.Fulfilment).Result())
		}, Zero: []string{".opt.Hours: version 1 has none"}},
		{Kind: codec.KindService, Fill: filledService, Values: func(t testing.TB, s any) any {
			r := must(s.(*supply.Service).Result())
			old := math.IsNaN(r.ExpectedByOrder)
			if old {
				r.ExpectedByOrder, r.ExpectedByUnit, r.ExpectedByValue = 0, 0, 0
			}
			var values map[string]any
			ok(t, json.Unmarshal(must(json.Marshal(r)), &values))
			if old { // version 1 does not know of them
				for _, field := range []string{"AgedBacklog", "ExpectedByOrder", "ExpectedByUnit", "ExpectedByValue", "WindowOpen"} {
					delete(values, field)
				}
				for _, reason := range values["Reasons"].([]any) {
					delete(reason.(map[string]any), "Orders")
					delete(reason.(map[string]any), "Value")
				}
			}
			return values
		}, Zero: []string{
			".backlog.open: the age of a ticket is always known", ".backlog.m: its count", ".aged[]: version 1 has no classes", ".opt.Hours: nor a clock of business",
			".sales: nor the time of a sale", ".sales.open: nor that", ".sales.done: nor returns by day",
		}},
		{Kind: codec.KindInventory, Fill: filledInventory, Values: func(t testing.TB, s any) any {
			r := must(s.(*supply.Inventory[string]).Result())
			var values map[string]any
			ok(t, json.Unmarshal(must(json.Marshal(r)), &values))
			if r.Total.Carrying.Total == 0 { // version 1 has no rates
				delete(values["Total"].(map[string]any), "Carrying")
				for _, p := range values["Products"].([]any) {
					delete(p.(map[string]any), "Carrying")
				}
			}
			return values
		}, Zero: []string{".opt.CapitalRate: version 1 has no rates", ".opt.RiskRate: none", ".opt.SpaceRate: none", ".skus[value].space: nor space"}},
		{Kind: codec.KindExpiry, Fill: filledExpiry, Values: func(t testing.TB, s any) any {
			return must(s.(*supply.Expiry[string]).Result())
		}},
		{Kind: codec.KindCostToServe, Fill: filledCostToServe, Values: func(t testing.TB, s any) any {
			return must(s.(*supply.CostToServe).Result())
		}},
		{Kind: codec.KindComplaints, Fill: filledComplaints, Values: func(t testing.TB, s any) any {
			return must(s.(*supply.Complaints[string]).Terms("coat", supply.ComplaintOptions{}))
		}, Zero: []string{".serial: of the text being read", ".products[value].terms[value].last: of the last text"}},
		{Kind: codec.KindDemand, Fill: filledDemand, Values: func(t testing.TB, s any) any {
			d := s.(*supply.Demand[string])
			out := map[string]any{"IDs": d.IDs(), "Periods": d.Periods()}
			for _, id := range d.IDs() {
				out[id] = must(d.Series(id, supply.Scale))
			}
			return out
		}, Zero: []string{".opt.Step: fixed, or Period would be 0", ".opt.Location: of a calendar", ".opt.SundayWeeks: of its weeks"}},
	})
}

func filledAssortment(t testing.TB) encoding.BinaryMarshaler {
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"tea", "jam", "bread"}, NewWithin: 45 * day, StockAge: 29 * day}))
	ok(t,
		a.AddProduct("earl grey", "tea", at(3)), a.AddProduct("assam", "tea", at(40)), a.AddProduct("plum", "jam", at(12)),
		a.AddStock("earl grey", at(3), at(30), true), a.AddStock("earl grey", at(30), at(36), false), a.AddStock("assam", at(40), at(55), true),
		a.AddStock("plum", at(12), at(20), true), a.AddStock("plum", at(20), at(50), false),
		a.AddSales("earl grey", 31.5), a.AddSales("assam", 12), a.AddSales("plum", 7), a.AddForecast("earl grey", 40), a.AddForecast("plum", 22.25),
		a.AddProduct("quince", "jam", at(1)), a.AddProduct("quince", "jam", at(9)), a.Delist("quince", at(44)), a.AddProduct("rye", "bread", at(2)), a.Delist("plum", at(70)))
	return a
}

func filledFulfilment(t testing.TB) encoding.BinaryMarshaler {
	f := must(supply.NewFulfilment(supply.FulfilmentOptions{
		AsOf: at(30), Grace: 6 * time.Hour, Hours: office(t), Perfect: supply.OnTime | supply.InFull | supply.Documented,
		Targets: map[string]float64{"north": 3, "south": 1.5, "west": 2},
	}))
	for _, d := range []supply.Delivery{
		{Placed: at(1), Shipped: at(2), Delivered: at(4), Promised: at(4), Region: "north", Ordered: 3, Received: 3, Lines: 2, LinesInFull: 2, RightAddress: supply.Pass, Undamaged: supply.Pass, Documented: supply.Pass},
		{Placed: at(2), Shipped: at(5), Delivered: at(9), Promised: at(6), Region: "south", Ordered: 4, Received: 5, Lines: 3, LinesInFull: 1, RightAddress: supply.Fail, Undamaged: supply.Fail, Documented: supply.Fail},
		{Placed: at(3), Shipped: at(4), Delivered: at(5), Region: "north", Ordered: 2, Received: 1},
		{Placed: at(6), Shipped: at(7), Delivered: at(8), Promised: at(9), Region: "north"},
		{Placed: at(10), Shipped: at(11), Promised: at(14)},
		{Placed: at(20), Promised: at(40)},
		{Placed: at(29), Promised: at(33)},
		{Placed: at(12), Shipped: at(12), Delivered: at(12), Promised: at(15)}, // at once
		{Placed: at(28), Shipped: at(30), Promised: at(34)},
		{Placed: at(30), Promised: at(36)}, // open for no time yet
		{Placed: at(8), Cancelled: true},
	} {
		ok(t, f.Add(d))
	}
	return f
}

func filledService(t testing.TB) encoding.BinaryMarshaler {
	s := must(supply.NewService(supply.ServiceOptions{AsOf: at(30), ReopenWindow: 5 * day, Hours: office(t), Ages: []time.Duration{4 * time.Hour, 2 * day}, ReturnWindow: 9 * day}))
	for _, k := range []supply.Ticket{
		{Opened: at(1), Replied: at(1.5), Resolved: at(2), Contacts: 1},
		{Opened: at(2), Replied: at(2.25), Resolved: at(6), Reopened: at(7), Contacts: 3},
		{Opened: at(20), Replied: at(21), Resolved: at(28)},
		{Opened: at(24), Replied: at(24.125)},
		{Opened: at(29)},
		{Opened: at(9), Replied: at(9), Resolved: at(9), Contacts: 1}, // at once
		{Opened: at(30)}, // open for no time yet
	} {
		ok(t, s.AddTicket(k))
	}
	for kind, answers := range [][]int{{1, 4, 5, 5}, {0, 3, 6, 7, 8, 9, 10}, {2, 6, 7}} {
		for _, v := range answers {
			ok(t, s.AddSurvey(supply.Survey(kind), v))
		}
		ok(t, s.AddInvited(supply.Survey(kind), int64(9+kind)))
	}
	ok(t, s.AddTicket(supply.Ticket{Opened: at(3)}), s.AddSoldAt(at(2), 4, 7, 9_000), s.AddSoldAt(at(26), 2, 3, 5_000), s.AddReturn(supply.Return{Sold: at(2), At: at(5), Orders: 1, Units: 2, Value: 900, Reason: "broken"}))
	ok(t, s.AddSold(40, 75, 123_400), s.AddReturn(supply.Return{Orders: 1, Units: 2, Value: 4_990, Reason: "too small"}),
		s.AddReturn(supply.Return{Units: 1, Value: 1_500, Reason: "broken"}))
	return s
}

func filledInventory(t testing.TB) encoding.BinaryMarshaler {
	v := must(supply.NewInventory[string](supply.InventoryOptions{
		From: at(0), To: at(90), DeadAfter: 50 * day, Ages: []time.Duration{20 * day, 45 * day}, Currency: "EUR", CapitalRate: .08, RiskRate: .03, SpaceRate: 120,
	}))
	ok(t,
		v.AddSpace("a", .25), v.AddSpace("b", 2), v.AddReceipt("a", at(-20), 30), v.AddReceipt("a", at(10), 50), v.AddReceipt("b", at(5), 12),
		v.AddLevel("a", at(0), at(40), 60, 30_000), v.AddLevel("a", at(40), at(90), 25, 12_500), v.AddLevel("b", at(5), at(90), 12, 2_400),
		v.AddSale("a", at(15), 20, 19_980, 10_000), v.AddSale("a", at(70), 35, 33_000, 17_500), v.AddSale("b", at(6), 1, 390, 200))
	return v
}

func filledDemand(t testing.TB) encoding.BinaryMarshaler {
	d := must(supply.NewDemand[string](supply.DemandOptions{Start: at(0), Period: 10 * day}))
	ok(t,
		d.Add("a", at(1), 4), d.Add("a", at(14), 6.5), d.Add("a", at(31), 2), d.AddStockOut("a", at(16), at(24)),
		d.Add("b", at(22), 3), d.AddProduct("b", at(18)), d.AddStockOut("b", at(35), at(39)), d.Extend(5))
	return d
}

// office is open from Monday to Friday but for a holiday, and on one Saturday.
func office(t testing.TB) *supply.Hours {
	b := must(supply.NewBusiness(supply.BusinessOptions{Holidays: map[string][]supply.Date{"carnival": {{Year: 2025, Month: 3, Day: 4}}}, Workdays: []supply.Date{{Year: 2025, Month: 3, Day: 8}}}))
	return must(supply.NewHours(supply.HoursOptions{Business: b, Shifts: []supply.Shift{{From: 9 * time.Hour, To: 17 * time.Hour}}, On: map[time.Weekday][]supply.Shift{time.Friday: {{From: 9 * time.Hour, To: 12 * time.Hour}}}}))
}

func filledExpiry(t testing.TB) encoding.BinaryMarshaler {
	e := must(supply.NewExpiry[string](supply.ExpiryOptions{AsOf: at(10), Soon: []time.Duration{5 * day, 20 * day}, Currency: "EUR"}))
	ok(t, e.Add("milk", supply.Lot{Expires: at(9), Units: 4, Value: 400}), e.Add("milk", supply.Lot{Expires: at(14), Units: 10, Value: 950}),
		e.Add("rice", supply.Lot{Expires: at(90), Units: 7, Value: 70}), e.AddDemand("milk", 1.25))
	return e
}

func filledCostToServe(t testing.TB) encoding.BinaryMarshaler {
	c := must(supply.NewCostToServe(supply.CostToServeOptions{Currency: "EUR", Factors: map[string]float64{"van": 800, "truck": 96.5}}))
	ok(t, c.AddOrders(12, 99_000), c.AddCost("picking", 1_100), c.AddCost("freight", 3_300),
		c.AddParcel([]supply.Leg{{Mode: "truck", Meters: 400_000, Grams: 2_500}, {Mode: "van", Meters: 12_000, Grams: 2_500}}))
	for range 3 { // more gram metres than 64 bits hold
		ok(t, c.AddParcel([]supply.Leg{{Mode: "truck", Meters: 1e9, Grams: 1e12}, {Mode: "van", Meters: 1e9, Grams: 1e12}}))
	}
	return c
}

func filledComplaints(t testing.TB) encoding.BinaryMarshaler {
	c := &supply.Complaints[string]{}
	for i := range 12 {
		terms := []string{"seam"}
		if i%3 > 0 {
			terms = append(terms, "zip", "soft")
		}
		if i > 8 {
			terms = nil
		}
		ok(t, c.Add("coat", i%4 > 0 && i < 9, terms), c.Add("hat", i%2 > 0, []string{"band"}))
	}
	return c
}

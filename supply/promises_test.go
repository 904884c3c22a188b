package supply_test

import (
	"context"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPromises(t *testing.T) {
	demand := func() *supply.Demand[string] { return filledDemand(t).(*supply.Demand[string]) }
	delivery := supply.Delivery{
		Placed: at(1), Shipped: at(2), Delivered: at(4), Promised: at(4), Region: "north", Ordered: 3, Received: 3, Lines: 2, LinesInFull: 1,
		RightAddress: supply.Pass, Undamaged: supply.Fail, Documented: supply.Pass,
	}
	ticket := supply.Ticket{Opened: at(1), Replied: at(1.5), Resolved: at(2), Reopened: at(3), Contacts: 1}
	testkit.Promises{
		Funcs: map[string]any{
			"ABC": supply.ABC[string], "NewAssortment": supply.NewAssortment[string], "NewDemand": supply.NewDemand[string],
			"NewFulfilment": supply.NewFulfilment, "NewInventory": supply.NewInventory[string], "NewService": supply.NewService, "NewBusiness": supply.NewBusiness, "NewHours": supply.NewHours, "NewExpiry": supply.NewExpiry[string], "NewCostToServe": supply.NewCostToServe, "Unconstrain": supply.Unconstrain, "XYZ": supply.XYZ,
		},
		Types: []func() any{
			func() any { return filledAssortment(t) },
			func() any { return demand() },
			func() any { return filledFulfilment(t) },
			func() any { return filledInventory(t) },
			func() any { return filledExpiry(t) },
			func() any { return filledCostToServe(t) },
			func() any { return filledComplaints(t) },
			func() any { return filledService(t) },
			func() any { s := must(demand().Series("a", supply.Scale)); return &s },
			func() any { s := supply.StepDay; return &s },
			func() any { return &supply.Ratio{Num: 3, Den: 8} },
		},
		Zero: []string{"Assortment", "Complaints", "Series", "Ratio", "Step"},
		Args: map[string]func() []any{
			"ABC": func() []any {
				return []any{[]string{"a", "b", "c"}, []float64{5, 3, 1}, supply.ABCOptions{A: .7, B: .9}}
			},
			"NewAssortment": func() []any {
				return []any{supply.AssortmentOptions{Categories: []string{"tea", "jam"}, NewWithin: day, StockAge: day}}
			},
			"NewDemand": func() []any {
				return []any{supply.DemandOptions{Start: at(0), Step: supply.StepWeek, Location: time.UTC, SundayWeeks: true}}
			},
			"NewFulfilment": func() []any {
				return []any{supply.FulfilmentOptions{AsOf: at(30), Grace: time.Hour, Perfect: supply.OnTime, Targets: map[string]float64{"north": 3}}}
			},
			"NewInventory": func() []any {
				return []any{supply.InventoryOptions{From: at(0), To: at(90), DeadAfter: day, Ages: []time.Duration{day, 2 * day}, Currency: "EUR"}}
			},
			"NewService": func() []any { return []any{supply.ServiceOptions{AsOf: at(30), ReopenWindow: day}} },
			"Unconstrain": func() []any {
				return []any{
					context.Background(),
					[]supply.Series{{Sold: []float64{1, 2, 0, 4}, Available: []float64{1, .5, 1, 1}}},
					supply.UnconstrainOptions{Season: 2, Promoted: [][]bool{{true, false, false, true}}, Level: .9, MaxIter: 50, Workers: 1},
				}
			},
			"XYZ": func() []any { return []any{[]float64{1, 2, 4}, supply.XYZOptions{X: .4, Y: .9}} },

			"Assortment.AddProduct": func() []any { return []any{"earl grey", "tea", at(3)} },
			"Assortment.AddStock":   func() []any { return []any{"earl grey", at(3), at(5), true} },
			"Assortment.Delist":     func() []any { return []any{"earl grey", at(3)} },
			"Assortment.Result":     func() []any { return []any{at(60)} },
			"Demand.Add":            func() []any { return []any{"a", at(3), 1.5} },
			"Demand.AddProduct":     func() []any { return []any{"a", at(3)} },
			"Demand.AddStockOut":    func() []any { return []any{"a", at(3), at(4)} },
			"Demand.Series":         func() []any { return []any{"a", supply.Scale} },
			"Fulfilment.Add":        func() []any { return []any{delivery} },
			"Inventory.AddLevel":    func() []any { return []any{"a", at(3), at(5), int64(4), int64(100)} },
			"Inventory.AddReceipt":  func() []any { return []any{"a", at(3), int64(4)} },
			"Inventory.AddSale":     func() []any { return []any{"a", at(3), int64(4), int64(400), int64(100)} },
			"Inventory.AddSpace":    func() []any { return []any{"a", .5} },
			"Assortment.Renewal":    func() []any { return []any{[]time.Time{at(0), at(30), at(60)}} },
			"Ratio.Interval":        func() []any { return []any{.9} },
			"NewBusiness":           func() []any { return []any{supply.BusinessOptions{}} },
			"NewExpiry":             func() []any { return []any{supply.ExpiryOptions{AsOf: at(9), Soon: []time.Duration{1, 2}}} },
			"NewCostToServe":        func() []any { return []any{supply.CostToServeOptions{Factors: map[string]float64{"van": 1}}} },
			"Expiry.Add":            func() []any { return []any{"milk", supply.Lot{Expires: at(9), Units: 4, Value: 300}} },
			"Expiry.AddDemand":      func() []any { return []any{"milk", 1.5} },
			"Expiry.Pick":           func() []any { return []any{[]supply.Lot{{Expires: at(9), Units: 4, Value: 300}}, "milk", int64(3)} },
			"CostToServe.AddOrders": func() []any { return []any{int64(2), int64(300)} },
			"CostToServe.AddCost":   func() []any { return []any{"picking", int64(300)} },
			"CostToServe.AddParcel": func() []any { return []any{[]supply.Leg{{Mode: "van", Meters: 5, Grams: 6}}} },
			"Complaints.Add":        func() []any { return []any{"coat", true, []string{"seam", "zip"}} },
			"Complaints.Terms":      func() []any { return []any{"coat", supply.ComplaintOptions{Level: .9}} },
			"NewHours": func() []any {
				return []any{supply.HoursOptions{Shifts: []supply.Shift{{From: time.Hour, To: 2 * time.Hour}}}}
			},
			"Service.AddSoldAt": func() []any { return []any{at(3), int64(2), int64(3), int64(400)} },
			"Service.AddSurvey": func() []any { return []any{supply.NPS, 9} },
			"Service.AddReturn": func() []any {
				return []any{supply.Return{Sold: at(2), At: at(4), Orders: 1, Units: 2, Value: 300, Reason: "size"}}
			},
			"Service.AddTicket": func() []any { return []any{ticket} },
		},
		NaN: map[string]string{
			"Series.Tail":      "the numbers of the series, as they are",
			"Complaints.Terms": "a term of complaints only has a lift of +Inf",
			"Ratio.OrNaN":      "where Value is an error",
		},
	}.Check(t)
}

package supply_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

// Two orders, three parcels, by hand.
func TestCostToServe(t *testing.T) {
	c := must(supply.NewCostToServe(supply.CostToServeOptions{Currency: "EUR", Factors: map[string]float64{"van": 800, "truck": 100, "rail": 20}}))
	ok(t,
		c.AddOrders(2, 10_000), c.AddCost("picking", 300), c.AddCost("freight", 900), c.AddCost("returns", 300),
		c.AddParcel([]supply.Leg{{Mode: "truck", Meters: 500_000, Grams: 2_000}, {Mode: "van", Meters: 10_000, Grams: 2_000}}),
		c.AddParcel([]supply.Leg{{Mode: "truck", Meters: 200_000, Grams: 10_000}, {Mode: "truck", Meters: 100_000, Grams: 10_000}}),
		c.AddParcel(nil)) // fetched by its buyer
	r := must(c.Result())
	if r.Cost != 1500 || r.PerOrder != (supply.Ratio{Num: 1500, Den: 2}) || r.OfRevenue != (supply.Ratio{Num: 1500, Den: 10_000}) || r.Parcels != 3 {
		t.Errorf("%+v", r)
	}
	if r.Costs[0].Name != "freight" || r.Costs[1].Name != "picking" || r.Costs[2].Name != "returns" || r.Costs[0].PerOrder != (supply.Ratio{Num: 900, Den: 2}) {
		t.Errorf("parts %v", r.Costs)
	}
	// 1 + 3 tonne-kilometres by truck, .02 by van.
	testkit.Near(t, "emissions", r.Emissions, 4*100+.02*800, 1e-12)
	testkit.Near(t, "a parcel", r.EmissionPerParcel.OrNaN(), 416./3, 1e-12)
	testkit.Near(t, "an order", r.EmissionPerOrder.OrNaN(), 208, 1e-12)
	if len(r.Modes) != 2 || r.Modes[0].Mode != "truck" || r.Modes[0].Legs != 3 || r.Modes[0].TonneKm != 4 || r.Modes[0].OfWeight != (supply.Ratio{Num: 4, Den: 4.02}) {
		t.Errorf("modes %+v", r.Modes)
	}
}

// Sums of weight times distance keep every gram metre beyond 64 bits.
func TestCostToServeLarge(t *testing.T) {
	c := must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"ship": 1}}))
	whole := must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"ship": 1}}))
	ok(t, c.AddParcel([]supply.Leg{{Mode: "ship", Meters: 1e9, Grams: 1e12}}))
	for range 40 {
		copied := must(supply.NewCostToServe(supply.CostToServeOptions{}))
		ok(t, copied.UnmarshalBinary(must(c.MarshalBinary())), c.Merge(copied))
	}
	ok(t, whole.Merge(c))
	r := must(whole.Result())
	testkit.Near(t, "tonne-kilometres", r.Modes[0].TonneKm/(1e12*math.Exp2(40)), 1, 1e-15)
	for range 17 { // 2¹²⁸ gram metres are the end
		copied := must(supply.NewCostToServe(supply.CostToServeOptions{}))
		ok(t, copied.UnmarshalBinary(must(c.MarshalBinary())), c.Merge(copied))
	}
	before := string(must(c.MarshalBinary()))
	copied := must(supply.NewCostToServe(supply.CostToServeOptions{}))
	ok(t, copied.UnmarshalBinary([]byte(before)))
	var err error
	for range 3 {
		if err = c.Merge(copied); err != nil {
			break
		}
		before = string(must(c.MarshalBinary()))
	}
	if !errors.Is(err, supply.ErrOverflow) || string(must(c.MarshalBinary())) != before {
		t.Errorf("overflow: %v", err)
	}
}

func TestCostToServeBadInput(t *testing.T) {
	c := must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"van": 800}}))
	var zero supply.CostToServe
	bad := func(_ any, err error) error { return err }
	option := func(f float64) error {
		return bad(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"van": f}}))
	}
	before := string(must(c.MarshalBinary()))
	for _, x := range []struct {
		name string
		err  error
		want error
	}{
		{"nothing added", bad(c.Result()), supply.ErrEmpty},
		{"zero value", zero.AddCost("x", 1), supply.ErrEmpty},
		{"merge of a zero value", c.Merge(&zero), supply.ErrEmpty},
		{"orders", c.AddOrders(-1, 0), supply.ErrRange},
		{"revenue", c.AddOrders(0, -1), supply.ErrRange},
		{"cost", c.AddCost("x", -1), supply.ErrRange},
		{"mode", c.AddParcel([]supply.Leg{{Mode: "van"}, {Mode: "kite"}}), supply.ErrUnknownID},
		{"distance", c.AddParcel([]supply.Leg{{Mode: "van", Meters: -1}}), supply.ErrRange},
		{"too far", c.AddParcel([]supply.Leg{{Mode: "van", Meters: 1e9 + 1}}), supply.ErrRange},
		{"weight", c.AddParcel([]supply.Leg{{Mode: "van", Grams: -1}}), supply.ErrRange},
		{"too heavy", c.AddParcel([]supply.Leg{{Mode: "van", Grams: 1e12 + 1}}), supply.ErrRange},
		{"factor", option(-1), supply.ErrOption},
		{"factor NaN", option(math.NaN()), supply.ErrOption},
		{"factor Inf", option(math.Inf(1)), supply.ErrOption},
		{"currency", c.Merge(must(supply.NewCostToServe(supply.CostToServeOptions{Currency: "EUR", Factors: map[string]float64{"van": 800}}))), supply.ErrMismatch},
		{"factors", c.Merge(must(supply.NewCostToServe(supply.CostToServeOptions{Factors: map[string]float64{"van": 801}}))), supply.ErrMismatch},
	} {
		if !errors.Is(x.err, x.want) {
			t.Errorf("%s: %v", x.name, x.err)
		}
	}
	if string(must(c.MarshalBinary())) != before {
		t.Error("a refused record changed the state")
	}
	ok(t, c.AddCost("a", math.MaxInt64), c.AddOrders(math.MaxInt64, 0))
	if err := errors.Join(c.AddCost("a", 1), c.AddOrders(1, 0)); !errors.Is(err, supply.ErrOverflow) {
		t.Error(err)
	}
	ok(t, c.AddCost("b", 1))
	if _, err := c.Result(); !errors.Is(err, supply.ErrOverflow) {
		t.Error(err)
	}
	// Cost without an order has no cost an order.
	none := must(supply.NewCostToServe(supply.CostToServeOptions{}))
	ok(t, none.AddCost("rent", 5))
	if _, err := must(none.Result()).PerOrder.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error(err)
	}
}

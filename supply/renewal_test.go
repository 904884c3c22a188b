package supply_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aislekit/aisle/supply"
)

func TestRenewal(t *testing.T) {
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{}))
	ok(t,
		a.AddProduct("old", "", at(-20)), a.AddProduct("gone", "", at(-10)), a.Delist("gone", at(10)),
		a.AddProduct("brief", "", at(2)), a.Delist("brief", at(5)), // came and went within the first period
		a.AddProduct("new", "", at(2.5)), a.AddProduct("next", "", at(7)), // the bound is of the second
		a.AddProduct("back", "", at(1)), a.Delist("back", at(3)), a.AddProduct("back", "", at(6)),
		a.AddSales("unlisted", 5), a.AddProduct("later", "", at(50)))
	got := must(a.Renewal([]time.Time{at(0), at(7), at(14), at(21)}))
	for i, want := range []supply.Renewal{
		{New: 3, Gone: 1, Products: 4, Share: supply.Ratio{Num: 2, Den: 4}, Refreshes: 2, Interval: 84 * time.Hour, MeanAge: time.Duration((27 + 17 + 4.5 + 6) / 4 * float64(day))},
		{New: 1, Gone: 1, Products: 4, Share: supply.Ratio{Num: 1, Den: 4}, Refreshes: 1, Interval: 7 * day, MeanAge: time.Duration((34 + 11.5 + 7 + 13) / 4 * float64(day))},
		{Products: 4, Share: supply.Ratio{Num: 0, Den: 4}, Interval: supply.Beyond, MeanAge: time.Duration((41 + 18.5 + 14 + 20) / 4 * float64(day))},
	} {
		want.Start, want.End = at(float64(7*i)), at(float64(7*i+7))
		if got[i] != want {
			t.Errorf("period %d is %+v, want %+v", i, got[i], want)
		}
	}
	if r := must(a.Renewal([]time.Time{at(-40), at(-30)}))[0]; r.Products != 0 || r.MeanAge != supply.Beyond {
		t.Errorf("nothing yet: %+v", r)
	}
	if _, err := a.Renewal([]time.Time{at(2), at(2)}); !errors.Is(err, supply.ErrRange) {
		t.Error(err)
	}
	if _, err := a.Renewal([]time.Time{at(2)}); !errors.Is(err, supply.ErrEmpty) {
		t.Error(err)
	}
}

// What stock costs to keep, by hand: half a year of 100 units worth 20,000, then none.
func TestCarryingCost(t *testing.T) {
	year := supply.InventoryOptions{From: t0, To: at(365), CapitalRate: .08, RiskRate: .05, SpaceRate: 30}
	v := must(supply.NewInventory[string](year))
	ok(t, v.AddLevel("a", at(0), at(182.5), 100, 20_000), v.AddLevel("b", at(0), at(365), 10, 1_000), v.AddSpace("b", .5), v.AddSpace("b", .25))
	r := must(v.Result())
	near := func(name string, got, want float64) {
		t.Helper()
		if d := got - want; d > 1e-9 || d < -1e-9 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	a, b, all := r.Products[0].Carrying, r.Products[1].Carrying, r.Total.Carrying
	near("capital", a.Capital, 10_000*.08)
	near("risk", a.Risk, 10_000*.05)
	near("space, a unit each", a.Space, 50*30)
	near("space of half a unit", b.Space, 10*.5*30)
	near("total", all.Total, a.Total+b.Total)
	near("parts", all.Total, all.Capital+all.Space+all.Risk)
	near("rate", all.Rate.OrNaN(), all.Total/11_000)
	// Half a window costs half as much, and the rate a year is the same.
	year.To = at(182.5)
	h := must(supply.NewInventory[string](year))
	ok(t, h.AddLevel("a", at(0), at(182.5), 100, 20_000))
	c := must(h.Result()).Total.Carrying
	near("half a year", c.Total, a.Total)
	near("rate a year", c.Rate.OrNaN(), (.13*20_000+100*30)/20_000)
	for name, o := range map[string]supply.InventoryOptions{"capital": {CapitalRate: -1}, "risk": {RiskRate: -.1}, "space": {SpaceRate: -1}} {
		o.From, o.To = t0, at(3)
		if _, err := supply.NewInventory[string](o); !errors.Is(err, supply.ErrOption) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := v.AddSpace("a", -1); !errors.Is(err, supply.ErrRange) {
		t.Error(err)
	}
	if err := v.Merge(must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(365), CapitalRate: .09, RiskRate: .05, SpaceRate: 30}))); !errors.Is(err, supply.ErrMismatch) {
		t.Error(err)
	}
	// No stock, no rate.
	e := must(supply.NewInventory[string](year))
	ok(t, e.AddSale("a", at(1), 1, 2, 1))
	if _, err := must(e.Result()).Total.Carrying.Rate.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error(err)
	}
}

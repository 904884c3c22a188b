package supply_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestAssortment(t *testing.T) {
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"tea", "jam", "bread"}}))
	ok(t,
		a.AddProduct("a", "tea", at(0)), a.AddProduct("b", "tea", at(0)), a.AddProduct("c", "jam", at(80)),
		a.AddProduct("later", "bread", at(150)),
		a.AddStock("a", at(0), at(100), true),
		a.AddStock("b", at(0), at(50), true), a.AddStock("b", at(50), at(100), false),
		a.AddStock("c", at(80), at(90), false), a.AddStock("c", at(90), at(100), true),
		a.AddStock("later", at(150), at(160), true),
		a.AddSales("a", 50), a.AddSales("b", 50),
		a.AddForecast("a", 3), a.AddForecast("b", 1),
	)
	r := must(a.Result(at(100)))
	if r.Products != 3 || r.InStock != 2 {
		t.Errorf("%d products, %d in stock", r.Products, r.InStock)
	}
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"coverage", r.CategoryCoverage.OrNaN(), 2. / 3},
		{"effective", r.Effective, 2},
		{"in stock", r.InStockRate.OrNaN(), 160. / 220},
		{"weighted", r.WeightedInStock.OrNaN(), (3 + .5) / 4},
		{"new", r.New.OrNaN(), 1. / 3},
		{"age", r.MeanAge.Hours() / 24, 220. / 3},
		{"refresh", r.RefreshInterval.Hours() / 24, 80},
	} {
		testkit.Near(t, c.name, c.got, c.want, 1e-9)
	}
	if _, err := a.Result(at(-1)); !errors.Is(err, supply.ErrEmpty) {
		t.Errorf("before the first listing: %v", err)
	}
	// A single product is its own effective number; no sales leave it undefined.
	b := new(supply.Assortment[int])
	ok(t, b.AddProduct(1, "x", at(0)))
	if r := must(b.Result(at(1))); !math.IsNaN(r.Effective) || r.CategoryCoverage.Den != 0 || r.RefreshInterval != supply.Beyond {
		t.Errorf("without sales: %+v", r)
	}
	ok(t, b.AddSales(1, 3))
	if r := must(b.Result(at(1))); r.Effective != 1 {
		t.Errorf("one product: %v", r.Effective)
	}
}

// One product told of several times, in either order.
func TestAssortmentSameProduct(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		a := must(supply.NewAssortment[int](supply.AssortmentOptions{Categories: []string{"jam", "tea"}, StockAge: -1}))
		for _, i := range order {
			ok(t, a.AddProduct(1, []string{"tea", "", "jam"}[i], at([]float64{5, 40, 20}[i])))
			ok(t, a.AddStock(1, at(float64(40+i)), at(50), i == 1)) // all end together: in stock if any says so
		}
		r := must(a.Result(at(100)))
		if r.MeanAge != 95*day || r.InStock != 1 {
			t.Errorf("order %v: %+v", order, r)
		}
		// Of the categories the first in byte order counts, and the empty one not at all.
		if r.CategoryCoverage != (supply.Ratio{Num: 1, Den: 2}) {
			t.Errorf("order %v: coverage %v", order, r.CategoryCoverage)
		}
		b := must(supply.NewAssortment[int](supply.AssortmentOptions{Categories: []string{"jam"}}))
		ok(t, b.Merge(must(supply.NewAssortment[int](supply.AssortmentOptions{Categories: []string{"jam", "jam"}}))))
		for _, i := range order {
			ok(t, b.AddProduct(1, []string{"tea", "", "jam"}[i], at(1)), b.AddStock(1, at(1), at(2), true))
		}
		if r := must(b.Result(at(3))); r.CategoryCoverage != (supply.Ratio{Num: 1, Den: 1}) {
			t.Errorf("order %v: coverage of jam %v", order, r.CategoryCoverage)
		}
	}
}

func TestAssortmentEdges(t *testing.T) {
	old := time.Date(1969, 12, 31, 13, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		listed   []time.Time
		within   time.Duration
		asOf     time.Time
		products int
		fresh    supply.Ratio
		refresh  time.Duration
	}{
		{"exactly NewWithin ago is no longer new", []time.Time{at(0), at(1)}, 30 * day, at(30), 2, supply.Ratio{Num: 1, Den: 2}, day},
		{"the default is 30 days", []time.Time{at(0).Add(time.Second)}, 0, at(30), 1, supply.Ratio{Num: 1, Den: 1}, supply.Beyond},
		{"listed at the instant", []time.Time{at(30)}, 0, at(30), 1, supply.Ratio{Num: 1, Den: 1}, supply.Beyond},
		{"two on one day refresh once", []time.Time{at(0), at(.5), at(10)}, day, at(30), 3, supply.Ratio{Num: 0, Den: 3}, 10 * day},
		{"days before 1970 are days", []time.Time{old, old.Add(10 * time.Hour), old.Add(22 * time.Hour)}, day, at(0), 3, supply.Ratio{Num: 0, Den: 3}, day},
		{"three days, two steps", []time.Time{at(0), at(1), at(9)}, day, at(30), 3, supply.Ratio{Num: 0, Den: 3}, 108 * time.Hour},
	} {
		a := must(supply.NewAssortment[int](supply.AssortmentOptions{NewWithin: c.within}))
		for i, l := range c.listed {
			ok(t, a.AddProduct(i, "x", l))
		}
		r := must(a.Result(c.asOf))
		if r.Products != c.products || r.New != c.fresh || r.RefreshInterval != c.refresh {
			t.Errorf("%s: %d products, new %v, refreshed every %v", c.name, r.Products, r.New, r.RefreshInterval)
		}
	}
	// Never announced: listed, but neither new nor old.
	a := new(supply.Assortment[string])
	ok(t, a.AddStock("x", at(0), at(2), true), a.AddStock("x", at(2), at(3), false), a.AddSales("x", 2), a.AddSales("y", 2))
	r := must(a.Result(at(9)))
	if r.Products != 2 || r.InStock != 0 || r.New != (supply.Ratio{}) || r.MeanAge != supply.Beyond || r.InStockRate != (supply.Ratio{Num: 48, Den: 72}) {
		t.Errorf("%+v", r)
	}
	testkit.Near(t, "two alike", r.Effective, 2, 1e-12)
	if _, err := r.WeightedInStock.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error("weighted without a forecast is defined")
	}
	if _, err := a.Result(time.Time{}); !errors.Is(err, supply.ErrRange) {
		t.Errorf("as of the zero time: %v", err)
	}
	if _, err := new(supply.Assortment[string]).Result(at(1)); !errors.Is(err, supply.ErrEmpty) {
		t.Errorf("of nothing: %v", err)
	}
}

// Who is taken off is out of the range, unless listed again; what nobody has seen for long
// is not in stock.
func TestAssortmentDelisting(t *testing.T) {
	a := must(supply.NewAssortment[string](supply.AssortmentOptions{Categories: []string{"x"}}))
	ok(t, a.AddProduct("old", "x", at(-1000)), a.AddStock("old", at(-1000), at(-900), true))
	if r := must(a.Result(at(0))); r.Products != 1 || r.InStock != 0 || r.StockUnknown != 1 || r.CategoryCoverage != (supply.Ratio{Num: 0, Den: 1}) {
		t.Errorf("900 days after the last look: %+v", r)
	}
	for _, c := range []struct {
		days     float64
		age      time.Duration
		in, lost int
	}{{-870, 0, 1, 0}, {-869.9, 0, 0, 1}, {-899, day, 1, 0}, {-898.9, day, 0, 1}, {0, -1, 1, 0}, {0, -5 * day, 1, 0}, {-950, day, 1, 0}} {
		b := must(supply.NewAssortment[string](supply.AssortmentOptions{StockAge: c.age}))
		ok(t, b.AddStock("old", at(-1000), at(-900), true))
		if r := must(b.Result(at(c.days))); r.InStock != c.in || r.StockUnknown != c.lost {
			t.Errorf("as of %v, StockAge %v: %+v", c.days, c.age, r)
		}
	}
	// Listed, off, listed again: in any order, from one shard or two.
	steps := []func(a *supply.Assortment[string]) error{
		func(a *supply.Assortment[string]) error { return a.AddProduct("p", "x", at(0)) },
		func(a *supply.Assortment[string]) error { return a.Delist("p", at(10)) },
		func(a *supply.Assortment[string]) error { return a.AddProduct("p", "x", at(20)) },
		func(a *supply.Assortment[string]) error { return a.Delist("p", at(5)) },
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		for cut := range 5 {
			one, two := new(supply.Assortment[string]), new(supply.Assortment[string])
			for k, i := range order {
				ok(t, steps[i]([]*supply.Assortment[string]{one, two}[min(1, k/max(cut, 1))]))
			}
			ok(t, one.Merge(two), one.AddProduct("q", "x", at(0)))
			for at0, listed := range map[float64]int{1: 2, 9.9: 2, 10: 1, 19: 1, 20: 2, 99: 2} {
				if r := must(one.Result(at(at0))); r.Products != listed || r.Delisted != 2-listed {
					t.Errorf("order %v, day %v: %d listed, %d delisted", order, at0, r.Products, r.Delisted)
				}
			}
		}
	}
	// What is off the shelf sells nothing, is not new and has no age; its listing renewed the range.
	b := new(supply.Assortment[string])
	ok(t, b.AddProduct("p", "x", at(0)), b.AddSales("p", 9), b.AddProduct("q", "x", at(8)), b.AddSales("q", 3), b.AddForecast("q", 1), b.AddStock("q", at(8), at(9), true), b.Delist("q", at(9)))
	r := must(b.Result(at(10)))
	if r.Effective != 1 || r.MeanAge != 10*day || r.RefreshInterval != 8*day || r.New != (supply.Ratio{Num: 1, Den: 1}) || r.InStockRate.Den != 0 || r.WeightedInStock.Den != 0 {
		t.Errorf("%+v", r)
	}
	ok(t, b.Delist("p", at(10)))
	if _, err := b.Result(at(10)); !errors.Is(err, supply.ErrEmpty) {
		t.Errorf("all off: %v", err)
	}
	if err := b.Delist("p", time.Time{}); !errors.Is(err, supply.ErrRange) {
		t.Error(err)
	}
}

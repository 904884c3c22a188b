package supply_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply"
)

func TestInventory(t *testing.T) {
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(365), DeadAfter: 90 * day}))
	ok(t,
		v.AddReceipt("a", at(-50), 100), v.AddReceipt("a", at(200), 60), v.AddReceipt("a", at(350), 20),
		v.AddLevel("a", at(-50), at(0), 100, 1000), // before the window
		v.AddLevel("a", at(0), at(182.5), 100, 1000), v.AddLevel("a", at(182.5), at(365), 50, 500),
		v.AddSale("a", at(300), 130, 4000, 3000), v.AddSale("a", at(-3), 99, 9, 9), v.AddSale("a", at(365), 99, 9, 9),
		v.AddReceipt("dead", at(100), 5), v.AddLevel("dead", at(100), at(400), 5, 50),
		v.AddReceipt("young", at(360), 5), v.AddLevel("young", at(360), at(365), 5, 50),
	)
	r := must(v.Result())
	if !slices.Equal(r.IDs, []string{"a", "dead", "young"}) {
		t.Fatal(r.IDs)
	}
	a := r.Products[0]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"average", a.AverageValue, 750},
		{"turnover", a.Turnover.OrNaN(), 4},
		{"days of supply", a.DaysOfSupply.OrNaN(), 91.25},
		{"GMROI", a.GMROI.OrNaN(), 1000. / 750},
		{"sell-through", a.SellThrough.OrNaN(), 130. / 80},
		{"total turnover", r.Total.Turnover.OrNaN(), 3000 / (750 + 50*265./365 + 50*5./365)},
	} {
		testkit.Near(t, c.name, c.got, c.want, 1e-9)
	}
	if a.Units != 50 || a.Sold != 130 || a.Margin != 1000 || a.Dead {
		t.Errorf("%+v", a)
	}
	// 50 left: the 20 of day 350, then 30 of the 60 of day 200.
	if !slices.Equal(a.AgedUnits, []int64{20, 0, 0, 30, 0}) {
		t.Errorf("ages %v", a.AgedUnits)
	}
	if !r.Products[1].Dead || r.Products[2].Dead || r.Total.DeadUnits != 5 || r.Total.DeadValue != 50 || r.Total.Units != 60 {
		t.Errorf("%+v", r.Total)
	}
	if _, err := r.Products[1].DaysOfSupply.Value(); !errors.Is(err, supply.ErrUndefined) {
		t.Error("days of supply of what does not sell are defined")
	}
}

// Levels meet the window: what lies outside does not count, but the latest level
// up to its end is what is on hand.
func TestInventoryWindow(t *testing.T) {
	type level struct {
		from, to     float64
		units, value int64
	}
	for _, c := range []struct {
		name         string
		levels       []level
		units, value int64
		mean         float64
	}{
		{"before and into", []level{{-10, 5, 8, 80}}, 8, 80, 4},
		{"out of the end", []level{{5, 40, 6, 60}}, 6, 60, 3},
		{"around", []level{{-5, 99, 2, 20}}, 2, 20, 2},
		{"before", []level{{-9, -5, 7, 70}}, 7, 70, 0},
		{"after", []level{{11, 12, 7, 70}}, 0, 0, 0},
		{"two", []level{{0, 5, 4, 40}, {5, 10, 2, 20}}, 2, 20, 3},
		{"two that end together: the larger", []level{{0, 10, 1, 90}, {9, 10, 4, 8}}, 4, 8, 1.4},
		{"the same units: the dearer", []level{{0, 10, 1, 90}, {9, 10, 1, 95}}, 1, 95, 1.1},
		{"no time", []level{{5, 5, 3, 30}}, 3, 30, 0},
		{"the next window's", []level{{0, 10, 5, 50}, {10, 11, 100, 1000}}, 5, 50, 5},
		{"counted at the end", []level{{0, 10, 5, 50}, {10, 10, 6, 60}}, 6, 60, 5},
	} {
		for _, turn := range []bool{false, true} {
			v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
			w := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
			for i, l := range c.levels {
				s := v
				if i%2 == 1 {
					s = w
				}
				ok(t, s.AddLevel("a", at(l.from), at(l.to), l.units, l.value))
			}
			if turn {
				v, w = w, v
			}
			ok(t, v.Merge(w))
			r, err := v.Result()
			if c.name == "after" {
				if err == nil && r.Products[0].Units != 0 {
					t.Errorf("after the window: %+v", r.Total)
				}
				continue
			}
			ok(t, err)
			if p := r.Products[0]; p.Units != c.units || p.Value != c.value || math.Abs(p.AverageUnits-c.mean) > 1e-12 {
				t.Errorf("%s, turned %v: %d units worth %d, mean %v", c.name, turn, p.Units, p.Value, p.AverageUnits)
			}
		}
	}
}

// Ages and dead stock to the day.
func TestInventoryAge(t *testing.T) {
	for _, c := range []struct {
		name     string
		receipts map[float64]int64 // day → units
		units    int64
		sold     float64 // day of the last sale, 0 never
		ages     []int64
		dead     bool
	}{
		{"exactly 30 days old", map[float64]int64{335: 4}, 4, 0, []int64{4, 0, 0, 0, 0}, false},
		{"31 days old", map[float64]int64{334: 4}, 4, 0, []int64{0, 4, 0, 0, 0}, false},
		{"no receipt", nil, 4, 0, []int64{0, 0, 0, 0, 4}, true},
		{"more than was received", map[float64]int64{360: 1}, 4, 0, []int64{1, 0, 0, 0, 3}, false},
		{"the newest stays", map[float64]int64{360: 3, 300: 3}, 4, 0, []int64{3, 0, 1, 0, 0}, false},
		{"never sold for half a year", map[float64]int64{184: 4}, 4, 0, []int64{0, 0, 0, 0, 4}, true},
		{"first received 180 days ago", map[float64]int64{185: 4}, 4, 0, []int64{0, 0, 0, 4, 0}, false},
		{"last sold 180 days ago", map[float64]int64{10: 9}, 4, 185, []int64{0, 0, 0, 0, 4}, false},
		{"last sold before that", map[float64]int64{10: 9}, 4, 184, []int64{0, 0, 0, 0, 4}, true},
		{"nothing left", map[float64]int64{10: 9}, 0, 20, []int64{0, 0, 0, 0, 0}, false},
	} {
		v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(365)}))
		for d, n := range c.receipts {
			ok(t, v.AddReceipt("a", at(d), n))
		}
		ok(t, v.AddLevel("a", at(364), at(365), c.units, 10*c.units))
		if c.sold > 0 {
			ok(t, v.AddSale("a", at(c.sold), 1, 20, 10))
		}
		p := must(v.Result()).Products[0]
		if !slices.Equal(p.AgedUnits, c.ages) || p.Dead != c.dead || p.Dead && (p.DeadUnits != c.units || p.DeadValue != 10*c.units) {
			t.Errorf("%s: ages %v, dead %v (%d units)", c.name, p.AgedUnits, p.Dead, p.DeadUnits)
		}
	}
}

// A total beyond int64 is an error, not a wrapped number.
func TestInventoryOverflow(t *testing.T) {
	v := must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
	ok(t, v.AddSale("a", at(1), 1, math.MaxInt64, 1), v.AddSale("b", at(1), 1, math.MaxInt64, 1))
	if _, err := v.Result(); !errors.Is(err, supply.ErrOverflow) {
		t.Errorf("revenue: %v", err)
	}
	v = must(supply.NewInventory[string](supply.InventoryOptions{From: t0, To: at(10)}))
	ok(t, v.AddReceipt("a", at(1), math.MaxInt64))
	if err := v.AddReceipt("a", at(1), 1); !errors.Is(err, supply.ErrOverflow) {
		t.Errorf("receipts of a day: %v", err)
	}
	if err := v.AddReceipt("a", at(2), 1); !errors.Is(err, supply.ErrOverflow) {
		t.Errorf("receipts of the window: %v", err)
	}
}

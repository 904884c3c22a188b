package reorder_test

import (
	"errors"
	"math"
	"testing"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// Price lists worked out by hand: demand 1000, an order costs 100, a fifth of the
// price for holding.
func TestEOQDiscount(t *testing.T) {
	list := []reorder.Break{{From: 0, Price: 10}, {From: 500, Price: 9}, {From: 2000, Price: 8.9}}
	for _, c := range []struct {
		name        string
		breaks      []reorder.Break
		incremental bool
		quantity    float64
		price       float64
	}{
		// √(2·100·1000/2) at one price.
		{"one price", list[:1], false, math.Sqrt(1e5), 10},
		// At 9 the best lot of 333 is below the break; 500 at 9 beats 316 at 10.
		{"the break is worth it", list[:2], false, 500, 9},
		// 2000 units at 8.9 cost 50 + 1780 for .1·1000 less: not worth it.
		{"the last break is not", list, false, 500, 9},
		// Incremental: only units beyond 500 are cheaper, which adds 500·1 to an order:
		// √(2·600·1000/1.8) units, of which 500 cost 1 more each.
		{"incremental", list[:2], true, math.Sqrt(1.2e6 / 1.8), 9 + 500/math.Sqrt(1.2e6/1.8)},
	} {
		l, err := reorder.EOQDiscount(reorder.DiscountOptions{Demand: 1000, OrderCost: 100, HoldingRate: .2, Breaks: c.breaks, Incremental: c.incremental})
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, c.name+": quantity", l.Quantity, c.quantity, 1e-9)
		testkit.Near(t, c.name+": price", l.Price, c.price, 1e-9)
		testkit.Near(t, c.name+": cost", l.Cost, l.Price*1000+100*1000/l.Quantity+.2*l.Price*l.Quantity/2, 1e-6)
		testkit.Near(t, c.name+": interval", l.Interval, l.Quantity/1000, 1e-12)
	}
}

// What may be owed makes lots larger and cheaper; what arrives slowly, too.
func TestEOQ(t *testing.T) {
	plain := reorder.LotOptions{Demand: 1000, OrderCost: 100, HoldingCost: 2}
	for _, c := range []struct {
		name                 string
		change               func(*reorder.LotOptions)
		quantity, cost, owed float64
	}{
		{"plain", func(*reorder.LotOptions) {}, 316.227766, 632.455532, 0},
		{"owing costs as much as holding", func(o *reorder.LotOptions) { o.BackorderCost = 2 }, 447.213595, 447.213595, .5},
		{"arrives twice as fast as it sells", func(o *reorder.LotOptions) { o.Production = 2000 }, 447.213595, 447.213595, 0},
		{"both", func(o *reorder.LotOptions) { o.BackorderCost, o.Production = 2, 2000 }, 632.455532, 316.227766, .5},
	} {
		opt := plain
		c.change(&opt)
		l, err := reorder.EOQ(opt)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Near(t, c.name+": quantity", l.Quantity, c.quantity, 1e-6)
		testkit.Near(t, c.name+": cost", l.Cost, c.cost, 1e-6)
		testkit.Near(t, c.name+": owed", l.Owed, c.owed, 1e-12)
		if l.Price != 0 {
			t.Errorf("%s: price %v without a price list", c.name, l.Price)
		}
	}
}

func TestLotOverflow(t *testing.T) {
	if l, err := reorder.EOQ(reorder.LotOptions{Demand: 1e300, OrderCost: 1e308, HoldingCost: 1e-300}); !errors.Is(err, reorder.ErrOverflow) || l != (reorder.Lot{}) {
		t.Errorf("%+v, %v", l, err)
	}
	l, err := reorder.EOQDiscount(reorder.DiscountOptions{Demand: 1e300, OrderCost: 1, HoldingRate: 1, Breaks: []reorder.Break{{Price: 1e300}}})
	if !errors.Is(err, reorder.ErrOverflow) || l != (reorder.Lot{}) {
		t.Errorf("%+v, %v", l, err)
	}
	if p, err := reorder.BestPolicy(reorder.PolicyOptions{Demand: 1e14, SD: 1e14, Lead: 1, OrderCost: 1e300, HoldingCost: 1e300, BackorderCost: 1e300}); !errors.Is(err, reorder.ErrOverflow) || p != (reorder.Policy{}) {
		t.Errorf("%+v, %v", p, err)
	}
}

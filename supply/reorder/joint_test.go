package reorder_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/internal/testkit"
	"github.com/aislekit/aisle/supply/reorder"
)

// Joint orders against all multiples up to twelve, and its bound.
func TestJointProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := reorder.JointOptions{OrderCost: rapid.Float64Range(.5, 100).Draw(t, "major"), PowersOfTwo: rapid.Bool().Draw(t, "powers")}
		var items []reorder.JointItem[int]
		for i := range rapid.IntRange(1, 4).Draw(t, "n") {
			items = append(items, reorder.JointItem[int]{ID: -i, Demand: rapid.Float64Range(1, 1000).Draw(t, "demand"), OrderCost: rapid.Float64Range(1, 50).Draw(t, "minor"), HoldingCost: rapid.Float64Range(.1, 5).Draw(t, "hold")})
		}
		p, err := reorder.Joint(items, opt)
		if err != nil {
			t.Fatal(err)
		}
		multiples := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
		if opt.PowersOfTwo {
			multiples = []int{1, 2, 4, 8, 16}
		}
		best := math.Inf(1)
		var try func(i int, order, hold float64)
		try = func(i int, order, hold float64) {
			if i == len(items) {
				best = min(best, math.Sqrt(2*order*hold))
				return
			}
			for _, k := range multiples {
				try(i+1, order+items[i].OrderCost/float64(k), hold+items[i].HoldingCost*items[i].Demand*float64(k))
			}
		}
		try(0, opt.OrderCost, 0)
		if p.Cost > best*(1+1e-9) || p.Bound > p.Cost {
			t.Fatalf("%+v costs more than %v", p, best)
		}
		within, order, hold := true, opt.OrderCost, 0.0
		for i, l := range p.Lines {
			it := items[len(items)-1-i]
			within = within && l.Every <= multiples[len(multiples)-1]
			order += it.OrderCost / float64(l.Every)
			hold += it.HoldingCost * l.Quantity / 2
			if l.ID != it.ID || !testkit.Close(l.Quantity, it.Demand*p.Interval*float64(l.Every), 0, 1e-12) {
				t.Fatalf("line %+v of %+v", l, it)
			}
		}
		if cost := order/p.Interval + hold; !testkit.Close(cost, p.Cost, 0, 1e-12) || within && p.Cost < best*(1-1e-9) {
			t.Fatalf("the plan costs %v, reported %v, best %v", cost, p.Cost, best)
		}
		if opt.PowersOfTwo && p.Cost > 1.0607*p.Bound {
			t.Fatalf("powers of two at %v, more than 6 %% above %v", p.Cost, p.Bound)
		}
	})
}

func TestJoint(t *testing.T) {
	// One product: its EOQ, both order costs together.
	p, err := reorder.Joint([]reorder.JointItem[int]{{ID: 1, Demand: 1300, OrderCost: 3, HoldingCost: .225}}, reorder.JointOptions{OrderCost: 5})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Near(t, "quantity", p.Lines[0].Quantity, 304.0468, 5e-5)
	testkit.Near(t, "cost", p.Cost, 68.4105, 5e-5)
	testkit.Near(t, "bound", p.Bound, p.Cost, 1e-9)
	good := reorder.JointItem[int]{ID: 1, Demand: 10, OrderCost: 1, HoldingCost: 1}
	change := func(f func(*reorder.JointItem[int])) []reorder.JointItem[int] {
		it := good
		it.ID = 2
		f(&it)
		return []reorder.JointItem[int]{good, it}
	}
	for name, c := range map[string]struct {
		items []reorder.JointItem[int]
		major float64
		want  error
	}{
		"no products":      {nil, 1, reorder.ErrEmpty},
		"twice":            {change(func(it *reorder.JointItem[int]) { it.ID = 1 }), 1, reorder.ErrDuplicate},
		"demand 0":         {change(func(it *reorder.JointItem[int]) { it.Demand = 0 }), 1, reorder.ErrRange},
		"minor cost 0":     {change(func(it *reorder.JointItem[int]) { it.OrderCost = 0 }), 1, reorder.ErrRange},
		"holding negative": {change(func(it *reorder.JointItem[int]) { it.HoldingCost = -1 }), 1, reorder.ErrRange},
		"holding NaN":      {change(func(it *reorder.JointItem[int]) { it.HoldingCost = math.NaN() }), 1, reorder.ErrNotFinite},
		"major 0":          {change(func(*reorder.JointItem[int]) {}), 0, reorder.ErrOption},
		"hardly any major": {change(func(it *reorder.JointItem[int]) { it.OrderCost = 7 }), 1e-14, reorder.ErrRange},
	} {
		if testkit.Race && name == "hardly any major" { // a million stretches
			continue
		}
		if p, err := reorder.Joint(c.items, reorder.JointOptions{OrderCost: c.major}); !errors.Is(err, c.want) || p.Lines != nil {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

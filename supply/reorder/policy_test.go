package reorder_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aislekit/aisle/supply/reorder"
)

// Lots and policies against a search over a grid of alternatives.
func TestOptimaProp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := reorder.DiscountOptions{
			Demand: rapid.Float64Range(1, 5000).Draw(t, "demand"), OrderCost: rapid.Float64Range(.5, 200).Draw(t, "order"),
			HoldingRate: rapid.Float64Range(.05, 1).Draw(t, "holding"), Incremental: rapid.Bool().Draw(t, "incremental"),
		}
		from, price := 0.0, rapid.Float64Range(1, 100).Draw(t, "price")
		for range rapid.IntRange(1, 4).Draw(t, "breaks") {
			o.Breaks = append(o.Breaks, reorder.Break{From: from, Price: price})
			from += rapid.Float64Range(1, 500).Draw(t, "step")
			price *= rapid.Float64Range(.5, .999).Draw(t, "cut")
		}
		l, err := reorder.EOQDiscount(o)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(q float64) float64 { // of any lot, from the price list alone
			paid, unit := 0.0, 0.0
			for i, b := range o.Breaks {
				end := math.Inf(1)
				if i+1 < len(o.Breaks) {
					end = o.Breaks[i+1].From
				}
				if q >= b.From {
					paid += (min(q, end) - b.From) * b.Price
					unit = b.Price
				}
			}
			if o.Incremental {
				unit = paid / q
			}
			return unit*o.Demand + o.OrderCost*o.Demand/q + o.HoldingRate*unit*q/2
		}
		if got := cost(l.Quantity); math.Abs(got-l.Cost) > 1e-9*l.Cost {
			t.Fatalf("cost of the lot is %v, reported %v", got, l.Cost)
		}
		for q := l.Quantity / 50; q < 50*l.Quantity; q *= 1.01 {
			if c := cost(q); c < l.Cost*(1-1e-9) {
				t.Fatalf("lot %v costs %v, chosen %v costs %v", q, c, l.Quantity, l.Cost)
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		o := reorder.PolicyOptions{
			Demand: rapid.Float64Range(.1, 30).Draw(t, "demand"), Lead: rapid.Float64Range(.1, 3).Draw(t, "lead"),
			OrderCost: rapid.Float64Range(.1, 100).Draw(t, "order"), HoldingCost: rapid.Float64Range(.1, 10).Draw(t, "holding"),
			BackorderCost: rapid.Float64Range(.1, 50).Draw(t, "backorder"), Law: reorder.Law(rapid.IntRange(0, 1).Draw(t, "model")),
		}
		step := 1.0
		if o.Law == reorder.Normal {
			o.SD = rapid.Float64Range(.1, 10).Draw(t, "sd")
			step = .37
		}
		p, err := reorder.BestPolicy(o)
		if err != nil {
			t.Fatal(err)
		}
		for i := -6; i <= 6; i++ {
			for j := -6; j <= 6; j++ {
				q := reorder.Policy{Point: p.Point + float64(i)*step, Quantity: p.Quantity + float64(j)*step}
				if q.Quantity < 1e-3 {
					continue
				}
				c, err := reorder.PolicyCost(o, q)
				if err != nil {
					t.Fatal(err)
				}
				if c < p.Cost*(1-1e-9) {
					t.Fatalf("(%v, %v) costs %v, chosen (%v, %v) costs %v", q.Point, q.Quantity, c, p.Point, p.Quantity, p.Cost)
				}
			}
		}
	})
}

func TestPolicyCostBadInput(t *testing.T) {
	normal := reorder.PolicyOptions{Demand: 10, SD: 2, Lead: 1, OrderCost: 3, HoldingCost: 4, BackorderCost: 5}
	poisson := normal
	poisson.Law, poisson.SD = reorder.Poisson, 0
	nan := math.NaN()
	for _, c := range []struct {
		name string
		opt  reorder.PolicyOptions
		p    reorder.Policy
	}{
		{"no quantity", normal, reorder.Policy{Point: 5}},
		{"negative quantity", normal, reorder.Policy{Point: 5, Quantity: -1}},
		{"point NaN", normal, reorder.Policy{Point: nan, Quantity: 1}},
		{"half a unit", poisson, reorder.Policy{Point: 5, Quantity: 1.5}},
		{"half a point", poisson, reorder.Policy{Point: 5.5, Quantity: 1}},
		{"too many units to count", poisson, reorder.Policy{Point: 5, Quantity: 2e7}},
		{"no demand", reorder.PolicyOptions{}, reorder.Policy{Point: 5, Quantity: 1}},
		{"too much for Poisson", reorder.PolicyOptions{Demand: 1e7, Lead: 1, OrderCost: 1, HoldingCost: 1, BackorderCost: 1, Law: reorder.Poisson}, reorder.Policy{Quantity: 1}},
	} {
		if cost, err := reorder.PolicyCost(c.opt, c.p); !errors.Is(err, reorder.ErrOption) || !math.IsNaN(cost) || !strings.HasPrefix(err.Error(), "reorder: PolicyCost: ") {
			t.Errorf("%s: %v, %v", c.name, cost, err)
		}
	}
	// The other fields of a policy are not read.
	a, err1 := reorder.PolicyCost(normal, reorder.Policy{Point: 12, Quantity: 4})
	b, err2 := reorder.PolicyCost(normal, reorder.Policy{Point: 12, Quantity: 4, Cost: nan, FillRate: 9})
	if a != b || err1 != nil || err2 != nil {
		t.Errorf("%v (%v), %v (%v)", a, err1, b, err2)
	}
}

// Lots as a function of stock: none above the point, as few as lift the position above it, never less with less in stock.
func TestPolicyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := reorder.Policy{Point: float64(rapid.IntRange(-3, 20).Draw(t, "r")), Quantity: float64(rapid.IntRange(1, 9).Draw(t, "q"))}
		s := reorder.State{OnHand: float64(rapid.IntRange(0, 30).Draw(t, "hand")), OnOrder: float64(rapid.IntRange(0, 9).Draw(t, "order")), Owed: float64(rapid.IntRange(0, 40).Draw(t, "owed"))}
		q := p.Order(s)
		if math.Mod(q, p.Quantity) != 0 || s.Position()+q <= p.Point || q > 0 && s.Position()+q-p.Quantity > p.Point {
			t.Fatalf("%+v orders %v at %v", p, q, s.Position())
		}
		more := s
		more.OnHand++
		s.OnOrder += q
		if p.Order(more) > q || p.Order(s) != 0 {
			t.Fatalf("%+v orders %v with one more, %v again", p, p.Order(more), p.Order(s))
		}
	})
	if q := (reorder.Policy{Point: 5}).Order(reorder.State{}); q != 0 {
		t.Error(q)
	}
}

// A lot that no search unit by unit reaches is refused, not cut short.
func TestPolicyHugeLot(t *testing.T) {
	p, err := reorder.BestPolicy(reorder.PolicyOptions{Demand: 1, Lead: 1, OrderCost: 1e15, HoldingCost: 1, BackorderCost: 10, Law: reorder.Poisson})
	if !errors.Is(err, reorder.ErrRange) || p != (reorder.Policy{}) {
		t.Errorf("%+v, %v", p, err)
	}
	// A shortage so dear that its ratio rounds to 1 has no quantile.
	p, err = reorder.BestPolicy(reorder.PolicyOptions{Demand: 5e-324, Lead: 383, OrderCost: .4, HoldingCost: 1e15, BackorderCost: 1e300, Law: reorder.Poisson})
	if !errors.Is(err, reorder.ErrOverflow) || p != (reorder.Policy{}) {
		t.Errorf("%+v, %v", p, err)
	}
}

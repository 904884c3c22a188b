package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// JointItem is one of several products that are ordered from one supplier, at steady demand.
type JointItem[K supply.ID] struct {
	ID          K       // of the product; one entry for each
	Demand      float64 // units per period, > 0
	OrderCost   float64 // of adding the product to an order, > 0
	HoldingCost float64 // of keeping one unit for one period, > 0
}

// JointOptions configures Joint.
type JointOptions struct {
	// OrderCost is that of placing an order, whatever is in it, > 0; those of the products come on top.
	OrderCost float64

	// PowersOfTwo admits only products that are in every order, every second, every fourth, …: timetables that are
	// easier to keep, at most 6 % dearer than any policy.
	PowersOfTwo bool
}

// JointLine says how often a product is ordered.
type JointLine[K supply.ID] struct {
	ID       K       // of the product
	Every    int     // in every order: 1; in every second: 2; …
	Quantity float64 // units per order that it is in
}

// JointPlan is a timetable of orders to one supplier.
type JointPlan[K supply.ID] struct {
	Interval float64        // periods between orders
	Lines    []JointLine[K] // ascending by id
	Cost     float64        // ordering and holding, per period
	Bound    float64        // no timetable, nor any other policy without shortages, costs less
}

// Joint returns the cheapest timetable of joint orders: one every Interval, product i in every kᵢ-th, at a cost of
//
//	(K + Σ Kᵢ/kᵢ)/T + T/2·Σ hᵢ·Dᵢ·kᵢ
//
// It is exact: between two intervals at which some kᵢ changes the best k is the same, and all of these stretches
// that can be optimal are visited (Wildeman, Frenk and Dekker, European Journal of Operational Research 99, 1997). Bound is that of Jackson, Maxwell and Muckstadt
// (IIE Transactions 17, 1985). Errors: ErrEmpty without products, ErrDuplicate, ErrRange and ErrNotFinite naming product and field, ErrOption; ErrRange
// too where OrderCost is so small beside those of the products that more than a million stretches are left: then order each by EOQ. Cost: n log n in the stretches.
func Joint[K supply.ID](items []JointItem[K], opt JointOptions) (JointPlan[K], error) {
	const where = "reorder: Joint"
	var c check.Options
	check.Positive(&c, "OrderCost", opt.OrderCost)
	c.Require(opt.OrderCost <= check.MaxAmount, "OrderCost", opt.OrderCost, "at most 1e15")
	if err := c.Err(where); err != nil {
		return JointPlan[K]{}, err
	}
	if len(items) == 0 {
		return JointPlan[K]{}, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b JointItem[K]) int { return cmp.Compare(a.ID, b.ID) })
	j := joint{major: opt.OrderCost, double: opt.PowersOfTwo}
	for i, it := range items {
		if i > 0 && it.ID == items[i-1].ID {
			return JointPlan[K]{}, fmt.Errorf("%s: product %v is given twice: %w", where, it.ID, ErrDuplicate)
		}
		for _, f := range []struct {
			name string
			x    float64
		}{{"Demand", it.Demand}, {"OrderCost", it.OrderCost}, {"HoldingCost", it.HoldingCost}} {
			at := fmt.Sprintf("%s: product %v", where, it.ID)
			if err := check.Amount(at, f.name, f.x); err != nil {
				return JointPlan[K]{}, err
			}
			if !(f.x >= 1e-15) {
				return JointPlan[K]{}, fmt.Errorf("%s: %s is %v, want at least 1e-15: %w", at, f.name, f.x, ErrRange)
			}
		}
		j.minor, j.hold = append(j.minor, it.OrderCost), append(j.hold, it.HoldingCost*it.Demand)
	}
	k, err := j.best()
	if err != nil {
		return JointPlan[K]{}, fmt.Errorf("%s: %w", where, err)
	}
	p := JointPlan[K]{Bound: j.bound()}
	p.Interval, p.Cost = j.cost(k)
	for i, it := range items {
		p.Lines = append(p.Lines, JointLine[K]{ID: it.ID, Every: k[i], Quantity: it.Demand * p.Interval * float64(k[i])})
	}
	p.Bound = min(p.Bound, p.Cost) // equal but for rounding
	return p, nil
}

// joint is the problem by products: minor order costs, and holding cost times demand.
type joint struct {
	major       float64
	minor, hold []float64
	double      bool
}

// cost is the best interval of multiples k, and what it costs.
func (j *joint) cost(k []int) (interval, cost float64) {
	order, hold := j.major, 0.0
	for i, k := range k {
		order += j.minor[i] / float64(k)
		hold += j.hold[i] * float64(k)
	}
	return root(2, order, hold), root(2*order, hold, 1)
}

// change is the interval below which product i is better ordered more seldom than in every k-th order.
func (j *joint) change(i, k int) float64 {
	x := float64(k)
	if j.double {
		return math.Sqrt(j.minor[i]/j.hold[i]) / x
	}
	return math.Sqrt(2 * j.minor[i] / j.hold[i] / x / (x + 1))
}

// next is the multiple after k.
func (j *joint) next(k int) int {
	if j.double {
		return 2 * k
	}
	return k + 1
}

// best sweeps the interval down from that of ordering all products each time. Where the interval falls below
// K/(best cost - Σ√(2·Kᵢ·hᵢ·Dᵢ)), ordering alone costs more than the best.
func (j *joint) best() ([]int, error) {
	k, order, hold := make([]int, len(j.minor)), j.major, 0.0
	alone := 0.0
	for i := range k {
		k[i] = 1
		order += j.minor[i]
		hold += j.hold[i]
		alone += math.Sqrt(2 * j.minor[i] * j.hold[i])
	}
	top := math.Sqrt(2 * order / hold)
	least := math.Sqrt(2 * order * hold)
	type step struct {
		at float64
		i  int
	}
	var steps []step
	low := j.major / (least - alone)
	for i := range k {
		for m := 1; ; m = j.next(m) {
			at := j.change(i, m)
			if !(at > low) {
				break
			}
			if steps = append(steps, step{at, i}); len(steps) > 1e6 {
				return nil, fmt.Errorf("OrderCost of %v is too small beside those of the products: %w", j.major, ErrRange)
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.i, b.i)) })
	taken := 0 // steps of the best multiples so far
	for n, s := range steps {
		before := float64(k[s.i])
		k[s.i] = j.next(k[s.i])
		after := float64(k[s.i])
		order += j.minor[s.i]/after - j.minor[s.i]/before
		hold += j.hold[s.i] * (after - before)
		// Products that go seldom from the longest interval on are no choice of their own.
		if s.at >= top {
			taken = n + 1
			least = math.Sqrt(2 * order * hold)
			continue
		}
		if c := math.Sqrt(2 * order * hold); c < least*(1-1e-13) {
			least, taken = c, n+1
		}
	}
	for i := range k {
		k[i] = 1
	}
	for _, s := range steps[:taken] {
		k[s.i] = j.next(k[s.i])
	}
	return k, nil
}

// bound is the least of K/T + Σ φᵢ(T), φᵢ the cost of product i ordered each T, or alone where that is more often: convex
// in T, and least where the products with the shortest intervals of their own are in every order.
func (j *joint) bound() float64 {
	own := make([]int, len(j.minor))
	for i := range own {
		own[i] = i
	}
	slices.SortFunc(own, func(a, b int) int {
		return cmp.Or(cmp.Compare(j.minor[a]/j.hold[a], j.minor[b]/j.hold[b]), cmp.Compare(a, b))
	})
	order, hold := j.major, 0.0
	n := 0
	for n < len(own) && (hold == 0 || j.minor[own[n]]/j.hold[own[n]] < order/hold) {
		order += j.minor[own[n]]
		hold += j.hold[own[n]]
		n++
	}
	cost := math.Sqrt(2 * order * hold)
	for _, i := range own[n:] {
		cost += math.Sqrt(2 * j.minor[i] * j.hold[i])
	}
	return cost
}

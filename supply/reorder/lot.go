package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// LotOptions configures EOQ: steady demand and what ordering and keeping stock cost.
// All amounts of money are in one unit and all rates per one period of time.
type LotOptions struct {
	Demand      float64 // units per period, > 0
	OrderCost   float64 // of placing one order, > 0
	HoldingCost float64 // of keeping one unit for one period, > 0

	// BackorderCost is that of owing one unit for one period; default 0: nothing
	// may be owed.
	BackorderCost float64

	// Production is the rate at which a lot arrives, units per period, above
	// Demand; default 0: all at once.
	Production float64
}

func (o LotOptions) validate() error {
	var c check.Options
	check.Positive(&c, "Demand", o.Demand)
	check.Positive(&c, "OrderCost", o.OrderCost)
	check.Positive(&c, "HoldingCost", o.HoldingCost)
	check.NonNegative(&c, "BackorderCost", o.BackorderCost)
	c.Require(o.Production == 0 || o.Production > o.Demand && check.Finite(o.Production), "Production", o.Production, "0 or above Demand")
	return c.Err("reorder: EOQ")
}

// Lot is an order quantity and what it costs.
type Lot struct {
	Quantity float64 // units per order
	Cost     float64 // per period; with price breaks it includes the purchase
	Interval float64 // periods between orders
	Owed     float64 // share of time, and of demand, that is backordered
	Price    float64 // price per unit of the chosen lot; 0 without price breaks
}

// root returns √(a·b/c), in steps where the product leaves the normal numbers.
func root(a, b, c float64) float64 {
	if q := a * b; q >= minNormal && q/c >= minNormal && q <= math.MaxFloat64 && q/c <= math.MaxFloat64 {
		return math.Sqrt(q / c)
	}
	return math.Sqrt(a) * (math.Sqrt(b) / math.Sqrt(c))
}

// minNormal is the smallest float64 with all its digits.
const minNormal = 0x1p-1022

// EOQ returns the economic order quantity √(2KD/h) (Harris 1913) and its cost
// per period without the purchase, with planned backorders and a finite
// production rate where given:
//
//	Q = √(2KD/(h·(1-D/μ)) · (h+p)/p),  Owed = h/(h+p)
//
// Errors: ErrOption naming every bad field, ErrOverflow for a lot or a cost beyond float64.
func EOQ(opt LotOptions) (Lot, error) {
	if err := opt.validate(); err != nil {
		return Lot{}, err
	}
	h, k, d := opt.HoldingCost, opt.OrderCost, opt.Demand
	if opt.Production > 0 {
		h *= 1 - d/opt.Production // stock peaks lower: it is sold while it arrives
	}
	var l Lot
	keep := 1.0 // p/(h+p)
	if opt.BackorderCost > 0 {
		l.Owed, keep = shares(opt.HoldingCost, opt.BackorderCost)
	}
	l.Quantity = root(2*k, d, h*keep)
	l.Cost = l.Quantity * (h * keep)
	l.Interval = l.Quantity / d
	if !positive(l.Quantity) || !positive(l.Cost) || !positive(l.Interval) {
		return Lot{}, fmt.Errorf("reorder: EOQ: quantity %v at cost %v: %w", l.Quantity, l.Cost, ErrOverflow)
	}
	return l, nil
}

// shares returns a/(a+b) and b/(a+b) for numbers of any size.
func shares(a, b float64) (float64, float64) {
	m := max(a, b)
	a, b = a/m, b/m
	return a / (a + b), b / (a + b)
}

// positive reports whether x is what a formula of positive numbers can give: underflow and
// overflow leave 0 and infinities.
func positive(x float64) bool { return x > 0 && check.Finite(x) }

// Break is a step of a price list: the price per unit from a quantity on.
type Break struct {
	From  float64 // units
	Price float64 // per unit
}

// DiscountOptions configures EOQDiscount: a purchase under a price list.
type DiscountOptions struct {
	Demand      float64 // units per period, > 0
	OrderCost   float64 // of placing one order, > 0
	HoldingRate float64 // cost of keeping one unit for one period as a share of its price, > 0

	// Breaks is the price list: From ascends strictly and starts at 0, prices
	// descend strictly and are > 0.
	Breaks []Break

	// Incremental prices only the units beyond each break lower; otherwise the
	// price of the lot's break holds for all its units.
	Incremental bool
}

// validate checks every field, and that the price list ascends in quantity and
// descends in price.
func (o DiscountOptions) validate() error {
	var c check.Options
	check.Positive(&c, "Demand", o.Demand)
	check.Positive(&c, "OrderCost", o.OrderCost)
	check.Positive(&c, "HoldingRate", o.HoldingRate)
	c.Require(len(o.Breaks) > 0, "Breaks", "empty", "at least one")
	for i, b := range o.Breaks {
		check.Positive(&c, fmt.Sprintf("Breaks[%d].Price", i), b.Price)
		switch {
		case i == 0:
			c.Require(b.From == 0, "Breaks[0].From", b.From, "0")
		default:
			c.Require(b.From > o.Breaks[i-1].From && check.Finite(b.From), fmt.Sprintf("Breaks[%d].From", i), b.From, "above the one before")
			c.Require(b.Price < o.Breaks[i-1].Price, fmt.Sprintf("Breaks[%d].Price", i), b.Price, "below the one before")
		}
	}
	return c.Err("reorder: EOQDiscount")
}

// EOQDiscount returns the cheapest lot under a price list, purchase included:
// the best feasible lot of every step and, for prices that hold for all units,
// the break points themselves. Of equally cheap lots it takes the smaller.
// Errors: ErrOption naming every bad field, ErrOverflow for a cost beyond float64.
func EOQDiscount(opt DiscountOptions) (Lot, error) {
	if err := opt.validate(); err != nil {
		return Lot{}, err
	}
	best := Lot{Cost: math.Inf(1)}
	fixed := 0.0 // what the first units of an incremental lot cost above its last price
	for i, b := range opt.Breaks {
		end := math.Inf(1)
		if i+1 < len(opt.Breaks) {
			end = opt.Breaks[i+1].From
		}
		if opt.Incremental && i > 0 {
			fixed += b.From * (opt.Breaks[i-1].Price - b.Price)
		}
		h := opt.HoldingRate * b.Price
		q := root(2*(opt.OrderCost+fixed), opt.Demand, h)
		if q >= end || q < b.From && opt.Incremental {
			continue // a lot of another step is cheaper
		}
		q = max(q, b.From)
		cost := b.Price*opt.Demand + (opt.OrderCost+fixed)*opt.Demand/q + h*q/2 + opt.HoldingRate*fixed/2
		if cost < best.Cost {
			best = Lot{Quantity: q, Cost: cost, Interval: q / opt.Demand, Price: b.Price + fixed/q}
		}
	}
	if !positive(best.Cost) || !positive(best.Quantity) || !positive(best.Interval) {
		return Lot{}, fmt.Errorf("reorder: EOQDiscount: cost is %v: %w", best.Cost, ErrOverflow)
	}
	return best, nil
}

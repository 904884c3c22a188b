package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// PolicyOptions configures BestPolicy and PolicyCost: stock that is watched all the
// time and replenished in lots; shortages are backordered. Time is in periods of the
// caller's choice.
type PolicyOptions struct {
	Demand        float64 // mean demand per period, > 0
	SD            float64 // its standard deviation, > 0 with Normal, 0 with Poisson
	Lead          float64 // lead time in periods, > 0
	OrderCost     float64 // of placing one order, > 0
	HoldingCost   float64 // of keeping one unit for one period, > 0
	BackorderCost float64 // of owing one unit for one period, > 0
	Law           Law     // of demand; default Normal; Poisson counts whole units
}

// validate checks every field. The bound on Poisson keeps its search short.
func (o PolicyOptions) validate(where string) error {
	var c check.Options
	check.Positive(&c, "Demand", o.Demand)
	check.Positive(&c, "Lead", o.Lead)
	check.Positive(&c, "OrderCost", o.OrderCost)
	check.Positive(&c, "HoldingCost", o.HoldingCost)
	check.Positive(&c, "BackorderCost", o.BackorderCost)
	switch o.Law {
	case Normal:
		check.Positive(&c, "SD", o.SD)
	case Poisson:
		c.Require(o.SD == 0, "SD", o.SD, "0 with Poisson, whose variance is its mean")
		c.Require(o.Demand*o.Lead <= 1e6, "Demand*Lead", o.Demand*o.Lead, "at most 1e6 with Poisson")
	default:
		c.Require(false, "Law", o.Law, "Normal or Poisson")
	}
	return c.Err(where)
}

// Policy is an (r, Q) policy: when the stock position (on hand + on order -
// owed) falls to Point, order Quantity.
type Policy struct {
	Point, Quantity float64 // in units
	Cost            float64 // expected ordering, holding and backorder cost per period
	CycleService    float64 // chance that a cycle passes without stock-out
	FillRate        float64 // 1 - expected shortage per cycle / Quantity
}

var _ Orderer = Policy{}

// Order returns as many lots of Quantity as raise the stock position above Point, 0 where it is there. A Quantity that is not above
// 0 orders nothing.
func (p Policy) Order(s State) float64 {
	position := s.Position()
	if !(position <= p.Point) || !(p.Quantity > 0) {
		return 0
	}
	q := (math.Floor((p.Point-position)/p.Quantity) + 1) * p.Quantity
	if !check.Finite(q) {
		return 0
	}
	return q
}

// BestPolicy returns the cheapest (r, Q) policy. With g(y) = h(y-μ)+(h+p)L(y)
// the cost rate at position y (μ and L mean and loss of lead-time demand), the
// cost of a policy is (KD + ∫ g over [r, r+Q])/Q, or the sum over r+1 … r+Q for
// whole units, and at the optimum g(r) = g(r+Q) (Zheng 1992). Whole units are
// solved exactly by the algorithm of Federgruen and Zheng (1992), the normal law
// to about 1e-9. Errors: ErrOption naming every bad field, ErrRange for a lot of 10⁷ whole units or more, ErrOverflow.
func BestPolicy(opt PolicyOptions) (Policy, error) {
	const where = "reorder: BestPolicy"
	if err := opt.validate(where); err != nil {
		return Policy{}, err
	}
	d, err := leadDemand(opt.Law, opt.Demand*opt.Lead, opt.SD*opt.SD*opt.Lead)
	if err != nil {
		return Policy{}, fmt.Errorf("%s: %w", where, err)
	}
	var p Policy
	if opt.Law == Poisson {
		if p = opt.wholePolicy(d); p.Quantity >= maxLot {
			return Policy{}, fmt.Errorf("%s: the best Quantity is above %g units, count in packs: %w", where, maxLot, ErrRange)
		}
	} else {
		p = opt.normalPolicy(d)
	}
	if !check.Finite(p.Cost) || !check.Finite(p.Point) || !check.Finite(p.Quantity) {
		return Policy{}, fmt.Errorf("%s: cost is %v at (%v, %v): %w", where, p.Cost, p.Point, p.Quantity, ErrOverflow)
	}
	p.CycleService, p.FillRate = CycleService(d, p.Point), FillRate(d, p.Point, p.Quantity)
	return p, nil
}

// PolicyCost returns the expected cost per period of a given policy, with a
// Point and Quantity > 0 of the caller's choice; the other fields of p are not
// read. Errors: ErrOption naming every bad field, ErrRange for demand beyond any stock,
// ErrOverflow for a cost beyond float64; the cost is NaN then.
func PolicyCost(opt PolicyOptions, p Policy) (float64, error) {
	const where = "reorder: PolicyCost"
	if err := opt.validate(where); err != nil {
		return math.NaN(), err
	}
	var c check.Options
	c.Require(check.Finite(p.Point), "Point", p.Point, "finite")
	check.Positive(&c, "Quantity", p.Quantity)
	if opt.Law == Poisson {
		c.Require(p.Quantity == math.Floor(p.Quantity) && p.Quantity <= maxLot, "Quantity", p.Quantity, "whole and at most 1e7 with Poisson")
		c.Require(p.Point == math.Floor(p.Point), "Point", p.Point, "whole with Poisson")
	}
	if err := c.Err(where); err != nil {
		return math.NaN(), err
	}
	d, err := leadDemand(opt.Law, opt.Demand*opt.Lead, opt.SD*opt.SD*opt.Lead)
	if err != nil {
		return math.NaN(), fmt.Errorf("%s: %w", where, err)
	}
	var cost float64
	if opt.Law == Normal {
		cost = opt.normalCost(d, p.Point, p.Quantity)
	} else {
		cost = opt.wholeCost(d, p)
	}
	if !check.Finite(cost) {
		return math.NaN(), fmt.Errorf("%s: cost is %v at (%v, %v): %w", where, cost, p.Point, p.Quantity, ErrOverflow)
	}
	return cost, nil
}

// wholeCost is the expected cost per period of (r, q) in whole units.
func (o PolicyOptions) wholeCost(d Distribution, p Policy) float64 {
	sum := o.OrderCost * o.Demand
	for y := p.Point + 1; y <= p.Point+p.Quantity; y++ {
		sum += o.costRate(d, y)
	}
	return sum / p.Quantity
}

// ratio is the critical ratio, p/(h+p).
func (o PolicyOptions) ratio() float64 {
	_, p := shares(o.HoldingCost, o.BackorderCost)
	return p
}

// costRate is g(y), the expected cost of a period that begins with a position of y.
func (o PolicyOptions) costRate(d Distribution, y float64) float64 {
	return o.HoldingCost*(y-d.Mean()) + (o.HoldingCost+o.BackorderCost)*d.Loss(y)
}

// normalCost is the expected cost per period of (r, q) under the normal law.
func (o PolicyOptions) normalCost(d Distribution, r, q float64) float64 {
	mu, sd := d.Mean(), d.SD()
	second := func(y float64) float64 { // ∫ from y on of the loss function
		_, s := UnitNormalLoss((y - mu) / sd)
		return sd * sd * s
	}
	area := o.HoldingCost*q*(r+q/2-mu) + (o.HoldingCost+o.BackorderCost)*(second(r)-second(r+q))
	return (o.OrderCost*o.Demand + area) / q
}

// normalPolicy searches Q where its cost equals the cost rate at its best r.
func (o PolicyOptions) normalPolicy(d Distribution) Policy {
	low := d.Quantile(o.ratio()) // g is least here
	// best returns the r <= low with g(r) = g(r+q).
	best := func(q float64) float64 {
		lo, hi := low-q, low
		for range 200 {
			r := lo + (hi-lo)/2
			if r <= lo || r >= hi {
				break
			}
			if o.costRate(d, r) > o.costRate(d, r+q) {
				lo = r
			} else {
				hi = r
			}
		}
		return lo + (hi-lo)/2
	}
	// Cost falls in q as long as it is above g(r): marginal cost equals g(r+q).
	falls := func(q float64) bool {
		r := best(q)
		return o.normalCost(d, r, q) > o.costRate(d, r)
	}
	q := root(2*o.OrderCost, o.Demand, o.HoldingCost) // EOQ, a lower bound of the best q
	lo, hi := 0.0, q
	for range 2000 {
		if !falls(hi) {
			break
		}
		lo, hi = hi, 2*hi
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if falls(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	q = lo + (hi-lo)/2
	r := best(q)
	return Policy{Point: r, Quantity: q, Cost: o.normalCost(d, r, q)}
}

// maxLot bounds the lots that are searched unit by unit.
const maxLot = 1e7

// wholePolicy adds positions around the cheapest, always the cheaper neighbour,
// until the next one costs more than the average so far, or there are maxLot.
func (o PolicyOptions) wholePolicy(d Distribution) Policy {
	s := d.Quantile(o.ratio())
	if math.IsNaN(s) { // a ratio of 1: no unit may ever be owed
		return Policy{Cost: s}
	}
	q, sum := 1.0, o.OrderCost*o.Demand+o.costRate(d, s)
	r := s - 1
	below, above := o.costRate(d, r), o.costRate(d, r+q+1)
	if least := root(2*o.OrderCost, o.Demand, o.HoldingCost*o.ratio()); least >= maxLot { // the EOQ with backorders, a lower bound
		return Policy{Quantity: least}
	}
	for q < maxLot {
		next := min(below, above)
		if next >= sum/q {
			break
		}
		sum += next
		q++
		if below <= above {
			r--
			below = o.costRate(d, r)
		} else {
			above = o.costRate(d, r+q+1)
		}
	}
	return Policy{Point: r, Quantity: q, Cost: sum / q}
}

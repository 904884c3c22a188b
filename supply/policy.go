package supply

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// PolicyOptions describes stock that is watched all the time and replenished in
// lots; shortages are backordered. Time is in periods of the caller's choice.
type PolicyOptions struct {
	Demand    float64 // mean demand per period, > 0
	SD        float64 // its standard deviation, > 0 with Normal, 0 with Poisson
	Lead      float64 // lead time in periods, > 0
	Order     float64 // cost of placing one order, > 0
	Holding   float64 // cost of keeping one unit for one period, > 0
	Backorder float64 // cost of owing one unit for one period, > 0
	Model     Model   // law of demand, default Normal; Poisson counts whole units
}

func (o PolicyOptions) validate() error {
	var e check.Options
	check.Positive(&e, "Demand", o.Demand)
	check.Positive(&e, "Lead", o.Lead)
	check.Positive(&e, "Order", o.Order)
	check.Positive(&e, "Holding", o.Holding)
	check.Positive(&e, "Backorder", o.Backorder)
	switch o.Model {
	case Normal:
		check.Positive(&e, "SD", o.SD)
	case Poisson:
		e.Require(o.SD == 0, "SD", o.SD, "0 with Poisson, whose variance is its mean")
		e.Require(o.Demand*o.Lead <= 1e6, "Demand*Lead", o.Demand*o.Lead, "at most 1e6 with Poisson")
	default:
		e.Require(false, "Model", o.Model, "Normal or Poisson")
	}
	return e.Err("supply: OrderPolicy")
}

// Policy is an (r, Q) policy: when the stock position (on hand + on order -
// owed) falls to Point, order Quantity.
type Policy struct {
	Point, Quantity float64
	Cost            float64 // expected ordering, holding and backorder cost per period
	CycleService    float64 // chance that a cycle passes without stock-out
	FillRate        float64 // 1 - expected shortage per cycle / Quantity
}

// OrderPolicy returns the cheapest (r, Q) policy. With g(y) = h(y-μ)+(h+p)L(y)
// the cost rate at position y (μ and L mean and loss of lead-time demand), the
// cost of a policy is (KD + ∫ g over [r, r+Q])/Q, or the sum over r+1 … r+Q for
// whole units, and at the optimum g(r) = g(r+Q) (Zheng 1992). Whole units are
// solved exactly by the algorithm of Federgruen and Zheng (1992), the normal law
// to about 1e-9. Errors: ErrOption naming every bad field, ErrOverflow.
func OrderPolicy(o PolicyOptions) (Policy, error) {
	if err := o.validate(); err != nil {
		return Policy{}, err
	}
	d, err := leadDemand(o.Model, o.Demand*o.Lead, o.SD*o.SD*o.Lead)
	if err != nil {
		return Policy{}, fmt.Errorf("supply: OrderPolicy: %w", err)
	}
	var p Policy
	if o.Model == Poisson {
		p = wholePolicy(o, d)
	} else {
		p = normalPolicy(o, d)
	}
	if !check.Finite(p.Cost) || !check.Finite(p.Point) || !check.Finite(p.Quantity) {
		return Policy{}, fmt.Errorf("supply: OrderPolicy: cost is %v at (%v, %v): %w", p.Cost, p.Point, p.Quantity, ErrOverflow)
	}
	p.CycleService, p.FillRate = CycleService(d, p.Point), FillRate(d, p.Point, p.Quantity)
	return p, nil
}

// PolicyCost returns the expected cost per period of a given policy, with a
// Point and Quantity > 0 of the caller's choice; the other fields of p are not
// read.
func PolicyCost(o PolicyOptions, p Policy) (float64, error) {
	const where = "supply: PolicyCost"
	if err := o.validate(); err != nil {
		return math.NaN(), err
	}
	var e check.Options
	e.Require(check.Finite(p.Point), "Point", p.Point, "finite")
	check.Positive(&e, "Quantity", p.Quantity)
	if o.Model == Poisson {
		e.Require(p.Quantity == math.Floor(p.Quantity) && p.Quantity <= 1e7, "Quantity", p.Quantity, "whole and at most 1e7 with Poisson")
		e.Require(p.Point == math.Floor(p.Point), "Point", p.Point, "whole with Poisson")
	}
	if err := e.Err(where); err != nil {
		return math.NaN(), err
	}
	d, err := leadDemand(o.Model, o.Demand*o.Lead, o.SD*o.SD*o.Lead)
	if err != nil {
		return math.NaN(), fmt.Errorf("%s: %w", where, err)
	}
	if o.Model == Normal {
		return normalCost(o, d, p.Point, p.Quantity), nil
	}
	sum := o.Order * o.Demand
	for y := p.Point + 1; y <= p.Point+p.Quantity; y++ {
		sum += costRate(o, d, y)
	}
	return sum / p.Quantity, nil
}

func costRate(o PolicyOptions, d Distribution, y float64) float64 {
	return o.Holding*(y-d.Mean()) + (o.Holding+o.Backorder)*d.Loss(y)
}

func normalCost(o PolicyOptions, d Distribution, r, q float64) float64 {
	mu, sd := d.Mean(), d.SD()
	second := func(y float64) float64 { // ∫ from y on of the loss function
		_, s := UnitNormalLoss((y - mu) / sd)
		return sd * sd * s
	}
	area := o.Holding*q*(r+q/2-mu) + (o.Holding+o.Backorder)*(second(r)-second(r+q))
	return (o.Order*o.Demand + area) / q
}

// normalPolicy searches Q where its cost equals the cost rate at its best r.
func normalPolicy(o PolicyOptions, d Distribution) Policy {
	low := d.Quantile(o.Backorder / (o.Holding + o.Backorder)) // g is least here
	// best returns the r <= low with g(r) = g(r+q).
	best := func(q float64) float64 {
		lo, hi := low-q, low
		for range 200 {
			r := lo + (hi-lo)/2
			if r <= lo || r >= hi {
				break
			}
			if costRate(o, d, r) > costRate(o, d, r+q) {
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
		return normalCost(o, d, r, q) > costRate(o, d, r)
	}
	q := math.Sqrt(2 * o.Order * o.Demand / o.Holding) // EOQ, a lower bound of the best q
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
	return Policy{Point: r, Quantity: q, Cost: normalCost(o, d, r, q)}
}

// wholePolicy adds positions around the cheapest, always the cheaper neighbour,
// until the next one costs more than the average so far.
func wholePolicy(o PolicyOptions, d Distribution) Policy {
	s := d.Quantile(o.Backorder / (o.Holding + o.Backorder))
	q, sum := 1.0, o.Order*o.Demand+costRate(o, d, s)
	r := s - 1
	below, above := costRate(o, d, r), costRate(o, d, r+q+1)
	for q < 1e7 {
		next := min(below, above)
		if next >= sum/q {
			break
		}
		sum += next
		q++
		if below <= above {
			r--
			below = costRate(o, d, r)
		} else {
			above = costRate(o, d, r+q+1)
		}
	}
	return Policy{Point: r, Quantity: q, Cost: sum / q}
}

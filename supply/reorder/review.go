package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// ReviewOptions configures BaseStock, MinMax and their like: stock that is looked at every Review periods,
// before demand of the period; an order of one review arrives Lead periods later, before demand of that period, so that 0 is at once.
// Shortages are backordered, costs are counted at the end of each period.
type ReviewOptions struct {
	Demand Distribution // of one period, independent from period to period; mean > 0

	// Lead is the lead time in periods, 0 to 4,096; 0 arrives before the demand of its period. LeadLaw, if set, is the law of a random one
	// and replaces it: see DemandOver for what it may be. Orders are taken not to cross.
	Lead    int
	LeadLaw Distribution

	Review int // periods from one review to the next, 1 to 366; default 1

	OrderCost     float64 // of placing one order, >= 0; MinMax and its like need > 0
	HoldingCost   float64 // of keeping one unit for one period, > 0
	BackorderCost float64 // of owing one unit at the end of a period, > 0

	// CycleService, FillRate or ReadyRate, in (0, 1), is the service that BaseStock should reach; at most one
	// of them, and without one it looks for the least cost. MinMax reads none.
	CycleService, FillRate, ReadyRate float64

	Unit float64 // least amount that can be ordered, of which MinMax orders multiples, > 0; default 1
}

func (o ReviewOptions) withDefaults() ReviewOptions {
	o.Review = check.Default(o.Review, 1)
	o.Unit = check.Default(o.Unit, 1)
	return o
}

// validate checks every field; target says whether a service may be asked for, order whether an order has to cost something.
func (o ReviewOptions) validate(where string, target, order bool) error {
	var c check.Options
	c.Require(o.Demand != nil, "Demand", o.Demand, "a Distribution")
	if o.Demand != nil {
		check.Positive(&c, "Demand.Mean()", o.Demand.Mean())
		check.NonNegative(&c, "Demand.SD()", o.Demand.SD())
	}
	c.Require(o.Lead >= 0 && o.Lead <= maxPeriods, "Lead", o.Lead, "0 to 4096")
	c.Require(o.LeadLaw == nil || o.Lead == 0, "Lead", o.Lead, "0 beside LeadLaw")
	c.Require(o.Review >= 1 && o.Review <= 366, "Review", o.Review, "1 to 366")
	check.NonNegative(&c, "OrderCost", o.OrderCost)
	c.Require(!order || o.OrderCost > 0, "OrderCost", o.OrderCost, "> 0")
	check.Positive(&c, "HoldingCost", o.HoldingCost)
	check.Positive(&c, "BackorderCost", o.BackorderCost)
	check.Positive(&c, "Unit", o.Unit)
	asked := 0
	for _, s := range []struct {
		name string
		x    float64
	}{{"CycleService", o.CycleService}, {"FillRate", o.FillRate}, {"ReadyRate", o.ReadyRate}} {
		if s.x != 0 {
			asked++
			c.Require(target && asked < 2, s.name, s.x, "0 here, or beside another service")
			c.Require(s.x > 0 && s.x < 1, s.name, s.x, "in (0, 1)")
		}
	}
	return c.Err(where)
}

var _ Orderer = ReviewPolicy{}

// ReviewPolicy is a policy of periodic review, (R, S) or (R, s, S): every Review periods, where the stock position is at Point or
// below, order up to Level. A base stock has Point at Level: it orders whatever is missing. Order makes it an Orderer.
type ReviewPolicy struct {
	Review       int     // periods between reviews
	Point, Level float64 // s and S, in units

	Cost float64 // expected ordering, holding and backorder cost per period

	// CycleService is the chance that nothing is owed when an order arrives, the worst moment; of a base stock, which may
	// order at every review, at the end of a review interval. FillRate is the share of demand served from stock, ReadyRate the
	// share of periods that end with nothing owed.
	CycleService, FillRate, ReadyRate float64

	Interval float64 // mean periods between orders
}

// Order returns what is missing to Level at a review, 0 above Point and between reviews.
func (p ReviewPolicy) Order(s State) float64 {
	position := s.Position()
	if p.Review > 1 && s.Period%p.Review != 0 || !(position <= p.Point) {
		return 0
	}
	if q := p.Level - position; q > 0 && check.Finite(q) {
		return q
	}
	return 0
}

// review is a checked problem with its laws of demand: over the lead time and j periods more, j from 0 to Review.
type review struct {
	ReviewOptions
	over  []Distribution
	cycle Distribution // demand from one review to the next
}

// newReview derives the laws of demand from checked options.
func newReview(opt ReviewOptions) (*review, error) {
	r := &review{ReviewOptions: opt}
	lead := make([]float64, opt.Lead+1)
	lead[opt.Lead] = 1
	if opt.LeadLaw != nil {
		var err error
		if lead, err = leadPeriods(opt.LeadLaw); err != nil {
			return nil, fmt.Errorf("%s: %w", "LeadLaw", err)
		}
	}
	chances := make([][]float64, opt.Review+2)
	for j := range opt.Review + 1 {
		chances[j] = append(make([]float64, j), lead...)
	}
	chances[opt.Review+1] = append(make([]float64, opt.Review), 1)
	ds, err := demandsOver([]Distribution{opt.Demand}, chances)
	if err != nil {
		return nil, err
	}
	r.over, r.cycle = ds[:opt.Review+1], ds[opt.Review+1]
	for i, d := range r.over { // a table where the law has a formula, which the search would ask for many times
		if whole(d) {
			if t, err := gridOf(d, 1, maxUnits); err == nil {
				r.over[i] = t
			}
		}
	}
	return r, nil
}

// rate is the holding and backorder cost of the periods that a position of y after the review decides on, those from
// its arrival on.
func (r *review) rate(y float64) float64 {
	sum := 0.0
	for _, d := range r.over[1:] {
		sum += r.HoldingCost*(y-d.Mean()) + (r.HoldingCost+r.BackorderCost)*d.Loss(y)
	}
	return sum
}

// short is the demand of a review interval that a position of y does not serve from stock.
func (r *review) short(y float64) float64 {
	return max(r.over[len(r.over)-1].Loss(y)-r.over[0].Loss(y), 0)
}

// ready is the chance that a period of those that y decides on ends with nothing owed.
func (r *review) ready(y float64) float64 {
	sum := 0.0
	for _, d := range r.over[1:] {
		sum += d.CDF(y)
	}
	return sum / float64(r.Review)
}

// base fills in what a base stock of a level costs and does.
func (r *review) base(level float64) ReviewPolicy {
	orders := 1 - r.cycle.CDF(0) // the chance that there is something to order
	return ReviewPolicy{
		Review: r.Review, Point: level, Level: level,
		Cost:         (r.OrderCost*orders + r.rate(level)) / float64(r.Review),
		CycleService: r.over[r.Review].CDF(level),
		FillRate:     max(1-r.short(level)/r.cycle.Mean(), 0),
		ReadyRate:    r.ready(level),
		Interval:     float64(r.Review) / orders,
	}
}

// BaseStock returns the (R, S) policy: every Review periods order up to Level. Without a wanted service Level is the cheapest;
// with one it is the least that reaches it, by the exact laws of demand over the lead time and the periods up to the next arrival:
//
//	CycleService = P(D(L+R) <= S),  FillRate = 1 - (E[(D(L+R)-S)⁺] - E[(D(L)-S)⁺])/E[D(R)],
//	ReadyRate = Σ P(D(L+j) <= S)/R over j = 1 … R
//
// Level is whole where demand is. With Review 1 the cheapest Level is the newsvendor's for demand over Lead+1 periods
// (Snyder and Shen 2019, section 4.3.4). Errors: ErrOption naming every bad field; ErrRange for a lead time or demand that
// DemandOver refuses, ErrUndefined for a law without quantiles, ErrOverflow for a cost beyond float64.
func BaseStock(opt ReviewOptions) (ReviewPolicy, error) {
	const where = "reorder: BaseStock"
	opt = opt.withDefaults()
	if err := opt.validate(where, true, false); err != nil {
		return ReviewPolicy{}, err
	}
	r, err := newReview(opt)
	if err != nil {
		return ReviewPolicy{}, fmt.Errorf("%s: %w", where, err)
	}
	longest := r.over[opt.Review]
	var level float64
	switch {
	case opt.CycleService > 0:
		level = longest.Quantile(opt.CycleService)
	case opt.FillRate > 0:
		level = r.least(func(y float64) bool { return r.short(y) <= (1-opt.FillRate)*r.cycle.Mean()*(1+tiny) })
	case opt.ReadyRate > 0:
		level = r.least(func(y float64) bool { return r.ready(y) >= opt.ReadyRate-tiny })
	default:
		_, ratio := shares(opt.HoldingCost, opt.BackorderCost)
		// The slope of the cost is (h+p)·ready - p.
		level = r.least(func(y float64) bool { return r.ready(y) >= ratio-tiny })
		if opt.Review == 1 {
			level = longest.Quantile(ratio)
		}
	}
	if !check.Finite(level) {
		return ReviewPolicy{}, fmt.Errorf("%s: no level reaches the service: %w", where, ErrUndefined)
	}
	p := r.base(level)
	if !check.Finite(p.Cost) {
		return ReviewPolicy{}, fmt.Errorf("%s: cost is %v at %v: %w", where, p.Cost, level, ErrOverflow)
	}
	return p, nil
}

// least returns the smallest level that is enough, where all above are; whole where demand is. NaN where none is below 1e15 or so.
func (r *review) least(enough func(y float64) bool) float64 {
	d := r.over[r.Review]
	unit := 0.0
	if whole(d) && whole(r.Demand) {
		unit = 1
	}
	step := max(d.SD(), d.Mean()/16, unit)
	lo, hi := 0.0, d.Mean()
	if unit > 0 {
		hi = math.Ceil(hi)
		step = math.Ceil(step)
	}
	for !enough(hi) {
		lo, hi, step = hi, hi+step, 2*step
		if hi > 1e18 {
			return math.NaN()
		}
	}
	for step = max(step, 1); enough(lo); step *= 2 {
		lo, hi = lo-step, lo
		if lo < -1e18 {
			return math.NaN()
		}
	}
	for range 2000 {
		mid := lo + (hi-lo)/2
		if unit > 0 {
			mid = math.Floor(mid)
		}
		if mid <= lo || mid >= hi {
			break
		}
		if enough(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

package reorder

import (
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// HoldBack is a promotion that stock cannot serve as it is planned.
type HoldBack[K supply.ID] struct {
	ID        K   // of the product
	Promotion int // index into Stock.Promotions

	// Risk is the largest chance that stock has run out at the end of one of its
	// periods, or of one of the 1,000 after it that no order can come before.
	Risk float64

	// Wait is the first period in which it can begin, as long and as strong as
	// planned, at MaxRisk, with the orders that a plan for that date makes; -1 where
	// none is found as far as the plan sees, or within 200 periods.
	Wait int

	// Units is how many units may be promised on top of everyday demand before Wait, or
	// until the end of the promotion, at MaxRisk in every period.
	Units int64

	// Reach is the largest share of demand that can be reached as dated at MaxRisk.
	Reach float64
}

// maxAfter bounds the periods after a promotion that are looked at, of a long lead time.
const maxAfter = 1000

// maxShifts bounds the periods by which a promotion is tried later.
const maxShifts = 200

// holdBacks finds the promotions that are more than there will be.
func (j *planJob[K]) holdBacks(opt PlanOptions) []HoldBack[K] {
	var out []HoldBack[K]
	for i, p := range j.stock.Promotions {
		if p.Lift <= 0 && p.High <= 0 || check.OrOff(p.Reach, 1) == 0 {
			continue
		}
		risk := j.riskiest(&j.out, p, opt)
		if risk <= opt.MaxRisk+1e-9 {
			continue
		}
		h := HoldBack[K]{ID: j.stock.ID, Promotion: i, Risk: risk, Wait: -1}
		where := 0
		for shift := 1; shift <= maxShifts && p.From+shift <= j.sight(opt); shift++ {
			later := p
			later.From, later.Until = p.From+shift, min(p.Until+shift, maxAhead)
			then, soon := *j, opt
			then.out, then.orders, then.nets = j.with(i, &later, opt), nil, nil
			soon.Periods = min(opt.Periods, later.Until) // no later order serves it
			if then.schedule(soon) == nil && then.within(&then.out, later, soon, &where) {
				h.Wait = later.From
				break
			}
		}
		everyday := j.with(i, nil, opt)
		until := p.Until
		if h.Wait >= 0 {
			until = min(until, h.Wait)
		}
		h.Units = int64(math.Floor(min(max(j.spare(&everyday, p.From, until, opt), 0), math.MaxInt64/2)))
		h.Reach = j.affordable(i, opt)
		out = append(out, h)
	}
	return out
}

// with is the outlook with another promotion i, or none, and with what substitution
// brings as in the plan.
func (j *planJob[K]) with(i int, other *Promotion, opt PlanOptions) outlook {
	promotions := make([]Promotion, 0, len(j.stock.Promotions))
	for k, p := range j.stock.Promotions {
		switch {
		case k != i:
			promotions = append(promotions, p)
		case other != nil:
			promotions = append(promotions, *other)
		}
	}
	o := j.stock.look(promotions, opt)
	for _, r := range j.inflow {
		o.receive(r.units, r.sd)
	}
	return o
}

// affordable is the largest reach of promotion i at which no period of it is riskier than
// MaxRisk, by bisection.
func (j *planJob[K]) affordable(i int, opt PlanOptions) float64 {
	p, where := j.stock.Promotions[i], 0
	low, high := 0.0, check.OrOff(p.Reach, 1)
	for range 20 {
		less := p
		less.Reach = (low + high) / 2
		less.ReachSD = p.ReachSD * less.Reach / check.OrOff(p.Reach, 1)
		o := j.with(i, &less, opt)
		if j.within(&o, p, opt, &where) {
			low = less.Reach
		} else {
			high = less.Reach
		}
	}
	return low
}

// sight is the last period whose stock the orders of the plan decide.
func (j *planJob[K]) sight(opt PlanOptions) int {
	last := float64(len(j.nets)-1)*opt.Review + j.usual().Lead + opt.Review
	return int(min(math.Floor(last+1e-9), maxAhead))
}

// at says what is there for the demand of the end of period u, that is before the receipts
// of the moment u: the stock expected at the last review whose order comes before, and
// all that has come since of what was ordered until then.
func (j *planJob[K]) at(o *outlook, u float64, opt PlanOptions) (from, there float64) {
	k := 0
	if opt.Review > 0 {
		k = int(min(max(math.Ceil((u-j.usual().Lead)/opt.Review-1e-9)-1, 0), float64(len(j.nets)-1)))
	}
	from = float64(k) * opt.Review
	there = j.nets[k]
	if o != &j.out && k > 0 { // nets is that of the plan's demand
		planned, _, _ := j.out.window(0, from)
		here, _, _ := o.window(0, from)
		there += planned - here
	}
	for _, r := range j.given {
		if r.At > from && r.At < u {
			there += r.Units
		}
	}
	for _, p := range j.orders {
		if p.At <= from && p.Arrival > from && p.Arrival < u {
			there += p.Quantity
		}
	}
	return from, there
}

// last is the last period whose stock a promotion decides: what it takes is missing until
// an order can come.
func (j *planJob[K]) last(until int, opt PlanOptions) int {
	return min(max(until, int(min(math.Ceil(j.usual().Lead), float64(until+maxAfter)))), j.sight(opt))
}

// riskiest is the largest chance of a stock-out at the end of a period from the first of a
// promotion on; 1 where a law does not exist.
func (j *planJob[K]) riskiest(o *outlook, p Promotion, opt PlanOptions) float64 {
	worst := 0.0
	for u := p.From + 1; u <= j.last(p.Until, opt); u++ {
		worst = max(worst, j.riskAt(o, u, opt))
	}
	return worst
}

// riskAt is the chance of a stock-out at the end of period u-1, 1 where a law does not exist.
func (j *planJob[K]) riskAt(o *outlook, u int, opt PlanOptions) float64 {
	from, there := j.at(o, float64(u), opt)
	d, err := o.demand(from, float64(u), 0)
	if err != nil {
		return 1
	}
	return StockOutRisk(d, there)
}

// within reports whether riskiest is at most MaxRisk. It looks first where the last one was not, and says in where that is:
// a promotion that waits fails at one moment for many dates.
func (j *planJob[K]) within(o *outlook, p Promotion, opt PlanOptions, where *int) bool {
	last := j.last(p.Until, opt)
	safe := func(u int) bool { return j.riskAt(o, u, opt) <= opt.MaxRisk+1e-9 }
	if *where > p.From && *where <= last && !safe(*where) {
		return false
	}
	for u := p.From + 1; u <= last; u++ {
		if !safe(u) {
			*where = u
			return false
		}
	}
	return true
}

// spare is the least of what is there beyond the demand of an outlook at MaxRisk, over
// the periods [from, until).
func (j *planJob[K]) spare(o *outlook, from, until int, opt PlanOptions) float64 {
	least := math.Inf(1)
	for u := from + 1; u <= j.last(until, opt); u++ {
		start, there := j.at(o, float64(u), opt)
		d, err := o.demand(start, float64(u), 0)
		if err != nil {
			return 0
		}
		least = min(least, there-d.Quantile(1-opt.MaxRisk))
	}
	return least
}

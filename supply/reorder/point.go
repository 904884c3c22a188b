package reorder

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// Law names the law of demand over a span of time.
type Law uint8

// Laws. Poisson counts whole units and uses the mean only: it needs SD 0 (or
// left out) and a certain lead time.
const (
	Normal Law = iota
	Poisson
)

// PointOptions configures Point and SafetyStock: the demand for one product and the
// service wanted. Time is counted in periods of the caller's choice (days, weeks,
// months), the same in every field.
type PointOptions struct {
	Mean float64 // demand per period, >= 0
	SD   float64 // its standard deviation, or better that of the forecast error, >= 0

	Lead   float64 // mean lead time in periods, > 0
	LeadSD float64 // its standard deviation, >= 0

	// Review is the interval between reviews of the stock in periods, >= 0; default
	// 0: it is watched all the time. It lengthens the span that stock must cover to
	// Lead+Review. The Review of PlanOptions means the same.
	Review float64

	Law Law // of demand; default Normal

	// LeadDemand, if set, is the law of demand over lead time plus review and
	// replaces all fields above: EmpiricalDemand, for instance.
	LeadDemand Distribution

	// CycleService is the wanted chance that a cycle passes without stock-out, in
	// (0, 1). FillRate is the wanted share of demand served from stock, in (0, 1),
	// and needs Quantity, the lot ordered per cycle, > 0. At most one of the two;
	// default CycleService 0.95.
	CycleService, FillRate, Quantity float64
}

func (o PointOptions) withDefaults() PointOptions {
	if o.FillRate == 0 {
		o.CycleService = check.Default(o.CycleService, 0.95)
	}
	return o
}

// validate checks every field that is read: those of the law only without LeadDemand.
func (o PointOptions) validate(where string) error {
	var c check.Options
	if o.LeadDemand == nil {
		check.NonNegative(&c, "Mean", o.Mean)
		check.NonNegative(&c, "SD", o.SD)
		check.Positive(&c, "Lead", o.Lead)
		check.NonNegative(&c, "LeadSD", o.LeadSD)
		check.NonNegative(&c, "Review", o.Review)
		c.Require(o.Law <= Poisson, "Law", o.Law, "Normal or Poisson")
		if o.Law == Poisson {
			c.Require(o.SD == 0, "SD", o.SD, "0 with Poisson, whose variance is its mean")
			c.Require(o.LeadSD == 0, "LeadSD", o.LeadSD, "0 with Poisson")
		}
	}
	if o.FillRate != 0 {
		c.Require(o.FillRate > 0 && o.FillRate < 1, "FillRate", o.FillRate, "in (0, 1)")
		c.Require(o.CycleService == 0, "CycleService", o.CycleService, "0 when FillRate is given")
		check.Positive(&c, "Quantity", o.Quantity)
	} else {
		c.Require(o.CycleService > 0 && o.CycleService < 1, "CycleService", o.CycleService, "in (0, 1)")
	}
	return c.Err(where)
}

// PointResult is when to order again.
type PointResult struct {
	Point        float64 // order when stock on hand plus on order falls to this
	SafetyStock  float64 // Point less mean demand over the span; negative when the wanted service is below one half
	LeadDemand   float64 // mean demand over lead time plus review
	LeadSD       float64 // its standard deviation
	CycleService float64 // chance of no stock-out per cycle at Point
}

// Point returns the stock position at which to order again. For normal demand
//
//	Point = d·(L+R) + z·√((L+R)·σ_d² + d²·σ_L²)
//
// with d, σ_d demand per period, L, σ_L the lead time, R the review interval and
// z the quantile of the service level: mean demand grows with the lead time, not
// with its root. For whole-numbered and empirical laws Point is the smallest
// value that reaches the service. With a fill-rate target the safety stock is
// what makes the expected shortage per cycle at most (1-FillRate)·Quantity, with Point
// not below 0, and whole for Poisson, whose stock cannot stop between two units. Errors: ErrOption naming every bad field; ErrRange, ErrNotFinite
// or ErrOverflow when demand over the span is beyond any stock.
func Point(opt PointOptions) (PointResult, error) {
	const where = "reorder: Point"
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return PointResult{}, err
	}
	d := opt.LeadDemand
	if d == nil {
		var err error
		span := opt.Lead + opt.Review
		if d, err = leadDemand(opt.Law, opt.Mean*span, span*opt.SD*opt.SD+opt.Mean*opt.Mean*opt.LeadSD*opt.LeadSD); err != nil {
			return PointResult{}, fmt.Errorf("%s: %w", where, err)
		}
	}
	r := PointResult{LeadDemand: d.Mean(), LeadSD: d.SD()}
	if opt.FillRate > 0 {
		loss := (1 - opt.FillRate) * opt.Quantity
		r.Point = pointForLoss(d, loss)
		if _, whole := d.(poisson); whole {
			r.Point = math.Ceil(r.Point)
			if r.Point > 0 && d.Loss(r.Point-1) <= loss { // the search ends a hair above
				r.Point--
			}
		}
	} else {
		r.Point = d.Quantile(opt.CycleService)
	}
	if !check.Finite(r.Point) {
		return PointResult{}, fmt.Errorf("%s: reorder point is %v: %w", where, r.Point, ErrOverflow)
	}
	r.SafetyStock, r.CycleService = r.Point-r.LeadDemand, d.CDF(r.Point)
	return r, nil
}

// leadDemand is the law of demand with the given moments; no demand is certain.
func leadDemand(law Law, mean, variance float64) (Distribution, error) {
	if law == Poisson && mean > 0 {
		return PoissonDemand(mean)
	}
	return NormalDemand(mean, math.Sqrt(variance))
}

// pointForLoss returns the smallest point whose expected shortage is at most
// loss, to 1e-9 of the scale, never below 0.
func pointForLoss(d Distribution, loss float64) float64 {
	lo, step := 0.0, max(d.SD(), 1)
	if d.Loss(0) <= loss {
		return 0
	}
	hi := d.Mean() + step
	for d.Loss(hi) > loss {
		lo, hi, step = hi, hi+step, 2*step
		if math.IsInf(hi, 1) {
			return hi
		}
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if d.Loss(mid) <= loss {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// SafetyStock is the stock kept against uncertainty, z·√(L·σ_d² + d²·σ_L²):
// the SafetyStock of Point.
func SafetyStock(opt PointOptions) (float64, error) {
	r, err := Point(opt)
	return r.SafetyStock, err
}

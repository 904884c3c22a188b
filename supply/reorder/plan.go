package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/moments"
	"github.com/aislekit/aisle/supply"
)

// Stock is what a plan needs to know about one product. Time is counted in the
// periods of Forecast.
type Stock[K supply.ID] struct {
	ID K // of the product; one entry for each

	// Forecast is expected demand per period, the coming period first, none
	// negative, with planned promotions included. Beyond its end the mean of the
	// forecast goes on. At least one period.
	Forecast []float64

	// SD is the standard deviation of the forecast error of one period, >= 0,
	// taken as independent between periods. Ignored by Poisson.
	SD float64

	OnHand  float64 // units that can be sold now, >= 0
	OnOrder float64 // units ordered and expected within the lead time, >= 0
	Owed    float64 // units sold but not yet sent (backorders), >= 0

	Lead   float64 // lead time in periods, > 0
	LeadSD float64 // its standard deviation, >= 0

	// Lot is the usual order quantity, an EOQ for instance; 0 orders just up to
	// the point that covers lead time and review. Multiple, if > 0, rounds orders
	// up to whole packs, Minimum is the least that can be ordered.
	Lot, Multiple, Minimum float64

	CycleService float64 // wanted service in (0, 1); default that of PlanOptions
}

// PlanOptions configures Plan.
type PlanOptions struct {
	// CycleService is the wanted chance that lead time and review pass without
	// stock-out, in (0, 1); default 0.95.
	CycleService float64

	// Review is the interval between two plans in periods, >= 0; default 0: stock is
	// watched all the time. It lengthens the span that stock must cover to
	// Lead+Review, so a plan made once a period wants 1 here. The Review of
	// PointOptions means the same.
	Review float64

	// Horizon is the span, in periods, for which RiskOnHand is given: how long a
	// product must stay deliverable to be worth recommending. > 0; default 1.
	Horizon float64

	Law Law // of demand; default Normal
}

func (o PlanOptions) withDefaults() PlanOptions {
	o.CycleService = check.Default(o.CycleService, 0.95)
	o.Horizon = check.Default(o.Horizon, 1)
	return o
}

func (o PlanOptions) validate() error {
	var c check.Options
	c.Require(o.CycleService > 0 && o.CycleService < 1, "CycleService", o.CycleService, "in (0, 1)")
	check.NonNegative(&c, "Review", o.Review)
	check.Positive(&c, "Horizon", o.Horizon)
	c.Require(o.Law <= Poisson, "Law", o.Law, "Normal or Poisson")
	return c.Err("reorder: Plan")
}

// PlanLine is the plan for one product.
type PlanLine[K supply.ID] struct {
	ID K // of the product

	OnHand      float64 // as given, less what is owed
	Position    float64 // on hand + on order - owed
	Demand      float64 // expected over lead time plus review
	SafetyStock float64 // Point less Demand
	Point       float64 // reorder point

	Reorder  bool    // Position is at or below Point
	Quantity float64 // what to order now; 0 when Reorder is false

	// Risk is the chance that demand over lead time plus review exceeds Position
	// if nothing more is ordered; an order placed later cannot help. Short is the
	// expected shortage in units.
	Risk, Short float64

	// RiskOnHand is the chance that demand within the Horizon exceeds what is on
	// hand now: the risk of a customer being shown what cannot be delivered.
	RiskOnHand float64

	// Cover is how many periods the stock on hand lasts if demand comes as
	// forecast; +Inf when none is expected.
	Cover float64
}

// Replenishment is the plan for a whole assortment. It is immutable.
type Replenishment[K supply.ID] struct {
	lines []PlanLine[K] // by id
}

// Plan says for every product whether to reorder now, how much, and how likely a
// stock-out is. It is where demand feeds back into marketing: Deliverable gives
// the ids that may be recommended, AtRisk those whose campaigns should wait.
//
// Errors name the product and field: ErrEmpty without products or forecast,
// ErrDuplicate, ErrRange, ErrNotFinite, ErrOption. Cost is proportional to the
// length of all forecasts.
func Plan[K supply.ID](stocks []Stock[K], opt PlanOptions) (*Replenishment[K], error) {
	const where = "reorder: Plan"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if len(stocks) == 0 {
		return nil, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	p := &Replenishment[K]{lines: make([]PlanLine[K], 0, len(stocks))}
	for _, s := range stocks {
		line, err := planOne(s, opt)
		if err != nil {
			return nil, err
		}
		p.lines = append(p.lines, line)
	}
	slices.SortFunc(p.lines, func(a, b PlanLine[K]) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(p.lines); i++ {
		if p.lines[i].ID == p.lines[i-1].ID {
			return nil, fmt.Errorf("%s: product %v is given twice: %w", where, p.lines[i].ID, ErrDuplicate)
		}
	}
	return p, nil
}

// where names the product in errors.
func (s *Stock[K]) where() string { return fmt.Sprintf("reorder: Plan: product %v", s.ID) }

// validate checks every field of a product, Forecast period by period.
func (s *Stock[K]) validate() error {
	if len(s.Forecast) == 0 {
		return fmt.Errorf("%s: Forecast is empty: %w", s.where(), ErrEmpty)
	}
	for i, x := range s.Forecast {
		if !(x >= 0 && x <= check.MaxAmount) {
			return check.Amount(s.where(), fmt.Sprintf("Forecast[%d]", i), x)
		}
	}
	for _, f := range []struct {
		name string
		x    float64
	}{
		{"SD", s.SD},
		{"OnHand", s.OnHand},
		{"OnOrder", s.OnOrder},
		{"Owed", s.Owed},
		{"Lead", s.Lead},
		{"LeadSD", s.LeadSD},
		{"Lot", s.Lot},
		{"Multiple", s.Multiple},
		{"Minimum", s.Minimum},
	} {
		if !(f.x >= 0 && f.x <= check.MaxAmount) {
			return check.Amount(s.where(), f.name, f.x)
		}
	}
	if s.Lead == 0 {
		return fmt.Errorf("%s: Lead is 0, want > 0: %w", s.where(), ErrRange)
	}
	if s.CycleService != 0 && !(s.CycleService > 0 && s.CycleService < 1) {
		return fmt.Errorf("%s: CycleService is %v, want in (0, 1): %w", s.where(), s.CycleService, ErrRange)
	}
	return nil
}

// over returns expected demand over the first span periods.
func over(forecast []float64, span float64) float64 {
	sum := 0.0
	for i, x := range forecast {
		sum += x * min(max(span-float64(i), 0), 1)
	}
	return sum + average(forecast)*max(span-float64(len(forecast)), 0)
}

// average returns the mean of a forecast of at least one period.
func average(forecast []float64) float64 {
	var m moments.Welford
	for _, x := range forecast {
		_ = m.Add(x) // its squares do not overflow: x is at most check.MaxAmount
	}
	return m.Mean()
}

// cover returns how many periods a stock lasts.
func cover(forecast []float64, stock float64) float64 {
	if stock <= 0 {
		return 0
	}
	for i, x := range forecast {
		if x >= stock && x > 0 {
			return float64(i) + stock/x
		}
		stock -= x
	}
	return float64(len(forecast)) + stock/average(forecast) // +Inf when nothing is expected
}

// packs rounds a quantity up to whole packs. Packs too small to count leave it.
func packs(quantity, pack float64) float64 {
	n := math.Ceil(quantity/pack - 1e-9)
	if n > 1<<53 {
		return quantity
	}
	return n * pack
}

// planOne plans one product. Demand is spread over span = Lead+Review periods, its
// variance that of the forecast errors within the span and of the lead time; the
// risk on hand looks at the Horizon alone.
func planOne[K supply.ID](s Stock[K], opt PlanOptions) (PlanLine[K], error) {
	if err := s.validate(); err != nil {
		return PlanLine[K]{}, err
	}
	span := s.Lead + opt.Review
	mean := over(s.Forecast, span)
	rate := mean / span
	d, err := leadDemand(opt.Law, mean, span*s.SD*s.SD+rate*rate*s.LeadSD*s.LeadSD)
	if err != nil {
		return PlanLine[K]{}, fmt.Errorf("%s: %w", s.where(), err)
	}
	soonMean := over(s.Forecast, opt.Horizon)
	soon, err := leadDemand(opt.Law, soonMean, opt.Horizon*s.SD*s.SD)
	if err != nil {
		return PlanLine[K]{}, fmt.Errorf("%s: %w", s.where(), err)
	}
	l := PlanLine[K]{ID: s.ID, OnHand: s.OnHand - s.Owed, Position: s.OnHand + s.OnOrder - s.Owed, Demand: mean}
	l.Point = d.Quantile(check.Default(s.CycleService, opt.CycleService))
	l.SafetyStock = l.Point - mean
	l.Risk, l.Short = StockOutRisk(d, l.Position), d.Loss(l.Position)
	l.RiskOnHand = StockOutRisk(soon, l.OnHand)
	l.Cover = cover(s.Forecast, l.OnHand)
	if !check.Finite(l.Point) || !check.Finite(l.Position) || !check.Finite(l.Short) {
		return PlanLine[K]{}, fmt.Errorf("%s: reorder point is %v at position %v: %w", s.where(), l.Point, l.Position, ErrOverflow)
	}
	l.Quantity = orderQuantity(&s, l.Point, l.Position)
	l.Reorder = l.Quantity > 0
	return l, nil
}

// orderQuantity returns what to order at a position, 0 above the point: up to the
// point, in whole lots and packs, and no less than the least that can be ordered.
func orderQuantity[K supply.ID](s *Stock[K], point, position float64) float64 {
	// With nothing wanted and nothing owed there is nothing to order, although
	// the position is at the point (both 0).
	if position > point || point <= 0 && position >= 0 {
		return 0
	}
	q := max(point-position, s.Lot, s.Minimum)
	if s.Lot > 0 { // whole lots, as many as reach above the point
		q = max(packs(point-position, s.Lot), q)
	}
	if s.Multiple > 0 {
		q = packs(q, s.Multiple)
	}
	if q == 0 { // exactly at the point: the least that can be ordered
		q = check.Default(s.Multiple, 1)
	}
	return q
}

// Lines returns all products in ascending order of id. The slice is the
// caller's.
func (p *Replenishment[K]) Lines() []PlanLine[K] {
	if p == nil {
		return nil
	}
	return slices.Clone(p.lines)
}

// Line returns the plan of one product, ErrUnknownID if it is not part of it, ErrEmpty for
// a plan that Plan has not made.
func (p *Replenishment[K]) Line(id K) (PlanLine[K], error) {
	const where = "reorder: Replenishment.Line"
	if p == nil || p.lines == nil {
		return PlanLine[K]{}, fmt.Errorf("%s: not made by Plan: %w", where, ErrEmpty)
	}
	i, ok := slices.BinarySearchFunc(p.lines, id, func(l PlanLine[K], id K) int { return cmp.Compare(l.ID, id) })
	if !ok {
		return PlanLine[K]{}, fmt.Errorf("%s: product %v: %w", where, id, ErrUnknownID)
	}
	return p.lines[i], nil
}

// Orders returns the products to reorder now, most urgent first: by Risk, then
// by expected shortage, then by id.
func (p *Replenishment[K]) Orders() []PlanLine[K] {
	if p == nil {
		return nil
	}
	var out []PlanLine[K]
	for _, l := range p.lines {
		if l.Reorder {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b PlanLine[K]) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(b.Short, a.Short))
	})
	return out
}

// Deliverable returns, ascending, the ids of products that are on hand and whose
// RiskOnHand is at most maxRisk: an allow list for a recommender.
func (p *Replenishment[K]) Deliverable(maxRisk float64) []K {
	if p == nil {
		return nil
	}
	var out []K
	for _, l := range p.lines {
		if l.OnHand > 0 && l.RiskOnHand <= maxRisk {
			out = append(out, l.ID)
		}
	}
	return out
}

// AtRisk returns, ascending, the ids of products whose Risk is above maxRisk:
// demand for them should not be raised before they are replenished.
func (p *Replenishment[K]) AtRisk(maxRisk float64) []K {
	if p == nil {
		return nil
	}
	var out []K
	for _, l := range p.lines {
		if l.Risk > maxRisk {
			out = append(out, l.ID)
		}
	}
	return out
}

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

// Receipt is a delivery under way.
type Receipt struct {
	At    float64 // periods from now, >= 0
	Units float64 // >= 0
}

// Stock is what a plan needs to know about one product. Time is counted in the
// periods of Forecast, money in minor units.
type Stock[K supply.ID] struct {
	ID K // of the product; one entry for each

	// Forecast is expected demand per period at Price, the coming period first, none
	// negative, without Promotions. Beyond its end the mean of the forecast goes
	// on. At least one period.
	Forecast []float64

	// SD is the standard deviation of the forecast error of one period, >= 0.
	// Ignored by Poisson, as are its other forms: SDs, one for each period, whose
	// last goes on, or Quantiles of demand, one for each period of Forecast and each of
	// PlanOptions.Probs, period by period, as forecasters give them. At most one of
	// the three.
	SD        float64
	SDs       []float64
	Quantiles []float64

	// Correlation is that of the errors of neighbouring periods, in [0, 1]: errors k
	// periods apart correlate by its k-th power. The default, 0, takes them as
	// independent; forecasts many periods ahead err together.
	Correlation float64

	OnHand   float64   // units there now, >= 0
	Reserved float64   // of them promised already and not for sale, >= 0
	OnOrder  float64   // units ordered and expected within the lead time, >= 0
	Due      []Receipt // units ordered with the date they come, in any order
	Owed     float64   // units sold but not yet sent (backorders), >= 0

	Lead   float64 // lead time in periods, > 0
	LeadSD float64 // its standard deviation, >= 0

	// Lot is the usual order quantity, an EOQ for instance; 0 orders just up to
	// the point that covers lead time and review. Multiple, if > 0, rounds orders
	// up to whole packs, Minimum is the least that can be ordered.
	Lot, Multiple, Minimum float64

	// UnitCost is the purchase price of a unit, >= 0.
	UnitCost int64

	// Suppliers, if given, stand for Lead, LeadSD, Lot, Multiple, Minimum and
	// UnitCost, which are then left out.
	Suppliers []Supplier

	CycleService float64 // wanted service in (0, 1); default that of PlanOptions

	// Price is what a unit sells for, >= 0, and Prices what it will sell for, by
	// period, each > 0; after them, and where they are left out, it is Price. Demand is
	// Forecast·(Prices/Price)^Elasticity; ElasticitySD is the standard error of that.
	Price                    int64
	Prices                   []int64
	Elasticity, ElasticitySD float64

	Promotions []Promotion // what is planned and not part of Forecast

	// Substitutes take over shares of the demand that finds no stock, together at
	// most 1. They are part of the plan.
	Substitutes []Substitute[K]
}

// Supplier is one way to get a product.
type Supplier struct {
	Price                  int64   // of a unit, minor units, >= 0
	Lead, LeadSD           float64 // lead time in periods, > 0, and its standard deviation
	Lot, Multiple, Minimum float64 // as in Stock
	Capacity               float64 // most units of one order, >= 0; 0 is no bound
}

// Promotion raises the demand for a product during the periods From to Until-1, or
// lowers it: what is bought ahead is missing afterwards.
type Promotion struct {
	From, Until int // 0 is the coming period

	// Lift is the relative change of demand of those who are reached (.3 is 30 %
	// more), >= -1, as an experiment or a model of uplift has measured it, and Low and
	// High its interval of PlanOptions.Level. Both left out take Lift as certain.
	// One who has measured a lift by period gives one Promotion each.
	Lift, Low, High float64

	// Reach is the share of demand that will be reached, in [0, 1], and ReachSD its
	// standard deviation. Reach left out is 1; negative means 0.
	Reach, ReachSD float64
}

// Substitute is a product that customers take when another one is not there.
type Substitute[K supply.ID] struct {
	ID    K       // of the product that is taken instead
	Share float64 // of the demand that finds no stock, in [0, 1]
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

	// Periods is how far ahead orders are planned, at 0, Review, 2·Review and so on below
	// it, 0 to 10,000, with Review > 0; default 0: orders for now only.
	Periods int

	// Horizon is the span, in periods, for which RiskOnHand is given: how long a
	// product must stay deliverable to be worth recommending. > 0; default 1.
	Horizon float64

	Law Law // of demand; default Normal

	Probs []float64 // of Stock.Quantiles, each in (0, 1)
	Level float64   // of the intervals of promotions, in (0, 1); default .95

	// LostSales says that demand which finds no stock is lost: orders do not make up
	// for it. By default it is owed.
	LostSales bool

	// HoldingRate is the cost of keeping stock for a period as a share of its
	// purchase price, >= 0. It weighs a cheap supplier against a near one.
	HoldingRate float64

	// Budget bounds the value of the orders for now, >= 0; 0 is no bound. Money goes
	// where its last unit earns the most, so every product needs a Price.
	Budget int64

	// MaxRisk is the chance of a stock-out above which a promotion is held back, in
	// (0, 1); default 1-CycleService.
	MaxRisk float64
}

func (o PlanOptions) withDefaults() PlanOptions {
	o.CycleService = check.Default(o.CycleService, 0.95)
	o.Horizon = check.Default(o.Horizon, 1)
	o.Level = check.Default(o.Level, 0.95)
	o.MaxRisk = check.Default(o.MaxRisk, min(1-o.CycleService, math.Nextafter(1, 0)))
	return o
}

// maxAhead bounds what is planned period by period, as that of a forecast is.
const maxAhead = 10_000

// validate checks every field, withDefaults having filled in the rest.
func (o PlanOptions) validate() error {
	var c check.Options
	c.Require(o.CycleService > 0 && o.CycleService < 1, "CycleService", o.CycleService, "in (0, 1)")
	check.NonNegative(&c, "Review", o.Review)
	c.Require(o.Periods >= 0 && o.Periods <= maxAhead, "Periods", o.Periods, "0 to 10,000")
	if o.Periods > 0 && o.Review >= 0 {
		c.Require(float64(o.Periods) <= maxAhead*o.Review, "Review", o.Review, "at least Periods/10,000")
	}
	check.Positive(&c, "Horizon", o.Horizon)
	c.Require(o.Law <= Poisson, "Law", o.Law, "Normal or Poisson")
	for i, p := range o.Probs {
		c.Require(p > 0 && p < 1, fmt.Sprintf("Probs[%d]", i), p, "in (0, 1)")
	}
	c.Require(o.Level > 0 && o.Level < 1, "Level", o.Level, "in (0, 1)")
	check.NonNegative(&c, "HoldingRate", o.HoldingRate)
	check.NonNegative(&c, "Budget", o.Budget)
	c.Require(o.MaxRisk > 0 && o.MaxRisk < 1, "MaxRisk", o.MaxRisk, "in (0, 1)")
	return c.Err("reorder: Plan")
}

// PlanLine is the plan for one product.
type PlanLine[K supply.ID] struct {
	ID K // of the product

	OnHand      float64 // as given, less what is reserved or owed
	Position    float64 // OnHand and what comes within lead time plus review
	Demand      float64 // expected over lead time plus review
	SafetyStock float64 // Point less Demand
	Point       float64 // reorder point

	// Reorder is set where Position is at or below Point, or stock would run out before a
	// dated delivery that an order of now can come before.
	Reorder  bool
	Quantity float64 // what to order now, of all suppliers; 0 when Reorder is false

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

	// AtRisk is the expected demand, in units, that finds no stock before
	// NextArrival, the periods until an order of now can come from the nearest
	// supplier, and AtRiskValue its sales at the planned prices. Of it Spilled goes to
	// substitutes; Received is what comes from products that this one stands in for,
	// and part of the demand of this line.
	NextArrival       float64
	AtRisk            float64
	AtRiskValue       int64
	Spilled, Received float64

	// Worth is what one more unit on hand now would earn above its purchase price,
	// in minor units: the margin times the chance that it is missed before NextArrival.
	// 0 without a Price.
	Worth float64
}

// PlannedOrder is an order of a plan.
type PlannedOrder[K supply.ID] struct {
	ID          K       // of the product
	At, Arrival float64 // when to place it and when it comes, in periods from now
	Quantity    float64 // in units, of all its packs
	Value       int64   // at the supplier's price
	Supplier    int     // index into Stock.Suppliers, 0 without them
}

// Replenishment is the plan for a whole assortment. It is immutable.
type Replenishment[K supply.ID] struct {
	lines  []PlanLine[K] // by id
	orders []PlannedOrder[K]
	held   []HoldBack[K]
	price  float64 // of the budget
}

// Plan says for every product when to order how much from whom, and how likely a
// stock-out is. It is where demand feeds back into marketing: Deliverable gives
// the ids that may be recommended, AtRisk those whose campaigns should wait, HoldBacks
// which promotions are more than there will be, and what of them can be promised.
//
// Demand of a span has the mean of Forecast times what prices and promotions make of
// it, and the variance of the forecast errors; the errors of a lift, of a reach and of an
// elasticity are the same in all periods, and add up as such. An order covers the time until
// the next one can come, so that a promotion counts from the first order that can serve
// it. Later orders follow from expected demand.
//
// Of several suppliers the cheapest in purchase, safety stock, pipeline and lot is the
// usual one; a nearer, dearer one bridges the time until that one delivers, with as many units
// as the chance of missing one is above (premium)/(margin): a newsvendor whose overage is
// the premium. What is beyond the capacity of one goes to the next.
//
// Errors name the product and field: ErrEmpty without products or forecast,
// ErrDuplicate, ErrRange, ErrShape, ErrNotFinite, ErrUnknownID of a substitute, ErrOption,
// ErrOverflow. Cost is proportional to the length of all forecasts, and with Periods to
// Periods/Review times the span of an order, for each product.
func Plan[K supply.ID](stocks []Stock[K], opt PlanOptions) (*Replenishment[K], error) {
	const where = "reorder: Plan"
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	if len(stocks) == 0 {
		return nil, fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	jobs := make([]planJob[K], len(stocks))
	for i := range stocks {
		if err := stocks[i].validate(opt); err != nil {
			return nil, err
		}
		jobs[i].stock = &stocks[i]
	}
	slices.SortFunc(jobs, func(a, b planJob[K]) int { return cmp.Compare(a.stock.ID, b.stock.ID) })
	for i := 1; i < len(jobs); i++ {
		if jobs[i].stock.ID == jobs[i-1].stock.ID {
			return nil, fmt.Errorf("%s: product %v is given twice: %w", where, jobs[i].stock.ID, ErrDuplicate)
		}
	}
	for i := range jobs {
		jobs[i].prepare(opt)
	}
	if err := spill(jobs, opt); err != nil {
		return nil, err
	}
	for i := range jobs {
		if err := jobs[i].plan(opt); err != nil {
			return nil, err
		}
	}
	p := &Replenishment[K]{lines: make([]PlanLine[K], len(jobs))}
	var err error
	if p.price, err = withinBudget(jobs, opt); err != nil {
		return nil, err
	}
	for i := range jobs {
		p.lines[i] = jobs[i].line
		p.held = append(p.held, jobs[i].holdBacks(opt)...)
	}
	p.orders = byDate(jobs, opt)
	return p, nil
}

// byDate gathers the orders of all products, review by review.
func byDate[K supply.ID](jobs []planJob[K], opt PlanOptions) []PlannedOrder[K] {
	n, reviews := 0, 0
	for i := range jobs {
		n, reviews = n+len(jobs[i].orders), max(reviews, len(jobs[i].nets))
	}
	orders, taken := make([]PlannedOrder[K], 0, n), make([]int, len(jobs))
	for k := 0; len(orders) < n && k < reviews; k++ {
		for i := range jobs {
			from := jobs[i].orders[taken[i]:]
			for len(from) > 0 && from[0].At == float64(k)*opt.Review {
				orders, from = append(orders, from[0]), from[1:]
				taken[i]++
			}
		}
	}
	return orders
}

// where names the product in errors.
func (s *Stock[K]) where() string { return fmt.Sprintf("reorder: Plan: product %v", s.ID) }

// average returns the mean of a forecast of at least one period.
func average(forecast []float64) float64 {
	var m moments.Welford
	for _, x := range forecast {
		_ = m.Add(x) // its squares do not overflow: x is at most check.MaxAmount
	}
	return m.Mean()
}

// cover returns how many periods a stock lasts, where after the last period of mean
// demand is after.
func cover(mean []float64, after, stock float64) float64 {
	if stock <= 0 {
		return 0
	}
	for i, x := range mean {
		if x >= stock && x > 0 {
			return float64(i) + stock/x
		}
		stock -= x
	}
	return float64(len(mean)) + stock/after // +Inf when nothing is expected
}

// packs rounds a quantity up to whole packs. Packs too small to count leave it.
func packs(quantity, pack float64) float64 {
	n := math.Ceil(quantity/pack - 1e-9)
	if n > 1<<53 {
		return quantity
	}
	return n * pack
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

// Schedule returns all orders over the planned periods by date, those of one date by id,
// each product's in the order it wants them: what bridges first. The slice is the
// caller's.
func (p *Replenishment[K]) Schedule() []PlannedOrder[K] {
	if p == nil {
		return nil
	}
	return slices.Clone(p.orders)
}

// HoldBacks returns the promotions that stock cannot serve at MaxRisk as they are
// planned, by id and date given. The slice is the caller's.
func (p *Replenishment[K]) HoldBacks() []HoldBack[K] {
	if p == nil {
		return nil
	}
	return slices.Clone(p.held)
}

// BudgetPrice returns what one more minor unit of PlanOptions.Budget would earn, in minor
// units: the best of what the budget had no place for. 0 where it is enough.
func (p *Replenishment[K]) BudgetPrice() float64 {
	if p == nil {
		return 0
	}
	return p.price
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

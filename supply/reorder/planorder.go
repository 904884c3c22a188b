package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// planJob is the planning of one product.
type planJob[K supply.ID] struct {
	stock     *Stock[K]
	out       outlook
	suppliers []Supplier
	ranked    []int   // suppliers, the usual one first
	nearest   float64 // lead time of the nearest
	service   float64
	net       float64  // there now, less what is reserved or owed
	given     []coming // what comes anyway, by date

	received, spilled float64  // of and to substitutes
	inflow            []inflow // what makes up received
	alone             float64  // what would be missed without it

	line   PlanLine[K]
	orders []PlannedOrder[K]
	now    []PlannedOrder[K] // what a budget leaves of the orders for now; nil: all
	// nets is the expected stock at each review, before its order.
	nets []float64
}

// prepare collects what does not depend on other products.
func (j *planJob[K]) prepare(opt PlanOptions) {
	s := j.stock
	j.out = s.look(s.Promotions, opt)
	j.service = check.Default(s.CycleService, opt.CycleService)
	j.suppliers = s.Suppliers
	if len(j.suppliers) == 0 {
		j.suppliers = []Supplier{{Price: s.UnitCost, Lead: s.Lead, LeadSD: s.LeadSD, Lot: s.Lot, Multiple: s.Multiple, Minimum: s.Minimum}}
	}
	j.rank(opt)
	j.net = s.OnHand - s.Reserved - s.Owed
	if len(s.Due) == 0 && s.OnOrder == 0 {
		return
	}
	j.given = make([]coming, 0, len(s.Due)+1)
	for _, r := range s.Due {
		j.given = append(j.given, coming{Receipt: r})
	}
	if s.OnOrder > 0 { // any time within the lead time: half of it is left on average
		j.given = append(j.given, coming{Receipt: Receipt{At: j.suppliers[j.ranked[0]].Lead / 2, Units: s.OnOrder}})
	}
	slices.SortFunc(j.given, func(a, b coming) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Units, b.Units)) })
}

// rank orders suppliers by what a period costs with them alone: purchase, and the
// keeping of safety stock, of what is under way and of half a lot.
func (j *planJob[K]) rank(opt PlanOptions) {
	j.ranked = make([]int, len(j.suppliers))
	costs := make([]float64, len(j.suppliers))
	j.nearest = math.Inf(1)
	for i, p := range j.suppliers {
		j.ranked[i] = i
		j.nearest = min(j.nearest, p.Lead)
		if len(j.suppliers) == 1 {
			break
		}
		span := p.Lead + opt.Review
		mean, variance, _ := j.out.spread(0, span)
		rate := mean / span
		safety := zOf(j.service) * math.Sqrt(variance+rate*rate*p.LeadSD*p.LeadSD)
		kept := max(safety, 0) + rate*p.Lead + max(p.Lot, p.Multiple, p.Minimum)/2
		costs[i] = float64(p.Price) * (rate + opt.HoldingRate*kept)
	}
	slices.SortStableFunc(j.ranked, func(a, b int) int {
		return cmp.Or(cmp.Compare(costs[a], costs[b]), cmp.Compare(j.suppliers[a].Lead, j.suppliers[b].Lead))
	})
}

func (j *planJob[K]) usual() Supplier { return j.suppliers[j.ranked[0]] }

// plan fills line, orders and nets.
func (j *planJob[K]) plan(opt PlanOptions) error {
	s, usual := j.stock, j.usual()
	span := usual.Lead + opt.Review
	d, err := j.out.demand(0, span, usual.LeadSD)
	if err != nil {
		return fmt.Errorf("%s: %w", s.where(), err)
	}
	soon, err := j.out.demand(0, opt.Horizon, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", s.where(), err)
	}
	l := PlanLine[K]{ID: s.ID, OnHand: j.net, Demand: d.Mean(), NextArrival: j.nearest, Spilled: j.spilled, Received: j.received}
	l.Position = j.net
	for _, r := range j.given {
		if r.At <= span {
			l.Position += r.Units
		}
	}
	l.Point = d.Quantile(j.service)
	l.SafetyStock = l.Point - l.Demand
	l.Risk, l.Short = StockOutRisk(d, l.Position), d.Loss(l.Position)
	l.RiskOnHand = StockOutRisk(soon, l.OnHand)
	l.Cover = cover(j.out.mean, j.out.average, l.OnHand)
	if err := j.exposure(&l); err != nil {
		return err
	}
	if !check.Finite(l.Point) || !check.Finite(l.Position) || !check.Finite(l.Short) || !check.Finite(l.AtRisk) {
		return fmt.Errorf("%s: reorder point is %v at position %v: %w", s.where(), l.Point, l.Position, ErrOverflow)
	}
	j.line, j.orders, j.nets = l, nil, j.nets[:0]
	if err := j.schedule(opt); err != nil {
		return fmt.Errorf("%s: %w", s.where(), err)
	}
	for _, o := range j.orders {
		if o.At == 0 {
			j.line.Quantity += o.Quantity
		}
	}
	j.line.Reorder = j.line.Quantity > 0
	return nil
}

// exposure fills in what is at risk until the next arrival.
func (j *planJob[K]) exposure(l *PlanLine[K]) error {
	var err error
	if l.AtRisk, err = j.out.misses(0, j.net, j.given, j.nearest); err != nil {
		return fmt.Errorf("%s: %w", j.stock.where(), err)
	}
	if len(j.inflow) > 0 { // no more can be missed than comes; a normal law may say otherwise
		l.AtRisk = min(l.AtRisk, j.alone+j.received)
	}
	price := j.stock.priceOver(0, j.nearest)
	value := math.Round(l.AtRisk * price)
	if !(value < math.MaxInt64) {
		return fmt.Errorf("%s: sales at risk are %v: %w", j.stock.where(), value, ErrOverflow)
	}
	l.AtRiskValue = int64(value)
	if margin := price - float64(j.usual().Price); price > 0 && margin > 0 && l.AtRisk > 0 {
		less, err := j.out.misses(0, j.net+1, j.given, j.nearest)
		if err != nil {
			return fmt.Errorf("%s: %w", j.stock.where(), err)
		}
		l.Worth = margin * min(max(l.AtRisk-less, 0), 1)
	}
	return nil
}

// priceOver is the mean of the planned prices from a to b, by time.
func (s *Stock[K]) priceOver(a, b float64) float64 {
	if len(s.Prices) == 0 || b <= a {
		return float64(s.Price)
	}
	sum := 0.0
	for i := int(min(a, float64(len(s.Prices)))); i < len(s.Prices) && float64(i) < b; i++ {
		sum += (min(b, float64(i+1)) - max(a, float64(i))) * float64(s.Prices[i])
	}
	return (sum + max(b-max(a, float64(len(s.Prices))), 0)*float64(s.Price)) / (b - a)
}

// coming is what arrives, given or ordered by the plan.
type coming struct {
	Receipt
	planned bool
}

// schedule places the orders of the plan, one review after the other; the stock in
// between is what it is expected to be.
func (j *planJob[K]) schedule(opt PlanOptions) error {
	way := make([]coming, len(j.given), len(j.given)+8) // by date
	copy(way, j.given)
	net, t := j.net, 0.0
	for k := 0; ; k++ {
		for len(way) > 0 && way[0].At <= t {
			net += way[0].Units
			way = way[1:]
		}
		j.nets = append(j.nets, net)
		placed := j.now
		if k > 0 || placed == nil {
			var err error
			if placed, err = j.order(t, net, way, opt); err != nil {
				return err
			}
		}
		for _, o := range placed {
			j.orders = append(j.orders, o)
			at, _ := slices.BinarySearchFunc(way, o.Arrival, func(c coming, at float64) int {
				if c.At <= at {
					return -1
				}
				return 1
			})
			way = slices.Insert(way, at, coming{Receipt{o.Arrival, o.Quantity}, true})
		}
		next := float64(k+1) * opt.Review
		if next >= float64(opt.Periods) {
			return nil
		}
		for t < next {
			to := next
			if len(way) > 0 {
				to = min(to, max(way[0].At, t))
			}
			mean, _, _ := j.out.window(t, to)
			if net -= mean; opt.LostSales {
				net = max(net, min(net+mean, 0)) // what was owed stays owed
			}
			for t = to; len(way) > 0 && way[0].At <= t; way = way[1:] {
				net += way[0].Units
			}
		}
	}
}

// order decides what to order at a moment with so much there and on its way.
func (j *planJob[K]) order(t, net float64, way []coming, opt PlanOptions) ([]PlannedOrder[K], error) {
	usual := j.usual()
	reach, end := t+usual.Lead, t+usual.Lead+opt.Review
	position, early := net, net // until end, until reach
	for _, c := range way {
		if c.At <= end || c.planned {
			position += c.Units
		}
		if c.At < reach {
			early += c.Units
		}
	}
	d, err := j.out.demand(t, end, usual.LeadSD)
	if err != nil {
		return nil, err
	}
	target := d.Quantile(j.service)
	// What comes late in the span does not help before: the order has to.
	there := early
	for _, c := range way {
		if c.At < reach {
			continue
		}
		if c.At > end && !c.planned {
			break
		}
		if c.At > reach && c.At <= end && !c.planned {
			sooner, err := j.out.demand(t, c.At, usual.LeadSD)
			if err != nil {
				return nil, err
			}
			target = max(target, sooner.Quantile(j.service)-there+position)
		}
		there += c.Units
	}
	var placed []PlannedOrder[K]
	if len(j.suppliers) > 1 {
		o, err := j.bridge(t, net, early, way, opt)
		if err != nil {
			return nil, err
		}
		if o.Quantity > 0 {
			placed = append(placed, o)
			position += o.Quantity
			net += o.Quantity // for what is lost below: it comes in time for most
		}
	}
	if opt.LostSales {
		lost, err := j.out.misses(t, net, way, reach)
		if err != nil {
			return nil, err
		}
		position += lost
	}
	if !check.Finite(target) || !check.Finite(position) {
		return nil, fmt.Errorf("reorder point is %v at position %v: %w", target, position, ErrOverflow)
	}
	left := target - position
	for i, n := range j.ranked {
		p := j.suppliers[n]
		q := p.quantity(target, position)
		if i > 0 { // what the ones before could not deliver
			q = p.quantity(left, 0)
		}
		if q == 0 {
			break
		}
		if q = p.most(q); q == 0 {
			continue
		}
		o, err := j.placed(t, n, q)
		if err != nil {
			return nil, err
		}
		placed, left = append(placed, o), left-q
		if left <= 0 {
			break
		}
	}
	return placed, nil
}

// bridge is an order from a nearer supplier for what would be missed until the usual one
// delivers. A unit of it replaces one of the usual order, and so costs the premium; it earns
// the margin where it is missed. Without a Price the wanted service decides.
func (j *planJob[K]) bridge(t, net, early float64, way []coming, opt PlanOptions) (PlannedOrder[K], error) {
	usual := j.usual()
	until := t + usual.Lead
	var best PlannedOrder[K]
	gain := 0.0
	d, err := j.out.demand(t, until, 0)
	if err != nil {
		return best, err
	}
	margin := j.stock.priceOver(t, until) - float64(usual.Price)
	for _, n := range j.ranked[1:] {
		near := j.suppliers[n]
		if near.Lead >= usual.Lead {
			continue
		}
		premium := float64(near.Price - usual.Price)
		accepted := 1 - j.service // chance of missing a unit more
		if j.stock.Price > 0 {
			if premium >= margin {
				continue
			}
			if premium > 0 {
				accepted = premium / margin
			}
		}
		there := early
		if opt.LostSales { // demand that not even this supplier is in time for
			lost, err := j.out.misses(t, net, way, t+near.Lead)
			if err != nil {
				return best, err
			}
			there += lost
		}
		q := near.most(near.quantity(d.Quantile(1-accepted), there))
		if q == 0 {
			continue
		}
		earned := margin*(d.Loss(there)-d.Loss(there+q)) - premium*q
		if j.stock.Price == 0 { // among those that serve, the cheapest
			earned = 1 / (1 + max(premium, 0))
		}
		if earned > gain {
			if best, err = j.placed(t, n, q); err != nil {
				return best, err
			}
			gain = earned
		}
	}
	return best, nil
}

// placed is an order from supplier n.
func (j *planJob[K]) placed(t float64, n int, quantity float64) (PlannedOrder[K], error) {
	value := math.Round(quantity * float64(j.suppliers[n].Price))
	if !(value < math.MaxInt64) {
		return PlannedOrder[K]{}, fmt.Errorf("an order of %v units is worth %v: %w", quantity, value, ErrOverflow)
	}
	return PlannedOrder[K]{ID: j.stock.ID, At: t, Arrival: t + j.suppliers[n].Lead, Quantity: quantity, Value: int64(value), Supplier: n}, nil
}

// quantity returns what to order at a position, 0 above the point: up to the
// point, in whole lots and packs, and no less than the least that can be ordered.
func (p Supplier) quantity(point, position float64) float64 {
	// With nothing wanted and nothing owed there is nothing to order, although
	// the position is at the point (both 0).
	if position > point || point <= 0 && position >= 0 {
		return 0
	}
	q := max(point-position, p.Lot, p.Minimum)
	if p.Lot > 0 { // whole lots, as many as reach above the point
		q = max(packs(point-position, p.Lot), q)
	}
	if p.Multiple > 0 {
		q = packs(q, p.Multiple)
	}
	if q == 0 { // exactly at the point: the least that can be ordered
		q = check.Default(p.Multiple, 1)
	}
	return q
}

// most is what of an order the capacity leaves, in whole packs; 0 below the least.
func (p Supplier) most(q float64) float64 {
	if p.Capacity == 0 || q <= p.Capacity {
		return q
	}
	return p.whole(p.Capacity)
}

// whole rounds a quantity down to packs, and to 0 below the least that can be ordered.
func (p Supplier) whole(q float64) float64 {
	if p.Multiple > 0 {
		if n := math.Floor(q/p.Multiple + 1e-9); n < 1<<53 {
			q = n * p.Multiple
		}
	}
	if q < p.Minimum {
		return 0
	}
	return q
}

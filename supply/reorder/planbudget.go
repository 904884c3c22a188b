package reorder

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// claim is what a product would order now, and what a part of it would earn.
type claim[K supply.ID] struct {
	job          *planJob[K]
	demand       Distribution
	position     float64
	margin, cost float64 // of a unit
	step, most   float64
	granted      float64
}

// worth is what the next step of an order earns for each minor unit of its cost, after
// q units: the margin times the units of it that are expected to be wanted.
func (c *claim[K]) worth(q float64) float64 {
	step := min(max(c.step, c.supplier().Minimum-q), c.most-q)
	if step <= 0 {
		return 0
	}
	gain := c.margin * (c.demand.Loss(c.position+q) - c.demand.Loss(c.position+q+step))
	return max(gain, 0) / (c.cost * step)
}

func (c *claim[K]) supplier() Supplier { return c.job.suppliers[c.job.ranked[0]] }

// at is the order whose last step still earns the price of money.
func (c *claim[K]) at(price float64) float64 {
	if c.margin <= 0 {
		return 0
	}
	chance := price * c.cost / c.margin // that its last unit is wanted
	if chance >= 1 {
		return 0
	}
	q := c.most
	if chance > 0 {
		q = min(c.demand.Quantile(1-chance)-c.position, c.most)
	}
	if !(q > 0) {
		return 0
	}
	if q < c.most {
		q = min(max(math.Floor(q/c.step+1e-9), 0)*c.step, c.most)
		if q < c.supplier().Minimum {
			return 0
		}
	}
	return q
}

// withinBudget cuts the orders for now until their value is within the budget, where
// money earns least, and plans what follows anew. The price of money is found by bisection:
// a product orders as long as its last unit earns it, which is the newsvendor with a
// dearer unit (Hadley and Whitin 1963, section 6-2); what is left then goes step by
// step to who earns most with it. It returns what the next minor unit would earn.
func withinBudget[K supply.ID](jobs []planJob[K], opt PlanOptions) (float64, error) {
	if opt.Budget == 0 {
		return 0, nil
	}
	claims, total, err := claimsOf(jobs, opt)
	if err != nil || total <= opt.Budget {
		return 0, err
	}
	budget := float64(opt.Budget)
	spent := func(price float64) float64 {
		sum := 0.0
		for i := range claims {
			sum += claims[i].at(price) * claims[i].cost
		}
		return sum
	}
	low, high := 0.0, 1.0 // too much is ordered at low, or there is no price at all
	for range 100 {
		if spent(high) <= budget {
			break
		}
		low, high = high, 2*high
	}
	for range 60 {
		mid := (low + high) / 2
		if spent(mid) <= budget {
			high = mid
		} else {
			low = mid
		}
	}
	left := budget
	for i := range claims {
		claims[i].granted = claims[i].at(high)
		left -= claims[i].granted * claims[i].cost
	}
	price := grant(claims, left)
	for i := range claims {
		c := &claims[i]
		if c.granted == c.most {
			continue
		}
		c.job.cut(c.granted)
		if err := c.job.plan(opt); err != nil {
			return 0, err
		}
	}
	return price, nil
}

// claimsOf collects what products want now and what that is worth together.
func claimsOf[K supply.ID](jobs []planJob[K], opt PlanOptions) (claims []claim[K], total int64, err error) {
	for i := range jobs {
		j := &jobs[i]
		if j.line.Quantity == 0 {
			continue
		}
		value := int64(0)
		for _, o := range j.orders {
			if o.At == 0 {
				if value, err = check.AddInt64(value, o.Value); err != nil {
					return nil, 0, fmt.Errorf("%s: value of orders: %w", j.stock.where(), err)
				}
			}
		}
		if total, err = check.AddInt64(total, value); err != nil {
			return nil, 0, fmt.Errorf("%s: value of orders: %w", j.stock.where(), err)
		}
		if value == 0 {
			continue // costs nothing
		}
		usual := j.usual()
		span := usual.Lead + opt.Review
		d, err := j.out.demand(0, span, usual.LeadSD)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", j.stock.where(), err)
		}
		c := claim[K]{job: j, demand: d, position: j.line.Position, most: j.line.Quantity, cost: float64(value) / j.line.Quantity}
		c.margin = max(j.stock.priceOver(0, span)-c.cost, 0)
		c.step = max(usual.Multiple, min(1, c.most))
		claims = append(claims, c)
	}
	return claims, total, nil
}

// grant spends what is left step by step, the best first, and returns what the best step
// that has no place would earn for each minor unit.
func grant[K supply.ID](claims []claim[K], left float64) float64 {
	order := make([]int, len(claims))
	worth := make([]float64, len(claims))
	for i := range claims {
		order[i], worth[i] = i, claims[i].worth(claims[i].granted)
	}
	byWorth := func(a, b int) int { return cmp.Or(cmp.Compare(worth[b], worth[a]), cmp.Compare(a, b)) }
	slices.SortFunc(order, byWorth)
	best := 0.0
	for len(order) > 0 {
		i := order[0]
		order = order[1:]
		c := &claims[i]
		step := min(max(c.step, c.supplier().Minimum-c.granted), c.most-c.granted)
		if step <= 0 || worth[i] <= 0 {
			continue
		}
		if step*c.cost > left+1e-6 {
			best = max(best, worth[i])
			continue
		}
		c.granted += step
		left -= step * c.cost
		worth[i] = c.worth(c.granted)
		at, _ := slices.BinarySearchFunc(order, i, byWorth)
		order = slices.Insert(order, at, i)
	}
	return best
}

// cut leaves so many units of the orders for now, the first of them first.
func (j *planJob[K]) cut(units float64) {
	j.now = []PlannedOrder[K]{}
	for _, o := range j.orders {
		if o.At > 0 || units <= 0 {
			continue
		}
		q := o.Quantity
		if q > units {
			q = j.suppliers[o.Supplier].whole(units)
		}
		units -= q
		if q > 0 {
			o.Quantity, o.Value = q, int64(math.Round(q*float64(j.suppliers[o.Supplier].Price)))
			j.now = append(j.now, o)
		}
	}
}

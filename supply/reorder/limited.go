package reorder

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/supply"
)

// SeasonItem is a product of LimitSeasons: a newsvendor problem that shares money or space with others.
type SeasonItem[K supply.ID] struct {
	ID          K            // of the product; one entry for each
	Demand      Distribution // of the season
	Over, Under float64      // cost of a unit left over and of one missing, > 0
	Uses        []float64    // of each limit by a unit, >= 0
}

// LotItem is a product of LimitLots: steady demand, and lots that share money or space with others.
type LotItem[K supply.ID] struct {
	ID          K         // of the product; one entry for each
	Demand      float64   // units per period, > 0
	OrderCost   float64   // of one lot, > 0
	HoldingCost float64   // of keeping one unit for one period, > 0
	Uses        []float64 // of each limit by a unit of the lot, >= 0: its volume, where a whole lot must find room; half of it where lots arrive at different times
}

// Share is what one product gets.
type Share[K supply.ID] struct {
	ID             K       // of the product
	Quantity, Cost float64 // units, and their expected cost
}

// Shares is how products share what is limited.
type Shares[K supply.ID] struct {
	Lines []Share[K] // ascending by id
	Used  []float64  // of each limit
	Cost  float64    // of all products

	// Prices are the multipliers of the limits: what one unit more of each would save, as long as it is
	// small; 0 where a limit does not bind.
	Prices []float64

	// Bound is what no choice within the limits undercuts: the value of the dual. For whole units Cost may lie above
	// it; Exact says that the best whole choice was found and proven.
	Bound float64
	Exact bool
}

// limited is a problem by products, in order of id: best is the quantity of least cost at a price of a unit, cost that of a quantity.
type limited struct {
	best   func(i int, price float64) float64
	cost   func(i int, q float64) float64
	uses   [][]float64
	limits []float64
}

// checkLimits refuses limits and uses that are none.
func checkLimits[K supply.ID](where string, limits []float64, ids []K, uses [][]float64) error {
	if len(ids) == 0 {
		return fmt.Errorf("%s: no products: %w", where, ErrEmpty)
	}
	if len(limits) < 1 || len(limits) > 2 {
		return fmt.Errorf("%s: %d limits, want 1 or 2: %w", where, len(limits), ErrShape)
	}
	for r, l := range limits {
		if err := check.Amount(where, fmt.Sprintf("limits[%d]", r), l); err != nil {
			return err
		}
		if l == 0 {
			return fmt.Errorf("%s: limits[%d] is 0, want > 0: %w", where, r, ErrRange)
		}
	}
	for i, id := range ids {
		at := fmt.Sprintf("%s: product %v", where, id)
		if i > 0 && id == ids[i-1] {
			return fmt.Errorf("%s is given twice: %w", at, ErrDuplicate)
		}
		if err := check.Len("Uses", len(uses[i]), len(limits)); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		for r, u := range uses[i] {
			if err := check.Amount(at, fmt.Sprintf("Uses[%d]", r), u); err != nil {
				return err
			}
		}
	}
	return nil
}

// amounts checks fields of a product that must be above 0.
func amounts(at string, names []string, xs ...float64) error {
	for i, x := range xs {
		if err := check.Amount(at, names[i], x); err != nil {
			return err
		}
		if !(x >= 1e-15) {
			return fmt.Errorf("%s: %s is %v, want at least 1e-15: %w", at, names[i], x, ErrRange)
		}
	}
	return nil
}

// at returns the quantities at prices of the limits.
func (l *limited) at(prices []float64) []float64 {
	q := make([]float64, len(l.uses))
	for i, u := range l.uses {
		price := 0.0
		for r, p := range prices {
			price += p * u[r]
		}
		q[i] = l.best(i, price)
	}
	return q
}

// used returns how much of limit r quantities take.
func (l *limited) used(q []float64, r int) float64 {
	sum := 0.0
	for i, u := range l.uses {
		sum += u[r] * q[i]
	}
	return sum
}

// solve finds the prices of limits r and after, those before being given in prices, and the quantities: each limit is met, by a price of 0 where
// it can be. What a limit uses falls as its price rises, also where the later prices adapt, as the dual is concave.
// Between two prices a hair apart quantities may jump, along which the cost is linear: the mix that uses the limit up is best.
func (l *limited) solve(prices []float64, r int) []float64 {
	if r == len(l.limits) {
		return l.at(prices)
	}
	try := func(p float64) []float64 {
		for later := r; later < len(prices); later++ {
			prices[later] = 0
		}
		prices[r] = p
		return l.solve(prices, r+1)
	}
	low := try(0)
	if l.used(low, r) <= l.limits[r]*(1+tiny) {
		return low
	}
	lo, hi := 0.0, 1e-12
	high := try(hi)
	for ; l.used(high, r) > l.limits[r] && hi < 1e300; high = try(hi) {
		lo, low, hi = hi, high, 8*hi
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi || hi-lo <= 1e-14*hi {
			break
		}
		if q := try(mid); l.used(q, r) > l.limits[r] {
			lo, low = mid, q
		} else {
			hi, high = mid, q
		}
	}
	try(hi) // leaves its prices
	a, b := l.used(low, r), l.used(high, r)
	if part := (l.limits[r] - b) / (a - b); part > 0 && part <= 1 {
		for i := range high {
			high[i] += part * (low[i] - high[i])
		}
	}
	return high
}

// result adds up quantities.
func resultOf[K supply.ID](l *limited, ids []K, q, prices []float64, exact bool) (Shares[K], error) {
	s := Shares[K]{Prices: prices, Exact: exact, Used: make([]float64, len(l.limits))}
	for i, id := range ids {
		cost := l.cost(i, q[i])
		s.Lines = append(s.Lines, Share[K]{ID: id, Quantity: q[i], Cost: cost})
		s.Cost += cost
	}
	free := l.at(prices)
	for i := range free {
		s.Bound += l.cost(i, free[i])
	}
	for r, p := range prices {
		if s.Used[r] = l.used(q, r); s.Used[r] > l.limits[r]*(1+1e-6) {
			return Shares[K]{}, fmt.Errorf("limits[%d] of %v is not kept at a price of %v: %w", r, l.limits[r], p, ErrOverflow)
		}
		s.Bound += p * (l.used(free, r) - l.limits[r])
	}
	s.Bound = min(s.Bound, s.Cost)
	if !check.Finite(s.Cost) || !check.Finite(s.Bound) {
		return Shares[K]{}, fmt.Errorf("cost is %v, its bound %v: %w", s.Cost, s.Bound, ErrOverflow)
	}
	return s, nil
}

// LimitLots returns the cheapest lots of several products under one or two limits, of money in stock or of space: Qᵢ = √(2KᵢDᵢ/(hᵢ + 2·Σ λᵣuᵢᵣ)) with
// the least λ that keep the limits (Hadley and Whitin 1963, section 2.4). Lots are not rounded. Costs are of ordering and holding, per period. Errors: ErrEmpty without
// products, ErrShape for no or more than two limits or another number of Uses, ErrDuplicate, ErrRange and ErrNotFinite naming
// product and field, ErrOverflow. Cost: products · 60, or · 3,600 with two limits.
func LimitLots[K supply.ID](items []LotItem[K], limits []float64) (Shares[K], error) {
	const where = "reorder: LimitLots"
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b LotItem[K]) int { return cmp.Compare(a.ID, b.ID) })
	ids, l := make([]K, len(items)), &limited{uses: make([][]float64, len(items)), limits: limits}
	for i, it := range items {
		ids[i], l.uses[i] = it.ID, it.Uses
	}
	if err := checkLimits(where, limits, ids, l.uses); err != nil {
		return Shares[K]{}, err
	}
	for _, it := range items {
		if err := amounts(fmt.Sprintf("%s: product %v", where, it.ID), []string{"Demand", "OrderCost", "HoldingCost"}, it.Demand, it.OrderCost, it.HoldingCost); err != nil {
			return Shares[K]{}, err
		}
	}
	l.best = func(i int, price float64) float64 {
		return root(2*items[i].OrderCost, items[i].Demand, items[i].HoldingCost+2*price)
	}
	l.cost = func(i int, q float64) float64 {
		return items[i].OrderCost*items[i].Demand/q + items[i].HoldingCost*q/2
	}
	prices := make([]float64, len(limits))
	q := l.solve(prices, 0)
	s, err := resultOf(l, ids, q, prices, true)
	if err != nil {
		return Shares[K]{}, fmt.Errorf("%s: %w", where, err)
	}
	return s, nil
}

// LimitSeasons returns the cheapest quantities of several newsvendor problems under one or two limits, of money or of space: each
// the quantile of its demand at (Under - Σ λᵣuᵣ)/(Over + Under), at least 0, with the least λ that keep the limits (Hadley and Whitin 1963, section 6.2). Where all laws are
// of whole units so are the quantities: what the prices leave is searched by branch and bound, whose answer is proven where Exact is true,
// as it mostly is for some tens of products; otherwise, after 2¹⁸ steps, Cost is within Cost - Bound of the best. Errors: as
// LimitLots, ErrOption for a nil Demand, ErrUndefined for a law without quantiles.
func LimitSeasons[K supply.ID](items []SeasonItem[K], limits []float64) (Shares[K], error) {
	const where = "reorder: LimitSeasons"
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b SeasonItem[K]) int { return cmp.Compare(a.ID, b.ID) })
	ids, l := make([]K, len(items)), &limited{uses: make([][]float64, len(items)), limits: limits}
	for i, it := range items {
		ids[i], l.uses[i] = it.ID, it.Uses
	}
	if err := checkLimits(where, limits, ids, l.uses); err != nil {
		return Shares[K]{}, err
	}
	all := true
	for i, it := range items {
		at := fmt.Sprintf("%s: product %v", where, it.ID)
		if it.Demand == nil {
			return Shares[K]{}, fmt.Errorf("%s: Demand is nil, want a Distribution: %w", at, ErrOption)
		}
		if err := amounts(at, []string{"Over", "Under"}, it.Over, it.Under); err != nil {
			return Shares[K]{}, err
		}
		_, ratio := shares(it.Over, it.Under)
		if q := it.Demand.Quantile(ratio); !check.Finite(q) {
			return Shares[K]{}, fmt.Errorf("%s: no quantile of demand at %v: %w", at, ratio, ErrUndefined)
		}
		if !whole(it.Demand) {
			all = false
		} else if g, err := gridOf(it.Demand, 1, maxUnits); err == nil {
			items[i].Demand = g // a table, which the search for prices asks many times
		}
	}
	l.best = func(i int, price float64) float64 {
		ratio := (items[i].Under - price) / (items[i].Over + items[i].Under)
		if !(ratio > 0) {
			return 0
		}
		return max(items[i].Demand.Quantile(min(ratio, 1-1e-16)), 0)
	}
	l.cost = func(i int, q float64) float64 {
		short := items[i].Demand.Loss(q)
		return items[i].Over*(q-items[i].Demand.Mean()+short) + items[i].Under*short
	}
	prices := make([]float64, len(limits))
	q, exact := l.solve(prices, 0), true
	if all {
		q, exact = l.whole(q, prices)
	}
	s, err := resultOf(l, ids, q, prices, exact)
	if err != nil {
		return Shares[K]{}, fmt.Errorf("%s: %w", where, err)
	}
	return s, nil
}

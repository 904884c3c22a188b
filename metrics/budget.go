package metrics

import (
	"container/heap"
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// ResponseCurve says what a channel returns (profit, orders) for what is spent
// on it.
type ResponseCurve interface {
	Response(spend float64) float64 // finite, 0 at 0 or not; for spend >= 0
	Marginal(spend float64) float64 // its derivative; may be +Inf at 0
}

// HillCurve saturates like x^Shape/(x^Shape+Half^Shape): half of Max is reached
// at Half. Shape up to 1 is concave, above 1 it is an S.
type HillCurve struct{ Max, Half, Shape float64 }

// Response returns the return on spend.
func (c HillCurve) Response(spend float64) float64 {
	if spend <= 0 {
		return 0
	}
	return c.Max / (1 + math.Pow(c.Half/spend, c.Shape))
}

// Marginal returns the return on the next unit of spend.
func (c HillCurve) Marginal(spend float64) float64 {
	if spend <= 0 {
		switch {
		case c.Shape < 1:
			return math.Inf(1)
		case c.Shape == 1:
			return c.Max / c.Half
		}
		return 0
	}
	r := math.Pow(c.Half/spend, c.Shape)
	if math.IsInf(r, 1) {
		return 0
	}
	return c.Max * c.Shape * (r / (1 + r)) / (1 + r) / spend
}

// ExponentialCurve is Max·(1−exp(−spend/Scale)), concave.
type ExponentialCurve struct{ Max, Scale float64 }

// Response returns the return on spend.
func (c ExponentialCurve) Response(spend float64) float64 { return -c.Max * math.Expm1(-spend/c.Scale) }

// Marginal returns the return on the next unit of spend.
func (c ExponentialCurve) Marginal(spend float64) float64 {
	return c.Max / c.Scale * math.Exp(-spend/c.Scale)
}

// PowerCurve is Scale·spend^Exponent, concave for an exponent in (0, 1]: a
// constant elasticity of response.
type PowerCurve struct{ Scale, Exponent float64 }

// Response returns the return on spend.
func (c PowerCurve) Response(spend float64) float64 {
	if spend <= 0 {
		return 0
	}
	return c.Scale * math.Pow(spend, c.Exponent)
}

// Marginal returns the return on the next unit of spend.
func (c PowerCurve) Marginal(spend float64) float64 {
	return c.Scale * c.Exponent * math.Pow(max(spend, 0), c.Exponent-1)
}

// ChannelBudget is a channel to be given money.
type ChannelBudget struct {
	Curve ResponseCurve
	Min   float64 // spent in any case
	Max   float64 // default 0: no limit
}

// BudgetPlan says what to spend where.
type BudgetPlan struct {
	Spend    []float64 // by channel
	Response float64   // of all channels
	Price    float64   // return on the next unit of budget (the multiplier); 0 if the budget is not used up
	Unspent  float64   // because nothing returned more than Floor any more
}

// AllocateBudget splits a budget over channels with concave curves so that the
// total response is largest: all channels that get between Min and Max then have
// the same marginal response, the price, which is found by bisection (Lagrange).
// Money is not spent where the next unit returns less than floor: 1 for curves of
// profit in the same money, 0 to spend whatever returns anything.
//
// ErrEmpty without channels; ErrRange for a negative or infinite budget or floor,
// limits that contradict each other or Min beyond the budget; ErrOption for a
// curve whose marginal response rises, that is not concave: AllocateUnits solves
// those. ErrNotFinite for curves that return NaN.
func AllocateBudget(ctx context.Context, budget float64, channels []ChannelBudget, floor float64) (*BudgetPlan, error) {
	limits, err := budgetLimits(budget, channels, floor)
	if err != nil {
		return nil, err
	}
	const grid = 256
	for i, c := range channels {
		before := math.Inf(1)
		for k := range grid + 1 {
			// Finer towards 0, where saturation curves bend.
			f := float64(k) / grid
			x := c.Min + (limits[i]-c.Min)*f*f*f
			m, r := c.Curve.Marginal(x), c.Curve.Response(x)
			if math.IsNaN(m) || !check.Finite(r) {
				return nil, fmt.Errorf("metrics: AllocateBudget: channels[%d]: response %v, marginal %v at %v: %w", i, r, m, x, ErrNotFinite)
			}
			if m > before+1e-9*math.Abs(before) {
				return nil, fmt.Errorf("metrics: AllocateBudget: channels[%d]: the marginal response rises to %v at %v: not concave: %w", i, m, x, ErrOption)
			}
			before = m
		}
	}
	spendAt := func(price float64) (sum float64, spend []float64) {
		spend = make([]float64, len(channels))
		for i, c := range channels {
			spend[i] = demandAt(c, limits[i], price)
			sum += spend[i]
		}
		return sum, spend
	}
	plan := &BudgetPlan{}
	sum, spend := spendAt(floor)
	if sum > budget {
		// The price is between floor and one at which only the minima are bought.
		low, high := floor, max(floor, 1)
		for {
			if s, _ := spendAt(high); s <= budget || math.IsInf(high, 1) {
				break
			}
			low, high = high, high*16
		}
		for range 2000 {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			mid := low + (high-low)/2
			if low > 0 && high/low > 4 {
				mid = math.Sqrt(low) * math.Sqrt(high)
			}
			if mid <= low || mid >= high {
				break
			}
			if s, _ := spendAt(mid); s > budget {
				low = mid
			} else {
				high = mid
			}
		}
		_, spend = spendAt(high)
		sum = 0
		for _, x := range spend {
			sum += x
		}
		// Where curves are straight the demand jumps at the price: the rest of the
		// budget goes, in order, to channels that want more at the lower price.
		_, more := spendAt(low)
		for i := range spend {
			if add := min(more[i]-spend[i], budget-sum); add > 0 {
				spend[i] += add
				sum += add
			}
		}
		plan.Price = high
	}
	plan.Spend = spend
	if plan.Unspent = budget - sum; plan.Unspent <= 1e-9*budget {
		plan.Unspent = 0
	}
	for i, c := range channels {
		plan.Response += c.Curve.Response(spend[i])
	}
	return plan, nil
}

// budgetLimits returns the most each channel can get.
func budgetLimits(budget float64, channels []ChannelBudget, floor float64) ([]float64, error) {
	if len(channels) == 0 {
		return nil, fmt.Errorf("metrics: AllocateBudget: no channels: %w", ErrEmpty)
	}
	if !(budget >= 0) || math.IsInf(budget, 1) || !(floor >= 0) || math.IsInf(floor, 1) {
		return nil, fmt.Errorf("metrics: AllocateBudget: budget %v, floor %v, want finite and >= 0: %w", budget, floor, ErrRange)
	}
	out := make([]float64, len(channels))
	var least float64
	for i, c := range channels {
		if c.Curve == nil || !(c.Min >= 0) || !(c.Max == 0 || c.Max >= c.Min) || math.IsInf(c.Max, 1) {
			return nil, fmt.Errorf("metrics: AllocateBudget: channels[%d]: curve %v, Min %v, Max %v, want a curve and 0 <= Min <= Max: %w", i, c.Curve, c.Min, c.Max, ErrRange)
		}
		least += c.Min
		if out[i] = c.Max; c.Max == 0 {
			out[i] = max(budget, c.Min)
		}
	}
	if least > budget*(1+1e-12) {
		return nil, fmt.Errorf("metrics: AllocateBudget: minima of %v in a budget of %v: %w", least, budget, ErrRange)
	}
	return out, nil
}

// demandAt returns the largest spend at which the marginal response is still at
// least the price.
func demandAt(c ChannelBudget, limit, price float64) float64 {
	if c.Curve.Marginal(limit) >= price && !(price == 0 && c.Curve.Marginal(limit) == 0) {
		return limit
	}
	low, high := c.Min, limit
	if c.Curve.Marginal(low) <= price {
		return low
	}
	for range 200 {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			break
		}
		if c.Curve.Marginal(mid) > price {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// UnitPlan says how many units of budget to give to which channel.
type UnitPlan struct {
	Units    []int
	Response float64
}

const (
	maxUnitCells = 1 << 24
	maxUnitWork  = 1 << 31
)

// AllocateUnits splits a budget of whole units (1,000 yuan, a slot, a coupon) over
// channels exactly: response[i][u] is what channel i returns for u units, u from
// 0 up to the most it can take. Curves of any shape are allowed. Concave ones
// (each unit adds no more than the one before) are solved by taking the best next
// unit, ties to the lowest channel, in O(units·log channels); others by dynamic
// programming in O(channels·units²), refused as ErrTooLarge beyond about 2·10⁹
// steps. Units that would not add to the response are not spent.
//
// ErrEmpty without channels or for an empty response, ErrNotFinite, ErrRange for
// negative units.
func AllocateUnits(ctx context.Context, units int, response [][]float64) (*UnitPlan, error) {
	if len(response) == 0 {
		return nil, fmt.Errorf("metrics: AllocateUnits: no channels: %w", ErrEmpty)
	}
	if units < 0 {
		return nil, fmt.Errorf("metrics: AllocateUnits: units is %d, want >= 0: %w", units, ErrRange)
	}
	concave := true
	for i, r := range response {
		if len(r) == 0 {
			return nil, fmt.Errorf("metrics: AllocateUnits: response[%d]: %w", i, ErrEmpty)
		}
		if err := check.Slice(fmt.Sprintf("response[%d]", i), r); err != nil {
			return nil, fmt.Errorf("metrics: AllocateUnits: %w", err)
		}
		for u := 2; u < len(r) && u <= units; u++ {
			concave = concave && r[u]-r[u-1] <= r[u-1]-r[u-2]
		}
	}
	plan := &UnitPlan{Units: make([]int, len(response))}
	var err error
	if concave {
		err = plan.greedy(ctx, units, response)
	} else {
		err = plan.dynamic(ctx, units, response)
	}
	if err != nil {
		return nil, err
	}
	for i, u := range plan.Units {
		plan.Response += response[i][u]
	}
	return plan, nil
}

func (p *UnitPlan) greedy(ctx context.Context, units int, response [][]float64) error {
	var h unitHeap
	offer := func(i int) (nextUnit, bool) {
		u := p.Units[i]
		if u+1 >= len(response[i]) {
			return nextUnit{}, false
		}
		gain := response[i][u+1] - response[i][u]
		return nextUnit{i, gain}, gain > 0
	}
	for i := range response {
		if n, ok := offer(i); ok {
			h = append(h, n)
		}
	}
	heap.Init(&h)
	for k := 0; k < units && len(h) > 0; k++ {
		if k&0xffff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i := h[0].channel
		p.Units[i]++
		if n, ok := offer(i); ok {
			h[0] = n
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

type nextUnit struct {
	channel int
	gain    float64
}

type unitHeap []nextUnit

func (h unitHeap) Len() int { return len(h) }
func (h unitHeap) Less(i, j int) bool {
	return h[i].gain > h[j].gain || h[i].gain == h[j].gain && h[i].channel < h[j].channel
}
func (h unitHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *unitHeap) Push(x any)   { *h = append(*h, x.(nextUnit)) }
func (h *unitHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func (p *UnitPlan) dynamic(ctx context.Context, units int, response [][]float64) error {
	most := 0
	for _, r := range response {
		most = min(most+len(r)-1, units)
	}
	n := most + 1
	work := 0.0
	for _, r := range response {
		work += float64(n) * float64(min(len(r), n))
	}
	if float64(n)*float64(len(response)) > maxUnitCells || work > maxUnitWork {
		return fmt.Errorf("metrics: AllocateUnits: %d units over %d channels that are not concave: %w", units, len(response), ErrTooLarge)
	}
	best := make([]float64, n) // by units used at most
	next := make([]float64, n)
	took := make([]int32, n*len(response))
	for i, r := range response {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for b := range n {
			top, at := best[b]+r[0], 0
			for u := 1; u < len(r) && u <= b; u++ {
				if v := best[b-u] + r[u]; v > top {
					top, at = v, u
				}
			}
			next[b], took[i*n+b] = top, int32(at)
		}
		best, next = next, best
	}
	b := n - 1
	for i := len(response) - 1; i >= 0; i-- {
		p.Units[i] = int(took[i*n+b])
		b -= p.Units[i]
	}
	return nil
}

package decision

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

var (
	_ ResponseCurve = HillCurve{}
	_ ResponseCurve = ExponentialCurve{}
	_ ResponseCurve = PowerCurve{}
)

// ResponseCurve says what a channel returns (profit, orders) for what is spent
// on it.
type ResponseCurve interface {
	Response(spend float64) float64 // finite, 0 at 0 or not; for spend >= 0
	Marginal(spend float64) float64 // its derivative; may be +Inf at 0
}

// HillCurve saturates like x^Shape/(x^Shape+Half^Shape): half of Max is reached
// at Half. Shape up to 1 is concave, above 1 it is an S.
type HillCurve struct {
	Max   float64 // what it saturates at
	Half  float64 // spend that returns half of Max, > 0
	Shape float64 // > 0; above 1 an S
}

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
type ExponentialCurve struct {
	Max   float64 // what it saturates at
	Scale float64 // spend that returns 63 % of Max, > 0
}

// Response returns the return on spend.
func (c ExponentialCurve) Response(spend float64) float64 { return -c.Max * math.Expm1(-spend/c.Scale) }

// Marginal returns the return on the next unit of spend.
func (c ExponentialCurve) Marginal(spend float64) float64 {
	return c.Max / c.Scale * math.Exp(-spend/c.Scale)
}

// PowerCurve is Scale·spend^Exponent, concave for an exponent in (0, 1]: a
// constant elasticity of response.
type PowerCurve struct {
	Scale    float64 // return on a spend of 1
	Exponent float64 // elasticity, in (0, 1] for a concave curve
}

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
	Curve ResponseCurve // what it returns; required
	Min   float64       // spent in any case
	Max   float64       // default 0: no limit
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
	if err := concave(channels, limits); err != nil {
		return nil, err
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
		low, high, err := clearing(ctx, floor, budget, spendAt)
		if err != nil {
			return nil, err
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

// clearing returns two prices next to each other: at low more than the budget would
// be spent, at high no more. The higher one is the floor or above, and below one at
// which only the minima are bought.
func clearing(ctx context.Context, floor, budget float64, spendAt func(price float64) (float64, []float64)) (low, high float64, err error) {
	low, high = floor, max(floor, 1)
	for {
		if s, _ := spendAt(high); s <= budget || math.IsInf(high, 1) {
			break
		}
		low, high = high, high*16
	}
	for range 2000 {
		if ctx.Err() != nil {
			return 0, 0, context.Cause(ctx)
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
	return low, high, nil
}

// concave checks every curve on a grid between Min and its limit, finer towards 0,
// where saturation curves bend.
func concave(channels []ChannelBudget, limits []float64) error {
	const grid = 256
	for i, c := range channels {
		before := math.Inf(1)
		for k := range grid + 1 {
			f := float64(k) / grid
			x := c.Min + (limits[i]-c.Min)*f*f*f
			m, r := c.Curve.Marginal(x), c.Curve.Response(x)
			if math.IsNaN(m) || !check.Finite(r) {
				return fmt.Errorf("decision: AllocateBudget: channels[%d]: response %v, marginal %v at %v: %w", i, r, m, x, ErrNotFinite)
			}
			if m > before+1e-9*math.Abs(before) {
				return fmt.Errorf("decision: AllocateBudget: channels[%d]: the marginal response rises to %v at %v: not concave: %w", i, m, x, ErrOption)
			}
			before = m
		}
	}
	return nil
}

// budgetLimits returns the most each channel can get.
func budgetLimits(budget float64, channels []ChannelBudget, floor float64) ([]float64, error) {
	if len(channels) == 0 {
		return nil, fmt.Errorf("decision: AllocateBudget: no channels: %w", ErrEmpty)
	}
	if !(budget >= 0) || math.IsInf(budget, 1) || !(floor >= 0) || math.IsInf(floor, 1) {
		return nil, fmt.Errorf("decision: AllocateBudget: budget %v, floor %v, want finite and >= 0: %w", budget, floor, ErrRange)
	}
	out := make([]float64, len(channels))
	var least float64
	for i, c := range channels {
		if c.Curve == nil || !(c.Min >= 0) || !(c.Max == 0 || c.Max >= c.Min) || math.IsInf(c.Max, 1) {
			return nil, fmt.Errorf("decision: AllocateBudget: channels[%d]: curve %v, Min %v, Max %v, want a curve and 0 <= Min <= Max: %w", i, c.Curve, c.Min, c.Max, ErrRange)
		}
		least += c.Min
		if out[i] = c.Max; c.Max == 0 {
			out[i] = max(budget, c.Min)
		}
	}
	if least > budget*(1+1e-12) {
		return nil, fmt.Errorf("decision: AllocateBudget: minima of %v in a budget of %v: %w", least, budget, ErrRange)
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

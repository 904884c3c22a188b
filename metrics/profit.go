package metrics

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// WarnNoGain says that an interval of incremental value includes 0.
const WarnNoGain Warning = "the interval includes 0: there may be no gain"

// BreakEvenRate returns the response rate above which a contact of the given
// cost pays, cost/margin, where margin is what a response earns; for a campaign
// against a hold-out it is the uplift needed. A rate above 1 means it never pays.
// ErrRange unless cost >= 0 and margin > 0, both finite.
func BreakEvenRate(cost, margin float64) (float64, error) {
	if !(cost >= 0) || !(margin > 0) || !check.Finite(cost) || !check.Finite(margin) {
		return math.NaN(), fmt.Errorf("metrics: BreakEvenRate: cost %v, margin %v, want cost >= 0 and margin > 0: %w", cost, margin, ErrRange)
	}
	return cost / margin, nil
}

// IncrementalProfit returns uplift·margin − cost of one contact: worth making if
// above 0. uplift is the difference in response rate that the contact makes, not
// the response rate. ErrRange unless uplift is in [−1, 1] and cost >= 0,
// ErrNotFinite.
func IncrementalProfit(uplift, margin, cost float64) (float64, error) {
	if !check.Finite(uplift) || !check.Finite(margin) || !check.Finite(cost) {
		return math.NaN(), fmt.Errorf("metrics: IncrementalProfit: uplift %v, margin %v, cost %v: %w", uplift, margin, cost, ErrNotFinite)
	}
	if math.Abs(uplift) > 1 || cost < 0 {
		return math.NaN(), fmt.Errorf("metrics: IncrementalProfit: uplift %v, cost %v, want uplift in [-1, 1] and cost >= 0: %w", uplift, cost, ErrRange)
	}
	return uplift*margin - cost, nil
}

// Incremental is what a campaign brought beyond what would have come anyway.
type Incremental struct {
	Value float64  // treated minus control scaled to the treated: orders, revenue or profit
	Range Interval // of Value

	// PerCost is Value per unit of cost, iROAS where Value is revenue; CostPer is
	// cost per unit of Value, iCPA where Value is orders. PerCost is NaN without
	// cost, CostPer NaN unless Value is above 0.
	PerCost      float64
	PerCostRange Interval
	CostPer      float64
	CostPerRange Interval // NaN where the interval of Value reaches 0

	Warnings []Warning
}

// IncrementalOf turns the effect of a campaign per user (CompareMeans or
// CompareProportions with ScaleAbsolute: treatment B against hold-out A) into
// totals over its NB treated users and sets them against its cost. The hold-out
// is scaled by users, so arms may differ in size. ErrOption for an effect on
// another scale or without users, ErrRange for a negative cost, ErrNotFinite.
func IncrementalOf(e Effect, cost float64) (Incremental, error) {
	if e.Scale != ScaleAbsolute || e.NB <= 0 {
		return Incremental{}, fmt.Errorf("metrics: IncrementalOf: effect is %v of %d users, want absolute and above 0: %w", e.Scale, e.NB, ErrOption)
	}
	if !check.Finite(cost) || !check.Finite(e.Estimate) || math.IsNaN(e.Low) || math.IsNaN(e.High) {
		return Incremental{}, fmt.Errorf("metrics: IncrementalOf: effect %v (%v to %v), cost %v: %w", e.Estimate, e.Low, e.High, cost, ErrNotFinite)
	}
	if cost < 0 {
		return Incremental{}, fmt.Errorf("metrics: IncrementalOf: cost is %v, want >= 0: %w", cost, ErrRange)
	}
	n, nan := float64(e.NB), math.NaN()
	out := Incremental{
		Value: n * e.Estimate, Range: Interval{n * e.Low, n * e.High}, PerCost: nan, PerCostRange: Interval{nan, nan},
		CostPer: nan, CostPerRange: Interval{nan, nan}, Warnings: append([]Warning(nil), e.Warnings...),
	}
	if cost > 0 {
		out.PerCost, out.PerCostRange = out.Value/cost, Interval{out.Range.Low / cost, out.Range.High / cost}
	}
	if out.Value > 0 {
		out.CostPer = cost / out.Value
	}
	if out.Range.Low > 0 {
		out.CostPerRange = Interval{cost / out.Range.High, cost / out.Range.Low}
	} else {
		out.Warnings = append(out.Warnings, WarnNoGain)
	}
	return out, nil
}

// Elasticity is the price elasticity of demand.
type Elasticity struct {
	Estimate  float64 // d ln quantity / d ln price, usually below 0; below −1 demand is elastic
	SE        float64
	Range     Interval // at Level, by Student's t with N−2 degrees of freedom
	Level     float64
	Intercept float64 // ln quantity at price 1
	R2        float64
	N         int
}

// PriceElasticity fits ln quantity = a + e·ln price by least squares. It reads
// the past: prices that followed demand (discounts in the off-season) bias it.
// ErrEmpty, ErrShape, ErrNotFinite; ErrRange for a price or quantity that is not
// above 0 (periods without sales need a count model), ErrUndefined below three
// rows or if the price never changed.
func PriceElasticity(price, quantity []float64) (Elasticity, error) {
	if len(price) == 0 {
		return Elasticity{}, fmt.Errorf("metrics: PriceElasticity: no rows: %w", ErrEmpty)
	}
	if err := check.Len("quantity", len(quantity), len(price)); err != nil {
		return Elasticity{}, fmt.Errorf("metrics: PriceElasticity: %w", err)
	}
	n := len(price)
	x, y := make([]float64, n), make([]float64, n)
	var mx, my float64
	for i := range price {
		p, q := price[i], quantity[i]
		if !check.Finite(p) || !check.Finite(q) {
			return Elasticity{}, fmt.Errorf("metrics: PriceElasticity: row %d: price %v, quantity %v: %w", i, p, q, ErrNotFinite)
		}
		if p <= 0 || q <= 0 {
			return Elasticity{}, fmt.Errorf("metrics: PriceElasticity: row %d: price %v, quantity %v, want > 0: %w", i, p, q, ErrRange)
		}
		x[i], y[i] = math.Log(p), math.Log(q)
		mx += (x[i] - mx) / float64(i+1)
		my += (y[i] - my) / float64(i+1)
	}
	var sxx, sxy, syy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
		syy += (y[i] - my) * (y[i] - my)
	}
	if n < 3 || sxx <= 1e-24*(1+mx*mx)*float64(n) {
		return Elasticity{}, undefined("PriceElasticity: %d rows, spread of log price %v", n, math.Sqrt(sxx/float64(n)))
	}
	out := Elasticity{Estimate: sxy / sxx, Level: 0.95, R2: math.NaN(), N: n}
	out.Intercept = my - out.Estimate*mx
	var rss float64
	for i := range x {
		r := (y[i] - my) - out.Estimate*(x[i]-mx)
		rss += r * r
	}
	df := float64(n - 2)
	out.SE = math.Sqrt(rss / df / sxx)
	q := infer.StudentQuantile((1+out.Level)/2, df) * out.SE
	out.Range = Interval{out.Estimate - q, out.Estimate + q}
	if syy > 0 {
		out.R2 = 1 - rss/syy
	}
	return out, nil
}

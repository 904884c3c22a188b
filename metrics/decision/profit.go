package decision

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/metrics"
)

// WarnNoGain says that an interval of incremental value includes 0.
const WarnNoGain metrics.Warning = "the interval includes 0: there may be no gain"

// BreakEvenRate returns the response rate above which a contact of the given
// cost pays, cost/margin, where margin is what a response earns; for a campaign
// against a hold-out it is the uplift needed. A rate above 1 means it never pays.
// ErrRange unless cost >= 0 and margin > 0, both finite.
func BreakEvenRate(cost, margin float64) (float64, error) {
	if !(cost >= 0) || !(margin > 0) || !check.Finite(cost) || !check.Finite(margin) {
		return math.NaN(), fmt.Errorf("decision: BreakEvenRate: cost %v, margin %v, want cost >= 0 and margin > 0: %w", cost, margin, ErrRange)
	}
	if rate := cost / margin; check.Finite(rate) {
		return rate, nil
	}
	return math.NaN(), fmt.Errorf("decision: BreakEvenRate: cost %v, margin %v: %w", cost, margin, ErrOverflow)
}

// IncrementalProfit returns uplift·margin − cost of one contact: worth making if
// above 0. uplift is the difference in response rate that the contact makes, not
// the response rate. ErrRange unless uplift is in [−1, 1] and cost >= 0,
// ErrNotFinite.
func IncrementalProfit(uplift, margin, cost float64) (float64, error) {
	if !check.Finite(uplift) || !check.Finite(margin) || !check.Finite(cost) {
		return math.NaN(), fmt.Errorf("decision: IncrementalProfit: uplift %v, margin %v, cost %v: %w", uplift, margin, cost, ErrNotFinite)
	}
	if math.Abs(uplift) > 1 || cost < 0 {
		return math.NaN(), fmt.Errorf("decision: IncrementalProfit: uplift %v, cost %v, want uplift in [-1, 1] and cost >= 0: %w", uplift, cost, ErrRange)
	}
	return uplift*margin - cost, nil
}

// Incremental is what a campaign brought beyond what would have come anyway.
type Incremental struct {
	Value float64          // treated minus control scaled to the treated: orders, revenue or profit
	Range metrics.Interval // of Value

	// PerCost is Value per unit of cost, iROAS where Value is revenue; CostPer is
	// cost per unit of Value, iCPA where Value is orders. PerCost is NaN without
	// cost, CostPer NaN unless Value is above 0.
	PerCost      float64
	PerCostRange metrics.Interval
	CostPer      float64
	CostPerRange metrics.Interval // NaN where the interval of Value reaches 0

	Warnings []metrics.Warning // those of the effect, and WarnNoGain
}

// IncrementalOf turns the effect of a campaign per user (CompareMeans or
// CompareProportions with ScaleAbsolute: treatment B against hold-out A) into
// totals over its NB treated users and sets them against its cost. The hold-out
// is scaled by users, so arms may differ in size. ErrOption for an effect on
// another scale or without users, ErrRange for a negative cost, ErrNotFinite.
func IncrementalOf(e metrics.Effect, cost float64) (Incremental, error) {
	if e.Scale != metrics.ScaleAbsolute || e.NB <= 0 {
		return Incremental{}, fmt.Errorf("decision: IncrementalOf: effect is %v of %d users, want absolute and above 0: %w", e.Scale, e.NB, ErrOption)
	}
	if !check.Finite(cost) || !check.Finite(e.Estimate) || math.IsNaN(e.Low) || math.IsNaN(e.High) {
		return Incremental{}, fmt.Errorf("decision: IncrementalOf: effect %v (%v to %v), cost %v: %w", e.Estimate, e.Low, e.High, cost, ErrNotFinite)
	}
	if cost < 0 {
		return Incremental{}, fmt.Errorf("decision: IncrementalOf: cost is %v, want >= 0: %w", cost, ErrRange)
	}
	n, nan := float64(e.NB), math.NaN()
	out := Incremental{
		Value: n * e.Estimate, Range: metrics.Interval{Low: n * e.Low, High: n * e.High}, PerCost: nan, PerCostRange: metrics.Interval{Low: nan, High: nan},
		CostPer: nan, CostPerRange: metrics.Interval{Low: nan, High: nan}, Warnings: append([]metrics.Warning(nil), e.Warnings...),
	}
	if cost > 0 {
		out.PerCost, out.PerCostRange = out.Value/cost, metrics.Interval{Low: out.Range.Low / cost, High: out.Range.High / cost}
	}
	if out.Value > 0 {
		out.CostPer = cost / out.Value
	}
	if out.Range.Low > 0 {
		out.CostPerRange = metrics.Interval{Low: cost / out.Range.High, High: cost / out.Range.Low}
	} else {
		out.Warnings = append(out.Warnings, WarnNoGain)
	}
	return out, nil
}

package uplift

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
)

// ValueOptions configures Scores.Value and its like: what outcomes are worth and arms cost.
type ValueOptions struct {
	// Worth is what one unit of the outcome is worth, such as the margin of an order; 0 means 1.
	Worth float64
	// Costs is what each arm costs: Arms numbers, that of control first, or as many for each row, one row
	// after the other. Nil: nothing.
	Costs []float64
	// Level of the interval; 0 means .95.
	Level float64
}

// Value returns what a policy is worth a row, with its interval: the mean of Worth·score − cost over the arms
// that it gives, policy[i] to row i. A row's outcome may have had no part in what arm it gets: policies are for data held
// out, or made of Learned.OutOfFold, and those that were fitted to these scores, as by FitPolicyTree, look better than they are.
//
// Errors: ErrEmpty, ErrShape, ErrRange, ErrOption, ErrUndefined for fewer than two customers, ErrOverflow.
func (m *Scores) Value(policy []int, opt ValueOptions) (Estimate, error) {
	return m.judge("uplift: Scores.Value", opt, func(net func(i, arm int) float64) func(i int) float64 {
		return func(i int) float64 { return net(i, policy[i]) }
	}, policy)
}

// Gain returns by how much policy is worth more a row than over, nil for control to everybody, on the same
// rows, with the interval of the difference. Errors: those of Value.
func (m *Scores) Gain(policy, over []int, opt ValueOptions) (Estimate, error) {
	const where = "uplift: Scores.Gain"
	if err := m.ready(where); err != nil {
		return Estimate{}, err
	}
	if over == nil {
		over = make([]int, m.s.given)
	}
	return m.judge(where, opt, func(net func(i, arm int) float64) func(i int) float64 {
		return func(i int) float64 { return net(i, policy[i]) - net(i, over[i]) }
	}, policy, over)
}

// GainOverLot returns by how much policy is worth more a row than if as many rows, drawn by lot, had each
// arm: what knowing whom is worth, apart from how many. The interval knows that the shares of the arms are those of these
// rows; what an arm adds to, or costs, everybody has no part in it. Errors: those of Value.
func (m *Scores) GainOverLot(policy []int, opt ValueOptions) (Estimate, error) {
	return m.judge("uplift: Scores.GainOverLot", opt, func(net func(i, arm int) float64) func(i int) float64 {
		share, mean, all := make([]float64, m.Arms), make([]float64, m.Arms), 0.0
		for k, i := range m.s.from {
			w := m.s.weight(int32(k))
			share[policy[i]] += w
			for arm := range mean {
				mean[arm] += w * net(int(i), arm)
			}
			all += w
		}
		for arm := range mean {
			share[arm] /= all
			mean[arm] /= all
		}
		// Arms less their means have the same mean over the rows, and the spread that the estimate has when shares are drawn, too.
		return func(i int) float64 {
			out := net(i, policy[i]) - mean[policy[i]]
			for arm, s := range share {
				out -= s * (net(i, arm) - mean[arm])
			}
			return out
		}
	}, policy)
}

// judge estimates the mean of what make says of rows, once policies and options are checked.
func (m *Scores) judge(where string, opt ValueOptions, make func(net func(i, arm int) float64) func(i int) float64, policies ...[]int) (Estimate, error) {
	if err := m.ready(where); err != nil {
		return Estimate{}, err
	}
	for _, policy := range policies {
		if err := checkPolicy(policy, m.s.given, m.Arms); err != nil {
			return Estimate{}, fmt.Errorf("%s: %w", where, err)
		}
	}
	net, level, err := opt.net(m)
	if err != nil {
		return Estimate{}, fmt.Errorf("%s: %w", where, err)
	}
	return m.s.estimate(where, level, nil, make(net))
}

// net returns what an arm is worth to a row by its score, and the level.
func (o ValueOptions) net(m *Scores) (net func(i, arm int) float64, level float64, err error) {
	if level, err = infer.Level(o.Level); err != nil {
		return nil, 0, err
	}
	worth, cost, err := worthAndCosts(o.Worth, o.Costs, m.s.given, m.Arms)
	if err != nil {
		return nil, 0, err
	}
	return func(i, arm int) float64 { return worth*m.Values[i*m.Arms+arm] - cost(i, arm) }, level, nil
}

// worthAndCosts checks what outcomes are worth and arms cost.
func worthAndCosts(worth float64, costs []float64, n, arms int) (float64, func(i, arm int) float64, error) {
	var c check.Options
	c.Require(worth >= 0 && worth <= 1e30, "Worth", worth, "0 … 1e30")
	c.Require(costs == nil || len(costs) == arms || len(costs) == n*arms, "Costs", len(costs), fmt.Sprintf("%d numbers or %d", arms, n*arms))
	for i, x := range costs {
		if !(math.Abs(x) <= 1e30) {
			c.Require(false, fmt.Sprintf("Costs[%d]", i), x, "at most 1e30 in size")
			break
		}
	}
	if err := c.Err("costs"); err != nil {
		return 0, nil, err
	}
	costs = slices.Clone(costs)
	return check.Default(worth, 1), func(i, arm int) float64 {
		switch {
		case costs == nil:
			return 0
		case len(costs) == arms:
			return costs[arm]
		}
		return costs[i*arms+arm]
	}, nil
}

// checkPolicy checks that policy gives each of n rows an arm.
func checkPolicy(policy []int, n, arms int) error {
	if err := check.Len("policy", len(policy), n); err != nil {
		return err
	}
	for i, a := range policy {
		if a < 0 || a >= arms {
			return fmt.Errorf("policy[%d] is %d, want 0 … %d: %w", i, a, arms-1, ErrRange)
		}
	}
	return nil
}

package uplift

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// AssignOptions configures Assign.
type AssignOptions struct {
	// Worth is what one unit of the outcome is worth; 0 means 1.
	Worth float64
	// Costs is what each arm costs, not negative: as in ValueOptions, that of control first.
	Costs []float64
	// Budget bounds what all arms together cost beyond control for everybody; 0 means no bound. Negative: nothing may
	// be spent, which is what is left of a budget that is used up: one that is computed must not come as 0.
	Budget float64
	// Contacts bounds how many rows get a treatment; 0 means no bound, negative nobody. Not together with Budget.
	Contacts int
}

// Assignment says who gets what.
type Assignment struct {
	Policy   []int   // arm of each row
	Contacts int     // rows with a treatment
	Cost     float64 // beyond control for everybody
	Gain     float64 // Worth·effects − Cost, as the effects have it
	// Bound is what no assignment within the budget gains more than, of those that give nobody a treatment that gains
	// nothing; Gain is below it by less than one row's.
	Bound float64
	// Price is what one more unit of the budget, or one more contact, would gain; 0 where the bound does not bind.
	Price float64
}

// step is a change of a row to an arm that costs more.
type step struct {
	row, arm   int
	gain, cost float64 // added to those of the arm before
	rate       float64 // gain a unit of cost, not above that of the row's step before
}

// Assign gives each row the arm that gains most, effects·Worth less costs, or, within a budget, those that gain most
// for what they cost: of each row the arms that are worth their cost are put in order, and steps from one to the next are taken over
// all rows by gain a unit of budget. Rows that no arm gains anything get control: who must not be contacted for a negative effect is
// among them. effects holds arms−1 numbers a row, as Learned.Effects and Forest.Effects return them; ties go to the lower arm and row.
//
// Gains are what the effects promise, too much after a choice among noisy ones: Scores.Gain says what
// the policy is worth on data held out. Cost: n·arms·log n.
//
// Errors: ErrEmpty, ErrShape, ErrRange, ErrNotFinite, ErrOption.
func Assign(effects []float64, arms int, opt AssignOptions) (*Assignment, error) {
	const where = "uplift: Assign"
	n, err := checkEffects(effects, arms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	var c check.Options
	c.Require(check.Finite(opt.Budget), "Budget", opt.Budget, "finite")
	c.Require(opt.Contacts == 0 || opt.Budget == 0, "Budget", opt.Budget, "0 with Contacts")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	worth, cost, err := worthAndCosts(opt.Worth, opt.Costs, n, arms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	for i, x := range opt.Costs {
		if x < 0 {
			return nil, fmt.Errorf("%s: Costs[%d] is %v, want >= 0: %w", where, i, x, ErrOption)
		}
	}
	out := &Assignment{Policy: make([]int, n)}
	var steps []step
	spend := func(i, arm int) float64 { return cost(i, arm) - cost(i, 0) }
	net := func(i, arm int) float64 { return worth*effects[i*(arms-1)+arm-1] - spend(i, arm) }
	weigh := spend
	if opt.Contacts != 0 {
		weigh = func(int, int) float64 { return 1 }
	}
	for i := range n {
		steps = frontier(steps, out, i, arms, net, weigh)
	}
	left := check.OrOff(opt.Budget, math.Inf(1))
	if opt.Contacts != 0 {
		left = float64(max(opt.Contacts, 0))
	}
	for i, arm := range out.Policy {
		if arm > 0 {
			out.Bound += net(i, arm)
			left -= weigh(i, arm) // what is cheaper than control leaves more for others
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(b.rate, a.rate) })
	stuck := make(map[int]bool)
	relaxed := left
	for _, s := range steps {
		if relaxed < s.cost && out.Price == 0 {
			out.Price = s.rate
		}
		part := min(s.cost, relaxed)
		out.Bound += s.gain * part / s.cost
		relaxed -= part
		if stuck[s.row] || s.cost > left {
			stuck[s.row] = true
			continue
		}
		out.Policy[s.row] = s.arm
		left -= s.cost
	}
	for i, arm := range out.Policy {
		if arm > 0 {
			out.Contacts++
			out.Cost += spend(i, arm)
			out.Gain += net(i, arm)
		}
	}
	return out, nil
}

// frontier puts row i into the arm that takes least of the budget, of those that gain anything and control, and appends the steps
// from there along the arms that gain most for what they take: each takes more and gains less a unit than the one before.
func frontier(steps []step, out *Assignment, i, arms int, net, weigh func(i, arm int) float64) []step {
	base, at, took, rate := 0, 0.0, 0.0, math.Inf(1)
	for a := 1; a < arms; a++ {
		if g, w := net(i, a), weigh(i, a); g > 0 && (w < took || w == took && g > at) {
			base, at, took = a, g, w
		}
	}
	out.Policy[i] = base
	for {
		next, slope := 0, 0.0
		for a := 1; a < arms; a++ {
			w := weigh(i, a)
			if w <= took {
				continue
			}
			if s := (net(i, a) - at) / (w - took); s > slope {
				next, slope = a, s
			}
		}
		if next == 0 {
			return steps
		}
		w := weigh(i, next)
		rate = min(rate, slope) // the same line, but for rounding: steps of a row stay in their order
		steps = append(steps, step{i, next, net(i, next) - at, w - took, rate})
		at, took = net(i, next), w
	}
}

// checkEffects returns the number of rows.
func checkEffects(effects []float64, arms int) (int, error) {
	if arms < 2 || arms > maxArms {
		return 0, fmt.Errorf("%d arms, want 2 … %d: %w", arms, maxArms, ErrRange)
	}
	if len(effects) == 0 {
		return 0, fmt.Errorf("no effects: %w", ErrEmpty)
	}
	if len(effects)%(arms-1) != 0 {
		return 0, fmt.Errorf("%d effects, want a multiple of %d: %w", len(effects), arms-1, ErrShape)
	}
	for i, x := range effects {
		if err := checkEffect(i, x); err != nil {
			return 0, err
		}
	}
	return len(effects) / (arms - 1), nil
}

// checkEffect checks one of them.
func checkEffect(i int, x float64) error {
	if !check.Finite(x) {
		return fmt.Errorf("effects[%d] is %v: %w", i, x, ErrNotFinite)
	}
	if math.Abs(x) > maxSize {
		return fmt.Errorf("effects[%d] is %v, want at most %g in size: %w", i, x, maxSize, ErrRange)
	}
	return nil
}

package uplift

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// HarmOptions configures Scores.Harmed.
type HarmOptions struct {
	// Groups is how many group sizes are tried, evenly spread up to Most; 0 means 10, at most 1000.
	Groups int
	// Most is the largest group as a share of all rows; 0 means .5.
	Most float64
	// Level is the confidence that the group's effect is negative, with regard to all groups tried; 0 means .95.
	Level float64
}

// Harm is a group of customers whom a treatment harms.
type Harm struct {
	// Rows is how many rows are in the group; 0: there is none of which it is sure.
	Rows int
	// Threshold: customers with a predicted effect at or below it are not to be contacted; −Inf without a group.
	Threshold float64
	// Effect is the average effect of the group. High, below 0, is a bound of the confidence asked for, one-sided and
	// corrected for the number of groups tried, and Low lies as far on the other side. NaN without a group.
	Effect Estimate
}

// Harmed finds who must not be contacted: the largest group of rows with the lowest predicted effects, all below 0, on which a
// treatment lowers the average outcome with confidence. effects holds the predicted effect of the treatment on
// each row, by a model that has not seen the row, such as Learned.OutOfFold; those of rows of weight 0 are not looked at. A customer
// is in the group for what is predicted; that all of it together is harmed is what the scores show.
//
// Rows of equal effects are in it together, even if that makes it larger than Most. Cost: n·log n + Groups·n.
//
// Errors: ErrEmpty, ErrShape, ErrRange, ErrNotFinite, ErrOption, ErrOverflow.
func (m *Scores) Harmed(arm int, effects []float64, opt HarmOptions) (Harm, error) {
	const where = "uplift: Scores.Harmed"
	if err := m.ready(where); err != nil {
		return Harm{}, err
	}
	if arm < 1 || arm >= m.Arms {
		return Harm{}, fmt.Errorf("%s: arm is %d, want 1 … %d: %w", where, arm, m.Arms-1, ErrRange)
	}
	if len(effects) == 0 {
		return Harm{}, fmt.Errorf("%s: no effects: %w", where, ErrEmpty)
	}
	if err := check.Len("effects", len(effects), m.s.given); err != nil {
		return Harm{}, fmt.Errorf("%s: %w", where, err)
	}
	for _, i := range m.s.from {
		if err := checkEffect(int(i), effects[i]); err != nil {
			return Harm{}, fmt.Errorf("%s: %w", where, err)
		}
	}
	var c check.Options
	c.Require(opt.Groups >= 0 && opt.Groups <= 1000, "Groups", opt.Groups, "0 … 1000")
	c.Require(opt.Most >= 0 && opt.Most <= 1, "Most", opt.Most, "0 … 1")
	c.Require(opt.Level == 0 || opt.Level > 0 && opt.Level < 1, "Level", opt.Level, "between 0 and 1")
	if err := c.Err(where); err != nil {
		return Harm{}, err
	}
	groups, most, level := check.Default(opt.Groups, 10), check.Default(opt.Most, .5), check.Default(opt.Level, .95)
	order := slices.Clone(m.s.from)
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(effects[a], effects[b]) })
	var cuts []float64 // thresholds, the widest first
	for g := groups; g > 0; g-- {
		at := int(float64(len(order))*most*float64(g)/float64(groups)) - 1
		if at < 0 {
			continue
		}
		cut := effects[order[at]]
		if cut < 0 && !slices.Contains(cuts, cut) {
			cuts = append(cuts, cut)
		}
	}
	out := Harm{Threshold: math.Inf(-1), Effect: Estimate{math.NaN(), math.NaN(), math.NaN(), math.NaN(), level}}
	for _, cut := range cuts {
		in := func(i int) bool { return effects[i] <= cut }
		// An interval of two sides at 1 − 2α/groups has the bound of one side at 1 − α/groups.
		got, err := m.s.estimate(where, 1-2*(1-level)/float64(groups), in, func(i int) float64 {
			return m.Values[i*m.Arms+arm] - m.Values[i*m.Arms]
		})
		if err != nil {
			continue // too few customers to tell
		}
		if got.High < 0 {
			got.Level = level
			out.Effect, out.Threshold = got, cut
			for _, i := range m.s.from {
				if in(int(i)) {
					out.Rows++
				}
			}
			break
		}
	}
	return out, nil
}

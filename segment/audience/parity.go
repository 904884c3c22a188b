package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// GroupRate is the share of one group of users that an audience reaches.
type GroupRate struct {
	Group    string  // as the attribute has it
	Size     int     // users in the group
	Selected int     // of them in the audience
	Rate     float64 // Selected / Size
	Ratio    float64 // Rate / the highest rate among groups that are not Small; NaN if there is none or it is 0
	Small    bool    // fewer users than asked for, or withheld: nothing to judge by
	// Err is ErrPrivacy where the row is withheld, since the group, those of it in the
	// audience or those left out are some, but fewer than asked for, or since all withheld
	// rows together would be: then Size and Selected are 0, Rate and Ratio NaN.
	Err error
}

// Parity compares how often an audience selects the groups that a text attribute
// forms, so that unequal treatment shows: a Ratio below 0.8 is the customary
// alarm. Groups are sorted by name; users with several texts count in each group,
// users whose value is missing in none. Rows about fewer than minGroup users (default
// 50) are withheld, see GroupRate.Err; -1 switches that off. An unknown attribute is ErrUnknownID, one of another
// kind or an audience over another number of users ErrMismatch.
//
// It looks at a selection alone, before any outcome is known, and costs one pass over
// the attribute. Once outcomes are known take Fairness of package metrics: a mergeable
// state of chosen and outcome per group, with equal opportunity and equalised odds
// beside the same rates. Its ratio is lowest by highest of all groups; here each group
// has its own, and small groups set no standard.
func Parity(set *Set, table *Attributes, attribute string, minGroup int) ([]GroupRate, error) {
	const where = "audience: Parity"
	minGroup = check.Default(minGroup, DefaultMinSize)
	var c check.Options
	c.Require(minGroup > 0 || minGroup == -1, "minGroup", minGroup, "> 0, or -1 for no floor")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	if table == nil {
		return nil, fmt.Errorf("%s: table is nil: %w", where, ErrEmpty)
	}
	col, err := table.column(attribute, place{}, textColumn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if set.Universe() != table.n {
		return nil, fmt.Errorf("%s: the audience is over %d users, the table over %d: %w", where, set.Universe(), table.n, ErrMismatch)
	}
	out := make([]GroupRate, col.values.Len())
	for i, g := range col.values.Keys() {
		out[i].Group = g
	}
	for u := range int32(table.n) {
		in := set.Has(u)
		for _, g := range col.textsOf(u) {
			out[g].Size++
			if in {
				out[g].Selected++
			}
		}
	}
	sizes, selected, others := make([]int64, len(out)), make([]int64, len(out)), make([]int64, len(out))
	for i, g := range out {
		sizes[i], selected[i], others[i] = int64(g.Size), int64(g.Selected), int64(g.Size-g.Selected)
	}
	least, best := check.Floor(minGroup), 0.0
	for i, withheld := range check.Withhold(least, sizes, selected, others) {
		g := &out[i]
		g.Rate, g.Small = float64(g.Selected)/float64(g.Size), sizes[i] < least
		if withheld {
			g.Err = fmt.Errorf("%s: group %q: %w", where, g.Group, ErrPrivacy)
			g.Size, g.Selected, g.Rate, g.Small = 0, 0, math.NaN(), true
		} else if !g.Small {
			best = max(best, g.Rate)
		}
	}
	for i := range out {
		if out[i].Ratio = out[i].Rate / best; best == 0 {
			out[i].Ratio = math.NaN()
		}
	}
	slices.SortFunc(out, func(a, b GroupRate) int { return cmp.Compare(a.Group, b.Group) })
	return out, nil
}

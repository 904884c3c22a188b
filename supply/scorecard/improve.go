package scorecard

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Gap is a KPI that an alternative could improve.
type Gap struct {
	Leaf     string  // one of Card.Leaves
	From, To float64 // the value it has, NaN for a missing one, and the one it would have
	Cost     float64 // of getting there, > 0, in a unit of the caller's; Evaluation.Gaps leaves it 0
}

// Gain is what closing a gap does to the score.
type Gain struct {
	Gap
	Gain    float64 // of the score; negative where the change is for the worse
	PerCost float64 // Gain / Cost
}

// Gaps lists the KPIs in which an alternative is short of its target, in the order of
// Card.Leaves, each closed to the Target; a KPI with neither scale nor Target is left
// out, as nobody has said what would be enough, and so is one whose value is missing. ErrEmpty; ErrRange for an alternative
// that is none.
func (e *Evaluation) Gaps(alternative int) ([]Gap, error) {
	if err := e.ready("scorecard: Evaluation.Gaps", alternative); err != nil {
		return nil, err
	}
	var out []Gap
	for j, x := range e.rows.x[e.row[alternative]] {
		k := &e.card.nodes[e.card.leaves[j]].kpi
		short := x != k.Target
		switch k.Direction {
		case HigherIsBetter:
			short = x < k.Target
		case LowerIsBetter:
			short = x > k.Target
		}
		if short && !math.IsNaN(x) && (k.scaled() || k.Target != 0 || k.Direction == TargetIsBest) {
			out = append(out, Gap{Leaf: k.Name, From: x, To: k.Target})
		}
	}
	return out, nil
}

// Improve tells which improvement of an alternative pays first: its score is computed
// again with each gap closed alone, all else and the weights as they are, and the gains are
// sorted by gain per cost, then by gain, then in the order given. A leaf may come several
// times, for steps of different size; From is not read but set to the value it has.
//
// Errors: ErrEmpty, ErrUnknownID for a leaf that the card does not measure, ErrNotFinite,
// ErrRange for a cost that is not above 0 and an alternative that is none; those of
// Evaluate where the changed values bring them about. Cost: one scoring of all
// alternatives a gap.
func (e *Evaluation) Improve(alternative int, gaps []Gap) ([]Gain, error) {
	const where = "scorecard: Evaluation.Improve"
	if err := e.ready(where, alternative); err != nil {
		return nil, err
	}
	leaf := map[string]int{}
	for j, name := range e.card.Leaves() {
		leaf[name] = j
	}
	r := e.row[alternative]
	x := slices.Clone(e.rows.x)
	out := make([]Gain, len(gaps))
	for k, g := range gaps {
		j, ok := leaf[g.Leaf]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: gap %d: no KPI %q is measured: %w", where, k, g.Leaf, ErrUnknownID)
		case !check.Finite(g.To) || !check.Finite(g.Cost):
			return nil, fmt.Errorf("%s: gap %d, KPI %q: to %v at cost %v: %w", where, k, g.Leaf, g.To, g.Cost, ErrNotFinite)
		case !(g.Cost > 0):
			return nil, fmt.Errorf("%s: gap %d, KPI %q: cost %v, want > 0: %w", where, k, g.Leaf, g.Cost, ErrRange)
		}
		x[r] = slices.Clone(e.rows.x[r])
		g.From, x[r][j] = x[r][j], g.To
		t, err := e.card.tabulate(x)
		if err != nil {
			return nil, fmt.Errorf("%s: gap %d: %w", where, k, err)
		}
		scores, err := e.card.score(t, e.weights)
		if err != nil {
			return nil, fmt.Errorf("%s: gap %d: %w", where, k, err)
		}
		gain := scores[r] - e.scores[r]
		if out[k] = (Gain{g, gain, gain / g.Cost}); !check.Finite(out[k].PerCost) {
			return nil, fmt.Errorf("%s: gap %d, KPI %q: cost %v is too small to divide by: %w", where, k, g.Leaf, g.Cost, ErrOverflow)
		}
	}
	slices.SortStableFunc(out, func(a, b Gain) int {
		if d := -compare(a.PerCost, b.PerCost); d != 0 {
			return d
		}
		return -compare(a.Gain, b.Gain)
	})
	return out, nil
}

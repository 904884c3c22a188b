package scorecard

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/mcda"
)

// Evaluation is what a Card says of some alternatives: suppliers, warehouses, or the
// periods of one of them. Fields are copies, which the methods do not read. It is
// immutable but for them and safe for concurrent use; nil and zero are ErrEmpty.
type Evaluation struct {
	Scores   []float64 // by alternative, in [0, 1], 1 best
	Ranks    []int     // by alternative, 1 best; equal scores share the better rank
	Order    []int     // alternatives, best first, equal scores by index
	Grades   []string  // by alternative
	Weights  []float64 // by leaf, the objective ones mixed in, summing to 1
	Warnings []string  // those of the card, and what is doubtful of the values

	card    *Card
	rows    *table
	weights []float64
	scores  []float64 // by row of the table
	row     []int     // of each alternative
	first   int       // the alternative that is first
}

// table holds the alternatives in an order of their own, by value, so that no result
// depends, not even in its last bit, on the order in which they were given.
type table struct {
	x          [][]float64   // as given
	p          [][]float64   // clipped to the scales; of TargetIsBest the distance to the target
	attainment [][]float64   // in [0, 1], 1 best
	levels     [][][]float64 // by row and leaf the memberships of FuzzyComprehensive
	constant   []bool        // leaves without a scale in which all are equal
}

// Evaluate scores alternatives by their values: a row each, a column for each of
// Card.Leaves in that order.
//
// Errors: ErrEmpty without alternatives, ErrShape for a row of another length,
// ErrNotFinite for a value that is infinite, or NaN without ReweighMissing, and for a KPI without
// a scale that no alternative has. ErrUndefined for one alternative
// alone where scales or weights come from comparison: a leaf without Floor and Ceiling (but
// for GreyRelational, which then is 1), TOPSIS, an Objective; and for TOPSIS of
// alternatives that are all equal and an Objective that nothing tells apart. ErrRange for a
// negative value with ObjectiveShares and for a column of zeros with it or TOPSIS.
// ErrOverflow.
//
// Cost: n·leaves, CRITIC n·leaves².
func (c *Card) Evaluate(x [][]float64) (*Evaluation, error) {
	const where = "scorecard: Card.Evaluate"
	if err := c.ready(where); err != nil {
		return nil, err
	}
	e := &Evaluation{card: c, Warnings: slices.Clone(c.warnings)}
	if err := e.fill(x); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return e, nil
}

// fill does the work of Evaluate.
func (e *Evaluation) fill(x [][]float64) error {
	c := e.card
	if len(x) == 0 {
		return fmt.Errorf("no alternatives: %w", ErrEmpty)
	}
	for i := range x {
		if err := c.checkRow(fmt.Sprintf("alternative %d", i), x[i]); err != nil {
			return err
		}
		for j, v := range x[i] {
			if math.IsNaN(v) {
				e.Warnings = append(e.Warnings, fmt.Sprintf("alternative %d has no KPI %q: it is scored by the others", i, c.nodes[c.leaves[j]].kpi.Name))
			}
		}
	}
	n := len(x)
	sorted := make([]int, n)
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(a, b int) int { return slices.Compare(x[a], x[b]) })
	rows := make([][]float64, n)
	e.row = make([]int, n)
	for r, i := range sorted {
		rows[r], e.row[i] = slices.Clone(x[i]), r
	}
	var err error
	if e.rows, err = c.tabulate(rows); err != nil {
		return err
	}
	for j, constant := range e.rows.constant {
		if constant {
			e.Warnings = append(e.Warnings, fmt.Sprintf("KPI %q is the same for all and has no scale: it tells nothing and counts as attained", c.nodes[c.leaves[j]].kpi.Name))
		}
	}
	if e.weights, err = c.mix(e.rows); err != nil {
		return err
	}
	if e.scores, err = c.score(e.rows, e.weights); err != nil {
		return err
	}
	e.rank()
	return nil
}

// rank fills the exported fields from the scores of the rows.
func (e *Evaluation) rank() {
	n := len(e.row)
	e.Weights = slices.Clone(e.weights)
	e.Scores, e.Order = make([]float64, n), make([]int, n)
	e.Ranks, e.Grades = make([]int, n), make([]string, n)
	for i, r := range e.row {
		e.Scores[i], e.Order[i] = e.scores[r], i
		e.Grades[i] = e.card.grade(e.scores[r])
	}
	slices.SortStableFunc(e.Order, func(a, b int) int { return -compare(e.Scores[a], e.Scores[b]) })
	for k, i := range e.Order {
		e.Ranks[i] = k + 1
		if k > 0 && e.Scores[i] == e.Scores[e.Order[k-1]] {
			e.Ranks[i] = e.Ranks[e.Order[k-1]]
		}
	}
	e.first = e.Order[0]
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// grade names a score. A score that rounding has put a hair below a cut has reached it.
func (c *Card) grade(score float64) string {
	k := sort.Search(len(c.opt.Grades), func(g int) bool { return score >= c.opt.Grades[g].From-1e-12 })
	return c.opt.Grades[min(k, len(c.opt.Grades)-1)].Name
}

// checkRow checks the values of one alternative.
func (c *Card) checkRow(what string, row []float64) error {
	if err := check.Len(what, len(row), len(c.leaves)); err != nil {
		return err
	}
	for j, x := range row {
		if !check.Finite(x) && !(math.IsNaN(x) && c.opt.Missing == ReweighMissing) {
			return fmt.Errorf("%s, KPI %q is %v: %w", what, c.nodes[c.leaves[j]].kpi.Name, x, ErrNotFinite)
		}
	}
	return nil
}

// costs says which columns of table.p are better low.
func (c *Card) costs() []bool {
	lower := make([]bool, len(c.leaves))
	for j, i := range c.leaves {
		lower[j] = c.nodes[i].kpi.Direction != HigherIsBetter
	}
	return lower
}

// tabulate clips the values, takes distances to targets, and scales all to [0, 1].
func (c *Card) tabulate(x [][]float64) (*table, error) {
	t := &table{x: x, p: make([][]float64, len(x)), attainment: make([][]float64, len(x)), constant: make([]bool, len(c.leaves))}
	for i, row := range x {
		t.p[i] = make([]float64, len(row))
		for j, v := range row {
			if t.p[i][j] = c.nodes[c.leaves[j]].kpi.place(v); math.IsInf(t.p[i][j], 0) {
				return nil, fmt.Errorf("KPI %q: %v is too far from its target: %w", c.nodes[c.leaves[j]].kpi.Name, v, ErrOverflow)
			}
		}
	}
	if err := c.stand(t); err != nil {
		return nil, err
	}
	columns, constant, err := mcda.ScaleColumns(t.p, c.costs())
	if err != nil {
		return nil, err
	}
	for i := range x {
		t.attainment[i] = make([]float64, len(c.leaves))
	}
	for j, at := range c.leaves {
		k := &c.nodes[at].kpi
		t.constant[j] = constant[j] && !k.scaled()
		if t.constant[j] && len(x) == 1 && c.opt.Method != GreyRelational && c.opt.Method != TOPSIS {
			return nil, fmt.Errorf("KPI %q has no Floor and Ceiling, and there is one alternative to compare with itself: %w", k.Name, ErrUndefined)
		}
		for i := range x {
			if t.attainment[i][j] = columns[j][i]; k.scaled() {
				t.attainment[i][j] = k.attained(t.p[i][j])
			}
			if math.IsNaN(x[i][j]) {
				t.attainment[i][j] = math.NaN()
			}
		}
		if k.Direction == TargetIsBest && !slices.ContainsFunc(t.p, func(row []float64) bool { return row[j] != 0 }) {
			for i := range t.p { // all on target: equal, like any other constant, and no column of zeros
				t.p[i][j] = 1
			}
		}
	}
	if c.opt.Method == FuzzyComprehensive {
		for _, a := range t.attainment {
			t.levels = append(t.levels, c.memberships(a))
		}
	}
	return t, nil
}

// stand lets another value of the same KPI stand in p for one that is missing, which moves neither
// end of the scale.
func (c *Card) stand(t *table) error {
	for j, at := range c.leaves {
		known := math.NaN()
		for i := range t.p {
			if !math.IsNaN(t.p[i][j]) {
				known = t.p[i][j]
				break
			}
		}
		if k := &c.nodes[at].kpi; math.IsNaN(known) {
			if !k.scaled() {
				return fmt.Errorf("no alternative has KPI %q: %w", k.Name, ErrNotFinite)
			}
			known = k.place(k.Floor)
		}
		for i := range t.p {
			if math.IsNaN(t.p[i][j]) {
				t.p[i][j] = known
			}
		}
	}
	return nil
}

// known returns the weights of the KPIs that row r has, summing to 1, and 0 for others.
func (t *table) known(r int, w []float64) ([]float64, error) {
	a := t.attainment[r]
	if !slices.ContainsFunc(a, math.IsNaN) {
		return w, nil
	}
	out := slices.Clone(w)
	for j := range out {
		if math.IsNaN(a[j]) {
			out[j] = 0
		}
	}
	if !toOne(out) {
		return nil, fmt.Errorf("an alternative, with the values %v, has no KPI that weighs: %w", t.x[r], ErrUndefined)
	}
	return out, nil
}

// place clips a value to the scale, and returns its distance to the target where that
// is best: with a scale as a share of the way from the end on its side.
func (k *KPI) place(x float64) float64 {
	if k.scaled() {
		x = min(max(x, k.Floor), k.Ceiling)
	}
	if k.Direction != TargetIsBest {
		return x
	}
	switch {
	case !k.scaled():
		return math.Abs(x - k.Target)
	case x == k.Target:
		return 0
	case x < k.Target:
		return mcda.Part(x, k.Target, k.Floor)
	}
	return mcda.Part(x, k.Target, k.Ceiling)
}

// attained scales what place returned to [0, 1] by the KPI's own scale.
func (k *KPI) attained(p float64) float64 {
	switch k.Direction {
	case TargetIsBest:
		return 1 - p
	case LowerIsBetter:
		return mcda.Part(p, k.Ceiling, k.Floor)
	}
	return mcda.Part(p, k.Floor, k.Ceiling)
}

// mix returns the weights of the leaves with the objective ones.
func (c *Card) mix(t *table) ([]float64, error) {
	tree := c.Weights()
	var objective []float64
	var err error
	switch c.opt.Objective {
	case NoObjective:
		return tree, nil
	case ObjectiveCRITIC:
		objective, err = mcda.CRITIC(t.p, c.costs())
	default:
		objective, err = mcda.Entropy(t.p, c.costs(), c.opt.Objective == ObjectiveShares)
	}
	if err != nil {
		return nil, fmt.Errorf("objective weights: %w", err)
	}
	if c.opt.Mix == Multiplicative {
		return mcda.Multiply(tree, objective)
	}
	return mcda.Combine(tree, objective, c.opt.Share)
}

// score returns the score of every row of the table for weights of the leaves. Weights sum
// to 1 but for rounding, which must not lift a score above 1.
func (c *Card) score(t *table, w []float64) (out []float64, err error) {
	switch c.opt.Method {
	case TOPSIS:
		out, err = mcda.TOPSIS(t.p, w, c.costs())
	case GreyRelational:
		out, err = mcda.GreyRelation(t.p, w, c.costs(), c.opt.Rho)
	case FuzzyComprehensive:
		out = make([]float64, len(t.x))
		for i := range t.levels {
			b, err := c.join(0, t.levels[i], w, nil)
			if err != nil {
				return nil, err
			}
			for g, m := range b {
				out[i] += m * c.opt.Levels[g]
			}
		}
	default:
		out = make([]float64, len(t.x))
		for i, a := range t.attainment {
			v, err := t.known(i, w)
			if err != nil {
				return nil, err
			}
			for j, x := range v {
				if x > 0 { // else a may be missing
					out[i] += x * a[j]
				}
			}
		}
	}
	for i := range out {
		out[i] = min(out[i], 1)
	}
	return out, err
}

package scorecard

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/mcda"
)

// Contribution is what one KPI or branch has in the score of an alternative.
type Contribution struct {
	Name   string  // of the KPI or branch
	Depth  int     // 0 at the root
	Leaf   bool    // measured, not a branch
	Weight float64 // in the whole card, of KPIs that the alternative has; of a branch that of all below it
	Points float64 // in the score; those of siblings add up to that of their branch
	Lost   float64 // Weight − Points: what it could still add, by WeightedSum and GreyRelational; else a guide
}

// Contributions explains the score of an alternative: every node of the tree depth first,
// the root with the score itself. Points of leaves are
//
//   - w·a by WeightedSum, of the attainment a; w·ξ by GreyRelational, of the coefficient ξ;
//   - by TOPSIS the score divided in proportion to the squared weighted distances from the worst;
//   - by FuzzyComprehensive what each leaf has in the memberships, times their levels; where the
//     leading KPI decides, all goes to it.
//
// Points add up to the score but for rounding. ErrEmpty; ErrRange for an alternative that
// is none.
func (e *Evaluation) Contributions(alternative int) ([]Contribution, error) {
	const where = "scorecard: Evaluation.Contributions"
	if err := e.ready(where, alternative); err != nil {
		return nil, err
	}
	c, r := e.card, e.row[alternative]
	w, err := e.rows.known(r, e.weights)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	points, err := c.points(e.rows, r, w, e.scores[r])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	out := make([]Contribution, len(c.nodes))
	for i := range c.nodes {
		n := &c.nodes[i]
		out[i] = Contribution{Name: n.kpi.Name, Depth: n.depth, Leaf: n.measured}
		for j := n.lo; j < n.hi; j++ {
			out[i].Weight += w[j]
			out[i].Points += points[j]
		}
		out[i].Lost = out[i].Weight - out[i].Points
	}
	return out, nil
}

// ready refuses an evaluation that no card has made, and an alternative that is none.
func (e *Evaluation) ready(where string, alternative int) error {
	switch {
	case e == nil || e.card == nil:
		return fmt.Errorf("%s: no evaluation: %w", where, ErrEmpty)
	case alternative < 0 || alternative >= len(e.row):
		return fmt.Errorf("%s: alternative %d, want 0 to %d: %w", where, alternative, len(e.row)-1, ErrRange)
	}
	return nil
}

// points divides the score of row r among the leaves.
func (c *Card) points(t *table, r int, w []float64, score float64) ([]float64, error) {
	out := make([]float64, len(w))
	switch c.opt.Method {
	case WeightedSum:
		for j, a := range t.attainment[r] {
			if w[j] > 0 { // else a may be missing
				out[j] = w[j] * a
			}
		}
	case GreyRelational:
		xi, err := mcda.GreyCoefficients(t.p, c.costs(), c.opt.Rho)
		if err != nil {
			return nil, err
		}
		for j, x := range xi[r] {
			out[j] = w[j] * x
		}
	case TOPSIS:
		var sum float64
		for j := range w {
			out[j] = w[j] * fromWorst(t.p, j, r, c.nodes[c.leaves[j]].kpi.Direction == HigherIsBetter)
			out[j] *= out[j]
			sum += out[j]
		}
		for j := range out {
			if out[j] > 0 {
				out[j] = score * (out[j] / sum)
			}
		}
	case FuzzyComprehensive:
		shares := make([][]float64, len(w))
		for j := range shares {
			shares[j] = make([]float64, len(c.opt.Levels))
		}
		if _, err := c.join(0, t.levels[r], w, shares); err != nil {
			return nil, err
		}
		for j, row := range shares {
			for g, m := range row {
				out[j] += m * c.opt.Levels[g]
			}
		}
	}
	return out, nil
}

// fromWorst is the distance of row r from the worst value of column j of p, over the
// column's Euclidean norm.
func fromWorst(p [][]float64, j, r int, higher bool) float64 {
	worst, top := p[0][j], 0.0
	for _, row := range p {
		if higher == (row[j] < worst) {
			worst = row[j]
		}
		top = max(top, math.Abs(row[j]))
	}
	var norm float64
	for _, row := range p {
		norm += (row[j] / top) * (row[j] / top)
	}
	return math.Abs(p[r][j]/top-worst/top) / math.Sqrt(norm)
}

package scorecard

import (
	"fmt"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/mcda"
)

// memberships turns attainments into rows of memberships in the levels: those of the two
// levels around it, by distance, so that each row sums to 1.
func (c *Card) memberships(attainment []float64) [][]float64 {
	levels := c.opt.Levels
	out := make([][]float64, len(attainment))
	for j, a := range attainment {
		row := make([]float64, len(levels))
		g := min(max(sort.SearchFloat64s(levels, a), 1), len(levels)-1)
		up := (a - levels[g-1]) / (levels[g] - levels[g-1])
		row[g-1], row[g] = 1-up, up
		out[j] = row
	}
	return out
}

// join returns the memberships of a node in the levels, from those of the leaves up by the
// operator of the card. With shares, a row for each leaf, it adds to them what each leaf has in
// each of the node's memberships; where the leading KPI decides, equals divide it.
func (c *Card) join(at int, leaves [][]float64, w []float64, shares [][]float64) ([]float64, error) {
	n := &c.nodes[at]
	if n.measured {
		if shares != nil {
			copy(shares[n.lo], leaves[n.lo])
		}
		return slices.Clone(leaves[n.lo]), nil
	}
	rows, weights := make([][]float64, len(n.children)), make([]float64, len(n.children))
	var total float64
	for k, child := range n.children {
		row, err := c.join(child, leaves, w, shares)
		if err != nil {
			return nil, err
		}
		rows[k] = row
		for _, x := range w[c.nodes[child].lo:c.nodes[child].hi] {
			weights[k] += x
		}
		total += weights[k]
	}
	if total == 0 { // nothing of it counts above
		weights = nil
	}
	b, err := mcda.Fuzzy(rows, weights, mcda.Operator(c.opt.Operator))
	if err != nil || shares == nil {
		return b, err
	}
	if total == 0 {
		weights, total = slices.Repeat([]float64{1}, len(rows)), float64(len(rows))
	}
	for g := range b {
		c.divide(n, g, b[g], rows, weights, total, shares)
	}
	return b, nil
}

// divide scales the shares of a node's leaves in level g so that they sum to b and each
// child has in it what the operator takes from it.
func (c *Card) divide(n *node, g int, b float64, rows [][]float64, weights []float64, total float64, shares [][]float64) {
	taken := make([]float64, len(rows))
	var sum, top float64
	for k, row := range rows {
		switch x := weights[k] / total; c.opt.Operator {
		case MinMaxOperator:
			taken[k] = min(x, row[g])
		default:
			taken[k] = x * row[g]
		}
		top = max(top, taken[k])
	}
	leading := c.opt.Operator == MinMaxOperator || c.opt.Operator == ProductMaxOperator
	for k := range taken {
		if leading {
			if taken[k] == top && top > 0 {
				taken[k] = 1
			} else {
				taken[k] = 0
			}
		}
		sum += taken[k]
	}
	for k, child := range n.children {
		var f float64
		if taken[k] > 0 {
			f = taken[k] / sum * b / rows[k][g]
		}
		for _, row := range shares[c.nodes[child].lo:c.nodes[child].hi] {
			row[g] *= f
		}
	}
}

// Comprehensive is the fuzzy comprehensive evaluation (模糊综合评价) of one alternative from
// judgements instead of values: memberships[j][g] is the degree to which leaf j of
// Card.Leaves earns level g, such as the share of respondents who said "good"; each row
// sums to 1. Any number of levels will do; Options.Levels is not used. The result has a number
// for each level, summing to 1; the weights are those of the tree, and Options.Operator joins
// branch by branch.
//
// Errors: ErrEmpty, ErrShape, ErrNotFinite; ErrRange for a membership outside [0, 1] and a
// row that does not sum to 1 within 1e-6.
func (c *Card) Comprehensive(memberships [][]float64) ([]float64, error) {
	const where = "scorecard: Card.Comprehensive"
	if err := c.ready(where); err != nil {
		return nil, err
	}
	if len(memberships) != len(c.leaves) {
		return nil, fmt.Errorf("%s: %d rows of memberships, want %d, one for each KPI: %w", where, len(memberships), len(c.leaves), ErrShape)
	}
	if _, err := mcda.Fuzzy(memberships, nil, mcda.Weighted); err != nil { // all rows at once, so that errors name the leaf
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	b, err := c.join(0, memberships, c.Weights(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return b, nil
}

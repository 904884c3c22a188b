package tree

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/fixed"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
)

// BoostParty is the rows of one party, which stay there: BoostRound.Add answers from it. It keeps the bins of its rows, their margins
// and the leaves they are in, so that the next exchange costs only what is new; it may go without any of them. It is not safe for concurrent use.
type BoostParty struct {
	rows    [][]float64
	y       []float64
	weights []float64 // nil: all 1
	workers int

	setting *question // of the columns that bins are of
	bins    [][]uint16
	trees   [][]binNode // that margins hold
	margin  []float64
	tree    []binNode // that grows, as far as it was told
	lo, hi  []int32   // of each node of it: its rows in order
	order   []int32
	sums    [][2]int64 // gradient and Hessian, in order
	g, h    []int64
	unitG   float64
	unitH   float64
	head    [heads]fixed.Sum
}

// PartyOptions configures NewBoostParty. The zero value has rows of weight 1.
type PartyOptions struct {
	// Weights, if not nil, holds one weight >= 0 a row. Rows of weight 0 count as absent.
	Weights []float64
	// Workers is how many goroutines answer at once; 0 and negative mean GOMAXPROCS. It has no influence on the answers.
	Workers int
}

// NewBoostParty returns the rows of a party with their labels 0 and 1, or amounts. Rows are as FitBoost has them, all parties have the same columns in the
// same order; codes of categories go up to 65535. The slices are kept, and must not change.
//
// Errors: ErrEmpty without rows of positive weight or columns, ErrShape, ErrNotFinite for infinite values and labels that are none, ErrRange for weights below 0 or above 2³⁰ and for
// amounts whose squares, times their weights, are above 2⁶⁰, ErrTooLarge.
func NewBoostParty(rows [][]float64, y []float64, opt PartyOptions) (*BoostParty, error) {
	const where = "tree: NewBoostParty"
	n := len(rows)
	switch {
	case n == 0 || len(rows[0]) == 0:
		return nil, fmt.Errorf("%s: rows: %w", where, ErrEmpty)
	case n > math.MaxInt32/2 || len(rows[0]) > maxColumns:
		return nil, fmt.Errorf("%s: %d rows of %d columns: %w", where, n, len(rows[0]), ErrTooLarge)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	if err := check.Weights("Weights", opt.Weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	p := &BoostParty{workers: parallel.Workers(opt.Workers)}
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return nil, fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), len(rows[0]), ErrShape)
		}
		for j, x := range row {
			if math.IsInf(x, 0) {
				return nil, fmt.Errorf("%s: %w", where, check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, ErrNotFinite))
			}
		}
		w := 1.0
		if opt.Weights != nil {
			w = opt.Weights[i]
		}
		switch v := y[i]; {
		case !check.Finite(v):
			return nil, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, v, ErrNotFinite))
		case !(w <= 1<<30) || !(w*v*v <= 1<<60):
			return nil, fmt.Errorf("%s: %w", where, check.Private("y", int64(i), nil, v, fmt.Errorf("weight above 2³⁰, or its product with the square of y above 2⁶⁰: %w", ErrRange)))
		}
		if w == 0 {
			continue
		}
		p.rows, p.y = append(p.rows, row), append(p.y, y[i])
		if opt.Weights != nil {
			p.weights = append(p.weights, w)
		}
	}
	if len(p.rows) == 0 {
		return nil, fmt.Errorf("%s: no rows of positive weight: %w", where, ErrEmpty)
	}
	return p, nil
}

func (p *BoostParty) weight(i int) float64 {
	if p.weights == nil {
		return 1
	}
	return p.weights[i]
}

// answer fills the sums of r.
func (p *BoostParty) answer(ctx context.Context, r *BoostRound) error {
	q := r.of
	if err := p.fits(q); err != nil {
		return err
	}
	if !q.grow {
		return p.count(ctx, r)
	}
	if err := p.catchUp(ctx, q); err != nil {
		return err
	}
	r.head = p.head
	d := len(q.columns)
	return parallel.For(ctx, len(q.ask)*d, 1, p.workers, func(_, k, _ int) error {
		j, leaf := k%d, k/d
		start := 0
		for c := range j {
			start += q.columns[c].Bins()
		}
		to := r.sums[3*(leaf*q.bins+start):][:3*q.columns[j].Bins()]
		bins, lo, hi := p.bins[j], p.lo[q.ask[leaf]], p.hi[q.ask[leaf]]
		sums := p.sums[lo:hi]
		for i, row := range p.order[lo:hi] {
			cell := to[3*int(bins[row]):][:3]
			cell[0] += sums[i][0]
			cell[1] += sums[i][1]
			cell[2]++
		}
		return nil
	})
}

// fits reports a question about other columns, or labels that it does not know.
func (p *BoostParty) fits(q *question) error {
	if len(q.columns) != len(p.rows[0]) {
		return fmt.Errorf("rows have %d columns, want %d: %w", len(p.rows[0]), len(q.columns), ErrShape)
	}
	if p.setting != nil && p.setting.loss == q.loss && slices.Equal(p.setting.categorical, q.categorical) {
		return nil
	}
	for i, row := range p.rows {
		if y := p.y[i]; q.loss == LossLogistic && y != 0 && y != 1 {
			return check.Private("y", int64(i), nil, y, fmt.Errorf("neither 0 nor 1: %w", ErrRange))
		}
		for j, x := range row {
			if q.categorical[j] && x == x && !(x >= 0 && x < partyCategories && x == math.Trunc(x)) {
				return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, fmt.Errorf("no category, which is an integer from 0 to %d: %w", partyCategories-1, ErrRange))
			}
		}
	}
	return nil
}

// plus adds a number to sums, and reports one that has no place.
func plus(to *fixed.Sum, v float64) error {
	f, ok := fixed.Of(v)
	if !ok {
		return fmt.Errorf("a loss, or its gradient, is above 2⁷⁰: %w", ErrRange)
	}
	if *to, ok = to.Plus(f); !ok {
		return fmt.Errorf("sums: %w", ErrOverflow)
	}
	return nil
}

// count adds up labels, and values by cell.
func (p *BoostParty) count(ctx context.Context, r *BoostRound) error {
	for i, y := range p.y {
		w := p.weight(i)
		for k, v := range [heads]float64{1, w, w * w, w * y, w * y * y} {
			if err := plus(&r.head[k], v); err != nil {
				return err
			}
		}
	}
	starts := make([]int, len(r.of.columns))
	for j := range starts[1:] {
		starts[j+1] = starts[j] + r.of.columns[j].Bins()
	}
	return parallel.For(ctx, len(starts), 1, p.workers, func(_, j, _ int) error {
		c, to := &r.of.columns[j], r.sums[starts[j]:]
		for _, row := range p.rows {
			to[c.Bin(row[j])]++
		}
		return nil
	})
}

// catchUp brings bins, margins, gradients and leaves to where the question is, in whole or only by what is new.
func (p *BoostParty) catchUp(ctx context.Context, q *question) error {
	if !p.knows(q) {
		bins := make([][]uint16, len(q.columns))
		err := parallel.For(ctx, len(bins), 1, p.workers, func(_, j, _ int) error {
			bins[j] = make([]uint16, len(p.rows))
			for i, row := range p.rows {
				bins[j][i] = uint16(q.columns[j].Bin(row[j]))
			}
			return nil
		})
		if err != nil {
			return err
		}
		p.bins, p.setting, p.trees = bins, q, nil
		p.margin = slices.Repeat([]float64{q.base}, len(p.rows))
		p.tree = nil
	}
	known := len(p.trees)
	same := known <= len(q.trees)
	for t := 0; same && t < known; t++ {
		same = &p.trees[t][0] == &q.trees[t][0] || slices.EqualFunc(p.trees[t], q.trees[t], sameNode)
	}
	if !same {
		for i := range p.margin {
			p.margin[i] = q.base
		}
		p.trees, known, p.tree = nil, 0, nil
	}
	if known < len(q.trees) || p.tree == nil || p.unitG != q.unitG || p.unitH != q.unitH {
		p.tree = nil // until its rows are settled
		if err := p.walk(ctx, q, known); err != nil {
			return err
		}
		if err := p.derive(ctx, q); err != nil {
			return err
		}
	}
	return p.part(ctx, q)
}

// knows reports whether the bins are those of the question.
func (p *BoostParty) knows(q *question) bool {
	s := p.setting
	if s == q {
		return true
	}
	if s == nil || s.loss != q.loss || s.base != q.base {
		return false
	}
	return slices.EqualFunc(s.columns, q.columns, func(a, b hist.Column) bool {
		return a.Categorical == b.Categorical && slices.Equal(a.Edges, b.Edges) && slices.Equal(a.Codes, b.Codes)
	})
}

// walk adds the trees from number known on to the margins.
func (p *BoostParty) walk(ctx context.Context, q *question, known int) error {
	widest := 0
	for j := range q.columns {
		widest = max(widest, q.columns[j].Bins())
	}
	for t := known; t < len(q.trees); t++ {
		nodes := q.trees[t]
		marks := make([][]bool, len(nodes))
		for i := range nodes {
			if nodes[i].column >= 0 {
				marks[i] = make([]bool, q.columns[nodes[i].column].Bins())
				nodes[i].marks(marks[i])
			}
		}
		values := make([]float64, len(p.rows)) // so that margins are those of whole trees whenever an error comes
		err := parallel.For(ctx, len(p.rows), 4096, p.workers, func(_, lo, hi int) error {
			for i := lo; i < hi; i++ {
				at := int32(0)
				for nodes[at].column >= 0 {
					next := nodes[at].left
					if !marks[at][p.bins[nodes[at].column][i]] {
						next++
					}
					at = next
				}
				values[i] = nodes[at].value
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, v := range values {
			p.margin[i] += v
		}
		p.trees = append(p.trees, nodes)
	}
	return nil
}

// mostUnits is the largest magnitude of a gradient in units: of 2³¹ rows no sum runs over.
const mostUnits = 1 << 31

// derive makes integers of gradients and Hessians at the margins, and puts all rows into the root of a new tree.
func (p *BoostParty) derive(ctx context.Context, q *question) error {
	n := len(p.rows)
	p.g, p.h = make([]int64, n), make([]int64, n)
	whole := func(v, unit float64) int64 { return int64(math.RoundToEven(min(max(v/unit, -mostUnits), mostUnits))) }
	const block = 4096
	parts := make([][heads]fixed.Sum, parallel.Blocks(n, block))
	err := parallel.For(ctx, n, block, p.workers, func(_, lo, hi int) error {
		part := &parts[lo/block]
		for i := lo; i < hi; i++ {
			m, y, w := p.margin[i], p.y[i], p.weight(i)
			var g, h, loss float64
			if q.loss == LossLogistic {
				share := 1 / (1 + math.Exp(-m))
				g, h = share-y, share*(1-share)
				loss = max(m, 0) + math.Log1p(math.Exp(-math.Abs(m))) - y*m
			} else {
				g, h, loss = m-y, 1, (m-y)*(m-y)/2
			}
			p.g[i], p.h[i] = whole(w*g, q.unitG), whole(w*h, q.unitH)
			for k, v := range [heads]float64{1, w, w * loss, w * g * g} {
				if err := plus(&part[k], v); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.head = [heads]fixed.Sum{}
	for i := range parts {
		if !fixed.Sums(p.head[:]).Merge(parts[i][:]) {
			return fmt.Errorf("sums: %w", ErrOverflow)
		}
	}
	p.unitG, p.unitH = q.unitG, q.unitH
	p.root()
	return nil
}

// root puts all rows into one node.
func (p *BoostParty) root() {
	n := len(p.rows)
	p.order, p.sums = make([]int32, n), make([][2]int64, n)
	for i := range n {
		p.order[i], p.sums[i] = int32(i), [2]int64{p.g[i], p.h[i]}
	}
	p.tree, p.lo, p.hi = []binNode{{column: -1}}, []int32{0}, []int32{int32(n)}
}

// part moves rows to the nodes that the tree has now.
func (p *BoostParty) part(ctx context.Context, q *question) error {
	for i := range p.tree {
		if i >= len(q.tree) || p.tree[i].column >= 0 && !sameNode(p.tree[i], q.tree[i]) {
			p.root() // another tree
			break
		}
	}
	for i := range q.tree {
		x := q.tree[i]
		if x.column < 0 || i < len(p.tree) && p.tree[i].column >= 0 {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		left := make([]bool, q.columns[x.column].Bins())
		x.marks(left)
		bins, lo, hi := p.bins[x.column], p.lo[i], p.hi[i]
		for lo < hi {
			if left[bins[p.order[lo]]] {
				lo++
				continue
			}
			hi--
			p.order[lo], p.order[hi] = p.order[hi], p.order[lo]
			p.sums[lo], p.sums[hi] = p.sums[hi], p.sums[lo]
		}
		for len(p.tree) < int(x.left)+2 {
			p.tree, p.lo, p.hi = append(p.tree, binNode{column: -1}), append(p.lo, 0), append(p.hi, 0)
		}
		p.lo[x.left], p.hi[x.left], p.lo[x.left+1], p.hi[x.left+1] = p.lo[i], lo, lo, p.hi[i]
		p.tree[i] = x
	}
	return nil
}

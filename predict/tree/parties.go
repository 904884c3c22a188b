package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/fixed"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sketch"
)

// BoostAsk sends a round to the parties and returns what their rows say together: at itself, into which it merged their answers or set their
// words, or another round of the same question. Rows of a party that does not answer are missing from this exchange alone.
type BoostAsk func(ctx context.Context, at *BoostRound) (*BoostRound, error)

// FitBoostParties is FitBoost over parties that never share a row: shops of one group, shards of a cluster. ask brings the
// questions to them and their answers back, which are sums of integers over bins, and nothing else leaves a party: four parties give the same bytes as
// one that has all rows, whatever the split, the order of merging or of rows. With the masks of package predict/federated who merges sees the sums alone.
//
// First at most three exchanges count values in cells that get finer where values are many, and the columns are cut into bins by these counts; then
// each tree takes about as many exchanges as it is deep, about one a level: 18 where trees of 31 leaves grew by the best leaf (bank-marketing, online-shoppers;
// AISLE_LONG=1 go test -v -run PartiesQuality ./predict/tree). A question holds histograms of the leaves that may be split next, some more than
// those that are in the end. The model is that of FitBoost but for where columns are cut: cells are 2⁻¹² of what a crowded part of the column spans, thresholds
// lie in the middle of what is empty between two of them, numbers below 2⁻⁴⁰ are as 0, and bins are of equal numbers of rows, not weights.
//
// A party that misses an exchange is missing from it alone: leaves are split by who answered, a leaf's output is that of the exchange that
// found the split above it, and the party's rows are where they belong when it is back; a party that joins late, too. Which parties answer may
// change the model, not its validity.
//
// Of opt count Loss (LossLogistic, LossSquared), Iterations, LearningRate, Leaves, MaxDepth, LevelWise, L1, L2, MinHessian, MinRows (rows, whatever they weigh), MinGain,
// Bins, MinCategory (rows), CategorySmooth, Categorical, Levels, Monotone, Interactions, ColumnShare, Seed, Workers (of the search) and
// Progress, whose Loss is that before the tree. Weights are the parties' own; of the number of trees Ensemble.First and losses of rows held out at each party tell.
// To keep sums from telling of few, ask for a MinRows; a party that has few rows in a leaf is not hidden without masks.
//
// A round of k leaves takes 3 numbers of each bin and leaf from each party, 2 to 12 bytes each. Errors: ErrEmpty for no names, no ask or no answer,
// ErrDuplicate for a name twice, ErrOption for bad fields and for those above that do not count, ErrRange and ErrShape for columns, ErrRange for sums of labels beyond 0 … 1, ErrUndefined for labels of one class, ErrMismatch for an
// answer to another question, ErrDiverged, ErrTooLarge, the error of ask, or context.Cause(ctx).
func FitBoostParties(ctx context.Context, names []string, ask BoostAsk, opt BoostOptions) (*Ensemble, error) {
	const where = "tree: FitBoostParties"
	opt = opt.withDefaults()
	if err := cmp.Or(opt.validate(where), opt.validateParties(where)); err != nil {
		return nil, err
	}
	opt.Names = names
	if len(names) == 0 || ask == nil {
		return nil, fmt.Errorf("%s: no names or no ask: %w", where, ErrEmpty)
	}
	if len(names) > maxColumns {
		return nil, fmt.Errorf("%s: %d columns: %w", where, len(names), ErrTooLarge)
	}
	m, err := fitParties(ctx, ask, opt)
	var asked *askError
	switch {
	case err == nil:
		return m, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &asked):
		return nil, asked.err
	}
	return nil, fmt.Errorf("%s: %w", where, err)
}

// askError is an error of the caller's, which is returned as it is.
type askError struct{ err error }

func (e *askError) Error() string { return e.err.Error() }

// validateParties reports fields that have no meaning over parties.
func (o BoostOptions) validateParties(where string) error {
	var c check.Options
	c.Require(o.Loss == LossLogistic || o.Loss == LossSquared, "Loss", o.Loss, "logistic or squared over parties")
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"Names", o.Names != nil},
		{"Groups", o.Groups != nil},
		{"RowShare", o.RowShare < 1},
		{"IDs", o.IDs != nil},
		{"Weights", o.Weights != nil},
		{"ClassWeights", o.ClassWeights != nil},
		{"Balanced", o.Balanced},
		{"Offset", o.Offset != nil},
		{"Validation", o.Validation != nil},
		{"Start", o.Start != nil},
	} {
		c.Require(!f.set, f.name, "set", "nothing over parties")
	}
	return c.Err(where)
}

// council asks the parties and grows the trees.
type council struct {
	*grower
	ask    BoostAsk
	labels [heads]fixed.Sum
	last   question // what is asked, but for the tree that grows
	spec   []binNode
	twigs  []*twig // of spec, by place
}

// twig is a node of the tree that grows: the parties know also children of leaves that may never be split.
type twig struct {
	branch
	at       int32 // its place in the tree that parties know
	children *[2]*twig
}

// fitParties cuts the columns, asks for trees and assembles them.
func fitParties(ctx context.Context, ask BoostAsk, opt BoostOptions) (*Ensemble, error) {
	b := &booster{opt: opt, d: len(opt.Names), outputs: 1, workers: parallel.Workers(opt.Workers)}
	if err := (description{opt.Names, opt.Categorical, opt.Levels}).check(b.d); err != nil {
		return nil, err
	}
	if err := b.checkColumns(); err != nil {
		return nil, err
	}
	c := &council{ask: ask, last: question{loss: opt.Loss, categorical: b.categorical}}
	columns, err := c.cut(ctx, opt)
	if err != nil {
		return nil, err
	}
	if b.matrix, err = hist.NewMatrix(ctx, nil, columns, 1); err != nil {
		return nil, err
	}
	c.last.columns, c.last.grow = columns, true
	if err := c.start(); err != nil {
		return nil, err
	}
	link := pointwise{kind: opt.Loss}.link()
	b.model = newModel(AssembleOptions{
		Names: opt.Names, Categorical: opt.Categorical, Levels: opt.Levels, Columns: b.d, Base: []float64{c.last.base}, Link: link, Slope: 1,
	}, 1)
	c.grower = newGrower(b)
	for it := range opt.Iterations {
		if err := c.iterate(ctx, it); err != nil {
			return nil, err
		}
	}
	return b.model.finish()
}

// round asks one question and returns the answer.
func (c *council) round(ctx context.Context, q *question) (*BoostRound, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if q.sealed(); q.bins > maxSums || q.grow && q.bins > maxSums/3/len(q.ask) {
		return nil, fmt.Errorf("%d bins: %w", q.bins, ErrTooLarge)
	}
	r, err := c.ask(ctx, &BoostRound{of: q})
	switch {
	case err != nil:
		return nil, &askError{err}
	case r == nil || !q.same(r.of):
		return nil, fmt.Errorf("ask: an answer to another question: %w", ErrMismatch)
	case r.sums == nil:
		return nil, fmt.Errorf("ask: no rows have answered: %w", ErrEmpty)
	}
	return r, nil
}

// cellsToCut is about the number of cells that the crowded parts of a column get at a time.
const cellsToCut = 4096

// cut counts the values of the columns in cells that get finer, and cuts them into bins.
func (c *council) cut(ctx context.Context, opt BoostOptions) ([]hist.Column, error) {
	edges, fine := make([][]float64, len(opt.Names)), make([]bool, len(opt.Names))
	for j := range edges {
		edges[j] = sketch.Grid()
		if c.last.categorical[j] {
			edges[j] = edges[j][:0]
			for size := 1; size <= partyCategories; size *= 2 {
				edges[j] = append(edges[j], float64(size-1))
			}
		}
	}
	const passes = 3
	for pass := 1; ; pass++ {
		q := &question{loss: opt.Loss, categorical: c.last.categorical}
		for j := range edges {
			q.columns = append(q.columns, hist.Numbers(edges[j], true))
		}
		r, err := c.round(ctx, q)
		if err != nil {
			return nil, err
		}
		c.labels = r.head
		columns, counts, more := make([]hist.Column, len(edges)), r.sums, false
		for j := range edges {
			n := q.columns[j].Bins()
			cells := counts[1:n] // without the missing values
			counts = counts[n:]
			if c.last.categorical[j] {
				columns[j] = hist.Categories(hist.Levels(cellsOf(edges[j], cells), opt.MinCategory, hist.MaxBins-2), true)
				if !fine[j] {
					edges[j], fine[j], more = codesOf(edges[j], cells), true, true
				}
				continue
			}
			columns[j] = hist.Numbers(cutsOf(edges[j], cells, opt.Bins), true)
			if next, parted := sketch.Refine(edges[j], cells, r.Rows()/int64(8*opt.Bins), cellsToCut); parted {
				edges[j], more = next, true
			}
		}
		if !more || pass == passes {
			return columns, nil
		}
	}
}

// cellsOf returns the cells that hold values, by their upper edges.
func cellsOf(edges []float64, counts []int64) (out []hist.Weighted) {
	for k, n := range counts[:len(edges)] {
		if n > 0 {
			out = append(out, hist.Weighted{X: edges[k], W: float64(n)})
		}
	}
	return out
}

// codesOf returns an edge for each code of the cells that hold values.
func codesOf(edges []float64, counts []int64) (out []float64) {
	for k, high := range edges {
		if counts[k] == 0 {
			continue
		}
		low := 0.0
		if k > 0 {
			low = edges[k-1] + 1
			if len(out) == 0 || out[len(out)-1] < low-1 {
				out = append(out, low-1)
			}
		}
		for x := low; x <= high; x++ {
			out = append(out, x)
		}
	}
	return out
}

// cutsOf cuts a column by the counts of its cells, in the middle of what is empty between two of them.
func cutsOf(edges []float64, counts []int64, bins int) (out []float64) {
	var held []hist.Weighted // by number of the cell
	for k, n := range counts {
		if n > 0 {
			held = append(held, hist.Weighted{X: float64(k), W: float64(n)})
		}
	}
	if len(held) > bins {
		bins = max(bins-1, 2) // as FitBoost: one for missing values
	}
	at := 0
	for _, cut := range hist.Cuts(held, bins) {
		for held[at+1].X <= cut {
			at++
		}
		low, high := edges[int(held[at].X)], edges[int(held[at+1].X)-1]
		edge := low/2 + high/2
		if !(edge >= low) {
			edge = low
		}
		out = append(out, edge+0)
	}
	return out
}

// start settles the base, and the units that gradients and Hessians are counted in: no gradient is larger than Σ w² or the
// spread of the labels allows.
func (c *council) start() error {
	rows, _ := c.labels[headRows].Whole()
	weight, squares, sum, labels := c.labels[headWeight].Float(), c.labels[headLoss].Float(), c.labels[headSquares].Float(), c.labels[headLabels].Float()
	if !(weight > 0) {
		return fmt.Errorf("weights are below the unit of the sums: %w", ErrRange)
	}
	heaviest := math.Sqrt(squares)
	if weight == float64(rows) && squares == weight { // all 1
		heaviest = 1
	}
	mean := sum / weight
	if c.last.loss == LossLogistic {
		if mean < 0 || mean > 1 { // no party counts such labels
			return fmt.Errorf("the mean of y is %g, want 0 … 1: %w", mean, ErrRange)
		}
		if !(mean > 0 && mean < 1) {
			return fmt.Errorf("y is %g for all rows: %w", mean, ErrUndefined)
		}
		c.last.base = math.Log(mean / (1 - mean))
		c.last.unitG, c.last.unitH = quantum(heaviest, rows), quantum(heaviest/4, rows)
		return nil
	}
	c.last.base = mean
	spread := max(labels-sum*mean, labels*1e-12, 0) // Σ w·(y−ȳ)², but for rounding
	c.last.unitG, c.last.unitH = quantum(math.Sqrt(heaviest)*math.Sqrt(spread), rows), quantum(heaviest, rows)
	return nil
}

// iterate grows one tree.
func (c *council) iterate(ctx context.Context, it int) error {
	c.mask = c.drawColumns(it)
	c.spec = []binNode{{column: -1}}
	root := &twig{branch: branch{bounds: hist.Free}}
	root.best.Column = -1
	c.twigs = []*twig{root}
	for i := range c.searches {
		s := &c.searches[i]
		s.Rules = hist.Rules{L1: c.opt.L1, L2: c.opt.L2, MinH: c.opt.MinHessian, MinGain: c.opt.MinGain, Smooth: c.opt.CategorySmooth}
		s.Unit1, s.Unit2 = c.last.unitG, c.last.unitH
		s.Forget()
	}
	asked := []*twig{root}
	for {
		if len(asked) > 0 {
			if err := c.see(ctx, it, asked); err != nil {
				return err
			}
		}
		wanted := c.replay(root)
		if wanted == nil {
			break
		}
		asked = c.sprout(wanted)
	}
	return c.settleTree(root)
}

// see asks for the histograms of twigs and finds their best splits.
func (c *council) see(ctx context.Context, it int, asked []*twig) error {
	q := c.last
	q.tree = slices.Clone(c.spec)
	for _, x := range asked {
		q.ask = append(q.ask, x.at)
	}
	r, err := c.round(ctx, &q)
	if err != nil {
		return err
	}
	for k, x := range asked {
		sums := r.sums[3*q.bins*k:][:3*q.bins]
		x.hist, x.counts, x.weight = make(hist.Hist, 2*q.bins), make([]int64, q.bins), 0
		for b := range q.bins {
			x.hist[2*b], x.hist[2*b+1], x.counts[b] = sums[3*b], sums[3*b+1], sums[3*b+2]
		}
		for _, n := range x.counts[:c.matrix.Offsets[1]] {
			x.weight += n
		}
		seen := c.searches[0].Total(c.matrix, x.hist)
		if x.at == 0 {
			x.stat, x.count = seen, float64(x.weight)
			c.begin(it, r, x)
		}
		if x.weight == 0 {
			continue // none of those who have its rows has answered
		}
		told, count := x.stat, x.count
		x.stat, x.count = seen, float64(x.weight) // the search is of what was answered
		if err := c.search(ctx, &x.branch); err != nil {
			return err
		}
		x.stat, x.count = told, count
	}
	return nil
}

// begin tells of the loss so far and settles the noise of gradients, by the answer about the root.
func (c *council) begin(it int, r *BoostRound, root *twig) {
	if c.opt.Progress != nil {
		c.opt.Progress(Progress{Iteration: it + 1, MaxIter: c.opt.Iterations, Loss: r.head[headLoss].Float() / r.head[headWeight].Float()})
	}
	noise := 0.0
	if root.stat.H > 0 {
		noise = r.head[headSquares].Float() / root.stat.H
	}
	for i := range c.searches {
		c.searches[i].Noise = noise
	}
}

// replay grows the tree as FitBoost would out of what is known. It returns nil where that is all of it, and otherwise the leaves whose children
// have to be looked at: the next to be split and those that may be after it.
func (c *council) replay(root *twig) []*twig {
	root.node = 0
	c.nodes, c.open, c.all = append(c.nodes[:0], Node{Column: -1}), c.open[:0], c.all[:0]
	held := map[*branch]*twig{}
	enter := func(x *twig) {
		held[&x.branch] = x
		n := &c.nodes[x.node]
		n.Values = []float64{c.searches[0].Output(x.stat, x.bounds) * c.opt.LearningRate}
		n.Cover, n.Count = max(x.stat.H, 0), x.count
		if x.best.Column >= 0 {
			c.open = append(c.open, &x.branch)
		}
	}
	enter(root)
	for leaves := 1; leaves < c.opt.Leaves && len(c.open) > 0; leaves++ {
		x := held[c.open[c.next()]]
		if x.children == nil && leaves+1 < c.opt.Leaves {
			var out []*twig
			for len(c.open) > 0 && len(out) < c.opt.Leaves-leaves-1 {
				k := c.next()
				if y := held[c.open[k]]; y.children == nil {
					out = append(out, y)
				}
				c.open = slices.Delete(c.open, k, k+1)
			}
			return out
		}
		if x.children == nil { // the last split: nobody asks for its children
			c.twins(x)
		}
		c.open = slices.DeleteFunc(c.open, func(y *branch) bool { return y == &x.branch })
		c.name(&x.branch)
		for k, child := range x.children {
			child.node = c.nodes[x.node].Left + k
			enter(child)
		}
	}
	return nil
}

// twins makes the children of a twig by what its histogram tells of both sides.
func (c *council) twins(x *twig) {
	s := &x.best
	column := &c.matrix.Columns[s.Column]
	off := c.matrix.Offsets[s.Column]
	if x.counts[off] == 0 {
		s.MissingLeft = s.Left.H >= s.Right.H // nobody says: with the larger part
	}
	marks := c.left[:column.Bins()]
	inner := c.inner(x)
	inner.marks(marks)
	l := &twig{branch: branch{depth: x.depth + 1, stat: s.Left, bounds: x.bounds}}
	r := &twig{branch: branch{depth: x.depth + 1, stat: s.Right, bounds: x.bounds}}
	l.best.Column, r.best.Column = -1, -1
	for bin, left := range marks {
		if n := float64(x.counts[off+bin]); left {
			l.count += n
		} else {
			r.count += n
		}
	}
	if c.alone != nil {
		l.path = append(slices.Clone(x.path), s.Column)
		r.path = l.path
	}
	if c.opt.Monotone != nil {
		if m := c.opt.Monotone[s.Column]; m != 0 {
			rules := &c.searches[0].Rules
			apart(&l.branch, &r.branch, m, (rules.Output(s.Left, x.bounds)+rules.Output(s.Right, x.bounds))/2)
		}
	}
	x.children = &[2]*twig{l, r}
}

// inner is the best split of a twig in terms of bins.
func (c *council) inner(x *twig) binNode {
	s := &x.best
	n := binNode{column: int32(s.Column), missingLeft: s.MissingLeft}
	if c.matrix.Columns[s.Column].Categorical {
		n.set = s.Set
	} else {
		n.bin = int32(s.Bin)
	}
	return n
}

// sprout splits twigs in the tree that parties know, and returns the children that may be split in turn, by place.
func (c *council) sprout(wanted []*twig) (asked []*twig) {
	for _, x := range wanted {
		c.twins(x)
		n := c.inner(x)
		n.left = int32(len(c.spec))
		c.spec[x.at] = n
		for _, child := range x.children {
			child.at = int32(len(c.spec))
			c.spec = append(c.spec, binNode{column: -1})
			full := c.opt.MaxDepth > 0 && child.depth >= c.opt.MaxDepth
			if !full && child.count >= 2*c.opt.MinRows && child.count >= 2 {
				asked = append(asked, child)
			}
		}
		x.hist, x.counts = nil, nil
	}
	return asked
}

// settleTree adds the tree to the model and to what is told to the parties.
func (c *council) settleTree(root *twig) error {
	out := make([]binNode, len(c.nodes))
	var fill func(x *twig) error
	fill = func(x *twig) error {
		n := &c.nodes[x.node]
		if n.Column < 0 {
			if !check.Finite(n.Values[0]) {
				return fmt.Errorf("a leaf is not finite: %w", ErrDiverged)
			}
			out[x.node] = binNode{column: -1, value: n.Values[0]}
			return nil
		}
		out[x.node] = c.inner(x)
		out[x.node].left = int32(n.Left)
		return errors.Join(fill(x.children[0]), fill(x.children[1]))
	}
	if err := fill(root); err != nil {
		return err
	}
	c.last.trees = append(c.last.trees, out)
	return c.model.add(c.nodes, 0)
}

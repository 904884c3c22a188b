package tree

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/hist"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// booster is the state of a fit.
type booster struct {
	opt          BoostOptions
	loss         loss
	d            int
	outputs      int
	rows         [][]float64
	y            []float64
	train, valid []int32
	keys         []uint64 // of the training rows, by what they hold; nil where none are drawn
	ids          []uint64 // what rows are drawn by: keys, or the numbers of the caller
	categorical  []bool
	allowed      [][]bool // sets of columns that may stand together
	alone        []bool   // columns of no set, nil where all may stand together
	matrix       *hist.Matrix

	margin  []float64 // outputs for each row, as all below
	g, h    []float64
	grower  *grower
	model   *assembler
	workers int
}

func (b *booster) weight(i int32) float64 {
	if b.opt.Weights == nil {
		return 1
	}
	return b.opt.Weights[i]
}

// newBooster checks the data, cuts the columns and sets the margins to begin with.
func newBooster(ctx context.Context, rows [][]float64, y []float64, opt BoostOptions) (*booster, error) {
	b := &booster{opt: opt, rows: rows, y: y, workers: parallel.Workers(opt.Workers)}
	if err := b.checkData(ctx); err != nil {
		return nil, err
	}
	if err := b.settle(); err != nil {
		return nil, err
	}
	if opt.RowShare < 1 || len(b.train) > sampled {
		if err := b.identify(ctx); err != nil {
			return nil, err
		}
	}
	columns, err := b.cutColumns(ctx)
	if err != nil {
		return nil, err
	}
	if b.matrix, err = hist.NewMatrix(ctx, rows, columns, opt.Workers); err != nil {
		return nil, err
	}
	b.g, b.h = make([]float64, len(rows)*b.outputs), make([]float64, len(rows)*b.outputs)
	if err := b.begin(); err != nil {
		return nil, err
	}
	b.grower = newGrower(b)
	return b, nil
}

// identify gives the training rows the numbers that they are drawn by. Those that hold the same have
// numbers of their own, counted in an order of what else is told of them, so that a column of few values is drawn
// as any other.
func (b *booster) identify(ctx context.Context) error {
	if b.ids = b.opt.IDs; b.ids != nil && len(b.train) <= sampled {
		return nil
	}
	b.keys = make([]uint64, len(b.rows))
	err := parallel.For(ctx, len(b.rows), 4096, b.opt.Workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			b.keys[i] = b.identity(i)
		}
		return nil
	})
	if err != nil {
		return err
	}
	order := slices.Clone(b.train)
	err = parallel.SortFunc(ctx, order, b.opt.Workers, func(i, j int32) int {
		if c := cmp.Compare(b.keys[i], b.keys[j]); c != 0 {
			return c
		}
		c := cmp.Compare(b.weight(i), b.weight(j))
		if c == 0 && b.opt.Offset != nil {
			c = slices.Compare(b.offset(i), b.offset(j))
		}
		if c == 0 && b.opt.Groups != nil {
			c = cmp.Compare(b.opt.Groups[i], b.opt.Groups[j])
		}
		return c
	})
	if err != nil {
		return err
	}
	nth, last := uint64(0), uint64(0)
	for k, i := range order {
		nth++
		if k == 0 || b.keys[i] != last {
			nth = 0
		}
		last = b.keys[i]
		b.keys[i] += nth * 0x9e3779b97f4a7c15
	}
	if b.ids == nil {
		b.ids = b.keys
	}
	return nil
}

// weighClasses multiplies the weights of the rows by those of their classes.
func (b *booster) weighClasses() error {
	if b.opt.ClassWeights == nil && !b.opt.Balanced {
		return nil
	}
	classes := max(b.outputs, 2)
	if b.opt.ClassWeights != nil && len(b.opt.ClassWeights) != classes {
		return fmt.Errorf("option ClassWeights has %d entries, want %d: %w", len(b.opt.ClassWeights), classes, ErrOption)
	}
	of := make([][]int32, classes)
	for _, i := range b.train {
		of[int(b.y[i])] = append(of[int(b.y[i])], i)
	}
	held := make([]float64, classes)
	for c, rows := range of {
		held[c] = exactSum(len(rows), func(k int) float64 { return b.weight(rows[k]) })
	}
	factor, err := classFactors(held, b.opt.ClassWeights, b.opt.Balanced)
	if err != nil {
		return err
	}
	weights := make([]float64, len(b.rows))
	for _, rows := range [2][]int32{b.train, b.valid} {
		for _, i := range rows {
			weights[i] = b.weight(i) * factor[int(b.y[i])]
		}
	}
	b.opt.Weights = weights
	return nil
}

// checkOffset reports margins that are not one a row and output, or out of range.
func (b *booster) checkOffset() error {
	if b.opt.Offset == nil {
		return nil
	}
	if err := check.Len("Offset", len(b.opt.Offset), len(b.rows)*b.outputs); err != nil {
		return err
	}
	for i, x := range b.opt.Offset {
		if !(math.Abs(x) <= 1e30) {
			return fmt.Errorf("option Offset[%d] is %g: %w", i, x, ErrNotFinite)
		}
	}
	return nil
}

// offset is the margins that are given of row i.
func (b *booster) offset(i int32) []float64 {
	return b.opt.Offset[int(i)*b.outputs : (int(i)+1)*b.outputs]
}

// identity is a hash of what a row holds.
func (b *booster) identity(i int) uint64 {
	h := rng.Mix(math.Float64bits(b.y[i] + 0))
	for _, x := range b.rows[i] {
		h = (h ^ math.Float64bits(x+0)) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return rng.Mix(h)
}

// checkData reports rows, labels and options about them that do not fit together.
func (b *booster) checkData(ctx context.Context) error {
	n := len(b.rows)
	switch {
	case n == 0:
		return fmt.Errorf("rows: %w", ErrEmpty)
	case len(b.rows[0]) == 0:
		return fmt.Errorf("rows has no columns: %w", ErrEmpty)
	case n > math.MaxInt32/2 || len(b.rows[0]) > maxColumns:
		return fmt.Errorf("%d rows of %d columns: %w", n, len(b.rows[0]), ErrTooLarge)
	}
	b.d = len(b.rows[0])
	if err := check.Len("y", len(b.y), n); err != nil {
		return err
	}
	if err := check.Weights("Weights", b.opt.Weights, n); err != nil {
		return err
	}
	for i, w := range b.opt.Weights {
		if w > 1e30 {
			return fmt.Errorf("option Weights[%d] is %g, want at most 1e30: %w", i, w, ErrRange)
		}
	}
	if b.opt.IDs != nil {
		if err := check.Len("IDs", len(b.opt.IDs), n); err != nil {
			return err
		}
	}
	if err := (description{b.opt.Names, b.opt.Categorical, b.opt.Levels}).check(b.d); err != nil {
		return err
	}
	if err := b.checkColumns(); err != nil {
		return err
	}
	return parallel.For(ctx, n, 4096, b.opt.Workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if len(b.rows[i]) != b.d {
				return fmt.Errorf("rows[%d] has %d columns, want %d: %w", i, len(b.rows[i]), b.d, ErrShape)
			}
			for j, x := range b.rows[i] {
				if math.IsInf(x, 0) {
					return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, ErrNotFinite)
				}
				if b.categorical[j] && x == x && !(x >= 0 && x < maxCategory && x == math.Trunc(x)) {
					return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, fmt.Errorf("no category, which is an integer from 0 to %d: %w", maxCategory-1, ErrRange))
				}
			}
			switch y := b.y[i]; {
			case !check.Finite(y):
				return check.Private("y", int64(i), nil, y, ErrNotFinite)
			case math.Abs(y) > 1e30:
				return check.Private("y", int64(i), nil, y, fmt.Errorf("magnitude above 1e30: %w", ErrRange))
			}
		}
		return nil
	})
}

// checkColumns reads what the options say of columns.
func (b *booster) checkColumns() error {
	b.categorical = make([]bool, b.d)
	for _, j := range b.opt.Categorical {
		b.categorical[j] = true
	}
	if b.opt.Monotone != nil {
		if err := check.Len("Monotone", len(b.opt.Monotone), b.d); err != nil {
			return err
		}
	}
	for j, m := range b.opt.Monotone {
		if m < -1 || m > 1 || m != 0 && b.categorical[j] {
			return fmt.Errorf("option Monotone[%d] is %d, want -1, 0 or 1, and 0 for categories: %w", j, m, ErrRange)
		}
	}
	if b.opt.Interactions == nil {
		return nil
	}
	b.alone = slices.Repeat([]bool{true}, b.d)
	for k, set := range b.opt.Interactions {
		on := make([]bool, b.d)
		for _, j := range set {
			if j < 0 || j >= b.d {
				return fmt.Errorf("option Interactions[%d] holds %d, want a column: %w", k, j, ErrRange)
			}
			on[j], b.alone[j] = true, false
		}
		b.allowed = append(b.allowed, on)
	}
	return nil
}

// settle parts the rows into training and validation and makes the loss, which checks the labels.
func (b *booster) settle() error {
	held := make([]bool, len(b.rows))
	for k, i := range b.opt.Validation {
		if i < 0 || i >= len(b.rows) || held[i] {
			return fmt.Errorf("option Validation[%d] is %d, want another row: %w", k, i, ErrRange)
		}
		held[i] = true
	}
	for i := range b.rows {
		switch {
		case !(b.weight(int32(i)) > 0):
		case held[i]:
			b.valid = append(b.valid, int32(i))
		default:
			b.train = append(b.train, int32(i))
		}
	}
	if len(b.train) == 0 || len(b.opt.Validation) > 0 && len(b.valid) == 0 {
		return fmt.Errorf("no training or no validation rows of positive weight: %w", ErrEmpty)
	}
	var err error
	if b.loss, b.outputs, err = newLoss(b); err != nil {
		return err
	}
	if err := b.checkOffset(); err != nil {
		return err
	}
	return b.weighClasses()
}

// sampled is the number of rows that columns are cut by; of more, those of the lowest hash.
const sampled = 200_000

// cutColumns says which bins the columns have, by the training rows.
func (b *booster) cutColumns(ctx context.Context) ([]hist.Column, error) {
	pool := b.train
	if len(pool) > sampled {
		share := float64(sampled) / float64(len(pool))
		pool = nil
		for _, i := range b.train {
			if rng.Unit(rng.Hash(b.keys[i], 0xb195)) < share {
				pool = append(pool, i)
			}
		}
	}
	columns := make([]hist.Column, b.d)
	err := parallel.For(ctx, b.d, 1, b.opt.Workers, func(_, j, _ int) error {
		from := pool
		if b.categorical[j] {
			from = b.train
		}
		values := make([]hist.Weighted, 0, len(from))
		missing := false
		for _, i := range from {
			x := b.rows[i][j]
			if x != x {
				missing = true
				continue
			}
			values = append(values, hist.Weighted{X: x, W: b.weight(i)})
		}
		values = hist.Tally(values, b.opt.Weights == nil)
		if b.categorical[j] {
			codes := hist.Levels(values, b.opt.MinCategory, hist.MaxBins-2)
			for _, code := range codes {
				if code >= maxCategory {
					return fmt.Errorf("column %d holds category %d, want below 2²⁶: %w", j, code, ErrRange)
				}
			}
			columns[j] = hist.Categories(codes, missing)
			return nil
		}
		bins := b.opt.Bins
		if len(values) > bins {
			bins = max(bins-1, 2) // one for missing values
		}
		columns[j] = hist.Numbers(hist.Cuts(values, bins), missing)
		return nil
	})
	return columns, err
}

// begin sets base and margins, from scratch or by the model that is boosted further.
func (b *booster) begin() error {
	n, k := len(b.rows), b.outputs
	base := make([]float64, k)
	if s := b.opt.Start; s != nil {
		if err := b.resume(s); err != nil {
			return err
		}
	} else {
		if b.opt.Offset == nil {
			if err := b.loss.start(b, base); err != nil {
				return err
			}
		}
		b.model = newModel(AssembleOptions{
			Names: b.opt.Names, Categorical: b.opt.Categorical, Levels: b.opt.Levels, Columns: b.d, Base: base, Link: b.loss.link(), Slope: 1,
		}, 1)
		b.margin = slices.Repeat(base, n)
	}
	for i, x := range b.opt.Offset {
		b.margin[i] += x
	}
	return nil
}

// resume begins with the trees of s.
func (b *booster) resume(s *Ensemble) error {
	if err := s.fitted("Start"); err != nil {
		return err
	}
	if s.columns != b.d || len(s.base) != b.outputs || s.link != b.loss.link() || s.width != 1 || s.average || s.single || s.slope != 1 {
		return fmt.Errorf("option Start has %d columns, %d outputs or link %v: %w", s.columns, len(s.base), s.link, ErrMismatch)
	}
	d, err := s.described().with(description{b.opt.Names, b.opt.Categorical, b.opt.Levels})
	if err != nil {
		return fmt.Errorf("option Start has %w", err)
	}
	b.model = newModel(AssembleOptions{
		Names: d.names, Categorical: d.categorical, Levels: d.levels, Columns: b.d, Base: s.Base(), Link: s.link, Slope: 1,
	}, 1)
	for t := range s.target {
		nodes := make([]Node, s.roots[t+1]-1-s.roots[t])
		for i := range nodes {
			nodes[i] = s.at(t, int32(i))
		}
		if err := b.model.add(nodes, int(s.target[t])); err != nil {
			return err
		}
	}
	b.margin, err = s.Margins(make([]float64, 0, len(b.rows)*b.outputs), b.rows)
	return err
}

// draw returns the training rows of an iteration: those whose number of the iteration is below the share, or
// the lowest where none is.
func (b *booster) draw(it int) []int32 {
	if b.opt.RowShare >= 1 {
		return b.train
	}
	number := func(i int32) float64 { return rng.Unit(rng.Hash(b.opt.Seed, 1, uint64(it), b.ids[i])) }
	out, lowest := make([]int32, 0, len(b.train)), 1.0
	for _, i := range b.train {
		u := number(i)
		if u < b.opt.RowShare {
			out = append(out, i)
		}
		lowest = min(lowest, u)
	}
	if len(out) > 0 {
		return out
	}
	return slices.DeleteFunc(slices.Clone(b.train), func(i int32) bool { return number(i) > lowest })
}

// drawColumns returns which columns an iteration may split by.
func (b *booster) drawColumns(it int) []bool {
	mask := make([]bool, b.d)
	order := make([]int, b.d)
	for j := range order {
		order[j] = j
	}
	if b.opt.ColumnShare < 1 {
		key := func(j int) uint64 { return rng.Hash(b.opt.Seed, 2, uint64(it), uint64(j)) }
		slices.SortFunc(order, func(i, j int) int {
			if key(i) < key(j) {
				return -1
			}
			return 1
		})
	}
	for _, j := range order[:max(1, int(math.Ceil(b.opt.ColumnShare*float64(b.d))))] {
		mask[j] = true
	}
	return mask
}

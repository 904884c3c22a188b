package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
)

// What a fit takes: beyond, sums of weighted squares could leave the range of float64.
const (
	maxLabel   = 1e90
	maxWeight  = 1e90
	maxClasses = 1 << 12
	lessonRows = 1 << 10 // rows a block
)

// lesson is what single trees and forests learn from: the rows of positive weight in an
// order that depends on what they hold and not on where they stood.
type lesson struct {
	n, d    int
	rows    [][]float64 // in order; the caller's
	from    []int32     // the caller's number of each row
	key     []uint64    // hash of a row, or of its id: what samples are drawn by
	y       []float64   // a target less centre, where classes is 0
	class   []int32     // a label, where it is not
	w       []float64
	centre  float64 // weighted mean of the targets
	total   float64 // Σ w
	classes int     // 0: a target
	coded   []bool  // columns that hold categories
}

// learning is the part of the options that lessons are made by.
type learning struct {
	classes      int
	weights      []float64
	classWeights []float64
	balanced     bool
	categorical  []int
	counts       bool // y are counts: >= 0, and not to be centred
	ids          []uint64
	workers      int
}

// newLesson checks rows, labels and weights, and puts the rows in order.
func newLesson(ctx context.Context, rows [][]float64, y []float64, opt learning) (*lesson, error) {
	n := len(rows)
	switch {
	case n == 0:
		return nil, fmt.Errorf("rows: %w", ErrEmpty)
	case len(rows[0]) == 0:
		return nil, fmt.Errorf("rows has no columns: %w", ErrEmpty)
	case n > math.MaxInt32:
		return nil, fmt.Errorf("%d rows: %w", n, ErrTooLarge)
	case len(rows[0]) > maxColumns:
		return nil, fmt.Errorf("%d columns: %w", len(rows[0]), ErrTooLarge)
	}
	if err := check.Len("y", len(y), n); err != nil {
		return nil, err
	}
	if err := check.Weights("Weights", opt.weights, n); err != nil {
		return nil, err
	}
	if opt.ids != nil {
		if err := check.Len("IDs", len(opt.ids), n); err != nil {
			return nil, err
		}
	}
	l := &lesson{d: len(rows[0]), classes: opt.classes, coded: make([]bool, len(rows[0]))}
	for _, j := range opt.categorical {
		if j < 0 || j >= l.d {
			return nil, fmt.Errorf("option Categorical names column %d of %d: %w", j, l.d, ErrRange)
		}
		l.coded[j] = true
	}
	if err := l.take(ctx, rows, y, opt); err != nil {
		return nil, err
	}
	return l, l.weigh(rows, y, opt)
}

// take checks the rows and sorts those of positive weight, by id where there are ids and
// by what they hold otherwise. Rows that hold the same are alike, so that their order
// among each other does not matter.
func (l *lesson) take(ctx context.Context, rows [][]float64, y []float64, opt learning) error {
	n := len(rows)
	keys := make([]uint64, n)
	err := parallel.For(ctx, n, lessonRows, opt.workers, func(_, lo, hi int) error {
		for i := lo; i < hi; i++ {
			if err := l.checkRow(i, rows[i], y[i], opt.counts); err != nil {
				return err
			}
			if opt.weights != nil && opt.weights[i] > maxWeight {
				return fmt.Errorf("option Weights[%d] is above %g: %w", i, maxWeight, ErrRange)
			}
			if opt.ids != nil {
				keys[i] = rng.Mix(opt.ids[i])
				continue
			}
			h := rng.Mix(math.Float64bits(y[i] + 0))
			for _, v := range rows[i] {
				if v != v {
					v = math.NaN()
				}
				h = rng.Mix(h ^ math.Float64bits(v+0))
			}
			keys[i] = h
		}
		return nil
	})
	if err != nil {
		return err
	}
	order := make([]int32, 0, n)
	for i := range n {
		if opt.weights == nil || opt.weights[i] > 0 {
			order = append(order, int32(i))
		}
	}
	err = parallel.SortFunc(ctx, order, opt.workers, func(a, b int32) int {
		if c := cmp.Compare(keys[a], keys[b]); c != 0 {
			return c
		}
		if c := cmp.Compare(y[a]+0, y[b]+0); c != 0 {
			return c
		}
		for j, v := range rows[a] {
			if c := cmp.Compare(v+0, rows[b][j]+0); c != 0 {
				return c
			}
		}
		if opt.weights == nil {
			return 0
		}
		return cmp.Compare(opt.weights[a], opt.weights[b])
	})
	if err != nil {
		return err
	}
	l.n, l.from = len(order), order
	l.key, l.rows = make([]uint64, l.n), make([][]float64, l.n)
	for k, i := range order {
		l.key[k], l.rows[k] = keys[i], rows[i]
	}
	if opt.ids == nil {
		l.twins(keys)
	}
	return nil
}

// twins gives rows that hold the same keys of their own: samples take them one by one.
func (l *lesson) twins(keys []uint64) {
	nth := uint64(0)
	for k := 1; k < l.n; k++ {
		nth++
		if keys[l.from[k]] != keys[l.from[k-1]] {
			nth = 0
		}
		l.key[k] += nth * 0x9e3779b97f4a7c15
	}
}

// checkRow reports a row or label that nothing can be learnt from.
func (l *lesson) checkRow(i int, row []float64, y float64, counts bool) error {
	if len(row) != l.d {
		return fmt.Errorf("rows[%d] has %d columns, want %d: %w", i, len(row), l.d, ErrShape)
	}
	for j, v := range row {
		switch {
		case math.IsInf(v, 0):
			return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, v, ErrNotFinite)
		case l.coded[j] && v == v && !(v >= 0 && v < maxCategory && v == math.Trunc(v)):
			return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, v, fmt.Errorf("no category, which is an integer from 0 to %d: %w", maxCategory-1, ErrRange))
		}
	}
	switch {
	case !check.Finite(y):
		return check.Private("y", int64(i), nil, y, ErrNotFinite)
	case math.Abs(y) > maxLabel:
		return check.Private("y", int64(i), nil, y, fmt.Errorf("magnitude above %g: %w", maxLabel, ErrRange))
	case counts && y < 0:
		return check.Private("y", int64(i), nil, y, fmt.Errorf("below 0: %w", ErrRange))
	case l.classes > 0 && !(y >= 0 && y < float64(l.classes) && y == math.Trunc(y)):
		return check.Private("y", int64(i), nil, y, fmt.Errorf("no class, which is an integer from 0 to %d: %w", l.classes-1, ErrRange))
	}
	return nil
}

// weigh lays out labels and weights in order.
func (l *lesson) weigh(rows [][]float64, y []float64, opt learning) error {
	l.w = make([]float64, l.n)
	for k, i := range l.from {
		l.w[k] = 1
		if opt.weights != nil {
			l.w[k] = opt.weights[i]
		}
	}
	if l.classes == 0 {
		l.y = make([]float64, l.n)
		sum := 0.0
		for k, i := range l.from {
			l.total += l.w[k]
			sum += l.w[k] * y[i]
		}
		l.centre = sum / l.total
		if opt.counts {
			if sum == 0 {
				return fmt.Errorf("all y are 0: %w", ErrUndefined)
			}
			l.centre = 0
		}
		for k, i := range l.from {
			l.y[k] = y[i] - l.centre
		}
		return nil
	}
	l.class = make([]int32, l.n)
	held := make([]float64, l.classes)
	for k, i := range l.from {
		l.class[k] = int32(y[i])
		held[l.class[k]] += l.w[k]
	}
	factor, err := classFactors(held, opt.classWeights, opt.balanced)
	if err != nil {
		return err
	}
	for k, c := range l.class {
		l.w[k] *= factor[c]
		l.total += l.w[k]
	}
	return nil
}

// classFactors returns what the weights of the rows of each class, which sum to held, are multiplied by.
func classFactors(held, weights []float64, balanced bool) ([]float64, error) {
	seen, sum := 0, 0.0
	for _, h := range held {
		sum += h
		if h > 0 {
			seen++
		}
	}
	if seen < 2 {
		return nil, fmt.Errorf("all rows are of one class: %w", ErrUndefined)
	}
	factor := slices.Repeat([]float64{1}, len(held))
	for c := range factor {
		if balanced && held[c] > 0 {
			factor[c] = sum / (float64(seen) * held[c])
		}
		if weights != nil {
			if held[c] == 0 && weights[c] != 0 && weights[c] != 1 {
				return nil, fmt.Errorf("option ClassWeights[%d] is of a class without rows: %w", c, ErrOption)
			}
			factor[c] *= check.Default(weights[c], 1)
		}
	}
	return factor, nil
}

// width is how many values a leaf holds: one class of two is enough.
func (l *lesson) width() int {
	if l.classes > 2 {
		return l.classes
	}
	return 1
}

// placed puts where before an error of this package, and leaves the cause of a cancelled
// context alone.
func placed(where string, err error) error {
	for _, s := range []error{
		ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption, ErrDuplicate, ErrMismatch, ErrTooLarge, ErrUndefined,
	} {
		if errors.Is(err, s) {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return err
}

package explain

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// A Func predicts: it appends to dst one finite number for each row, as Ensemble.Predict of
// predict/tree and Logistic.Prob of predict do. A model of several outputs is asked for one of
// them through a function of the caller's. Its errors are passed on.
type Func func(dst []float64, rows [][]float64) ([]float64, error)

// block is how many rows a Func is asked at once, and between two looks at a context.
const block = 1024

// asker asks a Func about changed copies of rows, a block at a time.
type asker struct {
	ctx   context.Context
	where string
	f     Func
	d     int
	rows  [][]float64 // views of flat
	flat  []float64
	out   []float64
}

func newAsker(ctx context.Context, where string, f Func, d int) *asker {
	return &asker{ctx: ctx, where: where, f: f, d: d}
}

// predict asks about n rows, which fill writes one by one into copies of its own, and appends the answers to dst.
func (a *asker) predict(dst []float64, n int, fill func(i int, row []float64)) ([]float64, error) {
	if room := min(block, n) * a.d; len(a.flat) < room {
		a.flat = make([]float64, room)
	}
	size := len(a.flat) / a.d
	for lo := 0; lo < n; lo += size {
		if err := a.ctx.Err(); err != nil {
			return nil, context.Cause(a.ctx)
		}
		a.rows = a.rows[:0]
		for i := lo; i < min(lo+size, n); i++ {
			row := a.flat[(i-lo)*a.d : (i-lo+1)*a.d : (i-lo+1)*a.d]
			fill(i, row)
			a.rows = append(a.rows, row)
		}
		var err error
		if a.out, err = a.f(a.out[:0], a.rows); err != nil {
			return nil, fmt.Errorf("%s: f: %w", a.where, err)
		}
		if len(a.out) != len(a.rows) {
			return nil, fmt.Errorf("%s: f: %d predictions for %d rows: %w", a.where, len(a.out), len(a.rows), ErrShape)
		}
		for i, p := range a.out {
			if !check.Finite(p) {
				return nil, fmt.Errorf("%s: f: prediction %d is %v: %w", a.where, lo+i, p, ErrNotFinite)
			}
		}
		dst = append(dst, a.out...)
	}
	return dst, nil
}

// table checks that there is a function and that rows are an n×d table, in which NaN
// is a missing value and infinities are none.
func table(where string, f Func, rows [][]float64) (d int, err error) {
	if f == nil {
		return 0, fmt.Errorf("%s: f is nil: %w", where, ErrEmpty)
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return 0, fmt.Errorf("%s: rows has no rows or no columns: %w", where, ErrEmpty)
	}
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			return 0, fmt.Errorf("%s: rows[%d] has %d columns, want %d: %w", where, i, len(row), len(rows[0]), ErrShape)
		}
		for j, x := range row {
			if math.IsInf(x, 0) {
				return 0, fmt.Errorf("%s: rows[%d] column %d is %v: %w", where, i, j, x, ErrNotFinite)
			}
		}
	}
	return len(rows[0]), nil
}

// column checks the number of a column.
func column(where, field string, j, d int) error {
	if j < 0 || j >= d {
		return fmt.Errorf("%s: %s is %d, want 0 … %d: %w", where, field, j, d-1, ErrRange)
	}
	return nil
}

// present returns the values of a column that are not missing, ascending.
func present(rows [][]float64, j int) []float64 {
	var xs []float64
	for _, row := range rows {
		if row[j] == row[j] {
			xs = append(xs, row[j]+0)
		}
	}
	slices.Sort(xs)
	return xs
}

// weigh checks weights and returns them, or ones, with their sum.
func weigh(where string, weights []float64, n int) ([]float64, float64, error) {
	if err := check.Weights("Weights", weights, n); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", where, err)
	}
	if weights == nil {
		weights = slices.Repeat([]float64{1}, n)
	}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	return weights, sum, nil
}

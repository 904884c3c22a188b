package feature

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/moments"
)

// Columns accumulates, column by column, what scalers and imputers are fitted
// from. It keeps the values themselves, 8 bytes each, so that quantiles are exact
// and every result is the same, to the last bit, for permuted rows and merged
// shards. Build it with NewColumns. Not safe for concurrent use.
type Columns struct {
	names   []string
	values  [][]float64 // without NaN
	missing []int64
	rows    int64
}

// made refuses what has no columns: nil, or a zero value that nothing was fitted into.
func made(where string, ok bool) error {
	if !ok {
		return fmt.Errorf("%s: no columns, neither fitted nor made by its constructor: %w", where, ErrEmpty)
	}
	return nil
}

// NewColumns returns an empty accumulator of the named columns. No columns is
// ErrEmpty, a repeated name ErrDuplicate.
func NewColumns(names []string) (*Columns, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("feature: NewColumns: %w", ErrEmpty)
	}
	if err := unique(names); err != nil {
		return nil, fmt.Errorf("feature: NewColumns: %w", err)
	}
	return &Columns{names: slices.Clone(names), values: make([][]float64, len(names)), missing: make([]int64, len(names))}, nil
}

// unique refuses a name that is there twice.
func unique(names []string) error {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return fmt.Errorf("column %q: %w", n, ErrDuplicate)
		}
		seen[n] = true
	}
	return nil
}

// Add takes one row. NaN is missing, ±Inf is ErrNotFinite, a wrong length
// ErrShape; an invalid row changes nothing.
func (c *Columns) Add(row []float64) error {
	if err := made("feature: Columns.Add", c != nil && len(c.names) > 0); err != nil {
		return err
	}
	if err := check.Len("row", len(row), len(c.names)); err != nil {
		return fmt.Errorf("feature: Columns.Add: %w", err)
	}
	for j, x := range row {
		if math.IsInf(x, 0) {
			return fmt.Errorf("feature: Columns.Add: column %w", check.Private(strconv.Quote(c.names[j]), -1, nil, x, ErrNotFinite))
		}
	}
	c.rows++
	for j, x := range row {
		if math.IsNaN(x) {
			c.missing[j]++
		} else {
			c.values[j] = append(c.values[j], x+0) // -0 becomes 0
		}
	}
	return nil
}

// Merge adds the rows of other, which it leaves alone. Other names, nil and the
// receiver itself are ErrMismatch.
func (c *Columns) Merge(other *Columns) error {
	if err := check.Merge("feature: Columns.Merge", c, other); err != nil {
		return err
	}
	if err := made("feature: Columns.Merge", len(c.names) > 0); err != nil {
		return err
	}
	if !slices.Equal(c.names, other.names) {
		return fmt.Errorf("feature: Columns.Merge: columns %q and %q: %w", c.names, other.names, ErrMismatch)
	}
	c.rows += other.rows
	for j := range c.values {
		c.missing[j] += other.missing[j]
		c.values[j] = append(c.values[j], other.values[j]...)
	}
	return nil
}

// ColumnResult describes one column. All statistics are NaN where they are not
// defined, the mean and deviations also where float64 cannot hold the squares.
type ColumnResult struct {
	Name         string  // as given to NewColumns
	Count        int64   // values
	Missing      int64   // NaN
	Mean, StdDev float64 // divisor n-1
	Min, Q1      float64 // quantiles of type 7
	Median, Q3   float64 // quantiles of type 7
	Max, Mode    float64 // the smallest of the most frequent values

	deviation float64 // divisor n
}

// Result describes every column and changes nothing. It sorts the values:
// O(n log n) a column.
func (c *Columns) Result() []ColumnResult {
	if c == nil {
		return nil
	}
	out := make([]ColumnResult, len(c.names))
	for j := range out {
		out[j], _ = c.describe(context.Background(), j)
	}
	return out
}

// describe is Result for one column.
func (c *Columns) describe(ctx context.Context, j int) (ColumnResult, error) {
	xs := slices.Clone(c.values[j])
	nan := math.NaN()
	s := ColumnResult{c.names[j], int64(len(xs)), c.missing[j], nan, nan, nan, nan, nan, nan, nan, nan, nan}
	// Ascending: the same rounding for any order of rows.
	if err := sortFloats(ctx, xs); err != nil {
		return s, err
	}
	if len(xs) == 0 {
		return s, nil
	}
	s.Min, s.Q1, s.Median, s.Q3, s.Max = xs[0], infer.Quantile(xs, 0.25), infer.Quantile(xs, 0.5), infer.Quantile(xs, 0.75), xs[len(xs)-1]
	s.Mode = mode(xs)
	if s.Min == s.Max {
		s.Mean, s.deviation = s.Min, 0 // no rounding where nothing varies
		if len(xs) > 1 {
			s.StdDev = 0
		}
		return s, nil
	}
	if m, err := moments.Of(xs); err == nil {
		s.Mean, s.StdDev, s.deviation = m.Mean(), root(m.Variance()), root(m.PopulationVariance())
	}
	return s, nil
}

// root is the square root of a variance, NaN where that has an error.
func root(variance float64, err error) float64 {
	if err != nil {
		return math.NaN()
	}
	return math.Sqrt(variance)
}

// mode returns the smallest of the most frequent of ascending values.
func mode(xs []float64) float64 {
	best, most := math.NaN(), 0
	for i := 0; i < len(xs); {
		k := i + 1
		for k < len(xs) && xs[k] == xs[i] {
			k++
		}
		if k-i > most {
			best, most = xs[i], k-i
		}
		i = k
	}
	return best
}

// columnsOf accumulates rows for a fit.
func columnsOf(ctx context.Context, rows [][]float64, names []string) (*Columns, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("no rows or no columns: %w", ErrEmpty)
	}
	d := len(rows[0])
	if names == nil {
		names = make([]string, d)
		for j := range names {
			names[j] = fmt.Sprintf("column %d", j)
		}
	}
	if err := check.Len("Names", len(names), d); err != nil {
		return nil, err
	}
	c, err := NewColumns(names)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := c.Add(r); err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
	}
	return c, nil
}

// width checks the shape of rows to transform: n × d, d fixed at the fit.
func width(rows [][]float64, d int) error {
	for i, r := range rows {
		if len(r) != d {
			return fmt.Errorf("row %d has %d columns, want %d: %w", i, len(r), d, ErrShape)
		}
		for j, x := range r {
			if math.IsInf(x, 0) {
				return check.Private(fmt.Sprintf("column %d", j), int64(i), nil, x, ErrNotFinite)
			}
		}
	}
	return nil
}

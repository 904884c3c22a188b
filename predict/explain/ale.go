package explain

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// ALEOptions configures ALE and ALE2.
type ALEOptions struct {
	// Bins is how many bins of about equally many rows a column is cut into, fewer where values
	// repeat; 0 means 20 for one column, 10 for two.
	Bins int
	// Edges are the bounds of the bins, one ascending list a column, instead of quantiles. Rows outside are
	// left out, and a bin without rows adds nothing.
	Edges [][]float64
}

func (o ALEOptions) validate(where string, columns int) error {
	var c check.Options
	c.Require(o.Bins >= 1 && o.Bins <= 1<<16, "Bins", o.Bins, "1 … 65536")
	c.Require(o.Edges == nil || len(o.Edges) == columns, "Edges", len(o.Edges), "one list a column")
	for k, g := range o.Edges {
		c.Require(len(g) > 1, fmt.Sprintf("Edges[%d]", k), len(g), "at least two")
		for i, x := range g {
			c.Require(check.Finite(x) && (i == 0 || x > g[i-1]), fmt.Sprintf("Edges[%d][%d]", k, i), x, "finite, ascending")
		}
	}
	return c.Err(where)
}

// Effects are accumulated local effects of one column, or of two beyond those of each.
type Effects struct {
	Columns []int       // the one, or the two
	Edges   [][]float64 // bounds of the bins of each column
	// Values are the effects at the edges, with mean 0 over the rows; of two columns, the second one
	// runs fastest.
	Values []float64
	// Counts are the rows of each bin, or of each cell, the second column fastest.
	Counts []int
}

// binned is the rows of a column by bins: the k-th has values in (edges[k], edges[k+1]],
// the first one edges[0] too.
type binned struct {
	edges []float64
	bin   []int // of each row, -1 where the value is missing or outside
}

// cut makes the bins of column j, the k-th asked about.
func cut(rows [][]float64, j, k int, opt ALEOptions) (binned, error) {
	var b binned
	if opt.Edges != nil {
		b.edges = slices.Clone(opt.Edges[k])
	} else {
		xs := present(rows, j)
		if len(xs) == 0 {
			return b, fmt.Errorf("every value is missing: %w", ErrUndefined)
		}
		// Bounds are values of rows, so that no bin is empty.
		for i := range opt.Bins + 1 {
			b.edges = append(b.edges, xs[max((i*len(xs)+opt.Bins-1)/opt.Bins-1, 0)])
		}
		if b.edges = slices.Compact(b.edges); len(b.edges) < 2 {
			return b, fmt.Errorf("one value alone: %w", ErrUndefined)
		}
	}
	b.bin = make([]int, len(rows))
	last := b.edges[len(b.edges)-1]
	for i, row := range rows {
		x := row[j]
		if !(x >= b.edges[0] && x <= last) {
			b.bin[i] = -1
			continue
		}
		at, _ := slices.BinarySearch(b.edges, x)
		b.bin[i] = max(at-1, 0)
	}
	return b, nil
}

// within lists the rows that have a bin of every column.
func within(columns ...binned) []int {
	var kept []int
	for i := range columns[0].bin {
		in := true
		for _, b := range columns {
			in = in && b.bin[i] >= 0
		}
		if in {
			kept = append(kept, i)
		}
	}
	return kept
}

// ALE returns the accumulated local effects of a column: within each of its bins, rows move from
// one edge to the other, the mean differences are summed up from bin to bin, and the
// mean over the rows is set to 0. Unlike partial dependence it asks about no row far from
// itself, and so holds for columns that go together. For a sum f₁(x₁) + f₂(x₂) + … it is f_j at the edges, less its mean.
//
// Rows that miss the column are left out. Cost: 2n predictions. Errors: ErrEmpty, ErrShape,
// ErrNotFinite, ErrRange, ErrOption, ErrUndefined for a column without two values, those of f, context.Cause(ctx).
func ALE(ctx context.Context, f Func, rows [][]float64, j int, opt ALEOptions) (*Effects, error) {
	const where = "explain: ALE"
	d, err := table(where, f, rows)
	if err != nil {
		return nil, err
	}
	if err := column(where, "j", j, d); err != nil {
		return nil, err
	}
	opt.Bins = check.Default(opt.Bins, 20)
	if err := opt.validate(where, 1); err != nil {
		return nil, err
	}
	b, err := cut(rows, j, 0, opt)
	if err != nil {
		return nil, fmt.Errorf("%s: column %d: %w", where, j, err)
	}
	kept := within(b)
	if len(kept) == 0 {
		return nil, fmt.Errorf("%s: column %d: no row lies within Edges: %w", where, j, ErrUndefined)
	}
	p, err := newAsker(ctx, where, f, d).predict(nil, 2*len(kept), func(i int, row []float64) {
		copy(row, rows[kept[i/2]])
		row[j] = b.edges[b.bin[kept[i/2]]+i%2]
	})
	if err != nil {
		return nil, err
	}
	bins, n := len(b.edges)-1, len(kept)
	out := &Effects{Columns: []int{j}, Edges: [][]float64{b.edges}, Counts: make([]int, bins)}
	sums := make([]float64, bins)
	for i, r := range kept {
		sums[b.bin[r]] += p[2*i+1] - p[2*i]
		out.Counts[b.bin[r]]++
	}
	out.Values = make([]float64, bins+1)
	mean := 0.0
	for k, c := range out.Counts {
		step := 0.0
		if c > 0 {
			step = sums[k] / float64(c)
		}
		out.Values[k+1] = out.Values[k] + step
		mean += (out.Values[k] + out.Values[k+1]) / 2 * float64(c) / float64(n)
	}
	for k := range out.Values {
		out.Values[k] -= mean
	}
	if err := check.Slice("Values", out.Values); err != nil {
		return nil, fmt.Errorf("%s: differences of predictions: %w", where, err)
	}
	return out, nil
}

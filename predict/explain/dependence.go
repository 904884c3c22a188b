package explain

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// DependenceOptions configures PartialDependence.
type DependenceOptions struct {
	// Grid holds the values to try, one ascending list a column. nil: the values that a column
	// has where they are at most Points, otherwise Points values at equal distances between
	// its quantiles Low and High.
	Grid [][]float64
	// Points of a grid; 0 means 50 for one column and 20 for two.
	Points int
	// Low, High are shares; 0 means .05 and .95. Negative Low means 0.
	Low, High float64
	// Weights of the rows in the mean; nil means 1 each.
	Weights []float64
	// Individual keeps the curve of each row (ICE).
	Individual bool
	// Centred subtracts from each curve, and from the mean, its value at the first point of the grid (c-ICE).
	Centred bool
}

func (o DependenceOptions) withDefaults(columns int) DependenceOptions {
	o.Points = check.Default(o.Points, []int{50, 20}[columns-1])
	o.Low, o.High = check.OrOff(o.Low, .05), check.Default(o.High, .95)
	return o
}

func (o DependenceOptions) validate(where string, columns int) error {
	var c check.Options
	c.Require(o.Points >= 2 && o.Points <= 1<<16, "Points", o.Points, "2 … 65536")
	c.Require(o.Low >= 0 && o.Low < o.High && o.High <= 1, "Low, High", [2]float64{o.Low, o.High}, "0 <= Low < High <= 1")
	c.Require(o.Grid == nil || len(o.Grid) == columns, "Grid", len(o.Grid), "one list a column")
	for k, g := range o.Grid {
		c.Require(len(g) > 0, fmt.Sprintf("Grid[%d]", k), len(g), "values")
		for i, x := range g {
			c.Require(check.Finite(x) && (i == 0 || x > g[i-1]), fmt.Sprintf("Grid[%d][%d]", k, i), x, "finite, ascending")
		}
	}
	return c.Err(where)
}

// Dependence is how predictions follow one column, or two.
type Dependence struct {
	Columns []int       // the one, or the two
	Grid    [][]float64 // the values of each column
	// Mean prediction at each point of the grid; of two columns, the second one runs fastest.
	Mean []float64
	// Individual are the curves of the rows, where asked for, each as long as Mean.
	Individual [][]float64
}

// maxAsked bounds how many predictions one call asks for.
const maxAsked = 1 << 31

// PartialDependence gives all rows one value of a column after the other, or of two columns,
// and returns the mean prediction at each: what the model says of the rows, were they alike in
// that. For a sum f₁(x₁) + f₂(x₂) + … it is f_j and a constant. Where columns go together it asks about rows
// that cannot be: see ALE.
//
// columns are one or two. Rows may miss values, also of the column itself, which is given to them.
// Cost: n predictions for each point of the grid; memory n numbers a point where Individual.
// Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange, ErrOption, ErrUndefined for a column of which every
// value is missing, ErrTooLarge for more than 2³¹ predictions, those of f, context.Cause(ctx).
func PartialDependence(ctx context.Context, f Func, rows [][]float64, columns []int, opt DependenceOptions) (*Dependence, error) {
	const where = "explain: PartialDependence"
	d, err := table(where, f, rows)
	if err != nil {
		return nil, err
	}
	if len(columns) < 1 || len(columns) > 2 {
		return nil, fmt.Errorf("%s: columns has length %d, want 1 or 2: %w", where, len(columns), ErrShape)
	}
	for k, j := range columns {
		if err := column(where, fmt.Sprintf("columns[%d]", k), j, d); err != nil {
			return nil, err
		}
	}
	if len(columns) == 2 && columns[0] == columns[1] {
		return nil, fmt.Errorf("%s: columns are %d twice: %w", where, columns[0], ErrRange)
	}
	o := opt.withDefaults(len(columns))
	if err := o.validate(where, len(columns)); err != nil {
		return nil, err
	}
	weights, total, err := weigh(where, o.Weights, len(rows))
	if err != nil {
		return nil, err
	}
	out := &Dependence{Columns: slices.Clone(columns)}
	points := 1
	for k, j := range columns {
		g, err := grid(rows, j, k, o)
		if err != nil {
			return nil, fmt.Errorf("%s: column %d: %w", where, j, err)
		}
		out.Grid = append(out.Grid, g)
		points *= len(g)
	}
	if float64(points)*float64(len(rows)) > maxAsked {
		return nil, fmt.Errorf("%s: %d points for %d rows: %w", where, points, len(rows), ErrTooLarge)
	}
	if err := out.fill(newAsker(ctx, where, f, d), rows, points, share{weights, total, o}); err != nil {
		return nil, err
	}
	return out, nil
}

// share is how rows are taken into the mean.
type share struct {
	weights []float64
	total   float64
	opt     DependenceOptions
}

// fill asks for each point of the grid.
func (m *Dependence) fill(a *asker, rows [][]float64, points int, s share) error {
	if s.opt.Individual {
		m.Individual = make([][]float64, len(rows))
		flat := make([]float64, len(rows)*points)
		for i := range rows {
			m.Individual[i] = flat[i*points : (i+1)*points : (i+1)*points]
		}
	}
	var p []float64
	var err error
	last := m.Grid[len(m.Grid)-1]
	for k := range points {
		p, err = a.predict(p[:0], len(rows), func(i int, row []float64) {
			copy(row, rows[i])
			row[m.Columns[len(m.Columns)-1]] = last[k%len(last)]
			if len(m.Columns) == 2 {
				row[m.Columns[0]] = m.Grid[0][k/len(last)]
			}
		})
		if err != nil {
			return err
		}
		mean := 0.0
		for i, y := range p {
			mean += s.weights[i] / s.total * y
			if m.Individual != nil {
				m.Individual[i][k] = y
			}
		}
		m.Mean = append(m.Mean, mean)
	}
	if s.opt.Centred {
		for _, curve := range append(m.Individual[:len(m.Individual):len(m.Individual)], m.Mean) {
			first := curve[0]
			for k := range curve {
				curve[k] -= first
			}
		}
	}
	return nil
}

// grid returns the values to try of column j, the k-th asked about.
func grid(rows [][]float64, j, k int, opt DependenceOptions) ([]float64, error) {
	if opt.Grid != nil {
		return slices.Clone(opt.Grid[k]), nil
	}
	xs := present(rows, j)
	if len(xs) == 0 {
		return nil, fmt.Errorf("every value is missing: %w", ErrUndefined)
	}
	low, high := between(xs, opt.Low), between(xs, opt.High)
	if distinct := slices.Compact(slices.Clone(xs)); len(distinct) <= opt.Points || !(low < high) {
		if len(distinct) > opt.Points { // nearly all are one value
			return slices.Compact([]float64{xs[0], low, xs[len(xs)-1]}), nil
		}
		return distinct, nil
	}
	g := make([]float64, opt.Points)
	for i := range g {
		t := float64(i) / float64(opt.Points-1)
		g[i] = low*(1-t) + high*t
	}
	return slices.Compact(g), nil
}

// between is the quantile of ascending values that scikit-learn's grids end at, about
// unbiased for any law (Cunnane's, type 4/10 of mquantiles: position n·p + .4 + .2·p).
func between(xs []float64, p float64) float64 {
	n := float64(len(xs))
	at := min(max(n*p+.4+.2*p, 1), n)
	i := int(math.Floor(at))
	if i >= len(xs) {
		return xs[len(xs)-1]
	}
	t := at - float64(i)
	return (1-t)*xs[i-1] + t*xs[i]
}

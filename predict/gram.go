package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/solve"
)

// Gram accumulates what linear regression needs of rows: weights, means and
// centred cross-products of the columns and the target, by Chan's update. It is
// 8·d² bytes, whatever the number of rows; an Add costs d² operations. The zero
// value is ready for use; the first row sets the number of columns. It is not
// safe for concurrent use.
//
// Merging shards equals one pass up to rounding.
type Gram struct {
	columns int
	rows    int64 // of positive weight
	weight  float64
	mean    []float64 // of the columns, then of the target
	cross   []float64 // (columns+1)×(columns+1), upper triangle: Σ w·(a-ā)(b-b̄)
	diff    []float64 // scratch
}

// widest is how many columns a Gram has at the most: their products take 2 GiB.
const widest = 1 << 14

// Add adds a row with target y and weight w. A row of weight 0 counts as
// absent. Errors: ErrShape, ErrNotFinite, ErrRange (magnitudes above 1e150), ErrOverflow, ErrTooLarge beyond 16,384 columns,
// ErrEmpty for a row of no columns; g is unchanged then. It allocates nothing after the
// first row.
func (g *Gram) Add(row []float64, y, w float64) error {
	const where = "predict: Gram.Add"
	if err := check.Receiver(where, g); err != nil {
		return err
	}
	if len(row) == 0 {
		return fmt.Errorf("%s: row: %w", where, ErrEmpty)
	}
	if len(row) > widest {
		return fmt.Errorf("%s: row has %d columns, at most %d: %w", where, len(row), widest, ErrTooLarge)
	}
	if g.mean != nil && len(row) != g.columns {
		return fmt.Errorf("%s: row has %d columns, want %d: %w", where, len(row), g.columns, ErrShape)
	}
	for j, v := range row {
		if err := checkValue(v); err != nil {
			return fmt.Errorf("%s: %w", where, badValue(fmt.Sprintf("column %d", j), -1, v))
		}
	}
	if err := checkValue(y); err != nil {
		return fmt.Errorf("%s: %w", where, badValue("target", -1, y))
	}
	if err := checkValue(w); err != nil || w < 0 {
		return fmt.Errorf("%s: %w", where, check.Private("weight", -1, nil, w, fmt.Errorf("want >= 0: %w", ErrRange)))
	}
	if w == 0 {
		return nil
	}
	if g.mean == nil {
		g.init(len(row))
	}
	size := g.columns + 1
	total := g.weight + w
	f := w * (g.weight / total)
	for j := range size {
		v := y
		if j < g.columns {
			v = row[j]
		}
		g.diff[j] = v - g.mean[j]
		if !check.Finite(g.cross[j*size+j] + f*g.diff[j]*g.diff[j]) {
			return fmt.Errorf("%s: squares of column %d, the target being the last, times weights: %w", where, j, ErrOverflow)
		}
	}
	for j, d := range g.diff {
		g.mean[j] += d * (w / total)
	}
	for i, a := range g.diff {
		a *= f
		dst := g.cross[i*size+i : i*size+size]
		for k, b := range g.diff[i:] {
			dst[k] += a * b
		}
	}
	g.rows++
	g.weight = total
	return nil
}

func (g *Gram) init(columns int) {
	g.columns = columns
	g.mean = make([]float64, columns+1)
	g.cross = make([]float64, (columns+1)*(columns+1))
	g.diff = make([]float64, columns+1)
}

// Len returns the number of rows of positive weight.
func (g *Gram) Len() int64 {
	if g == nil {
		return 0
	}
	return g.rows
}

// Merge adds the rows of other, which stays as it is. Errors: ErrMismatch for
// another number of columns, nil or g itself, ErrOverflow; g is unchanged then.
func (g *Gram) Merge(other *Gram) error {
	const where = "predict: Gram.Merge"
	if err := check.Merge(where, g, other); err != nil {
		return err
	}
	if other.rows == 0 {
		return nil
	}
	if g.rows > 0 && g.columns != other.columns {
		return fmt.Errorf("%s: %d columns into %d: %w", where, other.columns, g.columns, ErrMismatch)
	}
	rows, err := check.AddInt64(g.rows, other.rows)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if g.rows == 0 {
		g.init(other.columns)
		g.rows, g.weight = other.rows, other.weight
		copy(g.mean, other.mean)
		copy(g.cross, other.cross)
		return nil
	}
	size := g.columns + 1
	total := g.weight + other.weight
	f := other.weight * (g.weight / total)
	for j := range size {
		g.diff[j] = other.mean[j] - g.mean[j]
		if !check.Finite(total) || !check.Finite(g.cross[j*size+j]+other.cross[j*size+j]+f*g.diff[j]*g.diff[j]) {
			return fmt.Errorf("%s: squares of column %d, the target being the last, times weights: %w", where, j, ErrOverflow)
		}
	}
	for j, d := range g.diff {
		g.mean[j] += d * (other.weight / total)
	}
	for i, a := range g.diff {
		a *= f
		for k := i; k < size; k++ {
			g.cross[i*size+k] += other.cross[i*size+k] + a*g.diff[k]
		}
	}
	g.rows, g.weight = rows, total
	return nil
}

// Fit solves the linear regression of the rows added so far; opt.Weights, opt.Offset and
// opt.Workers are not used. Where rows are at hand, FitLinear is more exact for
// nearly dependent columns. Errors: ErrEmpty, ErrOption, also for Huber, which needs the rows, ErrDuplicate, ErrShape,
// ErrDiverged.
func (g *Gram) Fit(opt LinearOptions) (*Linear, error) {
	const where = "predict: Gram.Fit"
	if g == nil || g.rows == 0 {
		return nil, fmt.Errorf("%s: %w", where, ErrEmpty)
	}
	if err := opt.validate(where, g.columns); err != nil {
		return nil, err
	}
	if opt.Huber > 0 {
		return nil, fmt.Errorf("%s: Huber is %v, want 0, for it needs the rows: %w", where, opt.Huber, ErrOption)
	}
	m, _, err := g.solve(context.Background(), opt)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return m, nil
}

// system is the factored normal matrix of columns scaled to norm 1.
type system struct {
	factor    []float64
	scale     []float64 // 0: a column that does not vary
	dependent []int
	l2        float64
}

// at is the cross-product of columns i <= j, around 0 without intercept.
func (g *Gram) at(opt LinearOptions, i, j int) float64 {
	v := g.cross[i*(g.columns+1)+j]
	if opt.NoIntercept {
		v += g.weight * g.mean[i] * g.mean[j]
	}
	return v
}

// system returns the factored normal matrix and the right side, both scaled.
func (g *Gram) system(opt LinearOptions) (*system, []float64) {
	d := g.columns
	s := &system{factor: make([]float64, d*d), scale: make([]float64, d), l2: math.Max(0, opt.L2)}
	for j := range d {
		s.scale[j] = math.Sqrt(g.at(opt, j, j) + s.l2)
		// What rounding leaves of a constant column is no variation.
		if !opt.NoIntercept && g.at(opt, j, j) <= 1e-26*g.weight*g.mean[j]*g.mean[j] && s.l2 == 0 {
			s.scale[j] = 0
		}
	}
	right := make([]float64, d)
	for i := range d {
		if s.scale[i] == 0 {
			continue
		}
		right[i] = g.at(opt, i, d) / s.scale[i]
		for j := i; j < d; j++ {
			if s.scale[j] > 0 {
				s.factor[i*d+j] = g.at(opt, i, j) / s.scale[i] / s.scale[j]
			}
		}
		s.factor[i*d+i] = 1 // (at + l2)/scale², exactly
	}
	s.dependent = solve.SemiCholesky64(s.factor, d, rankTol)
	return s, right
}

// solve returns the regression and the system it solved.
func (g *Gram) solve(ctx context.Context, opt LinearOptions) (*Linear, *system, error) {
	d := g.columns
	m := newLinear(opt, d)
	s := &system{l2: opt.L2}
	if opt.L1 > 0 {
		coef, converged, err := g.lasso(ctx, opt)
		if err != nil {
			return nil, nil, err
		}
		if m.coef = coef; !converged {
			m.warn("the coordinate descent has not converged: raise L2, or leave out columns that say the same")
		}
	} else {
		var right []float64
		s, right = g.system(opt)
		solve.SolveCholesky64(s.factor, d, right)
		for j := range d {
			if s.scale[j] > 0 {
				m.coef[j] = right[j] / s.scale[j]
			}
		}
		for _, j := range s.dependent {
			m.coef[j] = 0
		}
	}
	copy(m.mean, g.mean[:d])
	m.target = g.mean[d]
	m.rows, m.weight = g.rows, g.weight
	m.setIntercept(opt)
	m.warnColumns(s.dependent, "are constant or linear combinations of columns before them and get coefficient 0")
	// Residual sum of squares: y'y - 2w'X'y + w'X'Xw, on the centred sums.
	total := g.at(opt, d, d)
	rss := total
	for i, wi := range m.coef {
		rss -= 2 * wi * g.at(opt, i, d)
		for j, wj := range m.coef {
			rss += wi * wj * g.at(opt, min(i, j), max(i, j))
		}
	}
	m.rss, m.tss = math.Max(0, rss), total
	if !m.finite() || !check.Finite(m.rss) {
		return nil, nil, fmt.Errorf("coefficients are not finite: %w", ErrDiverged)
	}
	return m, s, nil
}

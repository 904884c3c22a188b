package tree

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/parallel"
)

// SHAPOptions configures NewSHAP. The zero value is the path-dependent kind.
type SHAPOptions struct {
	// Background, if not nil, holds the rows against which others are explained: what a column
	// adds is what the model would say otherwise, on average, if it had the values of these
	// rows instead (interventional values). Nil: what the trees would say, on average over the
	// rows that they were grown from, if they did not know the column (path-dependent values).
	Background [][]float64
	// Workers is how many goroutines explain at once; 0 and negative mean GOMAXPROCS. It has no
	// influence on the result.
	Workers int
}

// SHAP splits the margins of an Ensemble into what each column adds, by exact Shapley
// values. It is immutable and safe for concurrent use; it keeps the Ensemble and copies the
// background. The zero value answers every call with an error.
type SHAP struct {
	e       *Ensemble
	rows    [][]float64 // the background
	plans   []plan      // one a tree
	base    []float64   // margin of no row in particular, one an output
	factor  []float64   // of the values of leaves, one an output
	workers int
	spare   *sync.Pool
}

// NewSHAP prepares the explanation of m. Path-dependent values need the weight of the
// training rows in each node: Count where the root of a tree has one, otherwise Cover. Cost: of
// every node, and with a background every tree for each of its rows.
//
// Errors: ErrEmpty for a nil m, one that was not fitted, or a background without rows, ErrShape
// for rows of other lengths, ErrUndefined for path-dependent values of trees whose nodes
// know neither Count nor Cover, ErrTooLarge for paths of more than 4096 columns, or
// context.Cause(ctx).
func NewSHAP(ctx context.Context, m *Ensemble, opt SHAPOptions) (*SHAP, error) {
	const where = "tree: NewSHAP"
	if err := m.fitted(where); err != nil {
		return nil, err
	}
	x := &SHAP{e: m, workers: opt.Workers, plans: make([]plan, m.Trees())}
	if opt.Background != nil {
		if len(opt.Background) == 0 {
			return nil, fmt.Errorf("%s: Background: %w", where, ErrEmpty)
		}
		if err := m.checkRows(where, opt.Background); err != nil {
			return nil, err
		}
		x.rows = make([][]float64, len(opt.Background))
		for i, row := range opt.Background {
			x.rows[i] = slices.Clone(row)
		}
	}
	x.factor = slices.Repeat([]float64{1}, m.Outputs())
	if m.average {
		for k := range x.factor {
			x.factor[k] = 1 / m.share[k]
		}
	}
	err := parallel.For(ctx, m.Trees(), 1, opt.Workers, func(_, t, _ int) error {
		var err error
		x.plans[t], err = newPlan(m, t, x.rows == nil)
		return err
	})
	if err == nil {
		err = x.expect(ctx)
	}
	if err != nil {
		return nil, placed(where, err)
	}
	x.spare = &sync.Pool{New: func() any { return x.newShaper() }}
	return x, nil
}

// expect settles the base: the mean margin of the background, or of the training rows.
func (x *SHAP) expect(ctx context.Context) error {
	x.base = x.e.Base()
	if x.rows == nil {
		for t := range x.plans {
			p := &x.plans[t]
			for _, leaf := range p.places {
				x.addLeaf(x.base, t, leaf, p.reach[leaf])
			}
		}
		return nil
	}
	sum := make([]float64, len(x.base))
	for lo := 0; lo < len(x.rows); lo += shapRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		leaves, err := x.e.Leaves(nil, x.rows[lo:min(lo+shapRows, len(x.rows))])
		if err != nil {
			return err
		}
		for i, number := range leaves {
			t := i % len(x.plans)
			x.addLeaf(sum, t, x.plans[t].places[number], 1)
		}
	}
	for c := range sum {
		x.base[c] += sum[c] / float64(len(x.rows))
	}
	return nil
}

// addLeaf adds the values of node i of tree t, times w, to one number an output.
func (x *SHAP) addLeaf(dst []float64, t int, i int32, w float64) {
	p := int(x.e.roots[t] + i)
	if x.e.width == 1 {
		k := x.e.target[t]
		dst[k] += w * x.factor[k] * x.e.value[p]
		return
	}
	for k, v := range x.e.value[p*x.e.width : (p+1)*x.e.width] {
		dst[k] += w * x.factor[k] * v
	}
}

// Base returns the margin of no row in particular, one an output: the mean over the background,
// or over the rows that the trees were grown from. Nil for a nil SHAP.
func (x *SHAP) Base() []float64 {
	if x == nil {
		return nil
	}
	return slices.Clone(x.base)
}

// shapRows is how many rows are explained between two looks at the context, fewer where there
// is a long background to each.
const shapRows = 64

// block is how many rows that is.
func (x *SHAP) block() int { return max(1, shapRows/max(1, len(x.rows)/shapRows)) }

// Values appends to dst, for each row and each output of the Ensemble, what each column adds
// to the margin beyond Base, and last the Base itself: columns+1 numbers whose sum is the
// margin. Of margins summed in float32 what is lost to rounding there is told with the Base.
//
// Trees of few columns a path are tabulated where there are rows enough to pay for it (Yang,
// Fast TreeSHAP, 2021; Nadel and Wettenstein, Woodelf, 2025); others cost their nodes times half
// the columns of the longest path for each row, by Gauss–Legendre quadrature of the Shapley
// integral, which is exact, or, with a background, the nodes times its rows (Lundberg et
// al., Nature Machine Intelligence 2, 2020). Errors: as Ensemble.Margins, with dst as given, or
// context.Cause(ctx).
func (x *SHAP) Values(ctx context.Context, dst []float64, rows [][]float64) ([]float64, error) {
	return x.explain(ctx, "tree: SHAP.Values", dst, rows, false)
}

// Interactions appends to dst, for each row and each output, a (columns+1)×(columns+1) matrix:
// half of what two columns add together beyond what they add apart, at [i][j] and [j][i]
// (Shapley interaction values), what each adds alone at [i][i], and at the last place the
// Base. A line sums to the column's number of Values, all of it to the margin. Cost: leaves
// times the columns of the longest path cubed, with a background times its rows. Errors: as
// Values.
func (x *SHAP) Interactions(ctx context.Context, dst []float64, rows [][]float64) ([]float64, error) {
	return x.explain(ctx, "tree: SHAP.Interactions", dst, rows, true)
}

// explain explains blocks of rows, and then puts the base at the end of each output's numbers.
func (x *SHAP) explain(ctx context.Context, where string, dst []float64, rows [][]float64, pairs bool) ([]float64, error) {
	if x == nil || x.e == nil {
		return dst, fmt.Errorf("%s: no model: %w", where, ErrEmpty)
	}
	if err := x.e.checkRows(where, rows); err != nil {
		return dst, err
	}
	k, size := len(x.base), x.e.columns+1
	if pairs {
		size *= size
	}
	first := len(dst)
	dst = slices.Grow(dst, len(rows)*k*size)
	out := dst[first : first+len(rows)*k*size]
	clear(out)
	err := x.tabulate(ctx, len(rows), !pairs, func(tables []table) error {
		return parallel.For(ctx, len(rows), x.block(), x.workers, func(_, lo, hi int) error {
			s := x.spare.Get().(*shaper)
			defer x.spare.Put(s)
			for i := lo; i < hi; i++ {
				s.load(rows[i])
				if pairs {
					s.interactions(out[i*k*size:(i+1)*k*size], tables)
				} else {
					s.values(out[i*k*size:(i+1)*k*size], tables)
				}
			}
			return nil
		})
	})
	if err != nil {
		return dst[:first], err
	}
	if err := x.settle(out, rows, size); err != nil {
		return dst[:first], err
	}
	return dst[:first+len(out)], nil
}

// settle puts the base at the end of the numbers of each output, with what a margin that was
// summed in float32 is off.
func (x *SHAP) settle(out []float64, rows [][]float64, size int) error {
	k := len(x.base)
	for i, row := range rows {
		for c := range k {
			out[(i*k+c+1)*size-1] = x.base[c]
		}
		if !x.e.single {
			continue
		}
		margin, err := x.e.Margins(nil, [][]float64{row})
		if err != nil {
			return err
		}
		for c := range k {
			sum := 0.0
			for _, v := range out[(i*k+c)*size : (i*k+c+1)*size] {
				sum += v
			}
			out[(i*k+c+1)*size-1] += margin[c] - sum
		}
	}
	return nil
}

// quadrature returns the n points and weights of Gauss and Legendre on (0, 1): polynomials up
// to degree 2n−1 are integrated exactly.
func quadrature(n int) (t, w []float64) {
	t, w = make([]float64, n), make([]float64, n)
	for i := range n {
		z := math.Cos(math.Pi * (float64(i) + .75) / (float64(n) + .5))
		slope := 0.0
		for range 100 {
			p, before := 1.0, 0.0
			for j := range n {
				p, before = ((2*float64(j)+1)*z*p-float64(j)*before)/float64(j+1), p
			}
			slope = float64(n) * (z*p - before) / (z*z - 1)
			step := p / slope
			z -= step
			if math.Abs(step) < 1e-16 {
				break
			}
		}
		t[i] = (1 - z) / 2
		w[i] = 1 / ((1 - z*z) * slope * slope)
	}
	return t, w
}

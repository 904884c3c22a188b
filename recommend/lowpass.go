package recommend

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/vec"
)

// lowPass is the common part of the graph filters: the score is the history times
// B + diag(share)·left·rightᵀ, B being sparse item weights.
type lowPass struct {
	itemWeights           // B
	factors     int       // 0: B alone
	share       []float32 // nil: 1 each
	left, right []float32 // items×factors each; may be the same

	scratch sync.Pool // *[]float32 of length factors
}

// Score writes the history times both filters; ErrEmpty for an empty history.
func (m *lowPass) Score(dst []float32, q Query) error {
	if err := checkQuery(dst, &q, m.Items()); err != nil {
		return err
	}
	if len(q.Items) == 0 {
		return ErrEmpty
	}
	if m.factors == 0 {
		clear(dst)
	} else {
		z, ok := m.scratch.Get().(*[]float32)
		if !ok {
			z = new([]float32)
			*z = make([]float32, m.factors)
		}
		clear(*z)
		for k, j := range q.Items {
			vec.Axpy(m.shareOf(j)*q.Weight(k), row(m.left, int(j), m.factors), *z)
		}
		vec.DotRows(dst, m.right, *z)
		m.scratch.Put(z)
	}
	addLinear(dst, &q, m.reaches)
	return nil
}

func (m *lowPass) shareOf(j int32) float32 {
	if m.share == nil {
		return 1
	}
	return m.share[j]
}

// AppendSimilar appends the items that a history of item alone scores highest.
func (m *lowPass) AppendSimilar(dst []Scored, item int32, k int) ([]Scored, error) {
	return appendAlone(dst, m, item, k)
}

// appendReasons is that of itemWeights, and of the vectors.
func (m *lowPass) appendReasons(name string, dst []Reason, q Query, item int32, k int) (_ []Reason, err error) {
	defer about(&err, name+".AppendReasons")
	if uint32(item) >= uint32(m.Items()) {
		return dst, noItem(item, m.Items())
	}
	return topReasons(dst, &q, k, m.Items(), func(n int, j int32) float32 {
		c := float32(0)
		if m.factors > 0 {
			c = m.shareOf(j) * vec.Dot(row(m.left, int(j), m.factors), row(m.right, int(item), m.factors))
		}
		if p := m.reaches.Find(int(j), item); p >= 0 {
			c += m.reaches.Val[p]
		}
		return q.Weight(n) * c
	})
}

// row is row i of a matrix with the given number of columns.
func row(m []float32, i, cols int) []float32 { return m[i*cols : (i+1)*cols] }

// itemGraph is the normalised user-item graph.
type itemGraph struct {
	r, rt *sparse.CSR // R̃ and its transpose
	sums  []float32   // the diagonal of D_I
}

// newItemGraph normalises x by the degrees of users and items.
func newItemGraph(ctx context.Context, x *Interactions, weights bool, workers int) (g itemGraph, err error) {
	g.r = unitWeights(x.users, weights)
	if g.rt, err = g.r.TransposeUntil(ctx, workers); err != nil {
		return g, err
	}
	byUser, byItem := powers(g.r, -0.5), powers(g.rt, -0.5)
	g.sums = powers(g.rt, 1)
	meter := parallel.NewMeter(ctx)
	for u := range g.r.Rows {
		cols, vals := g.r.Row(u)
		for k, i := range cols {
			vals[k] *= byUser[u] * byItem[i]
		}
		if err := meter.Did(len(cols)); err != nil {
			return g, err
		}
	}
	g.rt, err = g.r.TransposeUntil(ctx, workers)
	return g, err
}

// vectors returns the leading right singular vectors of R̃ and their number. The first is
// √(dᵢ/Σd), of the singular value 1: popularity. It is written down where it is asked for alone, as in a graph
// of several components a search finds but some mixture of theirs.
func (g *itemGraph) vectors(ctx context.Context, opt PureSVDOptions) (int, []float32, error) {
	if opt.Factors != 1 {
		s, v, err := solve.TruncatedSVD(ctx, g.r, g.rt, svdOptions(opt))
		return len(s), v, err
	}
	v, all := make([]float32, len(g.sums)), 0.0
	for _, d := range g.sums {
		all += float64(d)
	}
	for i, d := range g.sums {
		if d > 0 {
			v[i] = float32(math.Sqrt(float64(d) / all))
		}
	}
	if opt.Progress != nil {
		opt.Progress(Progress{Iteration: 1, Iterations: 1, Loss: math.NaN()})
	}
	return 1, v, nil
}

// mostApart is how far apart the sums of the items' weights may be for the ideal filter:
// its entry for j and i is (VVᵀ)_ji·√(d_j/d_i), and float32 holds no part of a VVᵀ below
// about 1e-7.
const mostApart = 1e8

// checkSums is ErrDiverged for sums of which the ideal filter would be noise. Of one factor it
// is exact: d_i/Σd, in no need of a search.
func (g *itemGraph) checkSums(where string, factors int) error {
	if factors == 1 {
		return nil
	}
	lo, hi := float32(0), float32(0)
	for _, d := range g.sums {
		if hi = max(hi, d); d > 0 && (lo == 0 || d < lo) {
			lo = d
		}
	}
	if float64(hi) > mostApart*float64(lo) {
		return fmt.Errorf("recommend: %s: UseWeights: the weights of an item add up to %v, those of another to %v, which are too far apart: take their logarithm: %w", where, lo, hi, ErrDiverged)
	}
	return nil
}

// scaleUp replaces the rows of v, items×factors, by D_I^½ times them.
func (g *itemGraph) scaleUp(v []float32, factors int) {
	for i, d := range g.sums {
		vec.Scale(float32(math.Sqrt(float64(d))), row(v, i, factors))
	}
}

// spectralFactors is how many singular vectors of a matrix hold more meaning than
// noise: more of a large matrix, fewer of a dense one, and fewer where there is little beyond
// popularity, as far as the data can tell (docs/quality.md, Defaults).
func spectralFactors(x *Interactions) int {
	entries := float64(x.Len())
	n := max(math.Sqrt(entries)/(7*math.Pow(x.density(), 1.0/6)), 16)
	if share, margin, err := x.BeyondPopularity(); err == nil && margin <= 0.1 { // else nothing follows
		beyond := min(max(2*(2*share-1), 0), 1) // 1 from a share of ¾ on
		n *= beyond * beyond
	}
	return int(min(max(n, 8), 512))
}

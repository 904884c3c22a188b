package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/solve"
	"github.com/aislekit/aisle/internal/vec"
)

// How ALS solves rows whose confidences are too far apart for float32: money in small
// units, or one entry among thousands. The condition of a row's matrix is about the
// largest confidence over the penalty.

const (
	// alsSpread is how far the pivots of a Cholesky factor may be apart for float32 to
	// be trusted. Their squares bound the condition from below: 1e3 costs three of
	// seven digits, or four.
	alsSpread = 32
	// alsReach is how far confidences may exceed the penalty for the same.
	alsReach = 1e4
	// alsFaint is the share of α₀ below which a confidence is next to nothing: what a row says
	// is then far behind what all share, and a few steps do not get to it.
	alsFaint = 1e-3
	// alsTol is what one more step of refinement may move a solution by, of its
	// length, for the solution to count as one; and the residual of conjugate
	// gradients at their end, of the right side.
	alsTol = 1e-4
)

// alsWide is the memory of a row in float64, made when the first one needs it.
type alsWide struct {
	a    []float64 // factor, vec.Pad(f)×vec.Pad(f)
	m    []float64 // the matrix, its upper triangle
	b, x []float64
	r    []float64
}

// spread returns the ratio of the largest to the smallest of the first f pivots.
func spread(a []float32, fp, f int) float32 {
	lo, hi := a[0], a[0]
	for k := range f {
		lo, hi = min(lo, a[k*fp+k]), max(hi, a[k*fp+k])
	}
	return hi / lo
}

// far reports whether a confidence dwarfs the penalty, if there is one.
func (t *alsScratch) far(row alsRow) bool {
	return row.lambda > 0 && t.most() > alsReach*row.lambda
}

// most returns the largest confidence.
func (t *alsScratch) most() (most float32) {
	for _, c := range t.c {
		if c > most { // max would look for NaN
			most = c
		}
	}
	return most
}

// steep reports whether what all rows share dwarfs the penalty, if there is one.
func (row alsRow) steep(f int) bool {
	fp, most := vec.Pad(f), float32(0)
	for k := range f {
		most = max(most, row.base[k*fp+k])
	}
	return row.lambda > 0 && most > alsReach*row.lambda
}

// factor64 is factor in float64. It leaves t.wide set.
func (o alsObjective) factor64(t *alsScratch, f int, row alsRow) bool {
	fp := len(t.b)
	if t.w64.a == nil {
		n := fp * fp
		v := make([]float64, 2*n+3*fp)
		t.w64 = alsWide{v[:n], v[n : 2*n], v[2*n : 2*n+fp], v[2*n+fp : 2*n+2*fp], v[2*n+2*fp:]}
	}
	w := &t.w64
	for i, g := range row.base {
		w.m[i] = float64(g)
	}
	for k := range f {
		w.m[k*fp+k] += float64(row.lambda)
	}
	clear(w.b)
	for k, i := range row.cols {
		y := row.src[int(i)*f : int(i)*f+f]
		c := o.alpha * float64(weightAt(row.vals, k))
		d := c - o.unobserved
		for j, v := range y {
			w.b[j] += c * float64(v)
			dv := d * float64(v)
			to := w.m[j*fp+j : j*fp+f]
			for l, u := range y[j:] {
				to[l] += dv * float64(u)
			}
		}
	}
	copy(w.a, w.m)
	t.wide = solve.Cholesky64(w.a, fp)
	return t.wide
}

// refine solves for the right side b in float64, leaves the solution in t.w64.x, and
// reports whether another step of refinement hardly moves it: whether the residual
// is small in the directions that the matrix hardly sees, too.
func (t *alsScratch) refine(b []float64) bool {
	w, fp := &t.w64, len(t.b)
	clear(w.x)
	for range 3 {
		copy(w.r, b)
		for j := range fp { // r = b - A·x, from the upper triangle
			row := w.m[j*fp : j*fp+fp]
			w.r[j] -= row[j] * w.x[j]
			for l := j + 1; l < fp; l++ {
				w.r[j] -= row[l] * w.x[l]
				w.r[l] -= row[l] * w.x[j]
			}
		}
		solve.SolveCholesky64(w.a, fp, w.r)
		moved, size := 0.0, 0.0
		for j, d := range w.r {
			size += w.x[j] * w.x[j]
			moved += d * d
			w.x[j] += d
		}
		if math.IsNaN(moved) || math.IsInf(moved, 0) {
			return false
		}
		if moved <= alsTol*alsTol*size || moved == 0 {
			return true
		}
	}
	return false
}

// exact writes the solution of a row into x, or reports that there is none to the
// precision that this file promises.
func (o alsObjective) exact(t *alsScratch, x []float32, row alsRow) bool {
	if !o.factor(t, len(x), row) {
		return false
	}
	if !t.wide {
		solve.SolveCholesky32(t.a, len(t.b), t.b)
		copy(x, t.b)
		return true
	}
	if !t.refine(t.w64.b) {
		return false
	}
	for k := range x {
		x[k] = float32(t.w64.x[k])
	}
	return true
}

// wideShares returns the shares of the history in the score of an item of vector y,
// c_j·yᵀA⁻¹y_j, after factor has left t.wide set. They are small differences of large
// numbers, and false where they do not add up to what the solution says.
func (m *ALS) wideShares(t *alsScratch, q *Query, y []float32) ([]float32, bool) {
	w := &t.w64
	if !t.refine(w.b) {
		return nil, false
	}
	score := 0.0
	for k, v := range y {
		score += float64(v) * float64(float32(w.x[k]))
	}
	b := make([]float64, len(t.b))
	for k, v := range y {
		b[k] = float64(v)
	}
	if !t.refine(b) {
		return nil, false
	}
	shares, sum := make([]float32, len(q.Items)), 0.0
	for n, j := range q.Items {
		s := 0.0
		for k, v := range m.ItemVector(int(j)) {
			s += w.x[k] * float64(v)
		}
		s *= m.objective.alpha * float64(q.Weight(n))
		shares[n] = float32(s)
		sum += s
	}
	return shares, math.Abs(sum-score) <= alsTol*max(1, math.Abs(score))
}

// settled reports whether conjugate gradients that ended with the squared residual rr
// of a row whose largest confidence is most have solved it. Their residual is a recursion in float32, which can be
// believed only where confidences do not dwarf the penalty. The right side is added up here,
// in b: vectors may be so small that the confidences say nothing of its length.
func (t *alsScratch) settled(rr float64, b []float32, row alsRow, most float32) bool {
	clear(b)
	vec.GatherAxpy(b, row.src, row.cols, t.c) // negated by solveCG, which squares do not show
	right := 0.0
	for _, v := range b {
		right += float64(v) * float64(v)
	}
	return most <= alsReach*row.lambda && !row.steep(len(b)) && rr <= alsTol*alsTol*right
}

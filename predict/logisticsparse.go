package predict

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// sparseProblem is the logistic problem on sparse rows. Columns keep the scale of
// the input but, without L1, stand in descending order of entries: the few that
// most entries belong to then share the nearest cache.
type sparseProblem struct {
	n, d, p   int
	place     []int32 // of each column of the input; nil: its own
	ptr       []int64
	idx       []int32
	val       []float64 // nil: all 1
	z         []float64
	w, off    []float64
	total     float64
	l1, l2    []float64
	intercept bool
	block     int
	parts     []float64
}

// FitLogisticSparse is FitLogistic on sparse rows: the same objective, options
// and guarantees. Problems that are small once written out densely are solved
// so. Otherwise it is L-BFGS or, with L1, proximal Newton steps by coordinate
// descent, each on all processors. Memory is a copy of the rows (two with L1),
// 4 bytes an entry where all values are 1 and 12 otherwise, plus at most 40
// vectors of Cols.
//
// Model.Reasons of the result starts from the all-zero row.
func FitLogisticSparse(ctx context.Context, rows *SparseRows, y []bool, o LogisticOptions) (*Logistic, error) {
	const where = "predict: FitLogisticSparse"
	if err := rows.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n, d := rows.Len(), rows.Cols
	s, o, err := prepare(where, y, n, d, o)
	if err != nil {
		return nil, err
	}
	order, err := canonical(ctx, n, s.keep, func(i int) uint64 {
		return rng.Mix(rows.hash(s.hash(i), i))
	}, func(i, j int) int {
		if c := s.compare(i, j); c != 0 {
			return c
		}
		return rows.compare(i, j)
	})
	if err != nil {
		return nil, err
	}
	var m *Logistic
	if o.StdErrors || d <= 256 && int64(n)*int64(d) <= 1<<24 {
		var p *dense
		p, err = newDense(ctx, order, d, s, o, func(dst []float64, i int) []float64 {
			clear(dst)
			idx, val := rows.row(i)
			for k, j := range idx {
				dst[j] = 1
				if val != nil {
					dst[j] = val[k]
				}
			}
			return dst
		}, 0)
		if err == nil {
			if m, err = p.fit(ctx, o); err == nil {
				m.mean = nil
			}
		}
	} else {
		m, err = fitSparse(ctx, order, rows, s, o)
	}
	if err != nil {
		return nil, wrap(where, err)
	}
	return m, nil
}

func fitSparse(ctx context.Context, order []int32, rows *SparseRows, s sample, o LogisticOptions) (*Logistic, error) {
	n, d := len(order), rows.Cols
	p := &sparseProblem{
		n: n, d: d, p: d, intercept: !o.NoIntercept,
		ptr: make([]int64, n+1), z: make([]float64, n), w: make([]float64, n),
	}
	if p.intercept {
		p.p++
	}
	if s.offset != nil {
		p.off = make([]float64, n)
	}
	positive := 0.0
	for k, i := range order {
		idx, _ := rows.row(int(i))
		p.ptr[k+1] = p.ptr[k] + int64(len(idx))
		p.z[k] = float64(2*class(s.y[i]) - 1)
		p.w[k] = s.weightOf(int(i))
		p.total += p.w[k]
		if s.y[i] {
			positive += p.w[k]
		}
		if p.off != nil {
			p.off[k] = s.offsetOf(int(i))
		}
	}
	if p.total > limit {
		return nil, fmt.Errorf("the weights add up to %g, want at most %g: %w", p.total, limit, ErrRange)
	}
	if o.L1 == 0 {
		p.place = byEntries(order, rows)
	}
	p.idx = make([]int32, p.ptr[n])
	if o.L1 > 0 || !rows.ones() {
		p.val = make([]float64, p.ptr[n])
	}
	err := parallel.For(ctx, n, rowBlock, 0, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			idx, val := rows.row(int(order[k]))
			to := p.idx[p.ptr[k]:p.ptr[k+1]]
			copy(to, idx)
			if p.place != nil {
				for i, j := range idx {
					to[i] = p.place[j]
				}
			}
			if p.val == nil {
				continue
			}
			dst := p.val[p.ptr[k]:p.ptr[k+1]]
			for i := range dst {
				dst[i] = 1
				if val != nil {
					dst[i] = val[i] + 0
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Blocks of rows are summed in private gradients: as many as the entries
	// pay for, at most 16.
	blocks := int64(max(1, min(16, p.ptr[n]/int64(2*p.p))))
	p.block = max(rowBlock, int((int64(n)+blocks-1)/blocks))
	p.parts = make([]float64, parallel.Blocks(n, p.block)*(p.p+1))
	p.penalties(o)
	theta := make([]float64, p.p)
	if p.intercept && p.off == nil {
		theta[d] = math.Log(positive) - math.Log(p.total-positive)
	}
	track := &progress{tol: o.Tol}
	var r solve.LBFGSResult
	if p.l1 != nil {
		r, err = p.proximal(ctx, theta, o, track)
	} else {
		r, err = minimise(ctx, p, theta, nil, o, track)
	}
	if err != nil {
		return nil, err
	}
	intercept := 0.0
	if p.intercept {
		intercept = r.X[d]
	}
	coef := r.X[:d:d]
	if p.place != nil {
		coef = make([]float64, d)
		for j, at := range p.place {
			coef[j] = r.X[at]
		}
	}
	return finish(o, r, track.separated, coef, intercept)
}

// byEntries returns the place of each column when they are sorted by descending
// number of entries in the rows of order, ties by column.
func byEntries(order []int32, rows *SparseRows) []int32 {
	count := make([]int64, rows.Cols)
	for _, i := range order {
		idx, _ := rows.row(int(i))
		for _, j := range idx {
			count[j]++
		}
	}
	sorted := make([]int32, rows.Cols)
	for j := range sorted {
		sorted[j] = int32(j)
	}
	slices.SortStableFunc(sorted, func(a, b int32) int { return cmp.Compare(count[b], count[a]) })
	place := make([]int32, rows.Cols)
	for at, j := range sorted {
		place[j] = int32(at)
	}
	return place
}

// value returns the value of entry e.
func (p *sparseProblem) value(e int64) float64 {
	if p.val == nil {
		return 1
	}
	return p.val[e]
}

func (p *sparseProblem) penalties(o LogisticOptions) {
	p.l2 = make([]float64, p.p)
	if o.L1 > 0 {
		p.l1 = make([]float64, p.p)
	}
	variance := make([]float64, p.d)
	if o.Standardize {
		mean, seen := make([]float64, p.d), make([]float64, p.d)
		for k := range p.n {
			w := p.w[k] / p.total
			for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
				mean[p.idx[e]] += w * p.value(e)
				seen[p.idx[e]] += w
			}
		}
		if !p.intercept {
			clear(mean)
		}
		for k := range p.n {
			w := p.w[k] / p.total
			for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
				v := p.value(e) - mean[p.idx[e]]
				variance[p.idx[e]] += w * v * v
			}
		}
		for j := range variance {
			variance[j] += math.Max(0, 1-seen[j]) * mean[j] * mean[j]
		}
	}
	for j := range p.d {
		v := 1.0
		if o.Standardize {
			v = variance[j]
		}
		p.l2[j] = o.L2 * v
		if p.l1 != nil {
			p.l1[j] = o.L1 * math.Sqrt(v)
		}
	}
}

func (p *sparseProblem) eta(k int, theta []float64) float64 {
	idx := p.idx[p.ptr[k]:p.ptr[k+1]]
	s, t := 0.0, 0.0 // two chains of additions
	if p.intercept {
		t = theta[p.d]
	}
	if p.val == nil {
		for ; len(idx) >= 2; idx = idx[2:] {
			s += theta[idx[0]]
			t += theta[idx[1]]
		}
		if len(idx) > 0 {
			s += theta[idx[0]]
		}
	} else {
		val := p.val[p.ptr[k]:p.ptr[k+1]]
		val = val[:len(idx)]
		for i, j := range idx {
			s += val[i] * theta[j]
		}
	}
	if p.off != nil {
		t += p.off[k]
	}
	return s + t
}

// pass computes the losses of rows [lo, hi), group after group.
func (p *sparseProblem) pass(theta []float64, lo, hi int, do func(l *losses, k, n int)) {
	var l losses
	for k := lo; k < hi; k += group {
		n := min(group, hi-k)
		for i := range n {
			l.eta[i] = p.eta(k+i, theta)
		}
		l.derive(p.z[k:k+n], p.w[k:k+n])
		do(&l, k, n)
	}
}

func (p *sparseProblem) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.p + 1
	err := parallel.For(ctx, p.n, p.block, 0, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		var loss, icpt float64
		p.pass(theta, lo, hi, func(l *losses, k, n int) {
			for i, r := range l.grad[:n] {
				loss += l.loss[i]
				icpt += r
				idx := p.idx[p.ptr[k+i]:p.ptr[k+i+1]]
				if p.val == nil {
					for _, j := range idx {
						part[j] += r
					}
					continue
				}
				val := p.val[p.ptr[k+i]:p.ptr[k+i+1]]
				val = val[:len(idx)]
				for e, j := range idx {
					part[j] += r * val[e]
				}
			}
		})
		if p.intercept {
			part[p.d] = icpt
		}
		part[p.p] = loss
		return nil
	})
	if err != nil {
		return 0, err
	}
	f := 0.0
	for b := p.p; b < len(p.parts); b += size {
		f += p.parts[b]
	}
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
	}
	return f, p.gather(ctx, grad, theta)
}

// gather adds the parts of all blocks and the gradient of the penalty at theta,
// or the constants l2 where theta is nil.
func (p *sparseProblem) gather(ctx context.Context, sum, theta []float64) error {
	size := p.p + 1
	return parallel.For(ctx, p.p, 4096, 0, func(_, lo, hi int) error {
		to := sum[lo:hi]
		copy(to, p.parts[lo:hi])
		for b := size; b < len(p.parts); b += size {
			addTo(to, p.parts[b+lo:b+hi])
		}
		for j := range to {
			t := 1.0
			if theta != nil {
				t = theta[lo+j]
			}
			to[j] += p.l2[lo+j] * t
		}
		return nil
	})
}

func (p *sparseProblem) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	size := p.p + 1
	err := parallel.For(ctx, p.n, p.block, 0, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		p.pass(theta, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				for e := p.ptr[k+i]; e < p.ptr[k+i+1]; e++ {
					v := p.value(e)
					part[p.idx[e]] += q * v * v
				}
				if p.intercept {
					part[p.d] += q
				}
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.p)
	return h, p.gather(ctx, h, nil)
}

// ScoreSparse is Score on sparse rows.
func (m *Logistic) ScoreSparse(dst []float64, rows *SparseRows) ([]float64, error) {
	return m.applySparse(dst, rows, false)
}

// ProbSparse is Prob on sparse rows.
func (m *Logistic) ProbSparse(dst []float64, rows *SparseRows) ([]float64, error) {
	return m.applySparse(dst, rows, true)
}

func (m *Logistic) applySparse(dst []float64, rows *SparseRows, prob bool) ([]float64, error) {
	if rows == nil || rows.Len() == 0 {
		return dst, nil
	}
	if err := rows.validate(); err != nil {
		return dst, fmt.Errorf("predict: Logistic: %w", err)
	}
	if rows.Cols != len(m.coef) {
		return dst, fmt.Errorf("predict: Logistic: rows have %d columns, want %d: %w", rows.Cols, len(m.coef), ErrShape)
	}
	out := dst
	for i := range rows.Len() {
		s := m.intercept
		idx, val := rows.row(i)
		for k, j := range idx {
			v := 1.0
			if val != nil {
				v = val[k]
			}
			s += m.coef[j] * v
		}
		if !check.Finite(s) {
			return dst, fmt.Errorf("predict: Logistic: row %d: score is %v: %w", i, s, ErrNotFinite)
		}
		if prob {
			s = Sigmoid(s)
		}
		out = append(out, s)
	}
	return out, nil
}

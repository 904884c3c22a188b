package predict

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/solve"
)

// sparseProblem is the logistic problem on sparse rows, in the coordinates of
// the input.
type sparseProblem struct {
	n, d, p   int
	ptr       []int64
	idx       []int32
	val       []float64
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
// so. Memory is a copy of the rows (two
// with L1) plus at most 16 vectors of Cols.
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
	p := &sparseProblem{n: n, d: d, p: d, intercept: !o.NoIntercept,
		ptr: make([]int64, n+1), z: make([]float64, n), w: make([]float64, n)}
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
	p.idx, p.val = make([]int32, p.ptr[n]), make([]float64, p.ptr[n])
	err := parallel.For(ctx, n, rowBlock, 0, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			idx, val := rows.row(int(order[k]))
			copy(p.idx[p.ptr[k]:], idx)
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
	return finish(o, r, track.separated, r.X[:d:d], intercept)
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
				mean[p.idx[e]] += w * p.val[e]
				seen[p.idx[e]] += w
			}
		}
		if !p.intercept {
			clear(mean)
		}
		for k := range p.n {
			w := p.w[k] / p.total
			for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
				v := p.val[e] - mean[p.idx[e]]
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
	idx, val := p.idx[p.ptr[k]:p.ptr[k+1]], p.val[p.ptr[k]:p.ptr[k+1]]
	s := 0.0
	for i, j := range idx {
		s += val[i] * theta[j]
	}
	if p.intercept {
		s += theta[p.d]
	}
	if p.off != nil {
		s += p.off[k]
	}
	return s
}

func (p *sparseProblem) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.p + 1
	err := parallel.For(ctx, p.n, p.block, 0, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		var loss, icpt float64
		for k := lo; k < hi; k++ {
			l, r, _ := logLoss(p.eta(k, theta), p.z[k])
			r *= p.w[k]
			loss += p.w[k] * l
			icpt += r
			idx, val := p.idx[p.ptr[k]:p.ptr[k+1]], p.val[p.ptr[k]:p.ptr[k+1]]
			for i, j := range idx {
				part[j] += r * val[i]
			}
		}
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
	copy(grad, p.parts[:p.p])
	for b := size; b < len(p.parts); b += size {
		addTo(grad, p.parts[b:b+p.p])
	}
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
		grad[j] += l * theta[j]
	}
	return f, nil
}

func (p *sparseProblem) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	size := p.p + 1
	err := parallel.For(ctx, p.n, p.block, 0, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		for k := lo; k < hi; k++ {
			_, _, q := logLoss(p.eta(k, theta), p.z[k])
			q *= p.w[k]
			for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
				part[p.idx[e]] += q * p.val[e] * p.val[e]
			}
			if p.intercept {
				part[p.d] += q
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.p)
	for b := 0; b < len(p.parts); b += size {
		addTo(h, p.parts[b:b+p.p])
	}
	addTo(h, p.l2)
	return h, nil
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

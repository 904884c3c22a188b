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
	outcome
	rows, columns, params int     // params: columns, and the intercept
	place                 []int32 // of each column of the input; nil: its own
	ptr                   []int64
	idx                   []int32
	val                   []float64 // nil: all 1
	l1, l2                []float64
	intercept             bool
	block                 int       // rows of one unit of work
	parts                 []float64 // scratch: one gradient and one loss a block
	workers               int
}

// FitLogisticSparse is FitLogistic on sparse rows: the same objective, options
// and guarantees. Problems that are small once written out densely are solved
// so. Otherwise it is L-BFGS or, with L1, proximal Newton steps by coordinate
// descent, each on all processors. Memory is a copy of the rows (two with L1),
// 4 bytes an entry where all values are 1 and 12 otherwise, plus at most 40
// vectors of Cols.
//
// Model.Reasons of the result starts from the all-zero row.
func FitLogisticSparse(ctx context.Context, rows *SparseRows, y []bool, opt LogisticOptions) (*Logistic, error) {
	const where = "predict: FitLogisticSparse"
	if err := rows.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n, d := rows.Len(), rows.Cols
	s, opt, err := prepare(where, y, n, d, opt)
	if err != nil {
		return nil, err
	}
	if err := s.sortSparse(ctx, rows, opt.Workers); err != nil {
		return nil, err
	}
	var m *Logistic
	if opt.StdErrors || d <= 256 && int64(n)*int64(d) <= 1<<24 {
		m, err = fitExpanded(ctx, rows, s, opt)
	} else {
		m, err = fitSparse(ctx, rows, s, opt)
	}
	if err != nil {
		return nil, wrap(where, err)
	}
	return m, nil
}

// sortSparse puts the rows in an order that depends on their content only.
func (s *sample) sortSparse(ctx context.Context, rows *SparseRows, workers int) error {
	return s.sort(ctx, rows.Len(), workers, func(i int) uint64 {
		return rng.Mix(rows.hash(s.hash(i), i))
	}, func(i, j int) int {
		return cmp.Or(s.compare(i, j), rows.compare(i, j))
	})
}

// fitExpanded writes the rows out densely.
func fitExpanded(ctx context.Context, rows *SparseRows, s *sample, opt LogisticOptions) (*Logistic, error) {
	p, err := newDense(ctx, rows.Cols, s, opt, source{row: func(dst []float64, i int) []float64 {
		clear(dst)
		idx, val := rows.row(i)
		for k, j := range idx {
			dst[j] = 1
			if val != nil {
				dst[j] = val[k]
			}
		}
		return dst
	}})
	if err != nil {
		return nil, err
	}
	m, err := p.fit(ctx, opt)
	if err != nil {
		return nil, err
	}
	m.mean = nil
	return m, nil
}

// fitSparse keeps the rows as they are.
func fitSparse(ctx context.Context, rows *SparseRows, s *sample, opt LogisticOptions) (*Logistic, error) {
	p, err := newSparse(ctx, rows, s, opt)
	if err != nil {
		return nil, err
	}
	theta := make([]float64, p.params)
	if p.intercept {
		theta[p.columns] = p.start()
	}
	end := &convergence{tol: opt.Tol}
	var r solve.LBFGSResult
	if p.l1 != nil {
		var d *sparseDescent
		if d, err = newSparseDescent(ctx, p, theta); err == nil {
			r, err = proximal(ctx, d, opt, end)
		}
	} else {
		r, err = minimise(ctx, p, theta, nil, opt, end)
	}
	if err != nil {
		return nil, err
	}
	if opt.L2 == 0 && opt.L1 == 0 {
		end.separated = end.separated || p.splits(func(dst []float64, lo, hi int) {
			for k := range dst[:hi-lo] {
				dst[k] = p.eta(lo+k, r.X)
			}
		})
	}
	r.F *= p.unit
	intercept := 0.0
	if p.intercept {
		intercept = r.X[p.columns]
	}
	coef := r.X[:p.columns:p.columns]
	if p.place != nil {
		coef = make([]float64, p.columns)
		for j, at := range p.place {
			coef[j] = r.X[at]
		}
	}
	return finish(opt, r, end.separated, coef, intercept)
}

// newSparse copies the rows in the order of s.
func newSparse(ctx context.Context, rows *SparseRows, s *sample, opt LogisticOptions) (*sparseProblem, error) {
	n := len(s.order)
	p := &sparseProblem{
		outcome: s.outcome(), rows: n, columns: rows.Cols, params: rows.Cols, workers: opt.Workers,
		intercept: !opt.NoIntercept, ptr: make([]int64, n+1),
	}
	if p.intercept {
		p.params++
	}
	for k, i := range s.order {
		idx, _ := rows.row(int(i))
		p.ptr[k+1] = p.ptr[k] + int64(len(idx))
	}
	if opt.L1 == 0 {
		p.place = byEntries(s.order, rows)
	}
	p.idx = make([]int32, p.ptr[n])
	if opt.L1 > 0 || !rows.ones() {
		p.val = make([]float64, p.ptr[n])
	}
	err := parallel.For(ctx, n, rowBlock, p.workers, func(_, lo, hi int) error {
		for k := lo; k < hi; k++ {
			p.copyRow(k, rows, int(s.order[k]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Blocks of rows are summed in private gradients: as many as the entries
	// pay for, at most 16.
	blocks := int64(max(1, min(16, p.ptr[n]/int64(2*p.params))))
	p.block = max(rowBlock, int((int64(n)+blocks-1)/blocks))
	p.parts = make([]float64, parallel.Blocks(n, p.block)*(p.params+1))
	p.penalties(opt)
	return p, nil
}

// copyRow writes row i of the input to row k, columns in their places.
func (p *sparseProblem) copyRow(k int, rows *SparseRows, i int) {
	idx, val := rows.row(i)
	to := p.idx[p.ptr[k]:p.ptr[k+1]]
	copy(to, idx)
	if p.place != nil {
		for e, j := range idx {
			to[e] = p.place[j]
		}
	}
	if p.val == nil {
		return
	}
	dst := p.val[p.ptr[k]:p.ptr[k+1]]
	for e := range dst {
		dst[e] = 1
		if val != nil {
			dst[e] = val[e] + 0
		}
	}
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

// penalties sets the penalty of each parameter: that of the coefficients as given,
// or, with Standardize, of columns of standard deviation 1. The intercept has none.
func (p *sparseProblem) penalties(opt LogisticOptions) {
	p.l2 = make([]float64, p.params)
	if opt.L1 > 0 {
		p.l1 = make([]float64, p.params)
	}
	var variance []float64
	if opt.Standardize {
		variance = p.variances()
	}
	for j := range p.columns {
		v := 1.0
		if variance != nil {
			v = variance[j]
		}
		p.l2[j] = opt.L2 * v
		if p.l1 != nil {
			p.l1[j] = opt.L1 * math.Sqrt(v)
		}
	}
}

// variances returns the weighted variance of each column, around 0 without
// intercept; entries that are not stored are 0.
func (p *sparseProblem) variances() []float64 {
	mean, seen, variance := make([]float64, p.columns), make([]float64, p.columns), make([]float64, p.columns)
	for k := range p.rows {
		w := p.weight[k] / p.total
		for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
			mean[p.idx[e]] += w * p.value(e)
			seen[p.idx[e]] += w
		}
	}
	if !p.intercept {
		clear(mean)
	}
	for k := range p.rows {
		w := p.weight[k] / p.total
		for e := p.ptr[k]; e < p.ptr[k+1]; e++ {
			v := p.value(e) - mean[p.idx[e]]
			variance[p.idx[e]] += w * v * v
		}
	}
	for j := range variance {
		variance[j] += math.Max(0, 1-seen[j]) * mean[j] * mean[j]
	}
	return variance
}

// eta returns the linear predictor of row k. Sums run in two chains, since each
// addition waits for the one before.
func (p *sparseProblem) eta(k int, theta []float64) float64 {
	idx := p.idx[p.ptr[k]:p.ptr[k+1]]
	s, t := 0.0, 0.0
	if p.intercept {
		t = theta[p.columns]
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
	if p.offset != nil {
		t += p.offset[k]
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
		l.derive(p.sign[k:k+n], p.weight[k:k+n])
		do(&l, k, n)
	}
}

// eval is the smooth part of F and its gradient: each block of rows adds up its own,
// then they are gathered.
func (p *sparseProblem) eval(ctx context.Context, grad, theta []float64) (float64, error) {
	size := p.params + 1
	err := parallel.For(ctx, p.rows, p.block, p.workers, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		var loss, constant float64
		p.pass(theta, lo, hi, func(l *losses, k, n int) {
			for i, r := range l.grad[:n] {
				loss += l.loss[i]
				constant += r
			}
			p.addRows(part, k, l.grad[:n])
		})
		if p.intercept {
			part[p.columns] = constant
		}
		part[p.params] = loss
		return nil
	})
	if err != nil {
		return 0, err
	}
	f := 0.0
	for b := p.params; b < len(p.parts); b += size {
		f += p.parts[b]
	}
	for j, l := range p.l2 {
		f += l / 2 * theta[j] * theta[j]
	}
	return f, p.gather(ctx, grad, theta)
}

// addRows adds the rows from k on to sum, each times its coefficient.
func (p *sparseProblem) addRows(sum []float64, k int, coef []float64) {
	for i, r := range coef {
		idx := p.idx[p.ptr[k+i]:p.ptr[k+i+1]]
		if p.val == nil {
			for _, j := range idx {
				sum[j] += r
			}
			continue
		}
		val := p.val[p.ptr[k+i]:p.ptr[k+i+1]]
		val = val[:len(idx)]
		for e, j := range idx {
			sum[j] += r * val[e]
		}
	}
}

// gather adds the parts of all blocks and the gradient of the penalty at theta,
// or the constants l2 where theta is nil.
func (p *sparseProblem) gather(ctx context.Context, sum, theta []float64) error {
	size := p.params + 1
	return parallel.For(ctx, p.params, 4096, p.workers, func(_, lo, hi int) error {
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

// diagonal returns the diagonal of the Hessian at theta.
func (p *sparseProblem) diagonal(ctx context.Context, theta []float64) ([]float64, error) {
	size := p.params + 1
	err := parallel.For(ctx, p.rows, p.block, p.workers, func(_, lo, hi int) error {
		part := p.parts[lo/p.block*size : lo/p.block*size+size]
		clear(part)
		p.pass(theta, lo, hi, func(l *losses, k, n int) {
			for i, q := range l.curve[:n] {
				for e := p.ptr[k+i]; e < p.ptr[k+i+1]; e++ {
					v := p.value(e)
					part[p.idx[e]] += q * v * v
				}
				if p.intercept {
					part[p.columns] += q
				}
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	h := make([]float64, p.params)
	return h, p.gather(ctx, h, nil)
}

// ScoreSparse is Score on sparse rows.
func (m *Logistic) ScoreSparse(dst []float64, rows *SparseRows) ([]float64, error) {
	if m == nil {
		m = new(Logistic)
	}
	return m.predictSparse("predict: Logistic.ScoreSparse", dst, rows, same)
}

// ProbSparse is Prob on sparse rows.
func (m *Logistic) ProbSparse(dst []float64, rows *SparseRows) ([]float64, error) {
	if m == nil {
		m = new(Logistic)
	}
	return m.predictSparse("predict: Logistic.ProbSparse", dst, rows, Sigmoid)
}

// predictSparse appends f(b + w·x) of each row to dst, which it returns as given on an error.
func (t *terms) predictSparse(where string, dst []float64, rows *SparseRows, f func(float64) float64) ([]float64, error) {
	if len(t.coef) == 0 {
		return dst, notFitted(where)
	}
	if rows.Len() == 0 {
		return dst, nil
	}
	if err := rows.validate(); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	if rows.Cols != len(t.coef) {
		return dst, fmt.Errorf("%s: rows have %d columns, want %d: %w", where, rows.Cols, len(t.coef), ErrShape)
	}
	out := dst
	for i := range rows.Len() {
		s := t.intercept
		idx, val := rows.row(i)
		for k, j := range idx {
			v := 1.0
			if val != nil {
				v = val[k]
			}
			s += t.coef[j] * v
		}
		if !check.Finite(s) {
			return dst, fmt.Errorf("%s: row %d: score is %v: %w", where, i, s, ErrNotFinite)
		}
		out = append(out, f(s))
	}
	return out, nil
}

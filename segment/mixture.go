package segment

import (
	"context"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/solve"
)

var (
	_ encoding.BinaryAppender    = (*Mixture)(nil)
	_ encoding.BinaryMarshaler   = (*Mixture)(nil)
	_ encoding.BinaryUnmarshaler = (*Mixture)(nil)
)

// MixtureOptions configures FitMixture. K is required.
type MixtureOptions struct {
	K        int     // number of components, 1 … number of distinct rows
	Full     bool    // whole covariance matrices instead of a variance per column
	MaxIter  int     // bound on the iterations, > 0; default 100
	Tol      float64 // stop when the mean log likelihood of a row grows by less; default 1e-3; negative: 0
	Variance float64 // added to every variance, in units of the column squared, so that none vanishes; default 1e-6; negative: 0
	Restarts int     // of the k-means that gives the start, > 0; default 1
	Seed     uint64  // of that k-means, 0 included
	Workers  int     // goroutines; default (and below 1) GOMAXPROCS. The result does not depend on it.
}

func (o MixtureOptions) withDefaults() MixtureOptions {
	o.MaxIter = check.Default(o.MaxIter, 100)
	o.Tol = check.OrOff(o.Tol, 1e-3)
	o.Variance = check.OrOff(o.Variance, 1e-6)
	o.Restarts = check.Default(o.Restarts, 1)
	return o
}

func (o *MixtureOptions) validate() error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	check.Positive(&c, "MaxIter", o.MaxIter)
	check.NonNegative(&c, "Tol", o.Tol)
	check.NonNegative(&c, "Variance", o.Variance)
	check.Positive(&c, "Restarts", o.Restarts)
	return c.Err("segment: FitMixture")
}

// Mixture is a fitted mixture of normal laws: soft clusters, of any extent in each column.
// It is immutable and safe for concurrent use.
type Mixture struct {
	k, d       int
	full       bool
	weight     []float64 // k: shares, which add up to 1
	mean       []float64 // k×d
	covariance []float64 // k×d variances, or k×d×d
	likelihood float64   // Σ ln p(x) of the training rows
	rows       int
	iterations int
	converged  bool

	factor []float64 // of covariance: k×d deviations, or the Cholesky factors
	offset []float64 // k: ln weight − ½(d ln 2π + ln det)
}

// FitMixture fits K normal laws to rows (n×d) by expectation and maximisation (Dempster,
// Laird and Rubin 1977), from k-means. It is scikit-learn's GaussianMixture with
// covariance_type "diag" or, with Full, "full".
//
// The same seed gives the same model at any GOMAXPROCS and for permuted rows. Running out
// of iterations is no error: Converged is then false. Covariances that are not positive
// definite, as those of columns that depend on each other, are ErrUndefined: raise Variance.
// Other errors are those of FitKMeans. Cost n·K·d an iteration, n·K·d² with Full; memory about
// n·(8d+8K+64) bytes, with Full 8·K·d²·min(64, n/2048+1) more.
func FitMixture(ctx context.Context, rows [][]float64, opt MixtureOptions) (*Mixture, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newPoints(rows, nil)
	if err != nil {
		return nil, fmt.Errorf("segment: FitMixture: %w", err)
	}
	m, err := fitMixture(ctx, p, &opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("segment: FitMixture: %w", err)
	}
	return m, nil
}

// fitMixture iterates from the hard labels of k-means; opt has its defaults.
func fitMixture(ctx context.Context, p *points, opt *MixtureOptions) (*Mixture, error) {
	ko := KMeansOptions{K: opt.K, Restarts: opt.Restarts, Seed: opt.Seed, Workers: opt.Workers}.withDefaults()
	start, err := fitPoints(ctx, p, &ko)
	if err != nil {
		return nil, err
	}
	m := &Mixture{k: opt.K, d: p.d, full: opt.Full, rows: p.n, weight: make([]float64, opt.K), mean: make([]float64, opt.K*p.d)}
	m.covariance = make([]float64, opt.K*m.width())
	share := make([]float64, p.n*opt.K)
	for i := range p.n {
		j, _, _ := start.tiles.nearest2(p.row(i))
		share[i*opt.K+j] = 1
	}
	copy(m.mean, start.centers)
	before := math.Inf(-1)
	for m.iterations < opt.MaxIter && !m.converged {
		m.iterations++
		if err := m.maximise(ctx, p, share, opt); err != nil {
			return nil, err
		}
		if m.likelihood, err = m.expect(ctx, p, share, opt.Workers); err != nil {
			return nil, err
		}
		now := m.likelihood / float64(p.n)
		m.converged = math.Abs(now-before) < opt.Tol || now == before
		before = now
	}
	return m, nil
}

// width is how many numbers a covariance has.
func (m *Mixture) width() int {
	if m.full {
		return m.d * m.d
	}
	return m.d
}

// maximise sets shares, means and covariances by the rows' shares in each component.
func (m *Mixture) maximise(ctx context.Context, p *points, share []float64, opt *MixtureOptions) error {
	k, d, width, size := m.k, m.d, m.width(), blockSize(p.n)
	type sums struct{ weight, x []float64 }
	add := func(a, b sums) sums {
		for i, v := range b.weight {
			a.weight[i] += v
		}
		for i, v := range b.x {
			a.x[i] += v
		}
		return a
	}
	first, err := parallel.Reduce(ctx, p.n, size, opt.Workers, func(lo, hi int) (sums, error) {
		s := sums{make([]float64, k), make([]float64, k*d)}
		for i := lo; i < hi; i++ {
			for j, r := range share[i*k : (i+1)*k] {
				s.weight[j] += r
				to, mean := s.x[j*d:(j+1)*d], m.mean[j*d:]
				for q, v := range p.row(i) {
					to[q] += float64(r * (v - mean[q]))
				}
			}
		}
		return s, nil
	}, add)
	if err != nil {
		return err
	}
	for j, w := range first.weight {
		w += 10 * 0x1p-52
		m.weight[j] = w / float64(p.n)
		for q := range d {
			m.mean[j*d+q] += first.x[j*d+q] / w
		}
	}
	second, err := parallel.Reduce(ctx, p.n, size, opt.Workers, func(lo, hi int) (sums, error) {
		s, apart := sums{x: make([]float64, k*width)}, make([]float64, d)
		for i := lo; i < hi; i++ {
			for j, r := range share[i*k : (i+1)*k] {
				to, mean := s.x[j*width:(j+1)*width], m.mean[j*d:]
				for q, v := range p.row(i) {
					apart[q] = v - mean[q]
				}
				if !m.full {
					for q, v := range apart {
						to[q] += float64(r * float64(v*v))
					}
					continue
				}
				for q, v := range apart {
					f := float64(r * v)
					for s, u := range apart[q:] {
						to[q*d+q+s] += float64(f * u)
					}
				}
			}
		}
		return s, nil
	}, add)
	if err != nil {
		return err
	}
	for j := range k {
		c, w := m.covariance[j*width:(j+1)*width], first.weight[j]+10*0x1p-52
		for q, v := range second.x[j*width : (j+1)*width] {
			c[q] = v / w
		}
		for q := range d {
			if !m.full {
				c[q] += opt.Variance
				continue
			}
			c[q*d+q] += opt.Variance
			for s := range q {
				c[q*d+s] = c[s*d+q]
			}
		}
	}
	return m.prepare()
}

// prepare computes from weights and covariances what a density needs.
func (m *Mixture) prepare() error {
	m.factor, m.offset = slices.Clone(m.covariance), make([]float64, m.k)
	for j := range m.k {
		f, log := m.factor[j*m.width():(j+1)*m.width()], 0.0
		if m.full {
			if !solve.Cholesky64(f, m.d) {
				return fmt.Errorf("component %d: its covariance is not positive definite: %w", j, ErrUndefined)
			}
			for q := range m.d {
				log += math.Log(f[q*m.d+q])
			}
		} else {
			for q, v := range f {
				if !(v > 0) || !check.Finite(v) {
					return fmt.Errorf("component %d column %d: its variance is %v: %w", j, q, v, ErrUndefined)
				}
				f[q] = math.Sqrt(v)
				log += math.Log(f[q])
			}
		}
		m.offset[j] = math.Log(m.weight[j]) - .5*float64(m.d)*math.Log(2*math.Pi) - log
		if !(m.offset[j] < math.Inf(1)) {
			return fmt.Errorf("component %d has no density: %w", j, ErrUndefined)
		}
	}
	return nil
}

// densities writes ln(weight·density) of x for each component into out, then the share of
// each, and returns ln of the sum. work is d long.
func (m *Mixture) densities(out, work, x []float64) float64 {
	high := math.Inf(-1)
	for j := range m.k {
		mean, f, q := m.mean[j*m.d:(j+1)*m.d], m.factor[j*m.width():(j+1)*m.width()], 0.0
		for i, v := range x {
			work[i] = v - mean[i]
			if !m.full {
				z := work[i] / f[i]
				q += float64(z * z)
			}
		}
		if m.full { // Uᵀz = x − mean
			for i := range work {
				work[i] /= f[i*m.d+i]
				z := work[i]
				q += float64(z * z)
				rest := work[i+1:]
				for s, u := range f[i*m.d+i+1 : (i+1)*m.d] {
					rest[s] -= float64(z * u)
				}
			}
		}
		if !(q <= math.MaxFloat64) { // Inf − Inf and Inf·0 of the solve: as far as Inf
			q = math.Inf(1)
		}
		out[j] = m.offset[j] - q/2
		high = max(high, out[j])
	}
	if math.IsInf(high, -1) { // beyond float64 from all: no component is likelier
		for j := range out {
			out[j] = m.weight[j]
		}
		return high
	}
	sum := 0.0
	for j, v := range out {
		out[j] = math.Exp(v - high)
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
	return high + math.Log(sum)
}

// expect fills the rows' shares and returns the log likelihood.
func (m *Mixture) expect(ctx context.Context, p *points, share []float64, workers int) (float64, error) {
	total, err := parallel.Reduce(ctx, p.n, blockSize(p.n), workers, func(lo, hi int) (float64, error) {
		sum, work := 0.0, make([]float64, m.d)
		for i := lo; i < hi; i++ {
			sum += m.densities(share[i*m.k:(i+1)*m.k], work, p.row(i))
		}
		return sum, nil
	}, func(a, b float64) float64 { return a + b })
	if err == nil && !check.Finite(total) {
		err = fmt.Errorf("log likelihood is %v: scale the columns: %w", total, ErrOverflow)
	}
	return total, err
}

// K returns the number of components.
func (m *Mixture) K() int {
	if m == nil {
		return 0
	}
	return m.k
}

// Dim returns the number of columns.
func (m *Mixture) Dim() int {
	if m == nil {
		return 0
	}
	return m.d
}

// Weights returns the share of each component; they add up to 1.
func (m *Mixture) Weights() []float64 {
	if m == nil {
		return nil
	}
	return slices.Clone(m.weight)
}

// Means returns a copy of the means, K rows.
func (m *Mixture) Means() [][]float64 {
	if m == nil {
		return nil
	}
	return unflatten(m.mean, m.k, m.d)
}

// Covariances returns a copy of the covariances, K rows: d variances each, or d×d numbers,
// row by row, of a mixture fitted with Full.
func (m *Mixture) Covariances() [][]float64 {
	if m == nil {
		return nil
	}
	return unflatten(m.covariance, m.k, m.width())
}

// LogLikelihood returns Σ ln p(x) over the training rows.
func (m *Mixture) LogLikelihood() float64 {
	if m == nil {
		return 0
	}
	return m.likelihood
}

// BIC returns −2·LogLikelihood + parameters·ln n: less is better (Schwarz 1978). It
// compares mixtures of the same rows, of any K and covariance.
func (m *Mixture) BIC() float64 {
	if m == nil || m.k == 0 {
		return 0
	}
	free := m.d
	if m.full {
		free = m.d * (m.d + 1) / 2
	}
	return float64(-2*m.likelihood) + float64(float64(m.k*(m.d+free)+m.k-1)*math.Log(float64(m.rows)))
}

// Iterations returns the number of iterations.
func (m *Mixture) Iterations() int {
	if m == nil {
		return 0
	}
	return m.iterations
}

// Converged reports whether Tol rather than MaxIter ended the fit.
func (m *Mixture) Converged() bool { return m != nil && m.converged }

// AppendShares appends the probability of each component for a row to dst; they add up to
// 1. A row farther from all components than float64 can tell has their Weights.
func (m *Mixture) AppendShares(dst, row []float64) ([]float64, error) {
	const where = "segment: Mixture.AppendShares"
	if err := made(where, m != nil && m.k > 0); err != nil {
		return dst, err
	}
	if err := checkRow(row, m.d); err != nil {
		return dst, fmt.Errorf("%s: %w", where, err)
	}
	var room [64]float64
	work := room[:min(m.d, len(room))]
	if m.d > len(room) {
		work = make([]float64, m.d)
	}
	from := len(dst)
	out := slices.Grow(dst, m.k)[:from+m.k]
	m.densities(out[from:], work, row)
	return out, nil
}

// Assign appends the likeliest component of every row to dst, the lowest among equals. On
// an error, which names the row, dst is returned as it was.
func (m *Mixture) Assign(dst []int32, rows [][]float64) ([]int32, error) {
	const where = "segment: Mixture.Assign"
	if err := made(where, m != nil && m.k > 0); err != nil {
		return dst, err
	}
	for i, r := range rows {
		if err := checkRow(r, m.d); err != nil {
			return dst, fmt.Errorf("%s: row %d: %w", where, i, err)
		}
	}
	share, work := make([]float64, m.k), make([]float64, m.d)
	for _, r := range rows {
		m.densities(share, work, r)
		best := 0
		for j, v := range share {
			if v > share[best] {
				best = j
			}
		}
		dst = append(dst, int32(best))
	}
	return dst, nil
}

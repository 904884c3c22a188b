package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// lloyd holds the working memory of one fit.
//
// Each row keeps an upper bound of the distance to its own centre and a lower
// bound of the distance to every other one (Hamerly, Making k-means even faster,
// 2010). Bounds are widened by a few ulps at every step, so that a row is
// skipped only when the rounded distances, too, would leave its label alone.
type lloyd struct {
	p      *points
	opt    *KMeansOptions
	k, d   int
	size   int // rows per block
	blocks int
	ulps   float64

	centre []float64 // k×d
	tiles  tiles
	label  []int32
	upper  []float64
	lower  []float64
	half   []float64 // half the distance from each centre to the next one
	shift  []float64 // how far each centre moved last
	moved1 float64   // largest shift, of centre movedBy
	moved2 float64   // largest shift of the others
	by     int32

	sum     []float64 // block × k×d: Σ w(x − centre)
	count   []float64 // block × k: Σ w
	changed []int     // per block
}

func newLloyd(p *points, opt *KMeansOptions) *lloyd {
	size := blockSize(p.n)
	blocks := parallel.Blocks(p.n, size)
	k, d := opt.K, p.d
	return &lloyd{
		p: p, opt: opt, k: k, d: d, size: size, blocks: blocks,
		ulps:   4 * float64(d+8) * 0x1p-52,
		centre: make([]float64, k*d), label: make([]int32, p.n), upper: make([]float64, p.n), lower: make([]float64, p.n),
		half: make([]float64, k), shift: make([]float64, k),
		sum: make([]float64, blocks*k*d), count: make([]float64, blocks*k), changed: make([]int, blocks),
	}
}

// run iterates from l.centre to the end.
func (l *lloyd) run(ctx context.Context, restart int) (*KMeans, error) {
	for i := range l.label {
		l.label[i], l.upper[i], l.lower[i] = -1, 0, 0
	}
	clear(l.shift)
	l.moved1, l.moved2, l.by = 0, 0, -1
	tol := l.opt.Tol * l.p.meanVariance()
	converged, iter := false, 0
	for iter < l.opt.MaxIter && !converged {
		iter++
		l.prepare()
		err := parallel.For(ctx, l.p.n, l.size, l.opt.Workers, func(_, lo, hi int) error {
			l.assign(lo, hi)
			l.accumulate(lo, hi)
			return nil
		})
		if err != nil {
			return nil, err
		}
		moved, relocated, shift, err := l.update()
		if err != nil {
			return nil, err
		}
		converged = !relocated && (moved == 0 || shift <= tol)
		if l.opt.Progress != nil {
			l.opt.Progress(Progress{Restart: restart, Iteration: iter, Moved: moved, Shift: shift})
		}
	}
	return l.finish(ctx, iter, converged)
}

// prepare computes, for the current centres, the tiles and half distances.
func (l *lloyd) prepare() {
	l.tiles.set(l.centre, l.k, l.d)
	for j := range l.k {
		low := math.Inf(1)
		for q := range l.k {
			if q != j {
				low = min(low, squared(l.centre[j*l.d:(j+1)*l.d], l.centre[q*l.d:(q+1)*l.d]))
			}
		}
		l.half[j] = 0.5 * math.Sqrt(low) * (1 - l.ulps)
	}
}

// assignRows is the number of rows measured at a time.
const assignRows = 256

// assign labels the rows of one block.
func (l *lloyd) assign(lo, hi int) {
	d, changed := l.d, 0
	grow, shrink := 1+l.ulps, 1-l.ulps
	var list [assignRows]int32
	var out [3 * assignRows]float64
	n := 0
	measure := func() {
		vec.Nearest64(out[:3*n], l.p.x, d, list[:n], l.tiles.c)
		for q, i := range list[:n] {
			best := int32(out[3*q])
			l.upper[i], l.lower[i] = math.Sqrt(out[3*q+1])*grow, math.Sqrt(out[3*q+2])*shrink
			if best != l.label[i] {
				l.label[i] = best
				changed++
			}
		}
		n = 0
	}
	for i := lo; i < hi; i++ {
		if a := l.label[i]; a >= 0 {
			other := l.moved1
			if a == l.by {
				other = l.moved2
			}
			u := (l.upper[i] + l.shift[a]) * grow
			w := l.lower[i]
			w = w - other - l.ulps*(math.Abs(w)+other)
			if u < max(w, l.half[a]) {
				l.upper[i], l.lower[i] = u, w
				continue
			}
		}
		list[n] = int32(i)
		if n++; n == assignRows {
			measure()
		}
	}
	measure()
	l.changed[lo/l.size] = changed
}

// accumulate sums the rows of one block by label, relative to their centres.
func (l *lloyd) accumulate(lo, hi int) {
	d, b := l.d, lo/l.size
	sum, count := l.sum[b*l.k*d:][:l.k*d], l.count[b*l.k:][:l.k]
	clear(sum)
	clear(count)
	if l.p.w == nil {
		vec.Scatter64(sum, l.centre, l.p.x[lo*d:hi*d], d, l.label[lo:hi])
		for _, a := range l.label[lo:hi] {
			count[a]++
		}
		return
	}
	for i := lo; i < hi; i++ {
		a := int(l.label[i])
		x, c, s := l.p.x[i*d:(i+1)*d], l.centre[a*d:(a+1)*d], sum[a*d:(a+1)*d]
		c, s = c[:len(x)], s[:len(x)]
		w := l.p.w[i]
		count[a] += w
		for q, v := range x {
			s[q] += float64(w * (v - c[q]))
		}
	}
}

// update reduces the blocks in order and moves the centres.
func (l *lloyd) update() (moved int, relocated bool, shift float64, err error) {
	d := l.d
	sum, count := l.sum[:l.k*d], l.count[:l.k]
	for b := range l.blocks {
		moved += l.changed[b]
		if b > 0 {
			for q, v := range l.sum[b*l.k*d : (b+1)*l.k*d] {
				sum[q] += v
			}
			for j, v := range l.count[b*l.k : (b+1)*l.k] {
				count[j] += v
			}
		}
	}
	empty := make(map[int]int) // cluster → row that becomes its centre
	for j := range l.k {
		if count[j] == 0 {
			if i := l.farthest(count); i >= 0 {
				empty[j] = i
				a, w := int(l.label[i]), l.p.weight(i)
				count[a] -= w
				for q, v := range l.p.row(i) {
					sum[a*d+q] -= float64(w * (v - l.centre[a*d+q]))
				}
				l.label[i], l.upper[i], l.lower[i] = int32(j), 0, 0
				count[j] = w
				relocated = true
			}
		}
	}
	l.moved1, l.moved2, l.by = 0, 0, -1
	for j := range l.k {
		c, step := l.centre[j*d:(j+1)*d], 0.0
		row, isNew := empty[j]
		for q := range c {
			to := c[q]
			if isNew {
				to = l.p.row(row)[q]
			} else if count[j] > 0 {
				to += sum[j*d+q] / count[j]
			}
			t := to - c[q]
			step += float64(t * t)
			c[q] = to
		}
		if !check.Finite(step) {
			return 0, false, 0, fmt.Errorf("centre %d moves to a place that is not finite: %w", j, ErrOverflow)
		}
		shift += step
		s := math.Sqrt(step) * (1 + l.ulps)
		l.shift[j] = s
		if s > l.moved1 {
			l.moved1, l.moved2, l.by = s, l.moved1, int32(j)
		} else if s > l.moved2 {
			l.moved2 = s
		}
	}
	return moved, relocated, shift, nil
}

// farthest returns the row with the largest squared distance to its centre,
// lowest canonical index first among equals, passing over rows that are alone in
// their cluster; -1 if there is none.
func (l *lloyd) farthest(count []float64) int {
	far, at := 0.0, -1
	for i := range l.p.n {
		a := int(l.label[i])
		if q := squared(l.p.row(i), l.centre[a*l.d:(a+1)*l.d]); q > far && count[a] > l.p.weight(i) {
			far, at = q, i
		}
	}
	return at
}

// finish labels all rows by the final centres and measures them.
func (l *lloyd) finish(ctx context.Context, iter int, converged bool) (*KMeans, error) {
	l.prepare()
	err := parallel.For(ctx, l.p.n, l.size, l.opt.Workers, func(_, lo, hi int) error {
		l.assign(lo, hi)
		b := lo / l.size
		spread, count := l.sum[b*l.k*l.d:][:l.k], l.count[b*l.k:][:l.k]
		clear(spread)
		clear(count)
		for i := lo; i < hi; i++ {
			a := int(l.label[i])
			w := l.p.weight(i)
			count[a] += w
			spread[a] += float64(w * squared(l.p.row(i), l.centre[a*l.d:(a+1)*l.d]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m := &KMeans{
		k: l.k, d: l.d, centers: append([]float64(nil), l.centre...),
		weights: make([]float64, l.k), spread: make([]float64, l.k), iterations: iter, converged: converged,
	}
	for b := range l.blocks {
		for j := range l.k {
			m.weights[j] += l.count[b*l.k+j]
			m.spread[j] += l.sum[b*l.k*l.d+j]
		}
	}
	for q := range m.centers {
		m.centers[q] += 0 // no negative zeros in the binary form
	}
	for _, s := range m.spread {
		m.inertia += s
	}
	if !check.Finite(m.inertia) {
		return nil, fmt.Errorf("inertia is %v: %w", m.inertia, ErrOverflow)
	}
	m.tiles.set(m.centers, m.k, m.d)
	return m, nil
}

// meanVariance is the mean over columns of the population variance, rows
// counted once each: the yardstick of Tol, as in scikit-learn.
func (p *points) meanVariance() float64 {
	mean := make([]float64, p.d)
	origin := p.row(0)
	for i := range p.n {
		for j, v := range p.row(i) {
			mean[j] += v - origin[j]
		}
	}
	for j := range mean {
		mean[j] = origin[j] + mean[j]/float64(p.n)
	}
	total := 0.0
	for i := range p.n {
		total += squared(p.row(i), mean)
	}
	return total / float64(p.n) / float64(p.d)
}

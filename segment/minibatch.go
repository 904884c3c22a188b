package segment

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// MiniBatchOptions configures FitMiniBatch. K is required.
type MiniBatchOptions struct {
	K       int       // number of clusters, 1 … number of distinct rows
	Batch   int       // rows drawn at a time, > 0; default 1024
	Epochs  int       // bound on the number of rows drawn, in multiples of all, > 0; default 10
	Tol     float64   // stop when Σ‖centre shift‖² of an epoch <= Tol · mean column variance; default 1e-3; negative: never
	Seed    uint64    // of the k-means++ start and of the batches, 0 included
	Weights []float64 // one per row, finite and >= 0; nil means 1 each; rows of weight 0 count as absent
	Workers int       // goroutines; default (and below 1) GOMAXPROCS. The result does not depend on it.
}

func (o MiniBatchOptions) withDefaults() MiniBatchOptions {
	o.Batch = check.Default(o.Batch, 1024)
	o.Epochs = check.Default(o.Epochs, 10)
	o.Tol = check.OrOff(o.Tol, 1e-3)
	return o
}

func (o *MiniBatchOptions) validate() error {
	var c check.Options
	check.Positive(&c, "K", o.K)
	check.Positive(&c, "Batch", o.Batch)
	check.Positive(&c, "Epochs", o.Epochs)
	check.NonNegative(&c, "Tol", o.Tol)
	return c.Err("segment: FitMiniBatch")
}

// FitMiniBatch is k-means by batches of rows drawn at random (Sculley, Web-scale k-means
// clustering, 2010): each row of a batch pulls its nearest centre by its weight over the
// weight that centre has had so far. The start is greedy k-means++ on a sample, the end one round
// of Lloyd's over all rows, which leaves no cluster empty. For many rows and clusters
// it costs a part of FitKMeans, at an inertia that is some percent higher.
//
// Iterations of the result counts the batches, and Converged says that Tol ended them.
// The same seed gives the same model at any GOMAXPROCS and for permuted rows. Errors and
// memory are those of FitKMeans.
func FitMiniBatch(ctx context.Context, rows [][]float64, opt MiniBatchOptions) (*KMeans, error) {
	opt = opt.withDefaults()
	if err := opt.validate(); err != nil {
		return nil, err
	}
	p, err := newPoints(rows, opt.Weights)
	if err != nil {
		return nil, fmt.Errorf("segment: FitMiniBatch: %w", err)
	}
	if got := p.distinct(opt.K); got < opt.K {
		return nil, fmt.Errorf("segment: FitMiniBatch: K is %d, but the rows hold only %d distinct points: %w", opt.K, got, ErrRange)
	}
	m, err := fitBatches(ctx, p, &opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("segment: FitMiniBatch: %w", err)
	}
	return m, nil
}

const stageBatch = 0x62617463

// fitBatches draws the start and the batches, and ends with a round over all points.
func fitBatches(ctx context.Context, p *points, opt *MiniBatchOptions) (*KMeans, error) {
	random := rng.New(opt.Seed, stageBatch, 0)
	ko := KMeansOptions{K: opt.K, MaxIter: 1, Tol: 0, Seed: opt.Seed, Workers: opt.Workers}
	l := newLloyd(p, &ko)
	sample := p.sample(random, max(3*opt.Batch, 20*opt.K))
	if sample.distinct(opt.K) < opt.K {
		sample = p
	}
	if err := seedPlusPlus(ctx, sample, l.centre, &ko, 0); err != nil {
		return nil, err
	}
	batch := min(opt.Batch, p.n)
	perEpoch := (p.n + batch - 1) / batch
	list, out := make([]int32, batch), make([]float64, 3*batch)
	weight, before := make([]float64, opt.K), slices.Clone(l.centre)
	meter, limit := parallel.NewMeter(ctx), opt.Tol*p.meanVariance()
	done, converged := 0, false
	for epoch := 0; epoch < opt.Epochs && !converged; epoch++ {
		for range perEpoch {
			for i := range list {
				list[i] = int32(random.Intn(p.n))
			}
			l.tiles.set(l.centre, l.k, l.d)
			vec.Nearest64(out, p.x, p.d, list, l.tiles.c)
			for q, i := range list {
				j, w := int(out[3*q]), p.weight(int(i))
				weight[j] += w
				rate, c := w/weight[j], l.centre[j*l.d:(j+1)*l.d]
				for at, v := range p.row(int(i)) {
					c[at] += float64(rate * (v - c[at]))
				}
			}
			done++
			if err := meter.Did(batch * (1 + opt.K*p.d/4)); err != nil {
				return nil, err
			}
		}
		converged = opt.Tol > 0 && squared(before, l.centre) <= limit
		copy(before, l.centre)
	}
	m, err := l.run(ctx, 0)
	if err != nil {
		return nil, err
	}
	m.iterations, m.converged = done, converged
	return m, nil
}

// sample draws n of the points, all if there are no more, in canonical order.
func (p *points) sample(random *rng.Stream, n int) *points {
	if n >= p.n {
		return p
	}
	pick := slices.Sorted(slices.Values(random.Perm(p.n)[:n]))
	s := &points{n: n, d: p.d}
	for _, i := range pick {
		s.x = append(s.x, p.row(int(i))...)
		if p.w != nil {
			s.w = append(s.w, p.w[i])
		}
	}
	return s
}

package segment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/vec"
)

// stageSeed names the random streams of k-means++; the block is the restart.
const stageSeed = 0x6b2b2b

// seedPlusPlus draws the K starting centres of one restart into centre (K×d) by greedy k-means++ (Arthur and
// Vassilvitskii 2007; the greedy form, 2+⌊ln k⌋ candidates per centre of which
// the one that lowers the potential most is taken, is that of scikit-learn).
// It needs at least k distinct points.
func seedPlusPlus(ctx context.Context, p *points, centre []float64, opt *KMeansOptions, restart uint64) error {
	k := opt.K
	s := newSeeding(p, k, rng.New(opt.Seed, stageSeed, restart), opt.Workers)
	if err := s.first(ctx, centre); err != nil {
		return err
	}
	for c := 1; c < k; c++ {
		total := 0.0
		for _, m := range s.mass {
			total += m
		}
		if !check.Finite(total) {
			return fmt.Errorf("the weighted squared distances add up to %v: %w", total, ErrOverflow)
		}
		if total == 0 { // distances underflow: any new point will do
			copy(centre[c*p.d:], p.row(p.unlike(centre[:c*p.d])))
			continue
		}
		s.draw(centre[:c*p.d])
		if err := s.measure(ctx, c); err != nil {
			return err
		}
		best := s.best()
		copy(centre[c*p.d:(c+1)*p.d], p.row(s.cand[best]))
		if err := s.settle(ctx, c, best); err != nil {
			return err
		}
	}
	return nil
}

// seeding is the working memory of greedy k-means++: n rows of d columns in
// blocks, trials candidates for each of k centres.
type seeding struct {
	p            *points
	random       *rng.Stream
	size, blocks int // rows per block, number of blocks
	k, trials    int
	workers      int

	near []int32   // n: the nearest centre so far
	dist []float64 // n: squared distance to it
	mass []float64 // block: Σ w·dist

	cand   []int       // the rows drawn as candidates
	apart  []float64   // trials×k: squared distance of each candidate to each centre
	chosen []float64   // trials×d: the candidates' coordinates
	tiles  []float64   // the same as the kernel wants them, lanes of them
	lanes  int         // trials, rounded up to whole tiles
	after  []float64   // n×trials: squared distance of each row once that candidate is a centre
	pots   []float64   // blocks×trials: Σ w·after
	buffer [][]float64 // per worker: assignRows×lanes distances
}

// newSeeding reserves memory for k centres of p: trials is 2+⌊ln k⌋, as scikit-learn
// has it, and every worker of parallel.For has a buffer of its own.
func newSeeding(p *points, k int, random *rng.Stream, workers int) *seeding {
	size := blockSize(p.n)
	blocks := parallel.Blocks(p.n, size)
	trials := 2 + int(math.Log(float64(k)))
	lanes := (trials + 3) &^ 3
	s := &seeding{
		p: p, random: random, size: size, blocks: blocks, k: k, trials: trials, workers: workers,
		near: make([]int32, p.n), dist: make([]float64, p.n), mass: make([]float64, blocks),
		cand: make([]int, trials), apart: make([]float64, trials*k), chosen: make([]float64, trials*p.d), lanes: lanes,
		after: make([]float64, p.n*trials), pots: make([]float64, blocks*trials), buffer: make([][]float64, max(1, parallel.Workers(workers))),
	}
	for w := range s.buffer {
		s.buffer[w] = make([]float64, assignRows*lanes)
	}
	return s
}

// first draws the first centre by weight alone and measures all rows from it.
func (s *seeding) first(ctx context.Context, centre []float64) error {
	p := s.p
	err := parallel.For(ctx, p.n, s.size, s.workers, func(_, lo, hi int) error {
		m := 0.0
		for i := lo; i < hi; i++ {
			m += p.weight(i)
		}
		s.mass[lo/s.size] = m
		return nil
	})
	if err != nil {
		return err
	}
	copy(centre, p.row(s.pick(false)))
	return parallel.For(ctx, p.n, s.size, s.workers, func(_, lo, hi int) error {
		m := 0.0
		for i := lo; i < hi; i++ {
			s.dist[i] = squared(p.row(i), centre[:p.d])
			m += float64(p.weight(i) * s.dist[i])
		}
		s.mass[lo/s.size] = m
		return nil
	})
}

// pick draws a row with probability proportional to w·dist, or to w alone. mass
// holds these sums by block, so that only one block is walked row by row.
func (s *seeding) pick(byDist bool) int {
	total := 0.0
	for _, m := range s.mass {
		total += m
	}
	r := s.random.Float64() * total
	last := -1
	for b, m := range s.mass {
		if r >= m && b < s.blocks-1 {
			r -= m
			continue
		}
		for i := b * s.size; i < min((b+1)*s.size, s.p.n); i++ {
			m := s.p.weight(i)
			if byDist {
				m *= s.dist[i]
			}
			if m > 0 {
				last = i
				if r < m {
					return i
				}
			}
			r -= m
		}
		if last >= 0 {
			return last // rounding ran past the end of the block
		}
	}
	return last
}

// draw picks the candidates for the next centre and measures them from the
// centres so far (c×d).
func (s *seeding) draw(centre []float64) {
	d := s.p.d
	for t := range s.cand {
		s.cand[t] = s.pick(true)
		row := s.p.row(s.cand[t])
		for j := range len(centre) / d {
			s.apart[t*s.k+j] = squared(row, centre[j*d:(j+1)*d])
		}
		copy(s.chosen[t*d:], row)
	}
	s.tiles = vec.SetTiles(s.tiles[:0], s.chosen, d)
}

// measure fills after and pots, given c centres so far.
//
// A candidate at least twice as far from a row's centre as the row itself cannot
// come nearer to the row (triangle inequality), so most rows are settled without
// measuring. The margin covers rounding.
func (s *seeding) measure(ctx context.Context, c int) error {
	const margin = 4 * (1 + 1e-9)
	reach := make([]float64, c) // of each centre: the nearest candidate
	for j := range reach {
		reach[j] = s.apart[j]
		for t := 1; t < s.trials; t++ {
			reach[j] = min(reach[j], s.apart[t*s.k+j])
		}
	}
	p, trials, lanes, near, dist := s.p, s.trials, s.lanes, s.near, s.dist
	return parallel.For(ctx, p.n, s.size, s.workers, func(w, lo, hi int) error {
		pot := s.pots[lo/s.size*trials:][:trials]
		clear(pot)
		var list [assignRows]int32
		for from := lo; from < hi; from += assignRows {
			to, m := min(from+assignRows, hi), 0
			for i := from; i < to; i++ {
				if reach[near[i]] < margin*dist[i] {
					list[m] = int32(i)
					m++
				}
			}
			out := s.buffer[w][:m*lanes]
			vec.Distances64(out, p.x, p.d, list[:m], s.tiles)
			m = 0
			for i := from; i < to; i++ {
				row := s.after[i*trials : i*trials+trials]
				weight := p.weight(i)
				if reach[near[i]] < margin*dist[i] {
					for t, v := range out[m : m+trials] {
						row[t] = min(dist[i], v)
						pot[t] += float64(weight * row[t])
					}
					m += lanes
					continue
				}
				for t := range row {
					row[t] = dist[i]
					pot[t] += float64(weight * dist[i])
				}
			}
		}
		return nil
	})
}

// best returns the candidate of lowest potential, the first of equals.
func (s *seeding) best() int {
	best, low := 0, math.Inf(1)
	for t := range s.cand {
		pot := 0.0
		for b := range s.blocks {
			pot += s.pots[b*s.trials+t]
		}
		if pot < low {
			best, low = t, pot
		}
	}
	return best
}

// settle makes candidate best the centre of index c.
func (s *seeding) settle(ctx context.Context, c, best int) error {
	p, trials, near, dist := s.p, s.trials, s.near, s.dist
	return parallel.For(ctx, p.n, s.size, s.workers, func(_, lo, hi int) error {
		m := 0.0
		for i := lo; i < hi; i++ {
			if q := s.after[i*trials+best]; q < dist[i] {
				dist[i], near[i] = q, int32(c)
			}
			m += float64(p.weight(i) * dist[i])
		}
		s.mass[lo/s.size] = m
		return nil
	})
}

// unlike returns the first point that equals none of the given centres.
func (p *points) unlike(centres []float64) int {
search:
	for i := range p.n {
		for j := 0; j < len(centres); j += p.d {
			if slices.Equal(p.row(i), centres[j:j+p.d]) {
				continue search
			}
		}
		return i
	}
	return 0
}

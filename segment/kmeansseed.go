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

// seedPlusPlus draws k starting centres by greedy k-means++ (Arthur and
// Vassilvitskii 2007; the greedy form, 2+⌊ln k⌋ candidates per centre of which
// the one that lowers the potential most is taken, is that of scikit-learn).
// It needs at least k distinct points.
func seedPlusPlus(ctx context.Context, p *points, centre []float64, k int, seed, restart uint64, workers int) error {
	var (
		s      = rng.New(seed, stageSeed, restart)
		n, d   = p.n, p.d
		size   = blockSize(n)
		blocks = parallel.Blocks(n, size)
		near   = make([]int32, n)   // nearest centre so far
		dist   = make([]float64, n) // squared distance to it
		trials = 2 + int(math.Log(float64(k)))
		mass   = make([]float64, blocks)
		cand   = make([]int, trials)
		apart  = make([]float64, trials*k) // trial × centre, squared distance
		pots   = make([]float64, blocks*trials)
		chosen = make([]float64, trials*d)
		cands  []float64                   // tiles of chosen
		lanes  = (trials + 3) &^ 3         // of cands
		after  = make([]float64, n*trials) // squared distance of each row after each candidate
		worker = make([][]float64, max(1, parallel.Workers(workers)))
	)
	for w := range worker {
		worker[w] = make([]float64, assignRows*lanes)
	}
	// pick draws a point with probability proportional to w·dist (or w alone).
	pick := func(byDist bool) int {
		total := 0.0
		for _, m := range mass {
			total += m
		}
		r := s.Float64() * total
		last := -1
		for b, m := range mass {
			if r >= m && b < blocks-1 {
				r -= m
				continue
			}
			for i := b * size; i < min((b+1)*size, n); i++ {
				m := p.weight(i)
				if byDist {
					m *= dist[i]
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
	if err := parallel.For(ctx, n, size, workers, func(_, lo, hi int) error {
		m := 0.0
		for i := lo; i < hi; i++ {
			m += p.weight(i)
		}
		mass[lo/size] = m
		return nil
	}); err != nil {
		return err
	}
	first := pick(false)
	copy(centre, p.row(first))
	err := parallel.For(ctx, n, size, workers, func(_, lo, hi int) error {
		m := 0.0
		for i := lo; i < hi; i++ {
			dist[i] = squared(p.row(i), centre[:d])
			m += float64(p.weight(i) * dist[i])
		}
		mass[lo/size] = m
		return nil
	})
	if err != nil {
		return err
	}
	for c := 1; c < k; c++ {
		total := 0.0
		for _, m := range mass {
			total += m
		}
		if !check.Finite(total) {
			return fmt.Errorf("the weighted squared distances add up to %v: %w", total, ErrOverflow)
		}
		if total == 0 { // distances underflow: any new point will do
			copy(centre[c*d:], p.row(p.unlike(centre[:c*d])))
			continue
		}
		for t := range cand {
			cand[t] = pick(true)
			for j := range c {
				apart[t*k+j] = squared(p.row(cand[t]), centre[j*d:(j+1)*d])
			}
		}
		for t, at := range cand {
			copy(chosen[t*d:], p.row(at))
		}
		cands = vec.SetTiles(cands[:0], chosen, d)
		// A candidate at least twice as far from a row's centre as the row itself
		// cannot come nearer to the row (triangle inequality), so most rows are
		// settled without measuring. The margin covers rounding.
		const margin = 4 * (1 + 1e-9)
		reach := make([]float64, c) // of each centre: the nearest candidate
		for j := range reach {
			reach[j] = apart[j]
			for t := 1; t < trials; t++ {
				reach[j] = min(reach[j], apart[t*k+j])
			}
		}
		err := parallel.For(ctx, n, size, workers, func(w, lo, hi int) error {
			pot := pots[lo/size*trials:][:trials]
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
				out := worker[w][:m*lanes]
				vec.Distances64(out, p.x, d, list[:m], cands)
				m = 0
				for i := from; i < to; i++ {
					row := after[i*trials : i*trials+trials]
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
		if err != nil {
			return err
		}
		best, low := 0, math.Inf(1)
		for t := range cand {
			pot := 0.0
			for b := range blocks {
				pot += pots[b*trials+t]
			}
			if pot < low {
				best, low = t, pot
			}
		}
		copy(centre[c*d:(c+1)*d], p.row(cand[best]))
		err = parallel.For(ctx, n, size, workers, func(_, lo, hi int) error {
			m := 0.0
			for i := lo; i < hi; i++ {
				if q := after[i*trials+best]; q < dist[i] {
					dist[i], near[i] = q, int32(c)
				}
				m += float64(p.weight(i) * dist[i])
			}
			mass[lo/size] = m
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
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

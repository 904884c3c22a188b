package explain

import (
	"context"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
)

// ALE2 returns the accumulated local effects of two columns together beyond those of each
// by itself: differences of differences over the cells of the bins, summed up, less what is
// additive, so that it is 0 everywhere for f₁(x₁) + f₂(x₂). A cell without rows takes the difference of the
// nearest cell that has some, by the places of their bins; of several at one distance their mean.
//
// Rows that miss one of the columns are left out. Cost: 4n predictions, and a search among
// cells for the empty ones. Errors: those of ALE, and ErrTooLarge for more than 2¹⁴ cells.
func ALE2(ctx context.Context, f Func, rows [][]float64, columns [2]int, opt ALEOptions) (*Effects, error) {
	const where = "explain: ALE2"
	d, err := table(where, f, rows)
	if err != nil {
		return nil, err
	}
	for k, j := range columns {
		if err := column(where, fmt.Sprintf("columns[%d]", k), j, d); err != nil {
			return nil, err
		}
	}
	if columns[0] == columns[1] {
		return nil, fmt.Errorf("%s: columns are %d twice: %w", where, columns[0], ErrRange)
	}
	opt.Bins = check.Default(opt.Bins, 10)
	if err := opt.validate(where, 2); err != nil {
		return nil, err
	}
	var b [2]binned
	for k, j := range columns {
		if b[k], err = cut(rows, j, k, opt); err != nil {
			return nil, fmt.Errorf("%s: column %d: %w", where, j, err)
		}
	}
	if cells := (len(b[0].edges) - 1) * (len(b[1].edges) - 1); cells > maxCells {
		return nil, fmt.Errorf("%s: %d cells, at most %d: %w", where, cells, maxCells, ErrTooLarge)
	}
	kept := within(b[:]...)
	if len(kept) == 0 {
		return nil, fmt.Errorf("%s: no row lies within both: %w", where, ErrUndefined)
	}
	p, err := newAsker(ctx, where, f, d).predict(nil, 4*len(kept), func(i int, row []float64) {
		r := kept[i/4]
		copy(row, rows[r])
		row[columns[0]], row[columns[1]] = b[0].edges[b[0].bin[r]+i%4/2], b[1].edges[b[1].bin[r]+i%2]
	})
	if err != nil {
		return nil, err
	}
	s := surface{nx: len(b[0].edges) - 1, ny: len(b[1].edges) - 1, n: len(kept)}
	s.count, s.step = make([]int, s.nx*s.ny), make([]float64, s.nx*s.ny)
	for i, r := range kept {
		c := b[0].bin[r]*s.ny + b[1].bin[r]
		s.count[c]++
		s.step[c] += p[4*i+3] - p[4*i+2] - p[4*i+1] + p[4*i]
	}
	if err := s.spread(ctx); err != nil {
		return nil, err
	}
	s.accumulate()
	if err := check.Slice("Values", s.value); err != nil {
		return nil, fmt.Errorf("%s: differences of predictions: %w", where, err)
	}
	return &Effects{Columns: columns[:], Edges: [][]float64{b[0].edges, b[1].edges}, Values: s.value, Counts: s.count}, nil
}

// maxCells bounds the cells of two columns, so that the search for neighbours ends.
const maxCells = 1 << 14

// surface is the effect of two columns over nx × ny cells.
type surface struct {
	nx, ny, n int
	count     []int
	step      []float64 // of the cells: the sum, then the mean of differences of differences
	value     []float64 // at the (nx+1) × (ny+1) corners
}

// spread makes means of the sums, and gives empty cells those of their nearest neighbours.
func (s *surface) spread(ctx context.Context) error {
	var full []int
	for c, n := range s.count {
		if n > 0 {
			s.step[c] /= float64(n)
			full = append(full, c)
		}
	}
	for c, n := range s.count {
		if n > 0 {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		best, sum, ties := math.Inf(1), 0.0, 0.0
		for _, o := range full {
			dx, dy := float64(o/s.ny-c/s.ny)/float64(s.nx), float64(o%s.ny-c%s.ny)/float64(s.ny)
			switch d := dx*dx + dy*dy; {
			case d < best:
				best, sum, ties = d, s.step[o], 1
			case d == best:
				sum, ties = sum+s.step[o], ties+1
			}
		}
		s.step[c] = sum / ties
	}
	return nil
}

// accumulate sums steps up to the corners, takes out the effects of each column by itself
// and the mean (Apley and Zhu, equations 16 and 17 of the estimate).
func (s *surface) accumulate() {
	w := s.ny + 1
	v := make([]float64, (s.nx+1)*w)
	for x := range s.nx {
		for y := range s.ny {
			v[(x+1)*w+y+1] = v[x*w+y+1] + v[(x+1)*w+y] - v[x*w+y] + s.step[x*s.ny+y]
		}
	}
	first, second := make([]float64, s.nx+1), make([]float64, s.ny+1)
	for x := range s.nx {
		sum, n := 0.0, 0.0
		for y := range s.ny {
			c := float64(s.count[x*s.ny+y])
			sum += c * (v[(x+1)*w+y] - v[x*w+y] + v[(x+1)*w+y+1] - v[x*w+y+1]) / 2
			n += c
		}
		first[x+1] = first[x] + sum/max(n, 1)
	}
	for y := range s.ny {
		sum, n := 0.0, 0.0
		for x := range s.nx {
			c := float64(s.count[x*s.ny+y])
			sum += c * (v[x*w+y+1] - v[x*w+y] + v[(x+1)*w+y+1] - v[(x+1)*w+y]) / 2
			n += c
		}
		second[y+1] = second[y] + sum/max(n, 1)
	}
	for i := range v {
		v[i] -= first[i/w] + second[i%w]
	}
	mean := 0.0
	for c, n := range s.count {
		x, y := c/s.ny, c%s.ny
		mean += float64(n) / float64(s.n) * (v[x*w+y] + v[x*w+y+1] + v[(x+1)*w+y] + v[(x+1)*w+y+1]) / 4
	}
	for i := range v {
		v[i] -= mean
	}
	s.value = v
}

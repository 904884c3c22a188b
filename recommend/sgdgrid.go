package recommend

import (
	"context"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
)

// sgdGrid runs stochastic gradient descent over the entries of a matrix on
// several goroutines and still gives the same bytes on any number of them.
//
// Each epoch deals users and items at random into gridSide blocks each (Gemulla
// et al. 2011, DSGD). The gridSide² cells run in gridSide rounds; the cells of a
// round share neither users nor items, so they may run side by side without
// touching each other's vectors. A cell's random stream is named by seed, epoch
// and cell. As a block of items fits the cache, this is also faster than drawing
// entries from everywhere.
type sgdGrid struct {
	m       *sparse.CSR // users×items
	seed    uint64
	workers int

	userBlock, itemBlock []uint8
	users                [gridSide][]int32 // of each block, in random order
	items                [gridSide][]int32
	cells                [gridSide][gridSide]gridCell
}

const gridSide = 16

// gridCell holds the entries of a user block and an item block, user by user in
// random order of users.
type gridCell struct {
	users []int32 // one for each run
	ends  []int32 // end of the run of users[k] in pos
	pos   []int64 // positions in m.Col and m.Val
}

func newGrid(m *sparse.CSR, seed uint64, workers int) *sgdGrid {
	return &sgdGrid{m: m, seed: seed, workers: workers, userBlock: make([]uint8, m.Rows), itemBlock: make([]uint8, m.Cols)}
}

// sgdCell is what one call of the step function works on.
type sgdCell struct {
	*gridCell
	items []int32 // all items of the block, to draw negatives from
	rand  *rng.Stream
}

// run returns the k-th user of the cell and the positions of its entries.
func (c *sgdCell) run(k int) (user int32, pos []int64) {
	start := int32(0)
	if k > 0 {
		start = c.ends[k-1]
	}
	return c.users[k], c.pos[start:c.ends[k]]
}

// epoch deals blocks for epoch e and calls step once a cell.
func (g *sgdGrid) epoch(ctx context.Context, e int, step func(worker int, c *sgdCell) error) error {
	g.deal(uint64(e), 0, g.userBlock, &g.users)
	g.deal(uint64(e), 1, g.itemBlock, &g.items)
	err := parallel.For(ctx, gridSide, 1, g.workers, func(_, b, _ int) error {
		g.fill(b)
		return nil
	})
	if err != nil {
		return err
	}
	workers := parallel.Workers(g.workers)
	streams := make([]rng.Stream, workers)
	for round := range gridSide {
		err := parallel.For(ctx, gridSide, 1, workers, func(w, b, _ int) error {
			ib := (b + round) % gridSide
			r := &streams[w]
			r.Reset(g.seed, 0x67726964, uint64(e)*gridSide*gridSide+uint64(b*gridSide+ib))
			return step(w, &sgdCell{gridCell: &g.cells[b][ib], items: g.items[ib], rand: r})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deal puts every index into a random block, blocks of equal size to within one,
// each in random order.
func (g *sgdGrid) deal(epoch, side uint64, block []uint8, members *[gridSide][]int32) {
	for b := range members {
		members[b] = members[b][:0]
	}
	for k, i := range rng.New(g.seed, 0x6465616c+side, epoch).Perm(len(block)) {
		b := k % gridSide
		block[i] = uint8(b)
		members[b] = append(members[b], i)
	}
}

// fill sorts the entries of a block of users into its cells.
func (g *sgdGrid) fill(b int) {
	row := &g.cells[b]
	for i := range row {
		c := &row[i]
		c.users, c.ends, c.pos = c.users[:0], c.ends[:0], c.pos[:0]
	}
	for _, u := range g.users[b] {
		for p := g.m.Ptr[u]; p < g.m.Ptr[u+1]; p++ {
			c := &row[g.itemBlock[g.m.Col[p]]]
			if n := len(c.users); n == 0 || c.users[n-1] != u {
				c.users = append(c.users, u)
				c.ends = append(c.ends, 0)
			}
			c.pos = append(c.pos, p)
			c.ends[len(c.ends)-1] = int32(len(c.pos))
		}
	}
}

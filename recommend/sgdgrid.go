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
// Each epoch deals users and items at random into side blocks each (Gemulla et
// al. 2011, DSGD). The side² cells run in side rounds; the cells of a round share
// neither users nor items, so they may run side by side without touching each
// other's vectors. A cell's random stream is named by seed, epoch and cell. As a
// block of items fits the cache, this is also faster than drawing entries from
// everywhere.
//
// The blocks of items are drawn anew each epoch, so a negative drawn from the
// block of a cell is, over the epochs, a draw from the catalogue: from the items of it
// that have entries. Others would be no lesson once they are far down, and where they
// are many they would take the place of those that are.
type sgdGrid struct {
	m       *sparse.CSR // users×items
	seed    uint64
	workers int
	side    int

	seen                 []int32 // the items that have entries
	userBlock, itemBlock []uint8
	users, items         [][]int32  // of each block, in random order
	cells                []gridCell // side×side
	sums                 []float64  // what step returned, by cell

	afterRound func() // when set, called after each round of cells
}

const (
	maxGridSide  = 16
	minItemBlock = 8 // items in a block at the least, to draw negatives from
)

// gridCell holds the entries of a user block and an item block, user by user in
// random order of users.
type gridCell struct {
	users []int32 // one for each run
	ends  []int32 // end of the run of users[k] in pos
	pos   []int64 // positions in m.Col and m.Val
}

func newGrid(m *sparse.CSR, seed uint64, workers int) *sgdGrid {
	seen := columnsOf(m)
	side := max(1, min(maxGridSide, len(seen)/minItemBlock))
	return &sgdGrid{
		m: m, seed: seed, workers: workers, side: side, seen: seen,
		userBlock: make([]uint8, m.Rows), itemBlock: make([]uint8, m.Cols),
		users: make([][]int32, side), items: make([][]int32, side),
		cells: make([]gridCell, side*side), sums: make([]float64, side*side),
	}
}

// columnsOf returns the columns of m that have entries.
func columnsOf(m *sparse.CSR) []int32 {
	has := make([]bool, m.Cols)
	for _, c := range m.Col {
		has[c] = true
	}
	out := make([]int32, 0, m.Cols)
	for c, ok := range has {
		if ok {
			out = append(out, int32(c))
		}
	}
	return out
}

// sgdCell is what one call of the step function works on.
type sgdCell struct {
	*gridCell
	block int     // of users; the cells of a round have different ones
	items []int32 // all items of the block that have entries, to draw negatives from
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

// epoch deals blocks for epoch e and calls step once a cell. It returns the sum
// of what step returned, added up in the order of the cells.
func (g *sgdGrid) epoch(ctx context.Context, e int, step func(worker int, c *sgdCell) float64) (float64, error) {
	g.deal(uint64(e), 0, nil, g.userBlock, g.users)
	g.deal(uint64(e), 1, g.seen, g.itemBlock, g.items)
	err := parallel.For(ctx, g.side, 1, g.workers, func(_, b, _ int) error {
		g.fill(b)
		return nil
	})
	if err != nil {
		return 0, err
	}
	workers := parallel.Workers(g.workers)
	streams := make([]rng.Stream, workers)
	for round := range g.side {
		err := parallel.For(ctx, g.side, 1, workers, func(w, b, _ int) error {
			ib := (b + round) % g.side
			cell := b*g.side + ib
			r := &streams[w]
			r.Reset(g.seed, 0x67726964, uint64(e)*maxGridSide*maxGridSide+uint64(cell))
			g.sums[cell] = step(w, &sgdCell{gridCell: &g.cells[cell], block: b, items: g.items[ib], rand: r})
			return nil
		})
		if err != nil {
			return 0, err
		}
		if g.afterRound != nil {
			g.afterRound()
		}
	}
	sum := 0.0
	for _, s := range g.sums {
		sum += s
	}
	return sum, nil
}

// deal puts every index, or those of some that are not all, into a random block, blocks of
// equal size to within one, each in random order.
func (g *sgdGrid) deal(epoch, side uint64, some []int32, block []uint8, members [][]int32) {
	for b := range members {
		members[b] = members[b][:0]
	}
	n := len(block)
	if some != nil {
		n = len(some)
	}
	for k, i := range rng.New(g.seed, 0x6465616c+side, epoch).Perm(n) {
		if some != nil {
			i = some[i]
		}
		b := k % g.side
		block[i] = uint8(b)
		members[b] = append(members[b], i)
	}
}

// fill sorts the entries of a block of users into its cells.
func (g *sgdGrid) fill(b int) {
	row := g.cells[b*g.side : (b+1)*g.side]
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

// descend runs all epochs. step returns the sum of the losses of its entries.
// vectors are all that must stay finite.
func (g *sgdGrid) descend(ctx context.Context, s sgdSchedule, step func(worker int, c *sgdCell, rate float32) float64, vectors ...[]float32) error {
	for e := range s.epochs {
		rate := s.rateOf(e)
		sum, err := g.epoch(ctx, e, func(w int, c *sgdCell) float64 { return step(w, c, rate) })
		if err != nil {
			return err
		}
		if err := s.report(e, sum/float64(g.m.Len()), vectors...); err != nil {
			return err
		}
	}
	return nil
}

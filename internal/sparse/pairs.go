package sparse

import (
	"context"
	"math"
	"sync"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/vec"
)

// PairScore turns the product s of rows i and j into the score of j in row i:
// Finish(s·Row[i]·Col[j]), nil factors counting 1 and Finish, when set,
// increasing; or Value(i, j, s) for scores of no such form. With Size, s is divided
// by Size[i]·Size[j] + Shrinkage first, which is above 0. Factors are not negative.
// Only scores above 0 count.
type PairScore struct {
	Row, Col  []float32
	Size      []float32
	Shrinkage float32
	Finish    func(v float32) float32
	Value     func(i, j int32, s float32) float32
}

// Pairs are the products of all pairs of rows of a matrix,
//
//	s_ij = Σ_u left[i, u]·w[j, u],  u ascending,
//
// left having the shape of w. They must be symmetric but for rounding: left is w
// with factors for its columns.
type Pairs struct {
	W        *CSR
	Left     []float32 // values of left, parallel to W.Col; nil means W.Val
	Diagonal bool      // the pairs of a row with itself count too
	Score    PairScore
}

const (
	pairBlock  = 64   // rows handed to a worker at a time
	pairShards = 64   // locks over the rows, at most
	pairLocks  = 8    // locks a worker, at most: taking one costs as much as a few offers
	drainMost  = 4096 // sums of one Drain
	giveMost   = 8192 // offers a worker holds back
	sweepBelow = 8    // a row with less work than its sums/sweepBelow visits only what it touched
)

// Top returns, for each row i, the k columns j of highest score, equal scores by
// ascending j.
//
// The rows are ranked by length, longest first, and each pair is computed once,
// at the row of the higher rank number: row r needs the heads, up to r, of the
// lists of its columns, and its sums lie in [0, r), the busiest ones together at
// the front. A vector scan finds the few that matter to r or to the other row.
// What a row keeps does not depend on the order in which it is offered, so the
// result is the same at any number of workers.
//
// Cost: Σ over the columns of (entries of the column)²/2 multiply-adds and rows²/2
// sums scanned, eight at a time. Memory: 12 bytes an entry of W, 8 when W has at
// most 256 different values, 18 bytes an
// element kept with the result, 40 bytes a row, and 8 bytes a row and worker.
func (p Pairs) Top(ctx context.Context, k, workers int) (*CSR, error) {
	e, err := newPairEngine(ctx, p, min(k, p.W.Rows), workers)
	if err != nil {
		return nil, err
	}
	ws := make([]*pairWorker, min(parallel.Workers(workers), parallel.Blocks(p.W.Rows, pairBlock)))
	err = parallel.For(ctx, p.W.Rows, pairBlock, workers, func(w, lo, hi int) error {
		if ws[w] == nil {
			ws[w] = e.newWorker()
		}
		return ws[w].block(ctx, lo, hi)
	})
	if err != nil {
		return nil, err
	}
	score, rows, top, rank := p.Score, p.W.Rows, e.top, e.rank
	*e, ws = pairEngine{}, nil // make room
	return top.CSR(ctx, rows, workers, rank, func(i int, v float32) float32 {
		if score.Row != nil {
			v *= score.Row[i]
		}
		if score.Finish != nil {
			v = score.Finish(v)
		}
		return v
	})
}

type pairEngine struct {
	Pairs
	order []int32 // row of each rank
	rank  []int32 // rank of each row
	lists *CSR    // by column of W: ranks ascending, values; coded when there are codes
	codes *valueCodes
	lens  []int32   // parallel to W.Col: how much of the list a row needs
	col   []float32 // Score.Col by rank
	size  []float32 // Score.Size by rank, or nil
	top   *TopRows  // by rank; columns are rows of W
	width uint      // ranks r of equal r>>width share a lock
	lock  [pairShards]sync.Mutex
}

// newPairEngine orders the rows of p by length, lays out the lists of each column in that
// order, and makes room for the k best of each row.
func newPairEngine(ctx context.Context, p Pairs, k, workers int) (*pairEngine, error) {
	w := p.W
	e := &pairEngine{Pairs: p, lens: make([]int32, len(w.Col))}
	locks := 1
	if workers = parallel.Workers(workers); workers > 1 {
		locks = min(pairLocks*min(workers, pairShards), pairShards)
	}
	for (w.Rows-1)>>e.width >= locks {
		e.width++
	}
	if e.Left == nil {
		e.Left = w.Val
	}
	own := int32(0)
	if p.Diagonal {
		own = 1
	}
	e.order, e.rank = w.byLength()
	e.codes = codesOf(w.Val, w.Rows)
	var err error
	if e.lists, err = w.transpose(ctx, listForm{e.order, e.lens, own, e.codes}, w.runs(workers), workers); err != nil {
		return nil, err
	}
	e.col = make([]float32, w.Rows)
	if p.Score.Size != nil {
		e.size = make([]float32, w.Rows)
	}
	for r, i := range e.order {
		e.col[r] = 1
		if p.Score.Col != nil {
			e.col[r] = p.Score.Col[i]
		}
		if e.size != nil {
			e.size[r] = p.Score.Size[i]
		}
	}
	e.top = NewTopRows(w.Rows, k, func(r int) int {
		cols, _ := w.Row(int(e.order[r]))
		pairs, enough := 0, roomFor(k, w.Rows)
		for _, c := range cols {
			if pairs += e.lists.RowLen(int(c)) - 1 + int(own); pairs >= enough {
				break
			}
		}
		return min(pairs, w.Rows)
	})
	return e, nil
}

func (e *pairEngine) shard(r int) int { return r >> e.width }

// pairWorker is the scratch of one worker.
type pairWorker struct {
	*pairEngine
	sum   []float32 // by rank, zero between rows
	least []float32 // by rank: a bound, perhaps of some time ago, that a score must reach
	hit   [drainMost]int32
	hits  [drainMost]float32
	peaks []float32 // see raise
	own   *TopRows  // one row: what the row at hand was offered
	give  []pairOffer
}

type pairOffer struct {
	rank int32
	key  uint64
}

func (e *pairEngine) newWorker() *pairWorker {
	w := &pairWorker{
		pairEngine: e, sum: make([]float32, e.W.Rows), least: make([]float32, e.W.Rows), peaks: make([]float32, e.W.Rows/8+1),
		own: NewTopRows(1, e.top.k, func(int) int { return e.W.Rows }),
	}
	for r := range w.least {
		w.least[r] = leastOf(0) // until block has met the lock of r free
	}
	return w
}

// block scores the rows of ranks lo … hi-1 against all before them. It stops when ctx
// ends, and what it found is then of no use.
func (w *pairWorker) block(ctx context.Context, lo, hi int) error {
	meter := parallel.NewMeter(ctx)
	// What other workers have found since the last block raises the bounds.
	for r := 0; r < hi; {
		s := w.shard(r)
		end := min(hi, (s+1)<<w.width)
		if w.lock[s].TryLock() { // an old bound is a bound
			for n := r; n < end; n++ {
				w.least[n] = w.top.least(n)
			}
			w.lock[s].Unlock()
		}
		r = end
	}
	for r := lo; r < hi; r++ {
		if err := meter.Did(w.row(r)); err != nil {
			return err
		}
	}
	w.flush(true)
	return nil
}

// row scores row r against the rows of lower rank, and returns how much work that was. Sums over common columns are scattered
// into w.sum; what can still be among the k best of either side is offered to it.
func (w *pairWorker) row(r int) int {
	i := w.order[r]
	a, b := w.W.Ptr[i], w.W.Ptr[i+1]
	columns, lens := w.W.Col[a:b], w.lens[a:b]
	work := 0
	for _, n := range lens {
		work += int(n)
	}
	if work == 0 {
		return 0
	}
	if w.codes != nil {
		vec.ScatterCoded(w.sum, columns, w.Left[a:b], lens, w.lists.Ptr, w.lists.Col, &w.codes.values)
	} else {
		vec.Scatter(w.sum, columns, w.Left[a:b], lens, w.lists.Ptr, w.lists.Col, w.lists.Val)
	}

	s := w.shard(r)
	w.lock[s].Lock()
	w.own.n[0], w.own.floor[0] = 0, w.top.floor[r]
	w.lock[s].Unlock()
	cells := r
	if w.Diagonal {
		cells++
	}
	switch {
	case work < cells/sweepBelow:
		w.sweep(r, columns, lens)
	case w.Score.Value != nil:
		for c, s := range w.sum[:cells] {
			if s != 0 {
				w.sum[c] = 0
				w.meet(r, c, s)
			}
		}
	default:
		if w.size != nil {
			vec.Shrink(w.sum[:cells], w.size, w.size[r], w.Score.Shrinkage)
		}
		w.raise(cells)
		w.drain(r, cells)
	}

	w.flush(len(w.give) > giveMost)
	w.lock[s].Lock()
	for _, key := range w.own.keys[:w.own.n[0]] {
		w.top.offer(r, key)
	}
	w.least[r] = w.top.least(r)
	w.lock[s].Unlock()
	return work + cells
}

// raise gives the row at hand, before anything is offered, a bound close to the
// last place of its list: where k groups of sums have a best score that reaches t,
// so do k sums. With few groups for each place the bound would be far off, and it
// is left to the offers to raise it.
func (w *pairWorker) raise(cells int) {
	k := w.top.k
	if cells/8 < 4*k {
		return
	}
	peaks := vec.Peaks(w.peaks, w.sum[:cells], w.col)
	lo, hi := uint32(0), uint32(0x7f800001) // at least k peaks reach the number of these bits, and fewer
	for hi-lo > 1<<18 {                     // a thirtieth
		t := lo + (hi-lo)/2
		if vec.CountAtLeast(peaks, math.Float32frombits(t)) >= k {
			lo = t
		} else {
			hi = t
		}
	}
	if lo > 0 {
		w.own.floor[0] = max(w.own.floor[0], uint64(lo)<<32-1)
	}
}

// drain meets what the scan of a row's sums finds. The bound of the row itself
// rises between scans, so the first are short, and they begin with the shortest
// rows, where the highest of normalised scores tend to be.
func (w *pairWorker) drain(r, cells int) {
	for hi, step := cells, 64; hi > 0; hi, step = hi-step, min(2*step, drainMost) {
		lo := max(hi-step, 0)
		n := vec.Drain(w.hit[:], w.hits[:], w.sum[lo:hi], w.col[lo:hi], w.least[lo:hi], w.own.least(0), w.col[r])
		for k, c := range w.hit[:n] {
			w.meet(r, lo+int(c), w.hits[k])
		}
	}
}

// sweep meets the sums that a row touched, each once: what drain does for a row
// that touches few.
func (w *pairWorker) sweep(r int, columns, lens []int32) {
	product, floor, other := w.Score.Value == nil, w.own.least(0), w.col[r]
	for k, u := range columns {
		at := w.lists.Ptr[u]
		for _, c := range w.lists.Col[at : at+int64(lens[k])] {
			if w.codes != nil {
				c = column(c)
			}
			s := w.sum[c]
			if s == 0 {
				continue
			}
			w.sum[c] = 0
			if w.size != nil {
				s /= float32(w.size[r]*w.size[c]) + w.Score.Shrinkage
			}
			if product && s*w.col[c] < floor && s*other < w.least[c] {
				continue
			}
			w.meet(r, int(c), s)
			floor = w.own.least(0)
		}
	}
}

// meet offers each of two rows to the other, given by their ranks.
func (w *pairWorker) meet(r, c int, s float32) {
	i, j := w.order[r], w.order[c]
	var own, other float32
	if w.Score.Value != nil {
		own, other = w.Score.Value(i, j, s), w.Score.Value(j, i, s)
	} else {
		own, other = s*w.col[c], s*w.col[r]
	}
	w.own.Offer(0, j, own)
	if other >= w.least[c] && c != r {
		w.give = append(w.give, pairOffer{int32(c), key(i, other)})
	}
}

// flush hands the offers to other rows over, under the locks of their shards. It
// keeps those for a shard that is locked, unless told to wait.
func (w *pairWorker) flush(wait bool) {
	kept := 0
	for n := 0; n < len(w.give); {
		s, from := w.shard(int(w.give[n].rank)), n
		for n++; n < len(w.give) && w.shard(int(w.give[n].rank)) == s; n++ {
		}
		give := w.give[from:n]
		if wait {
			w.lock[s].Lock()
		} else if !w.lock[s].TryLock() {
			kept += copy(w.give[kept:], give)
			continue
		}
		for _, o := range give {
			c := int(o.rank)
			w.top.offer(c, o.key)
			w.least[c] = w.top.least(c)
		}
		w.lock[s].Unlock()
	}
	w.give = w.give[:kept]
}

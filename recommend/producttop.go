package recommend

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/sparse"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/internal/vec"
)

// productScore turns an element s of a matrix product, at row r and column c,
// into a score: finish(s·row[r]·col[c]), nil factors counting 1 and finish, when
// set, increasing; or value(r, c, s) for scores of no such form. Only positive
// scores count.
type productScore struct {
	row, col []float32
	finish   func(v float32) float32
	value    func(r int, c int32, s float32) float32
}

// productTop returns, for each row of a·b, the k largest positive scores, outside
// the diagonal unless it is asked for.
func productTop(ctx context.Context, a, b *sparse.CSR, k, workers int, diagonal bool, score productScore) (*sparse.CSR, error) {
	if score.value == nil && score.col == nil {
		score.col = make([]float32, b.Cols)
		for c := range score.col {
			score.col[c] = 1
		}
	}
	found := make([][]topk.Item, a.Rows)
	heaps := make([]topk.Heap, parallel.Workers(workers))
	err := sparse.Rows(ctx, a, b, workers, func(worker, r int, acc *sparse.Acc) error {
		h := &heaps[worker]
		h.Reset(k)
		self := int32(r)
		if diagonal {
			self = -1
		}
		switch {
		case score.value != nil:
			topOfValues(h, acc, r, self, score.value)
		case acc.Dense:
			topOfDense(h, acc.Sum, score.col, self)
		default:
			for _, c := range acc.Touched {
				if v := acc.Sum[c] * score.col[c]; v > 0 && c != self {
					h.Push(c, v)
				}
			}
		}
		items := h.AppendSorted(make([]topk.Item, 0, h.Len()))
		for i := range items {
			if score.row != nil {
				items[i].Score *= score.row[r]
			}
			if score.finish != nil {
				items[i].Score = score.finish(items[i].Score)
			}
		}
		found[r] = items
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fromTop(found, b.Cols), nil
}

// topOfDense offers the positive products sum·col. Once the heap is full only
// products above its worst can enter, and a vector scan finds those.
func topOfDense(h *topk.Heap, sum, col []float32, self int32) {
	threshold := float32(math.SmallestNonzeroFloat32)
	for c := vec.NextAbove(sum, col, threshold, 0); c < len(sum); c = vec.NextAbove(sum, col, threshold, c+1) {
		if int32(c) == self {
			continue
		}
		h.Push(int32(c), sum[c]*col[c])
		if h.Full() {
			// Columns ascend, so one that equals the worst does not displace it.
			threshold = math.Nextafter32(h.Worst().Score, float32(math.Inf(1)))
		}
	}
}

func topOfValues(h *topk.Heap, acc *sparse.Acc, r int, self int32, value func(r int, c int32, s float32) float32) {
	worst := float32(math.Inf(-1))
	offer := func(c int32, s float32) {
		if v := value(r, c, s); v > 0 && (v >= worst || !h.Full()) && c != self {
			h.Push(c, v)
			worst = h.Worst().Score
		}
	}
	if acc.Dense {
		for c, s := range acc.Sum {
			if s != 0 {
				offer(int32(c), s)
			}
		}
		return
	}
	for _, c := range acc.Touched {
		if s := acc.Sum[c]; s != 0 {
			offer(c, s)
		}
	}
}

package recommend

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
)

// TopLists answers n queries: list q holds the k best items for what ask(q)
// returns, as Ranker.AppendTop gives them, and none where the model has no answer
// (ErrEmpty). Lists are computed on workers goroutines (0: GOMAXPROCS) while the
// loop stands still, some hundred at a time, and handed out in order, each in
// memory of its own. ask is called from those goroutines.
//
// With models of vectors (ALS, BPR, WARP, LMF, MF) queries are answered together,
// the items read once for a hundred of them: several times the speed of AppendTop,
// and the same lists. Memory: 4·f bytes an item while the loop runs, and a hundred
// times 1 bit an item for each worker.
//
// The loop ends early when an answer fails or ctx ends; ask err after it: it
// returns that error, ErrOption for k < 1, ErrEmpty for a nil model or ask,
// context.Cause(ctx), or nil.
//
//	lists, err := recommend.TopLists(ctx, model, x.Users(), 10, func(u int) (recommend.Query, recommend.Filter) {
//		q := x.Query(u)
//		return q, recommend.Filter{Items: q.Items}
//	}, 0)
//	for u, list := range lists {
//		…
//	}
//	if err() != nil { … }
func TopLists(ctx context.Context, m Model, n, k int, ask func(q int) (Query, Filter), workers int) (lists iter.Seq2[int, []Scored], err func() error) {
	var failed error
	lists = func(yield func(int, []Scored) bool) {
		if failed = nil; k < 1 {
			failed = fmt.Errorf("recommend: TopLists: k is %d, want at least 1: %w", k, ErrOption)
			return
		}
		if check.Missing(m) || ask == nil {
			failed = fmt.Errorf("recommend: TopLists: m or ask is nil: %w", ErrEmpty)
			return
		}
		tiles := make([]*rankerTile, parallel.Workers(workers))
		pack, size := packItems(vectorsOf(m)), 8
		if pack != nil {
			size = tileUsers
		}
		out := make([][]Scored, max(min(batchUsers, n), 0))
		for lo := 0; lo < n; lo += batchUsers {
			count := min(batchUsers, n-lo)
			failed = parallel.For(ctx, count, size, workers, func(w, from, to int) error {
				if tiles[w] == nil {
					tiles[w] = &rankerTile{}
				}
				return tiles[w].answer(m, pack, k, lo+from, out[from:to], ask)
			})
			if failed != nil {
				return
			}
			for q := range count {
				if !yield(lo+q, out[q]) {
					return
				}
			}
		}
	}
	return lists, func() error { return failed }
}

// rankerTile is what a worker needs to answer queries together.
type rankerTile struct {
	tile
	rankers []*Ranker
	asked   []bool
}

// answer leaves the lists of the queries from first on in out. A nil pack means
// one by one.
func (t *rankerTile) answer(m Model, pack *itemPack, k, first int, out [][]Scored, ask func(q int) (Query, Filter)) error {
	t.reset()
	t.asked = t.asked[:0]
	k = min(k, m.Items())
	for q := range out {
		out[q] = nil
		if q == len(t.rankers) {
			t.rankers = append(t.rankers, NewRanker(m))
		}
		r := t.rankers[q]
		if pack == nil {
			r = t.rankers[0]
		}
		query, filter := ask(first + q)
		err := r.prepare(query, filter)
		t.asked = append(t.asked, err == nil)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return fmt.Errorf("recommend: TopLists: query %d: %w", first+q, err)
		}
		r.heap.Reset(k)
		if pack != nil && pack.of(&r.scan) {
			t.add(pack, tileUser{s: &r.scan, h: &r.heap, free: r.free, n: m.Items(), from: fromAll})
			continue
		}
		r.scan.top(&r.heap, r.free, m.Items(), fromAll)
		if pack == nil {
			out[q] = r.appendHeap(make([]Scored, 0, r.heap.Len()))
		}
	}
	t.top(pack)
	for q := range out {
		if pack != nil && t.asked[q] {
			r := t.rankers[q]
			out[q] = r.appendHeap(make([]Scored, 0, r.heap.Len()))
		}
	}
	return nil
}

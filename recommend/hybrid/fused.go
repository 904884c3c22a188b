package hybrid

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/topk"
	"github.com/aislekit/aisle/recommend"
)

// Weighted is a part of a Blend or an RRF.
type Weighted struct {
	Model  recommend.Model // fitted; all parts know equally many items
	Weight float32         // > 0; 0 means 1
}

// known is embedded by its own name, which is not exported.
type known = ids.Origin

// fused is what the models over several models have in common.
type fused struct {
	known  // of a part that has marks of its items, for errors
	parts  []Weighted
	sparse []bool
	order  bool // some part reads order
	users  int
	items  int
	// Fingerprints of the ids behind the parts; 0 where none knows them.
	userIDs, itemIDs uint64
	pool             *sync.Pool // of *fuseScratch
}

// fuseScratch is the memory of one query.
type fuseScratch struct {
	scores  []float32
	acc     []float32 // all zero between queries
	votes   []int32
	keys    []uint64
	items   []topk.Item
	heap    topk.Heap
	reasons []recommend.Reason
	similar []recommend.Scored
	touched []int32
	set     recommend.Query // memory of form
}

// newFused checks parts and fills in their weights. Errors are those of NewBlend.
func newFused(parts []Weighted, where string) (fused, error) {
	f := fused{parts: slices.Clone(parts)}
	var c check.Options
	c.Require(len(parts) > 0, "parts", 0, "at least one model")
	for k := range f.parts {
		p := &f.parts[k]
		p.Weight = check.Default(p.Weight, 1)
		c.Require(!check.Missing(p.Model), fmt.Sprintf("parts[%d].Model", k), "nil", "a model")
		check.Positive(&c, fmt.Sprintf("parts[%d].Weight", k), p.Weight)
	}
	if err := c.Err(where); err != nil {
		return fused{}, err
	}
	f.items = parts[0].Model.Items()
	for k, p := range f.parts {
		if n := p.Model.Items(); n != f.items {
			return fused{}, fmt.Errorf("%s: parts[%d] knows %d items, parts[0] %d: %w", where, k, n, f.items, ErrMismatch)
		}
		if p, ok := p.Model.(interface{ Fingerprints() (users, items uint64) }); ok {
			users, items := p.Fingerprints()
			if items != 0 && f.itemIDs != 0 && items != f.itemIDs {
				return fused{}, fmt.Errorf("%s: parts[%d] is of other items than a part before it, %d in both%s: %w", where, k, f.items, ids.FirstItem(f, p), ErrMismatch)
			}
			if users != 0 && f.userIDs != 0 && users != f.userIDs {
				return fused{}, fmt.Errorf("%s: parts[%d] is of other users than a part before it: %w", where, k, ErrMismatch)
			}
			if l := ids.ListsOf(p); l != nil && ids.ListsOf(f) == nil {
				f.known = ids.From(l)
			}
			f.userIDs, f.itemIDs = max(f.userIDs, users), max(f.itemIDs, items)
		}
		f.users = max(f.users, p.Model.Users())
		f.sparse = append(f.sparse, sparseScores(p.Model))
		f.order = f.order || readsOrder(p.Model)
	}
	n := f.items
	f.pool = &sync.Pool{New: func() any { return &fuseScratch{scores: make([]float32, n), acc: make([]float32, n)} }}
	return f, nil
}

func unweighted(models []recommend.Model) []Weighted {
	parts := make([]Weighted, len(models))
	for k, m := range models {
		parts[k].Model = m
	}
	return parts
}

// Users returns the largest number of users of a part.
func (f *fused) Users() int {
	if f == nil {
		return 0
	}
	return f.users
}

// Items returns the number of items.
func (f *fused) Items() int {
	if f == nil {
		return 0
	}
	return f.items
}

// Fingerprints returns those of the parts: see recommend.Interactions.Fingerprints.
func (f *fused) Fingerprints() (users, items uint64) {
	if f == nil {
		return 0, 0
	}
	return f.userIDs, f.itemIDs
}

// ReadsOrder reports whether a part reads the history as a sequence.
func (f *fused) ReadsOrder() bool { return f != nil && f.order }

// form returns q as part k reads it. Without a part that reads order all read what
// was asked.
func (f *fused) form(k int, q *recommend.Query, buf *recommend.Query) recommend.Query {
	if !f.order {
		return *q
	}
	return q.For(f.parts[k].Model, buf)
}

// ranking is what a fusion of ranks makes of them: an item gets value of its rank,
// from 1, with each part that has it among its best depth items.
type ranking struct {
	mean  bool // the weighted mean over the parts that answered, not the sum
	depth int
	value func(rank int) float32
}

// scoreRanks writes Σ weight·value(rank) over the parts that have the item among
// their best depth items, and returns the weights of the parts that answered.
func (f *fused) scoreRanks(dst []float32, q recommend.Query, r ranking) (total float32, err error) {
	if err := checkQuery(dst, &q, f.items); err != nil {
		return 0, err
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	clear(dst)
	answered := false
	for k, p := range f.parts {
		err := p.Model.Score(w.scores, f.form(k, &q, &w.set))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return 0, err
		}
		answered = true
		total += p.Weight
		w.items = bestOf(&w.heap, w.items[:0], w.scores, min(r.depth, f.items), f.sparse[k], nil)
		for n, it := range w.items {
			dst[it.ID] += float32(p.Weight * r.value(n+1))
		}
	}
	if !answered {
		return 0, ErrEmpty
	}
	return total, nil
}

// lowest is what a score of a source must be above to be one: minus infinity means none,
// and so does 0 for a sparse source.
func lowest(sparse bool) float32 {
	if sparse {
		return 0
	}
	return float32(math.Inf(-1))
}

// bestOf appends the depth best scores that are any; of the eligible items only, where
// that is not nil.
func bestOf(h *topk.Heap, dst []topk.Item, scores []float32, depth int, sparse bool, eligible func(item int32) bool) []topk.Item {
	h.Reset(depth)
	worst := lowest(sparse)
	for i, s := range scores {
		if s > worst && (eligible == nil || eligible(int32(i))) {
			h.Push(int32(i), s)
			if h.Full() {
				worst = h.Worst().Score
			}
		}
	}
	return h.AppendSorted(dst)
}

// explanation is how a fusion divides a score among the history.
type explanation struct {
	// share is asked, with the part's scores in w.scores, for the part's score of
	// the item on the scale of the fusion and for the factor from the part's
	// contributions to that scale; without a factor the share is divided in
	// proportion to the positive contributions.
	share func(w *fuseScratch, part int) (score float32, factor float64)
	mean  bool           // the fusion is a mean, not a sum
	times func() float32 // asked last: what it was multiplied by; nil: 1
}

// errSilent is ErrEmpty of reasons.
var errSilent = fmt.Errorf("hybrid: AppendReasons: no part that knows the query can explain: %w", ErrEmpty)

// explain appends the k history items with the largest part in the score of item.
// It asks every part that answers q, and adds up in w.acc what each contributes.
func (f *fused) explain(dst []recommend.Reason, q *recommend.Query, item int32, k int, e explanation) ([]recommend.Reason, error) {
	if uint32(item) >= uint32(f.items) {
		return dst, fmt.Errorf("hybrid: AppendReasons: item %d, want in [0, %d): %w", item, f.items, ErrUnknownID)
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	if err := checkQuery(w.scores, q, f.items); err != nil {
		return dst, err
	}
	defer clear(w.acc)
	total, answered := float32(0), false
	for n, p := range f.parts {
		own := f.form(n, q, &w.set)
		err := p.Model.Score(w.scores, own)
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		answered = true
		total += p.Weight
		score, factor := e.share(w, n)
		ex, ok := p.Model.(recommend.Explainer)
		if !ok || score == 0 && factor == 0 {
			continue
		}
		w.reasons, err = ex.AppendReasons(w.reasons[:0], own, item, len(own.Items))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		if factor == 0 {
			positive := 0.0
			for _, r := range w.reasons {
				positive += max(float64(r.Contribution), 0)
			}
			if positive == 0 {
				continue
			}
			factor = float64(score) / positive
			for _, r := range w.reasons {
				w.acc[r.Item] += float32(float64(p.Weight) * factor * max(float64(r.Contribution), 0))
			}
			continue
		}
		for _, r := range w.reasons {
			w.acc[r.Item] += float32(float64(p.Weight) * factor * float64(r.Contribution))
		}
	}
	if !answered {
		return dst, errSilent
	}
	if !e.mean {
		total = 1
	}
	if e.times != nil {
		if t := e.times(); t > 0 {
			total /= t
		}
	}
	all := *q
	if f.order { // each item once
		all = q.For(nil, &w.set)
	}
	return topReasons(dst, &all, k, func(i int32) float32 { return w.acc[i] / total }), nil
}

// explainRanks is explain for ranks: the part's share is the value of the item's
// rank among all items, and 0 behind the depth.
func (f *fused) explainRanks(dst []recommend.Reason, q *recommend.Query, item int32, k int, r ranking) ([]recommend.Reason, error) {
	share := func(w *fuseScratch, part int) (float32, float64) {
		own := w.scores[item]
		if !(own > lowest(f.sparse[part])) {
			return 0, 0
		}
		rank := 1
		for i, s := range w.scores {
			if s > own || s == own && int32(i) < item {
				rank++
			}
		}
		if rank > r.depth {
			return 0, 0
		}
		return r.value(rank), 0
	}
	return f.explain(dst, q, item, k, explanation{share: share, mean: r.mean})
}

// similar fuses the parts' lists of depth items.
func (f *fused) similar(dst []recommend.Scored, item int32, k, depth int, mean bool, value func(rank int, s, best float32) float32) ([]recommend.Scored, error) {
	if uint32(item) >= uint32(f.items) {
		return dst, ErrUnknownID
	}
	w := f.pool.Get().(*fuseScratch)
	defer f.pool.Put(w)
	w.touched = w.touched[:0]
	defer func() {
		for _, i := range w.touched {
			w.acc[i] = 0
		}
	}()
	total, answered := float32(0), false
	for _, p := range f.parts {
		m, ok := p.Model.(recommend.Similar)
		if !ok {
			continue
		}
		var err error
		w.similar, err = m.AppendSimilar(w.similar[:0], item, min(depth, f.items))
		if errors.Is(err, ErrEmpty) {
			continue
		}
		if err != nil {
			return dst, err
		}
		answered = true
		total += p.Weight
		for r, s := range w.similar {
			if v := float32(p.Weight * value(r+1, s.Score, w.similar[0].Score)); v > 0 {
				if w.acc[s.Item] == 0 {
					w.touched = append(w.touched, s.Item)
				}
				w.acc[s.Item] += v
			}
		}
	}
	if !answered {
		return dst, ErrEmpty
	}
	if !mean {
		total = 1
	}
	w.heap.Reset(min(k, f.items))
	for _, i := range w.touched {
		w.heap.Push(i, w.acc[i]/total)
	}
	w.items = w.heap.AppendSorted(w.items[:0])
	for _, it := range w.items {
		dst = append(dst, recommend.Scored{Item: it.ID, Score: it.Score})
	}
	return dst, nil
}

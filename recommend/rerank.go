package recommend

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Reranker picks k of a list of candidates so that the list as a whole is good:
// not ten times the same thing (MMR, DPP), something for every taste (XQuAD), the
// mix of the history (Calibrate), a fair share for every group (Floors).
//
// All methods agree on this:
//
//   - Candidates are distinct items with finite scores, as Ranker.AppendTop gives
//     them; a few hundred are usual. Their order breaks ties.
//   - Scores enter as relevance in [0, 1]: (score - min)/(max - min) over the
//     candidates, 0 where all are equal.
//   - lambda in [0, 1] is the weight of diversity. At 0 the list is that of the
//     best scores.
//   - min(k, len(from)) items are appended to dst in the order of choice, with
//     the scores they came with, which therefore need not descend.
//   - The choice is greedy, one item after the other, and depends on nothing but
//     the arguments.
//   - Errors leave dst as it came: ErrOption (k < 1, lambda), ErrNotFinite (a
//     score), ErrDuplicate (an item twice), ErrRange (an item outside the
//     similarity or categories), ErrShape, and what a Likeness returns.
//
// The zero Reranker is ready for use. It owns scratch memory, so that lists cost
// no allocation in steady state: use one per goroutine.
type Reranker struct {
	rel    []float64 // relevance of each candidate
	items  []int32   // ids of the candidates
	taken  []bool
	picked []int32 // positions
	near   []float32
	worst  []float64 // MMR: the largest similarity to a chosen item; DPP: volume d²
	rows   []float64 // DPP: Cholesky rows, one per chosen item
	mass   []float64 // by category
	whole  []float64 // by category
	table  []int32   // hash set of items
	count  []int32   // Floors: chosen by group
	supply []int32   // Floors: candidates by group

	// What an Engine adds. Choices are then taken one by one from what is still
	// free, which each choice narrows (caps), and items that joined the engine
	// later, those from beyond on, are like no other and of no category or group.
	free   indexSet
	took   func(item int32)
	beyond int32 // 0: none
	some   []int32
	part   []float32
}

// start checks the arguments common to all methods and fills rel, items, taken.
func (r *Reranker) start(from []Scored, k int, lambda float64, where string) error {
	if r == nil {
		return fmt.Errorf("recommend: Reranker.%s: nil receiver: %w", where, ErrEmpty)
	}
	if k < 1 || !(lambda >= 0 && lambda <= 1) {
		var c check.Options
		c.Require(k >= 1, "k", k, "at least 1")
		c.Require(lambda >= 0 && lambda <= 1, "lambda", lambda, "in [0, 1]")
		return c.Err("recommend: Reranker." + where)
	}
	n := len(from)
	r.rel = slices.Grow(r.rel[:0], n)[:n]
	r.items = slices.Grow(r.items[:0], n)[:n]
	r.taken = slices.Grow(r.taken[:0], n)[:n]
	r.picked = r.picked[:0]
	clear(r.taken)
	lo, hi := math.Inf(1), math.Inf(-1)
	for i, s := range from {
		v := float64(s.Score)
		if !check.Finite(v) {
			return fmt.Errorf("recommend: Reranker.%s: score of candidate %d is %v: %w", where, i, v, ErrNotFinite)
		}
		lo, hi = min(lo, v), max(hi, v)
		r.rel[i], r.items[i] = v, s.Item
	}
	if i := r.repeated(); i >= 0 {
		return fmt.Errorf("recommend: Reranker.%s: candidate %d is item %d again: %w", where, i, r.items[i], ErrDuplicate)
	}
	scale := 0.0
	if hi > lo {
		scale = 1 / (hi - lo)
	}
	for i, v := range r.rel {
		r.rel[i] = (v - lo) * scale
	}
	return nil
}

// repeated returns the first position whose item came before, or -1.
func (r *Reranker) repeated() int {
	size := 16
	for size < 2*len(r.items) {
		size *= 2
	}
	r.table = slices.Grow(r.table[:0], size)[:size]
	clear(r.table) // position+1
	mask := uint32(size - 1)
	for i, it := range r.items {
		h := uint32(it) * 0x9e3779b1
		h ^= h >> 15
		for ; r.table[h&mask] != 0; h++ {
			if r.items[r.table[h&mask]-1] == it {
				return i
			}
		}
		r.table[h&mask] = int32(i + 1)
	}
	return -1
}

// best returns the position of the free candidate with the largest value, the
// first of equals; -1 when none is free.
func (r *Reranker) best(value func(i int) float64) int {
	at, top := -1, math.Inf(-1)
	for i, gone := range r.taken {
		if gone || !r.allowed(i) {
			continue
		}
		if v := value(i); v > top || at < 0 {
			at, top = i, v
		}
	}
	return at
}

// allowed reports whether an Engine still lets candidate i be taken.
func (r *Reranker) allowed(i int) bool { return r.free == nil || r.free.has(r.items[i]) }

// joined reports whether an item joined an Engine after its dataset was built.
func (r *Reranker) joined(item int32) bool { return r.beyond > 0 && item >= r.beyond }

func (r *Reranker) take(i int) {
	r.taken[i] = true
	r.picked = append(r.picked, int32(i))
	if r.took != nil {
		r.took(r.items[i])
	}
}

// appendPicked appends the chosen candidates.
func (r *Reranker) appendPicked(dst, from []Scored) []Scored {
	for _, i := range r.picked {
		dst = append(dst, from[i])
	}
	return dst
}

package recommend

import (
	"fmt"
	"math"
	"slices"
)

// Floors picks the best list that gives every group its minimum share at every
// length: among the first m items, m = 1 … k, at least ⌊floors[g]·m⌋ are of group
// g, or all candidates of the group where there are fewer (the rule of Geyik,
// Ambler and Kenthapadi, KDD 2019). Suppliers, sellers, new items, the long tail
// are typical groups.
//
// group holds the group of each item of the catalogue, -1 for none. Of all lists
// that keep the promise the one is chosen that is best item by item: whenever the
// best free candidate leaves room for what is owed to the groups, it is taken;
// that choice never runs into a dead end, for any number of groups.
//
// Cost: O(k²·groups + k·len(from)).
// ErrRange for a floor outside [0, 1], floors that add up to more than 1, or a
// group outside [-1, len(floors)). See Reranker for the rest; relevance matters
// by its order only.
func (r *Reranker) Floors(dst, from []Scored, k int, group []int32, floors []float64) ([]Scored, error) {
	if err := r.pickFloors(from, k, group, floors); err != nil {
		return dst, err
	}
	return r.appendPicked(dst, from), nil
}

// pickFloors is Floors, with the choice left in r.
func (r *Reranker) pickFloors(from []Scored, k int, group []int32, floors []float64) error {
	if err := r.start(from, k, 0, "Floors"); err != nil {
		return err
	}
	sum := 0.0
	for g, f := range floors {
		if !(f >= 0 && f <= 1) {
			return fmt.Errorf("recommend: Reranker.Floors: floors[%d] is %v, want in [0, 1]: %w", g, f, ErrRange)
		}
		sum += f
	}
	if sum > 1+floorRounding {
		return fmt.Errorf("recommend: Reranker.Floors: floors add up to %v, want at most 1: %w", sum, ErrRange)
	}
	n := len(floors)
	r.count = slices.Grow(r.count[:0], n)[:n]
	r.supply = slices.Grow(r.supply[:0], n)[:n]
	clear(r.count)
	clear(r.supply)
	for i, it := range r.items {
		if r.joined(it) {
			continue
		}
		if uint32(it) >= uint32(len(group)) {
			return fmt.Errorf("recommend: Reranker.Floors: candidate %d is item %d of %d: %w", i, it, len(group), ErrRange)
		}
		g := group[it]
		if g < -1 || int(g) >= n {
			return fmt.Errorf("recommend: Reranker.Floors: item %d is of group %d of %d: %w", it, g, n, ErrRange)
		}
		if g >= 0 {
			r.supply[g]++
		}
	}
	of := func(i int) int32 { // group of a candidate
		if r.joined(r.items[i]) {
			return -1
		}
		return group[r.items[i]]
	}
	for k = min(k, len(from)); len(r.picked) < k; {
		if r.took != nil {
			r.recount(of)
		}
		tight := r.tight(k, floors)
		i := r.best(func(i int) float64 {
			if tight > 0 {
				if g := of(i); g < 0 || owed(floors[g], tight, r.supply[g]) <= r.count[g] {
					return math.Inf(-1)
				}
			}
			return r.rel[i]
		})
		if i < 0 {
			break
		}
		r.take(i)
		if g := of(i); g >= 0 {
			r.count[g]++
		}
	}
	return nil
}

// recount leaves in supply what is chosen or may still be.
func (r *Reranker) recount(of func(i int) int32) {
	copy(r.supply, r.count)
	for i, gone := range r.taken {
		if g := of(i); g >= 0 && !gone && r.allowed(i) {
			r.supply[g]++
		}
	}
}

// floorRounding forgives the rounding of shares such as 0.29·100.
const floorRounding = 1e-9

// owed is the number of items of a group among the first m.
func owed(floor float64, m int, supply int32) int32 {
	return min(int32(math.Floor(floor*float64(m)+floorRounding)), supply)
}

// tight returns the smallest length m up to which all free places are owed to
// groups, so that the next item must be one of those owed by m; 0 when there is
// none. What is owed by m only grows with m, so an item owed by the smallest
// tight length is owed by all longer ones too.
func (r *Reranker) tight(k int, floors []float64) int {
	for m := len(r.picked) + 1; m <= k; m++ {
		free := int32(m - len(r.picked))
		for g, f := range floors {
			free -= max(0, owed(f, m, r.supply[g])-r.count[g])
		}
		if free <= 0 {
			return m
		}
	}
	return 0
}

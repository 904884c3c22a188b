package basket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/parallel"
)

// Mine returns the sets of items that are frequent in b together: exactly those in
// MinCount baskets, or MinSupport of them, and more. The same baskets give the same sets in
// the same order, in whatever order they came and at any GOMAXPROCS; it runs on one.
//
// ErrEmpty without baskets, ErrOption for bad options, ErrTooLarge before MaxSets or
// MaxMemory is passed, context.Cause(ctx) when ctx ends. No frequent set is no error.
// Cost: FP-growth one pass over the baskets and, for each set found, over the tree of the
// baskets that hold it; Eclat n/64 words for each pair of sets joined.
func Mine[I ID](ctx context.Context, b *Baskets[I], opt MineOptions) (*Sets[I], error) {
	return mine(ctx, "basket: Mine", b, nil, opt)
}

// mine is Mine by the name where, of baskets with what is above their items, nil: nothing.
func mine[I ID](ctx context.Context, where string, b *Baskets[I], above *ancestry, opt MineOptions) (*Sets[I], error) {
	opt = opt.withDefaults()
	if err := opt.validate(where); err != nil {
		return nil, err
	}
	if b == nil || b.Len() == 0 {
		return nil, fmt.Errorf("%s: no baskets: %w", where, ErrEmpty)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s := &Sets[I]{baskets: int64(b.Len()), minCount: least(opt.MinCount, opt.MinSupport, b.Len())}
	if opt.MinSupport != (Fraction{}) {
		s.share = opt.MinSupport
	}
	s.whole = opt.Keep == KeepAll && opt.Top == 0 && opt.MinLen == 1
	s.maxLen, s.levels = opt.MaxLen, above != nil
	p := problem{meter: parallel.NewMeter(ctx), budget: budget{opt.MaxMemory, int64(opt.MaxSets)}, above: above}
	sorted, perm := dict.Sorted(&b.items, 0)
	if err := p.prepare(b.ptr, b.ids, perm, s.minCount); err != nil {
		return nil, wrap(where, err)
	}
	s.algorithm = opt.Algorithm
	if s.algorithm == AlgorithmAuto {
		s.algorithm = p.choose()
	}
	out := sink{ctx: ctx, budget: &p.budget, min: p.min, minLen: opt.MinLen, maxLen: opt.MaxLen, name: p.name}
	if opt.Keep != KeepAll {
		out.minLen = 1
		if out.maxLen < math.MaxInt32 {
			out.maxLen++ // one more tells which of the longest are closed
		}
	} else {
		out.top = opt.Top
	}
	left := p.budget.left
	err := p.probe(s.algorithm, &out)
	if err == nil {
		err = p.search(s.algorithm, &out)
	}
	if err == nil && opt.Keep != KeepAll {
		err = out.prune(opt.Keep, opt.MinLen, opt.MaxLen, p.meter)
	}
	if errors.Is(err, ErrTooLarge) && opt.Keep != KeepAll && above == nil {
		p.budget.left = left
		out = sink{ctx: ctx, budget: &p.budget, min: p.min, minLen: opt.MinLen, maxLen: opt.MaxLen, name: p.name}
		err = p.close(s.algorithm, &out, opt.Keep)
	}
	if err == nil {
		err = out.sort(opt.Top)
	}
	if err == nil { // what fill makes
		err = p.budget.take(4*int64(len(perm)) + 8*int64(len(out.count)) + 4*int64(slots(len(out.count))))
	}
	if err != nil {
		return nil, wrap(where, err)
	}
	s.fill(&out, sorted)
	return s, nil
}

// wrap names the call before what is too large, and leaves the cause of a context alone.
func wrap(where string, err error) error {
	if errors.Is(err, ErrTooLarge) {
		return fmt.Errorf("%s: %w", where, err)
	}
	return err
}

// problem is what the algorithms work on: the frequent items as codes, the most frequent
// one first, and the baskets that hold each.
type problem struct {
	meter  *parallel.Meter
	budget budget
	above  *ancestry
	closing
	min   int32
	rows  int     // baskets with a frequent item
	name  []int32 // code → number of the item in natural order
	count []int32 // code → baskets
	ptr   []int64 // code → start in tids
	tids  []int32 // baskets of each item, ascending
}

// prepare counts the items and lists the baskets of the frequent ones. perm is the number in
// natural order of each item of the baskets.
func (p *problem) prepare(ptr []int64, ids, perm []int32, least int64) error {
	p.min = int32(min(least, math.MaxInt32))
	if least > int64(len(ptr)) {
		return nil
	}
	items := len(perm)
	if err := p.budget.take(12*int64(items) + 4*int64(len(ptr))); err != nil {
		return err
	}
	count, code := make([]int32, items), make([]int32, items)
	for _, x := range ids {
		count[x]++
	}
	order, entries := []int32{}, int64(0)
	for x, n := range count {
		code[x] = -1
		if n >= p.min {
			order = append(order, int32(x))
			entries += int64(n)
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(perm[a], perm[b])) })
	if err := p.budget.take(4*entries + 24*int64(len(order))); err != nil {
		return err
	}
	p.ptr, p.tids = make([]int64, len(order)+1), make([]int32, entries)
	for c, x := range order {
		code[x] = int32(c)
		p.name = append(p.name, perm[x])
		p.count = append(p.count, count[x])
		p.ptr[c+1] = p.ptr[c] + int64(count[x])
	}
	at, start := slices.Clone(p.ptr), int64(0)
	for _, end := range ptr {
		if err := p.meter.Did(4*int(end-start) + 4); err != nil {
			return err
		}
		found := false
		for _, x := range ids[start:end] {
			if c := code[x]; c >= 0 {
				p.tids[at[c]] = int32(p.rows)
				at[c]++
				found = true
			}
		}
		if found {
			p.rows++
		}
		start = end
	}
	return nil
}

// choose takes bitmaps where the items fill enough of them.
func (p *problem) choose() Algorithm {
	if cells := float64(p.rows) * float64(len(p.name)); float64(len(p.tids)) > cells/2 {
		return Eclat
	}
	return FPGrowth
}

// search finds the sets by an algorithm.
func (p *problem) search(a Algorithm, out *sink) error {
	if a == Eclat {
		return p.eclat(out)
	}
	return p.fpGrowth(out)
}

// probe looks at short sets, twice as long ones in each round, until there are as many as the top
// takes: the last of these is a bound for the search, which else would go down to the longest
// sets first and find out much later that shorter ones have as many baskets. What a round
// takes is given back.
func (p *problem) probe(a Algorithm, out *sink) error {
	for length := out.minLen; out.top > 0 && length <= out.maxLen; length *= 2 {
		left := p.budget.left
		try := *out
		try.probing, try.maxLen = true, length
		err := p.search(a, &try)
		p.budget.left = left
		if err != nil {
			return err
		}
		if len(try.best) == out.top {
			out.bound = try.best[0]
			out.min = max(out.min, out.bound.count)
			return nil
		}
		if try.longest < length {
			return nil // there are fewer sets than the top takes
		}
	}
	return nil
}

// apart reports whether two codes may be in one set: neither is above the other.
func (p *problem) apart(a, b int32) bool {
	return p.above == nil || p.above.apart(p.name[a], p.name[b])
}

// sink takes the sets as they are found.
type sink struct {
	ctx            context.Context // of the call, for sorting
	budget         *budget
	min            int32
	minLen, maxLen int
	top            int
	name           []int32
	ptr            []int64 // end of each set in ids
	ids            []int32 // numbers in natural order, ascending
	count          []int32
	best           []rank  // heap, the last one first, of the top sets so far
	order          []int32 // room for cut
	bound          rank    // at least as bad as the last of the top, the zero rank where none is known
	ties           int64   // sets that were looked at and were as good as the last of the top
	probing        bool    // sets are ranked and not kept
	longest        int     // set while probing
	room           int64   // bytes taken from the budget and not used
}

// rank is what decides on a place among the top, but for the items.
type rank struct {
	count  int32
	length int32
}

// before reports whether r is the better one.
func (r rank) before(o rank) bool {
	return r.count > o.count || r.count == o.count && r.length < o.length
}

// least returns the count that a set of so many items needs to be looked at: where the top
// is full, one more than its last has if that is shorter. All that holds such a set is longer.
func (s *sink) least(length int) int32 {
	least := s.min
	if s.bound.count > 0 && length > int(s.bound.length) {
		least = max(least, s.bound.count+1)
	}
	if s.top > 0 && len(s.best) == s.top && length > int(s.best[0].length) {
		least = max(least, s.best[0].count+1)
	}
	return least
}

// emit takes one set by codes.
func (s *sink) emit(codes []int32, count int32) error {
	if len(codes) < s.minLen {
		return nil
	}
	if s.top > 0 {
		r := rank{count, int32(len(codes))}
		s.longest = max(s.longest, len(codes))
		if err := s.raise(r); err != nil || s.probing || s.best[0].before(r) {
			return err
		}
		if n, top := int64(len(s.count)), int64(min(s.top, math.MaxInt32)); n >= 2*top+1000 || n >= 2*top && n >= s.budget.sets {
			if err := s.cut(); err != nil {
				return err
			}
		}
	}
	if int64(len(s.count)) >= s.budget.sets {
		return fmt.Errorf("more than MaxSets %d frequent sets: %w", s.budget.sets, ErrTooLarge)
	}
	need := 4*int64(len(codes)) + 12
	if s.room < need {
		grow := max(need, min(max(4096, 2*s.size()), s.budget.left)) // as append will when it doubles
		if err := s.budget.take(grow); err != nil {
			return err
		}
		s.room += grow
	}
	s.room -= need
	start := len(s.ids)
	for _, c := range codes {
		s.ids = append(s.ids, s.name[c])
	}
	slices.Sort(s.ids[start:])
	s.ptr = append(s.ptr, int64(len(s.ids)))
	s.count = append(s.count, count)
	return nil
}

func (s *sink) size() int64 { return 4*int64(len(s.ids)) + 12*int64(len(s.count)) }

// raise notes a set, and lifts the threshold to the count of the last of the top. Sets that
// tie with it have to be looked at, since their items decide, but not without bound.
func (s *sink) raise(r rank) error {
	h := s.best
	if len(h) < s.top {
		var err error
		if h, err = grown(s.budget, h); err != nil {
			return err
		}
		h = append(h, r)
		for i := len(h) - 1; i > 0 && h[(i-1)/2].before(h[i]); i = (i - 1) / 2 {
			h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		}
		s.best = h
	} else if r.before(h[0]) {
		h[0] = r
		for i := 0; ; {
			c := 2*i + 1
			if c+1 < len(h) && h[c].before(h[c+1]) {
				c++
			}
			if c >= len(h) || !h[i].before(h[c]) {
				break
			}
			h[i], h[c] = h[c], h[i]
			i = c
		}
	} else if r != h[0] {
		return nil
	} else if s.ties++; s.ties/100 > s.budget.sets {
		return fmt.Errorf("more than 100 times MaxSets %d sets tie with the last of the top, of %d items: %w", s.budget.sets, r.length, ErrTooLarge)
	}
	if len(s.best) == s.top {
		s.min = max(s.min, s.best[0].count)
	}
	return nil
}

// set returns set i.
func (s *sink) set(i int) []int32 {
	start := int64(0)
	if i > 0 {
		start = s.ptr[i-1]
	}
	return s.ids[start:s.ptr[i]]
}

// cut drops all but the top sets so far.
func (s *sink) cut() error {
	if n := len(s.count); cap(s.order) < n {
		if err := s.budget.take(8 * int64(n)); err != nil { // sorting copies it
			return err
		}
		s.order = make([]int32, n)
	}
	order := s.order[:len(s.count)]
	if err := s.ranked(order); err != nil {
		return err
	}
	order = order[:s.top]
	slices.Sort(order)
	s.keep(func(i int) bool {
		if len(order) == 0 || int(order[0]) != i {
			return false
		}
		order = order[1:]
		return true
	})
	return nil
}

// ranked fills order with the sets: the most frequent first, then shorter ones, then by items.
func (s *sink) ranked(order []int32) error {
	for i := range order {
		order[i] = int32(i)
	}
	return parallel.SortFunc(s.ctx, order, 1, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.count[b], s.count[a]), compareSets(s.set(int(a)), s.set(int(b))))
	})
}

// keep drops all other sets.
func (s *sink) keep(want func(i int) bool) {
	n, end, start := 0, int64(0), int64(0)
	for i := range s.count {
		next := s.ptr[i]
		if want(i) {
			copy(s.ids[end:], s.ids[start:next])
			end += next - start
			s.ptr[n], s.count[n] = end, s.count[i]
			n++
		}
		start = next
	}
	s.room += s.size()
	s.ptr, s.count, s.ids = s.ptr[:n], s.count[:n], s.ids[:end]
	s.room -= s.size()
}

// sort orders the sets, and keeps the first top of them, 0 for all.
func (s *sink) sort(top int) error {
	need := s.size() + 16*int64(len(s.count)) // the sets in order, the order and its copy while sorting, counts
	if err := s.budget.take(need - min(s.room, need)); err != nil {
		return err
	}
	order := make([]int32, len(s.count))
	if err := s.ranked(order); err != nil {
		return err
	}
	if top > 0 && len(order) > top {
		order = order[:top]
	}
	ids, ptr, count := make([]int32, 0, len(s.ids)), make([]int64, len(order)), make([]int32, len(order))
	for n, i := range order {
		ids = append(ids, s.set(int(i))...)
		ptr[n], count[n] = int64(len(ids)), s.count[i]
	}
	s.ids, s.ptr, s.count = ids, ptr, count
	return nil
}

// prune keeps closed or maximal sets of minLen to maxLen items. A larger set with the same
// count, or any larger frequent one, has such a subset of one item more, so that looking at
// the sets with one item less of each is enough.
func (s *sink) prune(keep KeepSets, minLen, maxLen int, meter *parallel.Meter) error {
	if err := s.budget.take(int64(len(s.count)) + 4*int64(slots(len(s.count)))); err != nil {
		return err
	}
	x := indexOf(s.ptr, s.ids)
	drop := make([]bool, len(s.count))
	var less []int32
	for i, n := range s.count {
		set := s.set(i)
		if err := meter.Did(32 * len(set) * len(set)); err != nil {
			return err
		}
		for k := range set {
			less = append(append(less[:0], set[:k]...), set[k+1:]...)
			if len(less) == 0 {
				continue
			}
			if at := x.find(less); at >= 0 && (keep == KeepMaximal || s.count[at] == n) {
				drop[at] = true
			}
		}
	}
	s.keep(func(i int) bool {
		n := len(s.set(i))
		return !drop[i] && n >= minLen && n <= maxLen
	})
	return nil
}

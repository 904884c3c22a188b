package basket

import (
	"slices"
)

// closing is the search for closed or maximal sets where all frequent ones are too many. An
// item that every basket of a prefix holds is in each closed set that begins with it: it is
// taken into all of them at once and not branched on, so that thirty items that are always
// together are thirty sets and not 2³⁰. What is found holds all closed sets, and others, which
// confirm drops by looking at the baskets.
type closing struct {
	on    bool
	sure  []int32 // codes that every basket of the prefix holds, beside it
	known []bool  // by code: is in sure
	full  []int32 // the set emitted
}

// absorb takes an item into all sets of the prefix.
func (c *closing) absorb(code int32) {
	c.sure = append(c.sure, code)
	c.known[code] = true
}

// release forgets what was absorbed since there were so many.
func (c *closing) release(sure int) {
	for _, code := range c.sure[sure:] {
		c.known[code] = false
	}
	c.sure = c.sure[:sure]
}

// emit emits a prefix with what goes with it, and reports whether longer ones may follow.
func (c *closing) emit(out *sink, prefix []int32, count int32) (longer bool, err error) {
	c.full = append(append(c.full[:0], prefix...), c.sure...)
	if len(c.full) > out.maxLen {
		return false, nil
	}
	return len(c.full) < out.maxLen, out.emit(c.full, count)
}

// close searches again, with a budget as it was before the first search.
func (p *problem) close(a Algorithm, out *sink, keep KeepSets) error {
	if err := p.budget.take(int64(len(p.name))); err != nil {
		return err
	}
	p.closing = closing{on: true, known: make([]bool, len(p.name))}
	if err := p.search(a, out); err != nil {
		return err
	}
	return p.confirm(out, keep)
}

// confirm drops the sets of which a larger one is in as many baskets, or, of maximal ones, is
// frequent.
func (p *problem) confirm(out *sink, keep KeepSets) error {
	items := int32(0)
	for _, x := range p.name {
		items = max(items, x+1)
	}
	if err := p.budget.take(8*int64(p.rows+1) + 4*int64(len(p.tids)) + 4*int64(items) + 4*int64(len(p.name)) + int64(len(out.count))); err != nil {
		return err
	}
	c := confirmer{problem: p, ptr: make([]int64, p.rows+1), codes: make([]int32, len(p.tids)), seen: make([]int32, len(p.name))}
	c.list()
	code := make([]int32, items) // by number in natural order
	for at, x := range p.name {
		code[x] = int32(at)
	}
	drop := make([]bool, len(out.count))
	var set []int32
	for i, n := range out.count {
		set = set[:0]
		for _, x := range out.set(i) {
			set = append(set, code[x])
		}
		slices.Sort(set)
		var err error
		if keep == KeepClosed {
			drop[i], err = c.open(set)
		} else {
			drop[i], err = c.extends(set, n, out.min)
		}
		if err != nil {
			return err
		}
	}
	out.keep(func(i int) bool { return !drop[i] })
	return nil
}

// confirmer looks at the baskets that hold a set.
type confirmer struct {
	*problem
	ptr   []int64 // start of each basket in codes
	codes []int32 // frequent items of each basket, ascending
	seen  []int32 // by code: baskets of the set that hold it
	rest  []int32
}

// list turns the baskets of each item into the items of each basket.
func (c *confirmer) list() {
	for _, r := range c.tids {
		c.ptr[r+1]++
	}
	for r := range c.rows {
		c.ptr[r+1] += c.ptr[r]
	}
	at := slices.Clone(c.ptr)
	for code := range c.name {
		for _, r := range c.tids[c.problem.ptr[code]:c.problem.ptr[code+1]] {
			c.codes[at[r]] = int32(code)
			at[r]++
		}
	}
}

// each calls look with every basket that holds the set, until it returns false. Those of its
// rarest item, which has the largest code, are gone through.
func (c *confirmer) each(set []int32, look func(basket []int32) bool) error {
	last := set[len(set)-1]
	for _, r := range c.tids[c.problem.ptr[last]:c.problem.ptr[last+1]] {
		basket, k := c.codes[c.ptr[r]:c.ptr[r+1]], 0
		if err := c.meter.Did(2 * len(basket)); err != nil {
			return err
		}
		for _, x := range basket {
			if k < len(set) && x == set[k] {
				k++
			}
		}
		if k == len(set) && !look(basket) {
			return nil
		}
	}
	return nil
}

// open reports whether an item beside the set is in all of its baskets.
func (c *confirmer) open(set []int32) (bool, error) {
	first := true
	err := c.each(set, func(basket []int32) bool {
		if first {
			c.rest, first = append(c.rest[:0], basket...), false
			c.rest = slices.DeleteFunc(c.rest, func(x int32) bool { _, in := slices.BinarySearch(set, x); return in })
		} else {
			c.rest = slices.DeleteFunc(c.rest, func(x int32) bool { _, in := slices.BinarySearch(basket, x); return !in })
		}
		return len(c.rest) > 0
	})
	return len(c.rest) > 0, err
}

// extends reports whether an item beside the set is in least of its baskets.
func (c *confirmer) extends(set []int32, count, least int32) (bool, error) {
	clear(c.seen)
	for _, x := range set {
		c.seen[x] = -count - 1 // never reaches least
	}
	found := false
	err := c.each(set, func(basket []int32) bool {
		for _, x := range basket {
			if c.seen[x]++; c.seen[x] >= least {
				found = true
			}
		}
		return !found
	})
	return found, err
}

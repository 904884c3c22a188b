package recommend

import (
	"cmp"
	"slices"
)

// prepare does what comes before the scores: it says who asks and what is free.
func (s *state[U, I]) prepare(w *scratch[I], info *Info) (Query, error) {
	w.scored, w.scan.ready.k = false, 0
	q, err := s.query(w, info)
	if err != nil {
		return q, err
	}
	s.filter(w, info)
	s.startCaps(w)
	s.pin(w, info)
	return q, nil
}

// filter leaves in w.free what may be recommended. It counts the whole set only where
// the whole set may have changed.
func (s *state[U, I]) filter(w *scratch[I], info *Info) {
	w.fit(s.words())
	free, want := w.free, &w.want
	allowed := s.items + len(s.arrivals)
	free.fill(allowed)
	if want.allow != nil {
		free.and(want.allow.set.Words()) // no arrival is a member
	}
	if want.listed {
		clear(w.mark)
		w.mark.addAll(want.allowed)
		free.and(w.mark)
	}
	if want.where != nil {
		s.view.eval(w.mark, want.where, &w.rule, 0)
		free.and(w.mark)
	}
	if want.allow != nil || want.listed || want.where != nil {
		allowed = free.count()
	}
	left := allowed
	if want.deny != nil {
		free.andNot(want.deny.set.Words())
		left = free.count()
	}
	left -= free.dropAll(want.denied)
	inStock := left
	if s.stock != nil {
		free.and(s.stock)
		inStock = free.count()
	}
	info.Eligible = inStock
	if want.seen != KeepSeen {
		info.Eligible -= w.past.dropSeen(free, want.seen == DropSeen, want.last, want.least)
	}
	info.Eligible -= free.dropAll(w.past.disliked)
	switch {
	case allowed == 0:
		info.Why = "no item is allowed"
	case left == 0:
		info.Why = "every allowed item is denied"
	case inStock == 0:
		info.Why = "no item that is left is in stock"
	case info.Eligible == 0:
		info.Why = "every item that is left was seen already"
	}
}

// capState counts what a request has taken of each value of an attribute.
type capState struct {
	base, more *attribute
	join       []int32 // code of more → code here
	counts     []int32
	max        int32
}

// startCaps readies the counts of a request.
func (s *state[U, I]) startCaps(w *scratch[I]) {
	caps := w.want.caps
	w.caps = slices.Grow(w.caps[:0], len(caps))[:len(caps)] // with the memory of earlier requests
	for k, x := range caps {
		c := &w.caps[k]
		c.base, c.more, c.join = s.view.base.attrs[x.Attribute], nil, nil
		n := 0
		if c.base != nil {
			n = len(c.base.values)
		}
		if s.view.more != nil {
			c.more, c.join = s.view.more.attrs[x.Attribute], s.join[x.Attribute]
			if c.more != nil {
				n += len(c.more.values)
			}
		}
		c.counts = slices.Grow(c.counts[:0], n)[:n]
		clear(c.counts)
		c.max = int32(min(x.Max, len(w.free)*64))
	}
}

// keep takes item i out of what is free, and with it everything that a cap now
// forbids.
func (s *state[U, I]) keep(w *scratch[I], i int32) {
	w.free.drop(i)
	for k := range w.caps {
		c := &w.caps[k]
		if int(i) < s.items {
			if c.base != nil {
				for _, code := range c.base.codesOf(i) {
					c.count(w.free, s.items, code)
				}
			}
		} else if c.more != nil {
			for _, code := range c.more.codesOf(i - int32(s.items)) {
				c.count(w.free, s.items, c.join[code])
			}
		}
	}
}

// count takes one item with that value, and with the last one allowed all items of
// the value out of free: those of the dataset, then those that joined, which have
// the indices from items on.
func (c *capState) count(free indexSet, items int, code int32) {
	if c.counts[code]++; c.counts[code] != c.max {
		return
	}
	first := int32(0)
	if c.base != nil {
		if first = int32(len(c.base.values)); code < first {
			c.base.sets[code].removeFrom(free, 0)
		}
	}
	if c.more == nil {
		return
	}
	for k, to := range c.join {
		if to == code {
			c.more.sets[k].removeFrom(free, items)
		}
	}
}

// unkeep takes back what keep counted; what is free must be restored besides.
func (s *state[U, I]) unkeep(w *scratch[I], i int32) {
	for k := range w.caps {
		c := &w.caps[k]
		if int(i) < s.items {
			if c.base != nil {
				for _, code := range c.base.codesOf(i) {
					c.counts[code]--
				}
			}
		} else if c.more != nil {
			for _, code := range c.more.codesOf(i - int32(s.items)) {
				c.counts[c.join[code]]--
			}
		}
	}
}

// pinned is an accepted pin.
type pinned struct {
	position int
	item     int32
}

func comparePinned(a, b pinned) int { return cmp.Compare(a.position, b.position) }

// pin accepts the pins that are eligible, in the order of their positions.
func (s *state[U, I]) pin(w *scratch[I], info *Info) {
	w.pins = w.pins[:0]
	for _, p := range w.want.pins {
		if p.position <= w.want.k {
			w.pins = append(w.pins, p)
		}
	}
	slices.SortFunc(w.pins, comparePinned)
	kept := w.pins[:0]
	for _, p := range w.pins {
		if w.free.has(p.item) {
			s.keep(w, p.item)
			kept = append(kept, p)
		}
	}
	w.pins = kept
	info.Pinned = len(kept)
}

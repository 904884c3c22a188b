package recommend

import (
	"iter"
	"slices"
)

// stock is what can be delivered, by ids: everything but listed, or, where closed,
// nothing but listed; what has changed since goes before.
type stock[I ID] struct {
	closed  bool
	listed  []I // ascending
	changed map[I]bool
}

// all reports whether everything can be delivered.
func (s *stock[I]) all() bool { return !s.closed && len(s.listed) == 0 && len(s.changed) == 0 }

func (s *stock[I]) has(id I) bool {
	if in, ok := s.changed[id]; ok {
		return in
	}
	_, ok := slices.BinarySearch(s.listed, id)
	return ok == s.closed
}

// list returns listed with what has changed.
func (s *stock[I]) list() []I {
	if len(s.changed) == 0 {
		return s.listed
	}
	out := slices.DeleteFunc(slices.Clone(s.listed), func(id I) bool {
		_, changed := s.changed[id]
		return changed
	})
	for id, in := range s.changed {
		if in == s.closed {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// set puts an item in or out. Changes are gathered until they are worth a new list.
func (s *stock[I]) set(id I, in bool) {
	if s.changed == nil {
		s.changed = map[I]bool{}
	}
	if s.changed[id] = in; len(s.changed) > 1024+len(s.listed)/8 {
		s.listed = s.list()
		s.changed = nil
	}
}

// inStock returns what tells whether an item is in stock; nil: everything is. The
// caller holds write as long as it is used.
func (l *live[U, I]) inStock() func(I) bool {
	if l.stock.all() {
		return nil
	}
	return l.stock.has
}

// SetStock says what can be delivered: from the next request on, only these items
// are recommended or named by Similar, and items that join later only if they are
// among these. nil means everything again. It stays across Swap. Cost: a sort of the
// ids and a lookup of every item; requests do not wait.
func (e *Engine[U, I]) SetStock(inStock iter.Seq[I]) {
	if e.made("") != nil {
		return
	}
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	l.stock = stock[I]{closed: inStock != nil}
	if inStock != nil {
		l.stock.listed = slices.Compact(slices.Sorted(inStock))
	}
	next := *e.state.Load()
	next.setStock(l.inStock())
	e.state.Store(&next)
}

// SetItemStock puts one item in stock or out of it, whatever SetStock said, from the
// next request on; without a SetStock before it everything else is in stock. It counts
// for an item that joins later too, and stays until the next SetStock. Cost: a copy of
// 1 bit an item; requests do not wait.
func (e *Engine[U, I]) SetItemStock(item I, inStock bool) {
	if e.made("") != nil {
		return
	}
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	if l.stock.has(item) == inStock {
		return
	}
	l.stock.set(item, inStock)
	next := *e.state.Load()
	if next.stock != nil {
		next.stock = slices.Clone(next.stock)
	} else {
		next.stock = make(indexSet, next.words())
		next.stock.fill(next.items + len(next.arrivals))
	}
	if i := next.of(item); i < 0 {
		// It is told when it joins.
	} else if inStock {
		next.stock.add(i)
	} else {
		next.stock.drop(i)
	}
	e.state.Store(&next)
}

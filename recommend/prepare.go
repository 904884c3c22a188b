package recommend

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// prepare does what comes before the scores: it says who asks and what is free.
func (s *state[U, I]) prepare(w *scratch[I], req *Request[U, I], info *Info) (Query, error) {
	w.scored, w.scan.ready.k = false, 0
	w.resolve(req.Rerank, req.Explore, req.K)
	q, err := s.query(w, req, info)
	if err != nil {
		return q, err
	}
	s.filter(w, req, &q, info)
	s.startCaps(w, req.Caps)
	s.pin(w, req, info)
	return q, nil
}

// query says for whom the request is. Histories without new events alias the
// dataset.
func (s *state[U, I]) query(w *scratch[I], req *Request[U, I], info *Info) (Query, error) {
	q := Query{User: Stranger}
	x := s.data.Interactions
	var times []int64
	u, row := int32(-1), false
	if !req.Anonymous {
		u = s.data.Users.Of(req.User)
		if row = u >= 0 && (!w.masked || !s.hidden(u, w.forgotten)); row {
			q = x.Query(int(u))
			times = x.Times(int(u))
			info.Known = true
		}
	}
	if req.Seen == Repurchase && len(q.Items) > 0 && times == nil {
		return q, fmt.Errorf("recommend: Engine.Recommend: Seen is Repurchase but the dataset has no times: %w", ErrOption)
	}
	w.past.times = append(w.past.times[:0], times...)
	if len(w.events) > 0 || len(req.History) > 0 {
		w.past.start(q.Items, q.Weights, times)
		for k := range w.events {
			ev := &w.events[k]
			if i := s.of(ev.item); i >= 0 && !s.contained(u, i, ev.at, row) {
				w.past.add(i, ev.weight, ev.at)
				info.Live++
			}
		}
		now := int64(noTime)
		if req.Seen == Repurchase {
			now = nanoseconds(req.AsOf)
		}
		for k := range req.History {
			ev := &req.History[k]
			i := s.of(ev.Item)
			if i < 0 {
				info.UnknownHistory++
				continue
			}
			at := now
			if !ev.At.IsZero() {
				at = nanoseconds(ev.At)
			}
			w.past.add(i, check.Default(ev.Weight, 1), at)
		}
		if info.Live > 0 || info.UnknownHistory < len(req.History) {
			if i := w.past.fold(s.data.opt.Duplicates); i >= 0 {
				return q, fmt.Errorf("recommend: Engine.Recommend: weights of item %v add up to too much: %w", s.id(i), ErrNotFinite)
			}
			q.Items, q.Weights = w.past.items, w.past.weights
			info.fresh = true
		}
	}
	info.History = len(q.Items)
	return q, nil
}

// pastItem is an entry of a history under construction.
type pastItem struct {
	item   int32
	order  int32
	weight float32
	time   int64
}

// past is the history of one request, in scratch memory.
type past struct {
	all     []pastItem
	items   []int32
	weights []float32
	times   []int64
}

func comparePastOrder(a, b pastItem) int {
	return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.order, b.order))
}

func comparePastWeight(a, b pastItem) int {
	return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.weight, b.weight))
}

// start begins a history with a stored row.
func (p *past) start(items []int32, weights []float32, times []int64) {
	p.all = p.all[:0]
	for k, i := range items {
		e := pastItem{i, -1, weights[k], noTime}
		if times != nil {
			e.time = times[k]
		}
		p.all = append(p.all, e)
	}
}

// add adds an event, later than those before it.
func (p *past) add(item int32, weight float32, time int64) {
	p.all = append(p.all, pastItem{item, int32(len(p.all)), weight, time})
}

// fold makes one entry an item, ascending, weights folded by the policy. It
// returns the item whose weights add up to more than a float32 holds, or -1.
func (p *past) fold(policy Duplicates) (broken int32) {
	if policy == Last {
		slices.SortFunc(p.all, comparePastOrder)
	} else {
		slices.SortFunc(p.all, comparePastWeight) // sums must not depend on the order
	}
	p.items, p.weights, p.times = p.items[:0], p.weights[:0], p.times[:0]
	for k := 0; k < len(p.all); {
		e := p.all[k]
		w := float64(e.weight)
		for k++; k < len(p.all) && p.all[k].item == e.item; k++ {
			v := float64(p.all[k].weight)
			switch policy {
			case Max:
				w = max(w, v)
			case Last:
				w = v
			default:
				w += v
			}
			e.time = max(e.time, p.all[k].time)
		}
		if !check.Finite(float64(float32(w))) {
			return e.item
		}
		p.items = append(p.items, e.item)
		p.weights = append(p.weights, float32(min(max(w, -mostWeight), mostWeight))) // what models take
		p.times = append(p.times, e.time)
	}
	return -1
}

// filter leaves in w.free what may be recommended.
func (s *state[U, I]) filter(w *scratch[I], req *Request[U, I], q *Query, info *Info) {
	free := w.free
	free.fill(s.items + len(s.arrivals))
	if req.Allow != nil {
		free.and(req.Allow.set.Words()) // no arrival is a member
	}
	if req.AllowItems != nil {
		clear(w.mark)
		info.UnknownAllow = s.marked(w.mark, req.AllowItems)
		free.and(w.mark)
	}
	if req.Where != nil {
		s.view.eval(w.mark, req.Where, &w.rule, 0)
		free.and(w.mark)
	}
	allowed := free.count()
	if req.Deny != nil {
		free.andNot(req.Deny.set.Words())
	}
	if len(req.DenyItems) > 0 {
		clear(w.mark)
		info.UnknownDeny = s.marked(w.mark, req.DenyItems)
		free.andNot(w.mark)
	}
	left := free.count()
	inStock := left
	if s.stock != nil {
		free.and(s.stock)
		inStock = free.count()
	}
	if req.Seen != KeepSeen {
		last := int64(noTime)
		if req.Seen == Repurchase {
			last = nanoseconds(req.AsOf.Add(-req.Interval))
		}
		for k, i := range q.Items {
			if req.SeenWeight > 0 && q.Weight(k) < req.SeenWeight {
				continue
			}
			if req.Seen == DropSeen || w.past.times[k] > last {
				free.drop(i)
			}
		}
	}
	info.Eligible = free.count()
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

// marked adds ids to set and returns how many are unknown.
func (s *state[U, I]) marked(set indexSet, ids []I) (unknown int) {
	for _, id := range ids {
		if i := s.of(id); i >= 0 {
			set.add(i)
		} else {
			unknown++
		}
	}
	return unknown
}

// capState counts what a request has taken of each value of an attribute.
type capState struct {
	base, more *attribute
	join       []int32 // code of more → code here
	counts     []int32
	max        int32
}

// startCaps readies the counts of a request.
func (s *state[U, I]) startCaps(w *scratch[I], caps []Cap) {
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
func (s *state[U, I]) pin(w *scratch[I], req *Request[U, I], info *Info) {
	w.pins = w.pins[:0]
	for _, p := range req.Pins {
		if i := s.of(p.Item); i < 0 {
			info.UnknownPins++
		} else if p.Position <= req.K {
			w.pins = append(w.pins, pinned{p.Position, i})
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

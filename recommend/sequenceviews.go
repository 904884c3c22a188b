package recommend

import (
	"cmp"
	"slices"
	"sort"
)

// sequence is a history as models of order read it: every event, oldest first.
type sequence struct {
	items   []int32
	weights []float32
	at      []int64 // Unix nanoseconds; nil when unknown
	seqs    []int64 // nil: all 0
}

// seq returns the sequence number of event k.
func (s *sequence) seq(k int) int64 {
	if s.seqs == nil {
		return 0
	}
	return s.seqs[k]
}

// from returns the last part of s, the events that are not before start; events
// without times are.
func (s *sequence) from(start int64) view {
	k := len(s.items)
	if s.at != nil {
		k = sort.Search(k, func(k int) bool { return s.at[k] >= start })
	}
	return view{s.items[k:], s.weights[k:]}
}

// append appends an event.
func (s *sequence) append(item int32, weight float32, at, seq int64) {
	s.items, s.weights = append(s.items, item), append(s.weights, weight)
	s.at, s.seqs = append(s.at, at), append(s.seqs, seq)
}

// sequences is the memory of the sequences of a request.
type sequences struct {
	row, all sequence
	order    []int32
	fresh    []pastItem
}

// sequenceViews fills the views of w.past: what models of order read, beside the folded
// history q. They get the events of the dataset, the live ones and those of the
// request by time, sequence number and arrival, with repeats. Events taken back, and
// all events of pairs that net to nothing, are left out, and so are items that the
// models do not know.
func (s *state[U, I]) sequenceViews(w *scratch[I], q Query, row bool) {
	p := &w.past
	known := len(q.Items)
	for known > 0 && int(q.Items[known-1]) >= s.items { // joined items come last
		known--
	}
	p.views.set = view{q.Items[:known], q.Weights[:known]}
	var all sequence
	if row {
		all = s.data.Interactions.sequence(&p.sequences, int(w.want.user))
	}
	if len(p.all) > 0 {
		all = p.merge(&all, s.items, &s.data.opt)
	}
	p.views.whole = view{all.items, all.weights}
	p.views.session = p.views.whole
	if w.want.session != noTime {
		p.views.session = all.from(w.want.session)
	}
}

// sequence returns the events of user u; the entries by time where x does not hold the
// events, and by item where there are no times. It may alias x.
func (x *Interactions) sequence(m *sequences, u int) sequence {
	if l := x.log; l != nil {
		a, b := l.ptr[u], l.ptr[u+1]
		s := sequence{items: l.events[a:b], weights: l.weights[a:b], at: l.at[a:b]}
		if l.seqs != nil {
			s.seqs = l.seqs[a:b]
		}
		return s
	}
	items, weights := x.Row(u)
	at := x.Times(u)
	if at == nil {
		return sequence{items: items, weights: weights}
	}
	m.order = m.order[:0]
	for k := range items {
		m.order = append(m.order, int32(k))
	}
	slices.SortFunc(m.order, func(a, b int32) int { return cmp.Or(cmp.Compare(at[a], at[b]), cmp.Compare(a, b)) })
	s := &m.row
	s.items, s.weights, s.at, s.seqs = s.items[:0], s.weights[:0], s.at[:0], s.seqs[:0]
	for _, k := range m.order {
		s.append(items[k], weights[k], at[k], 0)
	}
	return *s
}

// merge returns the events of the dataset with the new ones among them; n counts the
// items that models know. Equal in time and sequence number, those of the dataset come
// first, then the live ones, then those of the request, each as they arrived.
func (p *past) merge(old *sequence, n int, opt *BuilderOptions) sequence {
	m := &p.sequences
	m.fresh = m.fresh[:0]
	for k := range p.all {
		if e := &p.all[k]; e.order >= 0 && int(e.item) < n && e.weight >= 0 && !e.dislike && !e.evicted && !p.left(e.item, e.when(), e.seq, e.order) {
			m.fresh = append(m.fresh, *e)
			m.fresh[len(m.fresh)-1].weight = opt.weigh(e.weight) // as the dataset holds its own
		}
	}
	slices.SortFunc(m.fresh, func(a, b pastItem) int {
		return cmp.Or(cmp.Compare(a.when(), b.when()), cmp.Compare(a.seq, b.seq), cmp.Compare(a.order, b.order))
	})
	s := &m.all
	s.items, s.weights, s.at, s.seqs = s.items[:0], s.weights[:0], s.at[:0], s.seqs[:0]
	next := 0
	for k, item := range old.items {
		at := int64(noTime)
		if old.at != nil {
			at = old.at[k]
		}
		seq := old.seq(k)
		for next < len(m.fresh) && cmp.Or(cmp.Compare(m.fresh[next].when(), at), cmp.Compare(m.fresh[next].seq, seq)) < 0 {
			s.step(&m.fresh[next])
			next++
		}
		if !p.left(item, at, seq, -1) {
			s.append(item, old.weights[k], at, seq)
		}
	}
	for ; next < len(m.fresh); next++ {
		s.step(&m.fresh[next])
	}
	return *s
}

// step appends a new event.
func (s *sequence) step(e *pastItem) { s.append(e.item, e.weight, e.when(), e.seq) }

// left reports whether an event counts no more: see cut.
func (p *past) left(item int32, when, seq int64, order int32) bool {
	if len(p.cuts) == 0 {
		return false
	}
	at, found := slices.BinarySearchFunc(p.cuts, item, func(c cut, item int32) int { return cmp.Compare(c.item, item) })
	if !found {
		return false
	}
	c := &p.cuts[at]
	return cmp.Or(cmp.Compare(when, c.when), cmp.Compare(seq, c.seq), cmp.Compare(order, c.order)) <= 0
}

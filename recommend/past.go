package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
)

// pastItem is an event of a history under construction, or an entry of the dataset,
// which stands for all its events.
type pastItem struct {
	item    int32
	order   int32 // of arrival; -1 an entry of the dataset
	weight  float32
	dislike bool
	undated bool  // time is when the request was made
	time    int64 // Unix nanoseconds, noTime when unknown
	seq     int64
}

// when returns what the event is ordered by: nothing is later than now.
func (e *pastItem) when() int64 {
	if e.undated {
		return math.MaxInt64
	}
	return e.time
}

// comparePast sorts by item, and the events of an item as they happened. Where the
// times do not tell, weights do, so that nothing depends on the order of arrival; but
// what a request lists without times happened as it lists it.
func comparePast(a, b pastItem) int {
	if c := cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.when(), b.when()), cmp.Compare(a.seq, b.seq)); c != 0 {
		return c
	}
	if a.undated && b.undated {
		return cmp.Compare(a.order, b.order)
	}
	return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.order, b.order))
}

// past is the history of one request, in scratch memory. items, weights and times
// hold an entry an item, ascending; they may alias the dataset.
type past struct {
	all     []pastItem
	items   []int32
	weights []float32
	times   []int64 // of the last event, nil when unknown

	gone     []int32 // items that netted to nothing, ascending
	disliked []int32 // items, ascending
	memory   struct {
		items   []int32
		weights []float32
		times   []int64
	}
	sequences sequences
	views     views
}

// begin makes p empty.
func (p *past) begin() {
	p.items, p.weights, p.times, p.all = nil, nil, nil, p.all[:0]
	p.gone, p.disliked = p.gone[:0], p.disliked[:0]
}

// query says for whom the request is. Histories without new events alias the
// dataset.
func (s *state[U, I]) query(w *scratch[I], req *Request[U, I], info *Info) (Query, error) {
	q := Query{User: Stranger}
	p := &w.past
	p.begin()
	u, row := int32(-1), false
	if !req.Anonymous {
		u = s.data.Users.Of(req.User)
		if row = u >= 0 && (!w.masked || !s.hidden(u, w.forgotten)); row {
			x := s.data.Interactions
			q.User = u
			p.items, p.weights = x.Row(int(u))
			p.times = x.Times(int(u))
			info.Known = true
		}
	}
	if req.Seen == Repurchase && len(p.items) > 0 && p.times == nil {
		return q, fmt.Errorf("recommend: Engine.Recommend: Seen is Repurchase but the dataset has no times: %w", ErrOption)
	}
	if len(w.events) > 0 || len(req.History) > 0 {
		if err := s.addNew(w, req, info, u, row); err != nil {
			return q, err
		}
	}
	q.Items, q.Weights = p.items, p.weights
	if len(q.Items) == 0 && len(p.gone)+len(p.disliked) > 0 {
		q.User = Stranger // nothing is left of what the models were fitted on
	}
	info.History = len(q.Items)
	if s.ordered {
		s.sequenceViews(w, req, q, u, row)
		q.views = &p.views
	}
	return q, nil
}

// addNew folds live events and those of the request into the history of w.
func (s *state[U, I]) addNew(w *scratch[I], req *Request[U, I], info *Info, u int32, row bool) error {
	p := &w.past
	for k, i := range p.items {
		e := pastItem{item: i, order: -1, weight: p.weights[k], time: noTime}
		if p.times != nil {
			e.time = p.times[k]
		}
		p.all = append(p.all, e)
	}
	for k := range w.events {
		ev := &w.events[k]
		if i := s.of(ev.item); i >= 0 && !s.contained(u, i, ev.at, row) {
			p.add(pastItem{item: i, weight: ev.weight, time: ev.at, seq: ev.seq})
			info.Live++
		}
	}
	now := int64(noTime)
	if !req.AsOf.IsZero() {
		now = nanoseconds(req.AsOf)
	}
	for k := range req.History {
		ev := &req.History[k]
		i := s.of(ev.Item)
		if i < 0 {
			info.UnknownHistory++
			continue
		}
		e := pastItem{item: i, weight: check.Default(ev.Weight, 1), seq: ev.Seq, time: now, undated: true}
		if !ev.At.IsZero() {
			e.time, e.undated = nanoseconds(ev.At), false
		}
		p.add(e)
	}
	if info.Live == 0 && info.UnknownHistory == len(req.History) {
		return nil
	}
	info.fresh = true
	if i := p.fold(s.data.opt.Duplicates); i >= 0 {
		return fmt.Errorf("recommend: Engine.Recommend: weights of item %v add up to too much: %w", s.id(i), ErrNotFinite)
	}
	return nil
}

// add adds an event that arrived after those before it.
func (p *past) add(e pastItem) {
	e.order = int32(len(p.all))
	p.all = append(p.all, e)
}

// fold makes one entry an item, ascending, weights folded by the policy. It
// returns the item whose weights add up to more than a float32 holds, or -1.
func (p *past) fold(policy Duplicates) (broken int32) {
	slices.SortFunc(p.all, comparePast)
	m := &p.memory
	m.items, m.weights, m.times = m.items[:0], m.weights[:0], m.times[:0]
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
		m.items = append(m.items, e.item)
		m.weights = append(m.weights, float32(min(max(w, -mostWeight), mostWeight))) // what models take
		m.times = append(m.times, e.time)
	}
	p.items, p.weights, p.times = m.items, m.weights, m.times
	return -1
}

// returnable is the instant up to which the last event of an item must lie for the
// item to be recommended again.
func returnable(asOf time.Time, interval time.Duration) int64 {
	if asOf.IsZero() {
		return noTime
	}
	return nanoseconds(asOf.Add(-interval))
}

// dropSeen takes the items of the history out of free, those of at least that weight:
// all, or those with an event after last.
func (p *past) dropSeen(free indexSet, all bool, last int64, least float32) {
	for k, i := range p.items {
		if least > 0 && weightAt(p.weights, k) < least {
			continue
		}
		if all || p.times[k] > last {
			free.drop(i)
		}
	}
}

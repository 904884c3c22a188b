package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// pastItem is an event of a history under construction, or an entry of the dataset,
// which stands for all its events.
type pastItem struct {
	item    int32
	order   int32 // of arrival; -1 an entry of the dataset
	weight  float32
	dislike bool
	evicted bool  // counts for what was seen only, unless it takes back
	undated bool  // time is when the request was made
	logged  bool  // an event of the dataset, not its entry
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

// cut says that the events of an item up to one of its dislikes, or all, count no more.
type cut struct {
	item, order int32
	when, seq   int64
}

// comparePast sorts by item, and the events of an item as they happened. Where the
// times do not tell, weights do, so that nothing depends on the order of arrival; but
// what a request lists without times happened as it lists it.
func comparePast(a, b pastItem) int {
	if a.item != b.item { // almost always, and hot
		return int(a.item) - int(b.item)
	}
	if c := cmp.Or(cmp.Compare(a.when(), b.when()), cmp.Compare(a.seq, b.seq)); c != 0 {
		return c
	}
	if a.undated && b.undated {
		return cmp.Compare(a.order, b.order)
	}
	return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.order, b.order))
}

// past is the history of one request, in scratch memory. It holds an entry an item,
// ascending, and may alias the dataset.
type past struct {
	all []pastItem
	entries
	seen      entries // with the events that are no longer kept
	cuts      []cut   // ascending by item
	touched   []int32 // items of new events, ascending; see unfold
	disliked  []int32 // items
	memory    [2]entries
	sequences sequences
	views     views
}

// entries are a history folded by item.
type entries struct {
	items   []int32
	weights []float32
	times   []int64 // of the last event; nil when unknown
}

func (e *entries) append(item int32, weight float64, time int64) {
	e.items = append(e.items, item)
	e.weights = append(e.weights, float32(min(max(weight, -mostWeight), mostWeight))) // what models take
	e.times = append(e.times, time)
}

// emptied returns e without entries, for its memory.
func (e *entries) emptied() entries {
	return entries{e.items[:0], e.weights[:0], e.times[:0]}
}

// begin makes p empty.
func (p *past) begin() {
	p.all, p.entries, p.seen = p.all[:0], entries{}, entries{}
	p.cuts, p.disliked = p.cuts[:0], p.disliked[:0]
}

// query says for whom the request is. Histories without new events alias the
// dataset.
func (s *state[U, I]) query(w *scratch[I], info *Info) (Query, error) {
	q := Query{User: Stranger}
	p, u := &w.past, w.want.user
	p.begin()
	row := u >= 0 && (!w.masked || !s.hidden(u, w.forgotten))
	if row {
		x := s.data.Interactions
		q.User = u
		p.items, p.weights = x.Row(int(u))
		p.times = x.Times(int(u))
		info.Known = true
	}
	if w.want.seen == Repurchase && len(p.items) > 0 && p.times == nil {
		return q, fmt.Errorf("recommend: Engine.Recommend: Seen is Repurchase but the dataset has no times: %w", ErrOption)
	}
	p.seen = p.entries
	if len(w.events) > 0 || len(w.marks) > 0 || len(w.want.history) > 0 {
		if err := s.addNew(w, info, row); err != nil {
			return q, err
		}
	}
	q.Items, q.Weights = p.items, p.weights
	if len(q.Items) == 0 && len(p.cuts) > 0 {
		q.User = Stranger // nothing is left of what the models were fitted on
	}
	info.History = len(q.Items)
	if s.ordered {
		s.sequenceViews(w, q, row)
		q.views = &p.views
	}
	return q, nil
}

// addNew folds live events and those of the request into the history of w.
func (s *state[U, I]) addNew(w *scratch[I], info *Info, row bool) error {
	p, u := &w.past, w.want.user
	known := len(p.items)
	for k, i := range p.items {
		e := pastItem{item: i, order: -1, weight: p.weights[k], time: noTime}
		if p.times != nil {
			e.time = p.times[k]
		}
		p.all = append(p.all, e)
	}
	for k := range w.marks {
		m := &w.marks[k]
		if i := s.of(m.item); i >= 0 && (m.dislike || !s.contained(u, i, m.at, row)) {
			p.add(pastItem{item: i, weight: m.weight, dislike: m.dislike, evicted: true, time: m.at})
		}
	}
	marked := len(p.all) - known
	for k := range w.events {
		ev := &w.events[k]
		if i := s.of(ev.item); i >= 0 && !s.holds(u, i, ev, row) {
			p.add(pastItem{item: i, weight: ev.weight, dislike: ev.dislike, time: ev.at, seq: ev.seq})
			info.Live++
		}
	}
	for _, e := range w.want.history {
		p.add(e)
	}
	info.fresh = info.Live > 0 || len(w.want.history) > 0
	if !info.fresh && marked == 0 {
		p.all = p.all[:0]
		return nil
	}
	if row {
		s.unfold(p, u, known)
	}
	if i := p.fold(&s.data.opt, s.data.asOf, marked > 0); i >= 0 {
		return fmt.Errorf("recommend: Engine.Recommend: weights of item %v add up to too much: %w", s.id(i), ErrNotFinite)
	}
	info.fresh = info.fresh || len(p.cuts) > 0
	return nil
}

// add adds an event that arrived after those before it.
func (p *past) add(e pastItem) {
	e.order = int32(len(p.all))
	p.all = append(p.all, e)
}

// fold makes one entry an item, ascending, as a Builder with these options would, of
// events whose weights in the dataset are as of asOf. It returns the item whose weights
// add up to more than a float32 holds, or -1.
func (p *past) fold(opt *BuilderOptions, asOf int64, marked bool) (broken int32) {
	slices.SortFunc(p.all, comparePast)
	now := asOf
	if opt.HalfLife > 0 {
		for k := range p.all {
			if e := &p.all[k]; e.order >= 0 && !e.undated && !e.dislike {
				now = max(now, e.time)
			}
		}
	}
	p.entries = p.memory[0].emptied()
	if marked {
		p.seen = p.memory[1].emptied()
	}
	for k := 0; k < len(p.all); {
		j := k + 1
		for j < len(p.all) && p.all[j].item == p.all[k].item {
			j++
		}
		group := p.undisliked(p.all[k:j])
		k = j
		if len(group) > 0 && !p.foldItem(opt, group, asOf, now, marked) {
			return group[0].item
		}
	}
	p.memory[0] = p.entries
	if marked {
		p.memory[1] = p.seen
	} else {
		p.seen = p.entries
	}
	return -1
}

// undisliked returns the events of an item after its last dislike: nothing before it
// counts any more, and without a later event that takes the item the item is disliked.
func (p *past) undisliked(group []pastItem) []pastItem {
	at := len(group) - 1
	for at >= 0 && !group[at].dislike {
		at--
	}
	if at < 0 {
		return group
	}
	e := &group[at]
	p.cut(cut{e.item, e.order, e.when(), e.seq})
	group = group[at+1:]
	if !slices.ContainsFunc(group, func(e pastItem) bool { return e.weight > 0 }) {
		p.disliked = append(p.disliked, e.item)
		return nil
	}
	return group
}

// cut adds a cut, for an item that is not before those that have one.
func (p *past) cut(c cut) {
	if n := len(p.cuts); n > 0 && p.cuts[n-1].item == c.item {
		p.cuts = p.cuts[:n-1]
	}
	p.cuts = append(p.cuts, c)
}

// foldItem appends the entry of one item, unless it nets to nothing; false: its weights
// add up to more than a float32 holds.
func (p *past) foldItem(opt *BuilderOptions, group []pastItem, asOf, now int64, marked bool) bool {
	var kept, all pairSum
	for k := range group {
		e := &group[k]
		if e.evicted && e.weight == 0 { // nothing was left of them
			continue
		}
		v, d := float64(e.weight), 1.0
		switch {
		case opt.HalfLife == 0:
		case e.order < 0 && !e.logged: // it decayed to asOf already, from what it was at its last event
			d = opt.decay(now, asOf)
		case !e.undated:
			d = opt.decay(now, e.time)
		}
		if e.order >= 0 && !e.evicted {
			v = float64(opt.weigh(e.weight))
		}
		aged := v * d
		if e.order < 0 && !e.logged && opt.HalfLife > 0 && e.time != noTime {
			v = min(v/opt.decay(asOf, e.time), mostWeight)
		}
		all.add(opt, v, aged, e.time)
		if !e.evicted || v < 0 && !opt.Ratings {
			kept.add(opt, v, aged, e.time)
		}
	}
	item := group[0].item
	w, left := kept.result(opt)
	if !check.Finite(float64(float32(w))) {
		return false
	}
	if left {
		p.append(item, w, kept.time)
	} else if kept.some {
		p.cut(cut{item: item, when: math.MaxInt64, seq: math.MaxInt64, order: math.MaxInt32})
	}
	if marked {
		if w, left := all.result(opt); left {
			p.seen.append(item, w, all.time)
		}
	}
	return true
}

// pairSum folds the events of a pair, in their order, as Builder.foldPair does.
type pairSum struct {
	took, back, decayed float64 // of what is no return; of returns; the former by age
	net, w              float64 // of Max and Last; w by age
	time                int64
	some                bool
}

// add adds an event of weight v, of which aged is left by now.
func (s *pairSum) add(opt *BuilderOptions, v, aged float64, time int64) {
	if v < 0 && !opt.Ratings {
		s.back += v
	} else {
		s.took, s.decayed = s.took+v, s.decayed+aged
	}
	if s.time = max(s.time, time); !s.some {
		s.time = time
	}
	if !s.some || opt.Duplicates == Last {
		s.net, s.w = v, aged
	} else if opt.Duplicates == Max {
		s.net, s.w = max(s.net, v), max(s.w, aged)
	}
	s.some = true
}

// result returns the weight of the pair, and whether anything is left of it: a pair
// without returns stays, whatever it weighs.
func (s *pairSum) result(opt *BuilderOptions) (w float64, left bool) {
	net, w := s.net, s.w
	if opt.Duplicates == Sum {
		if net, w = s.took, s.decayed; s.back < 0 {
			if net = s.took + s.back; net < 1e-6*s.took {
				net = 0
			}
			if w = net; opt.HalfLife > 0 && net > 0 {
				w = s.decayed * (net / s.took)
			}
		}
	}
	if opt.Cap > 0 {
		w = min(w, float64(opt.Cap))
	}
	return w, s.some && (s.back == 0 || net > 0)
}

// dropSeen takes the items of the history out of free, those of at least that weight:
// all, or those with an event after last.
func (p *past) dropSeen(free indexSet, all bool, last int64, least float32) {
	e := &p.seen
	for k, i := range e.items {
		if least > 0 && e.weights[k] < least {
			continue
		}
		if all || e.times[k] > last {
			free.drop(i)
		}
	}
}

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

// comparePast sorts the events of an item as they happened. Where the times do not tell,
// weights do, so that nothing depends on the order of arrival; but what a request lists
// without times happened as it lists it.
func comparePast(a, b pastItem) int {
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
	all []pastItem // new events as they arrived, and what unfold adds
	entries
	seen      entries    // with the events that are no longer kept
	cuts      []cut      // ascending by item
	unfolded  bool       // all holds the dataset's events of its items, where entries do not tell
	touched   []int32    // items of new events, ascending; see unfold
	disliked  []int32    // items
	keys      []uint64   // of all: item, place
	group     []pastItem // of one item
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
	p.all, p.entries, p.seen, p.unfolded = p.all[:0], entries{}, entries{}, false
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
	for k := range w.marks {
		m := &w.marks[k]
		if i := s.of(m.item); i >= 0 && (m.dislike || !s.contained(u, i, m.at, row)) {
			p.add(pastItem{item: i, weight: m.weight, dislike: m.dislike, evicted: true, time: m.at})
		}
	}
	marked := len(p.all)
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
		return nil
	}
	if row {
		s.unfold(p, u)
	}
	if i := p.fold(&folding{opt: &s.data.opt, asOf: s.data.asOf, marked: marked > 0}); i >= 0 {
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

// folding says how a history is folded: as a Builder with these options would, its
// dataset's weights being as of asOf.
type folding struct {
	opt       *BuilderOptions
	asOf, now int64
	aged      float64 // what now leaves of the dataset's weights
	most      float64 // weight of a pair
	marked    bool    // there are evicted events
}

// start dates f, and readies it for the events of p.
func (f *folding) start(p *past) {
	f.now, f.aged, f.most = f.asOf, 1, mostWeight
	if f.opt.Cap > 0 {
		f.most = float64(f.opt.Cap)
	}
	if f.opt.HalfLife == 0 {
		return
	}
	for k := range p.all {
		if e := &p.all[k]; e.order >= 0 && !e.undated && !e.dislike {
			f.now = max(f.now, e.time)
		}
	}
	f.aged = f.opt.decay(f.now, f.asOf)
}

// fold makes one entry an item, ascending, of those there are and of the events in all.
// Only these are sorted: a history is mostly entries, which are in order. It returns the
// item whose weights add up to more than a float32 holds, or -1.
func (p *past) fold(f *folding) (broken int32) {
	f.start(p)
	row := p.entries
	p.entries = p.memory[0].emptied()
	if f.marked {
		p.seen = p.memory[1].emptied()
	}
	p.keys = p.keys[:0]
	for k := range p.all {
		p.keys = append(p.keys, uint64(p.all[k].item)<<32|uint64(k))
	}
	slices.Sort(p.keys)
	for k := 0; k < len(p.keys); {
		item := int32(p.keys[k] >> 32)
		row = p.carry(f, row, item)
		j := k + 1
		for j < len(p.keys) && int32(p.keys[j]>>32) == item {
			j++
		}
		group := p.gather(p.keys[k:j], &row)
		k = j
		if group = p.undisliked(group); len(group) > 0 && !p.foldItem(f, group) {
			return item
		}
	}
	p.carry(f, row, math.MaxInt32)
	p.memory[0] = p.entries
	if f.marked {
		p.memory[1] = p.seen
	} else {
		p.seen = p.entries
	}
	return -1
}

// gather returns the events of one item as they happened: those of keys, and its entry,
// which it takes from row.
func (p *past) gather(keys []uint64, row *entries) []pastItem {
	first := int(uint32(keys[0]))
	known := len(row.items) > 0 && row.items[0] == p.all[first].item
	if len(keys) == 1 && !known {
		return p.all[first : first+1]
	}
	p.group = p.group[:0]
	for _, key := range keys {
		p.group = append(p.group, p.all[uint32(key)])
	}
	if known {
		if !p.unfolded || !slices.ContainsFunc(p.group, func(e pastItem) bool { return e.logged }) {
			p.group = append(p.group, row.event(0))
		}
		*row = row.after(1)
	}
	slices.SortFunc(p.group, comparePast)
	return p.group
}

// carry appends the entries of row before an item, and returns the others. Nothing new
// is about these: they age, as foldItem has it.
func (p *past) carry(f *folding, row entries, before int32) entries {
	n, _ := slices.BinarySearch(row.items, before)
	for n > 0 {
		plain := slices.IndexFunc(row.weights[:n], func(w float32) bool { return !(w > 0) })
		if plain < 0 {
			plain = n
		}
		p.entries.age(f, row, plain)
		if f.marked {
			p.seen.age(f, row, plain)
		}
		if plain < n {
			p.group = append(p.group[:0], row.event(plain))
			p.foldItem(f, p.group) // as finite as the entry
			plain++
		}
		row, n = row.after(plain), n-plain
	}
	return row
}

// age appends the first n entries of row, whose weights are above 0, as of now.
func (e *entries) age(f *folding, row entries, n int) {
	at := len(e.items)
	e.items = append(e.items, row.items[:n]...)
	e.weights = append(e.weights, row.weights[:n]...)
	for k, w := range e.weights[at:] {
		e.weights[at+k] = float32(min(float64(w)*f.aged, f.most))
	}
	if row.times != nil {
		e.times = append(e.times, row.times[:n]...)
		return
	}
	for range n {
		e.times = append(e.times, noTime)
	}
}

// event returns entry k, which stands for the events of the dataset.
func (e *entries) event(k int) pastItem {
	x := pastItem{item: e.items[k], order: -1, weight: e.weights[k], time: noTime}
	if e.times != nil {
		x.time = e.times[k]
	}
	return x
}

// after returns e without its first n entries.
func (e *entries) after(n int) entries {
	rest := entries{items: e.items[n:], weights: e.weights[n:]}
	if e.times != nil {
		rest.times = e.times[n:]
	}
	return rest
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
func (p *past) foldItem(f *folding, group []pastItem) bool {
	opt := f.opt
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
			d = f.aged
		case !e.undated:
			d = opt.decay(f.now, e.time)
		}
		if e.order >= 0 && !e.evicted {
			v = float64(opt.weigh(e.weight))
		}
		aged := v * d
		if e.order < 0 && !e.logged && opt.HalfLife > 0 && e.time != noTime {
			v = min(v/opt.decay(f.asOf, e.time), mostWeight)
		}
		if f.marked {
			all.add(opt, v, aged, e.time)
		}
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
	if f.marked {
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
// all, or those with an event after last. It returns how many were in it.
func (p *past) dropSeen(free indexSet, all bool, last int64, least float32) (dropped int) {
	e := &p.seen
	for k, i := range e.items {
		if least > 0 && e.weights[k] < least {
			continue
		}
		if (all || e.times[k] > last) && free.has(i) {
			free.drop(i)
			dropped++
		}
	}
	return dropped
}

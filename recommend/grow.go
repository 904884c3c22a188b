package recommend

import (
	"slices"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// lostEvents are the events of users and items that a k-core filter dropped: a builder that goes on
// from the dataset has them again, since later ones may make them qualify.
type lostEvents[U, I ID] struct {
	users []U // dropped ones, ascending
	items []I
	log   *Sequences // users and items of the dataset, then the dropped ones
}

// losing returns the dropped keys, and where each key is among the kept ones and the
// dropped ones behind them.
func losing[K ID](keys []K, index []int32, kept int) (lost []K, at []int32) {
	at = slices.Clone(index)
	for k, i := range index {
		if i < 0 {
			at[k] = int32(kept + len(lost))
			lost = append(lost, keys[k])
		}
	}
	return lost, at
}

// lost returns the events of a dropped user or item, nil without any. userAt and itemAt say where
// rows and items of o go, the dropped ones from users and items on.
func lost[U, I ID](o *ordered, users []U, userNew []int32, keptUsers int, items []I, itemNew []int32, keptItems int) *lostEvents[U, I] {
	if keptUsers == len(users) && keptItems == len(items) {
		return nil
	}
	l := &lostEvents[U, I]{}
	var userAt, itemAt []int32
	l.users, userAt = losing(users, userNew, keptUsers)
	l.items, itemAt = losing(items, itemNew, keptItems)
	rows := make([]int32, len(users))
	for u, to := range userAt {
		rows[to] = int32(u)
	}
	log := &Sequences{items: len(items), ptr: make([]int64, 1, len(users)+1), at: []int64{}, weights: []float32{}}
	for _, u := range rows {
		for k := o.ptr[u]; k < o.ptr[u+1]; k++ {
			i := itemAt[o.items[k]]
			if int(userAt[u]) < keptUsers && int(i) < keptItems {
				continue
			}
			log.events, log.weights, log.at = append(log.events, i), append(log.weights, o.weight(k)), append(log.at, o.time(k))
			log.seqs = append(log.seqs, o.seq(k))
		}
		log.ptr = append(log.ptr, int64(len(log.events)))
	}
	l.log = log.finished()
	return l
}

// appendLost adds the events of dropped users and items to a builder that d grows into.
func (b *Builder[U, I]) appendLost(l *lostEvents[U, I]) error {
	if l == nil {
		return nil
	}
	for _, id := range l.users {
		if _, err := b.users.Add(id); err != nil {
			return err
		}
	}
	for _, id := range l.items {
		if _, err := b.items.Add(id); err != nil {
			return err
		}
	}
	b.appendLog(l.log)
	return nil
}

// appendEntries adds the entries of interactions that hold no events, each as one, and of
// those in rest the events behind them: all of a dataset without times whose entry does
// not tell them.
func (d *Dataset[U, I]) appendEntries(b *Builder[U, I]) {
	x, rest := d.Interactions, d.rest
	behind := newIndexSet(x.Items())
	entry := newIndexSet(x.Items())
	untimed := d.Report.Untimed > 0 // else rest holds what Interactions that somebody put in have netted
	for u := range x.Users() {
		items, weights := x.Row(u)
		times := x.Times(u)
		var events []int32
		if rest != nil && u < rest.Len() {
			events = rest.events[rest.ptr[u]:rest.ptr[u+1]]
		}
		behind.addAll(events)
		entry.addAll(items)
		for k, i := range items {
			if untimed && behind.has(i) {
				continue
			}
			e := event{int32(u), i, weights[k], noTime, 0}
			if times != nil {
				e.time = times[k]
			}
			if d.opt.HalfLife > 0 {
				e.weight = float32(min(float64(e.weight)/d.opt.decay(d.asOf, e.time), mostWeight))
			}
			b.append(e)
		}
		for n, i := range events {
			if !untimed && entry.has(i) {
				continue
			}
			k, seq := rest.ptr[u]+int64(n), int64(0)
			if rest.seqs != nil {
				seq = rest.seqs[k]
			}
			b.append(event{int32(u), i, rest.weights[k], rest.at[k], seq})
		}
		behind.dropAll(events)
		entry.dropAll(items)
	}
}

// put writes l; getLost reads it for d.
func (l *lostEvents[U, I]) put(w *codec.Writer) {
	ids.PutAscending(w, l.users)
	ids.PutAscending(w, l.items)
	l.log.putLog(w)
}

// getLost reads the events of dropped users and items, and checks that they are of such.
func (d *Dataset[U, I]) getLost(r *codec.Reader) {
	l := &lostEvents[U, I]{users: ids.GetAscending[U](r), items: ids.GetAscending[I](r)}
	s := &Sequences{items: d.Items.Len() + len(l.items), ptr: r.Int64s(), events: r.Int32s(), weights: r.Float32s(), at: r.Int64s(), seqs: r.Int64s()}
	if r.Err() != nil {
		return
	}
	if what := s.checkLog(d.Users.Len() + len(l.users)); what != "" {
		r.Fail(what)
		return
	}
	if slices.ContainsFunc(l.users, func(id U) bool { return d.Users.Of(id) >= 0 }) || slices.ContainsFunc(l.items, func(id I) bool { return d.Items.Of(id) >= 0 }) || len(s.events) == 0 {
		r.Fail("has dropped users or items that are not")
		return
	}
	for u := range d.Users.Len() {
		for _, i := range s.events[s.ptr[u]:s.ptr[u+1]] {
			if int(i) < d.Items.Len() {
				r.Fail("has a dropped event of users and items that stay")
				return
			}
		}
	}
	s.setTimes()
	l.log = s
	d.lost = l
}

// putLog writes the events of a log.
func (s *Sequences) putLog(w *codec.Writer) {
	w.Int64s(s.ptr)
	w.Int32s(s.events)
	w.Float32s(s.weights)
	w.Int64s(s.at)
	w.Int64s(s.seqs)
}

package recommend

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// Snapshot returns what the engine learned since its dataset, as one frame: live
// events, joined items, stock, and who was forgotten, by digest and not by id, with the
// fingerprint of the catalogue, 4 bytes an item. Dataset and models are not in it: see
// WriteTo. Equal states have equal bytes.
//
// Cost: a copy of every live event, during which Observe waits and requests do
// not.
func (e *Engine[U, I]) Snapshot() ([]byte, error) {
	if err := e.made("recommend: Engine.Snapshot"); err != nil {
		return nil, err
	}
	l := &e.live
	l.write.Lock()
	defer l.write.Unlock()
	var w codec.Writer
	w.Int(ids.ClassOf[U]().Letter())
	w.Int(ids.ClassOf[I]().Letter())
	w.Int(len(l.users))
	for u := l.ends.prev; u != &l.ends; u = u.prev { // observed longest ago first
		ids.Put(&w, u.id)
		w.Int(len(u.events))
		for _, ev := range u.events {
			ids.Put(&w, ev.item)
			w.Float32(ev.weight)
			w.Int64(ev.at)
			w.String(ev.id)
			w.Int64(ev.seq)
			w.Bool(ev.dislike)
		}
	}
	l.expireMasks(l.opt.Clock())
	forgotten := l.masks.all()
	w.Int(len(forgotten))
	for _, m := range forgotten {
		w.Uint64(m.who[0])
		w.Uint64(m.who[1])
		w.Int64(m.at)
	}
	w.Int(len(l.registry))
	for _, a := range l.registry {
		ids.Put(&w, a.Item)
		w.Bool(a.added)
		w.String(a.Text)
		w.Strings(a.Tokens)
		w.Int(len(a.Facts))
		for _, f := range a.Facts {
			w.String(f.Attribute)
			w.String(f.Value)
			w.Float64(f.Number)
		}
		names := make([]string, 0, len(a.Vectors))
		for name := range a.Vectors {
			names = append(names, name)
		}
		slices.Sort(names)
		w.Int(len(names))
		for _, name := range names {
			w.String(name)
			w.Float32s(a.Vectors[name])
		}
	}
	w.Bool(l.stock.closed)
	listed := l.stock.list()
	w.Int(len(listed))
	for _, id := range listed {
		ids.Put(&w, id)
	}
	w.Uint64(l.evicted)
	l.seen.write(&w)
	e.state.Load().data.Interactions.ofItems().put(&w)
	return w.AppendFrame(nil, codec.KindEngine, 3), nil
}

// Restore replaces what the engine learned by a snapshot, made by an engine over
// the same dataset and models or by one before a refit: events that the dataset
// contains are dropped as by Swap, vectors that fit no source too. Observing the
// events since the snapshot then leads to the same answers as if there had been
// no restart. A snapshot of an engine with larger LiveOptions is cut to these.
//
// The catalogue must have every item that the one of the snapshot had, in whatever order
// and beside whatever else; another one is ErrMismatch and names the first item that
// differs. For a catalogue that items have left there is RestoreByID. A snapshot without
// fingerprint, as older programs wrote it, goes onto any.
//
// No deletion is undone: who was forgotten here or there stays so, from the later time
// on, and events of the snapshot dated up to then are left out.
//
// Payload of version 3, in the words of Persistent; an id is 8 bytes, or the length
// and bytes of a string:
//
//	int int  class of the ids of users and items: 's' a string, 'i' a signed, 'u' an
//	         unsigned integer
//	int n    users, each once: id, int m > 0, m events by time and sequence number: id of
//	         the item, f32 weight (finite, not 0), i64 Unix nanoseconds, string name
//	         (none twice), i64 sequence number, byte a dislike
//	int n    forgotten users, strictly ascending: u64 and u64 digest, i64 Unix nanoseconds
//	int n    items, each once: id, byte by AddItems, string text, int and strings of
//	         tokens, int and facts (string attribute, string value, f64 number), int and
//	         vectors (string source, []f32 finite)
//	byte     a stock is set; int n, n ids in stock, or out of it where none is set,
//	         strictly ascending
//	u64      events evicted
//	int n    users with evicted events, each once: id, int m > 0, m items, strictly
//	         ascending: id, f32 weight (finite), i64 Unix nanoseconds, byte a dislike
//	u64      items of those that were forgotten
//
// Version 2 has neither sequence numbers nor dislikes, and ends after the events
// evicted. In version 1, besides, a forgotten user is an id and i64 Unix seconds, in any order.
// A stamp of the items may follow.
//
// Errors, after which nothing has changed: ErrCorrupt (anything else, bytes left
// over), ErrVersion, ErrMismatch (a frame of something else, ids of other types, or
// another catalogue), ErrTooLarge (more masks than LiveOptions.MaxMasks).
func (e *Engine[U, I]) Restore(data []byte) error {
	return e.restore(data, false, "recommend: Engine.Restore")
}

// RestoreByID is Restore onto any catalogue, one that items have left included. A
// snapshot names items by id, so nothing is taken for something else: an item that the
// catalogue lacks is one that joined by its live events, and leaves with the last of
// them, as after Swap.
func (e *Engine[U, I]) RestoreByID(data []byte) error {
	return e.restore(data, true, "recommend: Engine.RestoreByID")
}

// restore is Restore, onto any catalogue if byID.
func (e *Engine[U, I]) restore(data []byte, byID bool, where string) error {
	if err := e.made(where); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEngine, 3)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if users, items := r.Int(), r.Int(); users != ids.ClassOf[U]().Letter() || items != ids.ClassOf[I]().Letter() {
		if err := r.Err(); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		return fmt.Errorf("%s: the snapshot has ids of other types: %w", where, ErrMismatch)
	}
	var n live[U, I]
	n.init(e.live.opt)
	n.readUsers(r)
	n.readMasks(r)
	n.readRegistry(r)
	n.readStock(r)
	n.evicted = r.Uint64()
	if r.Version > 2 {
		n.seen.read(r)
	}
	from := getOrigin(r)
	if l := from.lists(); l != nil && (l.Users != 0 || l.Items == 0) {
		r.Fail("has a stamp of users, or of no items")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}

	e.live.write.Lock()
	defer e.live.write.Unlock()
	if !byID {
		if err := e.state.Load().data.holds(from, where); err != nil {
			return err
		}
	}
	return e.adopt(&n, where)
}

// readUsers reads the users and their events, observed longest ago first. As in the
// other parts of a snapshot, what is not as Snapshot writes it fails r.
func (l *live[U, I]) readUsers(r *codec.Reader) {
	for range r.Int() {
		u := &liveUser[U, I]{}
		ids.Get(r, &u.id)
		for range r.Int() {
			l.readEvent(r, u)
			if r.Err() != nil {
				return
			}
		}
		if r.Err() != nil {
			return
		}
		if l.users[u.id] != nil || len(u.events) == 0 {
			r.Fail("has a user twice or without events")
			return
		}
		l.users[u.id] = u
		l.front(u)
	}
}

// readEvent reads one event of u.
func (l *live[U, I]) readEvent(r *codec.Reader, u *liveUser[U, I]) {
	var ev liveEvent[I]
	ids.Get(r, &ev.item)
	ev.weight, ev.at, ev.id = r.Float32(), r.Int64(), r.String()
	if r.Version > 2 {
		ev.seq, ev.dislike = r.Int64(), r.Bool()
	}
	if r.Err() != nil {
		return
	}
	if ev.weight == 0 || r.Version < 3 && ev.weight < 0 || !check.Finite(float64(ev.weight)) || ev.at == math.MinInt64 {
		r.Fail("has an event that could not be observed")
	}
	if at, twice := u.place(ev); at < len(u.events) || twice {
		r.Fail("has events out of order")
	}
	if ev.id != "" {
		if _, twice := l.ids[ev.id]; twice {
			r.Fail("has an event twice")
		}
		l.ids[ev.id] = struct{}{}
	}
	u.events = append(u.events, ev)
	l.total++
}

// readMasks reads who was forgotten, and when; in version 1 by id and to the second.
func (l *live[U, I]) readMasks(r *codec.Reader) {
	var last ids.Digest
	for k := range r.Int() {
		var m mask
		if r.Version == 1 {
			var id U
			ids.Get(r, &id)
			m.who, m.at = ids.DigestOf(id), endOfSecond(r.Int64())
		} else {
			m = mask{ids.Digest{r.Uint64(), r.Uint64()}, r.Int64()}
		}
		if r.Err() != nil {
			return
		}
		if r.Version > 1 && k > 0 && last.Compare(m.who) >= 0 || l.masks.at(m.who) != nil {
			r.Fail("has masks out of order or twice")
			return
		}
		l.masks.put(m.who, m.at)
		last = m.who
	}
}

// endOfSecond returns the last nanosecond of a second since 1970, cut to what
// nanoseconds can say.
func endOfSecond(s int64) int64 {
	const second = int64(time.Second)
	if s >= math.MaxInt64/second {
		return math.MaxInt64
	}
	return max(s, math.MinInt64/second)*second + second - 1
}

// readRegistry reads the items that joined.
func (l *live[U, I]) readRegistry(r *codec.Reader) {
	for range r.Int() {
		a := &arrival[I]{}
		ids.Get(r, &a.Item)
		a.added, a.Text, a.Tokens = r.Bool(), r.String(), r.Strings()
		for range r.Int() {
			f := Fact[I]{Item: a.Item, Attribute: r.String(), Value: r.String(), Number: r.Float64()}
			if r.Err() != nil {
				return
			}
			a.Facts = append(a.Facts, f)
		}
		for range r.Int() {
			name, v := r.String(), r.Float32s()
			if r.Err() != nil {
				return
			}
			if check.Slice32("", v) != nil {
				r.Fail("has a vector that is not finite")
			}
			if a.Vectors == nil {
				a.Vectors = map[string][]float32{}
			}
			a.Vectors[name] = v
		}
		if r.Err() != nil {
			return
		}
		if l.unknown[a.Item] != nil {
			r.Fail("has an item twice")
		}
		l.unknown[a.Item] = a
		l.registry = append(l.registry, a)
	}
}

// readStock reads what is in stock, or out of it, ascending.
func (l *live[U, I]) readStock(r *codec.Reader) {
	l.stock.closed = r.Bool()
	l.stock.listed = ids.GetAscending[I](r)
	if r.Version == 1 && !l.stock.closed {
		l.stock.listed = nil // everything was in stock
	}
}

// dropForgotten drops the events of a decoded l that are dated up to the deletion of
// their users. Items are not counted off: they are counted anew.
func (l *live[U, I]) dropForgotten() {
	for u := l.ends.prev; u != &l.ends; {
		before := u.prev
		if at, masked := l.forgotten(u.id); masked && u.events[0].at <= at {
			l.remove(u, func(_ int, ev liveEvent[I]) bool { return ev.at <= at })
		}
		u = before
	}
	l.seen.each(func(u *seenUser[U, I]) {
		if at, masked := l.forgotten(u.id); masked {
			l.seen.remove(u, func(x seenMark[I]) bool { return x.at <= at })
		}
	})
}

// adopt makes the decoded n the live part.
func (e *Engine[U, I]) adopt(n *live[U, I], where string) error {
	l, s := &e.live, e.state.Load()
	for _, m := range l.masks.all() { // no deletion is undone
		n.masks.put(m.who, m.at)
	}
	n.expireMasks(n.opt.Clock())
	if k := n.masks.len(); k > n.opt.MaxMasks {
		return fmt.Errorf("%s: %d users are masked with those of the snapshot, Live.MaxMasks allows %d: %w", where, k, n.opt.MaxMasks, ErrTooLarge)
	}
	n.dropForgotten()
	for _, a := range n.registry {
		for name, v := range a.Vectors {
			if s.checkVectors(map[string][]float32{name: v}, where) != nil {
				delete(a.Vectors, name)
			}
		}
	}
	registry := n.recount(s, func(a *arrival[I]) map[string][]float32 { return a.Vectors })
	with, err := s.withArrivals(registry, l.opt.NewItems, nil, where)
	if err != nil {
		return err
	}
	with.setStock(n.inStock())
	n.ends.next.prev, n.ends.prev.next = &l.ends, &l.ends
	l.mu.Lock()
	l.users, l.masks, l.total = n.users, n.masks, n.total
	l.seen.adopt(&n.seen)
	l.seen.bound(l.opt.Seen)
	l.mu.Unlock()
	l.ids, l.unknown = n.ids, n.unknown
	l.ends.next, l.ends.prev = n.ends.next, n.ends.prev
	if len(n.users) == 0 {
		l.ends.next, l.ends.prev = &l.ends, &l.ends
	}
	l.stock, l.evicted = n.stock, n.evicted
	e.state.Store(with)
	l.sweep(with)
	l.setRegistry(registry)
	changed := false
	for u := l.ends.prev; u != &l.ends; {
		before := u.prev
		for len(u.events) > l.opt.PerUser {
			changed = l.evict(with, u) || changed
		}
		u = before
	}
	for l.total > l.opt.Total {
		changed = l.evict(with, l.ends.prev) || changed
	}
	if changed {
		return e.publish(with, where)
	}
	return nil
}

package recommend

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
)

// Snapshot returns what the engine learned since its dataset, as one frame: live
// events, joined items, forgotten users and stock. Dataset and models are not in
// it; save those with WriteModel and the events they were built from. Equal
// states have equal bytes.
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
	putKind[U](&w)
	putKind[I](&w)
	w.Int(len(l.users))
	for u := l.ends.prev; u != &l.ends; u = u.prev { // observed longest ago first
		putID(&w, u.id)
		w.Int(len(u.events))
		for _, ev := range u.events {
			putID(&w, ev.item)
			w.Float32(ev.weight)
			w.Int64(ev.at)
			w.String(ev.id)
		}
	}
	users := make([]U, 0, len(l.masked))
	for id := range l.masked {
		users = append(users, id)
	}
	slices.Sort(users)
	w.Int(len(users))
	for _, id := range users {
		putID(&w, id)
		w.Int64(l.masked[id])
	}
	w.Int(len(l.registry))
	for _, a := range l.registry {
		putID(&w, a.Item)
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
	w.Bool(l.stocked)
	w.Int(len(l.stock))
	for _, id := range l.stock {
		putID(&w, id)
	}
	w.Uint64(l.evicted)
	return w.AppendFrame(nil, codec.KindEngine, 1), nil
}

// Restore replaces what the engine learned by a snapshot, made by an engine over
// the same dataset and models or by one before a refit: events that the dataset
// contains are dropped as by Swap, vectors that fit no source too. Observing the
// events since the snapshot then leads to the same answers as if there had been
// no restart. A snapshot of an engine with larger LiveOptions is cut to these.
//
// Errors, after which nothing has changed: ErrCorrupt, ErrVersion, ErrMismatch (a
// frame of something else, or ids of other types).
func (e *Engine[U, I]) Restore(data []byte) error {
	const where = "recommend: Engine.Restore"
	if err := e.made(where); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEngine, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if !sameKind[U](r) || !sameKind[I](r) {
		if err := r.Err(); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		return fmt.Errorf("%s: the snapshot has ids of other types: %w", where, ErrMismatch)
	}
	l := &e.live
	var n live[U, I]
	n.init(l.opt)
	for range r.Int() {
		u := &liveUser[U, I]{}
		getID(r, &u.id)
		for range r.Int() {
			var ev liveEvent[I]
			getID(r, &ev.item)
			ev.weight, ev.at, ev.id = r.Float32(), r.Int64(), r.String()
			if r.Err() != nil {
				break
			}
			if !(ev.weight > 0) || !check.Finite(float64(ev.weight)) || ev.at == math.MinInt64 {
				r.Fail("has an event that could not be observed")
			}
			if k := len(u.events); k > 0 && compareLive(u.events[k-1], ev) >= 0 {
				r.Fail("has events out of order")
			}
			if ev.id != "" {
				if _, twice := n.ids[ev.id]; twice {
					r.Fail("has an event twice")
				}
				n.ids[ev.id] = struct{}{}
			}
			u.events = append(u.events, ev)
			n.total++
		}
		if r.Err() != nil {
			break
		}
		if n.users[u.id] != nil || len(u.events) == 0 {
			r.Fail("has a user twice or without events")
			break
		}
		n.users[u.id] = u
		n.front(u)
	}
	for range r.Int() {
		var id U
		getID(r, &id)
		at := r.Int64()
		if r.Err() != nil {
			break
		}
		if _, twice := n.masked[id]; twice {
			r.Fail("has a mask twice")
		}
		n.masked[id] = at
	}
	for range r.Int() {
		a := &arrival[I]{}
		getID(r, &a.Item)
		a.added, a.Text, a.Tokens = r.Bool(), r.String(), r.Strings()
		for range r.Int() {
			f := Fact[I]{Item: a.Item, Attribute: r.String(), Value: r.String(), Number: r.Float64()}
			if r.Err() != nil {
				break
			}
			a.Facts = append(a.Facts, f)
		}
		for range r.Int() {
			name, v := r.String(), r.Float32s()
			if r.Err() != nil {
				break
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
			break
		}
		if n.unknown[a.Item] != nil {
			r.Fail("has an item twice")
		}
		n.unknown[a.Item] = a
		n.registry = append(n.registry, a)
	}
	n.stocked = r.Bool()
	for range r.Int() {
		var id I
		getID(r, &id)
		if r.Err() != nil {
			break
		}
		if k := len(n.stock); k > 0 && n.stock[k-1] >= id {
			r.Fail("has a stock out of order")
		}
		n.stock = append(n.stock, id)
	}
	n.evicted = r.Uint64()
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}

	l.write.Lock()
	defer l.write.Unlock()
	return e.adopt(&n, where)
}

// adopt makes the decoded n the live part.
func (e *Engine[U, I]) adopt(n *live[U, I], where string) error {
	l, s := &e.live, e.state.Load()
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
	l.users, l.masked, l.total = n.users, n.masked, n.total
	l.mu.Unlock()
	l.ids, l.unknown = n.ids, n.unknown
	l.ends.next, l.ends.prev = n.ends.next, n.ends.prev
	if len(n.users) == 0 {
		l.ends.next, l.ends.prev = &l.ends, &l.ends
	}
	l.stock, l.stocked, l.evicted = n.stock, n.stocked, n.evicted
	e.state.Store(with)
	l.sweep(with)
	l.setRegistry(registry)
	changed := false
	for u := l.ends.prev; u != &l.ends; {
		before := u.prev
		for len(u.events) > l.opt.PerUser {
			changed = l.evict(u) || changed
		}
		u = before
	}
	for l.total > l.opt.Total {
		changed = l.evict(l.ends.prev) || changed
	}
	if changed {
		return e.publish(with, where)
	}
	return nil
}

// Ids are strings or integers of any name: their kind is written once, and a
// value as a string or as 8 bytes.
func idKind[K ID]() byte {
	var id K
	switch k := reflect.TypeOf(id).Kind(); {
	case k == reflect.String:
		return 's'
	case k >= reflect.Int && k <= reflect.Int64:
		return 'i'
	}
	return 'u'
}

func putKind[K ID](w *codec.Writer) { w.Int(int(idKind[K]())) }

func sameKind[K ID](r *codec.Reader) bool { return r.Int() == int(idKind[K]()) }

func putID[K ID](w *codec.Writer, id K) {
	switch v := reflect.ValueOf(id); idKind[K]() {
	case 's':
		w.String(v.String())
	case 'i':
		w.Int64(v.Int())
	default:
		w.Uint64(v.Uint())
	}
}

// hashID is a number for an id, the same in every process.
func hashID[K ID](id K) uint64 {
	switch v := reflect.ValueOf(id); idKind[K]() {
	case 's':
		return rng.HashString(v.String())
	case 'i':
		return uint64(v.Int())
	default:
		return v.Uint()
	}
}

func getID[K ID](r *codec.Reader, id *K) {
	v := reflect.ValueOf(id).Elem()
	switch idKind[K]() {
	case 's':
		v.SetString(strings.Clone(r.String()))
	case 'i':
		x := r.Int64()
		if v.OverflowInt(x) {
			r.Fail("has an id that does not fit its type")
			return
		}
		v.SetInt(x)
	default:
		x := r.Uint64()
		if v.OverflowUint(x) {
			r.Fail("has an id that does not fit its type")
			return
		}
		v.SetUint(x)
	}
}

package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

// AppendBinary appends the frame of b to dst, so that a shard's events can be sent
// to where they are merged. Builders of equal options and events have equal bytes,
// in whatever order the events came and however they were merged.
func (b *Builder[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Int(ids.ClassOf[U]().Letter())
	w.Int(ids.ClassOf[I]().Letter())
	w.Int(int(b.opt.Duplicates))
	w.Int64(int64(b.opt.HalfLife))
	w.Bool(!b.opt.AsOf.IsZero())
	w.Int64(b.opt.AsOf.Unix())
	w.Int(b.opt.AsOf.Nanosecond())
	w.Int(b.opt.MinUserItems)
	w.Int(b.opt.MinItemUsers)
	w.Bool(b.grown)
	users, items := b.users.Clone(), b.items.Clone()
	userAt := putBuilderIDs(&w, users, b.fixedUsers)
	itemAt := putBuilderIDs(&w, items, b.fixedItems)
	events := make([]event, len(b.events))
	for k, e := range b.events {
		events[k] = event{userAt[e.user], itemAt[e.item], e.weight, e.time}
	}
	slices.SortFunc(events, compareEvents)
	w.Int(len(events))
	for _, e := range events {
		w.Int(int(e.user))
		w.Int(int(e.item))
		w.Float32(e.weight)
		w.Int64(e.time)
	}
	return w.AppendFrame(dst, codec.KindEvents, 1), nil
}

// putBuilderIDs sorts d behind its fixed ids, writes it and returns where each id
// went: fixed ids in their order, then the others ascending.
func putBuilderIDs[K ID](w *codec.Writer, d *dict.Dict[K], fixed int) (perm []int32) {
	perm = dict.Sort(d, fixed)
	w.Int(fixed)
	for _, id := range d.Keys()[:fixed] {
		ids.Put(w, id)
	}
	ids.PutAscending(w, d.Keys()[fixed:])
	return perm
}

// getBuilderIDs reads what putBuilderIDs wrote.
func getBuilderIDs[K ID](r *codec.Reader) (d dict.Dict[K], fixed int) {
	fixed = r.Int()
	for k := 0; k < fixed && r.Err() == nil; k++ {
		var id K
		if ids.Get(r, &id); r.Err() != nil {
			return d, fixed
		}
		if at, err := d.Add(id); err != nil || int(at) != k {
			r.Fail("has an id twice")
		}
	}
	for _, id := range ids.GetAscending[K](r) {
		n := d.Len()
		if at, err := d.Add(id); err != nil || int(at) != n {
			r.Fail("has an id twice")
		}
	}
	return d, fixed
}

// MarshalBinary returns the frame of b.
func (b *Builder[U, I]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b, options included, by what the frame holds; b is
// unchanged when it fails. Payload of version 1, little-endian:
//
//	int, int   class of the ids of users and items: 's' a string, 'i' a signed, 'u'
//	           an unsigned integer; others than those of U and I are ErrMismatch
//	int        Duplicates, Sum … Last
//	int64      HalfLife in nanoseconds, >= 0
//	byte       AsOf is set: 0 or 1
//	int64, int AsOf, Unix seconds and nanoseconds below 1e9
//	int, int   MinUserItems, MinItemUsers, >= 0
//	byte       made by Dataset.Grow: 0 or 1
//	ids        of users: int f, f ids in the order of the grown dataset; int n, n
//	           ids, ascending; no id twice, and f is 0 where nothing was grown
//	ids        of items: the same
//	int        events, each: int user, int item, positions in the ids; f32 weight,
//	           finite; int64 time, Unix seconds, -2⁶³ for none; ascending
//
// An id is 8 bytes, or the length and bytes of a string. Anything else and bytes
// left over are ErrCorrupt, a newer version is ErrVersion. Memory grows with the
// bytes received.
func (b *Builder[U, I]) UnmarshalBinary(data []byte) error {
	const where = "recommend: Builder.UnmarshalBinary"
	r, err := codec.Open(data, codec.KindEvents, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	users, items := r.Int(), r.Int()
	if r.Err() == nil && (users != ids.ClassOf[U]().Letter() || items != ids.ClassOf[I]().Letter()) {
		return fmt.Errorf("%s: ids of other types: %w", where, ErrMismatch)
	}
	d := Builder[U, I]{opt: getBuilderOptions(r), grown: r.Bool()}
	d.users, d.fixedUsers = getBuilderIDs[U](r)
	d.items, d.fixedItems = getBuilderIDs[I](r)
	if !d.grown && d.fixedUsers+d.fixedItems > 0 {
		r.Fail("has fixed ids but was not grown")
	}
	n := r.Int()
	for k := 0; k < n && r.Err() == nil; k++ {
		u, i := r.Int(), r.Int()
		e := event{weight: r.Float32(), time: r.Int64()}
		if r.Err() != nil {
			break
		}
		if u < 0 || u >= d.users.Len() || i < 0 || i >= d.items.Len() || !check.Finite(float64(e.weight)) {
			r.Fail("has an event out of range")
			break
		}
		e.user, e.item = int32(u), int32(i)
		if k > 0 && compareEvents(d.events[k-1], e) > 0 {
			r.Fail("has events out of order")
		}
		if d.events = append(d.events, e); e.time != noTime {
			d.timed++
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*b = d
	return nil
}

// getBuilderOptions reads the options of a builder; failures stick to r.
func getBuilderOptions(r *codec.Reader) BuilderOptions {
	opt := BuilderOptions{Duplicates: Duplicates(r.Int()), HalfLife: time.Duration(r.Int64())}
	set, seconds, nanoseconds := r.Bool(), r.Int64(), r.Int()
	if set {
		opt.AsOf = time.Unix(seconds, int64(nanoseconds)).UTC()
	}
	opt.MinUserItems, opt.MinItemUsers = r.Int(), r.Int()
	if r.Err() == nil && (opt.validate() != nil || nanoseconds < 0 || nanoseconds >= 1e9 || set == opt.AsOf.IsZero() || !set && (seconds != time.Time{}.Unix() || nanoseconds != 0)) {
		r.Fail("has a setting out of range")
	}
	return opt
}

// compareEvents orders by user, item, time and weight, all that an event is.
func compareEvents(a, b event) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.item, b.item), cmp.Compare(a.time, b.time),
		cmp.Compare(a.weight, b.weight), cmp.Compare(math.Float32bits(a.weight), math.Float32bits(b.weight)))
}

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
// in whatever order the events came and however they were merged, but for the order of
// events of one user that are equal in time and sequence number.
func (b *Builder[U, I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("recommend: Builder.AppendBinary", b); err != nil {
		return dst, err
	}
	b.settle()
	var w codec.Writer
	w.Int(ids.ClassOf[U]().Letter())
	w.Int(ids.ClassOf[I]().Letter())
	putBuilderOptions(&w, b.opt)
	w.Bool(b.grown)
	users, items := b.users.Clone(), b.items.Clone()
	userAt := putBuilderIDs(&w, users, b.fixedUsers)
	itemAt := putBuilderIDs(&w, items, b.fixedItems)
	o := b.inOrder(userAt, itemAt, users.Len())
	who, weights, times := make([]int32, len(o.items)), o.weights, o.times
	if weights == nil {
		weights = slices.Repeat([]float32{1}, len(o.items))
	}
	if times == nil {
		times = slices.Repeat([]int64{noTime}, len(o.items))
	}
	var scratch arranger
	for u := range users.Len() {
		lo, hi := o.ptr[u], o.ptr[u+1]
		for k := lo; k < hi; k++ {
			who[k] = int32(u)
		}
		o.sortUntimed(lo, hi, &scratch)
	}
	w.Int32s(who)
	w.Int32s(o.items)
	w.Float32s(weights)
	w.Int64s(times)
	if !slices.ContainsFunc(o.seqs, func(seq int64) bool { return seq != 0 }) {
		o.seqs = nil
	}
	w.Int64s(o.seqs)
	return w.AppendFrame(dst, codec.KindEvents, 2), nil
}

// sortUntimed sorts the events without time of [lo, hi), of one user, which come first:
// that they arrived in some order means nothing.
func (o *ordered) sortUntimed(lo, hi int64, s *arranger) {
	end := lo
	for end < hi && o.time(end) == noTime {
		end++
	}
	o.arrange(lo, end, func(a, b int64) int {
		return compareUntimed(event{item: o.items[a], weight: o.weight(a)}, event{item: o.items[b], weight: o.weight(b)})
	}, s)
}

// compareUntimed orders events of one user without time.
func compareUntimed(a, b event) int {
	return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.weight, b.weight), cmp.Compare(math.Float32bits(a.weight), math.Float32bits(b.weight)))
}

// putBuilderOptions writes the options of a builder, getBuilderOptions reads them.
func putBuilderOptions(w *codec.Writer, opt BuilderOptions) {
	w.Int(int(opt.Duplicates))
	w.Int64(int64(opt.HalfLife))
	w.Bool(!opt.AsOf.IsZero())
	w.Int64(opt.AsOf.Unix())
	w.Int(opt.AsOf.Nanosecond())
	w.Int(opt.MinUserItems)
	w.Int(opt.MinItemUsers)
	w.Bool(opt.UnitWeights)
	w.Bool(opt.LogWeights)
	w.Bool(opt.Ratings)
	w.Float32(opt.Cap)
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
// unchanged when it fails. Payload of version 2, little-endian:
//
//	int, int   class of the ids of users and items: 's' a string, 'i' a signed, 'u'
//	           an unsigned integer; others than those of U and I are ErrMismatch
//	int        Duplicates, Sum … Last
//	int64      HalfLife in nanoseconds, >= 0
//	byte       AsOf is set: 0 or 1
//	int64, int AsOf, Unix seconds and nanoseconds below 1e9
//	int, int   MinUserItems, MinItemUsers, >= 0
//	3 bytes    UnitWeights, LogWeights, Ratings: 0 or 1; not in version 1
//	f32        Cap, in [0, 1e30]; not in version 1
//	byte       made by Dataset.Grow: 0 or 1
//	ids        of users: int f, f ids in the order of the grown dataset; int n, n
//	           ids, ascending; no id twice, and f is 0 where nothing was grown
//	ids        of items: the same
//	[]i32 []i32 []f32 []i64  of each event its user and item, positions in the ids, its
//	           weight, finite, and its Unix nanoseconds, -2⁶³ for none; as many of each
//	[]i64      sequence numbers of the events, or none where all are 0
//
// Events are by user; those of one user without time ascend by item and weight and have
// the number 0, the others follow by time and number. An id is 8 bytes, or the length and
// bytes of a string. In version 1 the events are int n and for each int user, int item, f32
// weight, i64 Unix seconds, and weights below 0 are Ratings. Anything else and bytes left over are ErrCorrupt, a newer
// version is ErrVersion. Memory grows with the bytes received.
func (b *Builder[U, I]) UnmarshalBinary(data []byte) error {
	const where = "recommend: Builder.UnmarshalBinary"
	r, err := open(b, data, codec.KindEvents, 2)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	users, items := r.Int(), r.Int()
	if r.Err() == nil && (users != ids.ClassOf[U]().Letter() || items != ids.ClassOf[I]().Letter()) {
		return fmt.Errorf("%s: ids of other types: %w", where, ErrMismatch)
	}
	d := Builder[U, I]{opt: getBuilderOptions(r, 2), grown: r.Bool()}
	d.users, d.fixedUsers = getBuilderIDs[U](r)
	d.items, d.fixedItems = getBuilderIDs[I](r)
	if !d.grown && d.fixedUsers+d.fixedItems > 0 {
		r.Fail("has fixed ids but was not grown")
	}
	if r.Version < 2 {
		d.getSecondEvents(r)
	} else {
		d.getEvents(r)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*b = d
	return nil
}

// getEvents reads the events of version 2.
func (b *Builder[U, I]) getEvents(r *codec.Reader) {
	who, what, weights, times := r.Int32s(), r.Int32s(), r.Float32s(), r.Int64s()
	seqs := r.Int64s()
	n := len(who)
	if r.Err() != nil {
		return
	}
	if len(what) != n || len(weights) != n || len(times) != n || len(seqs) != 0 && len(seqs) != n {
		r.Fail("has events of different numbers")
		return
	}
	any := false
	for k := range n {
		e := event{who[k], what[k], weights[k], times[k], 0}
		if !b.fits(e) {
			r.Fail("has an event out of range")
			return
		}
		if seqs != nil {
			e.seq = seqs[k]
			any = any || e.seq != 0
		}
		if e.time == noTime && e.seq != 0 {
			r.Fail("has a sequence number without time")
			return
		}
		if k > 0 {
			last := b.log.at(k - 1)
			c := cmp.Or(cmp.Compare(last.user, e.user), cmp.Compare(last.time, e.time), cmp.Compare(last.seq, e.seq))
			if c == 0 && e.time == noTime {
				c = compareUntimed(last, e)
			}
			if c > 0 {
				r.Fail("has events out of order")
				return
			}
		}
		b.append(e)
	}
	if seqs != nil && !any {
		r.Fail("has sequence numbers that are all 0")
	}
}

// fits reports whether an event is about known ids and finite.
func (b *Builder[U, I]) fits(e event) bool {
	return e.user >= 0 && int(e.user) < b.users.Len() && e.item >= 0 && int(e.item) < b.items.Len() && check.Finite(float64(e.weight))
}

// getSecondEvents reads the events of version 1, whose times are seconds.
func (b *Builder[U, I]) getSecondEvents(r *codec.Reader) {
	n := r.Int()
	var last event
	for k := 0; k < n && r.Err() == nil; k++ {
		u, i := r.Int(), r.Int()
		e := event{weight: r.Float32(), time: r.Int64()}
		if r.Err() != nil {
			return
		}
		if u >= b.users.Len() || i >= b.items.Len() || !check.Finite(float64(e.weight)) {
			r.Fail("has an event out of range")
			return
		}
		e.user, e.item = int32(u), int32(i)
		if k > 0 && cmp.Or(cmp.Compare(last.user, e.user), cmp.Compare(last.item, e.item), cmp.Compare(last.time, e.time),
			cmp.Compare(last.weight, e.weight), cmp.Compare(math.Float32bits(last.weight), math.Float32bits(e.weight))) > 0 {
			r.Fail("has events out of order")
			return
		}
		last = e
		if e.time != noTime {
			at := []int64{e.time}
			fromSeconds(r, at)
			e.time = at[0]
		}
		b.opt.Ratings = b.opt.Ratings || e.weight < 0
		b.append(e)
	}
}

// getBuilderOptions reads the options of a builder; failures stick to r. Before the
// version given there was no weight policy.
func getBuilderOptions(r *codec.Reader, weights uint16) BuilderOptions {
	opt := BuilderOptions{Duplicates: Duplicates(r.Int()), HalfLife: time.Duration(r.Int64())}
	set, seconds, nanoseconds := r.Bool(), r.Int64(), r.Int()
	if set {
		opt.AsOf = time.Unix(seconds, int64(nanoseconds)).UTC()
	}
	opt.MinUserItems, opt.MinItemUsers = r.Int(), r.Int()
	if r.Version >= weights {
		opt.UnitWeights, opt.LogWeights, opt.Ratings, opt.Cap = r.Bool(), r.Bool(), r.Bool(), r.Float32()
	}
	if r.Err() == nil && (opt.validate() != nil || math.Signbit(float64(opt.Cap)) || nanoseconds < 0 || nanoseconds >= 1e9 || set == opt.AsOf.IsZero() || !set && (seconds != time.Time{}.Unix() || nanoseconds != 0)) {
		r.Fail("has a setting out of range")
	}
	return opt
}

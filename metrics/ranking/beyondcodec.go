package ranking

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"

	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/moments"
)

var (
	_ encoding.BinaryAppender    = (*Beyond[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Beyond[string])(nil)
)

// AppendBinary appends the binary form: options, popularity, items shown and
// moments, items in ascending order. ErrOption for items that are not strings,
// integers, booleans or structs of them.
func (b *Beyond[I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("ranking: Beyond.AppendBinary", b); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Bool(b.shown != nil)
	if b.shown != nil {
		o := b.opt
		w.Int(o.K)
		w.Int(o.Items)
		w.Int64(o.Users)
		w.Float64(o.Tail)
		w.Bool(b.known)
		known := slices.Collect(maps.Keys(b.info))
		perm, err := ids.PutSorted(&w, known)
		if err != nil {
			return nil, fmt.Errorf("ranking: Beyond.AppendBinary: %w", err)
		}
		for _, i := range perm {
			w.Int64(b.info[known[i]].pop)
		}
		items := slices.Collect(maps.Keys(b.shown))
		if perm, err = ids.PutSorted(&w, items); err != nil {
			return nil, fmt.Errorf("ranking: Beyond.AppendBinary: %w", err)
		}
		for _, i := range perm {
			w.Int64(b.shown[items[i]].n)
			w.Float64(b.shown[items[i]].norm)
		}
		w.Int64(b.lists)
		w.Int64(b.empty)
		for _, m := range b.moments() {
			m.Write(&w)
		}
	} else if err := ids.Writable[I](); err != nil {
		return nil, fmt.Errorf("ranking: Beyond.AppendBinary: %w", err)
	}
	return w.AppendFrame(dst, codec.KindBeyond, 1), nil
}

func (b *Beyond[I]) moments() [5]*moments.Moments {
	return [5]*moments.Moments{&b.novelty, &b.pop, &b.tail, &b.tailCount, &b.serendipic}
}

// MarshalBinary returns the binary form.
func (b *Beyond[I]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	bool                 whether anything follows: false for a zero value
//	2×int, i64, f64      K, Items, Users, Tail
//	bool                 whether popularities were given
//	ids, i64 each        items with a popularity, ascending, in [0, Users]
//	ids, i64, f64 each   items shown, ascending: times, > 0, and Σ 1/√length
//	2×i64                lists, and those of them that were empty
//	5×moments            novelty, popularity, share and number of tail items, serendipity
//
// An id is a string, 8 bytes of an integer, one of a boolean, or these one after the
// other. Options that NewBeyond would refuse, more lists in a mean than there are, and
// any other length or value are ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch, items that have no binary form ErrOption; b is then unchanged.
func (b *Beyond[I]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("ranking: Beyond.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBeyond, 1)
	if err == nil {
		err = ids.Writable[I]()
	}
	if err != nil {
		return fmt.Errorf("ranking: Beyond.UnmarshalBinary: %w", err)
	}
	var got Beyond[I]
	if r.Bool() {
		if err := got.read(r); err != nil {
			return fmt.Errorf("ranking: Beyond.UnmarshalBinary: %w", err)
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("ranking: Beyond.UnmarshalBinary: %w", err)
	}
	*b = got
	return nil
}

// read fills b with what AppendBinary wrote of a state that has seen something.
func (b *Beyond[I]) read(r *codec.Reader) error {
	o := BeyondOptions[I]{K: r.Int(), Items: r.Int(), Users: r.Int64(), Tail: r.Float64()}
	b.known = r.Bool()
	known, err := ids.GetSorted[I](r)
	if err != nil {
		return err
	}
	if b.known || known.Len() > 0 {
		o.Popularity = make(map[I]int64, known.Len())
	}
	for _, i := range known.Keys() {
		o.Popularity[i] = r.Int64()
	}
	items, err := ids.GetSorted[I](r)
	if err != nil {
		return err
	}
	b.shown = make(map[I]exposure, items.Len())
	var total int64
	for _, i := range items.Keys() {
		e := exposure{r.Int64(), r.Float64()}
		// Every showing adds 1/√length, which is in (0, 1].
		if e.n < 1 || !(e.norm > 0) || e.norm > float64(e.n)*(1+1e-9) || total > math.MaxInt64-e.n {
			r.Fail("has an item that is not shown, or more than its lists allow")
		}
		if r.Err() != nil {
			return nil
		}
		total += e.n
		b.shown[i] = e
	}
	b.lists, b.empty = r.Int64(), r.Int64()
	for _, m := range b.moments() {
		*m = moments.Read(r)
	}
	if r.Err() != nil {
		return nil
	}
	if o.validate("") != nil || !b.known && known.Len() > 0 || b.empty < 0 || b.lists < b.empty {
		r.Fail("has options or counts out of range")
		return nil
	}
	for _, m := range b.moments() {
		if m.N() > b.lists-b.empty || m.N() > 0 && !b.known {
			r.Fail("has more lists in a mean than in all")
			return nil
		}
	}
	b.opt = o
	b.opt.Popularity = nil
	if b.known {
		b.describe(o.Popularity)
	}
	return nil
}

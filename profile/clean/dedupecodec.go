package clean

import (
	"bytes"
	"encoding"
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Dedupe[string, int])(nil)
	_ encoding.BinaryMarshaler   = (*Dedupe[string, int])(nil)
	_ encoding.BinaryUnmarshaler = (*Dedupe[string, int])(nil)
)

// AppendBinary appends the binary form of d to dst: what is held, what was flushed
// and the settings a Merge compares. Where Compare orders all of the content, equal
// sets of records give equal bytes. DedupeOptions.Append writes the records: without
// it and Parse, or with keys that are no strings, integers, booleans or structs of
// them, it is ErrOption; not made by NewDedupe, ErrEmpty. After an error dst is returned
// as it was.
func (d *Dedupe[K, V]) AppendBinary(dst []byte) ([]byte, error) {
	if err := d.made("clean: Dedupe.AppendBinary"); err != nil {
		return dst, err
	}
	if err := d.storable(); err != nil {
		return dst, fmt.Errorf("clean: Dedupe.AppendBinary: %w", err)
	}
	var w codec.Writer
	w.Int64(int64(d.opt.Window))
	w.Int(int(d.opt.Policy))
	for _, x := range d.done.list() {
		w.Int64(*x)
	}
	w.Int64(d.late.Unix())
	w.Int(d.late.Nanosecond())
	keys := make([]K, 0, len(d.groups))
	for key := range d.groups {
		keys = append(keys, key)
	}
	perm, err := ids.PutSorted(&w, keys)
	if err != nil {
		return dst, fmt.Errorf("clean: Dedupe.AppendBinary: %w", err)
	}
	for _, k := range perm {
		list := d.groups[keys[k]]
		w.Int(len(list))
		for i := range list {
			if err := d.put(&w, &list[i]); err != nil {
				return dst, fmt.Errorf("clean: Dedupe.AppendBinary: %w", check.Private("key", -1, keys[k], nil, err))
			}
		}
	}
	return w.AppendFrame(dst, codec.KindDedupe, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (d *Dedupe[K, V]) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// storable reports what a binary form lacks.
func (d *Dedupe[K, V]) storable() error {
	if d.opt.Append == nil || d.opt.Parse == nil {
		return fmt.Errorf("DedupeOptions has no Append and Parse: %w", ErrOption)
	}
	return ids.Writable[K]()
}

func (r *DedupeResult) list() [5]*int64 {
	return [5]*int64{&r.Records, &r.Kept, &r.Duplicates, &r.Conflicts, &r.Overruled}
}

// put writes one group.
func (d *Dedupe[K, V]) put(w *codec.Writer, g *group[V]) error {
	for _, t := range []time.Time{g.from, g.to, g.at} {
		w.Int64(t.UnixNano())
	}
	w.Int64(g.n)
	for _, v := range []V{g.win, g.lo, g.hi} {
		data, err := d.opt.Append(nil, v)
		if err != nil {
			return err
		}
		w.Bytes(data)
	}
	return nil
}

// UnmarshalBinary replaces what d holds. d must come from NewDedupe with the Window
// and Policy of the stored one (else ErrMismatch) and, as the caller promises, the
// same functions; times come back in UTC. Payload of version 1, little-endian:
//
//	i64    Window in nanoseconds
//	int    Policy
//	5×i64  of flushed groups: records, kept, duplicates, conflicts, overruled, each
//	       >= 0, records = kept + duplicates + overruled
//	i64    Unix seconds of the last Flush, int nanoseconds below 10⁹
//	int    number of keys, and as many keys, ascending
//	       for each, int number of groups >= 1, ascending, more than Window apart:
//	  3×i64  first, last time and that of the survivor between, nanoseconds since 1970
//	  i64    records, >= 1
//	  3×     survivor, smallest and largest content: length and what Append wrote
//
// Any other length or value is ErrCorrupt, and so is what Parse refuses or what
// Append would write otherwise. A frame of another type is ErrMismatch, a newer
// version ErrVersion, missing functions ErrOption, a d not made by NewDedupe ErrEmpty; d is
// then unchanged. Memory grows with the bytes given.
func (d *Dedupe[K, V]) UnmarshalBinary(data []byte) error {
	if err := d.made("clean: Dedupe.UnmarshalBinary"); err != nil {
		return err
	}
	fresh, err := d.decode(data)
	if err != nil {
		return fmt.Errorf("clean: Dedupe.UnmarshalBinary: %w", err)
	}
	*d = *fresh
	return nil
}

// decode reads a whole frame into a Dedupe with the settings of d.
func (d *Dedupe[K, V]) decode(data []byte) (*Dedupe[K, V], error) {
	if err := d.storable(); err != nil {
		return nil, err
	}
	r, err := codec.Open(data, codec.KindDedupe, 1)
	if err != nil {
		return nil, err
	}
	window, policy := time.Duration(r.Int64()), r.Int()
	if r.Err() == nil && (window != d.opt.Window || policy != int(d.opt.Policy)) {
		return nil, fmt.Errorf("settings differ, of Window or Policy: %w", ErrMismatch)
	}
	x := &Dedupe[K, V]{opt: d.opt, groups: make(map[K][]group[V])}
	for _, n := range x.done.list() {
		if *n = r.Int64(); *n < 0 {
			r.Fail("has a negative count")
		}
	}
	if c := &x.done; c.Records-c.Kept-c.Duplicates != c.Overruled || c.Conflicts > c.Kept {
		r.Fail("has counts that do not add up")
	}
	seconds, nanos := r.Int64(), r.Int()
	if nanos >= 1e9 {
		r.Fail("has a time that is none")
	}
	x.late = time.Unix(seconds, int64(nanos)).UTC()
	keys, err := ids.GetSorted[K](r)
	if err != nil {
		return nil, err
	}
	for _, key := range keys.Keys() {
		list, err := x.get(r)
		if err != nil {
			return nil, check.Private("key", -1, key, nil, err)
		}
		x.groups[key] = list
		x.n += int64(len(list))
	}
	return x, r.Done()
}

// get reads the groups of one key, or fails r.
func (d *Dedupe[K, V]) get(r *codec.Reader) (list []group[V], err error) {
	n := r.Int()
	if n == 0 {
		r.Fail("has a key without records")
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		g := group[V]{from: instant(r), to: instant(r), at: instant(r), n: r.Int64()}
		for _, v := range []*V{&g.win, &g.lo, &g.hi} {
			raw := r.Bytes()
			if r.Err() != nil {
				return nil, r.Err()
			}
			if *v, err = d.opt.Parse(raw); err != nil {
				return nil, fmt.Errorf("%w: %w", err, ErrCorrupt)
			}
			if again, err := d.opt.Append(nil, *v); err != nil || !bytes.Equal(again, raw) {
				return nil, fmt.Errorf("a record is written otherwise: %w", ErrCorrupt)
			}
		}
		c := d.opt.Compare
		apart := i == 0 || g.from.After(list[i-1].to) && !d.reaches(g.from, list[i-1].to)
		if !apart || g.n < 1 || g.at.Before(g.from) || g.to.Before(g.at) || c(g.lo, g.win) > 0 || c(g.win, g.hi) > 0 {
			r.Fail("has a group that is none, or groups out of order")
		}
		list = append(list, g)
	}
	return list, r.Err()
}

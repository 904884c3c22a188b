package clean

import (
	"encoding"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Quality)(nil)
	_ encoding.BinaryMarshaler   = (*Quality)(nil)
	_ encoding.BinaryUnmarshaler = (*Quality)(nil)
)

// AppendBinary appends the binary form of q to dst, canonical. The error is
// always nil. Times are kept to the nanosecond in the years 1678 to 2262.
func (q *Quality) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("clean: Quality.AppendBinary", q); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64(q.rows)
	w.Int64(q.kept)
	for _, t := range []time.Time{q.first, q.last} {
		w.Bool(!t.IsZero())
		if !t.IsZero() {
			w.Int64(t.UnixNano())
		}
	}
	for _, m := range []map[Reason]*rowSet{q.rejected, q.flagged} {
		w.Int(len(m))
		for _, why := range slices.Sorted(maps.Keys(m)) {
			w.String(string(why))
			w.Int64(m[why].n)
			w.Int64s(m[why].rows)
		}
	}
	w.Int(len(q.fields))
	for _, name := range slices.Sorted(maps.Keys(q.fields)) {
		f := q.fields[name]
		w.String(name)
		w.Int64(f.Seen)
		w.Int64(f.Missing)
		w.Int64(f.Malformed)
		w.Int64(f.InGap)
		w.Int64(f.InOverlap)
	}
	return w.AppendFrame(dst, codec.KindQuality, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (q *Quality) MarshalBinary() ([]byte, error) { return q.AppendBinary(nil) }

// UnmarshalBinary replaces q. Payload of version 2, little-endian, lists and strings
// after their length:
//
//	2×i64  rows, kept, 0 <= kept <= rows
//	2×     bool whether there is an earliest, a latest time; if so i64 nanoseconds
//	       since 1970, in that order
//	2×     rejected, then flagged: int number of reasons, then for each, ascending:
//	       string reason, i64 rows, []i64 the lowest row numbers, ascending, at most 10
//	int    number of fields, then for each, ascending: string name, 5×i64 seen,
//	       missing, malformed, in gaps, in overlaps; the last four >= 0 and together at
//	       most the first
//
// Version 1 has neither gaps nor overlaps.
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; q is then unchanged.
func (q *Quality) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("clean: Quality.UnmarshalBinary", q); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindQuality, 2)
	if err != nil {
		return fmt.Errorf("clean: Quality.UnmarshalBinary: %w", err)
	}
	x := Quality{rows: r.Int64(), kept: r.Int64()}
	for _, t := range []*time.Time{&x.first, &x.last} {
		if r.Bool() {
			*t = time.Unix(0, r.Int64()).UTC()
		}
	}
	sets := func() map[Reason]*rowSet {
		out := make(map[Reason]*rowSet)
		last := ""
		for i := range r.Int() {
			why := r.String()
			s := &rowSet{r.Int64(), r.Int64s()}
			if r.Err() == nil && (i > 0 && why <= last || s.n < int64(len(s.rows)) || len(s.rows) > maxExamples || !slices.IsSorted(s.rows)) {
				r.Fail("has reasons out of order")
			}
			if r.Err() != nil {
				return nil
			}
			out[Reason(why)], last = s, why
		}
		return out
	}
	x.rejected, x.flagged = sets(), sets()
	x.fields = make(map[string]*FieldQuality)
	last := ""
	for i := range r.Int() {
		f := &FieldQuality{Name: r.String(), Seen: r.Int64(), Missing: r.Int64(), Malformed: r.Int64()}
		if r.Version > 1 {
			f.InGap, f.InOverlap = r.Int64(), r.Int64()
		}
		if r.Err() == nil && (i > 0 && f.Name <= last || !f.adds()) {
			r.Fail("has fields out of order")
		}
		if r.Err() != nil {
			break
		}
		x.fields[f.Name], last = f, f.Name
	}
	if r.Err() == nil && (x.kept < 0 || x.rows < x.kept || x.first.After(x.last)) {
		r.Fail("has counts that do not add up")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("clean: Quality.UnmarshalBinary: %w", err)
	}
	*q = x
	return nil
}

// adds reports whether the counts of a field can be.
func (f *FieldQuality) adds() bool {
	rest := f.Seen
	for _, n := range []int64{f.Missing, f.Malformed, f.InGap, f.InOverlap} {
		if n < 0 || n > rest {
			return false
		}
		rest -= n
	}
	return true
}

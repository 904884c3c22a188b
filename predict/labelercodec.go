package predict

import (
	"fmt"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

// AppendBinary appends the accumulator as one frame: a day's or a shard's purchases,
// to be merged elsewhere. Labelers that were told the same, in whatever order, have
// the same bytes; zones of time are not kept. Errors: ErrEmpty for a nil receiver.
func (l *Labeler[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("predict: Labeler.AppendBinary", l); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[K]()))
	order := l.byID()
	users := make([]K, len(order))
	for i, u := range order {
		users[i] = l.users[u]
	}
	ids.PutAscending(&w, users)
	for _, u := range order {
		until := l.until[u]
		w.Bool(!until.IsZero())
		if !until.IsZero() {
			putTime(&w, until)
		}
		times := l.sorted(u)
		w.Int(len(times))
		for _, t := range times {
			putTime(&w, t)
		}
	}
	return w.AppendFrame(dst, codec.KindLabeler, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (l *Labeler[K]) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l. Payload of version 1, little-endian:
//
//	int    class of the ids: 0 strings, 1 signed, 2 unsigned numbers; that of K
//	int    n, the users
//	n ids  ascending: a string as length and bytes, a number in 8 bytes
//	       that its type holds
//	n ×
//	  bool   whether the end of observation is known, and if so
//	  time   that end
//	  int    purchases
//	  times  of them, ascending
//
// where a time is an int64 of seconds since 1970 and an int of nanoseconds below
// 10⁹, and never the zero time. Ids of another class are ErrMismatch, as is a frame of another
// kind; any other length or value is ErrCorrupt, a newer version ErrVersion. l is
// then unchanged.
func (l *Labeler[K]) UnmarshalBinary(data []byte) error {
	const where = "predict: Labeler.UnmarshalBinary"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindLabeler, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if class := r.Int(); r.Err() == nil && class != int(ids.ClassOf[K]()) {
		return fmt.Errorf("%s: ids of class %d, want %d: %w", where, class, ids.ClassOf[K](), ErrMismatch)
	}
	var next Labeler[K]
	for _, id := range ids.GetAscending[K](r) {
		next.user(id)
	}
	for u := 0; u < len(next.users) && r.Err() == nil; u++ {
		if r.Bool() {
			next.until[u] = getTime(r)
		}
		n := r.Int()
		for i := 0; i < n && r.Err() == nil; i++ {
			at := getTime(r)
			if i > 0 && !at.After(next.times[u][i-1]) {
				r.Fail("has purchases out of order")
			}
			next.times[u] = append(next.times[u], at)
			if at.After(next.latest) {
				next.latest = at
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*l = next
	return nil
}

func putTime(w *codec.Writer, t time.Time) {
	w.Int64(t.Unix())
	w.Int(t.Nanosecond())
}

func getTime(r *codec.Reader) time.Time {
	seconds, nanos := r.Int64(), r.Int()
	t := time.Unix(seconds, int64(nanos)).UTC()
	if nanos >= 1e9 || t.Unix() != seconds || t.IsZero() {
		r.Fail("has a time out of range")
	}
	return t
}

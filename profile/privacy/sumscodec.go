package privacy

import (
	"encoding"
	"fmt"
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Sums[string])(nil)
	_ encoding.BinaryMarshaler   = (*Sums[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Sums[string])(nil)
)

// AppendBinary appends the binary form of s, without noise, to dst.
func (s *Sums[U]) AppendBinary(dst []byte) ([]byte, error) {
	if err := s.made("AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(s.keys)
	w.Int(s.maxKeys)
	w.Int64(s.min)
	w.Int64(s.max)
	w.Int(int(ids.ClassOf[U]()))
	users := slices.Sorted(maps.Keys(s.users))
	ids.PutAscending(&w, users)
	for _, u := range users {
		w.Int(len(s.users[u]))
		for _, p := range s.users[u] {
			w.Int(int(p.key))
			w.Int64(p.sum)
		}
	}
	return w.AppendFrame(dst, codec.KindSums, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Sums[U]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian, lists after their
// length:
//
//	[]str  keys, ascending strictly, at least one
//	int    MaxKeys, 1 to their number
//	2×i64  Min and Max, within ±1e15, Min <= Max, not both 0
//	int    class of the customers' ids: strings, signed or unsigned numbers
//	[]id   customers, ascending strictly
//	int    of each: how many keys, at least one; then of each key
//	int      its number, ascending strictly
//	i64      the sum
//
// Any other length or value is ErrCorrupt, a frame of another type or of another class
// of ids ErrMismatch, a newer version ErrVersion; s is then unchanged.
func (s *Sums[U]) UnmarshalBinary(data []byte) error {
	const where = "privacy: Sums.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSums, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Sums[U]{keys: r.Strings(), maxKeys: r.Int(), min: r.Int64(), max: r.Int64()}
	if r.Err() == nil && (len(d.keys) == 0 || !slices.IsSorted(d.keys) || d.index() != nil || d.maxKeys < 1 || d.maxKeys > len(d.keys) || !d.bounded()) {
		r.Fail("has options that are none")
	}
	if ids.Class(r.Int()) != ids.ClassOf[U]() && r.Err() == nil {
		return fmt.Errorf("%s: ids of another type: %w", where, ErrMismatch)
	}
	for _, u := range ids.GetAscending[U](r) {
		n, last := r.Int(), -1
		if r.Err() == nil && (n < 1 || n > len(d.keys) || n > r.Left()/16) {
			r.Fail("has a customer with no keys, or too many")
		}
		if r.Err() != nil {
			break
		}
		parts := make([]part, n)
		for i := range parts {
			k := r.Int()
			if r.Err() == nil && (k <= last || k >= len(d.keys)) {
				r.Fail("has keys out of order")
				break
			}
			last, parts[i] = k, part{int32(k), r.Int64()}
		}
		d.users[u] = parts
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}

package feature

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Encoder)(nil)
	_ encoding.BinaryMarshaler   = (*Encoder)(nil)
	_ encoding.BinaryUnmarshaler = (*Encoder)(nil)
)

// AppendBinary appends the binary form of e to dst, canonical. An encoder that was not
// fitted is ErrEmpty, and dst is returned as it was.
func (e *Encoder) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Encoder.AppendBinary", e != nil && len(e.columns) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(e.buckets)
	w.Int(len(e.columns))
	for _, c := range e.columns {
		w.String(c.name)
		w.Int(int(c.method))
		w.Strings(c.levels)
		w.Float64s(c.values)
		w.Float64(c.unseen)
	}
	return w.AppendFrame(dst, codec.KindEncoder, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (e *Encoder) MarshalBinary() ([]byte, error) { return e.AppendBinary(nil) }

// UnmarshalBinary replaces e. Payload of version 1, little-endian, lists and strings
// after their length:
//
//	int    columns of Hashing, 1 … 1<<20
//	int    number of columns, at least one; then for each:
//	string name, none twice
//	int    method, 0 … 4
//	[]str  levels, none twice; none of Hashing
//	[]f64  value of each level, finite, of TargetMean and LevelCount; none of others
//	f64    value of a level not seen, finite, 0 of others than TargetMean
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; e is then unchanged. Memory grows with the bytes given.
func (e *Encoder) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Encoder.UnmarshalBinary", e); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindEncoder, 1)
	var fresh *Encoder
	if err == nil {
		fresh, err = decodeEncoder(r)
	}
	if err != nil {
		return fmt.Errorf("feature: Encoder.UnmarshalBinary: %w", err)
	}
	*e = *fresh
	return nil
}

// decodeEncoder reads a whole payload.
func decodeEncoder(r *codec.Reader) (*Encoder, error) {
	e := &Encoder{buckets: r.Int()}
	n := r.Int()
	if r.Err() == nil && (n == 0 || e.buckets < 1 || e.buckets > 1<<20) {
		r.Fail("has no columns or no buckets")
	}
	names := make(map[string]bool)
	for range n {
		c := encoded{name: r.String(), method: EncodeMethod(min(r.Int(), encodeMethods)), levels: r.Strings(), values: r.Float64s(), unseen: r.Float64()}
		if r.Err() != nil {
			break
		}
		valued := c.method == TargetMean || c.method == LevelCount
		ok := int(c.method) < encodeMethods && !names[c.name] && check.Finite(c.unseen) &&
			(c.method == TargetMean || math.Float64bits(c.unseen) == 0) && (c.method != Hashing || len(c.levels) == 0)
		if valued {
			ok = ok && len(c.values) == len(c.levels)
		} else {
			ok = ok && len(c.values) == 0
		}
		if c.setIndex(); len(c.index) != len(c.levels) || !ok || check.Slice("values", c.values) != nil {
			r.Fail("has a column that is none")
			break
		}
		names[c.name] = true
		e.columns = append(e.columns, c)
	}
	return e, r.Done()
}

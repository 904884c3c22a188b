package feature

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Scaler)(nil)
	_ encoding.BinaryMarshaler   = (*Scaler)(nil)
	_ encoding.BinaryUnmarshaler = (*Scaler)(nil)
)

// AppendBinary appends the binary form of s to dst. The error is always nil.
func (s *Scaler) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Scaler.AppendBinary", s != nil && len(s.names) > 0); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Strings(s.names)
	for j := range s.names {
		w.Int(int(s.method[j]))
	}
	w.Float64s(s.shift)
	w.Float64s(s.scale)
	w.Float64(s.lo)
	w.Float64(s.hi)
	w.Bool(s.clip)
	return w.AppendFrame(dst, codec.KindScaler, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Scaler) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian, lists after their
// length:
//
//	[]str  names of the columns, at least one
//	int    method of each column, 0 … 4
//	[]f64  what is subtracted, one a column, finite
//	[]f64  what is divided by, one a column, finite, >= 0; 0 marks a constant column
//	2×f64  range of MinMax, finite, the first below the second
//	bool   whether MinMax clips
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; s is then unchanged.
func (s *Scaler) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Scaler.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindScaler, 1)
	if err != nil {
		return fmt.Errorf("feature: Scaler.UnmarshalBinary: %w", err)
	}
	x := Scaler{names: r.Strings()}
	for range x.names {
		m := r.Int()
		if m >= methods {
			r.Fail("has an unknown method")
		}
		x.method = append(x.method, ScaleMethod(m))
	}
	x.shift, x.scale, x.lo, x.hi, x.clip = r.Float64s(), r.Float64s(), r.Float64(), r.Float64(), r.Bool()
	if r.Err() == nil && (len(x.names) == 0 || len(x.shift) != len(x.names) || len(x.scale) != len(x.names) || !(x.lo < x.hi) || !check.Finite(x.lo) || !check.Finite(x.hi)) {
		r.Fail("is no Scaler")
	}
	for j := range x.scale {
		if r.Err() != nil {
			break
		}
		if !check.Finite(x.shift[j]) || !check.Finite(x.scale[j]) || x.scale[j] < 0 {
			r.Fail("has a scale that is none")
		}
		if x.scale[j] == 0 {
			x.constant = append(x.constant, j)
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("feature: Scaler.UnmarshalBinary: %w", err)
	}
	*s = x
	return nil
}

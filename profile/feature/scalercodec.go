package feature

import (
	"encoding"
	"fmt"
	"math"
	"slices"

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
	w.Float64s(s.power)
	for j := range s.names {
		w.Float64s(s.knots[j])
	}
	return w.AppendFrame(dst, codec.KindScaler, 2), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Scaler) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 2, little-endian, lists after their
// length:
//
//	[]str  names of the columns, at least one
//	int    method of each column, 0 … 8
//	[]f64  what is subtracted, one a column, finite
//	[]f64  what is divided by, one a column, finite, >= 0; 0 marks a constant column
//	2×f64  range of MinMax, finite, the first below the second
//	bool   whether MinMax clips
//	[]f64  power of YeoJohnson and BoxCox, one a column, in [-5, 5], 0 of others
//	       for each column:
//	[]f64  quantiles of QuantileRank and QuantileNormal, 2 … 1,000, ascending, finite; none of
//	       others and of constant columns
//
// Version 1 has methods 0 … 4 and ends before the powers.
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; s is then unchanged.
func (s *Scaler) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Scaler.UnmarshalBinary", s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindScaler, 2)
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
	x.power, x.knots = make([]float64, len(x.names)), make([][]float64, len(x.names))
	if r.Err() == nil && r.Version >= 2 {
		x.power = r.Float64s()
		for j := range x.knots {
			x.knots[j] = r.Float64s()
		}
	}
	if r.Err() == nil && !x.bends(r.Version) {
		r.Fail("has powers or quantiles that are none")
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

// bends says whether powers and quantiles are those of methods that have them.
func (s *Scaler) bends(version uint16) bool {
	if len(s.power) != len(s.names) {
		return false
	}
	for j, m := range s.method {
		l, knots := s.power[j], s.knots[j]
		powered, ranked := m == YeoJohnson || m == BoxCox, m >= QuantileRank && s.scale[j] != 0
		ok := version >= 2 || m < YeoJohnson
		ok = ok && (powered && math.Abs(l) <= 5 || math.Float64bits(l) == 0)
		if ranked {
			ok = ok && len(knots) >= 2 && len(knots) <= maxKnots && slices.IsSorted(knots) && check.Slice("quantiles", knots) == nil
		} else {
			ok = ok && len(knots) == 0
		}
		if !ok {
			return false
		}
	}
	return true
}

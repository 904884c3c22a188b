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
	_ encoding.BinaryAppender    = (*Columns)(nil)
	_ encoding.BinaryMarshaler   = (*Columns)(nil)
	_ encoding.BinaryUnmarshaler = (*Columns)(nil)
)

// AppendBinary appends the binary form of c to dst: canonical, because the values of
// a column are stored in ascending order. A c without columns is ErrEmpty, and dst is
// returned as it was. Cost: O(n log n) a column.
func (c *Columns) AppendBinary(dst []byte) ([]byte, error) {
	if err := made("feature: Columns.AppendBinary", c != nil && len(c.names) > 0); err != nil {
		return dst, err
	}
	if len(c.names) == 0 {
		return dst, fmt.Errorf("feature: Columns.AppendBinary: not made by NewColumns: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Strings(c.names)
	w.Int64(c.rows)
	for j := range c.names {
		xs := slices.Clone(c.values[j])
		slices.Sort(xs)
		w.Float64s(xs)
	}
	return w.AppendFrame(dst, codec.KindColumns, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *Columns) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c, names included. Payload of version 1, little-endian,
// lists after their length:
//
//	[]str  names of the columns, at least one, none twice
//	i64    rows, >= 0
//	[]f64  for each column its values, ascending, finite, no -0, at most one a row;
//	       the other rows are missing there
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; c is then unchanged. Memory grows with the bytes given.
func (c *Columns) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("feature: Columns.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindColumns, 1)
	var fresh *Columns
	if err == nil {
		fresh, err = decodeColumns(r)
	}
	if err != nil {
		return fmt.Errorf("feature: Columns.UnmarshalBinary: %w", err)
	}
	*c = *fresh
	return nil
}

// decodeColumns reads a whole payload.
func decodeColumns(r *codec.Reader) (*Columns, error) {
	names := r.Strings()
	c := &Columns{rows: r.Int64(), missing: make([]int64, len(names))}
	if fresh, err := NewColumns(names); err != nil {
		r.Fail("names no columns, or one twice")
	} else {
		c.names = fresh.names
	}
	for j := range c.names {
		xs := r.Float64s()
		c.missing[j] = c.rows - int64(len(xs))
		if c.rows < 0 || c.missing[j] < 0 || !slices.IsSorted(xs) {
			r.Fail("has values out of order, or more than rows")
		}
		for _, x := range xs {
			if !check.Finite(x) || x == 0 && math.Signbit(x) {
				r.Fail("has a value that is none")
			}
		}
		c.values = append(c.values, xs)
	}
	return c, r.Done()
}

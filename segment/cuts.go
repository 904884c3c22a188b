package segment

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
)

var (
	_ encoding.BinaryAppender    = (*Cuts)(nil)
	_ encoding.BinaryMarshaler   = (*Cuts)(nil)
	_ encoding.BinaryUnmarshaler = (*Cuts)(nil)
)

// Cuts turns a number into a level 1 … Levels() by ascending cut points: level i
// holds the values in (cut[i-2], cut[i-1]], so a value that equals a cut belongs
// to the lower level, and equal values always share a level. Two cuts may be
// equal where many values are; the level between them is then empty. The zero
// value has one level.
type Cuts struct{ at []float64 }

// NewCuts returns the given cut points, which must be finite and must not
// descend.
func NewCuts(at ...float64) (Cuts, error) {
	if err := check.Slice("cut", at); err != nil {
		return Cuts{}, fmt.Errorf("segment: NewCuts: %w", err)
	}
	if i := firstDescent(at); i > 0 {
		return Cuts{}, fmt.Errorf("segment: NewCuts: cut[%d] is %v, below cut[%d] = %v: %w", i, at[i], i-1, at[i-1], ErrRange)
	}
	return Cuts{slices.Clone(at)}, nil
}

func firstDescent(x []float64) int {
	for i := 1; i < len(x); i++ {
		if x[i] < x[i-1] {
			return i
		}
	}
	return 0
}

// FitCuts returns the cut points that divide values into the given number of
// levels of about equal size: the quantiles 1/levels … (levels-1)/levels (type
// 7, as in NumPy, R and pandas.qcut). levels is 2 … 255. Ties stay together, so
// with few distinct values some levels remain empty, where pandas.qcut raises an error
// or, told to drop duplicates, numbers the others anew. It sorts a copy of values;
// their order does not matter.
func FitCuts(values []float64, levels int) (Cuts, error) {
	var c check.Options
	c.Require(levels >= 2 && levels <= 255, "levels", levels, "2 to 255")
	if err := c.Err("segment: FitCuts"); err != nil {
		return Cuts{}, err
	}
	if len(values) == 0 {
		return Cuts{}, fmt.Errorf("segment: FitCuts: values: %w", ErrEmpty)
	}
	if err := check.Slice("values", values); err != nil {
		return Cuts{}, fmt.Errorf("segment: FitCuts: %w", err)
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	at := make([]float64, levels-1)
	for i := range at {
		// The position is formed from integers, so that a quantile which falls on a
		// value is that value, with no rounding to throw ties apart.
		num := int64(len(sorted)-1) * int64(i+1)
		lo, rest := int(num/int64(levels)), num%int64(levels)
		at[i] = sorted[lo] + 0
		if rest > 0 && sorted[lo] != sorted[lo+1] {
			at[i] = infer.Between(sorted[lo], sorted[lo+1], float64(rest)/float64(levels))
		}
	}
	return Cuts{at}, nil
}

// Levels returns the number of levels, one more than cut points.
func (c Cuts) Levels() int { return len(c.at) + 1 }

// Points returns a copy of the cut points.
func (c Cuts) Points() []float64 { return slices.Clone(c.at) }

// Level returns the level of x, 1 … Levels(); 0 for NaN.
func (c Cuts) Level(x float64) int {
	if math.IsNaN(x) {
		return 0
	}
	below, _ := slices.BinarySearch(c.at, x) // number of cuts < x
	return below + 1
}

// AppendBinary appends the binary form of the cut points to dst.
func (c Cuts) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Float64s(c.at)
	return w.AppendFrame(dst, codec.KindCuts, 1), nil
}

// MarshalBinary returns the binary form of the cut points.
func (c Cuts) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	[]f64    cut points, finite, not descending
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; c is then unchanged.
func (c *Cuts) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("segment: Cuts.UnmarshalBinary", c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCuts, 1)
	if err != nil {
		return fmt.Errorf("segment: Cuts.UnmarshalBinary: %w", err)
	}
	at := r.Float64s()
	if firstDescent(at) > 0 || check.Slice("cut", at) != nil {
		r.Fail("cut points are not finite and ascending")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: Cuts.UnmarshalBinary: %w", err)
	}
	*c = Cuts{at}
	return nil
}

package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sketch"
)

var (
	_ encoding.BinaryAppender    = (*Distinct)(nil)
	_ encoding.BinaryUnmarshaler = (*Distinct)(nil)
	_ encoding.BinaryAppender    = (*Quantiles)(nil)
	_ encoding.BinaryUnmarshaler = (*Quantiles)(nil)
)

// DistinctStandardError is the relative standard error of Distinct.Count.
const DistinctStandardError = sketch.StdErr

// Distinct counts distinct users (reach, daily or monthly active users) in 16 kB
// whatever their number, where exact sets (Activity, Customers) would be too
// large: a HyperLogLog sketch with a standard error of 0.81 % (Flajolet et al.
// 2007; Ertl 2017). Merge counts users seen by both once, and is exact in the
// sense that the merge of sketches is the sketch of the union. The zero value is
// empty and ready. It is not safe for concurrent use.
type Distinct struct {
	h sketch.HLL
}

// AddString adds a user by name.
func (d *Distinct) AddString(user string) {
	if d == nil {
		return
	}
	d.h.Add(rng.HashString(user))
}

// AddUint64 adds a user by number. The number 7 and the string "7" are two.
func (d *Distinct) AddUint64(user uint64) {
	if d == nil {
		return
	}
	d.h.Add(rng.Mix(rng.Mix(user) ^ 0x5bf0_3635_dcf5_9a7d))
}

// Count returns the estimated number of distinct users; 0 when empty.
func (d *Distinct) Count() float64 {
	if d == nil {
		return 0
	}
	return d.h.Estimate()
}

// Merge adds the users of other. ErrMismatch for a merge with itself.
func (d *Distinct) Merge(other *Distinct) error {
	if err := check.Merge("metrics: Distinct.Merge", d, other); err != nil {
		return err
	}
	d.h.Merge(&other.h)
	return nil
}

// AppendBinary appends the binary form.
func (d *Distinct) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Distinct.AppendBinary", d); err != nil {
		return nil, err
	}
	var w codec.Writer
	d.h.Encode(&w)
	return w.AppendFrame(dst, codec.KindDistinct, 1), nil
}

// MarshalBinary returns the binary form.
func (d *Distinct) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    r, the registers in use, of 2¹⁴
//	[]i32  where r is 1 to 2¹²: position<<8 | value of each, ascending
//	[]u8   where r is more: all registers
//
// Values are possible ranks. Any other length or value is ErrCorrupt, a newer version
// ErrVersion; the state is then unchanged.
func (d *Distinct) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Distinct.UnmarshalBinary", d); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindDistinct, 1)
	if err != nil {
		return fmt.Errorf("metrics: Distinct.UnmarshalBinary: %w", err)
	}
	h := sketch.DecodeHLL(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Distinct.UnmarshalBinary: %w", err)
	}
	d.h = h
	return nil
}

// Quantiles keeps the distribution of a metric (order values, delivery times) so
// that quantiles of merged shards are right within 1 % of their value: a DDSketch
// (Masson, Rim and Lee 2019). Averages of medians are no medians. It keeps 35 decades below
// the value furthest from 0, on either side of 0: one sentinel such as math.MaxFloat64 among
// durations pushes all others out of that range, and Quantile then says so. Values nearer to
// 0 than 2^-1022 count as 0. The zero value
// is empty and ready; Merge is exact. It is not safe for concurrent use.
type Quantiles struct {
	d sketch.DD
}

// Add adds a value. ErrNotFinite for NaN or infinite ones.
func (q *Quantiles) Add(x float64) error {
	if err := check.Receiver("metrics: Quantiles.Add", q); err != nil {
		return err
	}
	if !q.d.Add(x) {
		return fmt.Errorf("metrics: Quantiles.Add: value is %v: %w", x, ErrNotFinite)
	}
	return nil
}

// N returns the number of values.
func (q *Quantiles) N() int64 {
	if q == nil {
		return 0
	}
	return q.d.N()
}

// Quantile returns the value of rank ⌊p·(n−1)⌋ counted from 0, within 1 % of
// itself; p 0 and 1 are the exact minimum and maximum. NumPy interpolates between ranks by
// default; this does not. ErrRange for p outside [0, 1], ErrUndefined when empty, ErrOverflow
// where the value of that rank is more than 35 decades below the largest of its sign.
func (q *Quantiles) Quantile(p float64) (float64, error) {
	if err := check.Receiver("metrics: Quantiles.Quantile", q); err != nil {
		return math.NaN(), err
	}
	if !(p >= 0 && p <= 1) {
		return math.NaN(), fmt.Errorf("metrics: Quantiles.Quantile: p is %v, want in [0, 1]: %w", p, ErrRange)
	}
	if q.d.N() == 0 {
		return math.NaN(), undefined("Quantiles.Quantile: no values")
	}
	if q.d.Lost(p) {
		return math.NaN(), fmt.Errorf("metrics: Quantiles.Quantile: the value of rank %v is 35 decades or more nearer to 0 than the furthest: %w", p, ErrOverflow)
	}
	return q.d.Quantile(p), nil
}

// Merge adds the values of other. ErrMismatch for a merge with itself,
// ErrOverflow beyond int64.
func (q *Quantiles) Merge(other *Quantiles) error {
	if err := check.Merge("metrics: Quantiles.Merge", q, other); err != nil {
		return err
	}
	if err := q.d.Merge(&other.d); err != nil {
		return fmt.Errorf("metrics: Quantiles.Merge: %w", err)
	}
	return nil
}

// AppendBinary appends the binary form.
func (q *Quantiles) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Quantiles.AppendBinary", q); err != nil {
		return nil, err
	}
	var w codec.Writer
	q.d.Encode(&w)
	return w.AppendFrame(dst, codec.KindQuantiles, 1), nil
}

// MarshalBinary returns the binary form.
func (q *Quantiles) MarshalBinary() ([]byte, error) { return q.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	f64    relative error, that of this type
//	i64    zeros
//	f64    smallest and f64 largest value
//	i64    number of the first bucket above 0 and []i64 counts from there on
//	i64    the same below 0, []i64 counts
//
// The first and the last count of a side are not 0, values are finite and ordered, and
// agree with the sides in use. Any other length or value is ErrCorrupt, a newer version
// ErrVersion; the state is then unchanged.
func (q *Quantiles) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Quantiles.UnmarshalBinary", q); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindQuantiles, 1)
	if err != nil {
		return fmt.Errorf("metrics: Quantiles.UnmarshalBinary: %w", err)
	}
	d := sketch.DecodeDD(r)
	if r.Err() == nil && d.Alpha() != (&sketch.DD{}).Alpha() {
		r.Fail("has another relative error")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: Quantiles.UnmarshalBinary: %w", err)
	}
	q.d = d
	return nil
}

package metrics

import (
	"encoding"
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Ratio)(nil)
	_ encoding.BinaryUnmarshaler = (*Ratio)(nil)
)

// Ratio is a KPI that keeps what it was made of: numerator, denominator and the
// number of records. It adds up over days, channels and shards, where averages
// of ratios do not. Money is in minor units (cents, 分) of one currency. The
// zero value is empty and ready; Merge is exact. A ratio over nothing is
// ErrUndefined, as that of package supply is: its Ratio of two float64 (hours in
// stock, weighted shares) is what the results there carry. Take this one for KPIs
// that you add up yourself.
type Ratio struct {
	num, den, n int64
}

// NewRatio returns num/den as one record.
func NewRatio(num, den int64) Ratio { return Ratio{num, den, 1} }

// RatioOf returns num/den over n >= 0 records, as for a mean over users that is
// already summed up.
func RatioOf(num, den, n int64) Ratio { return Ratio{num, den, max(n, 0)} }

// Add adds one record. ErrOverflow beyond int64; the state is then unchanged.
func (r *Ratio) Add(num, den int64) error {
	if err := check.Receiver("metrics: Ratio.Add", r); err != nil {
		return err
	}
	return r.add(Ratio{num, den, 1})
}

// Merge adds the records of other. ErrMismatch for a merge with itself.
func (r *Ratio) Merge(other *Ratio) error {
	if err := check.Merge("metrics: Ratio.Merge", r, other); err != nil {
		return err
	}
	return r.add(*other)
}

// add adds the records of o; nothing changes after an error.
func (r *Ratio) add(o Ratio) error {
	num, err1 := check.AddInt64(r.num, o.num)
	den, err2 := check.AddInt64(r.den, o.den)
	n, err3 := check.AddInt64(r.n, o.n)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return fmt.Errorf("metrics: Ratio.Add: %w", err)
		}
	}
	*r = Ratio{num, den, n}
	return nil
}

// Num returns the numerator.
func (r Ratio) Num() int64 { return r.num }

// Den returns the denominator.
func (r Ratio) Den() int64 { return r.den }

// N returns the number of records.
func (r Ratio) N() int64 { return r.n }

// Value returns num/den, ErrUndefined for a denominator of 0.
func (r Ratio) Value() (float64, error) {
	if r.den == 0 {
		return math.NaN(), undefined("Ratio.Value: %d/0", r.num)
	}
	return float64(r.num) / float64(r.den), nil
}

// Smoothed returns (num+alpha)/(den+alpha+beta): a rate over few records, drawn
// towards alpha/(alpha+beta) as if that had been seen alpha+beta times before.
// It is defined for a denominator of 0. ErrRange unless alpha and beta are
// finite and >= 0, and ErrUndefined if the sum below is 0.
func (r Ratio) Smoothed(alpha, beta float64) (float64, error) {
	if !(alpha >= 0 && beta >= 0) || !check.Finite(alpha+beta) {
		return math.NaN(), fmt.Errorf("metrics: Ratio.Smoothed: alpha %v, beta %v, want finite and >= 0: %w", alpha, beta, ErrRange)
	}
	den := float64(r.den) + alpha + beta
	if den == 0 {
		return math.NaN(), undefined("Ratio.Smoothed: the denominator is 0")
	}
	return (float64(r.num) + alpha) / den, nil
}

// Float returns num/den, NaN for a denominator of 0: for tables and plots.
func (r Ratio) Float() float64 { x, _ := r.Value(); return x }

// String returns "0.05 (5/100)", or "n/a (0/0)".
func (r Ratio) String() string { return fmt.Sprintf("%s (%d/%d)", number(r.Float()), r.num, r.den) }

// AppendBinary appends the binary form.
func (r *Ratio) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("metrics: Ratio.AppendBinary", r); err != nil {
		return nil, err
	}
	var w codec.Writer
	w.Int64(r.num)
	w.Int64(r.den)
	w.Int64(r.n)
	return w.AppendFrame(dst, codec.KindRatio, 1), nil
}

// MarshalBinary returns the binary form.
func (r *Ratio) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary replaces the state. Payload of version 1, little-endian:
//
//	i64    numerator
//	i64    denominator
//	i64    number of records, >= 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (r *Ratio) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: Ratio.UnmarshalBinary", r); err != nil {
		return err
	}
	d, err := codec.Open(data, codec.KindRatio, 1)
	if err != nil {
		return fmt.Errorf("metrics: Ratio.UnmarshalBinary: %w", err)
	}
	got := Ratio{d.Int64(), d.Int64(), d.Int64()}
	if got.n < 0 {
		d.Fail("negative number of records")
	}
	if err := d.Done(); err != nil {
		return fmt.Errorf("metrics: Ratio.UnmarshalBinary: %w", err)
	}
	*r = got
	return nil
}

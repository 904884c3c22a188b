package profile

import (
	"encoding"
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Decayed)(nil)
	_ encoding.BinaryMarshaler   = (*Decayed)(nil)
	_ encoding.BinaryUnmarshaler = (*Decayed)(nil)
)

// Decayed is a sum whose terms lose half their weight in every half-life. Its
// state is a value and the time it refers to; Add is O(1), in any order of time,
// and Merge moves both sums to the later time and adds them, so it is exact up to
// rounding, commutative to the bit. Build it with NewDecayed. Builder keeps its
// affinities in a form that is exact to the bit for any order, because there the
// reference time is known beforehand. Not safe for concurrent use.
type Decayed struct {
	halfLife time.Duration
	at       time.Time
	value    float64
}

// NewDecayed returns an empty sum; halfLife must be > 0 (ErrOption).
func NewDecayed(halfLife time.Duration) (*Decayed, error) {
	if halfLife <= 0 {
		return nil, fmt.Errorf("profile: NewDecayed: half-life is %v, want > 0: %w", halfLife, ErrOption)
	}
	return &Decayed{halfLife: halfLife}, nil
}

// made refuses nil and what NewDecayed did not make, for the method where.
func (d *Decayed) made(where string) error {
	if d == nil || d.halfLife <= 0 {
		return fmt.Errorf("%s: not made by NewDecayed: %w", where, ErrEmpty)
	}
	return nil
}

// Add adds weight at a time. A missing time is ErrRange, a weight that is NaN or
// infinite ErrNotFinite, a sum beyond float64 ErrOverflow, a d without a half-life
// ErrEmpty; all change nothing.
func (d *Decayed) Add(at time.Time, weight float64) error {
	if err := d.made("profile: Decayed.Add"); err != nil {
		return err
	}
	if err := check.Time("time", at); err != nil {
		return fmt.Errorf("profile: Decayed.Add: %w", err)
	}
	if !check.Finite(weight) {
		return fmt.Errorf("profile: Decayed.Add: %w", check.Private("weight", -1, nil, weight, ErrNotFinite))
	}
	if !d.join(at, weight) {
		return fmt.Errorf("profile: Decayed.Add: %w", check.Private("weight", -1, nil, weight, ErrOverflow))
	}
	return nil
}

// join adds weight at time t, and refers the sum to the later of both times. It
// changes nothing and returns false for a sum beyond float64.
func (d *Decayed) join(t time.Time, weight float64) bool {
	at, value := d.at, d.value
	switch {
	case at.IsZero():
		at, value = t, weight
	case t.After(at):
		at, value = t, weight+value*d.factor(at, t)
	default:
		value += weight * d.factor(t, at)
	}
	if !check.Finite(value) {
		return false
	}
	d.at, d.value = at, value
	return true
}

// factor returns what a weight of 1 at from is at to. Beyond 292 years a Duration does not
// say how far they are apart.
func (d *Decayed) factor(from, to time.Time) float64 {
	age := float64(to.Sub(from))
	if seconds := to.Unix() - from.Unix(); max(seconds, -seconds) >= math.MaxInt64/int64(time.Second) {
		age = float64(seconds) * float64(time.Second)
	}
	return math.Exp2(-age / float64(d.halfLife))
}

// Value returns the sum as of asOf, which may lie before or after the last term:
// then it is what the same terms will weigh, not what was known. Long before the last
// term that is beyond float64, and +Inf or -Inf. It is 0 without terms, NaN at a time that
// is missing or outside the years 1678 to 2262.
func (d *Decayed) Value(asOf time.Time) float64 {
	if d == nil {
		return 0
	}
	if d.at.IsZero() || d.value == 0 {
		return 0
	}
	if check.Time("", asOf) != nil {
		return math.NaN()
	}
	return d.value * d.factor(d.at, asOf)
}

// Merge adds the terms of other, which it leaves alone. Another half-life is
// ErrMismatch, and so are nil and the receiver itself; a sum beyond float64 is
// ErrOverflow. d is then unchanged.
func (d *Decayed) Merge(other *Decayed) error {
	if err := check.Merge("profile: Decayed.Merge", d, other); err != nil {
		return err
	}
	if err := d.made("profile: Decayed.Merge"); err != nil {
		return err
	}
	if other.halfLife != d.halfLife {
		return fmt.Errorf("profile: Decayed.Merge: half-lives are %v and %v: %w", d.halfLife, other.halfLife, ErrMismatch)
	}
	if !other.at.IsZero() && !d.join(other.at, other.value) {
		return fmt.Errorf("profile: Decayed.Merge: %w", ErrOverflow)
	}
	return nil
}

// AppendBinary appends the binary form of d to dst: canonical, the time to the
// nanosecond. A d without a half-life is ErrEmpty, and dst is returned as it was.
func (d *Decayed) AppendBinary(dst []byte) ([]byte, error) {
	if err := d.made("profile: Decayed.AppendBinary"); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64(int64(d.halfLife))
	w.Bool(!d.at.IsZero())
	if !d.at.IsZero() {
		w.Int64(d.at.UnixNano())
		w.Float64(d.value)
	}
	return w.AppendFrame(dst, codec.KindDecayed, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (d *Decayed) MarshalBinary() ([]byte, error) { return d.AppendBinary(nil) }

// UnmarshalBinary replaces d, half-life included. Payload of version 1,
// little-endian:
//
//	i64   half-life in nanoseconds, > 0
//	bool  whether there is any term; if so
//	i64   time the sum refers to, nanoseconds since 1970
//	f64   the sum at that time, finite
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; d is then unchanged.
func (d *Decayed) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("profile: Decayed.UnmarshalBinary", d); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindDecayed, 1)
	if err == nil {
		x := Decayed{halfLife: time.Duration(r.Int64())}
		if r.Bool() {
			x.at, x.value = time.Unix(0, r.Int64()).UTC(), r.Float64()
		}
		if x.halfLife <= 0 || !check.Finite(x.value) || !x.at.IsZero() && check.Time("time", x.at) != nil {
			r.Fail("is no half-life or no finite sum")
		}
		if err = r.Done(); err == nil {
			*d = x
			return nil
		}
	}
	return fmt.Errorf("profile: Decayed.UnmarshalBinary: %w", err)
}

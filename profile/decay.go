package profile

import (
	"fmt"
	"math"
	"time"

	"github.com/aislekit/aisle/internal/check"
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

// Add adds weight at time t. A missing time is ErrRange, a weight that is NaN or
// infinite ErrNotFinite; both change nothing.
func (d *Decayed) Add(t time.Time, weight float64) error {
	if err := check.Time("time", t); err != nil {
		return fmt.Errorf("profile: Decayed.Add: %w", err)
	}
	if !check.Finite(weight) {
		return fmt.Errorf("profile: Decayed.Add: weight is %v: %w", weight, ErrNotFinite)
	}
	d.join(t, weight)
	return nil
}

func (d *Decayed) join(t time.Time, weight float64) {
	switch {
	case d.at.IsZero():
		d.at, d.value = t, weight
	case t.After(d.at):
		d.at, d.value = t, weight+d.value*d.factor(t.Sub(d.at))
	default:
		d.value += weight * d.factor(d.at.Sub(t))
	}
}

func (d *Decayed) factor(age time.Duration) float64 {
	return math.Exp2(-float64(age) / float64(d.halfLife))
}

// Value returns the sum as of t, which may lie before or after the last term:
// then it is what the same terms will weigh, not what was known.
func (d *Decayed) Value(t time.Time) float64 {
	if d.at.IsZero() {
		return 0
	}
	return d.value * d.factor(t.Sub(d.at))
}

// Merge adds the terms of other, which it leaves alone. Another half-life is
// ErrMismatch, and so is merging a state with itself.
func (d *Decayed) Merge(other *Decayed) error {
	if other == nil || other == d || other.halfLife != d.halfLife {
		return fmt.Errorf("profile: Decayed.Merge: other is nil, the receiver itself or of another half-life: %w", ErrMismatch)
	}
	if !other.at.IsZero() {
		d.join(other.at, other.value)
	}
	return nil
}

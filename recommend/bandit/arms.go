package bandit

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// ClickArms counts, for each arm, how often it was shown and how often that was a
// success: a click, a purchase. Arms are items, or whatever is chosen between, by
// dense index. States of shards merge exactly. Make one with NewClickArms. Not
// safe for concurrent writers.
type ClickArms struct {
	known
	shown, success []int64
}

// NewClickArms returns n arms without data. ErrOption for n < 1.
func NewClickArms(n int) (*ClickArms, error) {
	if n < 1 || n > math.MaxInt32 {
		return nil, fmt.Errorf("bandit: NewClickArms: n is %d, want at least 1: %w", n, ErrOption)
	}
	return &ClickArms{shown: make([]int64, n), success: make([]int64, n)}, nil
}

// Len returns the number of arms.
func (a *ClickArms) Len() int {
	if a == nil {
		return 0
	}
	return len(a.shown)
}

// errUnmade is ErrEmpty of a state that no constructor has made.
func errUnmade(where, by string) error {
	return fmt.Errorf("bandit: %s: not made by %s: %w", where, by, ErrEmpty)
}

// Add records one showing. ErrUnknownID for an arm out of range, ErrEmpty without arms.
func (a *ClickArms) Add(arm int32, success bool) error {
	n := int64(0)
	if success {
		n = 1
	}
	return a.AddCounts(arm, 1, n)
}

// AddCounts records shown showings with success successes. ErrEmpty (no arms),
// ErrUnknownID, ErrRange (negative, or more successes than showings), ErrOverflow.
func (a *ClickArms) AddCounts(arm int32, shown, success int64) error {
	if a.Len() == 0 {
		return errUnmade("ClickArms.AddCounts", "NewClickArms")
	}
	if uint32(arm) >= uint32(len(a.shown)) {
		return fmt.Errorf("bandit: ClickArms.AddCounts: arm %d of %d: %w", arm, len(a.shown), ErrUnknownID)
	}
	if success < 0 || shown < success {
		return fmt.Errorf("bandit: ClickArms.AddCounts: %d successes in %d showings: %w", success, shown, ErrRange)
	}
	n, err := check.AddInt64(a.shown[arm], shown)
	if err != nil {
		return fmt.Errorf("bandit: ClickArms.AddCounts: arm %d: %w", arm, err)
	}
	a.shown[arm] = n
	a.success[arm] += success // never more than shown
	return nil
}

// Counts returns the counts of an arm; it panics like a slice for an arm out of
// range.
func (a *ClickArms) Counts(arm int32) (shown, success int64) { return a.shown[arm], a.success[arm] }

// Merge adds the counts of other. ErrMismatch for another number of arms or arms of
// another catalogue, nil or a itself, ErrOverflow, ErrEmpty where a has no arms; then a is unchanged.
func (a *ClickArms) Merge(other *ClickArms) error {
	const where = "bandit: ClickArms.Merge"
	if err := check.Merge(where, a, other); err != nil {
		return err
	}
	if a.Len() == 0 {
		return errUnmade("ClickArms.Merge", "NewClickArms")
	}
	if len(other.shown) != len(a.shown) {
		return fmt.Errorf("%s: %d arms into %d: %w", where, len(other.shown), len(a.shown), ErrMismatch)
	}
	of, err := together(a.known, other.known, where)
	if err != nil {
		return err
	}
	for i, n := range other.shown {
		if _, err := check.AddInt64(a.shown[i], n); err != nil {
			return fmt.Errorf("%s: arm %d: %w", where, i, err)
		}
	}
	a.known = of
	for i, n := range other.shown {
		a.shown[i] += n
		a.success[i] += other.success[i]
	}
	return nil
}

// AppendBinary appends the frame of a to dst; ErrEmpty without arms.
func (a *ClickArms) AppendBinary(dst []byte) ([]byte, error) {
	if a.Len() == 0 {
		return dst, errUnmade("ClickArms.AppendBinary", "NewClickArms")
	}
	var w codec.Writer
	w.Int64s(a.shown)
	w.Int64s(a.success)
	stamp(&w, a)
	return w.AppendFrame(dst, codec.KindClickArms, 1), nil
}

// MarshalBinary returns the frame of a.
func (a *ClickArms) MarshalBinary() ([]byte, error) { return a.AppendBinary(nil) }

// UnmarshalBinary replaces a. Payload of version 1, little-endian:
//
//	[]int64  showings by arm, at least one arm
//	[]int64  successes by arm, as many, each in 0 … showings
//
// A stamp of the items may follow. Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; a is then unchanged.
func (a *ClickArms) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("bandit: ClickArms.UnmarshalBinary", a); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindClickArms, 1)
	if err != nil {
		return fmt.Errorf("bandit: ClickArms.UnmarshalBinary: %w", err)
	}
	shown, success := r.Int64s(), r.Int64s()
	if len(shown) != len(success) || r.Err() == nil && len(shown) == 0 {
		r.Fail("has counts of different length")
	} else {
		for i, n := range success {
			if n < 0 || shown[i] < n {
				r.Fail("has more successes than showings")
			}
		}
	}
	of := stamped(r, len(shown))
	if err := r.Done(); err != nil {
		return fmt.Errorf("bandit: ClickArms.UnmarshalBinary: %w", err)
	}
	a.known, a.shown, a.success = of, shown, success
	return nil
}

// LinearArms keeps for each arm the sums A = Σ x·xᵀ and b = Σ r·x over the
// contexts x in which it was chosen and the rewards r that followed: all that
// LinUCB and LinearThompson need. States of shards merge, to rounding. Make one
// with NewLinearArms. Not safe for concurrent writers. Memory: 8·(d² + d + 1) bytes
// an arm.
type LinearArms struct {
	known
	d    int
	n    []int64   // observations by arm
	a, b []float64 // arm×d×d, arm×d
}

// LinearArmsOptions configures NewLinearArms.
type LinearArmsOptions struct {
	MemoryLimit int64 // bytes; default 1 GiB. NewLinearArms refuses before it allocates more
}

// NewLinearArms returns arms without data, for contexts of d features, 1 to 4096.
// Errors: ErrOption, and ErrTooLarge for more memory than MemoryLimit.
func NewLinearArms(arms, d int, opt LinearArmsOptions) (*LinearArms, error) {
	opt.MemoryLimit = check.Default(opt.MemoryLimit, 1<<30)
	var c check.Options
	c.Require(arms >= 1 && arms <= math.MaxInt32, "arms", arms, "at least 1")
	c.Require(d >= 1 && d <= maxContext, "d", d, "in [1, 4096]")
	check.Positive(&c, "MemoryLimit", opt.MemoryLimit)
	if err := c.Err("bandit: NewLinearArms"); err != nil {
		return nil, err
	}
	// At most 2³¹·(2²⁴ + 2¹² + 1)·8 < 2⁵⁹.
	if need := 8 * int64(arms) * (int64(d)*int64(d) + int64(d) + 1); need > opt.MemoryLimit || need > math.MaxInt {
		return nil, fmt.Errorf("bandit: NewLinearArms: %d arms of %d features need %d bytes, MemoryLimit is %d: %w", arms, d, need, opt.MemoryLimit, ErrTooLarge)
	}
	return &LinearArms{d: d, n: make([]int64, arms), a: make([]float64, arms*d*d), b: make([]float64, arms*d)}, nil
}

const maxContext = 4096

// Len returns the number of arms.
func (l *LinearArms) Len() int {
	if l == nil {
		return 0
	}
	return len(l.n)
}

// Features returns the length of a context.
func (l *LinearArms) Features() int {
	if l == nil {
		return 0
	}
	return l.d
}

// Count returns the number of observations of an arm; it panics like a slice for
// an arm out of range.
func (l *LinearArms) Count(arm int32) int64 { return l.n[arm] }

// Add records that arm was chosen in context x and earned reward. Put a constant
// 1 into x for an intercept. ErrUnknownID (arm), ErrShape (x), ErrNotFinite,
// ErrRange (a number beyond 1e100), ErrEmpty (no arms); then l is unchanged. Cost: O(d²).
func (l *LinearArms) Add(arm int32, x []float64, reward float64) error {
	if l.Len() == 0 {
		return errUnmade("LinearArms.Add", "NewLinearArms")
	}
	if uint32(arm) >= uint32(len(l.n)) {
		return fmt.Errorf("bandit: LinearArms.Add: arm %d of %d: %w", arm, len(l.n), ErrUnknownID)
	}
	if err := checkContext(x, l.d, "LinearArms.Add"); err != nil {
		return err
	}
	if !check.Finite(reward) {
		return fmt.Errorf("bandit: LinearArms.Add: reward is %v: %w", reward, ErrNotFinite)
	}
	big := math.Abs(reward)
	for _, v := range x {
		big = max(big, math.Abs(v))
	}
	if big > maxReward {
		return fmt.Errorf("bandit: LinearArms.Add: a value of size %v, want at most 1e100: %w", big, ErrRange)
	}
	d := l.d
	a, b := l.a[int(arm)*d*d:], l.b[int(arm)*d:]
	for i, v := range x {
		for j, w := range x {
			a[i*d+j] += float64(v * w)
		}
		b[i] += float64(reward * v)
	}
	l.n[arm]++
	return nil
}

// maxReward keeps sums of 2⁶³ products finite.
const maxReward = 1e100

// Merge adds the sums of other. ErrMismatch for another shape or arms of another
// catalogue, nil or l itself,
// ErrOverflow, ErrEmpty where l has no arms; then l is unchanged.
func (l *LinearArms) Merge(other *LinearArms) error {
	const where = "bandit: LinearArms.Merge"
	if err := check.Merge(where, l, other); err != nil {
		return err
	}
	if l.Len() == 0 {
		return errUnmade("LinearArms.Merge", "NewLinearArms")
	}
	if other.d != l.d || len(other.n) != len(l.n) {
		return fmt.Errorf("%s: %d arms of %d features into %d of %d: %w", where, len(other.n), other.d, len(l.n), l.d, ErrMismatch)
	}
	of, err := together(l.known, other.known, where)
	if err != nil {
		return err
	}
	for i, n := range other.n {
		if _, err := check.AddInt64(l.n[i], n); err != nil {
			return fmt.Errorf("%s: arm %d: %w", where, i, err)
		}
	}
	l.known = of
	for i, n := range other.n {
		l.n[i] += n
	}
	for i, v := range other.a {
		l.a[i] += v
	}
	for i, v := range other.b {
		l.b[i] += v
	}
	return nil
}

// AppendBinary appends the frame of l to dst; ErrEmpty without arms.
func (l *LinearArms) AppendBinary(dst []byte) ([]byte, error) {
	if l.Len() == 0 {
		return dst, errUnmade("LinearArms.AppendBinary", "NewLinearArms")
	}
	var w codec.Writer
	w.Int(l.d)
	w.Int64s(l.n)
	w.Float64s(l.a)
	w.Float64s(l.b)
	stamp(&w, l)
	return w.AppendFrame(dst, codec.KindLinearArms, 1), nil
}

// MarshalBinary returns the frame of l.
func (l *LinearArms) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l. Payload of version 1, little-endian:
//
//	int       d, the features, 1 … 4096
//	[]int64   observations by arm, at least one arm, each >= 0
//	[]f64     A by arm, arms×d×d: symmetric, diagonal >= 0, 0 for an arm without data
//	[]f64     b by arm, arms×d, 0 for an arm without data
//
// and no sum beyond what 2⁶⁴ observations give. A stamp of the items may follow. Any other length or value is
// ErrCorrupt, a newer version ErrVersion, a frame of another kind ErrMismatch; l is
// then unchanged. Whether each A is positive definite shows when a policy is made.
func (l *LinearArms) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("bandit: LinearArms.UnmarshalBinary", l); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindLinearArms, 1)
	if err != nil {
		return fmt.Errorf("bandit: LinearArms.UnmarshalBinary: %w", err)
	}
	v := LinearArms{d: r.Int(), n: r.Int64s(), a: r.Float64s(), b: r.Float64s()}
	if r.Err() == nil && !v.possible() {
		r.Fail("has sums that no data give")
	}
	v.known = stamped(r, len(v.n))
	if err := r.Done(); err != nil {
		return fmt.Errorf("bandit: LinearArms.UnmarshalBinary: %w", err)
	}
	*l = v
	return nil
}

// possible reports whether data could have given these sums, as far as one pass over
// them tells: UnmarshalBinary trusts no frame.
func (l *LinearArms) possible() bool {
	d, arms := l.d, len(l.n)
	if d < 1 || d > maxContext || arms < 1 || len(l.b) != arms*d || len(l.a) != len(l.b)*d {
		return false
	}
	limit := maxReward * maxReward * math.Exp2(64)
	for _, vs := range [][]float64{l.a, l.b} {
		for _, v := range vs {
			if !(math.Abs(v) <= limit) {
				return false
			}
		}
	}
	for arm := range arms {
		a, b := l.a[arm*d*d:(arm+1)*d*d], l.b[arm*d:(arm+1)*d]
		if l.n[arm] < 0 || l.n[arm] == 0 && (slices.ContainsFunc(a, isNonZero) || slices.ContainsFunc(b, isNonZero)) {
			return false
		}
		for i := range d {
			if !(a[i*d+i] >= 0) {
				return false
			}
			for j := range i {
				if a[i*d+j] != a[j*d+i] {
					return false
				}
			}
		}
	}
	return true
}

func isNonZero(v float64) bool { return v != 0 }

package segment

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Transitions)(nil)
	_ encoding.BinaryMarshaler   = (*Transitions)(nil)
	_ encoding.BinaryUnmarshaler = (*Transitions)(nil)
)

// Transitions counts changes of state, one customer and period at a time. The
// zero value is empty and ready; counts merge exactly and in any order. It is
// not safe for concurrent use while Add or Merge runs.
type Transitions struct{ n [NumStates * NumStates]int64 }

// Add counts one customer who was in from and is now in to (possibly the same).
func (t *Transitions) Add(from, to State) error {
	if err := check.Receiver("segment: Transitions.Add", t); err != nil {
		return err
	}
	if from >= NumStates || to >= NumStates {
		return fmt.Errorf("segment: Transitions.Add: from %v to %v: %w", from, to, ErrRange)
	}
	n, err := check.AddInt64(t.n[int(from)*NumStates+int(to)], 1)
	if err != nil {
		return fmt.Errorf("segment: Transitions.Add: %w", err)
	}
	t.n[int(from)*NumStates+int(to)] = n
	return nil
}

// Merge adds the counts of other. Nil and the value itself are ErrMismatch, a sum
// beyond int64 is ErrOverflow and changes nothing.
func (t *Transitions) Merge(other *Transitions) error {
	const where = "segment: Transitions.Merge"
	if err := check.Merge(where, t, other); err != nil {
		return err
	}
	sum := t.n
	for i, v := range other.n {
		n, err := check.AddInt64(sum[i], v)
		if err != nil {
			return fmt.Errorf("%s: from %v to %v: %w", where, State(i/NumStates), State(i%NumStates), err)
		}
		sum[i] = n
	}
	t.n = sum
	return nil
}

// Count returns how many went from one state to another; 0 for a state that
// does not exist.
func (t *Transitions) Count(from, to State) int64 {
	if t == nil {
		return 0
	}
	if from >= NumStates || to >= NumStates {
		return 0
	}
	return t.n[int(from)*NumStates+int(to)]
}

// Rate returns the share of customers in from that went to to, ErrUndefined if
// nobody was in from.
func (t *Transitions) Rate(from, to State) (float64, error) {
	if err := check.Receiver("segment: Transitions.Rate", t); err != nil {
		return 0, err
	}
	if from >= NumStates || to >= NumStates {
		return 0, fmt.Errorf("segment: Transitions.Rate: from %v to %v: %w", from, to, ErrRange)
	}
	total := 0.0
	for s := range State(NumStates) {
		total += float64(t.Count(from, s))
	}
	if total == 0 {
		return 0, fmt.Errorf("segment: Transitions.Rate: nobody was %v: %w", from, ErrUndefined)
	}
	return float64(t.Count(from, to)) / total, nil
}

// AppendBinary appends the binary form to dst.
func (t *Transitions) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("segment: Transitions.AppendBinary", t); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int64s(t.n[:])
	return w.AppendFrame(dst, codec.KindTransitions, 1), nil
}

// MarshalBinary returns the binary form.
func (t *Transitions) MarshalBinary() ([]byte, error) { return t.AppendBinary(nil) }

// UnmarshalBinary replaces t by what MarshalBinary wrote. Payload of version 1,
// little-endian:
//
//	[]i64    36 counts >= 0: from prospect to each state in order, from new, …
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; t is then unchanged.
func (t *Transitions) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("segment: Transitions.UnmarshalBinary", t); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindTransitions, 1)
	if err != nil {
		return fmt.Errorf("segment: Transitions.UnmarshalBinary: %w", err)
	}
	n := r.Int64s()
	if r.Err() == nil && len(n) != len(t.n) {
		r.Fail("wrong number of counts")
	}
	for _, v := range n {
		if v < 0 {
			r.Fail("a count is negative")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("segment: Transitions.UnmarshalBinary: %w", err)
	}
	copy(t.n[:], n)
	return nil
}

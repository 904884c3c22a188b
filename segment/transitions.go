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
//
// Count and Rate are there to be published, and so refused below MinAudience; over several
// periods a customer counts more than once, and the floor is one of changes.
type Transitions struct {
	// MinAudience is the number of changes below which, unless there are none, nothing is
	// told: 0 means 50, −1 no floor. It is the reader's, not part of the counts: Merge and
	// the binary form leave it alone.
	MinAudience int

	n [NumStates * NumStates]int64
}

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

// Count returns how many went from one state to another. ErrRange for a state that does
// not exist, ErrPrivacy for some, but fewer than MinAudience, ErrOption for a MinAudience
// below −1.
func (t *Transitions) Count(from, to State) (int64, error) {
	const where = "segment: Transitions.Count"
	least, err := t.floor(where, from, to)
	if err != nil {
		return 0, err
	}
	n := t.row(from)[to]
	if check.Few(n, least) {
		return 0, fmt.Errorf("%s: from %v to %v fewer than %d: %w", where, from, to, least, ErrPrivacy)
	}
	return n, nil
}

// Rate returns the share (0 to 1, over all states to go to) of customers in from that went
// to to, ErrUndefined if nobody was in from. ErrPrivacy where any of the counts from that
// state is refused, since the shares of the others would tell it; else as Count.
func (t *Transitions) Rate(from, to State) (float64, error) {
	const where = "segment: Transitions.Rate"
	least, err := t.floor(where, from, to)
	if err != nil {
		return 0, err
	}
	total := 0.0
	for s, n := range t.row(from) {
		if check.Few(n, least) {
			return 0, fmt.Errorf("%s: from %v to %v fewer than %d: %w", where, from, State(s), least, ErrPrivacy)
		}
		total += float64(n)
	}
	if total == 0 {
		return 0, fmt.Errorf("%s: nobody was %v: %w", where, from, ErrUndefined)
	}
	return float64(t.row(from)[to]) / total, nil
}

func (t *Transitions) row(from State) []int64 { return t.n[int(from)*NumStates:][:NumStates] }

// floor checks a question and returns the floor of its answer.
func (t *Transitions) floor(where string, from, to State) (int64, error) {
	if err := check.Receiver(where, t); err != nil {
		return 0, err
	}
	var c check.Options
	c.Require(t.MinAudience >= -1, "MinAudience", t.MinAudience, "> 0, or -1 for no floor")
	if err := c.Err(where); err != nil {
		return 0, err
	}
	if from >= NumStates || to >= NumStates {
		return 0, fmt.Errorf("%s: from %v to %v: %w", where, from, to, ErrRange)
	}
	return check.Floor(t.MinAudience), nil
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

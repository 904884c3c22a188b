package privacy

import (
	"encoding"
	"fmt"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Budget)(nil)
	_ encoding.BinaryMarshaler   = (*Budget)(nil)
	_ encoding.BinaryUnmarshaler = (*Budget)(nil)
)

// AppendBinary appends the binary form of b to dst.
func (b *Budget) AppendBinary(dst []byte) ([]byte, error) {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
	if b == nil || b.total == 0 {
		return dst, fmt.Errorf("privacy: Budget.AppendBinary: not made by NewBudget: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Bool(b.concentrated)
	w.Int64(b.total)
	w.Int64s(b.costs)
	for _, e := range b.entries {
		w.String(e.Query)
	}
	return w.AppendFrame(dst, codec.KindBudget, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Budget) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian, lists after their
// length:
//
//	bool   whether the budget is ρ, not ε
//	i64    budget in units of 1e-12, 1 to 1e15
//	[]i64  cost of each release in units, >= 1, together no more than the budget
//	str    query of each
//
// Any other length or value is ErrCorrupt, a frame of another type ErrMismatch, a
// newer version ErrVersion; b is then unchanged.
func (b *Budget) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("privacy: Budget.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBudget, 1)
	if err != nil {
		return fmt.Errorf("privacy: Budget.UnmarshalBinary: %w", err)
	}
	concentrated, total, costs := r.Bool(), r.Int64(), r.Int64s()
	if r.Err() == nil && (total < 1 || total > maxCost*unit) {
		r.Fail("has a budget out of range")
	}
	var spent int64
	var entries []Expense
	for _, c := range costs {
		if r.Err() != nil {
			break
		}
		if c < 1 || c > total-spent {
			r.Fail("has spent more than its budget")
		}
		spent += c
		entries = append(entries, Expense{Query: r.String(), Cost: float64(c) / unit})
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("privacy: Budget.UnmarshalBinary: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.concentrated, b.total, b.spent, b.entries, b.costs = concentrated, total, spent, entries, costs
	return nil
}

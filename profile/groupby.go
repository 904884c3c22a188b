package profile

import (
	"encoding"
	"fmt"
	"maps"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*GroupBy[string])(nil)
	_ encoding.BinaryMarshaler   = (*GroupBy[string])(nil)
	_ encoding.BinaryUnmarshaler = (*GroupBy[string])(nil)
)

// GroupBy keeps one Moments for each key: sums, means and spreads by category,
// channel, region or any other one dimension. The zero value is empty and ready. Not
// safe for concurrent use.
//
// Take it to describe one column. Cube of package metrics/kpi answers the questions
// of a report instead: sums by several dimensions at once, with totals over any of
// them.
type GroupBy[K ID] struct{ groups map[K]*Moments }

// Group is one line of GroupBy.Result.
type Group[K ID] struct {
	Key     K // of the group
	Moments   // of its values
}

// Add takes one value of a group; see Moments.Add.
func (g *GroupBy[K]) Add(key K, x float64) error {
	if err := check.Receiver("profile: GroupBy.Add", g); err != nil {
		return err
	}
	m := g.groups[key]
	if m == nil {
		m = &Moments{}
		if err := m.Add(x); err != nil {
			return err
		}
		if g.groups == nil {
			g.groups = make(map[K]*Moments)
		}
		g.groups[key] = m
		return nil
	}
	return m.Add(x)
}

// Merge adds the groups of other, which it leaves alone. Nil and the receiver itself
// are ErrMismatch, a group beyond float64 is ErrOverflow; g is then unchanged.
func (g *GroupBy[K]) Merge(other *GroupBy[K]) error {
	if err := check.Merge("profile: GroupBy.Merge", g, other); err != nil {
		return err
	}
	sums := make(map[K]*Moments, len(other.groups))
	for k, m := range other.groups {
		sum := *m
		if mine := g.groups[k]; mine != nil {
			sum = *mine
			if err := sum.Merge(m); err != nil {
				return fmt.Errorf("profile: GroupBy.Merge: %w", check.Private("group", -1, k, nil, err))
			}
		}
		sums[k] = &sum
	}
	if g.groups == nil {
		g.groups = sums
	} else {
		maps.Copy(g.groups, sums)
	}
	return nil
}

// Result returns the groups, keys ascending, and changes nothing.
func (g *GroupBy[K]) Result() []Group[K] {
	if g == nil {
		return nil
	}
	out := make([]Group[K], 0, len(g.groups))
	for _, k := range slices.Sorted(maps.Keys(g.groups)) {
		out = append(out, Group[K]{k, *g.groups[k]})
	}
	return out
}

// AppendBinary appends the binary form of g to dst, canonical. The error is always
// nil.
func (g *GroupBy[K]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("profile: GroupBy.AppendBinary", g); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[K]()))
	keys := slices.Sorted(maps.Keys(g.groups))
	ids.PutAscending(&w, keys)
	for _, k := range keys {
		g.groups[k].write(&w)
	}
	return w.AppendFrame(dst, codec.KindGroupBy, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (g *GroupBy[K]) MarshalBinary() ([]byte, error) { return g.AppendBinary(nil) }

// UnmarshalBinary replaces g. Payload of version 1, little-endian:
//
//	int   class of the keys: 0 strings, 1 signed, 2 unsigned numbers
//	int   number of groups, and as many keys, ascending
//	      for each, the payload of Moments, version 2
//
// Keys of another class and a frame of another type are ErrMismatch, any other
// length or value is ErrCorrupt, a newer version ErrVersion; g is then unchanged.
func (g *GroupBy[K]) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("profile: GroupBy.UnmarshalBinary", g); err != nil {
		return err
	}
	fresh, err := decodeGroupBy[K](data)
	if err != nil {
		return fmt.Errorf("profile: GroupBy.UnmarshalBinary: %w", err)
	}
	*g = fresh
	return nil
}

// decodeGroupBy reads a whole frame.
func decodeGroupBy[K ID](data []byte) (g GroupBy[K], err error) {
	r, err := codec.Open(data, codec.KindGroupBy, 1)
	if err != nil {
		return g, err
	}
	if ids.Class(r.Int()) != ids.ClassOf[K]() && r.Err() == nil {
		return g, fmt.Errorf("keys are of another type: %w", ErrMismatch)
	}
	keys := ids.GetAscending[K](r)
	g.groups = make(map[K]*Moments, len(keys))
	for _, k := range keys {
		m := &Moments{}
		m.read(r)
		g.groups[k] = m
	}
	return g, r.Done()
}

package profile

import (
	"fmt"
	"maps"
	"slices"
)

// GroupBy keeps one Moments for each key: sums, means and spreads by category,
// channel, region or any other dimension. The zero value is empty and ready. Not
// safe for concurrent use.
type GroupBy[K ID] struct{ groups map[K]*Moments }

// Group is one line of GroupBy.Result.
type Group[K ID] struct {
	Key K
	Moments
}

// Add takes one value of a group; see Moments.Add.
func (g *GroupBy[K]) Add(key K, x float64) error {
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

// Merge adds the groups of other, which it leaves alone. A state cannot be merged
// with itself (ErrMismatch).
func (g *GroupBy[K]) Merge(other *GroupBy[K]) error {
	if other == nil || other == g {
		return fmt.Errorf("profile: GroupBy.Merge: other is nil or the receiver itself: %w", ErrMismatch)
	}
	for k, m := range other.groups {
		if mine := g.groups[k]; mine != nil {
			if err := mine.Merge(m); err != nil {
				return err
			}
			continue
		}
		if g.groups == nil {
			g.groups = make(map[K]*Moments)
		}
		c := *m
		g.groups[k] = &c
	}
	return nil
}

// Result returns the groups, keys ascending, and changes nothing.
func (g *GroupBy[K]) Result() []Group[K] {
	out := make([]Group[K], 0, len(g.groups))
	for _, k := range slices.Sorted(maps.Keys(g.groups)) {
		out = append(out, Group[K]{k, *g.groups[k]})
	}
	return out
}

package kpi

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Cube[string, Counts])(nil)
	_ encoding.BinaryUnmarshaler = (*Cube[string, Counts])(nil)
)

// CubeOptions configures a Cube of states S by keys K.
type CubeOptions[K comparable, S any] struct {
	// Merge adds the second state to the first: (*Counts).Merge. Required.
	Merge func(to, from *S) error

	// New returns an empty state; default new(S).
	New func() *S

	// MaxCells bounds the number of cells kept; default 1,000,000. What would go
	// beyond is ErrTooLarge.
	MaxCells int

	// Compare orders keys in results. Default: the natural order of strings,
	// integers and booleans, field by field in structs and arrays.
	Compare func(a, b K) int
}

// Cube holds one accumulator for every combination of dimensions seen, and rolls
// them up to any set of dimensions. K is the combination, best a struct of its
// dimensions; S is any accumulator. Make one with NewCube. Memory is one map
// entry and one state a cell, bounded by MaxCells; roll-ups are made when asked
// for. It is not safe for concurrent use.
//
// Package profile's GroupBy is the simple case, moments of one column by one group:
// take it for features of users, and a Cube for reports over several dimensions, other
// states, or roll-ups.
type Cube[K comparable, S any] struct {
	opt    CubeOptions[K, S]
	ids    dict.Dict[K]
	states []*S
}

// NewCube returns an empty cube. ErrOption without Merge, for a negative
// MaxCells, and for keys without natural order where Compare is nil.
func NewCube[K comparable, S any](opt CubeOptions[K, S]) (*Cube[K, S], error) {
	var c check.Options
	opt.MaxCells = check.Default(opt.MaxCells, 1_000_000)
	c.Require(opt.Merge != nil, "Merge", nil, "a function such as (*Counts).Merge")
	c.Require(opt.MaxCells > 0 && opt.MaxCells <= math.MaxInt32, "MaxCells", opt.MaxCells, "in [1, 2^31)")
	if opt.New == nil {
		opt.New = func() *S { return new(S) }
	}
	if opt.Compare == nil {
		natural, err := ids.Order[K]()
		if err != nil {
			c.Require(false, "Compare", nil, "an order, as the key type has none of its own")
		}
		opt.Compare = natural
	}
	if err := c.Err("kpi: NewCube"); err != nil {
		return nil, err
	}
	return &Cube[K, S]{opt: opt}, nil
}

// made refuses a cube that holds nothing because NewCube did not make it.
func (c *Cube[K, S]) made(where string) error {
	if c == nil || c.opt.New == nil {
		return fmt.Errorf("%s: not made by NewCube: %w", where, ErrEmpty)
	}
	return nil
}

// Cell returns the state of the combination k, empty if it is new, to be added
// to. ErrTooLarge where that would be one cell too many, ErrEmpty for a cube that NewCube did
// not make.
func (c *Cube[K, S]) Cell(k K) (*S, error) {
	if err := c.made("kpi: Cube.Cell"); err != nil {
		return nil, err
	}
	if i := c.ids.Index(k); i >= 0 {
		return c.states[i], nil
	}
	if len(c.states) >= c.opt.MaxCells {
		return nil, fmt.Errorf("kpi: Cube.Cell: cell %v beyond the limit of %d: %w", k, c.opt.MaxCells, ErrTooLarge)
	}
	if _, err := c.ids.Add(k); err != nil {
		return nil, fmt.Errorf("kpi: Cube.Cell: %w", err)
	}
	s := c.opt.New()
	c.states = append(c.states, s)
	return s, nil
}

// Len returns the number of cells.
func (c *Cube[K, S]) Len() int {
	if c == nil {
		return 0
	}
	return len(c.states)
}

// CubeRow is one cell of a roll-up.
type CubeRow[K comparable, S any] struct {
	Key   K  // the combination
	State *S // what was added to it
}

// Cells returns all cells in the order of their keys. The states are those of
// the cube.
func (c *Cube[K, S]) Cells() []CubeRow[K, S] {
	if c == nil {
		return nil
	}
	perm, _ := ids.Permutation(c.ids.Keys(), c.opt.Compare)
	out := make([]CubeRow[K, S], len(perm))
	for j, i := range perm {
		out[j] = CubeRow[K, S]{c.ids.Key(i), c.states[i]}
	}
	return out
}

// RollUp merges the cells whose keys by maps to one, by leaving out dimensions or
// making them coarser, and returns new states in the order of the keys:
//
//	byChannel, err := cube.RollUp(func(k Key) Key { return Key{Channel: k.Channel} })
//
// Cells are merged in the order of their keys, so the result is the same to the
// last bit however the data came. Counts of distinct users add up only where the
// states know the users (Customers, Distinct). ErrOption for a nil by, ErrEmpty for a cube
// that NewCube did not make, and errors of merging a cell.
func (c *Cube[K, S]) RollUp(by func(K) K) ([]CubeRow[K, S], error) {
	if err := c.made("kpi: Cube.RollUp"); err != nil {
		return nil, err
	}
	if by == nil {
		return nil, fmt.Errorf("kpi: Cube.RollUp: by is nil: %w", ErrOption)
	}
	up := Cube[K, S]{opt: c.opt}
	for _, row := range c.Cells() {
		s, err := up.Cell(by(row.Key))
		if err != nil {
			return nil, err
		}
		if err := c.opt.Merge(s, row.State); err != nil {
			return nil, fmt.Errorf("kpi: Cube.RollUp: cell %v: %w", row.Key, err)
		}
	}
	return up.Cells(), nil
}

// Total merges all cells into one state. Errors are those of RollUp.
func (c *Cube[K, S]) Total() (*S, error) {
	if err := c.made("kpi: Cube.Total"); err != nil {
		return nil, err
	}
	var zero K
	rows, err := c.RollUp(func(K) K { return zero })
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return c.opt.New(), nil
	}
	return rows[0].State, nil
}

// Merge merges the cells of other into those of c. Both must have been made with
// the same options: functions cannot be compared. ErrTooLarge, ErrMismatch for a
// merge with itself and errors of merging a cell leave c unchanged.
func (c *Cube[K, S]) Merge(other *Cube[K, S]) error {
	if err := check.Merge("kpi: Cube.Merge", c, other); err != nil {
		return err
	}
	if err := c.made("kpi: Cube.Merge"); err != nil {
		return err
	}
	fresh := 0
	next := slices.Clone(c.states)
	for j, k := range other.ids.Keys() {
		i := c.ids.Index(k)
		ok := i >= 0
		if !ok {
			fresh++
		}
		// Merging into fresh states keeps c as it was if a later cell fails.
		s := c.opt.New()
		if ok {
			if err := c.opt.Merge(s, c.states[i]); err != nil {
				return fmt.Errorf("kpi: Cube.Merge: cell %v: %w", k, err)
			}
		}
		if err := c.opt.Merge(s, other.states[j]); err != nil {
			return fmt.Errorf("kpi: Cube.Merge: cell %v: %w", k, err)
		}
		if ok {
			next[i] = s
		} else {
			next = append(next, s)
		}
	}
	if len(c.states)+fresh > c.opt.MaxCells {
		return fmt.Errorf("kpi: Cube.Merge: %d cells, limit %d: %w", len(c.states)+fresh, c.opt.MaxCells, ErrTooLarge)
	}
	for _, k := range other.ids.Keys() {
		if _, err := c.ids.Add(k); err != nil {
			return fmt.Errorf("kpi: Cube.Merge: %w", err)
		}
	}
	for i, s := range next[:len(c.states)] { // states handed out by Cell stay in use
		*c.states[i] = *s
	}
	c.states = append(c.states, next[len(c.states):]...)
	return nil
}

// AppendBinary appends the binary form: cells in the natural order of their
// keys, each with the binary form of its state. ErrOption where keys or states
// have none.
func (c *Cube[K, S]) AppendBinary(dst []byte) ([]byte, error) {
	if err := c.made("kpi: Cube.AppendBinary"); err != nil {
		return nil, err
	}
	var w codec.Writer
	perm, err := ids.PutSorted(&w, c.ids.Keys())
	if err != nil {
		return nil, fmt.Errorf("kpi: Cube.AppendBinary: %w", err)
	}
	for _, i := range perm {
		m, ok := any(c.states[i]).(encoding.BinaryMarshaler)
		if !ok {
			return nil, fmt.Errorf("kpi: Cube.AppendBinary: states of type %v have no binary form: %w", reflect.TypeFor[S](), ErrOption)
		}
		b, err := m.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("kpi: Cube.AppendBinary: cell %v: %w", c.ids.Key(i), err)
		}
		w.Bytes(b)
	}
	return w.AppendFrame(dst, codec.KindCube, 1), nil
}

// MarshalBinary returns the binary form.
func (c *Cube[K, S]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces the cells; options stay as they are. Payload of version 1,
// little-endian:
//
//	ids              keys, ascending; see Activity.UnmarshalBinary
//	[]byte each      the binary form of the state
//
// More cells than MaxCells are ErrTooLarge, keys or states without binary form
// ErrOption, a cube not made by NewCube ErrEmpty, a state that does not decode is its error, any
// other length or value ErrCorrupt, a newer version ErrVersion, another kind
// ErrMismatch; c is then unchanged.
func (c *Cube[K, S]) UnmarshalBinary(data []byte) error {
	if err := c.made("kpi: Cube.UnmarshalBinary"); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindCube, 1)
	if err != nil {
		return fmt.Errorf("kpi: Cube.UnmarshalBinary: %w", err)
	}
	keys, err := ids.GetSorted[K](r)
	if err != nil {
		return fmt.Errorf("kpi: Cube.UnmarshalBinary: %w", err)
	}
	if keys.Len() > c.opt.MaxCells {
		return fmt.Errorf("kpi: Cube.UnmarshalBinary: %d cells, limit %d: %w", keys.Len(), c.opt.MaxCells, ErrTooLarge)
	}
	states := make([]*S, 0, keys.Len())
	for range keys.Keys() {
		b := r.Bytes()
		if r.Err() != nil {
			break
		}
		s := c.opt.New()
		u, ok := any(s).(encoding.BinaryUnmarshaler)
		if !ok {
			return fmt.Errorf("kpi: Cube.UnmarshalBinary: states of type %v have no binary form: %w", reflect.TypeFor[S](), ErrOption)
		}
		if err := u.UnmarshalBinary(b); err != nil {
			return fmt.Errorf("kpi: Cube.UnmarshalBinary: %w", err)
		}
		states = append(states, s)
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("kpi: Cube.UnmarshalBinary: %w", err)
	}
	c.ids, c.states = keys, states
	return nil
}

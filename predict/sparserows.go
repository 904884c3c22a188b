package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// SparseRows holds feature rows of which few entries differ from 0, in
// compressed form: row i has the columns Index[Ptr[i]:Ptr[i+1]], ascending and
// distinct, and their values at the same positions of Value. A nil Value means
// that every listed entry is 1. Fill it by AddRow, or directly.
type SparseRows struct {
	Cols  int       // number of columns, 1 … 2³¹-1
	Ptr   []int64   // where each row starts in Index and Value, and the end of the last
	Index []int32   // columns, ascending within a row
	Value []float64 // their values; nil: all 1
}

// Len returns the number of rows.
func (s *SparseRows) Len() int {
	if s == nil {
		return 0
	}
	return max(0, len(s.Ptr)-1)
}

// AddRow appends a row. index may come in any order; values of equal columns
// are added up. A nil value means 1 each. Nothing changes on an error: ErrShape
// for lengths that differ, ErrRange for a column outside [0, Cols),
// ErrNotFinite, ErrEmpty for a nil receiver.
func (s *SparseRows) AddRow(index []int32, value []float64) error {
	if err := check.Receiver("predict: SparseRows.AddRow", s); err != nil {
		return err
	}
	if value != nil && len(value) != len(index) {
		return fmt.Errorf("predict: SparseRows.AddRow: %d indices and %d values: %w", len(index), len(value), ErrShape)
	}
	cells, err := s.cells(index, value)
	if err != nil {
		return err
	}
	ones := s.Value == nil && (value == nil || len(s.Index) == 0)
	for _, c := range cells {
		ones = ones && c.value == 1
	}
	if !ones && s.Value == nil {
		s.Value = make([]float64, len(s.Index))
		for i := range s.Value {
			s.Value[i] = 1
		}
	}
	if len(s.Ptr) == 0 {
		s.Ptr = append(s.Ptr, 0)
	}
	for _, c := range cells {
		s.Index = append(s.Index, c.column)
		if !ones {
			s.Value = append(s.Value, c.value)
		}
	}
	s.Ptr = append(s.Ptr, int64(len(s.Index)))
	return nil
}

// cell is an entry of a row under construction.
type cell struct {
	column int32
	value  float64
}

// cells checks the entries of a row, sorts them by column and adds up those of equal
// columns.
func (s *SparseRows) cells(index []int32, value []float64) ([]cell, error) {
	cells := make([]cell, len(index))
	for i, j := range index {
		v := 1.0
		if value != nil {
			v = value[i]
		}
		if j < 0 || int(j) >= s.Cols {
			return nil, fmt.Errorf("predict: SparseRows.AddRow: column %d, want 0 … %d: %w", j, s.Cols-1, ErrRange)
		}
		if err := checkValue(v); err != nil {
			return nil, fmt.Errorf("predict: SparseRows.AddRow: %w", badValue(fmt.Sprintf("column %d", j), -1, v))
		}
		cells[i] = cell{j, v}
	}
	// By column, then by value, so that sums do not depend on the input's order.
	slices.SortFunc(cells, func(a, b cell) int {
		if c := cmp.Compare(a.column, b.column); c != 0 {
			return c
		}
		return cmp.Compare(a.value, b.value)
	})
	kept := 0
	for _, c := range cells {
		if kept > 0 && cells[kept-1].column == c.column {
			cells[kept-1].value += c.value
			continue
		}
		cells[kept] = c
		kept++
	}
	return cells[:kept], nil
}

// validate reports any broken rule of the type.
func (s *SparseRows) validate() error {
	if s == nil || s.Len() == 0 {
		return fmt.Errorf("rows: %w", ErrEmpty)
	}
	if s.Cols <= 0 || s.Cols > math.MaxInt32 {
		return fmt.Errorf("rows.Cols is %d, want 1 … %d: %w", s.Cols, math.MaxInt32, ErrRange)
	}
	if s.Len() > math.MaxInt32 {
		return fmt.Errorf("rows: %d, want at most %d: %w", s.Len(), math.MaxInt32, check.ErrTooLarge)
	}
	if s.Ptr[0] != 0 || s.Ptr[s.Len()] != int64(len(s.Index)) {
		return fmt.Errorf("rows.Ptr runs from %d to %d, want 0 to %d: %w", s.Ptr[0], s.Ptr[s.Len()], len(s.Index), ErrShape)
	}
	if s.Value != nil && len(s.Value) != len(s.Index) {
		return fmt.Errorf("rows: %d indices and %d values: %w", len(s.Index), len(s.Value), ErrShape)
	}
	for i := range s.Len() {
		if s.Ptr[i+1] < s.Ptr[i] {
			return fmt.Errorf("rows.Ptr[%d] = %d is below Ptr[%d] = %d: %w", i+1, s.Ptr[i+1], i, s.Ptr[i], ErrShape)
		}
		if s.Ptr[i+1] > int64(len(s.Index)) {
			return fmt.Errorf("rows.Ptr[%d] = %d is beyond the %d entries: %w", i+1, s.Ptr[i+1], len(s.Index), ErrShape)
		}
		prev := int32(-1)
		for k := s.Ptr[i]; k < s.Ptr[i+1]; k++ {
			j := s.Index[k]
			if j < 0 || int(j) >= s.Cols {
				return fmt.Errorf("rows: row %d: column %d, want 0 … %d: %w", i, j, s.Cols-1, ErrRange)
			}
			if j <= prev {
				return fmt.Errorf("rows: row %d: column %d after %d, want ascending: %w", i, j, prev, ErrShape)
			}
			prev = j
			if s.Value != nil {
				if err := checkValue(s.Value[k]); err != nil {
					return badValue(fmt.Sprintf("column %d", j), i, s.Value[k])
				}
			}
		}
	}
	return nil
}

// row returns the entries of row i; val is nil for ones.
func (s *SparseRows) row(i int) (idx []int32, val []float64) {
	lo, hi := s.Ptr[i], s.Ptr[i+1]
	if s.Value != nil {
		val = s.Value[lo:hi]
	}
	return s.Index[lo:hi], val
}

// ones reports whether all values are 1.
func (s *SparseRows) ones() bool {
	for _, v := range s.Value {
		if v != 1 {
			return false
		}
	}
	return true
}

func (s *SparseRows) hash(h uint64, i int) uint64 {
	idx, val := s.row(i)
	for k, j := range idx {
		v := 1.0
		if val != nil {
			v = val[k]
		}
		if v != 0 { // stored zeros do not count
			h = hashFloat(h^uint64(j)<<1, v)
		}
	}
	return h * 0x9e3779b97f4a7c15
}

func (s *SparseRows) compare(a, b int) int {
	ai, av := s.row(a)
	bi, bv := s.row(b)
	if c := slices.Compare(ai, bi); c != 0 {
		return c
	}
	for k := range av {
		if c := cmp.Compare(av[k]+0, bv[k]+0); c != 0 {
			return c
		}
	}
	return 0
}

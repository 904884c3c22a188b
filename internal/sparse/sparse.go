package sparse

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/parallel"
	"github.com/aislekit/aisle/internal/topk"
)

// CSR is a Rows×Cols matrix. Row r holds entries Ptr[r] … Ptr[r+1]-1, their
// columns ascending and distinct. Ptr is int64, so a matrix may hold more than
// 2³¹ entries. Treat it as immutable.
type CSR struct {
	Rows, Cols int
	Ptr        []int64
	Col        []int32
	Val        []float32
}

// Len returns the number of stored entries.
func (m *CSR) Len() int { return len(m.Col) }

// Row returns the columns and values of row r; they alias m.
func (m *CSR) Row(r int) ([]int32, []float32) {
	a, b := m.Ptr[r], m.Ptr[r+1]
	return m.Col[a:b:b], m.Val[a:b:b]
}

// RowLen returns the number of entries of row r.
func (m *CSR) RowLen(r int) int { return int(m.Ptr[r+1] - m.Ptr[r]) }

// Validate reports any broken rule of the type: row pointers that do not
// ascend, columns out of range or out of order, values that are not finite.
func (m *CSR) Validate() error {
	if m.Rows < 0 || m.Cols < 0 || m.Rows > math.MaxInt32 || m.Cols > math.MaxInt32 {
		return fmt.Errorf("matrix is %d×%d: %w", m.Rows, m.Cols, check.ErrShape)
	}
	if len(m.Ptr) != m.Rows+1 || len(m.Col) != len(m.Val) {
		return fmt.Errorf("%d row pointers for %d rows, %d columns, %d values: %w", len(m.Ptr), m.Rows, len(m.Col), len(m.Val), check.ErrShape)
	}
	if m.Ptr[0] != 0 || m.Ptr[m.Rows] != int64(len(m.Col)) {
		return fmt.Errorf("row pointers run from %d to %d, want from 0 to %d: %w", m.Ptr[0], m.Ptr[m.Rows], len(m.Col), check.ErrShape)
	}
	for r := 0; r < m.Rows; r++ {
		a, b := m.Ptr[r], m.Ptr[r+1]
		if a > b || b > int64(len(m.Col)) {
			return fmt.Errorf("row %d ends before it begins: %w", r, check.ErrShape)
		}
		last := int32(-1)
		for p := a; p < b; p++ {
			c := m.Col[p]
			if c <= last || int(c) >= m.Cols {
				return fmt.Errorf("row %d column %d out of order or range (%d columns): %w", r, c, m.Cols, check.ErrShape)
			}
			if !check.Finite(float64(m.Val[p])) {
				return fmt.Errorf("row %d column %d is %v: %w", r, c, m.Val[p], check.ErrNotFinite)
			}
			last = c
		}
	}
	return nil
}

// Clone returns a deep copy.
func (m *CSR) Clone() *CSR {
	return &CSR{Rows: m.Rows, Cols: m.Cols, Ptr: slices.Clone(m.Ptr), Col: slices.Clone(m.Col), Val: slices.Clone(m.Val)}
}

// Find returns the position of column c in row r in m.Col, or -1.
func (m *CSR) Find(r int, c int32) int64 {
	cols, _ := m.Row(r)
	if k, ok := slices.BinarySearch(cols, c); ok {
		return m.Ptr[r] + int64(k)
	}
	return -1
}

// FromSortedRows joins rows built block by block into one matrix. Each row's
// columns must ascend. It stops when ctx ends, with context.Cause(ctx).
func FromSortedRows(ctx context.Context, rows, cols int, row func(r int) ([]int32, []float32)) (*CSR, error) {
	m := &CSR{Rows: rows, Cols: cols, Ptr: make([]int64, rows+1)}
	total := int64(0)
	for r := range rows {
		c, _ := row(r)
		total += int64(len(c))
		m.Ptr[r+1] = total
	}
	m.Col, m.Val = make([]int32, 0, total), make([]float32, 0, total)
	meter := parallel.NewMeter(ctx)
	for r := range rows {
		c, v := row(r)
		m.Col = append(m.Col, c...)
		m.Val = append(m.Val, v...)
		if err := meter.Did(len(c)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Entry is one cell.
type Entry struct {
	Row, Col int32
	Val      float32
}

// FromEntries builds a matrix from cells in any order. Cells of equal row and
// column are added up in ascending order of value, so that the result does not
// depend on the input's order. es is not changed. Errors: check.ErrShape for a
// shape below 0 or above 2³¹-1, check.ErrRange for a cell outside it,
// check.ErrNotFinite for a value, or a sum, that is NaN or infinite.
func FromEntries(rows, cols int, es []Entry) (*CSR, error) {
	if rows < 0 || cols < 0 || rows > math.MaxInt32 || cols > math.MaxInt32 {
		return nil, fmt.Errorf("matrix is %d×%d: %w", rows, cols, check.ErrShape)
	}
	for i, e := range es {
		if e.Row < 0 || int(e.Row) >= rows || e.Col < 0 || int(e.Col) >= cols {
			return nil, fmt.Errorf("entry %d is at (%d, %d) of a %d×%d matrix: %w", i, e.Row, e.Col, rows, cols, check.ErrRange)
		}
	}
	es = slices.Clone(es)
	slices.SortFunc(es, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Val, b.Val))
	})
	m := &CSR{Rows: rows, Cols: cols, Ptr: make([]int64, rows+1)}
	for i := 0; i < len(es); {
		j, sum := i, 0.0
		for ; j < len(es) && es[j].Row == es[i].Row && es[j].Col == es[i].Col; j++ {
			sum += float64(es[j].Val)
		}
		m.Col = append(m.Col, es[i].Col)
		m.Val = append(m.Val, float32(sum))
		m.Ptr[es[i].Row+1] = int64(len(m.Col))
		i = j
	}
	for r := range rows {
		m.Ptr[r+1] = max(m.Ptr[r+1], m.Ptr[r])
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// TopK returns a copy that keeps, in every row, the k entries of highest value,
// equal values by ascending column. k <= 0 keeps none.
func (m *CSR) TopK(k int) *CSR {
	out := &CSR{Rows: m.Rows, Cols: m.Cols, Ptr: make([]int64, m.Rows+1)}
	total := int64(0)
	for r := range m.Rows {
		total += int64(min(max(k, 0), m.RowLen(r)))
		out.Ptr[r+1] = total
	}
	out.Col, out.Val = make([]int32, 0, total), make([]float32, 0, total)
	var (
		heap topk.Heap
		best []topk.Item
	)
	for r := range m.Rows {
		cols, vals := m.Row(r)
		heap.Reset(k)
		for i, c := range cols {
			heap.Push(c, vals[i])
		}
		best = heap.AppendSorted(best[:0])
		slices.SortFunc(best, func(a, b topk.Item) int { return cmp.Compare(a.ID, b.ID) })
		for _, it := range best {
			out.Col = append(out.Col, it.ID)
			out.Val = append(out.Val, it.Score)
		}
	}
	return out
}

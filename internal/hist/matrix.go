package hist

import (
	"context"
	"math"

	"github.com/aislekit/aisle/internal/parallel"
)

// narrow is the largest number of bins of a column that is packed, eight columns in a
// word of 64 bits; wider ones stand alone.
const narrow = 256

// lanes is the number of columns in a word.
const lanes = 8

// Matrix holds the bins of n rows. It is immutable.
type Matrix struct {
	Columns []Column
	n       int
	words   int      // of a row
	packed  []uint64 // words for each row
	bytes   []uint8  // the same, column after column: what parts rows reads one column, and that lies close together
	slots   []int32  // of each column: its lane among the packed ones, or ^place in wide
	wide    [][]uint16
	lane    []int32 // column of each lane, −1 for none
	Offsets []int   // of each column: its first bin in a histogram; then their number
}

// rowBlock is the number of rows of one unit of work.
const rowBlock = 4096

// NewMatrix returns the bins of rows, column j of which is cut by columns[j].
func NewMatrix(ctx context.Context, rows [][]float64, columns []Column, workers int) (*Matrix, error) {
	m := &Matrix{Columns: columns, n: len(rows), Offsets: make([]int, len(columns)+1), slots: make([]int32, len(columns))}
	for j := range columns {
		m.Offsets[j+1] = m.Offsets[j] + columns[j].Bins()
		if columns[j].Bins() > narrow {
			m.slots[j] = ^int32(len(m.wide))
			m.wide = append(m.wide, make([]uint16, m.n))
			continue
		}
		m.slots[j] = int32(len(m.lane))
		m.lane = append(m.lane, int32(j))
	}
	m.words = (len(m.lane) + lanes - 1) / lanes
	m.packed, m.bytes = make([]uint64, m.words*m.n), make([]uint8, len(m.lane)*m.n)
	err := parallel.For(ctx, m.n, rowBlock, workers, func(_, lo, hi int) error {
		for j := range columns {
			c, slot := &columns[j], m.slots[j]
			if slot < 0 {
				to := m.wide[^slot]
				for i := lo; i < hi; i++ {
					to[i] = uint16(c.Bin(rows[i][j]))
				}
				continue
			}
			word, shift, to := int(slot)/lanes, uint(slot)%lanes*8, m.byteColumn(slot)
			c.Fill(to[lo:hi], rows[lo:hi], j)
			for i := lo; i < hi; i++ {
				m.packed[i*m.words+word] |= uint64(to[i]) << shift
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// ladder is the edges of a packed column of numbers, filled up with +Inf, so that each number takes the same eight steps.
type ladder [narrow]float64

// Fill sets to to the bins of column j of rows. The column has at most 256.
func (c *Column) Fill(to []uint8, rows [][]float64, j int) {
	if c.Categorical {
		for i, row := range rows {
			to[i] = uint8(c.Bin(row[j]))
		}
		return
	}
	var l ladder
	for k := copy(l[:], c.Edges); k < len(l); k++ {
		l[k] = math.Inf(1)
	}
	l.climb(to, rows, j)
}

// climb is Fill of a column of numbers. Four numbers climb at once: each step of one waits for a comparison, which
// those of the others fill, and none is a branch.
func (l *ladder) climb(to []uint8, rows [][]float64, j int) {
	to = to[:len(rows)]
	for len(rows) >= 4 {
		x := [4]float64{rows[0][j], rows[1][j], rows[2][j], rows[3][j]}
		var at [4]uint8
		for step := uint8(128); step > 0; step >>= 1 {
			at[0] += step & -above(x[0], l[at[0]+step-1])
			at[1] += step & -above(x[1], l[at[1]+step-1])
			at[2] += step & -above(x[2], l[at[2]+step-1])
			at[3] += step & -above(x[3], l[at[3]+step-1])
		}
		for k := range at {
			to[k] = (1 + at[k]) & -known(x[k])
		}
		to, rows = to[4:], rows[4:]
	}
	for i, row := range rows {
		at := uint8(0)
		for step := uint8(128); step > 0; step >>= 1 {
			at += step & -above(row[j], l[at+step-1])
		}
		to[i] = (1 + at) & -known(row[j])
	}
}

// above is 1 where x is above t, compiled without a branch.
func above(x, t float64) uint8 {
	var b uint8
	if x > t {
		b = 1
	}
	return b
}

// known is 0 for NaN, 1 for a number.
func known(x float64) uint8 {
	var b uint8
	if x == x {
		b = 1
	}
	return b
}

// byteColumn returns the bins of a packed column.
func (m *Matrix) byteColumn(slot int32) []uint8 { return m.bytes[int(slot)*m.n:][:m.n] }

// Rows returns the number of rows.
func (m *Matrix) Rows() int { return m.n }

// Total returns the number of bins of all columns.
func (m *Matrix) Total() int { return m.Offsets[len(m.Columns)] }

// Bin returns the bin of row i in column j.
func (m *Matrix) Bin(i int32, j int) int {
	slot := m.slots[j]
	if slot < 0 {
		return int(m.wide[^slot][i])
	}
	return int(m.byteColumn(slot)[i])
}

// Part moves the rows of a node, with their numbers, so that those whose bin in column j is marked in left come first, and
// returns how many they are. The others stand behind them, the last first, in otherRows and otherSums, which are as long: those
// halves of both need no copy, and rows that ascend or descend go on to do so.
func (m *Matrix) Part(rows []int32, sums []int64, j int, left []bool, otherRows []int32, otherSums []int64) int {
	l, n := 0, len(rows)
	sums, otherRows, otherSums = sums[:n], otherRows[:n], otherSums[:n]
	slot := m.slots[j]
	if slot < 0 {
		column := m.wide[^slot]
		for k, i := range rows {
			x := sums[k]
			if left[column[i]] {
				rows[l], sums[l] = i, x
				l++
			} else {
				otherRows[n-1-k+l], otherSums[n-1-k+l] = i, x
			}
		}
		return l
	}
	var go1 [256]uint8
	for b, on := range left {
		if on {
			go1[b] = 1
		}
	}
	column := m.byteColumn(slot)
	for k, i := range rows {
		// Both sides are written and one of them counts: a branch would be wrong half of the time.
		x, r := sums[k], n-1-k+l
		one := int(go1[column[i]])
		rows[l], sums[l] = i, x
		otherRows[r], otherSums[r] = i, x
		l += one
	}
	return l
}

// Count returns the weight of the rows in each bin of each column, as whole numbers; nil weights are 1 each.
func (m *Matrix) Count(rows []int32, weights []int64) []int64 {
	out := make([]int64, m.Total())
	for j := range m.Columns {
		to := out[m.Offsets[j]:m.Offsets[j+1]]
		for _, i := range rows {
			w := int64(1)
			if weights != nil {
				w = weights[i]
			}
			to[m.Bin(i, j)] += w
		}
	}
	return out
}

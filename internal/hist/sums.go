package hist

import (
	"context"
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/parallel"
)

// A Hist holds two sums for each bin of each column, one after the other: 2·Total numbers.
type Hist []int64

// Rows are added up in one word, the first number above the second, and taken apart after
// flush rows, before either half can run over.
const flush = 8192

// part is the number of rows whose words lie in the cache while the columns of one word after the other are added up.
const part = 512

// Quantum says how numbers of rows become integers of at most 32 bits: a power of two for
// each, so that no rounding depends on the others.
type Quantum struct {
	First, Second float64 // units: a sum is an integer times its unit
	up1, up2      float64
}

// NewQuantum returns the finest units for n rows whose first numbers are at most first in
// magnitude and whose second ones lie in [0, second].
func NewQuantum(n int, first, second float64) Quantum {
	room := 30 - bits.Len(uint(min(n, flush)-1))
	unit := func(top float64) float64 {
		if top == 0 {
			return 1
		}
		_, exp := math.Frexp(top)
		return math.Ldexp(1, max(exp-room, -1000))
	}
	q := Quantum{First: unit(first), Second: unit(second)}
	q.up1, q.up2 = 1/q.First, 1/q.Second
	return q
}

// Pack returns the integers of a row.
func (q *Quantum) Pack(first, second float64) int64 {
	return int64(math.RoundToEven(first*q.up1))<<32 + int64(math.RoundToEven(second*q.up2))
}

// Scratch is the memory of one worker.
type Scratch struct {
	packed [][lanes][256]int64
	words  []uint64 // of the rows of a part
	wide   [][]int64
	own    Hist
}

// NewScratch returns memory for workers.
func (m *Matrix) NewScratch(workers int) []Scratch {
	out := make([]Scratch, workers)
	for w := range out {
		s := &out[w]
		s.packed = make([][lanes][256]int64, m.words)
		s.words = make([]uint64, part*m.words)
		for k := range m.wide {
			s.wide = append(s.wide, make([]int64, m.widthOf(k)))
		}
		if w > 0 {
			s.own = make(Hist, 2*m.Total())
		}
	}
	return out
}

// widthOf returns the number of bins of wide column k.
func (m *Matrix) widthOf(k int) int {
	for j, slot := range m.slots {
		if slot == ^int32(k) {
			return m.Columns[j].Bins()
		}
	}
	return 0
}

// alone is the number of rows up to which one worker is quicker than many.
const alone = 16384

// Add clears h and adds the packed numbers of rows to it: sums[k] of row rows[k].
func (m *Matrix) Add(ctx context.Context, h Hist, rows []int32, sums []int64, scratch []Scratch) error {
	clear(h)
	if len(rows) <= alone || len(scratch) == 1 {
		for lo := 0; lo < len(rows); lo += flush {
			hi := min(lo+flush, len(rows))
			m.addBlock(h, rows[lo:hi], sums[lo:hi], &scratch[0])
		}
		return context.Cause(ctx)
	}
	for w := range scratch[1:] {
		clear(scratch[w+1].own)
	}
	scratch[0].own = h
	err := parallel.For(ctx, len(rows), flush, len(scratch), func(w, lo, hi int) error {
		m.addBlock(scratch[w].own, rows[lo:hi], sums[lo:hi], &scratch[w])
		return nil
	})
	if err != nil {
		return err
	}
	for w := range scratch[1:] {
		for b, x := range scratch[w+1].own {
			h[b] += x
		}
	}
	return nil
}

// addBlock adds at most flush rows to h.
func (m *Matrix) addBlock(h Hist, rows []int32, sums []int64, s *Scratch) {
	for lo := 0; lo < len(rows); lo += part {
		hi := min(lo+part, len(rows))
		words := m.wordsOf(rows[lo:hi], s.words)
		for w := range m.words {
			used := min(lanes, len(m.lane)-w*lanes)
			addWords(&s.packed[w], words[w:], m.words, sums[lo:hi], used)
		}
		for k, column := range m.wide {
			to := s.wide[k]
			for i, r := range rows[lo:hi] {
				to[column[r]] += sums[lo+i]
			}
		}
	}
	for j, slot := range m.slots {
		bins := m.Columns[j].Bins()
		var from []int64
		if slot < 0 {
			from = s.wide[^slot]
		} else {
			from = s.packed[int(slot)/lanes][int(slot)%lanes][:bins]
		}
		to := h[2*m.Offsets[j]:][:2*bins]
		for b, x := range from {
			to[2*b] += x >> 32
			to[2*b+1] += x & math.MaxUint32
		}
		clear(from)
	}
}

// wordsOf returns the words of the rows, one row after the other. Most rows of a small node wait for memory, and a loop that
// does nothing but fetch them waits for many at once.
func (m *Matrix) wordsOf(rows []int32, to []uint64) []uint64 {
	n := m.words
	if dense(rows) {
		first := int(rows[0])
		return m.packed[first*n : (first+len(rows))*n]
	}
	to = to[:len(rows)*n]
	switch n {
	case 1:
		for k, i := range rows {
			to[k] = m.packed[i]
		}
	case 2:
		for k, i := range rows {
			from, at := m.packed[2*int(i):][:2], to[2*k:][:2]
			at[0], at[1] = from[0], from[1]
		}
	case 3:
		for k, i := range rows {
			from, at := m.packed[3*int(i):][:3], to[3*k:][:3]
			at[0], at[1], at[2] = from[0], from[1], from[2]
		}
	default:
		for k, i := range rows {
			copy(to[k*n:(k+1)*n], m.packed[int(i)*n:])
		}
	}
	return to
}

// dense reports rows that follow one another without a gap.
func dense(rows []int32) bool {
	first := rows[0]
	if int(rows[len(rows)-1]-first) != len(rows)-1 {
		return false
	}
	for k, i := range rows {
		if i != first+int32(k) {
			return false
		}
	}
	return true
}

// addWords adds rows to the sums of up to eight columns, whose bins are the bytes of every words-th word.
func addWords(to *[lanes][256]int64, packed []uint64, words int, sums []int64, used int) {
	if used <= 4 {
		for i, x := range sums {
			v := packed[i*words]
			to[0][byte(v)] += x
			to[1][byte(v>>8)] += x
			to[2][byte(v>>16)] += x
			to[3][byte(v>>24)] += x
		}
		for k := used; k < 4; k++ {
			to[k][0] = 0
		}
		return
	}
	for i, x := range sums {
		v := packed[i*words]
		to[0][byte(v)] += x
		to[1][byte(v>>8)] += x
		to[2][byte(v>>16)] += x
		to[3][byte(v>>24)] += x
		to[4][byte(v>>32)] += x
		to[5][byte(v>>40)] += x
		to[6][byte(v>>48)] += x
		to[7][byte(v>>56)] += x
	}
	for k := used; k < lanes; k++ {
		to[k][0] = 0
	}
}

// Less takes the histogram of one child away: what is left is the other's.
func (h Hist) Less(child Hist) {
	child = child[:len(h)]
	for b, x := range child {
		h[b] -= x
	}
}

package audience

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/aislekit/aisle/internal/bitset"
)

// Sums of published counts. The audiences cut the users into cells, one for each
// combination of audiences that has members. A reader who knows which combinations there
// are has one equation an audience, and learns the size of a union of cells exactly where
// its 0/1 vector over the cells is a combination of the audiences' vectors. The search
// below looks for such a union of some, but fewer people than the floor.
//
// A combination is fixed by its values on as many cells as there are independent
// audiences (pivots), so every choice of 0 and 1 there is one candidate; the other cells
// are linear in them and have to come out as 0 or 1 too. Cells of few audiences are taken
// as pivots first, because their equations are short and fail early.

// cell is a combination of audiences, ascending, and how many users are in just these.
type cell struct {
	in   []int32
	size int
}

// cellsOf returns the cells of the sets that are in one at least.
func cellsOf(sets []*bitset.Set, universe int) []cell {
	of := make([]int32, universe) // the cell of each user
	cells := []cell{{size: universe}}
	for i, s := range sets {
		moved := make([]int32, len(cells)) // where members of a cell go; 0 for nobody yet
		s.Range(func(u int32) bool {
			c := of[u]
			if moved[c] == 0 {
				moved[c] = int32(len(cells))
				cells = append(cells, cell{in: append(slices.Clip(cells[c].in), int32(i))})
			}
			cells[c].size--
			cells[moved[c]].size++
			of[u] = moved[c]
			return true
		})
	}
	cells = slices.DeleteFunc(cells, func(c cell) bool { return c.size == 0 || len(c.in) == 0 })
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(len(a.in), len(b.in)), cmp.Compare(b.size, a.size), slices.Compare(a.in, b.in))
	})
	return cells
}

const (
	prime      = 1<<61 - 1 // arithmetic is modulo this: exact, but for a determinant that is a multiple of it
	maxChecked = 1 << 11   // cells whose equations are looked at on the way; the others at the end
	maxTried   = 1 << 20   // choices on the way
)

func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	s := lo&prime + (lo>>61 | hi<<3)
	if s >= prime {
		s -= prime
	}
	return s
}

func add(a, b uint64) uint64 {
	if s := a + b; s < prime {
		return s
	}
	return a + b - prime
}

func sub(a, b uint64) uint64 {
	if a >= b {
		return a - b
	}
	return a + prime - b
}

// inverse is 1/a by Fermat's theorem.
func inverse(a uint64) uint64 {
	out := uint64(1)
	for e := uint64(prime - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			out = mul(out, a)
		}
		a = mul(a, a)
	}
	return out
}

// pivots returns independent audiences, the first ones that are, ascending, and as many
// cells on which they are independent, the first ones that are.
func pivots(cells []cell, audiences int) (rows, columns []int) {
	echelon := make([][]uint64, audiences) // by the first audience that is not 0 there
	for j, c := range cells {
		if len(rows) == audiences {
			break
		}
		v := make([]uint64, audiences)
		for _, i := range c.in {
			v[i] = 1
		}
		for i, x := range v {
			if x = v[i]; x == 0 {
				continue
			}
			if e := echelon[i]; e != nil {
				for k := i; k < audiences; k++ {
					v[k] = sub(v[k], mul(x, e[k]))
				}
				continue
			}
			one := inverse(x)
			for k := i; k < audiences; k++ {
				v[k] = mul(v[k], one)
			}
			echelon[i], rows, columns = v, append(rows, i), append(columns, j)
			break
		}
	}
	slices.Sort(rows)
	return rows, columns
}

// solved is the matrix that turns values on the pivot cells into weights of the rows:
// the inverse of the 0/1 matrix of rows and columns.
func solved(cells []cell, rows, columns []int) [][]uint64 {
	r := len(rows)
	m := make([][]uint64, r)
	for i, row := range rows {
		m[i] = make([]uint64, 2*r)
		m[i][r+i] = 1
		for k, j := range columns {
			if slices.Contains(cells[j].in, int32(row)) {
				m[i][k] = 1
			}
		}
	}
	for k := range r {
		p := k
		for m[p][k] == 0 {
			p++
		}
		m[k], m[p] = m[p], m[k]
		one := inverse(m[k][k])
		for c := range m[k] {
			m[k][c] = mul(m[k][c], one)
		}
		for i := range m {
			if x := m[i][k]; i != k && x != 0 {
				for c := range m[i] {
					m[i][c] = sub(m[i][c], mul(x, m[k][c]))
				}
			}
		}
	}
	for i := range m {
		m[i] = m[i][r:]
	}
	return m
}

// equation says what a cell comes out as: the sum of factors of pivots chosen.
type equation struct {
	size    int
	pivot   []int32
	factors []uint64
}

// search is the state of a walk over the choices of pivots.
type search struct {
	cells   []cell
	row     []int // of each audience among the independent ones, −1 for none
	columns []int
	inverse [][]uint64
	known   [][]equation // by the pivot that completes them
	floor   int
	tried   int
}

// discloses reports whether the count of the last set, told beside those of the others,
// tells the size of a union of cells of some, but fewer than floor people, that the
// others alone do not tell. It reports false for settled where it gave up.
func discloses(sets []*bitset.Set, universe, floor int) (found, settled bool) {
	s := search{cells: cellsOf(sets, universe), row: make([]int, len(sets)), floor: floor}
	rows, columns := pivots(s.cells, len(sets))
	if len(rows) == 0 || rows[len(rows)-1] != len(sets)-1 {
		return false, true // what the last set counts was known
	}
	for i := range s.row {
		s.row[i] = slices.Index(rows, i)
	}
	s.columns, s.inverse = columns, solved(s.cells, rows, columns)
	s.known = make([][]equation, len(columns))
	isPivot := make([]bool, len(s.cells))
	for _, j := range columns {
		isPivot[j] = true
	}
	left := maxChecked
	for j, c := range s.cells {
		if isPivot[j] || left == 0 {
			continue
		}
		left--
		e := equation{size: c.size}
		for k := range columns {
			if f := s.value(c, func(row int) uint64 { return s.inverse[k][row] }); f != 0 {
				e.pivot, e.factors = append(e.pivot, int32(k)), append(e.factors, f)
			}
		}
		last := e.pivot[len(e.pivot)-1]
		s.known[last] = append(s.known[last], e)
	}
	found = s.walk(make([]uint64, len(columns)), 0, 0)
	return found, found || s.tried < maxTried
}

// value sums what weight gives the independent audiences of a cell.
func (s *search) value(c cell, weight func(row int) uint64) uint64 {
	sum := uint64(0)
	for _, i := range c.in {
		if r := s.row[i]; r >= 0 {
			sum = add(sum, weight(r))
		}
	}
	return sum
}

// walk chooses the pivots from k on; people are in the cells that are 1 so far.
func (s *search) walk(chosen []uint64, k, people int) bool {
	if k == len(chosen) {
		return s.told(chosen)
	}
	for chosen[k] = range uint64(2) {
		if s.tried++; s.tried >= maxTried {
			return false
		}
		if sum, ok := s.complete(chosen, k); ok && people+sum < s.floor && s.walk(chosen, k+1, people+sum) {
			return true
		}
	}
	return false
}

// complete returns how many people the choice of pivot k adds, with the cells that it
// settles, or false where one of these comes out as neither 0 nor 1.
func (s *search) complete(chosen []uint64, k int) (people int, ok bool) {
	people = int(chosen[k]) * s.cells[s.columns[k]].size
	for _, e := range s.known[k] {
		v := uint64(0)
		for i, p := range e.pivot {
			v = add(v, chosen[p]*e.factors[i])
		}
		if v > 1 {
			return 0, false
		}
		people += int(v) * e.size
	}
	return people, true
}

// told reports whether a choice is a union of cells, all of them looked at, below the
// floor, in which the last audience has a part.
func (s *search) told(chosen []uint64) bool {
	weights := make([]uint64, len(chosen))
	for k, v := range chosen {
		if v == 1 {
			for r, x := range s.inverse[k] {
				weights[r] = add(weights[r], x)
			}
		}
	}
	if weights[len(weights)-1] == 0 {
		return false
	}
	people := 0
	for _, c := range s.cells {
		v := s.value(c, func(row int) uint64 { return weights[row] })
		if v > 1 {
			return false
		}
		if people += int(v) * c.size; people >= s.floor {
			return false
		}
	}
	return people > 0
}

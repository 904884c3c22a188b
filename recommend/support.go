package recommend

import (
	"math"

	"github.com/aislekit/aisle/internal/sparse"
)

// occupied returns the numbers of users and items with entries: what defaults count, as
// those of a catalogue that nobody took anything of yet say nothing about the data.
func (x *Interactions) occupied() (users, items int) {
	return rowsOf(x.users), len(columnsOf(x.users))
}

// rowsOf counts the rows with entries.
func rowsOf(m *sparse.CSR) (n int) {
	for r := range m.Rows {
		if m.RowLen(r) > 0 {
			n++
		}
	}
	return n
}

// density is the share of the pairs of users and items with entries that are entries.
func (x *Interactions) density() float64 {
	users, items := x.occupied()
	return float64(x.Len()) / float64(max(users, 1)) / float64(max(items, 1))
}

// support says how much there is to learn from: entries / √(users·items), users and
// items without entries left out, the geometric mean of the entries of a user and of an
// item. Where it is low, what two items have in common is mostly chance, and only what
// many users do can be told; defaults follow it.
func (x *Interactions) support() float64 {
	users, items := x.occupied()
	if users == 0 {
		return 0
	}
	return float64(x.Len()) / math.Sqrt(float64(users)*float64(items))
}

// breadth is the share of the items with entries that the user of an entry has, on average over
// the entries.
func (x *Interactions) breadth() float64 {
	_, items := x.occupied()
	sum := 0.0
	for u := range x.Users() {
		n := float64(x.users.RowLen(u))
		sum += float64(n * n)
	}
	return sum / float64(max(x.Len(), 1)) / float64(max(items, 1))
}

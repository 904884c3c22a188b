package affinity

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Lifts)(nil)
	_ encoding.BinaryMarshaler   = (*Lifts)(nil)
	_ encoding.BinaryUnmarshaler = (*Lifts)(nil)
)

// maxCells bounds the cells of a table: segments times categories.
const maxCells = 1 << 20

// Lifts counts who buys what: customers by segment, buyers and money by segment and category.
// The zero value is empty and ready; merging shards in any order is the same as one pass. It
// is not safe for concurrent use while Add, Merge or UnmarshalBinary runs. Memory: some 100
// bytes for each segment and each pair of segment and category that has a buyer.
type Lifts struct {
	customers map[string]int64 // by segment
	cells     map[pair]bought
}

// pair is a cell.
type pair struct{ segment, category string }

// bought is what is known of a cell.
type bought struct{ buyers, money int64 }

// named reports whether a name is one.
func named(name string) bool { return name != "" && utf8.ValidString(name) }

// Add counts one customer of a segment, with the money he spent on each category he bought, in
// minor units: 0 for what was free, less where more was refunded. Who bought nothing counts
// all the same. The map is not kept.
//
// An empty name, or one that is not UTF-8, is ErrRange, a sum beyond int64 ErrOverflow, more
// than 1,048,576 cells are ErrTooLarge; an error changes nothing.
func (l *Lifts) Add(segment string, spent map[string]int64) error {
	const where = "affinity: Lifts.Add"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	if !named(segment) {
		return fmt.Errorf("%s: segment %q, want text: %w", where, segment, ErrRange)
	}
	if _, err := check.AddInt64(l.customers[segment], 1); err != nil {
		return fmt.Errorf("%s: customers of %q: %w", where, segment, err)
	}
	more := 0
	for _, category := range slices.Sorted(maps.Keys(spent)) { // so that of two errors it is always the same
		if !named(category) {
			return fmt.Errorf("%s: category %q, want text: %w", where, category, ErrRange)
		}
		c, ok := l.cells[pair{segment, category}]
		if !ok {
			more++
		}
		if _, err := check.AddInt64(c.money, spent[category]); err != nil { // its text has the customer's money
			return fmt.Errorf("%s: money of %q and %q: %w", where, segment, category, ErrOverflow)
		}
	}
	if len(l.cells)+more > maxCells || l.customers[segment] == 0 && len(l.customers) == maxCells {
		return fmt.Errorf("%s: more than %d cells: %w", where, maxCells, ErrTooLarge)
	}
	l.ready()
	l.customers[segment]++
	for category, money := range spent {
		c := l.cells[pair{segment, category}]
		l.cells[pair{segment, category}] = bought{c.buyers + 1, c.money + money}
	}
	return nil
}

// ready makes the maps of the zero value.
func (l *Lifts) ready() {
	if l.customers == nil {
		l.customers, l.cells = make(map[string]int64), make(map[pair]bought)
	}
}

// Merge adds the counts of other. Nil and the value itself are ErrMismatch, sums beyond int64
// ErrOverflow, more than 1,048,576 cells ErrTooLarge; an error changes nothing.
func (l *Lifts) Merge(other *Lifts) error {
	const where = "affinity: Lifts.Merge"
	if err := check.Merge(where, l, other); err != nil {
		return err
	}
	segments, more := len(l.customers), 0
	for _, segment := range slices.Sorted(maps.Keys(other.customers)) {
		if l.customers[segment] == 0 {
			segments++
		}
		if _, err := check.AddInt64(l.customers[segment], other.customers[segment]); err != nil {
			return fmt.Errorf("%s: customers of %q: %w", where, segment, err)
		}
	}
	for _, p := range other.sorted() {
		own, ok := l.cells[p]
		if !ok {
			more++
		}
		if _, err := check.AddInt64(own.money, other.cells[p].money); err != nil {
			return fmt.Errorf("%s: money of %q and %q: %w", where, p.segment, p.category, err)
		}
	}
	if len(l.cells)+more > maxCells || segments > maxCells {
		return fmt.Errorf("%s: more than %d cells: %w", where, maxCells, ErrTooLarge)
	}
	l.ready()
	for segment, n := range other.customers {
		l.customers[segment] += n
	}
	for p, c := range other.cells {
		own := l.cells[p]
		l.cells[p] = bought{own.buyers + c.buyers, own.money + c.money}
	}
	return nil
}

// sorted lists the cells that have a buyer, by segment, then category.
func (l *Lifts) sorted() []pair {
	return slices.SortedFunc(maps.Keys(l.cells), func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.category, b.category))
	})
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the customers
// came.
func (l *Lifts) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("affinity: Lifts.AppendBinary", l); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(len(l.customers))
	for _, segment := range slices.Sorted(maps.Keys(l.customers)) {
		w.String(segment)
		w.Int64(l.customers[segment])
	}
	w.Int(len(l.cells))
	for _, p := range l.sorted() {
		c := l.cells[p]
		w.String(p.segment)
		w.String(p.category)
		w.Int64(c.buyers)
		w.Int64(c.money)
	}
	return w.AppendFrame(dst, codec.KindLifts, 1), nil
}

// MarshalBinary returns the binary form.
func (l *Lifts) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary replaces l by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int      segments, up to 2²⁰, then for each, ascending strictly:
//	  string   its name, not empty, UTF-8
//	  i64      its customers, > 0
//	int      cells, up to 2²⁰, then for each, ascending strictly by segment and category:
//	  string   the segment, one of the above
//	  string   the category, not empty, UTF-8
//	  i64      its buyers, from 1 to the customers of the segment
//	  i64      their money
//
// Any other length or value is ErrCorrupt, another kind of frame ErrMismatch, a newer
// version ErrVersion; l is then unchanged.
func (l *Lifts) UnmarshalBinary(data []byte) error {
	const where = "affinity: Lifts.UnmarshalBinary"
	if err := check.Receiver(where, l); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindLifts, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Lifts
	d.ready()
	last := ""
	n := r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		segment, customers := r.String(), r.Int64()
		if !named(segment) || segment <= last || customers <= 0 || i == maxCells {
			r.Fail("has segments out of order, without a name or a customer, or too many")
			break
		}
		d.customers[segment], last = customers, segment
	}
	var before pair
	n = r.Int()
	for i := 0; i < n && r.Err() == nil; i++ {
		p, c := pair{r.String(), r.String()}, bought{r.Int64(), r.Int64()}
		if !named(p.category) || p.segment < before.segment || p.segment == before.segment && p.category <= before.category ||
			c.buyers < 1 || c.buyers > d.customers[p.segment] || i == maxCells {
			r.Fail("has cells out of order, without a name or a buyer, or too many")
			break
		}
		d.cells[p], before = c, p
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*l = d
	return nil
}

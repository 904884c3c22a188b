package dict

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/check"
)

// Key is what an identifier may be: any integer or string type, named or not.
type Key interface{ ~string | constraints.Integer }

// Dict maps keys to 0, 1, 2, … . The zero value is empty and ready. It is safe
// for concurrent readers as long as nobody adds.
type Dict[K comparable] struct {
	table table
	keys  []K
}

// Len returns the number of keys.
func (d *Dict[K]) Len() int { return len(d.keys) }

// Add returns the index of key, giving it the next free one, the Len before, if it
// is new. It fails for a key that does not equal itself, as NaN (ErrNotFinite),
// and when 2³¹-1 keys are in use (ErrOverflow and ErrTooLarge).
func (d *Dict[K]) Add(key K) (int32, error) { return d.add(key, tagOf(key)) }

func (d *Dict[K]) add(key K, tag uint32) (int32, error) {
	i, at := d.find(key, tag)
	if i >= 0 {
		return i, nil
	}
	if key != key {
		return -1, fmt.Errorf("id %v does not equal itself: %w", key, check.ErrNotFinite)
	}
	if len(d.keys) >= math.MaxInt32 {
		return -1, fmt.Errorf("more than %d ids: %w: %w", math.MaxInt32, check.ErrTooLarge, check.ErrOverflow)
	}
	i = int32(len(d.keys))
	d.keys = append(d.keys, key)
	if d.table.full(len(d.keys)) {
		d.table.grow()
		_, at = d.find(key, tag)
	}
	d.table[at] = slotOf(tag, i)
	return i, nil
}

// find returns the index of key, or -1 and the slot where it belongs: -1 too in an empty
// table.
func (d *Dict[K]) find(key K, tag uint32) (index int32, at int) {
	if len(d.table) == 0 {
		return -1, -1
	}
	for at = d.table.home(tag); ; at = d.table.after(at) {
		s := d.table[at]
		if s == 0 {
			return -1, at
		}
		if s.tag() == tag && d.keys[s.index()] == key {
			return s.index(), at
		}
	}
}

// AddAll writes the index of each key to dst, which is as long, as Add does in turn, and
// stops at the first that fails. Keys that lie all over the memory are fetched side by
// side: of many keys it takes a fraction of the time.
func (d *Dict[K]) AddAll(dst []int32, keys []K) error {
	const block = 64
	var tags [block]uint32
	for len(keys) > 0 {
		n := min(block, len(keys))
		tagsOf(tags[:n], keys)
		for k, tag := range tags[:n] { // the likely ones; none is settled yet
			dst[k] = d.table.first(tag)
		}
		for k, key := range keys[:n] {
			if i := dst[k]; i >= 0 && d.keys[i] == key {
				continue
			}
			var err error
			if dst[k], err = d.add(key, tags[k]); err != nil {
				return err
			}
		}
		dst, keys = dst[n:], keys[n:]
	}
	return nil
}

// Index returns the index of key, or -1.
func (d *Dict[K]) Index(key K) int32 {
	i, _ := d.find(key, tagOf(key))
	return i
}

// Key returns the key of index i; it panics like a slice when i is out of range.
func (d *Dict[K]) Key(i int32) K { return d.keys[i] }

// Keys returns all keys in index order. The slice must not be changed.
func (d *Dict[K]) Keys() []K { return d.keys }

// Clone returns an independent copy.
func (d *Dict[K]) Clone() *Dict[K] {
	return &Dict[K]{table: slices.Clone(d.table), keys: slices.Clone(d.keys)}
}

// Remove forgets key and gives its index to the last key, so that indices stay without gaps.
// It returns the index and that of the last key before, or -1 and -1 for a key that is not
// there.
func (d *Dict[K]) Remove(key K) (at, last int32) {
	at, slot := d.find(key, tagOf(key))
	if at < 0 {
		return -1, -1
	}
	last = int32(len(d.keys)) - 1
	moved := d.keys[last]
	if at != last {
		tag := tagOf(moved)
		_, s := d.find(moved, tag)
		d.table[s] = slotOf(tag, at)
	}
	d.table.drop(slot)
	d.keys[at] = moved
	clear(d.keys[last:])
	d.keys = d.keys[:last]
	return at, last
}

// Truncate forgets the keys from index n on, n in [0, Len()]; the room stays.
func (d *Dict[K]) Truncate(n int) {
	for _, k := range d.keys[n:] {
		if i, slot := d.find(k, tagOf(k)); i >= 0 {
			d.table.drop(slot)
		}
	}
	clear(d.keys[n:]) // let go of what strings point to
	d.keys = d.keys[:n]
}

// Sort renumbers the keys of d from index from on in ascending order and returns
// the permutation: perm[old] = new. Keys below from keep their index. Sorting makes
// the numbering independent of the order in which keys were added. from must be
// in [0, Len()].
func Sort[K Key](d *Dict[K], from int) (perm []int32) {
	sorted, perm := Sorted(d, from)
	*d = *sorted
	return perm
}

// Sorted returns a Dict with the keys of d in the order that Sort gives them, and its
// permutation, and leaves d as it is.
func Sorted[K Key](d *Dict[K], from int) (sorted *Dict[K], perm []int32) {
	sorted = &Dict[K]{table: make(table, len(d.table)), keys: make([]K, len(d.keys))}
	perm = make([]int32, len(d.keys))
	copy(sorted.keys, d.keys[:from])
	for i := range from {
		perm[i] = int32(i)
	}
	old := d.keys[from:]
	for k, at := range ascending(old) {
		sorted.keys[from+k] = old[at]
		perm[from+int(at)] = int32(from + k)
	}
	for at, s := range d.table {
		if s != 0 {
			sorted.table[at] = slotOf(s.tag(), perm[s.index()])
		}
	}
	return sorted, perm
}

// Of returns the Dict of keys, which must be distinct, at most 2³¹-1 and equal to
// themselves. It keeps the slice.
func Of[K comparable](keys []K) *Dict[K] {
	d := &Dict[K]{table: tableFor(len(keys)), keys: keys[:len(keys):len(keys)]}
	for k, key := range keys {
		tag := tagOf(key)
		_, at := d.find(key, tag)
		d.table[at] = slotOf(tag, int32(k))
	}
	return d
}

// Distinct returns how many different keys d has: as many as Len, unless Of was given one
// twice.
func (d *Dict[K]) Distinct() int {
	n := 0
	for _, s := range d.table {
		if s != 0 {
			n++
		}
	}
	return n
}

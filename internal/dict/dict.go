package dict

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/check"
)

// Key is what an identifier may be: any integer or string type, named or not.
type Key interface{ ~string | constraints.Integer }

// Dict maps keys to 0, 1, 2, … . The zero value is empty and ready. It is safe
// for concurrent readers as long as nobody adds.
type Dict[K comparable] struct {
	index map[K]int32
	keys  []K
}

// Len returns the number of keys.
func (d *Dict[K]) Len() int { return len(d.keys) }

// Add returns the index of key, giving it the next free one, the Len before, if it
// is new. It fails for a key that does not equal itself, as NaN (ErrNotFinite),
// and when 2³¹-1 keys are in use (ErrOverflow and ErrTooLarge).
func (d *Dict[K]) Add(key K) (int32, error) {
	if i, ok := d.index[key]; ok {
		return i, nil
	}
	if key != key {
		return -1, fmt.Errorf("id %v does not equal itself: %w", key, check.ErrNotFinite)
	}
	if len(d.keys) >= math.MaxInt32 {
		return -1, fmt.Errorf("more than %d ids: %w: %w", math.MaxInt32, check.ErrTooLarge, check.ErrOverflow)
	}
	if d.index == nil {
		d.index = make(map[K]int32)
	}
	i := int32(len(d.keys))
	d.index[key] = i
	d.keys = append(d.keys, key)
	return i, nil
}

// Index returns the index of key, or -1.
func (d *Dict[K]) Index(key K) int32 {
	if i, ok := d.index[key]; ok {
		return i
	}
	return -1
}

// Key returns the key of index i; it panics like a slice when i is out of range.
func (d *Dict[K]) Key(i int32) K { return d.keys[i] }

// Keys returns all keys in index order. The slice must not be changed.
func (d *Dict[K]) Keys() []K { return d.keys }

// Clone returns an independent copy.
func (d *Dict[K]) Clone() *Dict[K] {
	c := &Dict[K]{index: make(map[K]int32, len(d.keys)), keys: slices.Clone(d.keys)}
	for i, k := range c.keys {
		c.index[k] = int32(i)
	}
	return c
}

// Remove forgets key and gives its index to the last key, so that indices stay without gaps.
// It returns the index and that of the last key before, or -1 and -1 for a key that is not
// there.
func (d *Dict[K]) Remove(key K) (at, last int32) {
	at, ok := d.index[key]
	if !ok {
		return -1, -1
	}
	last = int32(len(d.keys)) - 1
	moved := d.keys[last]
	d.keys[at], d.index[moved] = moved, at
	delete(d.index, key)
	clear(d.keys[last:])
	d.keys = d.keys[:last]
	return at, last
}

// Truncate forgets the keys from index n on, n in [0, Len()]; the room stays.
func (d *Dict[K]) Truncate(n int) {
	for _, k := range d.keys[n:] {
		delete(d.index, k)
	}
	clear(d.keys[n:]) // let go of what strings point to
	d.keys = d.keys[:n]
}

// Sort renumbers the keys of d from index from on in ascending order and returns
// the permutation: perm[old] = new. Keys below from keep their index. Sorting makes
// the numbering independent of the order in which keys were added. from must be
// in [0, Len()].
func Sort[K Key](d *Dict[K], from int) (perm []int32) {
	sorted := slices.Clone(d.keys)
	slices.Sort(sorted[from:])
	perm = make([]int32, len(sorted))
	for i, k := range sorted {
		perm[d.index[k]] = int32(i)
	}
	for i, k := range sorted {
		d.index[k] = int32(i)
	}
	d.keys = sorted
	return perm
}

// Sorted returns the keys of d in the order that Sort gives them, and its permutation,
// and leaves d as it is.
func Sorted[K Key](d *Dict[K], from int) (keys []K, perm []int32) {
	keys, perm = slices.Clone(d.keys), make([]int32, len(d.keys))
	for i := range from {
		perm[i] = int32(i)
	}
	old := d.keys[from:]
	for k, at := range ascending(old) {
		keys[from+k] = old[at]
		perm[from+int(at)] = int32(from + k)
	}
	return keys, perm
}

// ascending returns the positions of keys in ascending order. Strings are compared by
// eight bytes behind what all of them begin with, and read whole where these are equal:
// ids of a shop have a long prefix and lie all over the memory.
func ascending[K Key](keys []K) []int32 {
	out := make([]int32, len(keys))
	if s, ok := any(keys).([]string); ok {
		type entry struct {
			head uint64
			at   int32
		}
		p := prefix(s)
		entries := make([]entry, len(s))
		for i, k := range s {
			var b [8]byte
			copy(b[:], k[p:])
			entries[i] = entry{binary.BigEndian.Uint64(b[:]), int32(i)}
		}
		slices.SortFunc(entries, func(a, b entry) int {
			if a.head != b.head {
				return cmp.Compare(a.head, b.head)
			}
			return strings.Compare(s[a.at], s[b.at])
		})
		for i, e := range entries {
			out[i] = e.at
		}
		return out
	}
	type entry struct {
		key K
		at  int32
	}
	entries := make([]entry, len(keys))
	for i, k := range keys {
		entries[i] = entry{k, int32(i)}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	for i, e := range entries {
		out[i] = e.at
	}
	return out
}

// prefix returns how many bytes all strings have in common at their beginning.
func prefix(s []string) int {
	if len(s) == 0 {
		return 0
	}
	n := len(s[0])
	for _, k := range s {
		n = min(n, len(k))
		for n > 0 && k[:n] != s[0][:n] {
			n--
		}
	}
	return n
}

// Of returns the Dict of keys, which must be distinct, at most 2³¹-1 and equal to
// themselves. It keeps the slice.
func Of[K comparable](keys []K) *Dict[K] {
	d := &Dict[K]{index: make(map[K]int32, len(keys)), keys: keys[:len(keys):len(keys)]}
	for i, k := range keys {
		d.index[k] = int32(i)
	}
	return d
}

// Distinct returns how many different keys d has: as many as Len, unless Of was given one
// twice.
func (d *Dict[K]) Distinct() int { return len(d.index) }

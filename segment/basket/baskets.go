package basket

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"golang.org/x/exp/constraints"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
)

var (
	_ encoding.BinaryAppender    = (*Baskets[string])(nil)
	_ encoding.BinaryMarshaler   = (*Baskets[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Baskets[string])(nil)
)

// ID is what an item may be: any string or integer type, named or not. Items of several
// kinds at once, such as "region=north" of a profile beside what was bought, are strings.
type ID interface{ ~string | constraints.Integer }

// Baskets collects what was bought, looked at or true together: each basket is a set of
// items without order, count or owner. The zero value is empty and ready; merging shards
// in any order is the same as one pass. It is not safe for concurrent use while Add,
// Forget, Merge or UnmarshalBinary runs. Memory: 4 bytes for each item of a basket, 8 for
// each basket, and the different items once.
type Baskets[I ID] struct {
	items dict.Dict[I]
	ptr   []int64 // the end of each basket in ids
	ids   []int32 // the items of each basket by number, ascending; numbered by arrival
}

// Add enters one basket. What it holds twice counts once; one without items is a basket
// all the same and counts in every support. The slice is not kept. Cost: O(n log n) of
// its length. ErrTooLarge beyond 2³¹−1 baskets or items.
func (b *Baskets[I]) Add(items []I) error {
	const where = "basket: Baskets.Add"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	if len(b.ptr) == math.MaxInt32 {
		return fmt.Errorf("%s: 2³¹−1 baskets: %w", where, ErrTooLarge)
	}
	start, known := len(b.ids), b.items.Len()
	for _, x := range items {
		at, err := b.items.Add(x)
		if err != nil {
			b.ids = b.ids[:start]
			b.items.Truncate(known)
			return fmt.Errorf("%s: basket %d: %w", where, len(b.ptr), err)
		}
		b.ids = append(b.ids, at)
	}
	set := b.ids[start:]
	slices.Sort(set)
	b.ids = b.ids[:start+len(slices.Compact(set))]
	b.ptr = append(b.ptr, int64(len(b.ids)))
	return nil
}

// Forget removes one basket with exactly these items, repeated ones once. Baskets have no
// owner: whoever must delete a customer's baskets says which they were. ErrUnknownID, and
// nothing is removed, where there is none. Cost: one pass over all baskets.
func (b *Baskets[I]) Forget(items []I) error {
	const where = "basket: Baskets.Forget"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	want := make([]int32, len(items))
	for i, x := range items {
		want[i] = b.items.Index(x)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	for i := range b.ptr {
		if !slices.Equal(b.basket(i), want) {
			continue
		}
		n := int64(len(want))
		b.ids = slices.Delete(b.ids, int(b.ptr[i]-n), int(b.ptr[i]))
		b.ptr = slices.Delete(b.ptr, i, i+1)
		for j := i; j < len(b.ptr); j++ {
			b.ptr[j] -= n
		}
		b.tidy()
		return nil
	}
	return fmt.Errorf("%s: no basket of these %d items: %w", where, len(want), ErrUnknownID)
}

// tidy forgets the items that no basket holds any more: after Forget nothing of a basket
// is left, its items included.
func (b *Baskets[I]) tidy() {
	used, n := make([]bool, b.items.Len()), 0
	for _, x := range b.ids {
		if !used[x] {
			used[x] = true
			n++
		}
	}
	if n == len(used) {
		return
	}
	to, keys := make([]int32, len(used)), make([]I, 0, n)
	for x, in := range used {
		if in {
			to[x] = int32(len(keys))
			keys = append(keys, b.items.Key(int32(x)))
		}
	}
	b.items = *dict.Of(keys)
	for i, x := range b.ids {
		b.ids[i] = to[x] // keeps the order within a basket
	}
}

// Len returns the number of baskets, those without items included.
func (b *Baskets[I]) Len() int {
	if b == nil {
		return 0
	}
	return len(b.ptr)
}

// basket returns the items of basket i by number.
func (b *Baskets[I]) basket(i int) []int32 {
	start := int64(0)
	if i > 0 {
		start = b.ptr[i-1]
	}
	return b.ids[start:b.ptr[i]]
}

// Merge adds the baskets of other, which it leaves alone. Nil and the receiver itself are
// ErrMismatch, a sum of baskets or items beyond 2³¹−1 is ErrTooLarge and changes nothing.
func (b *Baskets[I]) Merge(other *Baskets[I]) error {
	const where = "basket: Baskets.Merge"
	if err := check.Merge(where, b, other); err != nil {
		return err
	}
	if len(b.ptr) > math.MaxInt32-len(other.ptr) {
		return fmt.Errorf("%s: %d and %d baskets: %w", where, len(b.ptr), len(other.ptr), ErrTooLarge)
	}
	known := b.items.Len()
	to := make([]int32, other.items.Len())
	for x := range to {
		at, err := b.items.Add(other.items.Key(int32(x)))
		if err != nil {
			b.items.Truncate(known)
			return fmt.Errorf("%s: %w", where, err)
		}
		to[x] = at
	}
	for i := range other.ptr {
		start := len(b.ids)
		for _, x := range other.basket(i) {
			b.ids = append(b.ids, to[x])
		}
		slices.Sort(b.ids[start:])
		b.ptr = append(b.ptr, int64(len(b.ids)))
	}
	return nil
}

// AppendBinary appends the binary form of b to dst, the same bytes in whatever order the
// baskets came. The error is nil, but for a nil receiver. Cost: a sort of the baskets.
func (b *Baskets[I]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("basket: Baskets.AppendBinary", b); err != nil {
		return dst, err
	}
	sorted, perm := dict.Sorted(&b.items, 0)
	flat := make([]int32, 0, len(b.ids))
	rows := make([][]int32, len(b.ptr))
	for i := range b.ptr {
		start := len(flat)
		for _, x := range b.basket(i) {
			flat = append(flat, perm[x])
		}
		rows[i] = flat[start:]
		slices.Sort(rows[i])
	}
	slices.SortFunc(rows, slices.Compare)
	var w codec.Writer
	w.Int(int(ids.ClassOf[I]()))
	ids.PutAscending(&w, sorted.Keys())
	w.Int(len(rows))
	for _, r := range rows {
		w.Int32s(r)
	}
	return w.AppendFrame(dst, codec.KindBaskets, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *Baskets[I]) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	int    class of the items: 0 strings, 1 signed, 2 unsigned integers
//	int    number of items, then each, ascending strictly; every one is in a basket
//	int    number of baskets, then for each, ascending:
//	  []i32  its items by number, ascending strictly
//
// Items of another class or another type of frame are ErrMismatch, a newer version is
// ErrVersion, all else ErrCorrupt; b is then unchanged. Memory grows with the bytes given.
func (b *Baskets[I]) UnmarshalBinary(data []byte) error {
	const where = "basket: Baskets.UnmarshalBinary"
	if err := check.Receiver(where, b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindBaskets, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	keys, err := getItems[I](r)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Baskets[I]{}
	used, n := make([]bool, len(keys)), r.Int()
	var last []int32
	for i := 0; i < n && r.Err() == nil; i++ {
		row := r.Int32s()
		if !ascending(row, len(keys)) || i > 0 && slices.Compare(last, row) > 0 {
			r.Fail("has baskets out of order, or items that are none")
			break
		}
		for _, x := range row {
			used[x] = true
		}
		d.ids = append(d.ids, row...)
		d.ptr = append(d.ptr, int64(len(d.ids)))
		last = row
	}
	if slices.Contains(used, false) {
		r.Fail("has an item in no basket")
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.items = *dict.Of(keys)
	*b = d
	return nil
}

// getItems reads class and items, ascending.
func getItems[I ID](r *codec.Reader) ([]I, error) {
	class := r.Int()
	if r.Err() == nil && class <= int(ids.Unsigned) && class != int(ids.ClassOf[I]()) {
		return nil, fmt.Errorf("items of another type: %w", ErrMismatch)
	}
	if class > int(ids.Unsigned) {
		r.Fail("has items of no class")
	}
	return ids.GetAscending[I](r), r.Err()
}

// ascending reports whether row is strictly so, in [0, n).
func ascending(row []int32, n int) bool {
	for i, x := range row {
		if x < 0 || int(x) >= n || i > 0 && row[i-1] >= x {
			return false
		}
	}
	return true
}

// compareSets orders by length, then by items.
func compareSets(a, b []int32) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return slices.Compare(a, b)
}

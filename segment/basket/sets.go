package basket

import (
	"encoding"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/ids"
	"github.com/aislekit/aisle/internal/rng"
)

var (
	_ encoding.BinaryAppender    = (*Sets[string])(nil)
	_ encoding.BinaryMarshaler   = (*Sets[string])(nil)
	_ encoding.BinaryUnmarshaler = (*Sets[string])(nil)
)

// Itemset is a set of items and the number of baskets that hold all of them.
type Itemset[I ID] struct {
	Items []I   // ascending; the caller's to keep
	Count int64 // baskets that hold them all
}

// Sets are the frequent sets that Mine found: the most frequent first, then shorter ones,
// then by their items. They are immutable and safe for concurrent use.
type Sets[I ID] struct {
	baskets   int64
	minCount  int64
	share     Fraction // zero where a count was asked for
	maxLen    int
	levels    bool // categories are in the sets
	whole     bool // all frequent sets up to maxLen are here, so that rules have their counts
	algorithm Algorithm
	items     []I // those that occur in a set, ascending
	ptr       []int64
	ids       []int32
	count     []int64
	index     *index
}

// fill takes the sets of out over the items.
func (s *Sets[I]) fill(out *sink, sorted *dict.Dict[I]) {
	to := make([]int32, sorted.Len())
	for _, x := range out.ids {
		to[x] = 1
	}
	for x, used := range to {
		if used == 1 {
			to[x] = int32(len(s.items))
			s.items = append(s.items, sorted.Key(int32(x)))
		}
	}
	s.ids = out.ids
	for i, x := range s.ids {
		s.ids[i] = to[x]
	}
	s.ptr = out.ptr
	s.count = make([]int64, len(out.count))
	for i, n := range out.count {
		s.count[i] = int64(n)
	}
	s.index = indexOf(s.ptr, s.ids)
}

// Len returns the number of sets.
func (s *Sets[I]) Len() int {
	if s == nil {
		return 0
	}
	return len(s.count)
}

// Baskets returns the number of baskets they were counted in.
func (s *Sets[I]) Baskets() int64 {
	if s == nil {
		return 0
	}
	return s.baskets
}

// MinCount returns the number of baskets from which on a set was frequent.
func (s *Sets[I]) MinCount() int64 {
	if s == nil {
		return 0
	}
	return s.minCount
}

// Algorithm returns what found the sets; AlgorithmAuto where TwoPass counted them.
func (s *Sets[I]) Algorithm() Algorithm {
	if s == nil {
		return AlgorithmAuto
	}
	return s.algorithm
}

// All yields the sets in order.
func (s *Sets[I]) All() iter.Seq[Itemset[I]] {
	return func(yield func(Itemset[I]) bool) {
		for i := range s.Len() {
			if !yield(Itemset[I]{s.named(s.set(i)), s.count[i]}) {
				return
			}
		}
	}
}

// Count returns in how many baskets all of items are, in any order, repeated ones once; false
// for a set that is not here, since it was not frequent or not kept. Cost: a look-up.
func (s *Sets[I]) Count(items ...I) (int64, bool) {
	if s == nil || s.index == nil {
		return 0, false
	}
	set := make([]int32, 0, len(items))
	for _, x := range items {
		at, ok := slices.BinarySearch(s.items, x)
		if !ok {
			return 0, false
		}
		set = append(set, int32(at))
	}
	slices.Sort(set)
	at := s.index.find(slices.Compact(set))
	if at < 0 {
		return 0, false
	}
	return s.count[at], true
}

// set returns set i by the number of its items.
func (s *Sets[I]) set(i int) []int32 { return between(s.ptr, s.ids, i) }

// between returns part i of ids, which ptr cuts.
func between(ptr []int64, ids []int32, i int) []int32 {
	start := int64(0)
	if i > 0 {
		start = ptr[i-1]
	}
	return ids[start:ptr[i]]
}

// named returns the items of a set.
func (s *Sets[I]) named(set []int32) []I {
	out := make([]I, len(set))
	for k, x := range set {
		out[k] = s.items[x]
	}
	return out
}

// index finds sets by their items: a table of open addresses over a hash that is a sum, so
// that the hash of a set less one item is a subtraction.
type index struct {
	ptr  []int64
	ids  []int32
	slot []int32 // set + 1, 0 free
}

// slots returns the size of the table for n sets.
func slots(n int) int {
	size := 8
	for size < 2*n {
		size *= 2
	}
	return size
}

func indexOf(ptr []int64, ids []int32) *index {
	size := slots(len(ptr))
	x := &index{ptr, ids, make([]int32, size)}
	for i := range ptr {
		h := x.home(x.set(i))
		for ; x.slot[h] != 0; h = (h + 1) & (size - 1) {
		}
		x.slot[h] = int32(i) + 1
	}
	return x
}

func (x *index) set(i int) []int32 { return between(x.ptr, x.ids, i) }

// home is where the search for a set begins.
func (x *index) home(set []int32) int {
	var h uint64
	for _, v := range set {
		h += rng.Mix(uint64(v) + 1)
	}
	return int(rng.Mix(h) & uint64(len(x.slot)-1))
}

// find returns the number of a set, or −1.
func (x *index) find(set []int32) int {
	for h := x.home(set); x.slot[h] != 0; h = (h + 1) & (len(x.slot) - 1) {
		if i := int(x.slot[h]) - 1; slices.Equal(x.set(i), set) {
			return i
		}
	}
	return -1
}

// AppendBinary appends the binary form of s to dst, canonical. ErrEmpty for nil and the zero
// value.
func (s *Sets[I]) AppendBinary(dst []byte) ([]byte, error) {
	const where = "basket: Sets.AppendBinary"
	if err := check.Receiver(where, s); err != nil {
		return dst, err
	}
	if s.index == nil {
		return dst, fmt.Errorf("%s: made by no function: %w", where, ErrEmpty)
	}
	var w codec.Writer
	w.Int(int(ids.ClassOf[I]()))
	ids.PutAscending(&w, s.items)
	w.Int64(s.baskets)
	w.Int64(s.minCount)
	w.Int64(s.share.Num)
	w.Int64(s.share.Den)
	w.Int(s.maxLen)
	w.Bool(s.levels)
	w.Bool(s.whole)
	w.Int(int(s.algorithm))
	w.Int(len(s.count))
	for i, n := range s.count {
		w.Int64(n)
		w.Int32s(s.set(i))
	}
	return w.AppendFrame(dst, codec.KindSets, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (s *Sets[I]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s. Payload of version 1, little-endian:
//
//	int    class of the items: 0 strings, 1 signed, 2 unsigned integers
//	int    number of items, then each, ascending strictly; every one is in a set
//	i64    baskets n, 1 … 2⁶²
//	i64    least count of a set, 1 … 2⁶²
//	i64    numerator and
//	i64    denominator of the share asked for, 0 and 0 where there was none
//	int    largest length asked for, 1 … 2³¹−1
//	bool   whether categories are in the sets
//	bool   whether all frequent sets of 1 to that many items are here
//	int    algorithm, 0 … 2
//	int    number of sets, then for each, in the order of Sets, no two the same:
//	  i64    baskets that hold it, from the least count to n
//	  []i32  its items by number, ascending strictly, at least one
//
// Where all are here, each set has its subsets of one item less, in no fewer baskets.
// Items of another class or another type of frame are ErrMismatch, a newer version is
// ErrVersion, all else ErrCorrupt; s is then unchanged. Memory grows with the bytes given.
func (s *Sets[I]) UnmarshalBinary(data []byte) error {
	const where = "basket: Sets.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSets, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d := Sets[I]{}
	if d.items, err = getItems[I](r); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.baskets, d.minCount = r.Int64(), r.Int64()
	d.share = Fraction{r.Int64(), r.Int64()}
	d.maxLen, d.levels, d.whole = r.Int(), r.Bool(), r.Bool()
	algorithm := r.Int()
	d.algorithm = Algorithm(algorithm)
	if d.baskets < 1 || d.baskets > maxBaskets || d.minCount < 1 || d.minCount > maxBaskets || d.maxLen < 1 || d.maxLen > math.MaxInt32 ||
		algorithm > int(Eclat) || d.share != (Fraction{}) && (!d.share.valid() || d.share.Num == 0) {
		r.Fail("has counts, a share, a length or an algorithm that are none")
	}
	d.getSets(r)
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	d.index = indexOf(d.ptr, d.ids)
	if d.whole && !closedDown(d.index, d.count) {
		r.Fail("lacks a part of a set, or has one in fewer baskets")
		return fmt.Errorf("%s: %w", where, r.Err())
	}
	*s = d
	return nil
}

// maxBaskets bounds the counts of sets, so that sums of them do not overflow.
const maxBaskets = 1 << 62

// getSets reads the sets in their order.
func (s *Sets[I]) getSets(r *codec.Reader) {
	n, used := r.Int(), make([]bool, len(s.items))
	for i := 0; i < n && r.Err() == nil; i++ {
		count, set := r.Int64(), r.Int32s()
		ok := count >= s.minCount && count <= s.baskets && len(set) > 0 && ascending(set, len(s.items)) && len(set) <= s.maxLen
		if ok && i > 0 {
			last := s.count[i-1]
			ok = last > count || last == count && compareSets(s.set(i-1), set) < 0
		}
		if !ok || len(s.ids) > math.MaxInt32-len(set) {
			r.Fail("has sets out of order, or one that is none")
			return
		}
		for _, x := range set {
			used[x] = true
		}
		s.ids = append(s.ids, set...)
		s.ptr = append(s.ptr, int64(len(s.ids)))
		s.count = append(s.count, count)
	}
	if slices.Contains(used, false) {
		r.Fail("has an item in no set")
	}
}

// closedDown reports whether each set of x less one item is there, in no fewer baskets.
func closedDown(x *index, count []int64) bool {
	var less []int32
	for i := range count {
		set := x.set(i)
		for k := range set {
			less = append(append(less[:0], set[:k]...), set[k+1:]...)
			if len(less) == 0 {
				break
			}
			if at := x.find(less); at < 0 || count[at] < count[i] {
				return false
			}
		}
	}
	return true
}

package dict

import (
	"math"

	"golang.org/x/exp/constraints"
)

// Dense finds integers that lie close together by their place among them, which takes a
// quarter of the time of a table. The zero value knows nothing, and of other keys it never
// knows anything. It belongs to one Dict, which may grow but not be changed otherwise.
type Dense[K comparable] struct {
	base  uint64
	index []int32 // by key - base, + 1; 0: unknown
	next  int     // how many keys the Dict has when it is looked at again
}

const denseMin = 256 // keys, below which nothing is gained

// span makes x anew for keys, unless they are few or more than half of their span is empty.
func span[K comparable, T constraints.Integer](x *Dense[K], keys []T) {
	*x = Dense[K]{next: max(denseMin, 2*len(keys))}
	if len(keys) < denseMin {
		return
	}
	low, high := keys[0], keys[0]
	for _, k := range keys {
		low, high = min(low, k), max(high, k)
	}
	if uint64(high)-uint64(low) >= uint64(2*len(keys)) {
		return
	}
	x.base, x.index = uint64(low), make([]int32, uint64(high)-uint64(low)+1)
	for i, k := range keys {
		x.index[uint64(k)-x.base] = int32(i) + 1
	}
}

// look writes the index of each of the first len(dst) keys to dst, or -1.
func look[K comparable, T constraints.Integer](x *Dense[K], dst []int32, keys []T) {
	for k := range dst {
		dst[k] = -1
		if at := uint64(keys[k]) - x.base; at < uint64(len(x.index)) {
			dst[k] = x.index[at] - 1
		}
	}
}

// AddAll is d.AddAll.
func (x *Dense[K]) AddAll(d *Dict[K], dst []int32, keys []K) error {
	if len(d.keys) >= x.next {
		x.respan(d)
	}
	if x.index == nil {
		return d.AddAll(dst, keys)
	}
	x.lookAll(dst, keys)
	for k, key := range keys {
		if dst[k] >= 0 {
			continue
		}
		var err error
		if dst[k], err = d.Add(key); err != nil {
			return err
		}
		x.note(key, dst[k])
	}
	return nil
}

// respan looks whether the keys have become dense.
func (x *Dense[K]) respan(d *Dict[K]) {
	switch keys := any(d.keys).(type) {
	case []int:
		span(x, keys)
	case []int32:
		span(x, keys)
	case []int64:
		span(x, keys)
	case []uint32:
		span(x, keys)
	case []uint64:
		span(x, keys)
	default:
		x.next = math.MaxInt
	}
}

// lookAll writes the indices of the first len(dst) keys to dst, -1 for those that it does
// not know.
func (x *Dense[K]) lookAll(dst []int32, keys any) {
	switch keys := keys.(type) {
	case []int:
		look(x, dst, keys)
	case []int32:
		look(x, dst, keys)
	case []int64:
		look(x, dst, keys)
	case []uint32:
		look(x, dst, keys)
	case []uint64:
		look(x, dst, keys)
	}
}

// note takes in a new key.
func (x *Dense[K]) note(key any, index int32) {
	var at uint64
	switch key := key.(type) {
	case int:
		at = uint64(key)
	case int32:
		at = uint64(key)
	case int64:
		at = uint64(key)
	case uint32:
		at = uint64(key)
	case uint64:
		at = key
	}
	if at -= x.base; at < uint64(len(x.index)) {
		x.index[at] = index + 1
	}
}

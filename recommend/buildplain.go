package recommend

import (
	"math"
	"math/bits"
	"slices"
)

// plain reports whether each event is but a user and an item: without times, numbers and
// weights, and nobody is to be dropped. Then the pairs alone tell everything.
func (b *Builder[U, I]) plain() bool {
	return uint64(b.log.n) <= math.MaxUint32 && b.log.weights.n == 0 && b.log.times.n == 0 && b.log.seqs.n == 0 && b.opt.MinUserItems == 0 && b.opt.MinItemUsers == 0
}

// foldPlain is inOrder, fold and rest of a plain builder: pairs of the indices that the
// permutations give are sorted as numbers, by digits, and equal ones counted.
func (b *Builder[U, I]) foldPlain(userPerm, itemPerm []int32, users, items int) (*folded, *Sequences) {
	itemBits := bits.Len(uint(max(items-1, 0)))
	if all := itemBits + bits.Len(uint(max(users-1, 0))); all <= 32 {
		return foldKeys(b, sortedPairs[uint32](b, userPerm, itemPerm, itemBits, all), users, items, itemBits)
	} else {
		return foldKeys(b, sortedPairs[uint64](b, userPerm, itemPerm, itemBits, all), users, items, itemBits)
	}
}

// sortedPairs returns user<<itemBits|item of each event, ascending; keys have that many bits
// in all. An event with an index of -1 is left out.
func sortedPairs[K uint32 | uint64, U, I ID](b *Builder[U, I], userPerm, itemPerm []int32, itemBits, all int) []K {
	keys := make([]K, 0, b.log.n)
	for part, block := range b.log.users.parts {
		items := b.log.items.parts[part][:len(block)]
		for k, u := range block {
			if u, i := userPerm[u], itemPerm[items[k]]; u >= 0 && i >= 0 {
				keys = append(keys, K(u)<<itemBits|K(i))
			}
		}
	}
	return sortKeys(keys, make([]K, len(keys)), all)
}

// sortKeys sorts keys, of which the last all bits count, in the memory of two lists of one
// length, and returns the one that is sorted: by the first digit into groups that fit into
// the cache, and each of these by the digits behind it, from the last one on.
func sortKeys[K uint32 | uint64](keys, other []K, all int) []K {
	var ends, next digits
	top := min(digitBits, bits.Len(uint(len(keys)/groupLen)), all)
	sortDigit(other, keys, all-top, top, &ends)
	rest := all - top
	passes := (rest + digitBits - 1) / digitBits
	lo := uint32(0)
	for d := range 1 << top {
		from, to := other[lo:ends[d]], keys[lo:ends[d]]
		lo = ends[d]
		if len(from) < fewPairs {
			slices.Sort(from)
			if passes%2 == 1 {
				copy(to, from)
			}
			continue
		}
		for pass := range passes {
			width := (rest + passes - 1) / passes
			sortDigit(to, from, pass*width, width, &next)
			from, to = to, from
		}
	}
	if passes%2 == 1 {
		return keys
	}
	return other
}

// foldKeys makes an entry of each run of equal keys. Those whose entry does not tell its
// events, as there are several or they are capped, have them in the second result, by user
// and item; it is nil where there are none.
func foldKeys[K uint32 | uint64, U, I ID](b *Builder[U, I], keys []K, users, items, itemBits int) (*folded, *Sequences) {
	n := min(1, len(keys))
	for k := 1; k < len(keys); k++ {
		if keys[k] != keys[k-1] {
			n++
		}
	}
	f := &folded{ptr: make([]int64, users+1), cols: make([]int32, n), weights: make([]float32, n), asOf: noTime}
	f.report.Merged = len(keys) - n
	rest := &Sequences{items: items, ptr: make([]int64, users+1)}
	mask := K(1)<<itemBits - 1
	n = 0
	for k := 0; k < len(keys); {
		j := k + 1
		for j < len(keys) && keys[j] == keys[k] {
			j++
		}
		item, w := int32(keys[k]&mask), float64(1)
		if b.opt.Duplicates == Sum {
			w = float64(j - k)
		}
		if b.opt.Cap > 0 {
			w = min(w, float64(b.opt.Cap))
		}
		user := int(keys[k] >> itemBits)
		f.cols[n], f.weights[n] = item, float32(w)
		n++
		f.ptr[user+1] = int64(n)
		if j > k+1 || w != 1 {
			for range j - k {
				rest.events = append(rest.events, item)
			}
			rest.ptr[user+1] = int64(len(rest.events))
		}
		k = j
	}
	for u := range users { // who has nothing ends where the one before does
		f.ptr[u+1] = max(f.ptr[u+1], f.ptr[u])
		rest.ptr[u+1] = max(rest.ptr[u+1], rest.ptr[u])
	}
	if len(rest.events) == 0 {
		return f, nil
	}
	rest.at, rest.weights = slices.Repeat([]int64{noTime}, len(rest.events)), slices.Repeat([]float32{1}, len(rest.events))
	return f, rest.finished()
}

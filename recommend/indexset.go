package recommend

import (
	"math/bits"
	"slices"
)

// indexSet is a set of dense indices, of items mostly, as a bitmap: index i is bit
// i%64 of word i/64. Unlike ItemSet it is scratch memory: a slice that its owner
// makes, changes in place and uses again. Methods panic like a slice on an index
// behind the last word.
type indexSet []uint64

// newIndexSet returns the empty set of indices below n.
func newIndexSet(n int) indexSet { return make(indexSet, (n+63)/64) }

func (s indexSet) has(i int32) bool { return s[uint32(i)>>6]>>(uint32(i)&63)&1 == 1 }

func (s indexSet) add(i int32) { s[uint32(i)>>6] |= 1 << (uint32(i) & 63) }

func (s indexSet) drop(i int32) { s[uint32(i)>>6] &^= 1 << (uint32(i) & 63) }

func (s indexSet) addAll(indices []int32) {
	for _, i := range indices {
		s.add(i)
	}
}

// dropAll returns how many of the indices were in s.
func (s indexSet) dropAll(indices []int32) (dropped int) {
	for _, i := range indices {
		if s.has(i) {
			s.drop(i)
			dropped++
		}
	}
	return dropped
}

// fill makes s the set of the first n indices.
func (s indexSet) fill(n int) {
	for k := range s {
		s[k] = ^uint64(0)
	}
	if r := n % 64; r != 0 {
		s[len(s)-1] = 1<<r - 1
	}
}

// and keeps what is in other too; behind its last word nothing is.
func (s indexSet) and(other indexSet) {
	for k, word := range other[:min(len(s), len(other))] {
		s[k] &= word
	}
	clear(s[min(len(s), len(other)):])
}

// or adds what is in other, which must not be longer.
func (s indexSet) or(other indexSet) {
	for k, word := range other {
		s[k] |= word
	}
}

// andNot drops what is in other, which must not be longer.
func (s indexSet) andNot(other indexSet) {
	for k, word := range other {
		s[k] &^= word
	}
}

// not makes s its complement, the bits behind the last index included.
func (s indexSet) not() {
	for k := range s {
		s[k] = ^s[k]
	}
}

func (s indexSet) count() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// resized returns a set of that many words in the memory of s, its bits undefined.
func (s indexSet) resized(words int) indexSet {
	return slices.Grow(s[:0], words)[:words]
}

// trailing is the lowest index in a word that is not 0.
func trailing(word uint64) int { return bits.TrailingZeros64(word) }

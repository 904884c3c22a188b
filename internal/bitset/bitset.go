package bitset

import (
	"math/bits"

	"github.com/kelindar/bitmap"
)

// Set is a set of indices in [0, size). The zero value is the empty set of size
// 0. Reads are safe for concurrent use.
type Set struct {
	bits bitmap.Bitmap // always exactly words(size) long, bits beyond size are 0
	size int
}

func words(n int) int { return (n + 63) / 64 }

// New returns the empty set over [0, size).
func New(size int) *Set {
	size = max(size, 0)
	return &Set{bits: make(bitmap.Bitmap, words(size)), size: size}
}

// Full returns the set of all indices in [0, size).
func Full(size int) *Set {
	s := New(size)
	s.bits.Ones()
	s.trim()
	return s
}

// Of returns the set of the bits of words, bit i%64 of word i/64 for index i, and keeps
// them; bits beyond size are dropped, words that are missing are 0.
func Of(from []uint64, size int) *Set {
	s := New(0)
	s.bits, s.size = bitmap.Bitmap(from), max(size, 0)
	for len(s.bits) < words(s.size) {
		s.bits = append(s.bits, 0)
	}
	s.bits = s.bits[:words(s.size)]
	s.trim()
	return s
}

func (s *Set) trim() {
	if r := s.size % 64; r != 0 {
		s.bits[len(s.bits)-1] &= 1<<r - 1
	}
}

// Size returns the size of the universe.
func (s *Set) Size() int { return s.size }

// Words returns the set as 64-bit words, bit i%64 of word i/64 for index i. The
// slice must not be changed.
func (s *Set) Words() []uint64 { return s.bits }

// Add puts i into the set and reports whether i is in range.
func (s *Set) Add(i int32) bool {
	if i < 0 || int(i) >= s.size {
		return false
	}
	s.bits[i>>6] |= 1 << (uint(i) & 63)
	return true
}

// Remove takes i out of the set.
func (s *Set) Remove(i int32) {
	if i >= 0 && int(i) < s.size {
		s.bits[i>>6] &^= 1 << (uint(i) & 63)
	}
}

// Has reports whether i is in the set; false when out of range.
func (s *Set) Has(i int32) bool {
	return i >= 0 && int(i) < s.size && s.bits[i>>6]>>(uint(i)&63)&1 == 1
}

// Count returns the number of members.
func (s *Set) Count() int {
	if len(s.bits) == 0 {
		return 0
	}
	return s.bits.Count()
}

// Clone returns an independent copy.
func (s *Set) Clone() *Set {
	c := New(s.size)
	copy(c.bits, s.bits)
	return c
}

// Resize changes the universe to [0, size), dropping members beyond it.
func (s *Set) Resize(size int) {
	size = max(size, 0)
	b := make(bitmap.Bitmap, words(size))
	copy(b, s.bits)
	s.bits, s.size = b, size
	s.trim()
}

// And keeps the members that o has too.
func (s *Set) And(o *Set) {
	if s.accelerated(o) {
		s.bits.And(o.bits)
		return
	}
	s.combine(o, func(a, b uint64) uint64 { return a & b })
}

// Or adds the members of o that are in range.
func (s *Set) Or(o *Set) {
	if s.accelerated(o) {
		s.bits.Or(o.bits)
		s.trim() // o's universe may end later in the same word
		return
	}
	s.combine(o, func(a, b uint64) uint64 { return a | b })
}

// AndNot removes the members of o.
func (s *Set) AndNot(o *Set) {
	if s.accelerated(o) {
		s.bits.AndNot(o.bits)
		return
	}
	s.combine(o, func(a, b uint64) uint64 { return a &^ b })
}

// Not replaces the set by its complement in [0, size).
func (s *Set) Not() {
	for i := range s.bits {
		s.bits[i] = ^s.bits[i]
	}
	s.trim()
}

// accelerated reports whether the vector kernels of bitmap may be used: they
// shrink or grow their receiver when lengths differ and panic on empty
// operands, and change only words in place when both have the same length.
func (s *Set) accelerated(o *Set) bool { return len(s.bits) > 0 && len(s.bits) == len(o.bits) }

// combine is the plain loop for operands of different length; words that o does
// not have count as 0.
func (s *Set) combine(o *Set, op func(a, b uint64) uint64) {
	for i := range s.bits {
		w := uint64(0)
		if i < len(o.bits) {
			w = o.bits[i]
		}
		s.bits[i] = op(s.bits[i], w)
	}
	s.trim()
}

// Range calls fn for every member in ascending order until it returns false.
func (s *Set) Range(fn func(i int32) bool) {
	for w, b := range s.bits {
		for b != 0 {
			if !fn(int32(w<<6 + bits.TrailingZeros64(b))) {
				return
			}
			b &= b - 1
		}
	}
}

// Append appends the members to dst in ascending order.
func (s *Set) Append(dst []int32) []int32 {
	s.Range(func(i int32) bool { dst = append(dst, i); return true })
	return dst
}

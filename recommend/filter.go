package recommend

import (
	"fmt"
	"iter"
	"math"

	"github.com/aislekit/aisle/internal/bitset"
)

// ItemSet is a set of items of one catalogue, as a bitmap: in stock, of a
// brand, above a price. Combine sets with And, Or, AndNot and Not; each returns
// a new set and leaves its operands alone, so a set may be shared between
// requests. Sets of different sizes do not combine: ErrMismatch.
type ItemSet struct{ set *bitset.Set }

// NewItemSet returns the set of the given dense indices out of n items.
// ErrRange for an index outside [0, n), ErrOption for n outside [0, 2³¹).
func NewItemSet(n int, items ...int32) (*ItemSet, error) {
	if n < 0 || n > math.MaxInt32 {
		return nil, fmt.Errorf("recommend: NewItemSet: n is %d, want in [0, 2³¹): %w", n, ErrOption)
	}
	s := bitset.New(n)
	for _, i := range items {
		if !s.Add(i) {
			return nil, fmt.Errorf("recommend: NewItemSet: item %d of %d: %w", i, n, ErrRange)
		}
	}
	return &ItemSet{s}, nil
}

// ItemSetFunc returns the set of the indices in [0, n) for which in is true.
func ItemSetFunc(n int, in func(i int32) bool) *ItemSet {
	s := bitset.New(n)
	for i := range s.Size() {
		if in(int32(i)) {
			s.Add(int32(i))
		}
	}
	return &ItemSet{s}
}

// Size returns the number of items of the catalogue, Count that of the members.
func (s *ItemSet) Size() int { return s.set.Size() }

// Count returns the number of members.
func (s *ItemSet) Count() int { return s.set.Count() }

// Has reports whether item i is a member.
func (s *ItemSet) Has(i int32) bool { return s.set.Has(i) }

// Bits returns the set as a bitmap: item i is bit i%64 of word i/64. It must not be
// changed. It is for code that walks many items at once, such as an index.
func (s *ItemSet) Bits() []uint64 { return s.set.Words() }

// All iterates over the members in ascending order.
func (s *ItemSet) All() iter.Seq[int32] { return s.set.Range }

// And returns the members of both.
func (s *ItemSet) And(other *ItemSet) (*ItemSet, error) {
	return s.combine("And", other, (*bitset.Set).And)
}

// Or returns the members of either.
func (s *ItemSet) Or(other *ItemSet) (*ItemSet, error) {
	return s.combine("Or", other, (*bitset.Set).Or)
}

// AndNot returns the members of s that are not in o.
func (s *ItemSet) AndNot(other *ItemSet) (*ItemSet, error) {
	return s.combine("AndNot", other, (*bitset.Set).AndNot)
}

// Not returns the items that are not members.
func (s *ItemSet) Not() *ItemSet {
	c := s.set.Clone()
	c.Not()
	return &ItemSet{c}
}

func (s *ItemSet) combine(name string, other *ItemSet, op func(a, b *bitset.Set)) (*ItemSet, error) {
	if s.Size() != other.Size() {
		return nil, fmt.Errorf("recommend: ItemSet.%s: sizes %d and %d: %w", name, s.Size(), other.Size(), ErrMismatch)
	}
	c := s.set.Clone()
	op(c, other.set)
	return &ItemSet{c}, nil
}

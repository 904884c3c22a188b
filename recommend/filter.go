package recommend

import (
	"fmt"
	"iter"
	"math"

	"github.com/aislekit/aisle/internal/bitset"
	"github.com/aislekit/aisle/internal/ids"
)

// ItemSet is a set of items of one catalogue, as a bitmap: in stock, of a
// brand, above a price. Combine sets with And, Or, AndNot and Not; each returns
// a new set and leaves its operands alone, so a set may be shared between
// requests. Sets of different catalogues do not combine: ErrMismatch. The zero ItemSet
// is of no catalogue: it has no items and is refused as a filter.
//
// A set that a Dataset or a Catalogue made remembers whose items it is of, and is
// refused (ErrMismatch) beside another catalogue of the same size; one of NewItemSet
// and ItemSetFunc goes by its size alone.
type ItemSet struct {
	origin
	set *bitset.Set
}

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
	return &ItemSet{set: s}, nil
}

// ItemSetFunc returns the set of the indices in [0, n) for which in is true; none is
// where in is nil. Where n is outside [0, 2³¹) it is the zero ItemSet, which every use
// refuses.
func ItemSetFunc(n int, in func(i int32) bool) *ItemSet {
	if n < 0 || n > math.MaxInt32 {
		return &ItemSet{}
	}
	s := bitset.New(n)
	for i := range s.Size() {
		if in != nil && in(int32(i)) {
			s.Add(int32(i))
		}
	}
	return &ItemSet{set: s}
}

// Size returns the number of items of the catalogue, Count that of the members.
func (s *ItemSet) Size() int {
	if s.none() {
		return 0
	}
	return s.set.Size()
}

// Count returns the number of members.
func (s *ItemSet) Count() int {
	if s.none() {
		return 0
	}
	return s.set.Count()
}

// Has reports whether item i is a member.
func (s *ItemSet) Has(i int32) bool { return !s.none() && s.set.Has(i) }

// Bits returns the set as a bitmap: item i is bit i%64 of word i/64. It must not be
// changed. It is for code that walks many items at once, such as an index.
func (s *ItemSet) Bits() []uint64 {
	if s.none() {
		return nil
	}
	return s.set.Words()
}

// All iterates over the members in ascending order.
func (s *ItemSet) All() iter.Seq[int32] {
	if s.none() {
		return func(func(int32) bool) {}
	}
	return s.set.Range
}

// none reports whether s is nil or the zero ItemSet.
func (s *ItemSet) none() bool { return s == nil || s.set == nil }

// fits returns ErrMismatch where a set, when there is one, is not of the items of m.
func (s *ItemSet) fits(m Model, where string) error {
	if s == nil {
		return nil
	}
	if n := m.Items(); s.none() || s.Size() != n {
		return fmt.Errorf("%s is a set of %d items, the model knows %d: %w", where, s.Size(), n, ErrMismatch)
	}
	if f, ok := m.(fingerprinted); ok && s.lists() != nil {
		if _, items := f.Fingerprints(); items != 0 && items != s.lists().Items {
			where += fmt.Sprintf(" is a set of %d items of another catalogue than the model's %d", s.Size(), m.Items())
			return fmt.Errorf("%s%s: %w", where, ids.FirstItem(s, m), ErrMismatch)
		}
	}
	return nil
}

// And returns the members of both.
func (s *ItemSet) And(other *ItemSet) (*ItemSet, error) {
	return s.combine("And", other, (*bitset.Set).And)
}

// Or returns the members of either.
func (s *ItemSet) Or(other *ItemSet) (*ItemSet, error) {
	return s.combine("Or", other, (*bitset.Set).Or)
}

// AndNot returns the members of s that are not in other.
func (s *ItemSet) AndNot(other *ItemSet) (*ItemSet, error) {
	return s.combine("AndNot", other, (*bitset.Set).AndNot)
}

// Not returns the items that are not members.
func (s *ItemSet) Not() *ItemSet {
	if s.none() {
		return &ItemSet{}
	}
	c := s.set.Clone()
	c.Not()
	return &ItemSet{s.origin, c}
}

// combine returns op of copies of two sets of one catalogue.
func (s *ItemSet) combine(name string, other *ItemSet, op func(a, b *bitset.Set)) (*ItemSet, error) {
	if s.none() || other.none() {
		return nil, fmt.Errorf("recommend: ItemSet.%s: a set that is nil or zero is of no catalogue: %w, %w", name, ErrMismatch, ErrEmpty)
	}
	if s.Size() == other.Size() && !s.same(other.origin) {
		return nil, fmt.Errorf("recommend: ItemSet.%s: sets of two catalogues of %d items%s: %w", name, s.Size(), ids.FirstItem(s.known, other.known), ErrMismatch)
	}
	if s.Size() != other.Size() {
		return nil, fmt.Errorf("recommend: ItemSet.%s: sets of different catalogues, of %d and %d items: %w", name, s.Size(), other.Size(), ErrMismatch)
	}
	c := s.set.Clone()
	op(c, other.set)
	return &ItemSet{s.either(other.origin), c}, nil
}

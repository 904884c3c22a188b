package lifetime

import (
	"cmp"
	"encoding"
	"fmt"
	"iter"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Summary[Weeks])(nil)
	_ encoding.BinaryMarshaler   = (*Summary[Weeks])(nil)
	_ encoding.BinaryUnmarshaler = (*Summary[Weeks])(nil)
)

// maxRepeats bounds the orders of one customer.
const maxRepeats = 1 << 30

// Customer is what the models of repeat buying need to know of one customer. The first purchase
// founds the relation and is not counted: everything is measured from it. Purchases of one
// period are one ([Orders] sees to that).
//
// AgeAtLast is what the literature of these models calls recency, t_x: how old the relation was
// at the last purchase. It is not the recency of RFM, the time since then, which is Age −
// AgeAtLast.
type Customer[T Time] struct {
	Repeats   int // periods with a purchase after the first one, x, in [0, 2³⁰]
	AgeAtLast T   // age of the relation at the last purchase, t_x, in (0, Age]; 0 exactly where Repeats is
	Age       T   // age of the relation now, from the first purchase, T, >= 0
	// Value is the mean amount of the repeat purchases, in any unit of money, > 0 where Repeats is;
	// read by what is about money only. 0: not known, and CLV and WinBack take the mean of all.
	Value float64
}

// check refuses what no customer can be.
func (c Customer[T]) check() error {
	bad := func(field string, value any, what string, err error) error {
		return check.Private(field, -1, nil, value, fmt.Errorf("%s: %w", what, err))
	}
	switch {
	case !check.Finite(float64(c.Age)):
		return bad("Age", c.Age, "not a number", ErrNotFinite)
	case !check.Finite(float64(c.AgeAtLast)):
		return bad("AgeAtLast", c.AgeAtLast, "not a number", ErrNotFinite)
	case c.Repeats < 0 || c.Repeats > maxRepeats:
		return bad("Repeats", c.Repeats, "want from 0 to 2^30", ErrRange)
	case c.Age < 0:
		return bad("Age", c.Age, "want >= 0", ErrRange)
	case c.AgeAtLast < 0 || c.AgeAtLast > c.Age:
		return bad("AgeAtLast", c.AgeAtLast, "want from 0 to Age", ErrRange)
	case (c.AgeAtLast == 0) != (c.Repeats == 0):
		return bad("AgeAtLast", c.AgeAtLast, "want 0 exactly where Repeats is 0", ErrRange)
	}
	return nil
}

// Summary counts customers by what the models of repeat buying need to know of them: those with
// the same Repeats, AgeAtLast and Age are one group. It is all that FitBGNBD, FitMBGNBD,
// FitParetoNBD and FitBGBB read, so that a shop stores, adds and sends this and no customer.
//
// The zero value is empty and ready. Merging shards in any order is the same as one pass. It is
// not safe for concurrent use while Add, Merge or UnmarshalBinary runs. Memory: some 80 bytes a
// group, of which there are as many as combinations of two days and a count.
type Summary[T Time] struct {
	index  map[history]int32
	groups []group
	n      int64
	xs     []int // distinct Repeats, by first sight
	places map[int]int32
	ts     []float64 // distinct ages, of both kinds, by first sight
	tAt    map[float64]int32
	oldest float64 // the greatest Age
	again  int64   // customers with Repeats > 0
}

// history is what customers of a group share.
type history struct {
	x     int
	tx, t float64
}

// counts is what the laws read of a Summary.
type counts struct {
	groups []group
	xs     []int
	ts     []float64
}

type group struct {
	history
	n         int64
	place     int32 // of x in xs
	last, now int32 // of t_x and T in ts
}

// Add counts one customer; Value is not read. A customer that cannot be is ErrRange or
// ErrNotFinite, more than 2⁶³ customers ErrOverflow; an error changes nothing.
func (s *Summary[T]) Add(c Customer[T]) error {
	const where = "lifetime: Summary.Add"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := s.add(historyOf(c), 1); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

func historyOf[T Time](c Customer[T]) history {
	return history{c.Repeats, float64(c.AgeAtLast) + 0, float64(c.Age) + 0} // −0 becomes 0
}

// add counts n customers of a history that was checked.
func (s *Summary[T]) add(h history, n int64) error {
	total, err := check.AddInt64(s.n, n)
	if err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	if s.index == nil {
		s.index, s.places = make(map[history]int32), make(map[int]int32)
		s.tAt = make(map[float64]int32)
	}
	i, ok := s.index[h]
	if !ok {
		place, seen := s.places[h.x]
		if !seen {
			place = int32(len(s.xs))
			s.xs = append(s.xs, h.x)
			s.places[h.x] = place
		}
		i = int32(len(s.groups))
		s.groups = append(s.groups, group{h, 0, place, s.age(h.tx), s.age(h.t)})
		s.index[h] = i
	}
	s.groups[i].n += n
	s.n = total
	s.oldest = max(s.oldest, h.t)
	if h.x > 0 {
		s.again += n
	}
	return nil
}

// age returns the place of an age in ts, a new one if need be.
func (s *Summary[T]) age(t float64) int32 {
	place, ok := s.tAt[t]
	if !ok {
		place = int32(len(s.ts))
		s.ts = append(s.ts, t)
		s.tAt[t] = place
	}
	return place
}

// Merge adds the customers of other. Nil and s itself are ErrMismatch, more than 2⁶³ customers
// ErrOverflow; an error changes nothing. Summaries of other units are of another type.
func (s *Summary[T]) Merge(other *Summary[T]) error {
	const where = "lifetime: Summary.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if _, err := check.AddInt64(s.n, other.n); err != nil {
		return fmt.Errorf("%s: customers: %w", where, err)
	}
	for _, g := range other.groups {
		_ = s.add(g.history, g.n) // the total was checked
	}
	return nil
}

// Customers returns the number of customers counted.
func (s *Summary[T]) Customers() int64 {
	if s == nil {
		return 0
	}
	return s.n
}

// Groups yields each group, without Value, and the number of its customers, by Repeats, then
// AgeAtLast, then Age.
func (s *Summary[T]) Groups() iter.Seq2[Customer[T], int64] {
	return func(yield func(Customer[T], int64) bool) {
		if s == nil {
			return
		}
		for _, g := range s.sorted() {
			if !yield(Customer[T]{Repeats: g.x, AgeAtLast: T(g.tx), Age: T(g.t)}, g.n) {
				return
			}
		}
	}
}

// sorted returns the groups by x, t_x and T.
func (s *Summary[T]) sorted() []group {
	out := slices.Clone(s.groups)
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.tx, b.tx), cmp.Compare(a.t, b.t))
	})
	return out
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the customers
// came. ErrEmpty for a nil receiver.
func (s *Summary[T]) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Summary.AppendBinary", s); err != nil {
		return dst, err
	}
	var w codec.Writer
	w.Int(unitOf[T]())
	w.Int(len(s.groups))
	for _, g := range s.sorted() {
		w.Int(g.x)
		w.Float64(g.tx)
		w.Float64(g.t)
		w.Int64(g.n)
	}
	return w.AppendFrame(dst, codec.KindSummary, 1), nil
}

// MarshalBinary returns the binary form.
func (s *Summary[T]) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int   unit of time: 1 seconds, 2 hours, 3 days, 4 weeks, 5 months, 6 years
//	int   groups, then for each, ascending strictly by its first three numbers:
//	  int   Repeats
//	  f64   AgeAtLast
//	  f64   Age
//	  i64   customers, > 0
//
// Another unit than T or another kind of frame is ErrMismatch, what no Summary holds ErrCorrupt,
// a newer version ErrVersion; s is then unchanged.
func (s *Summary[T]) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Summary.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := openUnit[T](where, data, codec.KindSummary)
	if err != nil {
		return err
	}
	var d Summary[T]
	groups := r.Int()
	last := history{x: -1}
	for i := 0; i < groups && r.Err() == nil; i++ {
		h, n := history{r.Int(), r.Float64(), r.Float64()}, r.Int64()
		if r.Err() != nil {
			break
		}
		c := Customer[T]{Repeats: h.x, AgeAtLast: T(h.tx), Age: T(h.t)}
		ascends := cmp.Or(cmp.Compare(last.x, h.x), cmp.Compare(last.tx, h.tx), cmp.Compare(last.t, h.t)) < 0
		if c.check() != nil || historyOf(c) != h || negativeZero(h.tx, h.t) || n <= 0 || !ascends || d.add(h, n) != nil {
			r.Fail("has groups out of order, of no customer, or that cannot be")
			break
		}
		last = h
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}

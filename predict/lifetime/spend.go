package lifetime

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*Spend)(nil)
	_ encoding.BinaryMarshaler   = (*Spend)(nil)
	_ encoding.BinaryUnmarshaler = (*Spend)(nil)
)

// Spend counts customers by their repeat purchases and the mean amount of these: all that
// [FitGammaGamma] reads. The zero value is empty and ready; merging shards in any order is the
// same as one pass. It is not safe for concurrent use while Add, Merge or UnmarshalBinary runs.
// Memory: some 60 bytes a group.
type Spend struct {
	counts   map[amount]int64
	n        int64
	greatest float64
}

// amount is what customers of a group share.
type amount struct {
	x    int
	mean float64
}

// maxAmount and minAmount bound mean amounts, so that their powers stay numbers.
const minAmount, maxAmount = 1e-12, 1e15

// Add counts one customer with so many repeat purchases of a mean amount, in any unit of money
// that is the same for all. Who never came back says nothing about amounts: repeats 0 with mean
// 0 is taken and counts nothing.
//
// An amount that is not > 0, or outside of [1e-12, 1e15], and repeats that are negative are
// ErrRange, NaN and infinities ErrNotFinite; an error changes nothing.
func (s *Spend) Add(repeats int, mean float64) error {
	const where = "lifetime: Spend.Add"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	if repeats == 0 && mean == 0 {
		return nil
	}
	a := amount{repeats, mean}
	if err := a.check(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	if err := s.add(a, 1); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// check refuses what no customer with repeat purchases has spent.
func (a amount) check() error {
	switch {
	case !check.Finite(a.mean):
		return check.Private("mean", -1, nil, a.mean, ErrNotFinite)
	case a.x < 1 || a.x > maxRepeats:
		return check.Private("repeats", -1, nil, a.x, fmt.Errorf("want from 1 to 2^30: %w", ErrRange))
	case a.mean < minAmount || a.mean > maxAmount:
		return check.Private("mean", -1, nil, a.mean, fmt.Errorf("want > 0, from %g to %g: %w", minAmount, maxAmount, ErrRange))
	}
	return nil
}

func (s *Spend) add(a amount, n int64) error {
	total, err := check.AddInt64(s.n, n)
	if err != nil {
		return fmt.Errorf("customers: %w", err)
	}
	if s.counts == nil {
		s.counts = make(map[amount]int64)
	}
	s.counts[a] += n
	s.n = total
	s.greatest = max(s.greatest, a.mean)
	return nil
}

// Merge adds the customers of other. Nil and s itself are ErrMismatch, more than 2⁶³ customers
// ErrOverflow; an error changes nothing.
func (s *Spend) Merge(other *Spend) error {
	const where = "lifetime: Spend.Merge"
	if err := check.Merge(where, s, other); err != nil {
		return err
	}
	if _, err := check.AddInt64(s.n, other.n); err != nil {
		return fmt.Errorf("%s: customers: %w", where, err)
	}
	for a, n := range other.counts {
		_ = s.add(a, n) // the total was checked
	}
	return nil
}

// Customers returns the number of customers with a repeat purchase.
func (s *Spend) Customers() int64 {
	if s == nil {
		return 0
	}
	return s.n
}

// sorted lists the groups by count, then amount.
func (s *Spend) sorted() []amount {
	out := make([]amount, 0, len(s.counts))
	for a := range s.counts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b amount) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.mean, b.mean)) })
	return out
}

// Correlation returns Pearson's correlation of the number of repeat purchases and their mean
// amount over customers. The Gamma-Gamma law takes it to be 0: at .1 it does well, at .5 it does
// not. ErrEmpty below two customers, ErrUndefined where one of the two never varies.
func (s *Spend) Correlation() (float64, error) {
	const where = "lifetime: Spend.Correlation"
	if err := check.Receiver(where, s); err != nil {
		return 0, err
	}
	if s.n < 2 {
		return 0, fmt.Errorf("%s: %d customers, want two: %w", where, s.n, ErrEmpty)
	}
	groups := s.sorted()
	var meanX, meanV float64
	for _, a := range groups {
		w := float64(s.counts[a]) / float64(s.n)
		meanX += w * float64(a.x)
		meanV += w * a.mean
	}
	var xx, vv, xv float64
	for _, a := range groups {
		w := float64(s.counts[a]) / float64(s.n)
		dx, dv := float64(a.x)-meanX, a.mean-meanV
		xx += w * dx * dx
		vv += w * dv * dv
		xv += w * dx * dv
	}
	if xx <= 1e-24*meanX*meanX || vv <= 1e-24*meanV*meanV {
		return 0, fmt.Errorf("%s: all have the same count or amount: %w", where, ErrUndefined)
	}
	return min(max(xv/math.Sqrt(xx)/math.Sqrt(vv), -1), 1), nil
}

// AppendBinary appends the binary form to dst, the same bytes in whatever order the customers
// came. ErrEmpty for a nil receiver.
func (s *Spend) AppendBinary(dst []byte) ([]byte, error) {
	if err := check.Receiver("lifetime: Spend.AppendBinary", s); err != nil {
		return dst, err
	}
	var w codec.Writer
	groups := s.sorted()
	w.Int(len(groups))
	for _, a := range groups {
		w.Int(a.x)
		w.Float64(a.mean)
		w.Int64(s.counts[a])
	}
	return w.AppendFrame(dst, codec.KindSpend, 1), nil
}

// MarshalBinary returns the binary form.
func (s *Spend) MarshalBinary() ([]byte, error) { return s.AppendBinary(nil) }

// UnmarshalBinary replaces s by what MarshalBinary wrote. Payload of version 1, little-endian:
//
//	int   groups, then for each, ascending strictly by its first two numbers:
//	  int   repeat purchases, > 0
//	  f64   their mean amount, in [1e-12, 1e15]
//	  i64   customers, > 0
//
// Another kind of frame is ErrMismatch, what no Spend holds ErrCorrupt, a newer version
// ErrVersion; s is then unchanged.
func (s *Spend) UnmarshalBinary(data []byte) error {
	const where = "lifetime: Spend.UnmarshalBinary"
	if err := check.Receiver(where, s); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindSpend, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var d Spend
	var last amount
	groups := r.Int()
	for i := 0; i < groups && r.Err() == nil; i++ {
		a, n := amount{r.Int(), r.Float64()}, r.Int64()
		if r.Err() != nil {
			break
		}
		if a.check() != nil || n <= 0 || cmp.Or(cmp.Compare(last.x, a.x), cmp.Compare(last.mean, a.mean)) >= 0 || d.add(a, n) != nil {
			r.Fail("has groups out of order, of no customer, or that cannot be")
			break
		}
		last = a
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*s = d
	return nil
}

package privacy

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/profile"
)

// SumsOptions configures NewSums.
type SumsOptions struct {
	// Keys are the rows of the table that will be published: regions, categories, days.
	// They must not be read off the customers, since that a rare one occurs tells of somebody.
	Keys []string
	// MaxKeys is how many keys one customer counts in, those with the largest
	// contributions; 0 means 1, at most as many as there are Keys.
	MaxKeys int
	// Min and Max clip what one customer contributes to a key, |x| <= 1e15, Min <= Max and
	// not both 0. For counts, 0 and the number of times that each may count.
	Min, Max int64
}

// Sums accumulates whole numbers by customer and key, and tells them with noise. What
// each customer contributes is bounded after the last merge, over all shards, so that
// the sensitivity is what Sensitivity says. Counts are sums of 1; money is in minor
// units. It keeps every customer, 16 bytes a key and some for the id. Not safe
// for concurrent use. Make it with NewSums.
type Sums[U profile.ID] struct {
	keys     []string // ascending
	number   map[string]int32
	maxKeys  int
	min, max int64
	users    map[U][]part // by ascending key
}

// part is what one customer has of one key, not clipped.
type part struct {
	key int32
	sum int64
}

// maxValue bounds Min and Max.
const maxValue = 1_000_000_000_000_000

// NewSums returns an empty accumulator. No keys are ErrEmpty, a repeated one
// ErrDuplicate, other options out of their range ErrOption.
func NewSums[U profile.ID](opt SumsOptions) (*Sums[U], error) {
	const where = "privacy: NewSums"
	if len(opt.Keys) == 0 {
		return nil, fmt.Errorf("%s: Keys: %w", where, ErrEmpty)
	}
	s := &Sums[U]{keys: slices.Sorted(slices.Values(opt.Keys)), maxKeys: check.Default(opt.MaxKeys, 1), min: opt.Min, max: opt.Max}
	if err := s.index(); err != nil {
		return nil, fmt.Errorf("%s: Keys: %w", where, err)
	}
	var c check.Options
	c.Require(s.maxKeys >= 1 && s.maxKeys <= len(s.keys), "MaxKeys", opt.MaxKeys, "1 to the number of Keys")
	c.Require(s.bounded(), "Min, Max", fmt.Sprint(opt.Min, ", ", opt.Max), "bounds of at most 1e15, Min <= Max, not both 0")
	if err := c.Err(where); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Sums[U]) bounded() bool {
	return s.min >= -maxValue && s.max <= maxValue && s.min <= s.max && (s.min != 0 || s.max != 0)
}

// index numbers the keys and makes room for customers.
func (s *Sums[U]) index() error {
	s.number, s.users = make(map[string]int32, len(s.keys)), map[U][]part{}
	for i, k := range s.keys {
		if _, ok := s.number[k]; ok {
			return fmt.Errorf("%q: %w", k, ErrDuplicate)
		}
		s.number[k] = int32(i)
	}
	return nil
}

func (s *Sums[U]) made(method string) error {
	if s == nil || len(s.keys) == 0 {
		return fmt.Errorf("privacy: Sums.%s: not made by NewSums: %w", method, ErrEmpty)
	}
	return nil
}

// Add adds value to what user has of key. A key that NewSums was not told is
// ErrUnknownID, a sum beyond int64 ErrOverflow; both change nothing.
func (s *Sums[U]) Add(user U, key string, value int64) error {
	if err := s.made("Add"); err != nil {
		return err
	}
	k, ok := s.number[key]
	if !ok {
		return fmt.Errorf("privacy: Sums.Add: %w", check.Private("key", -1, user, key, ErrUnknownID))
	}
	parts := s.users[user]
	i, found := slices.BinarySearchFunc(parts, k, func(p part, k int32) int { return cmp.Compare(p.key, k) })
	if !found {
		s.users[user] = slices.Insert(parts, i, part{k, value})
		return nil
	}
	sum, err := check.AddInt64(parts[i].sum, value)
	if err != nil {
		return fmt.Errorf("privacy: Sums.Add: %w", check.Private("value", -1, user, value, ErrOverflow))
	}
	parts[i].sum = sum
	return nil
}

// Merge adds what other has, which it leaves alone. Other options, nil and the receiver
// itself are ErrMismatch, a sum beyond int64 ErrOverflow; nothing is changed then.
func (s *Sums[U]) Merge(other *Sums[U]) error {
	if err := check.Merge("privacy: Sums.Merge", s, other); err != nil {
		return err
	}
	if err := s.made("Merge"); err != nil {
		return err
	}
	if !slices.Equal(s.keys, other.keys) || s.maxKeys != other.maxKeys || s.min != other.min || s.max != other.max {
		return fmt.Errorf("privacy: Sums.Merge: options differ: %w", ErrMismatch)
	}
	joined := make(map[U][]part, len(other.users))
	for u, b := range other.users {
		a := s.users[u]
		out := make([]part, 0, len(a)+len(b))
		for len(a) > 0 || len(b) > 0 {
			switch {
			case len(b) == 0 || len(a) > 0 && a[0].key < b[0].key:
				out, a = append(out, a[0]), a[1:]
			case len(a) == 0 || b[0].key < a[0].key:
				out, b = append(out, b[0]), b[1:]
			default:
				sum, err := check.AddInt64(a[0].sum, b[0].sum)
				if err != nil {
					return fmt.Errorf("privacy: Sums.Merge: %w", check.Private("sum", -1, u, nil, ErrOverflow))
				}
				out, a, b = append(out, part{a[0].key, sum}), a[1:], b[1:]
			}
		}
		joined[u] = out
	}
	maps.Copy(s.users, joined)
	return nil
}

// Forget removes a customer and reports whether there was one. The bytes are then those
// of a state that never saw the customer. What was released stays released.
func (s *Sums[U]) Forget(user U) bool {
	if s == nil {
		return false
	}
	_, ok := s.users[user]
	delete(s.users, user)
	return ok
}

// Keys returns the keys in the order of Result and Release, ascending.
func (s *Sums[U]) Keys() []string {
	if s == nil {
		return nil
	}
	return slices.Clone(s.keys)
}

// Sensitivity returns by how much adding or removing one customer with all records
// changes the sums: l1 is the largest sum of absolute changes, MaxKeys·max(|Min|, |Max|), squared the
// largest sum of squares, +Inf never. One customer replaced by another is twice that (l1) and
// four times (squared).
func (s *Sums[U]) Sensitivity() (l1, squared float64) {
	if s == nil || len(s.keys) == 0 {
		return 0, 0
	}
	a, b := s.sensitivity()
	l1, _ = new(big.Float).SetInt(a).Float64()
	squared, _ = new(big.Float).SetInt(b).Float64()
	return l1, squared
}

func (s *Sums[U]) sensitivity() (l1, squared *big.Int) {
	bound, keys := big.NewInt(max(s.max, -s.min)), big.NewInt(int64(s.maxKeys))
	l1 = new(big.Int).Mul(bound, keys)
	return l1, new(big.Int).Mul(l1, bound)
}

// Result returns the clipped sums without noise, in order of Keys. They are for
// tests and for what never leaves the house: a sum beyond int64 stays at its end. O(n).
func (s *Sums[U]) Result() []int64 {
	if s == nil || len(s.keys) == 0 {
		return nil
	}
	sums := make([]big.Int, len(s.keys))
	var mine []part
	for _, parts := range s.users {
		mine = mine[:0]
		for _, p := range parts {
			mine = append(mine, part{p.key, min(max(p.sum, s.min), s.max)})
		}
		if len(mine) > s.maxKeys { // by what the customer has alone: others must not change which
			slices.SortFunc(mine, func(a, b part) int {
				return cmp.Or(cmp.Compare(max(b.sum, -b.sum), max(a.sum, -a.sum)), cmp.Compare(a.key, b.key))
			})
		}
		for _, p := range mine[:min(len(mine), s.maxKeys)] {
			sums[p.key].Add(&sums[p.key], big.NewInt(p.sum))
		}
	}
	out := make([]int64, len(sums))
	for k := range sums {
		out[k] = clamp(&sums[k])
	}
	return out
}

// Release returns the clipped sums with noise, in order of Keys, and takes the cost off
// the budget once for all of them: discrete Laplace noise for a cost of Epsilon, Gaussian for
// one of Rho, scaled to Sensitivity. Keys that nobody has get noise too. query and src
// are those of Budget.Release, and so are the errors; a cost of both or neither is ErrOption.
func (s *Sums[U]) Release(l *Budget, query string, cost Cost, src io.Reader) ([]int64, error) {
	if err := s.made("Release"); err != nil {
		return nil, err
	}
	if (cost.Epsilon != 0) == (cost.Rho != 0) {
		return nil, fmt.Errorf("privacy: Sums.Release: cost is %v, want Epsilon or Rho: %w", cost, ErrOption)
	}
	l1, squared := s.sensitivity()
	n, err := newNoise("Sums.Release", false, l1, cost.Epsilon)
	if cost.Rho != 0 {
		n, err = newNoise("Sums.Release", true, squared, cost.Rho)
	}
	if err != nil {
		return nil, err
	}
	return l.Release(query, n, src, s.Result())
}

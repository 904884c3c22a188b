package basket

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"unsafe"

	"github.com/aislekit/aisle/internal/check"
)

// Fraction is the exact fraction Num/Den, in [0, 1]. Supports and confidences are compared
// with it in whole numbers: a rule that holds for 8 of 10 baskets is one of .8, which
// floating point may miss. The zero value is "not given".
type Fraction struct {
	Num int64 // 0 … Den
	Den int64 // > 0
}

// FractionOf returns the shortest decimal fraction that reads as x: FractionOf(0.001) is
// 1/1000. ErrNotFinite for NaN and infinities, ErrRange outside of [0, 1] and where the
// denominator in lowest terms is beyond 2⁶³−1: never with up to 18 decimals, and with more
// unless they cancel, as in 5e-19, 1/(2·10¹⁸).
func FractionOf(x float64) (Fraction, error) {
	const where = "basket: FractionOf"
	switch {
	case !check.Finite(x):
		return Fraction{}, fmt.Errorf("%s: %v: %w", where, x, ErrNotFinite)
	case x < 0 || x > 1:
		return Fraction{}, fmt.Errorf("%s: %v, want it in [0, 1]: %w", where, x, ErrRange)
	}
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'f', -1, 64))
	if !r.Denom().IsInt64() {
		return Fraction{}, fmt.Errorf("%s: %v has more than 18 decimals: %w", where, x, ErrRange)
	}
	return Fraction{r.Num().Int64(), r.Denom().Int64()}, nil
}

// valid reports whether s is a fraction in [0, 1].
func (s Fraction) valid() bool { return s.Den > 0 && s.Num >= 0 && s.Num <= s.Den }

// of returns the smallest whole count k with k/n >= s: ⌈n·Num/Den⌉.
func (s Fraction) of(n int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(s.Num))
	q, rest := bits.Div64(hi, lo, uint64(s.Den)) // hi < Den since Num <= Den
	if rest > 0 {
		q++
	}
	return int64(q)
}

// reached reports whether k/n >= s; n > 0.
func (s Fraction) reached(k, n int64) bool {
	h1, l1 := bits.Mul64(uint64(k), uint64(s.Den))
	h2, l2 := bits.Mul64(uint64(n), uint64(s.Num))
	return h1 > h2 || h1 == h2 && l1 >= l2
}

// Algorithm is how frequent sets are found. All find the same.
type Algorithm uint8

// The algorithms. AlgorithmAuto takes Eclat where the frequent items fill more than
// half of the cells of baskets × items, FPGrowth where they fill less.
const (
	AlgorithmAuto Algorithm = iota
	FPGrowth                // Han, Pei, Yin (2000): a tree of prefixes, projected item by item
	Eclat                   // Zaki (2000): bitmaps of baskets by item; Zaki, Gouda (2003): differences of them
)

// String returns the name.
func (a Algorithm) String() string {
	switch a {
	case AlgorithmAuto:
		return "auto"
	case FPGrowth:
		return "FP-growth"
	case Eclat:
		return "Eclat"
	}
	return "Algorithm(" + strconv.Itoa(int(a)) + ")"
}

// KeepSets says which of the frequent sets are returned.
type KeepSets uint8

// What is kept.
const (
	KeepAll     KeepSets = iota
	KeepClosed           // sets of which no larger set is in as many baskets
	KeepMaximal          // sets of which no larger set is frequent
)

// MineOptions configures Mine. One of MinCount and MinSupport has to be given, unless Top is.
type MineOptions struct {
	// MinCount is the least number of baskets that hold a frequent set, 1 … 2⁶². 0: see
	// MinSupport.
	MinCount int64
	// MinSupport is the least share of all baskets that hold a frequent set, more than 0
	// and exact: at 1/1000 of 9,835 baskets that is 10. The zero value: see MinCount.
	MinSupport Fraction
	// MinLen and MaxLen bound the number of items of the sets returned; 0: 1, and no bound.
	// What is closed or maximal is judged over sets of any length.
	MinLen, MaxLen int
	// Keep is KeepAll unless given. Closed and maximal sets are picked from all frequent ones,
	// or, where these pass MaxSets or MaxMemory, searched for without them, over items and not
	// over a taxonomy: what is always together is then taken together.
	Keep KeepSets
	// Top keeps the sets that are in the most baskets, so many of them; ties go to shorter
	// sets, then to smaller items. Without MinCount and MinSupport a set has to be in one
	// basket. 0: all. Few more than twice as many are held at a time, and what is longer than a
	// set that ties with the last of them is not looked at; of those as long, a hundred times
	// MaxSets may be, one more is ErrTooLarge.
	Top int
	// Algorithm is AlgorithmAuto unless given.
	Algorithm Algorithm
	// MaxSets is the largest number of sets held at a time; 0: 10 million. One more is
	// ErrTooLarge: thirty items that are always together are in 2³⁰ sets.
	MaxSets int
	// MaxMemory bounds the bytes of working memory and sets, less the baskets themselves;
	// 0: 4 GiB. What would take more is ErrTooLarge before it is taken. Not counted is the
	// sorted copy of the different items, made first; what Sets.Rules makes of the sets has a
	// bound of its own, RuleOptions.MaxMemory.
	MaxMemory int64
}

// withDefaults returns o with its defaults.
func (o MineOptions) withDefaults() MineOptions {
	if o.MinCount == 0 && o.MinSupport == (Fraction{}) && o.Top > 0 {
		o.MinCount = 1
	}
	o.MinLen = check.Default(o.MinLen, 1)
	o.MaxLen = check.Default(o.MaxLen, math.MaxInt32)
	o.MaxSets = check.Default(o.MaxSets, 10_000_000)
	o.MaxMemory = check.Default(o.MaxMemory, 4<<30)
	return o
}

// validate reports every bad field.
func (o MineOptions) validate(where string) error {
	var c check.Options
	requireSupport(&c, o.MinCount, o.MinSupport)
	c.Require(o.MinLen >= 1, "MinLen", o.MinLen, ">= 0")
	c.Require(o.MaxLen >= o.MinLen && o.MaxLen <= math.MaxInt32, "MaxLen", o.MaxLen, "0, or MinLen at least and 2³¹−1 at most")
	c.Require(o.Keep <= KeepMaximal, "Keep", o.Keep, "one of the constants")
	c.Require(o.Top >= 0, "Top", o.Top, ">= 0")
	c.Require(o.Algorithm <= Eclat, "Algorithm", o.Algorithm, "one of the constants")
	c.Require(o.MaxSets >= 1, "MaxSets", o.MaxSets, ">= 0")
	c.Require(o.MaxMemory >= 1, "MaxMemory", o.MaxMemory, ">= 0")
	return c.Err(where)
}

// requireSupport asks for one of a count and a share.
func requireSupport(c *check.Options, count int64, share Fraction) {
	c.Require(count >= 0 && count <= maxBaskets, "MinCount", count, "1 … 2⁶²")
	c.Require(share == (Fraction{}) || share.valid() && share.Num > 0, "MinSupport", share, "a fraction in (0, 1]")
	c.Require(count == 0 || share == (Fraction{}), "MinSupport", share, "nothing beside MinCount")
	c.Require(count != 0 || share != (Fraction{}), "MinCount", count, ">= 1, or a MinSupport")
}

// least returns the smallest count of a frequent set of n baskets.
func least(count int64, share Fraction, n int) int64 {
	if count > 0 {
		return count
	}
	return max(share.of(int64(n)), 1)
}

// budget is the memory that is left, in bytes.
type budget struct{ left, sets int64 }

// take asks for n bytes.
func (b *budget) take(n int64) error {
	if n > b.left {
		return fmt.Errorf("beyond MaxMemory: %w", ErrTooLarge)
	}
	b.left -= n
	return nil
}

// grown returns s with room for one more, which is paid for before it is taken: twice as
// much as before, and as long as both are there both are.
func grown[T any](b *budget, s []T) ([]T, error) {
	if len(s) < cap(s) {
		return s, nil
	}
	var x T
	n, size := max(2*cap(s), 1024), int64(unsafe.Sizeof(x))
	if err := b.take(size * int64(n)); err != nil {
		return nil, err
	}
	b.left += size * int64(cap(s))
	return append(make([]T, 0, n), s...), nil
}

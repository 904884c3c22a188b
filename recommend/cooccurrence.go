package recommend

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/rng"
	"github.com/aislekit/aisle/internal/sparse"
)

// CooccurrenceOptions configures a Cooccurrence.
type CooccurrenceOptions struct {
	// MaxBasket bounds the items of a basket, and with it the MaxBasket² pairs that
	// one heavy user or one test order can add; default 500. Of a larger basket
	// those items count whose hash with Seed and the basket is smallest, so the
	// choice is the same on every machine and in every order.
	MaxBasket int
	Seed      uint64
}

// Cooccurrence counts in how many baskets (users, orders, sessions) each item
// and each pair of items occurs. It merges exactly: shards, days and machines
// add up to one pass. ItemKNN turns the counts into a model, so neighbours can
// be kept up to date without the history. Not safe for concurrent use; use
// NewCooccurrence.
//
// Memory: about 32 bytes for each pair seen.
type Cooccurrence struct {
	opt     CooccurrenceOptions
	items   int
	baskets int64
	capped  int64
	single  []int64
	pairs   map[uint64]int64 // i<<32 | j, i < j
	scratch []int32
}

// NewCooccurrence returns empty counts for items dense indices in [0, items).
func NewCooccurrence(items int, opt CooccurrenceOptions) (*Cooccurrence, error) {
	opt.MaxBasket = check.Default(opt.MaxBasket, 500)
	var c check.Options
	c.Require(items > 0 && items <= math.MaxInt32, "items", items, "in [1, 2³¹)")
	c.Require(opt.MaxBasket >= 2 && opt.MaxBasket <= math.MaxInt32, "MaxBasket", opt.MaxBasket, ">= 2")
	if err := c.Err("recommend: NewCooccurrence"); err != nil {
		return nil, err
	}
	return &Cooccurrence{opt: opt, items: items, single: make([]int64, items), pairs: map[uint64]int64{}}, nil
}

// Add counts one basket. basket names it for the hash of MaxBasket; items may
// come in any order, repeats count once. An empty basket counts as a basket
// without items. ErrRange names an item out of range; nothing is counted then.
func (c *Cooccurrence) Add(basket uint64, items []int32) error {
	if c = orZero(c); c.items == 0 {
		return fmt.Errorf("recommend: Cooccurrence.Add: not made by NewCooccurrence: %w", ErrEmpty)
	}
	s := append(c.scratch[:0], items...)
	slices.Sort(s)
	s = slices.Compact(s)
	c.scratch = s[:0]
	if len(s) > 0 && (s[0] < 0 || int(s[len(s)-1]) >= c.items) {
		bad := s[0]
		if bad >= 0 {
			bad = s[len(s)-1]
		}
		return fmt.Errorf("recommend: Cooccurrence.Add: basket %d: item %d of %d: %w", basket, bad, c.items, ErrRange)
	}
	c.baskets++
	if len(s) > c.opt.MaxBasket {
		c.capped++
		key := func(i int32) uint64 { return rng.Hash(c.opt.Seed, basket, uint64(i)) }
		slices.SortFunc(s, func(a, b int32) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a, b)) })
		s = s[:c.opt.MaxBasket]
		slices.Sort(s)
	}
	for n, i := range s {
		c.single[i]++
		for _, j := range s[n+1:] {
			c.pairs[uint64(i)<<32|uint64(j)]++
		}
	}
	return nil
}

// Merge adds the counts of other. ErrMismatch for nil, c itself, other items or
// other options, ErrOverflow; c is then unchanged.
func (c *Cooccurrence) Merge(other *Cooccurrence) error {
	if err := check.Merge("recommend: Cooccurrence.Merge", c, other); err != nil {
		return err
	}
	if c.items == 0 {
		return fmt.Errorf("recommend: Cooccurrence.Merge: not made by NewCooccurrence: %w", ErrEmpty)
	}
	if other.items != c.items || other.opt != c.opt {
		return fmt.Errorf("recommend: Cooccurrence.Merge: other items or options: %w", ErrMismatch)
	}
	if _, err := check.AddInt64(c.baskets, other.baskets); err != nil { // bounds every other count
		return fmt.Errorf("recommend: Cooccurrence.Merge: baskets: %w", err)
	}
	c.baskets += other.baskets
	c.capped += other.capped
	for i, n := range other.single {
		c.single[i] += n
	}
	for k, n := range other.pairs {
		c.pairs[k] += n
	}
	return nil
}

// Baskets returns the number of baskets, and how many of them were cut to
// MaxBasket.
func (c *Cooccurrence) Baskets() (all, capped int64) {
	c = orZero(c)
	return c.baskets, c.capped
}

// Count returns in how many baskets items i and j occur together; with i == j,
// in how many i occurs. 0 for indices out of range.
func (c *Cooccurrence) Count(i, j int32) int64 {
	c = orZero(c)
	if i > j {
		i, j = j, i
	}
	if i < 0 || int(j) >= c.items {
		return 0
	}
	if i == j {
		return c.single[i]
	}
	return c.pairs[uint64(i)<<32|uint64(j)]
}

// ItemKNN returns the neighbour model of the counts: what FitItemKNN gives with
// Weighting Binary on the same baskets, as long as none was cut or empty. opt.Weighting
// is not used. Memory: 20 bytes a neighbour kept. Errors: ErrOption (also
// for Pearson and AdjustedCosine, which need graded weights), ErrEmpty.
func (c *Cooccurrence) ItemKNN(opt ItemKNNOptions) (*ItemKNN, error) {
	c = orZero(c)
	opt.Weighting = Binary
	opt, auto := opt.withDefaults().automatic()
	if auto {
		opt.Shrinkage = defaultShrinkage
	}
	if err := opt.validate("recommend: Cooccurrence.ItemKNN"); err != nil {
		return nil, err
	}
	if len(c.pairs) == 0 {
		return nil, fmt.Errorf("recommend: Cooccurrence.ItemKNN: pairs: %w", ErrEmpty)
	}
	size := make([]float64, c.items)
	for i, n := range c.single {
		size[i] = float64(n)
		if !opt.Similarity.counts() {
			size[i] = math.Sqrt(size[i])
		}
	}
	others := make([]int32, c.items)
	for k := range c.pairs {
		others[k>>32]++
		others[k&math.MaxUint32]++
	}
	top := sparse.NewTopRows(c.items, opt.Neighbors, func(i int) int { return int(others[i]) })
	// The order of the map does not matter: what a row keeps does not depend on
	// the order of the offers.
	for k, n := range c.pairs {
		i, j := int32(k>>32), int32(k&math.MaxUint32)
		for range 2 {
			top.Offer(int(i), j, float32(opt.value(float64(n), size[i], size[j], float64(c.baskets))))
			i, j = j, i
		}
	}
	near, err := top.CSR(context.Background(), c.items, opt.Workers, nil, nil)
	if err != nil {
		return nil, err
	}
	return &ItemKNN{itemWeights{users: int(min(c.baskets, math.MaxInt32)), near: near, reaches: near.Transpose()}, opt.told()}, nil
}

// AppendBinary appends the frame of c to dst.
func (c *Cooccurrence) AppendBinary(dst []byte) ([]byte, error) {
	if c == nil || c.items == 0 {
		return dst, errUnfitted("Cooccurrence")
	}
	var w codec.Writer
	w.Int(c.opt.MaxBasket)
	w.Uint64(c.opt.Seed)
	w.Int64(c.baskets)
	w.Int64(c.capped)
	w.Int64s(c.single)
	keys := make([]uint64, 0, len(c.pairs))
	for k := range c.pairs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	counts := make([]int64, len(keys))
	for n, k := range keys {
		counts[n] = c.pairs[k]
	}
	w.Uint64s(keys)
	w.Int64s(counts)
	return w.AppendFrame(dst, codec.KindCooccurrence, 1), nil
}

// MarshalBinary returns the frame of c.
func (c *Cooccurrence) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary decodes a frame; c is unchanged when it fails. Payload of
// version 1, in the words of Persistent:
//
//	int      MaxBasket, 2 … 2³¹-1
//	u64      Seed
//	i64      baskets
//	i64      baskets that were cut, at most all
//	[]i64    baskets of each item, at most all; at least one item
//	[]u64    pairs of items that occur together, i·2³²+j with i < j, strictly ascending
//	[]i64    baskets of each pair, >= 1, at most those of either item
//
// Anything else and bytes left over are ErrCorrupt, a newer version is ErrVersion, a
// frame of something else ErrMismatch.
func (c *Cooccurrence) UnmarshalBinary(data []byte) error {
	r, err := open(c, data, codec.KindCooccurrence, 1)
	if err != nil {
		return fmt.Errorf("recommend: Cooccurrence.UnmarshalBinary: %w", err)
	}
	d := Cooccurrence{opt: CooccurrenceOptions{MaxBasket: r.Int(), Seed: r.Uint64()}}
	d.baskets, d.capped, d.single = r.Int64(), r.Int64(), r.Int64s()
	keys, counts := r.Uint64s(), r.Int64s()
	d.items = len(d.single)
	if d.items == 0 || d.items > math.MaxInt32 || d.opt.MaxBasket < 2 || d.opt.MaxBasket > math.MaxInt32 ||
		d.baskets < 0 || d.capped < 0 || d.capped > d.baskets || len(keys) != len(counts) {
		r.Fail("has a setting or count out of range")
	}
	for _, n := range d.single {
		if n < 0 || n > d.baskets {
			r.Fail("has a count out of range")
			break
		}
	}
	if r.Err() == nil {
		d.pairs = make(map[uint64]int64, len(keys))
		for n, k := range keys {
			i, j := k>>32, k&math.MaxUint32
			if n > 0 && keys[n-1] >= k || i >= j || j >= uint64(d.items) || counts[n] < 1 || counts[n] > min(d.single[i], d.single[j]) {
				r.Fail("has a pair out of order or range")
				break
			}
			d.pairs[k] = counts[n]
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("recommend: Cooccurrence.UnmarshalBinary: %w", err)
	}
	*c = d
	return nil
}

package recommend

import (
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
)

// Categories says to which categories each item belongs: departments, brands,
// price bands, genres, popularity bands. An item of several categories belongs to
// each in equal parts, so that its shares add up to 1; an item of none has none.
// Immutable, safe for concurrent use. Over which items they are is known of those that
// Catalogue.Categories makes, and where Over says so.
//
// As a Likeness it is the cosine of the shares: 1 for items of the same
// categories, 0 for items with none in common.
type Categories struct {
	origin
	n   int     // categories
	ptr []int32 // items+1
	cat []int32 // ascending within an item
}

// NewCategories takes for each item the categories it belongs to, each in
// [0, n), n being the number of categories. The lists are copied. Errors:
// ErrOption (n < 1), ErrRange (a category), ErrDuplicate (twice in a list).
func NewCategories(n int, lists [][]int32) (*Categories, error) {
	if n < 1 || n > math.MaxInt32 {
		return nil, fmt.Errorf("recommend: NewCategories: n is %d, want at least 1: %w", n, ErrOption)
	}
	c := &Categories{n: n, ptr: make([]int32, 1, len(lists)+1)}
	for i, list := range lists {
		start := len(c.cat)
		for _, g := range list {
			if uint32(g) >= uint32(n) {
				return nil, fmt.Errorf("recommend: NewCategories: item %d: category %d of %d: %w", i, g, n, ErrRange)
			}
			c.cat = append(c.cat, g)
		}
		own := c.cat[start:]
		slices.Sort(own)
		if len(slices.Compact(own)) != len(list) {
			return nil, fmt.Errorf("recommend: NewCategories: item %d: a category twice: %w", i, ErrDuplicate)
		}
		if len(c.cat) > math.MaxInt32 {
			return nil, fmt.Errorf("recommend: NewCategories: too many entries: %w", ErrOverflow)
		}
		c.ptr = append(c.ptr, int32(len(c.cat)))
	}
	return c, nil
}

// Items returns the number of items, Len that of categories.
func (c *Categories) Items() int {
	if c == nil {
		return 0
	}
	return max(len(c.ptr)-1, 0)
}

// Len returns the number of categories.
func (c *Categories) Len() int {
	c = orZero(c)
	return c.n
}

// Of returns the categories of an item, ascending; nil for an item out of range.
// The slice must not be changed.
func (c *Categories) Of(item int32) []int32 {
	if uint32(item) >= uint32(c.Items()) {
		return nil
	}
	return c.cat[c.ptr[item]:c.ptr[item+1]]
}

// Taste writes into dst, of length Len(), the distribution of a history over the
// categories: Σ weight·share, divided by its sum. nil weights mean 1 each. Items
// without category do not count; ErrEmpty when none is left, ErrShape, and
// ErrRange for an unknown item or a weight that is negative or not finite.
func (c *Categories) Taste(dst []float64, items []int32, weights []float32) (err error) {
	c = orZero(c)
	defer about(&err, "Categories.Taste")
	if c.n == 0 {
		return fmt.Errorf("categories: %w", ErrEmpty)
	}
	if len(dst) != c.n {
		return badLength("dst", len(dst), c.n)
	}
	if weights != nil && len(weights) != len(items) {
		return badLength("weights", len(weights), len(items))
	}
	weight := func(k int) float64 {
		if weights == nil {
			return 1
		}
		return float64(weights[k])
	}
	for k, i := range items {
		w := weight(k)
		if uint32(i) >= uint32(c.Items()) || !(w >= 0) || !check.Finite(w) {
			return fmt.Errorf("item %d is %d of weight %v, want in [0, %d) and >= 0: %w", k, i, w, c.Items(), ErrRange)
		}
	}
	clear(dst)
	sum := 0.0
	for k, i := range items {
		own := c.Of(i)
		if len(own) == 0 {
			continue
		}
		w := weight(k)
		sum += w
		for _, g := range own {
			dst[g] += w / float64(len(own))
		}
	}
	if sum == 0 {
		return fmt.Errorf("items with a category: %w", ErrEmpty)
	}
	for g := range dst {
		dst[g] /= sum
	}
	return nil
}

// Likeness writes |A∩B|/√(|A|·|B|) for the categories A of item and B of each
// other; 1 for the item itself.
func (c *Categories) Likeness(dst []float32, item int32, others []int32) (err error) {
	c = orZero(c)
	defer about(&err, "Categories.Likeness")
	if len(dst) != len(others) {
		return badLength("dst", len(dst), len(others))
	}
	if uint32(item) >= uint32(c.Items()) {
		return strange(item, c.Items())
	}
	a := c.Of(item)
	for k, o := range others {
		if uint32(o) >= uint32(c.Items()) {
			return strange(o, c.Items())
		}
		b := c.Of(o)
		common := 0
		for x, y := 0, 0; x < len(a) && y < len(b); {
			switch {
			case a[x] < b[y]:
				x++
			case a[x] > b[y]:
				y++
			default:
				common++
				x++
				y++
			}
		}
		switch {
		case o == item:
			dst[k] = 1
		case common == 0:
			dst[k] = 0
		default:
			dst[k] = float32(float64(common) / math.Sqrt(float64(len(a))*float64(len(b))))
		}
	}
	return nil
}

// taste checks a distribution over the categories and the candidates, and
// leaves the normalised distribution in whole.
func (r *Reranker) taste(c *Categories, taste []float64, where string) error {
	if c == nil {
		return fmt.Errorf("recommend: Reranker.%s: no Categories: %w", where, ErrOption)
	}
	if len(taste) != c.n {
		return fmt.Errorf("recommend: Reranker.%s: taste has length %d, want %d: %w", where, len(taste), c.n, ErrShape)
	}
	sum := 0.0
	for g, p := range taste {
		if !(p >= 0) || math.IsInf(p, 0) {
			return fmt.Errorf("recommend: Reranker.%s: taste for category %d is %v, want finite and not negative: %w", where, g, p, ErrRange)
		}
		sum += p
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return fmt.Errorf("recommend: Reranker.%s: tastes add up to %v, want a finite sum above 0: %w", where, sum, ErrRange)
	}
	for i, it := range r.items {
		if uint32(it) >= uint32(c.Items()) && !r.joined(it) {
			return fmt.Errorf("recommend: Reranker.%s: candidate %d is item %d of %d: %w", where, i, it, c.Items(), ErrRange)
		}
	}
	r.whole = slices.Grow(r.whole[:0], c.n)[:c.n]
	r.mass = slices.Grow(r.mass[:0], c.n)[:c.n]
	for g, p := range taste {
		r.whole[g] = p / sum
	}
	return nil
}

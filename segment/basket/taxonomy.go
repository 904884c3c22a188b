package basket

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/dict"
	"github.com/aislekit/aisle/internal/parallel"
)

// MineTaxonomy is Mine over items and the categories above them together (Srikant, Agrawal
// 1995): a basket with a jacket holds outerwear as well, so that "outerwear → boots" is found
// where no single jacket is bought often enough. parents gives for an item, or a category,
// those directly above it; there may be several, and levels above them. No set holds an item
// beside one above it, so no rule says that a jacket is outerwear.
//
// Beyond the errors of Mine, ErrRange where an item is above itself. Cost: Mine of baskets
// longer by the categories; they are copied, within MaxMemory.
func MineTaxonomy[I ID](ctx context.Context, b *Baskets[I], parents map[I][]I, opt MineOptions) (*Sets[I], error) {
	const where = "basket: MineTaxonomy"
	if b == nil || b.Len() == 0 {
		return nil, fmt.Errorf("%s: no baskets: %w", where, ErrEmpty)
	}
	if err := opt.withDefaults().validate(where); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	wide := &Baskets[I]{items: *b.items.Clone(), ptr: make([]int64, 0, len(b.ptr))}
	opt = opt.withDefaults()
	left, meter := budget{left: opt.MaxMemory}, parallel.NewMeter(ctx)
	c := climber[I]{items: &wide.items, parents: parents}
	above := make([][]int32, 0, wide.items.Len()) // of each item, in order of number
	for x := 0; x < wide.items.Len(); x++ {       // it grows by the categories
		if err := c.climb(int32(x)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if err := left.take(8*int64(len(c.above)) + 64); err != nil { // ancestryOf copies it
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if err := meter.Did(16*len(c.above) + 16); err != nil {
			return nil, err
		}
		above = append(above, slices.Clone(c.above))
	}
	total := int64(0)
	for _, x := range b.ids {
		total += 1 + int64(len(above[x])) // before repeated ones are dropped
	}
	if err := left.take(4*total + 8*int64(len(b.ptr))); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	opt.MaxMemory = max(left.left, 1)
	wide.ids = make([]int32, 0, total)
	for i := range b.ptr {
		start := len(wide.ids)
		for _, x := range b.basket(i) {
			wide.ids = append(append(wide.ids, x), above[x]...)
		}
		row := wide.ids[start:]
		if err := meter.Did(16*len(row) + 16); err != nil {
			return nil, err
		}
		slices.Sort(row)
		wide.ids = wide.ids[:start+len(slices.Compact(row))]
		wide.ptr = append(wide.ptr, int64(len(wide.ids)))
	}
	levels, err := ancestryOf(&wide.items, above, meter)
	if err != nil {
		return nil, err
	}
	return mine(ctx, where, wide, levels, opt)
}

// climber finds what is above an item.
type climber[I ID] struct {
	items       *dict.Dict[I]
	parents     map[I][]I
	above, todo []int32
	seen        []int32 // item → 1 + the one from which it was reached last
}

// climb sets above to everything above x, which it numbers where it is new.
func (c *climber[I]) climb(x int32) error {
	c.above, c.todo = c.above[:0], append(c.todo[:0], x)
	for len(c.todo) > 0 {
		at := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		for _, p := range c.parents[c.items.Key(at)] {
			n, err := c.items.Add(p)
			if err != nil {
				return err
			}
			if n == x {
				return fmt.Errorf("item %v is above itself: %w", p, ErrRange)
			}
			for int(n) >= len(c.seen) {
				c.seen = append(c.seen, 0)
			}
			if c.seen[n] != x+1 {
				c.seen[n] = x + 1
				c.above = append(c.above, n)
				c.todo = append(c.todo, n)
			}
		}
	}
	return nil
}

// ancestry knows, of items by their number in natural order, what is above what.
type ancestry struct{ above [][]int32 }

// ancestryOf turns the lists, numbered as items came, into those by natural order, so that
// what is above what is looked up by the numbers that sets hold.
func ancestryOf[I ID](items *dict.Dict[I], above [][]int32, meter *parallel.Meter) (*ancestry, error) {
	_, perm := dict.Sorted(items, 0)
	a := &ancestry{make([][]int32, len(above))}
	for x, list := range above {
		if err := meter.Did(16*len(list) + 16); err != nil {
			return nil, err
		}
		a.above[perm[x]] = make([]int32, 0, len(list))
		for _, y := range list {
			a.above[perm[x]] = append(a.above[perm[x]], perm[y])
		}
		slices.Sort(a.above[perm[x]])
	}
	return a, nil
}

// apart reports whether neither of x and y is above the other.
func (a *ancestry) apart(x, y int32) bool {
	_, up := slices.BinarySearch(a.above[x], y)
	_, down := slices.BinarySearch(a.above[y], x)
	return !up && !down
}

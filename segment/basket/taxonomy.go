package basket

import (
	"context"
	"fmt"
	"slices"

	"github.com/aislekit/aisle/internal/dict"
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
	above := make([][]int32, 0, wide.items.Len()) // of each item, in order of number
	for x := 0; x < wide.items.Len(); x++ {       // it grows by the categories
		list, err := ancestors(&wide.items, int32(x), parents)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		above = append(above, list)
	}
	opt = opt.withDefaults()
	left := budget{left: opt.MaxMemory}
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
		slices.Sort(row)
		wide.ids = wide.ids[:start+len(slices.Compact(row))]
		wide.ptr = append(wide.ptr, int64(len(wide.ids)))
	}
	return mine(ctx, where, wide, ancestryOf(&wide.items, above), opt)
}

// ancestors returns everything above x, which it numbers where it is new.
func ancestors[I ID](items *dict.Dict[I], x int32, parents map[I][]I) ([]int32, error) {
	var out []int32
	todo := []int32{x}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range parents[items.Key(at)] {
			n, err := items.Add(p)
			if err != nil {
				return nil, err
			}
			if n == x {
				return nil, fmt.Errorf("item %v is above itself: %w", p, ErrRange)
			}
			if !slices.Contains(out, n) {
				out = append(out, n)
				todo = append(todo, n)
			}
		}
	}
	return out, nil
}

// ancestry knows, of items by their number in natural order, what is above what.
type ancestry struct{ above [][]int32 }

func ancestryOf[I ID](items *dict.Dict[I], above [][]int32) *ancestry {
	_, perm := dict.Sorted(items, 0)
	a := &ancestry{make([][]int32, len(above))}
	for x, list := range above {
		for _, y := range list {
			a.above[perm[x]] = append(a.above[perm[x]], perm[y])
		}
		slices.Sort(a.above[perm[x]])
	}
	return a
}

// apart reports whether neither of x and y is above the other.
func (a *ancestry) apart(x, y int32) bool {
	_, up := slices.BinarySearch(a.above[x], y)
	_, down := slices.BinarySearch(a.above[y], x)
	return !up && !down
}

package sketch

import (
	"math"
	"slices"
)

// Grid returns ascending edges to count values by, the same for everybody: cell k holds those above edge k−1 and at most edge k, the
// first has no lower and the last no upper edge. The bounds are those of a Scale of relative error 5 %, from 2⁻⁴⁰ to 2¹⁰⁰ in magnitude, and 0. Counts of shards
// add up; Refine makes of them the edges to count by next, until the cells are fine enough for quantiles of any accuracy. Unlike
// a DD it needs no relative accuracy to be small: of times in seconds, which differ little among each other, it finds the days.
func Grid() []float64 {
	scale := NewScale(.05)
	low, high := scale.Key(nearZero), scale.Key(0x1p100)
	out := make([]float64, 0, 2*(high-low)+3)
	for k := high; k >= low; k-- {
		out = append(out, -math.Exp(float64(k)*scale.Log))
	}
	out = append(out, 0)
	for k := low; k <= high; k++ {
		out = append(out, math.Exp(float64(k)*scale.Log))
	}
	return out
}

// nearZero is where the cells on both sides of 0 end, about: they are not parted.
const nearZero = 0x1p-40

// narrowest is how wide a cell is, relative to its bounds, that holds one value for all purposes.
const narrowest = 0x1p-30

// Refine parts the cells that hold more than heavy values into cells of equal width, about cells of them in proportion to what
// they hold, and makes one of neighbours that are empty. It reports whether a cell was parted. There is a count for each of the len(edges)+1 cells.
func Refine(edges []float64, counts []int64, heavy int64, cells int) (next []float64, parted bool) {
	parts := func(k int) int { // whether a cell is to be parted
		if k == 0 || k == len(edges) || counts[k] <= heavy {
			return 1
		}
		low, high := edges[k-1], edges[k]
		size := max(math.Abs(low), math.Abs(high))
		if size <= 2*nearZero || high-low <= narrowest*size {
			return 1
		}
		return 2
	}
	total := 0.0
	for k := range counts {
		if parts(k) > 1 {
			total += float64(counts[k])
		}
	}
	for k, high := range edges {
		if parts(k) > 1 {
			low, n := edges[k-1], max(2, int(float64(cells)*float64(counts[k])/total))
			for i := 1; i < n; i++ {
				next = append(next, low+(high-low)*(float64(i)/float64(n)))
			}
			parted = true
		}
		if counts[k] > 0 || counts[k+1] > 0 {
			next = append(next, high)
		}
	}
	return slices.Compact(next), parted
}

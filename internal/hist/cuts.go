package hist

import (
	"cmp"
	"math"
	"slices"
)

// Column says how a column is cut into bins. Bin 0 holds missing values. Bin b >= 1 of
// numbers holds those at most Edges[b-1] and above the edge before; the last has no upper
// edge. Bin 1 of categories holds every code without a bin of its own, bin b >= 2 the
// code Codes[b-2].
type Column struct {
	Categorical bool
	Edges       []float64
	Codes       []int32
	Missing     bool // there were missing values when it was cut

	place []int32         // bin by code, where codes are small
	index map[int32]int32 // otherwise
}

// MaxBins is the largest number of bins of a column.
const MaxBins = 1 << 16

// Bins returns the number of bins.
func (c *Column) Bins() int {
	if c.Categorical {
		return 2 + len(c.Codes)
	}
	return 2 + len(c.Edges)
}

// Bin returns the bin of x.
func (c *Column) Bin(x float64) int {
	if x != x {
		return 0
	}
	if !c.Categorical {
		return 1 + c.above(x)
	}
	if !(x >= 0 && x < math.MaxInt32) {
		return 1
	}
	code := int32(x)
	if c.index != nil {
		return 1 + int(c.index[code])
	}
	if int(code) >= len(c.place) {
		return 1
	}
	return 1 + int(c.place[code])
}

// above counts the edges below x, by halves without a branch.
func (c *Column) above(x float64) int {
	lo, n := 0, len(c.Edges)
	for n > 0 {
		half := (n + 1) / 2
		next := lo
		if x > c.Edges[lo+half-1] {
			next = lo + half
		}
		lo = next
		n -= half
	}
	return lo
}

// Numbers returns a column of numbers, cut at ascending edges.
func Numbers(edges []float64, missing bool) Column {
	return Column{Edges: edges, Missing: missing}
}

// Categories returns a column of categories with a bin for each of the codes, which differ and
// are not negative.
func Categories(codes []int32, missing bool) Column {
	c := Column{Categorical: true, Codes: codes, Missing: missing}
	top := int32(-1)
	for _, code := range codes {
		top = max(top, code)
	}
	if int(top) > 1<<16+64*len(codes) {
		c.index = make(map[int32]int32, len(codes))
		for k, code := range codes {
			c.index[code] = int32(k + 1)
		}
		return c
	}
	c.place = make([]int32, top+1)
	for k, code := range codes {
		c.place[code] = int32(k + 1)
	}
	return c
}

// A Weighted is a value with the weight of its rows.
type Weighted struct{ X, W float64 }

// Tally sorts values by X and makes one of those that are equal, in place. The sum of their
// weights is taken in ascending order of weight: the order of rows does not matter.
func Tally(values []Weighted, equalWeights bool) []Weighted {
	sortWeighted(values)
	if !equalWeights {
		for lo := 0; lo < len(values); {
			hi := lo + 1
			for hi < len(values) && values[hi].X == values[lo].X {
				hi++
			}
			slices.SortFunc(values[lo:hi], func(a, b Weighted) int { return cmp.Compare(a.W, b.W) })
			lo = hi
		}
	}
	out := values[:0]
	for _, v := range values {
		if k := len(out) - 1; k >= 0 && out[k].X == v.X {
			out[k].W += v.W
		} else {
			out = append(out, Weighted{v.X + 0, v.W})
		}
	}
	return out
}

// Cuts returns at most bins-1 edges between the distinct ascending values, so that no bin
// weighs much more than the others where it is not a single value. Where there are no more
// values than bins, each has its own. Edges lie in the middle between two values.
func Cuts(values []Weighted, bins int) []float64 {
	if len(values) < 2 || bins < 2 {
		return nil
	}
	edge := func(k int) float64 { // between values k and k+1
		a, b := values[k].X, values[k+1].X
		if mid := a/2 + b/2; mid >= a && mid < b {
			return mid
		}
		return a
	}
	var out []float64
	if len(values) <= bins {
		for k := range len(values) - 1 {
			out = append(out, edge(k))
		}
		return out
	}
	// A value that fills a bin alone has one; the others share what is left.
	rest := 0.0
	for _, v := range values {
		rest += v.W
	}
	left, mean := bins, rest/float64(bins)
	big := make([]bool, len(values))
	for again := true; again && left > 0; {
		again = false
		for k, v := range values {
			if !big[k] && v.W >= mean {
				big[k], again = true, true
				rest -= v.W
				left--
			}
		}
		mean = max(rest, 0) / float64(max(left, 1))
	}
	sum := 0.0
	for k, v := range values[:len(values)-1] {
		if !big[k] {
			rest -= v.W
		}
		sum += v.W
		if big[k] || big[k+1] && sum >= mean/2 || sum >= mean {
			if len(out) == bins-1 {
				break
			}
			out = append(out, edge(k))
			sum = 0
			if !big[k] {
				left = max(left-1, 1)
				mean = rest / float64(left)
			}
		}
	}
	return out
}

// Levels returns the codes that get bins of their own: those that weigh at least least,
// the heaviest first, at most bins of them. Values that are no code are left out.
func Levels(values []Weighted, least float64, bins int) []int32 {
	kept := make([]Weighted, 0, len(values))
	for _, v := range values {
		if v.X >= 0 && v.X < math.MaxInt32 && v.W >= least {
			x := math.Trunc(v.X)
			if k := len(kept) - 1; k >= 0 && kept[k].X == x {
				kept[k].W += v.W
				continue
			}
			kept = append(kept, Weighted{x, v.W})
		}
	}
	slices.SortFunc(kept, func(a, b Weighted) int { return cmp.Or(cmp.Compare(b.W, a.W), cmp.Compare(a.X, b.X)) })
	var out []int32
	for _, v := range kept[:min(len(kept), bins)] {
		out = append(out, int32(v.X))
	}
	return out
}

// sortWeighted sorts by X, by digits of 11 bits where there are many.
func sortWeighted(values []Weighted) {
	if len(values) < 2048 {
		slices.SortFunc(values, func(a, b Weighted) int { return cmp.Compare(a.X, b.X) })
		return
	}
	const digit, digits = 11, 6
	key := func(x float64) uint64 {
		b := math.Float64bits(x + 0)
		return b ^ (uint64(int64(b)>>63) | 1<<63)
	}
	var counts [digits][1 << digit]int32
	for _, v := range values {
		k := key(v.X)
		for d := range counts {
			counts[d][k>>(digit*d)&(1<<digit-1)]++
		}
	}
	from, to := values, make([]Weighted, len(values))
	for d := range counts {
		at := int32(0)
		alone := false
		for b, c := range counts[d] {
			alone = alone || int(c) == len(values)
			counts[d][b], at = at, at+c
		}
		if alone {
			continue
		}
		for _, v := range from {
			b := key(v.X) >> (digit * d) & (1<<digit - 1)
			to[counts[d][b]] = v
			counts[d][b]++
		}
		from, to = to, from
	}
	if &from[0] != &values[0] {
		copy(values, from)
	}
}

package metrics

import (
	"cmp"
	"slices"
)

const (
	radixBits = 11
	radixSize = 1 << radixBits
	radixMask = radixSize - 1
	digits    = (64 + radixBits - 1) / radixBits
	radixMin  = 2048 // below this a comparison sort is faster
)

// radixSort sorts a, using tmp of the same length, and returns the sorted slice,
// which is a or tmp. Digits that all keys share cost nothing: scores between 0
// and 1 or read from few decimals have several.
func radixSort(a, tmp []uint64) []uint64 {
	if len(a) < radixMin {
		slices.Sort(a)
		return a
	}
	var count [digits][radixSize]int
	for _, k := range a {
		for d := range count {
			count[d][k>>(d*radixBits)&radixMask]++
		}
	}
	for d := range count {
		c := &count[d]
		shift := d * radixBits
		if c[a[0]>>shift&radixMask] == len(a) {
			continue
		}
		offsets(c)
		for _, k := range a {
			x := k >> shift & radixMask
			tmp[c[x]] = k
			c[x]++
		}
		a, tmp = tmp, a
	}
	return a
}

type keyed struct {
	key      uint64
	weight   float64
	positive bool
}

// radixSortKeyed is radixSort with a payload; equal keys keep their order.
func radixSortKeyed(a []keyed) []keyed {
	if len(a) < radixMin {
		slices.SortStableFunc(a, func(x, y keyed) int { return cmp.Compare(x.key, y.key) })
		return a
	}
	tmp := make([]keyed, len(a))
	var count [digits][radixSize]int
	for i := range a {
		k := a[i].key
		for d := range count {
			count[d][k>>(d*radixBits)&radixMask]++
		}
	}
	for d := range count {
		c := &count[d]
		shift := d * radixBits
		if c[a[0].key>>shift&radixMask] == len(a) {
			continue
		}
		offsets(c)
		for i := range a {
			x := a[i].key >> shift & radixMask
			tmp[c[x]] = a[i]
			c[x]++
		}
		a, tmp = tmp, a
	}
	return a
}

// offsets turns counts into start positions.
func offsets(c *[radixSize]int) {
	at := 0
	for i, n := range c {
		c[i] = at
		at += n
	}
}

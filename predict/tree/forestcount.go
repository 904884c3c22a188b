package tree

import (
	"math/bits"
	"slices"
)

// Where rows of two classes weigh 1 each, sums over a bin are whole numbers, and one word holds all of them: how many rows, how often they were drawn, how
// often those of class 1 were. One addition takes the place of three, with the same results.
const (
	countRows = 20 // bits of the rows, then as many as each of the others
	countDraw = 22
	maskRows  = 1<<countRows - 1
	maskDraw  = 1<<countDraw - 1
)

// tick is a row that was drawn, where they are counted.
type tick struct {
	row  int32
	kind uint32 // twice the times, and the class
}

// kinds are the words of ticks.
var kinds = func() (s [512]uint64) {
	for k := range s {
		times := uint64(k / 2)
		s[k] = 1 + times<<countRows + times*uint64(k%2)<<(countRows+countDraw)
	}
	return s
}()

// countable reports whether the draws of a tree can be counted.
func (b *bagger) countable() bool {
	l, most := b.f.l, 1.5*max(b.f.opt.Sample, 1) // a row, on the mean
	if b.f.opt.IDs != nil {
		most = float64(len(b.chance)) // rows of one id are drawn together
	}
	return l.classes == 2 && 2*len(b.chance)+1 < len(kinds) && l.n <= maskRows && float64(l.n)*most < maskDraw &&
		!slices.ContainsFunc(l.w, func(w float64) bool { return w != 1 })
}

// spread is how often, and how often of class 1, rows were drawn.
func spread(word uint64) (w, s float64) {
	return float64(int64(word >> countRows & maskDraw)), float64(int64(word >> (countRows + countDraw)))
}

// count is tally of ticks.
func (b *bagger) count(k task, j int) {
	code, list := b.code(j), b.ticks[k.lo:k.hi]
	counts := &b.counts
	b.used = b.used[:0]
	if len(list) <= fewRows {
		var seen [4]uint64
		for _, d := range list {
			c := code[d.row]
			seen[c>>6] |= 1 << (c & 63)
			counts[c] += kinds[d.kind&511]
		}
		for w, set := range seen {
			for ; set != 0; set &= set - 1 {
				b.used = append(b.used, uint8(w<<6+bits.TrailingZeros64(set)))
			}
		}
	} else {
		for _, d := range list {
			counts[code[d.row]] += kinds[d.kind&511]
		}
		used, n := slices.Grow(b.used, 256)[:256], 0
		for c, word := range counts {
			used[n] = uint8(c)
			if word != 0 {
				n++
			}
		}
		b.used = used[:n]
	}
	if b.told = !b.plain || b.used[len(b.used)-1] == missingBin || b.f.bins.names[j] != nil; !b.told {
		return
	}
	for _, c := range b.used {
		b.held[c] = uint32(counts[c] & maskRows)
		b.hist[2*int(c)], b.hist[2*int(c)+1] = spread(counts[c])
	}
}

// countSquares is squares over ticks, without missing values. Most cuts miss the best by so much that no division is needed to see it.
func (b *bagger) countSquares(c *choice, total []float64, rows int) int {
	w, s := total[0], total[1]
	at, best, least, sum := -1, c.score, b.f.opt.MinLeaf, uint64(0)
	mark := best * sure
	for i, bin := range b.used[:len(b.used)-1] {
		sum += b.counts[bin]
		if count := int(sum & maskRows); least > 1 && (count < least || rows-count < least) {
			continue
		}
		lw, ls := spread(sum)
		rw, rs := w-lw, s-ls
		above, below := ls*ls*rw+rs*rs*lw, lw*rw
		if above < mark*below {
			continue
		}
		if v := above / below; v > best && rw > 0 {
			at, best, mark = i, v, v*sure
		}
	}
	c.score = best
	return at
}

// sure is so far below 1 that rounding does not matter.
const sure = 1 - 1e-12

// countParts is part of the rows drawn.
func (b *bagger) countParts(list []tick, code []uint8, set *[4]uint64) (left int) {
	var goes [256]uint8
	for c := range goes {
		goes[c] = uint8(set[c>>6] >> (c & 63) & 1)
	}
	spare := b.tickSpare[:len(list)]
	for k, d := range list {
		one := int(goes[code[d.row]])
		list[left], spare[k-left] = d, d
		left += one
	}
	copy(list[left:], spare[:len(list)-left])
	return left
}

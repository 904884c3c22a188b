package profile

import (
	"math"
	"math/bits"
)

// A fader weighs what happened by its age: half for every half-life between it and the
// cut-off. Sums of such weights cannot be moved to a later cut-off to the last bit, since
// what is rounded away depends on the cut-off. So a term is not kept as its weight at the
// cut-off but as w·2^(at/halfLife), which no cut-off changes: time is counted in half-lives
// since 1970, blocks of 32 of them have a sum each, an integer of 128 bits with 52 bits
// behind the point of a term at the begin of the block. What is older than the 70 half-lives
// that a fixed holds is left out block by block, by the cut-off alone. Hence a sum is the
// same bits for every order, split and way to its cut-off.
type fader struct {
	life   int64   // half-life in nanoseconds, 0: no decay
	top    int64   // whole half-lives of the cut-off
	rest   float64 // what the part of a half-life behind them leaves of a weight, in (½, 1]
	oldest int32   // first block that counts
}

const (
	blockBits = 5
	blockSize = 1 << blockBits // half-lives
	sumPoint  = 52             // bits behind the point of the sum of a block
	minLife   = 1e9            // ns: blocks since 1678 are an int32
)

func newFader(life, cut int64) fader {
	f := fader{life: life, rest: 1}
	if life == 0 {
		return f
	}
	top, part := f.epoch(cut)
	f.top, f.rest = top, math.Exp2(-part)
	f.oldest = int32((top - fixedPoint) >> blockBits)
	return f
}

// epoch returns the whole half-lives since 1970 and the part of the next, in [0, 1).
func (f *fader) epoch(at int64) (n int64, part float64) {
	if f.life == 0 {
		return 0, 0
	}
	n = at / f.life
	rem := at % f.life
	if rem < 0 {
		n, rem = n-1, rem+f.life
	}
	return n, float64(rem) / float64(f.life)
}

// term returns what a weight w at a time is in the sum of its block. It is zero for what
// is too old to count.
func (f *fader) term(w float64, at int64) (block int32, sum fixed) {
	if f.life == 0 || w == 0 {
		return 0, toFixed(w, sumPoint)
	}
	n, part := f.epoch(at)
	block = int32(n >> blockBits)
	if block < f.oldest {
		return block, fixed{}
	}
	return block, toFixed(w*math.Exp2(part), sumPoint+int(n&(blockSize-1)))
}

// now returns the sum of a block at the cut-off but for the factor rest, which all sums
// share.
func (f *fader) now(block int32, sum fixed) fixed {
	return sum.shift(fixedPoint - sumPoint - int(f.top-int64(block)<<blockBits))
}

// then is the sum of the last block that now gives as x·rest: of frames that hold
// the weights at their cut-off.
func (f *fader) then(x fixed) (block int32, sum fixed) {
	block = int32(f.top >> blockBits)
	return block, x.times(.5 / f.rest).shift(1 + sumPoint - fixedPoint + int(f.top&(blockSize-1)))
}

// shift returns a·2ⁿ, truncated, or the largest number where that is beyond it.
func (a fixed) shift(n int) fixed {
	switch {
	case n > 0 && a.zero():
		return a
	case n > 0 && n > a.leading():
		return fixed{math.MaxUint64, math.MaxUint64}
	case n >= 64:
		return fixed{a.lo << (n - 64), 0}
	case n > 0:
		return fixed{a.hi<<n | a.lo>>(64-n), a.lo << n}
	case n > -64:
		return fixed{a.hi >> -n, a.lo>>-n | a.hi<<(64+n)}
	}
	return fixed{0, a.hi >> (-n - 64)}
}

// leading is the number of zero bits above the first that is set.
func (a fixed) leading() int {
	if a.hi != 0 {
		return bits.LeadingZeros64(a.hi)
	}
	return 64 + bits.LeadingZeros64(a.lo)
}

// orLeast is a, or the least number that is not 0: a label in use stays one.
func (a fixed) orLeast() fixed {
	if a.zero() {
		return fixed{0, 1}
	}
	return a
}

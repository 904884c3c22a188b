package federated

import (
	"math"
	"math/big"
	"math/bits"
)

// fixed is a sum in two's complement of 128 bits, in units of 2⁻⁴⁸.
type fixed struct{ high, low uint64 }

const unit = 1 << 48

// fixedOf returns v to the unit, and reports false where |v| is 2⁷⁰ or more, or v is no number: of such values 2⁹ at least can be added up.
func fixedOf(v float64) (fixed, bool) {
	v = math.RoundToEven(v * unit)
	size := math.Abs(v)
	if !(size < 0x1p118) {
		return fixed{}, false
	}
	f := fixed{0, uint64(math.Mod(size, 0x1p64))}
	f.high = uint64(math.Floor(size * 0x1p-64))
	if v < 0 {
		f = f.negated()
	}
	return f, true
}

func (f fixed) negated() fixed {
	low, borrow := bits.Sub64(0, f.low, 0)
	high, _ := bits.Sub64(0, f.high, borrow)
	return fixed{high, low}
}

// plus returns f + g, and reports false where the sum has no place; it is that modulo 2¹²⁸ then.
func (f fixed) plus(g fixed) (fixed, bool) {
	low, carry := bits.Add64(f.low, g.low, 0)
	high, _ := bits.Add64(f.high, g.high, carry)
	over := int64(f.high) >= 0 == (int64(g.high) >= 0) && (int64(f.high) >= 0) != (int64(high) >= 0)
	return fixed{high, low}, !over
}

// float returns the sum, to rounding.
func (f fixed) float() float64 {
	if int64(f.high) < 0 {
		return -f.negated().float()
	}
	return (float64(f.high)*0x1p64 + float64(f.low)) / unit
}

// big returns the sum in units.
func (f fixed) big() *big.Int {
	if int64(f.high) < 0 {
		x := f.negated().big()
		return x.Neg(x)
	}
	x := new(big.Int).SetUint64(f.high)
	return x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(f.low))
}

// sums are numbers that parties add up.
type sums []fixed

// merge adds the sums of another party, or none of them where one has no place.
func (s sums) merge(other sums) bool {
	next := make(sums, len(s))
	for i, f := range other {
		var ok bool
		if next[i], ok = s[i].plus(f); !ok {
			return false
		}
	}
	copy(s, next)
	return true
}

// words appends the sums, two words each, the lower first.
func (s sums) words(dst []uint64) []uint64 {
	for _, f := range s {
		dst = append(dst, f.low, f.high)
	}
	return dst
}

// setWords is the inverse of words.
func (s sums) setWords(words []uint64) {
	for i := range s {
		s[i] = fixed{words[2*i+1], words[2*i]}
	}
}

// Package fixed adds numbers up exactly: sums are integers of 128 bits in units of 2⁻⁴⁸, so that neither the order of what is
// added nor its split into shards or parties matters. One number is two words of 64 bits, the lower first, modulo 2¹²⁸: what the
// masks of package predict/federated hide.
package fixed

import (
	"math"
	"math/big"
	"math/bits"
)

// Sum is a sum in two's complement of 128 bits, in units of 2⁻⁴⁸. The zero value is 0.
type Sum struct{ High, Low uint64 }

// Unit is the number of units in 1.
const Unit = 1 << 48

// Of returns v to the unit, and reports false where |v| is 2⁷⁰ or more, or v is no number: of such values 2⁹ at least can be added up.
func Of(v float64) (Sum, bool) {
	v = math.RoundToEven(v * Unit)
	size := math.Abs(v)
	if !(size < 0x1p118) {
		return Sum{}, false
	}
	f := Sum{0, uint64(math.Mod(size, 0x1p64))}
	f.High = uint64(math.Floor(size * 0x1p-64))
	if v < 0 {
		f = f.Negated()
	}
	return f, true
}

// Negated returns −f.
func (f Sum) Negated() Sum {
	low, borrow := bits.Sub64(0, f.Low, 0)
	high, _ := bits.Sub64(0, f.High, borrow)
	return Sum{high, low}
}

// Plus returns f + g, and reports false where the sum has no place; it is that modulo 2¹²⁸ then.
func (f Sum) Plus(g Sum) (Sum, bool) {
	low, carry := bits.Add64(f.Low, g.Low, 0)
	high, _ := bits.Add64(f.High, g.High, carry)
	over := int64(f.High) >= 0 == (int64(g.High) >= 0) && (int64(f.High) >= 0) != (int64(high) >= 0)
	return Sum{high, low}, !over
}

// Float returns the sum, to rounding.
func (f Sum) Float() float64 {
	if int64(f.High) < 0 {
		return -f.Negated().Float()
	}
	return (float64(f.High)*0x1p64 + float64(f.Low)) / Unit
}

// Big returns the sum in units.
func (f Sum) Big() *big.Int {
	if int64(f.High) < 0 {
		x := f.Negated().Big()
		return x.Neg(x)
	}
	x := new(big.Int).SetUint64(f.High)
	return x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(f.Low))
}

// Whole returns the sum where it is a count: a whole number from 0 to 2⁵³.
func (f Sum) Whole() (int64, bool) {
	v := f.Float()
	return int64(min(v, 0x1p53)), int64(f.High) >= 0 && f.Low%Unit == 0 && v < 0x1p53
}

// Sums are numbers that parties add up.
type Sums []Sum

// Merge adds the sums of another party, of the same length, or none of them where one has no place.
func (s Sums) Merge(other Sums) bool {
	next := make(Sums, len(s))
	for i, f := range other {
		var ok bool
		if next[i], ok = s[i].Plus(f); !ok {
			return false
		}
	}
	copy(s, next)
	return true
}

// Words appends the sums, two words each, the lower first.
func (s Sums) Words(dst []uint64) []uint64 {
	for _, f := range s {
		dst = append(dst, f.Low, f.High)
	}
	return dst
}

// SetWords is the inverse of Words.
func (s Sums) SetWords(words []uint64) {
	for i := range s {
		s[i] = Sum{words[2*i+1], words[2*i]}
	}
}

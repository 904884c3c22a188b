package profile

import (
	"cmp"
	"math"
	"math/bits"
)

// fixed is a non-negative fixed-point number, with 70 bits behind the point where nothing
// else is said. Adding integers is associative, adding float64 is not: sums kept this
// way are the same bits for every order of events and every split into shards.
type fixed struct{ hi, lo uint64 }

const fixedPoint = 70

// toFixed truncates x·2^point; x must not be below 0, and the product below 2¹²⁷.
func toFixed(x float64, point int) fixed {
	b := math.Float64bits(x)
	exp := int(b >> 52)
	if exp == 0 {
		return fixed{}
	}
	mant := b&(1<<52-1) | 1<<52
	shift := exp - 1075 + point // value = mant·2^(exp-1075)
	switch {
	case shift <= -53:
		return fixed{}
	case shift < 0:
		return fixed{0, mant >> -shift}
	case shift < 64:
		return fixed{mant >> (64 - shift), mant << shift}
	}
	return fixed{mant << (shift - 64), 0}
}

// add returns a+b, or the largest number where that is beyond it, so that sums do not
// depend on their order even then.
func (a fixed) add(b fixed) fixed {
	lo, c := bits.Add64(a.lo, b.lo, 0)
	hi, c := bits.Add64(a.hi, b.hi, c)
	if c != 0 {
		return fixed{math.MaxUint64, math.MaxUint64}
	}
	return fixed{hi, lo}
}

func (a fixed) float() float64 {
	return math.Ldexp(float64(a.hi), 64-fixedPoint) + math.Ldexp(float64(a.lo), -fixedPoint)
}

func (a fixed) zero() bool { return a.hi|a.lo == 0 }

func (a fixed) compare(b fixed) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }

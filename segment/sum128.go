package segment

import "math/bits"

// sum128 is a sum in 128 bits, so that no order of its terms overflows.
type sum128 struct{ high, low uint64 }

func (w *sum128) add(v int64) {
	var carry uint64
	w.low, carry = bits.Add64(w.low, uint64(v), 0)
	w.high, _ = bits.Add64(w.high, uint64(v>>63), carry)
}

// int64 returns the sum and whether it is one.
func (w *sum128) int64() (int64, bool) {
	v := int64(w.low)
	return v, w.high == uint64(v>>63)
}

// addTimes adds n times v, n >= 0 and |v| up to 2⁵³.
func (w *sum128) addTimes(v, n int64) {
	high, low := bits.Mul64(uint64(max(v, -v)), uint64(n))
	if v < 0 { // the two's complement of both words
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	var carry uint64
	w.low, carry = bits.Add64(w.low, low, 0)
	w.high, _ = bits.Add64(w.high, high, carry)
}

// float returns the nearest float64, or one beside it.
func (w *sum128) float() float64 { return float64(int64(w.high))*0x1p64 + float64(w.low) }

package fixed

// Pack appends integers as numbers of 128 bits, two words each, the lower first, two integers a number: the second counts 2⁶⁴ times. Numbers of many
// parties add up modulo 2¹²⁸, and Unpack takes the sums apart again where each is an int64.
func Pack(dst []uint64, xs []int64) []uint64 {
	for i := 0; i < len(xs); i += 2 {
		low, high := xs[i], int64(0)
		if i+1 < len(xs) {
			high = xs[i+1]
		}
		dst = append(dst, uint64(low), uint64(high+low>>63))
	}
	return dst
}

// Packed is the number of words that Pack makes of n integers.
func Packed(n int) int { return (n + 1) / 2 * 2 }

// Unpack is the inverse of Pack, of Packed(len(xs)) words. It reports false where the last number has more than the one integer that is there.
func Unpack(xs []int64, words []uint64) bool {
	for i := range xs {
		xs[i] = int64(words[i])
		if i%2 == 1 {
			xs[i] -= xs[i-1] >> 63
		}
	}
	n := len(xs)
	return n%2 == 0 || words[n] == uint64(xs[n-1]>>63)
}

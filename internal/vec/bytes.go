package vec

import "encoding/binary"

// BytesWithin sets bit i%64 of dst[i/64] where low <= codes[i] <= high, of the first
// 64·len(dst) codes; none are within where low is above high. It is how a filter reads a column of classes.
func BytesWithin(dst []uint64, codes []uint8, low, high uint8) {
	codes = codes[:64*len(dst)]
	if low > high {
		clear(dst)
		return
	}
	const chunk = 1 << 12 // words of one assembly call
	for hasAVX2 && len(dst) > 0 {
		n := min(chunk, len(dst))
		bytesWithinAVX2(dst[:n], codes, low, high-low)
		dst, codes = dst[n:], codes[64*n:]
	}
	// Eight bytes in a word: of each the highest bit of a difference tells whether it is as
	// large as a bound, where the highest bits agree, and a product brings the bits together.
	const (
		ones   = 0x0101010101010101
		top    = 0x80 * ones
		gather = 0x0102040810204080
	)
	from, to := uint64(low)*ones, uint64(high)*ones
	for i := range dst {
		within := uint64(0)
		for k := 0; k < 64; k += 8 {
			x := binary.LittleEndian.Uint64(codes[64*i+k:])
			ge := x&^from | ^(x^from)&((x|top)-from&^top)
			le := to&^x | ^(x^to)&((to|top)-x&^top)
			within = within>>8 | (ge&le>>7&ones)*gather&^(1<<56-1)
		}
		dst[i] = within
	}
}

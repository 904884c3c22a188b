package sparse

import "math"

// valueCodes numbers the values of a matrix that has few of them, as counts and
// ratings have. An entry is then its column times 256 plus the number of its
// value: half the memory, and half the time where reading entries is what takes
// long.
type valueCodes struct {
	values [256]float32
	slots  [1024]struct { // by hash of the bits, open addressing
		bits uint32
		code int32 // plus 1; 0: free
	}
}

// codesOf returns nil when val holds more than 256 values or columns is above
// 2²⁴. Values are told apart by their bits.
func codesOf(val []float32, columns int) *valueCodes {
	if columns > 1<<24 {
		return nil
	}
	t, n := new(valueCodes), int32(0)
	for _, v := range val {
		s := t.slot(math.Float32bits(v))
		if t.slots[s].code != 0 {
			continue
		}
		if n == 256 {
			return nil
		}
		t.values[n] = v
		n++
		t.slots[s].bits, t.slots[s].code = math.Float32bits(v), n
	}
	return t
}

// slot returns where bits stand or would.
func (t *valueCodes) slot(bits uint32) uint32 {
	for s := bits * 0x9e3779b1 >> 22; ; s = (s + 1) & 1023 {
		if t.slots[s].code == 0 || t.slots[s].bits == bits {
			return s
		}
	}
}

// code returns the entry of column c and value v, one of those numbered.
func (t *valueCodes) code(c int32, v float32) int32 {
	return c<<8 | (t.slots[t.slot(math.Float32bits(v))].code - 1)
}

// column returns the column of an entry.
func column(coded int32) int32 { return int32(uint32(coded) >> 8) }

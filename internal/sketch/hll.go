package sketch

import (
	"math"
	"math/bits"

	"github.com/aislekit/aisle/internal/codec"
)

const (
	precision = 14
	registers = 1 << precision
	maxRho    = 64 - precision + 1
)

// StdErr is the relative standard error of HLL.Estimate, 1.04/√16384.
const StdErr = 0.008125

// HLL is a HyperLogLog sketch of 2¹⁴ registers of one byte (Flajolet et al.
// 2007) read by the estimator of Ertl (2017), which needs no table of bias and
// no switch between small and large counts. The zero value is empty and ready;
// 16 kB are taken at the first Add.
type HLL struct {
	reg []uint8
}

// Add adds an element by its hash, 64 well mixed bits (rng.Mix, rng.HashString).
func (h *HLL) Add(hash uint64) {
	if h.reg == nil {
		h.reg = make([]uint8, registers)
	}
	i := hash >> (64 - precision)
	rho := uint8(bits.LeadingZeros64(hash<<precision|1<<(precision-1)) + 1)
	if rho > h.reg[i] {
		h.reg[i] = rho
	}
}

// Merge makes h the sketch of the union. other may be h.
func (h *HLL) Merge(other *HLL) {
	if other.reg == nil {
		return
	}
	if h.reg == nil {
		h.reg = make([]uint8, registers)
	}
	for i, r := range other.reg {
		h.reg[i] = max(h.reg[i], r)
	}
}

// Clone returns an independent copy.
func (h *HLL) Clone() HLL { return HLL{append([]uint8(nil), h.reg...)} }

// Estimate returns the number of distinct elements, 0 when empty.
func (h *HLL) Estimate() float64 {
	if h.reg == nil {
		return 0
	}
	var c [maxRho + 1]float64
	for _, r := range h.reg {
		c[r]++
	}
	const m = registers
	z := m * tau(1-c[maxRho]/m)
	for k := maxRho - 1; k >= 1; k-- {
		z = 0.5 * (z + c[k])
	}
	z += m * sigma(c[0]/m)
	return m / (2 * math.Ln2) * (m / z)
}

// sigma and tau are equations 16 and 22 of Ertl (2017).
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		old := z
		z += x * y
		y += y
		if z == old {
			return z
		}
	}
}

// tau is the correction of Ertl 2017 for registers at their largest value, a series summed
// until it stands still.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		old := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == old {
			return z / 3
		}
	}
}

// Encode appends the content: the number of registers in use and, if they are
// few, their positions and values in ascending order, else all values.
func (h *HLL) Encode(w *codec.Writer) {
	n := 0
	for _, r := range h.reg {
		if r != 0 {
			n++
		}
	}
	w.Int(n)
	switch {
	case n == 0:
	case n <= registers/4:
		at := make([]int32, 0, n)
		for i, r := range h.reg {
			if r != 0 {
				at = append(at, int32(i)<<8|int32(r))
			}
		}
		w.Int32s(at)
	default:
		w.Bytes(h.reg)
	}
}

// DecodeHLL reads what Encode wrote.
func DecodeHLL(r *codec.Reader) HLL {
	n := r.Int()
	switch {
	case r.Err() != nil || n == 0:
		return HLL{}
	case n > registers:
		r.Fail("has more registers in use than there are")
		return HLL{}
	case n <= registers/4:
		at := r.Int32s()
		if len(at) != n {
			r.Fail("has another number of registers than it says")
			return HLL{}
		}
		reg := make([]uint8, registers)
		last := int32(-1)
		for _, x := range at {
			i, v := x>>8, x&0xff
			if x < 0 || i <= last || i >= registers || v == 0 || v > maxRho {
				r.Fail("has a register out of place or range")
				return HLL{}
			}
			reg[i], last = uint8(v), i
		}
		return HLL{reg}
	}
	reg := r.Bytes()
	used := 0
	for _, v := range reg {
		if v > maxRho {
			r.Fail("has a register out of range")
			return HLL{}
		}
		if v != 0 {
			used++
		}
	}
	if len(reg) != registers || used != n {
		r.Fail("has another number of registers than it says")
		return HLL{}
	}
	return HLL{reg}
}

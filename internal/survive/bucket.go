package survive

import (
	"math"
	"time"
)

// cells part the numbers from 1 to 2 by the first bits of their mantissa.
const (
	cellBits = 7
	cells    = 1 << cellBits
)

// logs holds of each cell a number in its middle, inverted, and its logarithm, in buckets.
var logs = func() (out [cells]struct{ inverse, log float64 }) {
	for i := range out {
		out[i].inverse = 1 / (1 + (float64(i)+.5)/cells)
		out[i].log = (-math.Log(out[i].inverse) - math.Log(1e6)) / scale.Log // of nanoseconds, in milliseconds
	}
	return out
}()

// octave and perLog are the buckets of a factor 2 and e.
var octave, perLog = math.Ln2 / scale.Log, 1 / scale.Log

// edge is how near to the end of a bucket, as a part of it, the logarithm of bucket is not trusted:
// it is wrong by 2e-11 at most, and math.Log decided there when the first frames were written.
const edge = 1e-9

// bucket returns scale.Key of d >= a millisecond at a third of its cost: the logarithm from a
// table of 128 and the series of ln(1+r) up to r⁴, |r| <= 2⁻⁸.
func bucket(d time.Duration) int {
	b := math.Float64bits(float64(d))
	cell := &logs[b>>(52-cellBits)%cells]
	r := math.Float64frombits(b&(1<<52-1)|1023<<52)*cell.inverse - 1
	r2 := r * r
	y := float64(int(b>>52)-1023)*octave + cell.log + perLog*(r-r2*(.5-r*(1./3)+r2*.25))
	k := int(y)
	if part := y - float64(k); part < edge || part > 1-edge {
		return scale.Key(float64(d) / 1e6)
	}
	return k + 1
}

package sketch

import (
	"math"
	"slices"
)

// A Scale parts the positive numbers into bins whose bounds grow by the factor
// γ = (1+α)/(1−α): no number of a bin is further than the share α of itself from
// the bin's Value. It is what every sketch of this project counts by: DD for
// values, package survive for durations.
type Scale struct {
	Alpha float64 // the relative error
	Log   float64 // ln γ
}

// NewScale returns the scale of relative error alpha in (0, 1).
func NewScale(alpha float64) Scale {
	return Scale{alpha, math.Log1p(alpha) - math.Log1p(-alpha)}
}

// Key returns the bin of x > 0: γ^(k−1) < x <= γ^k.
func (s Scale) Key(x float64) int { return int(math.Ceil(math.Log(x) / s.Log)) }

// Value is the point of bin k whose relative distance to both ends is α.
func (s Scale) Value(k int) float64 { return math.Exp(float64(k)*s.Log) * (1 - s.Alpha) }

// MaxBins bounds a run of bins. At 1 % error they span 35 orders of magnitude;
// beyond that the values nearest 0 share a bin.
const MaxBins = 4096

// Bins is a run of counts, one for each bin of a Scale. The zero value is empty.
type Bins struct {
	low    int
	counts []int64 // counts[i] belongs to bin low+i; the ends are never 0
}

// Span returns the lowest bin that holds a value and the one above the highest:
// low == high where there is none.
func (b *Bins) Span() (low, high int) { return b.low, b.low + len(b.counts) }

// Count returns the number of values in bin k.
func (b *Bins) Count(k int) int64 {
	if k < b.low || k >= b.low+len(b.counts) {
		return 0
	}
	return b.counts[k-b.low]
}

// Clone returns an independent copy.
func (b *Bins) Clone() Bins { return Bins{b.low, slices.Clone(b.counts)} }

// Add adds n > 0 values of bin k. Where the run would be longer than MaxBins, its
// lowest bins become one.
func (b *Bins) Add(k int, n int64) {
	if i := uint(k - b.low); i < uint(len(b.counts)) { // inlined
		b.counts[i] += n
		return
	}
	b.extend(k, n)
}

// extend is Add where the run has no bin k yet.
func (b *Bins) extend(k int, n int64) {
	if len(b.counts) == 0 {
		b.low, b.counts = k, append(b.counts, n)
		return
	}
	high := b.low + len(b.counts) - 1
	if k > high {
		b.counts = append(b.counts, make([]int64, min(k-high, MaxBins))...)
		if k-high > MaxBins {
			// Everything so far ends up in the lowest bin.
			var sum int64
			for _, c := range b.counts {
				sum += c
			}
			b.counts = b.counts[:MaxBins]
			clear(b.counts)
			b.counts[0], b.counts[MaxBins-1], b.low = sum, n, k-MaxBins+1
			return
		}
		b.counts[len(b.counts)-1] = n
		if over := len(b.counts) - MaxBins; over > 0 {
			var sum int64
			for _, c := range b.counts[:over] {
				sum += c
			}
			copy(b.counts, b.counts[over:])
			b.counts = b.counts[:MaxBins]
			b.counts[0] += sum
			b.low += over
			b.trim()
		}
		return
	}
	// Below: as far down as there is room.
	k = max(k, high-MaxBins+1)
	if k < b.low {
		grown := make([]int64, len(b.counts)+b.low-k, max(len(b.counts)+b.low-k, 2*len(b.counts)))
		copy(grown[b.low-k:], b.counts)
		b.low, b.counts = k, grown
	}
	b.counts[0] += n
}

// trim drops empty bins at the lower end.
func (b *Bins) trim() {
	i := 0
	for i < len(b.counts)-1 && b.counts[i] == 0 {
		i++
	}
	if i > 0 {
		copy(b.counts, b.counts[i:])
		b.counts = b.counts[:len(b.counts)-i]
		b.low += i
	}
}

// Merge adds the counts of other.
func (b *Bins) Merge(other *Bins) {
	// From above, so that the highest key decides first what is collapsed.
	for i := len(other.counts) - 1; i >= 0; i-- {
		if other.counts[i] != 0 {
			b.Add(other.low+i, other.counts[i])
		}
	}
}

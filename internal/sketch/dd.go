package sketch

import (
	"errors"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// DD is a DDSketch (Masson, Rim and Lee 2019): counts in bins whose bounds grow
// by the factor γ = (1+α)/(1−α), so that every quantile is returned within the
// relative error α. Merge is exact: the sketch of a union is the same, bit for
// bit, as the merge of sketches. Make one with NewDD; the zero value has α 0.01.
type DD struct {
	alpha    float64 // 0 means 0.01
	pos, neg Bins    // neg holds magnitudes
	zero     int64
	n        int64
	min, max float64
}

// NewDD returns an empty sketch of relative error alpha in [1e-4, 0.5].
func NewDD(alpha float64) (DD, error) {
	if !(alpha >= 1e-4 && alpha <= 0.5) {
		return DD{}, errAlpha
	}
	return DD{alpha: alpha}, nil
}

var errAlpha = errors.New("relative error outside [1e-4, 0.5]")

// Alpha returns the relative error.
func (d *DD) Alpha() float64 { return check.Default(d.alpha, 0.01) }

// N returns the number of values.
func (d *DD) N() int64 { return d.n }

// smallest is the least value that has all its digits, 2^-1022.
const smallest = 0x1p-1022

// Add adds a finite value; it reports false, and adds nothing, for any other.
// Values nearer to 0 than 2^-1022 count as 0.
func (d *DD) Add(x float64) bool {
	if !check.Finite(x) {
		return false
	}
	if math.Abs(x) < smallest {
		x = 0 // -0 too, or the extremes would tell the order of the values
	}
	if d.n == 0 || x < d.min {
		d.min = x
	}
	if d.n == 0 || x > d.max {
		d.max = x
	}
	d.n++
	switch {
	case x > 0:
		d.pos.Add(d.scale().Key(x), 1)
	case x < 0:
		d.neg.Add(d.scale().Key(-x), 1)
	default:
		d.zero++
	}
	return true
}

func (d *DD) scale() Scale { return NewScale(d.Alpha()) }

// Merge adds the values of other, which must have the same relative error and
// not be d: otherwise, or where counts overflow, it reports an error and changes
// nothing.
func (d *DD) Merge(other *DD) error {
	if d == other || d.Alpha() != other.Alpha() {
		return check.ErrMismatch
	}
	n, err := check.AddInt64(d.n, other.n)
	if err != nil {
		return err
	}
	if other.n == 0 {
		return nil
	}
	if d.n == 0 {
		d.min, d.max = other.min, other.max
	}
	d.min, d.max = min(d.min, other.min), max(d.max, other.max)
	d.n, d.zero = n, d.zero+other.zero
	d.pos.Merge(&other.pos)
	d.neg.Merge(&other.neg)
	return nil
}

// Clone returns an independent copy.
func (d *DD) Clone() DD {
	c := *d
	c.pos, c.neg = d.pos.Clone(), d.neg.Clone()
	return c
}

// Quantile returns the value of rank ⌊p·(n−1)⌋, counted from 0, within the
// relative error; p is clipped to [0, 1]. NaN when empty.
func (d *DD) Quantile(p float64) float64 {
	if d.n == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	if p <= 0 {
		return d.min
	}
	if p >= 1 {
		return d.max
	}
	rank := int64(p * float64(d.n-1))
	x := d.at(rank)
	return min(max(x, d.min), d.max)
}

// at returns the value of bin of the rank, counted from 0 over negative, zero and positive
// values.
func (d *DD) at(rank int64) float64 {
	for i := len(d.neg.counts) - 1; i >= 0; i-- {
		if rank -= d.neg.counts[i]; rank < 0 {
			return -d.scale().Value(d.neg.low + i)
		}
	}
	if rank -= d.zero; rank < 0 {
		return 0
	}
	for i, c := range d.pos.counts {
		if rank -= c; rank < 0 {
			return d.scale().Value(d.pos.low + i)
		}
	}
	return d.max
}

// Lost reports whether the quantile p is among values that share the bin nearest to 0
// because they are further from the largest than MaxBins bins: nothing is known of
// them but that. The extremes are never lost.
func (d *DD) Lost(p float64) bool {
	if d.n == 0 || !(p > 0 && p < 1) {
		return false
	}
	rank := int64(p * float64(d.n-1))
	var negatives int64
	for _, c := range d.neg.counts {
		negatives += c
	}
	if first := negatives + d.zero; rank >= first && len(d.pos.counts) == MaxBins && rank < first+d.pos.counts[0] {
		return first > 0 || d.scale().Key(d.min) < d.pos.low
	}
	if rank < negatives && len(d.neg.counts) == MaxBins && rank >= negatives-d.neg.counts[0] {
		return d.n > negatives || d.scale().Key(-d.max) < d.neg.low
	}
	return false
}

// Encode appends the content.
func (d *DD) Encode(w *codec.Writer) {
	w.Float64(d.Alpha())
	w.Int64(d.zero)
	w.Float64(d.min)
	w.Float64(d.max)
	for _, b := range []*Bins{&d.pos, &d.neg} {
		w.Int64(int64(b.low))
		w.Int64s(b.counts)
	}
}

// DecodeDD reads what Encode wrote.
func DecodeDD(r *codec.Reader) DD {
	d := DD{alpha: r.Float64(), zero: r.Int64(), min: r.Float64(), max: r.Float64()}
	if r.Err() != nil {
		return DD{}
	}
	ok := d.alpha >= 1e-4 && d.alpha <= 0.5 && d.zero >= 0
	d.n = d.zero
	for _, b := range []*Bins{&d.pos, &d.neg} {
		low := r.Int64()
		b.counts = r.Int64s()
		if low < -1<<30 || low > 1<<30 || len(b.counts) > MaxBins {
			ok = false
			break
		}
		b.low = int(low)
		for i, c := range b.counts {
			if c < 0 || c == 0 && (i == 0 || i == len(b.counts)-1) {
				ok = false
			}
			var err error
			if d.n, err = check.AddInt64(d.n, c); err != nil {
				ok = false
				break
			}
		}
		ok = ok && (len(b.counts) > 0 || low == 0)
	}
	ok = ok && check.Finite(d.min) && check.Finite(d.max) && d.min <= d.max && (d.n > 0 || math.Float64bits(d.min)|math.Float64bits(d.max) == 0)
	ok = ok && (len(d.neg.counts) > 0) == (d.min < 0) && (len(d.pos.counts) > 0) == (d.max > 0)
	if !ok {
		r.Fail("is no sketch of quantiles")
		return DD{}
	}
	return d
}

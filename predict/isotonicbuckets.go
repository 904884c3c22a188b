package predict

import (
	"fmt"
	"math"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// IsotonicBuckets counts labels by bucket of score, to fit an Isotonic on rows
// that never meet in one place: buckets merge exactly, where exact pooling needs
// all scores at once. Make one with NewIsotonicBuckets. It is not safe for
// concurrent use.
type IsotonicBuckets struct {
	lo, hi float64
	rows   []int64 // rows by bucket
	hits   []int64 // rows labelled true
}

// NewIsotonicBuckets returns n empty buckets of equal width on [lo, hi]. Scores
// beyond the ends count in the first and last bucket. For probabilities use
// (0, 1, 1000). Errors: ErrOption.
func NewIsotonicBuckets(lo, hi float64, n int) (*IsotonicBuckets, error) {
	var c check.Options
	c.Require(checkValue(lo) == nil, "lo", lo, "finite")
	c.Require(checkValue(hi) == nil && hi > lo, "hi", hi, "finite and > lo")
	c.Require(n >= 1 && n <= 1<<24, "n", n, "1 … 16777216")
	if err := c.Err("predict: NewIsotonicBuckets"); err != nil {
		return nil, err
	}
	return &IsotonicBuckets{lo: lo + 0, hi: hi + 0, rows: make([]int64, n), hits: make([]int64, n)}, nil
}

// Add counts one row. Errors: ErrNotFinite for a NaN score, ErrEmpty for the
// zero value.
func (b *IsotonicBuckets) Add(score float64, y bool) error {
	if b == nil || len(b.rows) == 0 {
		return fmt.Errorf("predict: IsotonicBuckets.Add: not made by NewIsotonicBuckets: %w", ErrEmpty)
	}
	if math.IsNaN(score) {
		return fmt.Errorf("predict: IsotonicBuckets.Add: score is NaN: %w", ErrNotFinite)
	}
	n := len(b.rows)
	at := (score - b.lo) / (b.hi - b.lo) * float64(n)
	i := 0
	switch {
	case at >= float64(n):
		i = n - 1
	case at > 0:
		i = int(at)
	}
	b.rows[i]++
	if y {
		b.hits[i]++
	}
	return nil
}

// Merge adds the counts of other, which stays as it is. Errors: ErrMismatch for
// other buckets, nil or b itself, ErrEmpty for a b that NewIsotonicBuckets has not made,
// ErrOverflow; b is unchanged then.
func (b *IsotonicBuckets) Merge(other *IsotonicBuckets) error {
	const where = "predict: IsotonicBuckets.Merge"
	if err := check.Merge(where, b, other); err != nil {
		return err
	}
	if len(b.rows) == 0 {
		return fmt.Errorf("%s: not made by NewIsotonicBuckets: %w", where, ErrEmpty)
	}
	if b.lo != other.lo || b.hi != other.hi || len(b.rows) != len(other.rows) {
		return fmt.Errorf("%s: buckets of another range or number: %w", where, ErrMismatch)
	}
	for i, n := range other.rows {
		if _, err := check.AddInt64(b.rows[i], n); err != nil {
			return fmt.Errorf("%s: bucket %d: %w", where, i, err)
		}
	}
	for i, n := range other.rows {
		b.rows[i] += n
		b.hits[i] += other.hits[i]
	}
	return nil
}

// Result fits the isotonic function on bucket midpoints. Errors: ErrEmpty.
func (b *IsotonicBuckets) Result() (*Isotonic, error) {
	var points []point
	if b != nil {
		for i, c := range b.rows {
			if c > 0 {
				x := b.lo + (b.hi-b.lo)*((float64(i)+0.5)/float64(len(b.rows)))
				points = append(points, point{x, float64(b.hits[i]) / float64(c), float64(c)})
			}
		}
	}
	if len(points) == 0 {
		return nil, fmt.Errorf("predict: IsotonicBuckets.Result: %w", ErrEmpty)
	}
	return pool(points), nil
}

// AppendBinary appends the counts as one frame.
func (b *IsotonicBuckets) AppendBinary(dst []byte) ([]byte, error) {
	if b == nil || len(b.rows) == 0 {
		return dst, fmt.Errorf("predict: IsotonicBuckets.AppendBinary: not made by NewIsotonicBuckets: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64(b.lo)
	w.Float64(b.hi)
	w.Int64s(b.rows)
	w.Int64s(b.hits)
	return w.AppendFrame(dst, codec.KindIsotonicBuckets, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (b *IsotonicBuckets) MarshalBinary() ([]byte, error) { return b.AppendBinary(nil) }

// UnmarshalBinary replaces b. Payload of version 1, little-endian:
//
//	f64, f64  lo < hi, at most 1e150 in magnitude
//	[]int64   rows of n buckets, n in 1 … 2²⁴
//	[]int64   rows of them labelled true, 0 … rows
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; b is then unchanged.
func (b *IsotonicBuckets) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("predict: IsotonicBuckets.UnmarshalBinary", b); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindIsotonicBuckets, 1)
	if err != nil {
		return fmt.Errorf("predict: IsotonicBuckets.UnmarshalBinary: %w", err)
	}
	next := IsotonicBuckets{lo: r.Float64(), hi: r.Float64(), rows: r.Int64s(), hits: r.Int64s()}
	if r.Err() == nil {
		if checkValue(next.lo) != nil || checkValue(next.hi) != nil || next.hi <= next.lo || len(next.rows) == 0 || len(next.rows) > 1<<24 || len(next.hits) != len(next.rows) {
			r.Fail("bounds")
		}
		for i := 0; r.Err() == nil && i < len(next.rows); i++ {
			if next.hits[i] < 0 || next.hits[i] > next.rows[i] {
				r.Fail("more labels than rows")
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: IsotonicBuckets.UnmarshalBinary: %w", err)
	}
	*b = next
	return nil
}

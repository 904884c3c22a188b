package predict

import (
	"fmt"
	"io"
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
	var bad check.Options
	bad.Require(checkValue(lo) == nil, "lo", lo, "finite")
	bad.Require(checkValue(hi) == nil && hi > lo, "hi", hi, "finite and > lo")
	bad.Require(n >= 1 && n <= 1<<24, "n", n, "1 … 16777216")
	if err := bad.Err("predict: NewIsotonicBuckets"); err != nil {
		return nil, err
	}
	return &IsotonicBuckets{lo: lo + 0, hi: hi + 0, rows: make([]int64, n), hits: make([]int64, n)}, nil
}

// Add counts one row. Errors: ErrNotFinite for a NaN score, ErrEmpty for the
// zero value.
func (b *IsotonicBuckets) Add(score float64, y bool) error {
	if b == nil || len(b.rows) == 0 {
		return fmt.Errorf("predict: IsotonicBuckets: not made by NewIsotonicBuckets: %w", ErrEmpty)
	}
	if math.IsNaN(score) {
		return fmt.Errorf("predict: IsotonicBuckets: score is NaN: %w", ErrNotFinite)
	}
	n := len(b.rows)
	t := (score - b.lo) / (b.hi - b.lo) * float64(n)
	i := 0
	switch {
	case t >= float64(n):
		i = n - 1
	case t > 0:
		i = int(t)
	}
	b.rows[i]++
	if y {
		b.hits[i]++
	}
	return nil
}

// Merge adds the counts of o, which stays as it is. Errors: ErrMismatch for
// other buckets or for o == b, ErrOverflow; b is unchanged then.
func (b *IsotonicBuckets) Merge(o *IsotonicBuckets) error {
	if b == nil || o == nil || b == o || b.lo != o.lo || b.hi != o.hi || len(b.rows) != len(o.rows) {
		return fmt.Errorf("predict: IsotonicBuckets: Merge: %w", ErrMismatch)
	}
	for i, c := range o.rows {
		if _, err := check.AddInt64(b.rows[i], c); err != nil {
			return fmt.Errorf("predict: IsotonicBuckets: Merge: bucket %d: %w", i, err)
		}
	}
	for i, c := range o.rows {
		b.rows[i] += c
		b.hits[i] += o.hits[i]
	}
	return nil
}

// Result fits the isotonic function on bucket midpoints. Errors: ErrEmpty.
func (b *IsotonicBuckets) Result() (*Isotonic, error) {
	var pts []point
	if b != nil {
		for i, c := range b.rows {
			if c > 0 {
				x := b.lo + (b.hi-b.lo)*((float64(i)+0.5)/float64(len(b.rows)))
				pts = append(pts, point{x, float64(b.hits[i]) / float64(c), float64(c)})
			}
		}
	}
	if len(pts) == 0 {
		return nil, fmt.Errorf("predict: IsotonicBuckets: Result: %w", ErrEmpty)
	}
	return pool(pts), nil
}

// AppendBinary appends the counts as one frame.
func (b *IsotonicBuckets) AppendBinary(dst []byte) ([]byte, error) {
	if b == nil || len(b.rows) == 0 {
		return dst, fmt.Errorf("predict: IsotonicBuckets: not made by NewIsotonicBuckets: %w", ErrEmpty)
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

// UnmarshalBinary replaces b; on an error (ErrCorrupt, ErrVersion) b is
// unchanged.
func (b *IsotonicBuckets) UnmarshalBinary(data []byte) error {
	r, err := codec.Open(data, codec.KindIsotonicBuckets, 1)
	if err != nil {
		return fmt.Errorf("predict: IsotonicBuckets: %w", err)
	}
	n := IsotonicBuckets{lo: r.Float64(), hi: r.Float64(), rows: r.Int64s(), hits: r.Int64s()}
	if r.Err() == nil {
		if checkValue(n.lo) != nil || checkValue(n.hi) != nil || n.hi <= n.lo || len(n.rows) == 0 || len(n.rows) > 1<<24 || len(n.hits) != len(n.rows) {
			r.Fail("bounds")
		}
		for i := 0; r.Err() == nil && i < len(n.rows); i++ {
			if n.hits[i] < 0 || n.hits[i] > n.rows[i] {
				r.Fail("more labels than rows")
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: IsotonicBuckets: %w", err)
	}
	*b = n
	return nil
}

// WriteTo writes the frame of AppendBinary.
func (b *IsotonicBuckets) WriteTo(w io.Writer) (int64, error) { return writeFrame(w, b) }

// ReadFrom reads one frame and not a byte beyond it.
func (b *IsotonicBuckets) ReadFrom(r io.Reader) (int64, error) { return readFrame(r, b) }

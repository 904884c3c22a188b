package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// point is a weighted observation of y at x.
type point struct{ x, y, w float64 }

// scoredPoints checks and sorts observations: by x, then y, then w, so that
// sums over them do not depend on the input's order. Weight 0 is left out.
func scoredPoints(where string, xs []float64, n int, y func(i int) float64, weights []float64) ([]point, error) {
	if len(xs) == 0 {
		return nil, fmt.Errorf("%s: scores: %w", where, ErrEmpty)
	}
	if n != len(xs) {
		return nil, fmt.Errorf("%s: %d scores and %d labels: %w", where, len(xs), n, ErrShape)
	}
	if err := check.Weights("weights", weights, n); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	points := make([]point, 0, n)
	for i, x := range xs {
		p := point{x + 0, y(i) + 0, 1}
		if weights != nil {
			p.w = weights[i]
		}
		if err := checkValue(x); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("scores", i, x))
		}
		if err := checkValue(p.y); err != nil {
			return nil, fmt.Errorf("%s: %w", where, badValue("y", i, p.y))
		}
		if p.w > 0 {
			points = append(points, p)
		}
	}
	slices.SortFunc(points, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y), cmp.Compare(a.w, b.w))
	})
	return points, nil
}

// Isotonic is a non-decreasing, piecewise linear function of a score: isotonic
// regression. It is immutable and safe for concurrent use.
type Isotonic struct {
	x, y []float64 // knots: x ascending, y not descending
}

// FitIsotonic fits the non-decreasing function that minimises Σ w·(f(x)-y)²
// with y 1 for true and 0 for false, by pooling adjacent violators (Ayer et al.
// 1955): a calibrator of scores into probabilities. The rows must not be those
// the scores were fitted on. weights may be nil. Rows of equal score are
// averaged first; between knots the function is linear, as scikit-learn's
// IsotonicRegression has it, beyond the ends constant (its out_of_bounds="clip"; its
// default gives NaN there). One distinct score gives
// a constant. It may answer exactly 0 or 1.
//
// Cost O(n log n). Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange.
func FitIsotonic(scores []float64, y []bool, weights []float64) (*Isotonic, error) {
	points, err := scoredPoints("predict: FitIsotonic", scores, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
	if err != nil {
		return nil, err
	}
	return pool(points), nil
}

// FitIsotonicValues is FitIsotonic for any finite values y of points x.
func FitIsotonicValues(x, y, weights []float64) (*Isotonic, error) {
	points, err := scoredPoints("predict: FitIsotonicValues", x, len(y), func(i int) float64 { return y[i] }, weights)
	if err != nil {
		return nil, err
	}
	return pool(points), nil
}

// pool merges points of equal x, pools adjacent violators and keeps the knots:
// both ends of every pool. points are sorted by x and not empty.
func pool(points []point) *Isotonic {
	distinct := points[:0:0]
	for i := 0; i < len(points); {
		p := point{x: points[i].x}
		for ; i < len(points) && points[i].x == p.x; i++ {
			p.w += points[i].w
			p.y += (points[i].y - p.y) * (points[i].w / p.w)
		}
		distinct = append(distinct, p)
	}
	type block struct {
		point
		first, last int
	}
	var stack []block
	for i, p := range distinct {
		b := block{p, i, i}
		for len(stack) > 0 && stack[len(stack)-1].y >= b.y {
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			w := top.w + b.w
			b.y = top.y + (b.y-top.y)*(b.w/w)
			b.w, b.first = w, top.first
		}
		stack = append(stack, b)
	}
	f := &Isotonic{}
	for i, b := range stack {
		if i > 0 {
			b.y = math.Max(b.y, f.y[len(f.y)-1]) // rounding must not break the order
		}
		f.x, f.y = append(f.x, distinct[b.first].x), append(f.y, b.y)
		if b.last > b.first {
			f.x, f.y = append(f.x, distinct[b.last].x), append(f.y, b.y)
		}
	}
	return f
}

// At returns the value of the function at x; NaN for NaN and for a zero or nil
// Isotonic.
func (f *Isotonic) At(x float64) float64 {
	if f == nil || len(f.x) == 0 || math.IsNaN(x) {
		return math.NaN()
	}
	n := len(f.x)
	i := sort.SearchFloat64s(f.x, x)
	switch {
	case i == 0:
		return f.y[0]
	case i == n:
		return f.y[n-1]
	case f.x[i] == x:
		return f.y[i]
	}
	t := (x - f.x[i-1]) / (f.x[i] - f.x[i-1])
	return math.Min(f.y[i], f.y[i-1]+t*(f.y[i]-f.y[i-1]))
}

// Prob appends the value at each score to dst, as At has it.
func (f *Isotonic) Prob(dst, scores []float64) []float64 {
	for _, s := range scores {
		dst = append(dst, f.At(s))
	}
	return dst
}

// Knots returns copies of the corners of the function, none for a zero or nil one.
func (f *Isotonic) Knots() (x, y []float64) {
	if f == nil {
		return nil, nil
	}
	return slices.Clone(f.x), slices.Clone(f.y)
}

// AppendBinary appends the function as one frame.
func (f *Isotonic) AppendBinary(dst []byte) ([]byte, error) {
	if f == nil || len(f.x) == 0 {
		return dst, fmt.Errorf("predict: Isotonic.AppendBinary: not fitted: %w", ErrEmpty)
	}
	var w codec.Writer
	w.Float64s(f.x)
	w.Float64s(f.y)
	return w.AppendFrame(dst, codec.KindIsotonic, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (f *Isotonic) MarshalBinary() ([]byte, error) { return f.AppendBinary(nil) }

// UnmarshalBinary replaces f. Payload of version 1, little-endian:
//
//	[]f64  x of n > 0 knots, finite, ascending
//	[]f64  y of the knots, finite, not descending
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; f is then unchanged.
func (f *Isotonic) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("predict: Isotonic.UnmarshalBinary", f); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindIsotonic, 1)
	if err != nil {
		return fmt.Errorf("predict: Isotonic.UnmarshalBinary: %w", err)
	}
	next := Isotonic{x: r.Float64s(), y: r.Float64s()}
	if r.Err() == nil {
		if len(next.x) == 0 || len(next.x) != len(next.y) || check.Slice("", next.x) != nil || check.Slice("", next.y) != nil {
			r.Fail("knots")
		}
		for i := 1; r.Err() == nil && i < len(next.x); i++ {
			if next.x[i] <= next.x[i-1] || next.y[i] < next.y[i-1] {
				r.Fail("knots do not ascend")
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("predict: Isotonic.UnmarshalBinary: %w", err)
	}
	*f = next
	return nil
}

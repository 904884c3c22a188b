package predict

import (
	"fmt"
	"math"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

// VennAbers turns scores into probabilities with a guarantee: of the two that it has for a score one is that of
// the row's own label by isotonic regression, and so calibrated whatever the scores are, as long as new rows are drawn like those it was fitted on
// (Vovk, Petej and Fedorova, NeurIPS 2015). How far the two lie apart says how much the rows can tell there. It is immutable and
// safe for concurrent use.
type VennAbers struct {
	x      []float64 // distinct scores, ascending
	p0, p1 []float64 // by isotonic regression with one more row there, labelled false or true
}

// FitVennAbers fits the inductive Venn–Abers predictor: for a new score isotonic regression (as FitIsotonic, ties averaged) is
// fitted twice, to the rows and the new one labelled false, and labelled true. The rows must not be those the scores were fitted
// on. weights may be nil; the new row has weight 1. Cost O(n log n), for both regressions at all scores at once. The order of rows
// does not matter. Errors: ErrEmpty, ErrShape, ErrNotFinite, ErrRange.
func FitVennAbers(scores []float64, y []bool, weights []float64) (*VennAbers, error) {
	points, err := scoredPoints("predict: FitVennAbers", scores, len(y), func(i int) float64 { return float64(class(y[i])) }, weights)
	if err != nil {
		return nil, err
	}
	var at []point // y is the weight of the rows labelled true
	for _, p := range points {
		if n := len(at); n > 0 && at[n-1].x == p.x {
			at[n-1].w += p.w
			at[n-1].y += p.y * p.w
			continue
		}
		at = append(at, point{p.x, p.y * p.w, p.w})
	}
	n := len(at)
	v := &VennAbers{x: make([]float64, n), p0: make([]float64, n)}
	back := make([]point, n) // from the other end, labels the other way round
	for i, p := range at {
		v.x[i] = p.x
		back[n-1-i] = point{w: p.w, y: p.w - p.y}
	}
	v.p1 = withTrue(at)
	for i, p := range withTrue(back) {
		v.p0[n-1-i] = 1 - p
	}
	for i := range v.x { // rounding must not break the order
		if i > 0 {
			v.p0[i], v.p1[i] = math.Max(v.p0[i], v.p0[i-1]), math.Max(v.p1[i], v.p1[i-1])
		}
		v.p0[i], v.p1[i] = math.Min(math.Max(v.p0[i], 0), 1), math.Min(math.Max(v.p1[i], 0), 1)
	}
	return v, nil
}

// corner is a point of the cumulative sum diagram: weights, and weights labelled true.
type corner struct{ w, y float64 }

// left reports whether b lies strictly to the left of, that is below, what leads from a to c.
func left(a, b, c corner) bool {
	return (b.w-a.w)*(c.y-a.y) > (c.w-a.w)*(b.y-a.y)
}

// withTrue returns for each score what isotonic regression has there when a row labelled true is added to that
// score: the greatest convex minorant of the cumulative sums is kept while that row moves from the left end to the right (algorithms 1 and 2 of the paper).
func withTrue(at []point) []float64 {
	sums := make([]corner, len(at)+2) // sums[i+1] is P_i
	sums[0] = corner{-1, -1}
	for i, p := range at {
		sums[i+2] = corner{sums[i+1].w + p.w, sums[i+1].y + p.y}
	}
	var stack []corner
	for _, c := range sums {
		for len(stack) > 1 && !left(stack[len(stack)-2], stack[len(stack)-1], c) {
			stack = stack[:len(stack)-1]
		}
		stack = append(stack, c)
	}
	for i, j := 0, len(stack)-1; i < j; i, j = i+1, j-1 {
		stack[i], stack[j] = stack[j], stack[i]
	}
	out := make([]float64, len(at))
	for i := range at {
		top, next := stack[len(stack)-1], stack[len(stack)-2]
		out[i] = (next.y - top.y) / (next.w - top.w)
		c := corner{sums[i].w + sums[i+2].w - sums[i+1].w, sums[i].y + sums[i+2].y - sums[i+1].y}
		sums[i+1] = c
		if !left(top, c, next) { // at or above the minorant
			continue
		}
		stack = stack[:len(stack)-1]
		for len(stack) > 1 && !left(c, stack[len(stack)-1], stack[len(stack)-2]) {
			stack = stack[:len(stack)-1]
		}
		stack = append(stack, c)
	}
	return out
}

// Interval returns the two probabilities of true at a score, p0 <= p1: had the row been labelled false, and had it been
// labelled true. NaN for NaN, and for a zero or nil VennAbers.
func (v *VennAbers) Interval(score float64) (p0, p1 float64) {
	if v == nil || len(v.x) == 0 || math.IsNaN(score) {
		return math.NaN(), math.NaN()
	}
	// A row labelled true between two scores is pooled with the one above, one labelled false with the one below.
	i := sort.SearchFloat64s(v.x, score)
	p0, p1 = 0, 1
	if i < len(v.x) {
		p1 = v.p1[i]
	}
	if i < len(v.x) && v.x[i] == score {
		p0 = v.p0[i]
	} else if i > 0 {
		p0 = v.p0[i-1]
	}
	return math.Min(p0, p1), p1
}

// At returns one probability for a score, p1/(1-p0+p1), which loses least by the logarithm of what is
// right of the two. NaN as in Interval.
func (v *VennAbers) At(score float64) float64 {
	p0, p1 := v.Interval(score)
	return p1 / (1 - p0 + p1)
}

// Prob appends the probability at each score to dst, as At has it.
func (v *VennAbers) Prob(dst, scores []float64) []float64 {
	for _, s := range scores {
		dst = append(dst, v.At(s))
	}
	return dst
}

// AppendBinary appends the predictor as one frame. Errors: ErrEmpty for one that was not fitted.
func (v *VennAbers) AppendBinary(dst []byte) ([]byte, error) {
	if v == nil || len(v.x) == 0 {
		return dst, notFitted("predict: VennAbers.AppendBinary")
	}
	var w codec.Writer
	w.Float64s(v.x)
	w.Float64s(v.p0)
	w.Float64s(v.p1)
	return w.AppendFrame(dst, codec.KindVennAbers, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (v *VennAbers) MarshalBinary() ([]byte, error) { return v.AppendBinary(nil) }

// UnmarshalBinary replaces v. Payload of version 1, little-endian:
//
//	[]f64  n > 0 scores, finite, ascending
//	[]f64  n probabilities with a row labelled false, in [0, 1], not descending
//	[]f64  n probabilities with a row labelled true, in [0, 1], not descending
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; v is then unchanged.
func (v *VennAbers) UnmarshalBinary(data []byte) error {
	const where = "predict: VennAbers.UnmarshalBinary"
	if err := check.Receiver(where, v); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindVennAbers, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	next := VennAbers{x: r.Float64s(), p0: r.Float64s(), p1: r.Float64s()}
	if r.Err() == nil && (len(next.x) == 0 || len(next.p0) != len(next.x) || len(next.p1) != len(next.x) || check.Slice("", next.x) != nil) {
		r.Fail("lengths or scores")
	}
	for i := 0; r.Err() == nil && i < len(next.x); i++ {
		a, b := next.p0[i], next.p1[i]
		if !(a >= 0 && a <= 1 && b >= 0 && b <= 1) || i > 0 && !(next.x[i] > next.x[i-1] && a >= next.p0[i-1] && b >= next.p1[i-1]) {
			r.Fail("probabilities, or scores that do not ascend")
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*v = next
	return nil
}

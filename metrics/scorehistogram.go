package metrics

import (
	"encoding"
	"fmt"
	"math"
	"slices"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
)

var (
	_ encoding.BinaryAppender    = (*ScoreHistogram)(nil)
	_ encoding.BinaryUnmarshaler = (*ScoreHistogram)(nil)
)

// ScoreHistogram counts positives and negatives by score in equal bins, so that
// AUC and KS can be had from shards or streams, where the exact functions need
// all scores at once. Make one with NewScoreHistogram. Merge is exact.
type ScoreHistogram struct {
	low, high float64
	pos, neg  []int64
}

// NewScoreHistogram returns an empty histogram of scores in [low, high];
// probabilities have [0, 1]. The error of AUC shrinks with the number of bins;
// 10,000 cost 160 kB and usually suffice for four digits. ErrOption unless
// low < high are finite and bins is in [2, 2^24].
func NewScoreHistogram(low, high float64, bins int) (*ScoreHistogram, error) {
	var c check.Options
	c.Require(check.Finite(low) && check.Finite(high) && check.Finite(high-low) && low < high, "low, high", []float64{low, high}, "finite and ascending")
	c.Require(bins >= 2 && bins <= 1<<24, "bins", bins, "in [2, 2^24]")
	if err := c.Err("metrics: NewScoreHistogram"); err != nil {
		return nil, err
	}
	return &ScoreHistogram{low, high, make([]int64, bins), make([]int64, bins)}, nil
}

// made refuses a histogram without bins, which has no range.
func (h *ScoreHistogram) made(where string) error {
	if h == nil || len(h.pos) == 0 {
		return fmt.Errorf("%s: no range: make it with NewScoreHistogram: %w", where, ErrEmpty)
	}
	return nil
}

// Add adds one score. ErrNotFinite for NaN, ErrRange outside [low, high], ErrOverflow for a
// bin of 2^63−1 scores, ErrEmpty for a histogram that NewScoreHistogram did not make.
func (h *ScoreHistogram) Add(actual bool, score float64) error {
	if err := h.made("metrics: ScoreHistogram.Add"); err != nil {
		return err
	}
	if math.IsNaN(score) {
		return fmt.Errorf("metrics: ScoreHistogram.Add: score is NaN: %w", ErrNotFinite)
	}
	if score < h.low || score > h.high {
		return fmt.Errorf("metrics: ScoreHistogram.Add: score is outside [%v, %v]: %w", h.low, h.high, ErrRange)
	}
	i := min(int((score-h.low)/(h.high-h.low)*float64(len(h.pos))), len(h.pos)-1)
	n := &h.neg[i]
	if actual {
		n = &h.pos[i]
	}
	if *n == math.MaxInt64 {
		return fmt.Errorf("metrics: ScoreHistogram.Add: bin %d: %w", i, ErrOverflow)
	}
	*n++
	return nil
}

// Merge adds the scores of other. ErrMismatch for another range or number of
// bins, or a merge with itself, ErrOverflow beyond int64; h is then unchanged. A zero value
// takes over range and bins of other.
func (h *ScoreHistogram) Merge(other *ScoreHistogram) error {
	if err := check.Merge("metrics: ScoreHistogram.Merge", h, other); err != nil {
		return err
	}
	if len(other.pos) == 0 {
		return nil // a zero value: nothing seen
	}
	if len(h.pos) == 0 {
		*h = ScoreHistogram{other.low, other.high, slices.Clone(other.pos), slices.Clone(other.neg)}
		return nil
	}
	if h.low != other.low || h.high != other.high || len(h.pos) != len(other.pos) {
		return fmt.Errorf("metrics: ScoreHistogram.Merge: merge of [%v, %v] in %d bins with [%v, %v] in %d: %w",
			h.low, h.high, len(h.pos), other.low, other.high, len(other.pos), ErrMismatch)
	}
	for i := range h.pos {
		if h.pos[i] > math.MaxInt64-other.pos[i] || h.neg[i] > math.MaxInt64-other.neg[i] {
			return fmt.Errorf("metrics: ScoreHistogram.Merge: bin %d: %w", i, ErrOverflow)
		}
	}
	for i := range h.pos {
		h.pos[i] += other.pos[i]
		h.neg[i] += other.neg[i]
	}
	return nil
}

// AUC returns the area under the ROC curve with scores of one bin as ties, and
// a bound: the exact area is within ± bound. ErrUndefined unless both classes
// are present.
func (h *ScoreHistogram) AUC() (auc, bound float64, err error) {
	if err := h.made("metrics: ScoreHistogram.AUC"); err != nil {
		return math.NaN(), math.NaN(), err
	}
	var pos, neg float64
	for i := len(h.pos) - 1; i >= 0; i-- {
		p, n := float64(h.pos[i]), float64(h.neg[i])
		auc += n * (pos + p/2)
		bound += n * p / 2
		pos += p
		neg += n
	}
	if pos == 0 || neg == 0 {
		return math.NaN(), math.NaN(), oneClass("ScoreHistogram.AUC: AUC", pos, neg)
	}
	return auc / pos / neg, bound / pos / neg, nil
}

// KS returns the largest distance between the cumulative shares of positives
// and negatives at the bin edges, a lower bound of the exact one.
// ErrUndefined unless both classes are present.
func (h *ScoreHistogram) KS() (float64, error) {
	if err := h.made("metrics: ScoreHistogram.KS"); err != nil {
		return math.NaN(), err
	}
	var pos, neg float64
	for i := range h.pos {
		pos += float64(h.pos[i])
		neg += float64(h.neg[i])
	}
	if pos == 0 || neg == 0 {
		return math.NaN(), oneClass("ScoreHistogram.KS: KS", pos, neg)
	}
	var p, n, best float64
	for i := range h.pos {
		p += float64(h.pos[i])
		n += float64(h.neg[i])
		best = max(best, math.Abs(p/pos-n/neg))
	}
	return best, nil
}

// AppendBinary appends the binary form.
func (h *ScoreHistogram) AppendBinary(dst []byte) ([]byte, error) {
	if err := h.made("metrics: ScoreHistogram.AppendBinary"); err != nil {
		return nil, err
	}
	var w codec.Writer
	w.Float64(h.low)
	w.Float64(h.high)
	w.Int64s(h.pos)
	w.Int64s(h.neg)
	return w.AppendFrame(dst, codec.KindScoreHistogram, 1), nil
}

// MarshalBinary returns the binary form.
func (h *ScoreHistogram) MarshalBinary() ([]byte, error) { return h.AppendBinary(nil) }

// UnmarshalBinary replaces the state, range included. Payload of version 1, little-endian:
//
//	f64    low end of the range
//	f64    high end, above it
//	[]i64  positives of each bin, >= 0, 2 to 2²⁴ bins
//	[]i64  negatives of each bin, >= 0
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion; the state is
// then unchanged.
func (h *ScoreHistogram) UnmarshalBinary(data []byte) error {
	if err := check.Receiver("metrics: ScoreHistogram.UnmarshalBinary", h); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindScoreHistogram, 1)
	if err != nil {
		return fmt.Errorf("metrics: ScoreHistogram.UnmarshalBinary: %w", err)
	}
	got := ScoreHistogram{r.Float64(), r.Float64(), r.Int64s(), r.Int64s()}
	if !(got.low < got.high) || !check.Finite(got.high-got.low) || len(got.pos) != len(got.neg) || len(got.pos) < 2 || len(got.pos) > 1<<24 {
		r.Fail("range or bins")
	}
	for _, s := range [][]int64{got.pos, got.neg} {
		for _, x := range s {
			if x < 0 {
				r.Fail("negative count")
			}
		}
	}
	if err := r.Done(); err != nil {
		return fmt.Errorf("metrics: ScoreHistogram.UnmarshalBinary: %w", err)
	}
	*h = got
	return nil
}

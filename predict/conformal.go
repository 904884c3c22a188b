package predict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/aislekit/aisle/internal/check"
	"github.com/aislekit/aisle/internal/codec"
	"github.com/aislekit/aisle/internal/infer"
	"github.com/aislekit/aisle/internal/rng"
)

// Conformal turns predictions into sets and intervals that hold with a stated probability,
// whatever the model, as long as new rows are drawn like those it was calibrated on (split
// conformal prediction; Vovk, Gammerman and Shafer 2005; Lei et al. 2018). It keeps
// how strange each calibration row was, by group where groups were given: the coverage then
// holds within every group (Mondrian), of customers or of classes. It is immutable and safe for
// concurrent use; FitConformal makes it.
type Conformal struct {
	groups []int // ascending
	start  []int // of each group in scores, and the end
	scores []float64
}

// FitConformal calibrates on nonconformity scores of rows that the model was not fitted
// on: the larger, the stranger. IntervalScores and ClassScores make them; any other, such as
// |y-ŷ| over an estimate of the spread, will do. groups has one number a row; nil puts all into group 0. Cost n·log n.
// The order of rows does not matter. Errors: ErrEmpty, ErrShape, ErrNotFinite.
func FitConformal(scores []float64, groups []int) (*Conformal, error) {
	const where = "predict: FitConformal"
	if len(scores) == 0 {
		return nil, fmt.Errorf("%s: scores: %w", where, ErrEmpty)
	}
	if groups != nil {
		if err := check.Len("groups", len(groups), len(scores)); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
	}
	order := make([]int, len(scores))
	for i, s := range scores {
		if !check.Finite(s) {
			return nil, fmt.Errorf("%s: %w", where, badValue("scores", i, s))
		}
		order[i] = i
	}
	group := func(i int) int {
		if groups == nil {
			return 0
		}
		return groups[i]
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(scores[a], scores[b])) })
	c := &Conformal{scores: make([]float64, len(scores))}
	for k, i := range order {
		if g := group(i); k == 0 || g != c.groups[len(c.groups)-1] {
			c.groups, c.start = append(c.groups, g), append(c.start, k)
		}
		c.scores[k] = scores[i] + 0
	}
	c.start = append(c.start, len(scores))
	return c, nil
}

// checkLevel reports a level outside of (0, 1), and what is not fitted.
func (c *Conformal) checkLevel(where string, level float64) error {
	if c == nil || len(c.scores) == 0 {
		return notFitted(where)
	}
	if !(level > 0 && level < 1) {
		return fmt.Errorf("%s: level is %v, want in (0, 1): %w", where, level, ErrOption)
	}
	return nil
}

// quantile is Quantile for arguments that were checked.
func (c *Conformal) quantile(level float64, group int) float64 {
	g, ok := slices.BinarySearch(c.groups, group)
	if !ok {
		return math.Inf(1)
	}
	scores := c.scores[c.start[g]:c.start[g+1]]
	if r := infer.ConformalRank(len(scores), level); r <= len(scores) {
		return scores[r-1]
	}
	return math.Inf(1)
}

// Quantile returns the score that a new row of the group does not exceed with probability
// level: the ⌈(n+1)·level⌉-th smallest of the n of the group. It is +Inf where n is too small
// for the level, which at .9 needs 9 rows, and for a group without any: no promise can be made
// there. Errors: ErrOption unless level is in (0, 1), ErrEmpty.
func (c *Conformal) Quantile(level float64, group int) (float64, error) {
	if err := c.checkLevel("predict: Conformal.Quantile", level); err != nil {
		return 0, err
	}
	return c.quantile(level, group), nil
}

// Interval widens [low, high] by the quantile of the group, or narrows it where that is
// negative: for IntervalScores of point predictions low and high are both the prediction, for
// those of estimated quantiles these (conformalised quantile regression, Romano,
// Patterson and Candès 2019). An interval that would be empty is its middle. Errors: as
// Quantile, ErrNotFinite for a bound that is none.
func (c *Conformal) Interval(low, high, level float64, group int) (from, to float64, err error) {
	const where = "predict: Conformal.Interval"
	if err := c.checkLevel(where, level); err != nil {
		return 0, 0, err
	}
	if !check.Finite(low) || !check.Finite(high) {
		return 0, 0, fmt.Errorf("%s: low is %v, high %v: %w", where, low, high, ErrNotFinite)
	}
	q := c.quantile(level, group)
	from, to = low-q, high+q
	if from > to {
		from = from + (to-from)/2
		to = from
	}
	return from, to, nil
}

// PValue returns how likely a score as strange as this one is in the group, ties broken by chance: with n scores, m of them above this
// one and t equal to it, (m + u·(t+1))/(n+1), the smoothed p-value (Vovk, Gammerman and Shafer 2005, section 2.5). u in [0, 1) is drawn by
// seed and row, the row's id: the same answer whenever it is asked. The p-values of rows like those calibrated on are uniform, however many
// scores are tied: a class whose ClassScores score (1-p[k]) has a p-value above 1-level is in a set that covers level exactly on average,
// where Set covers at least that. In a group without rows it is u. Cost two binary searches. Errors: ErrNotFinite, ErrEmpty.
func (c *Conformal) PValue(score float64, group int, seed, row uint64) (float64, error) {
	const where = "predict: Conformal.PValue"
	if c == nil || len(c.scores) == 0 {
		return 0, notFitted(where)
	}
	if !check.Finite(score) {
		return 0, fmt.Errorf("%s: score is %v: %w", where, score, ErrNotFinite)
	}
	var scores []float64
	if g, ok := slices.BinarySearch(c.groups, group); ok {
		scores = c.scores[c.start[g]:c.start[g+1]]
	}
	from, tied := slices.BinarySearch(scores, score)
	to := from
	if tied {
		to += sort.Search(len(scores)-from, func(i int) bool { return scores[from+i] > score })
	}
	s := rng.New(seed, 0x71e5, row)
	return (float64(len(scores)-to) + s.Float64()*float64(to-from+1)) / float64(len(scores)+1), nil
}

// Set appends to dst the classes k that a row with class probabilities p may have at the
// level: those with 1-p[k] at most the quantile of the group, for a Conformal of
// ClassScores. It may be empty where no class is likely enough. Where many scores are the same, as those of a tree with few
// leaves or of naive Bayes on few columns, the sets cover more than promised, up to the share of rows that are tied at the quantile:
// PValue, which draws among ties, covers just that. Errors: as Quantile, ErrRange for a
// probability outside [0, 1]; dst is returned as given then.
func (c *Conformal) Set(dst []int, p []float64, level float64, group int) ([]int, error) {
	return c.set("predict: Conformal.Set", dst, p, level, func(int) int { return group })
}

// SetByClass is Set where the groups that FitConformal was given are the labels: the
// coverage holds for the rows of each class, rare ones too.
func (c *Conformal) SetByClass(dst []int, p []float64, level float64) ([]int, error) {
	return c.set("predict: Conformal.SetByClass", dst, p, level, func(k int) int { return k })
}

// set is Set with the group of each class.
func (c *Conformal) set(where string, dst []int, p []float64, level float64, group func(k int) int) ([]int, error) {
	if err := c.checkLevel(where, level); err != nil {
		return dst, err
	}
	out := dst
	for k, v := range p {
		if !(v >= 0 && v <= 1) {
			return dst, fmt.Errorf("%s: p[%d] is outside 0 … 1: %w", where, k, ErrRange)
		}
		if 1-v <= c.quantile(level, group(k)) {
			out = append(out, k)
		}
	}
	return out, nil
}

// IntervalScores appends to dst how far each y lies outside [low, high], negative inside:
// max(low-y, y-high). With predictions for both it is |y-ŷ|. Errors: ErrShape, ErrNotFinite; dst
// is returned as given then.
func IntervalScores(dst, low, high, y []float64) ([]float64, error) {
	const where = "predict: IntervalScores"
	if len(low) != len(y) || len(high) != len(y) {
		return dst, fmt.Errorf("%s: %d and %d bounds for %d rows: %w", where, len(low), len(high), len(y), ErrShape)
	}
	out := dst
	for i, v := range y {
		s := math.Max(low[i]-v, v-high[i])
		if !check.Finite(s) {
			return dst, fmt.Errorf("%s: %w", where, check.Private("y or a bound", int64(i), nil, v, ErrNotFinite))
		}
		out = append(out, s)
	}
	return out, nil
}

// ClassScores appends to dst 1-p[i][y[i]], how unlikely the model found the true class of
// each row. p has one probability a class. Errors: ErrShape, ErrRange; dst is returned as given then.
func ClassScores(dst []float64, p [][]float64, y []int) ([]float64, error) {
	const where = "predict: ClassScores"
	if len(p) != len(y) {
		return dst, fmt.Errorf("%s: %d rows and %d labels: %w", where, len(p), len(y), ErrShape)
	}
	out := dst
	for i, row := range p {
		if y[i] < 0 || y[i] >= len(row) {
			return dst, fmt.Errorf("%s: row %d has %d classes and another label: %w", where, i, len(row), ErrRange)
		}
		v := row[y[i]]
		if !(v >= 0 && v <= 1) {
			return dst, fmt.Errorf("%s: %w", where, check.Private("p", int64(i), nil, v, fmt.Errorf("want 0 … 1: %w", ErrRange)))
		}
		out = append(out, 1-v)
	}
	return out, nil
}

// AppendBinary appends the calibration as one frame. Errors: ErrEmpty for one that was not
// fitted.
func (c *Conformal) AppendBinary(dst []byte) ([]byte, error) {
	if c == nil || len(c.scores) == 0 {
		return dst, notFitted("predict: Conformal.AppendBinary")
	}
	var w codec.Writer
	w.Int(len(c.groups))
	for g, id := range c.groups {
		w.Int64(int64(id))
		w.Float64s(c.scores[c.start[g]:c.start[g+1]])
	}
	return w.AppendFrame(dst, codec.KindConformalScores, 1), nil
}

// MarshalBinary is AppendBinary to a new slice.
func (c *Conformal) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary replaces c. Payload of version 1, little-endian:
//
//	int    groups, > 0, and of each, ascending:
//	int64  its number
//	[]f64  its scores, at least one, finite, not descending
//
// Any other length or value is ErrCorrupt, a newer version ErrVersion, a frame of
// another kind ErrMismatch; c is then unchanged.
func (c *Conformal) UnmarshalBinary(data []byte) error {
	const where = "predict: Conformal.UnmarshalBinary"
	if err := check.Receiver(where, c); err != nil {
		return err
	}
	r, err := codec.Open(data, codec.KindConformalScores, 1)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	var next Conformal
	n := r.Int()
	if r.Err() == nil && n == 0 {
		r.Fail("groups")
	}
	for range n {
		id := int(r.Int64())
		scores := r.Float64s()
		if r.Err() != nil {
			break
		}
		if len(scores) == 0 || check.Slice("", scores) != nil || !slices.IsSorted(scores) || (len(next.groups) > 0 && id <= next.groups[len(next.groups)-1]) {
			r.Fail("scores of a group")
			break
		}
		next.groups, next.start = append(next.groups, id), append(next.start, len(next.scores))
		next.scores = append(next.scores, scores...)
	}
	next.start = append(next.start, len(next.scores))
	if err := r.Done(); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	*c = next
	return nil
}
